"""Runs an ONNX file on pixels and compares its logits with the project's.

  pip install onnx onnxruntime numpy
  python tests/python/check_onnx.py FILE.json

FILE.json names the model and holds pixels (uint8, row-major), their shape and the expected logits. Fails if a logit
differs by more than 1e-4 of the largest one. `tests/network/onnx_test.ts` writes such files.
"""

import json
import sys

import numpy
import onnx
import onnxruntime

given = json.load(open(sys.argv[1]))
onnx.checker.check_model(given["model"], full_check=True)
session = onnxruntime.InferenceSession(given["model"], providers=["CPUExecutionProvider"])
pixels = numpy.array(given["pixels"], numpy.uint8).reshape(given["shape"])
logits, probabilities = session.run(["logits", "probabilities"], {"pixels": pixels})
expected = numpy.array(given["logits"]).reshape(logits.shape)
difference = numpy.abs(logits - expected).max() / numpy.abs(expected).max()
exponents = numpy.exp(expected - expected.max(axis=1, keepdims=True))
assert difference < 1e-4, f"the logits differ by {difference} of the largest: {logits} and {expected}"
softmax = exponents / exponents.sum(axis=1, keepdims=True)
assert numpy.abs(probabilities - softmax).max() < 1e-4, probabilities
metadata = {entry.key: entry.value for entry in onnx.load(given["model"]).metadata_props}
print(json.dumps({"difference": float(difference), "metadata": metadata}))
