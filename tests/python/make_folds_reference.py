"""Writes tests/reference/folds.json: made-up films of patients, and the films of each class in the
folds that scikit-learn's StratifiedGroupKFold makes of them.

  pip install scikit-learn numpy
  python tests/python/make_folds_reference.py
"""

import json
import pathlib

import numpy
import sklearn
from sklearn.model_selection import StratifiedGroupKFold

random = numpy.random.default_rng(0)
LABELS = ["Healthy", "TB"]

films = []
for patient in range(70):
    # A patient is of one class, and most patients have one film.
    label = LABELS[int(patient % 7 < 2)]
    for film in range(random.choice([1, 2, 4, 8], p=[0.7, 0.14, 0.1, 0.06])):
        films.append({"filename": f"p{patient:02}_{film}.png", "label": label, "group": f"p{patient:02}"})

labels = numpy.array([LABELS.index(film["label"]) for film in films])
groups = numpy.array([film["group"] for film in films])


def a_case(count, seed):
    deal = StratifiedGroupKFold(count, shuffle=seed is not None, random_state=seed)
    tested = [test for _, test in deal.split(labels, labels, groups)]
    counts = [numpy.bincount(labels[test], minlength=2).tolist() for test in tested]
    return {"count": count, "seed": seed, "films": counts}


cases = [a_case(count, seed) for count in (2, 3, 5, 10) for seed in (None, 0, 1, 2)]
out = pathlib.Path(__file__).parent.parent / "reference" / "folds.json"
reference = {"scikit-learn": sklearn.__version__, "films": films, "cases": cases}
out.write_text(json.dumps(reference, separators=(",", ":")) + "\n")
