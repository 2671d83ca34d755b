"""Writes tests/reference/matching.json: results of NumPy, SciPy and scikit-learn for small made-up sets.

  pip install scipy scikit-learn numpy
  python tests/python/make_matching_reference.py
"""

import json
import pathlib

import numpy
import scipy
import sklearn
from scipy import stats
from sklearn import metrics

random = numpy.random.default_rng(0)


def interval(samples, statistic):
    """Computes a percentile interval by many resamples, so that chance hardly moves it."""
    found = stats.bootstrap(
        samples, statistic, n_resamples=20000, method="percentile", vectorized=False,
        rng=numpy.random.default_rng(1),
    ).confidence_interval
    return {"low": found.low, "high": found.high}


def differences():
    groups = [
        (random.normal(0, 1, 12).round(3), random.normal(0.4, 2, 7).round(3)),
        (random.integers(0, 255, 30), random.integers(40, 255, 50)),
        (numpy.array([0.1, 0.1, 0.1]), numpy.array([0.2, 0.1])),
    ]
    return [
        {"a": a, "b": b, "value": abs(a.mean() - b.mean()) / numpy.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)}
        for a, b in groups
    ]


def ranked():
    """Scores of 40 pairs, some of them ties: pair i is of the films 2i (class 0) and 2i + 1."""
    scores = random.normal(numpy.tile([0, 0.8], 40), 1).round(1)
    low, high = scores[::2], scores[1::2]
    right = (high > low) + 0.5 * (high == low)
    return {"scores": scores, "value": right.mean(), **interval((right,), numpy.mean)}


def folds():
    """Three folds of patients with one to four films, whose scores are alike."""
    made = []
    for fold, patients in enumerate([16, 20, 24]):
        films = []
        for patient in range(patients):
            truth = int(patient % 3 == 0)
            evidence = random.normal(1.5 * truth, 1)
            # Each network has a scale of its own.
            for score in 10 * fold + (fold + 1) * random.normal(evidence, 0.3, random.integers(1, 5)):
                films.append({"truth": truth, "score": round(float(score), 2), "group": f"p{patient}"})
        made.append(films)

    # The samples to draw from: the patients of a class in a fold.
    strata = [
        (fold, sorted({film["group"] for film in films if film["truth"] == label}))
        for fold, films in enumerate(made) for label in (0, 1)
    ]

    def mean_area(*drawn):
        areas = []
        for fold, films in enumerate(made):
            of = {}
            for film in films:
                of.setdefault(film["group"], []).append((film["truth"], film["score"]))
            chosen = [
                pair for (place, groups), indices in zip(strata, drawn) if place == fold
                for i in indices for pair in of[groups[int(i)]]
            ]
            truth, scores = numpy.array(chosen).T
            pairs = scores[truth == 1][:, None], scores[truth == 0]
            areas.append((numpy.greater(*pairs) + 0.5 * numpy.equal(*pairs)).mean())
        return numpy.mean(areas)

    value = numpy.mean([
        metrics.roc_auc_score([film["truth"] for film in films], [film["score"] for film in films])
        for films in made
    ])
    samples = tuple(numpy.arange(len(groups)) for _, groups in strata)
    assert numpy.isclose(mean_area(*samples), value)
    return {"films": made, "value": value, **interval(samples, mean_area)}


def plain(value):
    """Converts NumPy's values to numbers and lists, as JSON has them."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, numpy.ndarray)):
        return [plain(inner) for inner in value]
    return value.item() if isinstance(value, numpy.generic) else value


reference = {
    "versions": {module.__name__: module.__version__ for module in [numpy, scipy, sklearn]},
    "differences": differences(),
    "ranked": ranked(),
    "folds": folds(),
}
out = pathlib.Path(__file__).parent.parent / "reference" / "matching.json"
out.write_text(json.dumps(plain(reference), indent=1) + "\n")
