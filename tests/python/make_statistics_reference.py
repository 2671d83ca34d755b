"""Writes tests/reference/statistics.json: results of SciPy, statsmodels and scikit-learn for small made-up sets.

  pip install scipy statsmodels scikit-learn numpy
  python tests/python/make_statistics_reference.py

DeLong's variances are computed here as the paper defines them, film against film; lib/ computes them by ranks.
"""

import json
import pathlib

import numpy
import scipy
import sklearn
import statsmodels.api
from scipy import optimize, special, stats
from sklearn import calibration, linear_model, metrics, preprocessing
from statsmodels.stats import contingency_tables, multitest, proportion

random = numpy.random.default_rng(0)


def plain(value):
    """Converts NumPy's values to numbers and lists, as JSON has them."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, numpy.ndarray)):
        return [plain(inner) for inner in value]
    return value.item() if isinstance(value, numpy.generic) else value


def some_films(films, tb, decimals):
    truth = numpy.zeros(films, int)
    truth[random.choice(films, tb, replace=False)] = 1
    evidence = random.normal(3 * truth - 1.5, 1.5)
    one = special.expit(2 * evidence).round(decimals)
    other = special.expit(evidence + random.normal(0, 1, films)).round(decimals)
    return truth, one, other


def distributions():
    z = [-12, -5, -1.96, 0, 0.3, 2.5]
    p = [0.0001, 0.025, 0.5, 0.975, 0.995]
    counts = [(0, 1), (3, 10), (10, 10), (5, 40), (100, 260)]
    return {
        "two_sided_normal": [{"z": x, "p": 2 * stats.norm.sf(abs(x))} for x in z],
        "normal_quantile": [{"p": x, "z": stats.norm.ppf(x)} for x in p],
        "student_quantile": [{"p": 0.975, "degrees": n, "t": stats.t.ppf(0.975, n)} for n in [1, 2, 4, 30]],
        "fair_binomial": [{"k": k, "n": n, "p": stats.binom.cdf(k, n, 0.5)} for k, n in counts],
    }


def wilson():
    cases = []
    for successes, trials in [(0, 10), (1, 10), (154, 160), (756, 760), (910, 920), (20, 20)]:
        low, high = proportion.proportion_confint(successes, trials, method="wilson")
        cases.append({"successes": successes, "trials": trials, "low": low, "high": high})
    return cases


def delong(truth, one, other):
    def kernel(scores):
        positive, negative = scores[truth == 1][:, None], scores[truth == 0][None, :]
        return (positive > negative) + 0.5 * (positive == negative)

    pairs = [kernel(one), kernel(other)]
    areas = [pair.mean() for pair in pairs]
    by_positive = numpy.cov([pair.mean(axis=1) for pair in pairs])
    by_negative = numpy.cov([pair.mean(axis=0) for pair in pairs])
    covariance = by_positive / (truth == 1).sum() + by_negative / (truth == 0).sum()
    z = stats.norm.ppf(0.975)
    reach = z * numpy.sqrt(covariance[0, 0])
    error = numpy.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    difference = areas[0] - areas[1]
    return {
        "auc": areas[0],
        "low": max(0, areas[0] - reach),
        "high": min(1, areas[0] + reach),
        "difference": difference,
        "difference_low": difference - z * error,
        "difference_high": difference + z * error,
        "p": 2 * stats.norm.sf(abs(difference / error)),
    }


def mcnemar():
    cases = []
    for only_first, only_second in [(0, 0), (1, 0), (9, 7), (3, 14), (40, 12)]:
        table = [[100, only_first], [only_second, 5]]
        p = contingency_tables.mcnemar(table, exact=True).pvalue
        cases.append({"only_first": only_first, "only_second": only_second, "p": p})
    return cases


def holm():
    p = [0.04, 0.01, 0.5, 0.03, 0.0002, 0.9]
    return {"p": p, "corrected": multitest.multipletests(p, method="holm")[1]}


def curves(truth, one):
    false_alarms, found, _ = metrics.roc_curve(truth, one, drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(truth, one)
    return {
        "false_positive_rate": false_alarms,
        "true_positive_rate": found,
        # scikit-learn appends an end point, (0, 1), after the lowest threshold.
        "precision": precision[:-1][::-1],
        "recall": recall[:-1][::-1],
        "average_precision": metrics.average_precision_score(truth, one),
    }


def calibrated(truth, one):
    share, mean = calibration.calibration_curve(truth, one, n_bins=10)
    bins = numpy.minimum((one * 10).astype(int), 9)
    gaps = [abs(one[bins == b].mean() - truth[bins == b].mean()) for b in set(bins)]
    weights = [(bins == b).mean() for b in set(bins)]

    def loss(temperature):
        return metrics.log_loss(truth, special.expit(special.logit(one) / temperature))

    fitted = optimize.minimize_scalar(loss, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-10})
    return {
        "probability": one,
        "share": share,
        "mean": mean,
        "error": numpy.dot(weights, gaps),
        "brier": metrics.brier_score_loss(truth, one),
        "temperature": fitted.x,
    }


def bootstrap(truth, one):
    """Computes intervals by many resamples, so that chance hardly moves them."""

    def statistic(of):
        return lambda healthy, tb: of(numpy.repeat([0, 1], [len(healthy), len(tb)]), numpy.concatenate([healthy, tb]))

    def interval(of):
        found = stats.bootstrap(
            (one[truth == 0], one[truth == 1]), statistic(of),
            n_resamples=20000, method="percentile", vectorized=False, rng=numpy.random.default_rng(1),
        ).confidence_interval
        return {"low": found.low, "high": found.high}

    def auc(classes, values):
        pairs = values[classes == 1][:, None], values[classes == 0]
        return (numpy.greater(*pairs) + 0.5 * numpy.equal(*pairs)).mean()

    return {
        "auc": interval(auc),
        "f1": interval(lambda classes, values: 2 * (classes * (values > 0.5)).sum() / (classes + (values > 0.5)).sum()),
    }


def logistic():
    films, columns = 60, 5
    labels = (numpy.arange(films) % 3 == 0).astype(int)
    features = random.normal(labels[:, None] * [2, 1, 0, 0, 0], [3, 1, 0.1, 20, 1]).round(4)
    features[:, 4] = 7  # the same in all films
    more = random.normal(0, [3, 1, 0.1, 20, 1], (4, columns)).round(4)
    scaler = preprocessing.StandardScaler().fit(features)
    fits = []
    for c in [1, 0.01]:
        model = linear_model.LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12)
        model.fit(scaler.transform(features), labels)
        fits.append({
            "c": c, "weights": model.coef_[0], "intercept": model.intercept_[0],
            "scores": model.decision_function(scaler.transform(more)),
        })
    return {"features": features, "labels": labels, "more": more, "fits": fits}


def recalibration(truth, probabilities):
    """Computes intercept, slope and observed/expected, with statsmodels and as the papers define them."""
    logits = special.logit(probabilities)
    offset = statsmodels.api.GLM(
        truth, numpy.ones(len(truth)), family=statsmodels.api.families.Binomial(), offset=logits,
    ).fit(tol=1e-14)
    sloped = statsmodels.api.Logit(truth, statsmodels.api.add_constant(logits)).fit(disp=0, tol=1e-14)
    ratio = truth.sum() / probabilities.sum()
    error = numpy.sqrt((1 - truth.mean()) / truth.sum())
    z = stats.norm.ppf(0.975)
    interval = lambda fit, i: [fit.params[i], *fit.conf_int()[i]]
    return {
        "intercept": interval(offset, 0),
        "slope": interval(sloped, 1),
        "observed_over_expected": [ratio, ratio * numpy.exp(-z * error), ratio * numpy.exp(z * error)],
    }


def drop(first, second):
    """Computes the fall of the AUC from one set of films to another, whose variances add."""
    (a, a_low, a_high), (b, b_low, b_high) = [
        [part["delong"][key] for key in ["auc", "low", "high"]] for part in (first, second)
    ]
    # No interval is cut at 0 or 1 here, so that half of its width is 1.96 standard errors.
    assert 0 < a_low and a_high < 1 and 0 < b_low and b_high < 1
    reach = numpy.hypot((a_high - a_low) / 2, (b_high - b_low) / 2)
    return {"value": a - b, "low": a - b - reach, "high": a - b + reach}


def a_set(name, films, tb, decimals):
    truth, one, other = some_films(films, tb, decimals)
    return {
        "name": name, "truth": truth, "one": one, "other": other,
        "recalibration": recalibration(truth, 0.015 + 0.96 * one),
        "delong": delong(truth, one, other), "curves": curves(truth, one),
        "calibration": calibrated(truth, 0.015 + 0.96 * one), "bootstrap": bootstrap(truth, one),
    }


reference = {
    "versions": {module.__name__: module.__version__ for module in [numpy, scipy, statsmodels, sklearn]},
    "distributions": distributions(),
    "wilson": wilson(),
    "mcnemar": mcnemar(),
    "holm": holm(),
    "logistic": logistic(),
    "sets": [a_set("no ties", 90, 30, 6), a_set("many ties", 60, 15, 1)],
}
reference["drop"] = drop(*reference["sets"])
out = pathlib.Path(__file__).parent.parent / "reference" / "statistics.json"
out.write_text(json.dumps(plain(reference), indent=1) + "\n")
