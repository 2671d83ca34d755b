"""Writes tests/reference/metrics.json: scikit-learn's metrics of five small sets, some with ties.

  pip install scikit-learn numpy
  python tests/python/make_metrics_reference.py
"""

import json
import pathlib

import numpy
import sklearn
from sklearn import metrics

random = numpy.random.default_rng(0)


def a_case(name, films, positives, decimals):
    truth = numpy.zeros(films, int)
    truth[random.choice(films, positives, replace=False)] = 1
    probability = numpy.clip(random.normal(0.35 + 0.3 * truth, 0.25), 0, 1).round(decimals)
    decision = (probability > 0.5).astype(int)
    tn, fp, fn, tp = (int(count) for count in metrics.confusion_matrix(truth, decision).ravel())
    return {
        "name": name,
        "truth": truth.tolist(),
        "probability": probability.tolist(),
        "confusion": {"tn": tn, "fp": fp, "fn": fn, "tp": tp},
        "accuracy": float(metrics.accuracy_score(truth, decision)),
        "f1": float(metrics.f1_score(truth, decision)),
        "auc": float(metrics.roc_auc_score(truth, probability)),
        "sensitivity": float(metrics.recall_score(truth, decision)),
        "specificity": float(metrics.recall_score(truth, decision, pos_label=0)),
    }


cases = [
    a_case("no ties", 50, 12, 6),
    a_case("many ties", 60, 20, 1),
    a_case("almost all tied", 30, 9, 0),
    a_case("one positive", 12, 1, 2),
    a_case("one negative", 12, 11, 2),
]
out = pathlib.Path(__file__).parent.parent / "reference" / "metrics.json"
out.write_text(json.dumps({"scikit-learn": sklearn.__version__, "cases": cases}, indent=2) + "\n")
