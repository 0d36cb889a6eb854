"""Stacks encoder, linear stage and rules into one probability, sets the operating points, and fixes from where on the
linear stage settles a text alone. Works on what the product's own cascade measured on texts that nothing was trained on."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from measure import auc, wilson
from sklearn.linear_model import LogisticRegression

FEATURES = ("encoder", "linear", "rules", "windows", "decoded")
POINTS = {"strict": 0.02, "balanced": 0.01, "quiet": 0.001}
"""Share of harmless texts at or above the threshold, every source counting alike."""
SILENT = 0.3
"""Rules with a lower score say nothing, as in the cascade."""
LOST = 0.01
"""Recall at the balanced point that the linear stage may lose by settling texts alone."""
MOST_PER_SOURCE = 300


@dataclass
class Judged:
    """What the cascade measured on texts of one origin."""

    features: np.ndarray
    labels: np.ndarray
    sources: np.ndarray
    kinds: np.ndarray
    weights: np.ndarray


def read_judged(path: Path) -> dict[str, Judged]:
    rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    parts: dict[str, Judged] = {}
    for origin in ("user", "third_party"):
        mine = [row for row in rows if row["origin"] == origin]
        sources = np.array([row["source"] for row in mine])
        labels = np.array([row["label"] for row in mine])
        parts[origin] = Judged(
            features=np.array([[row[name] for name in FEATURES] for row in mine], dtype=np.float64),
            labels=labels,
            sources=sources,
            kinds=np.array([row["kind"] for row in mine]),
            weights=balance(sources, labels),
        )
    return parts


def balance(sources: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights with which no source counts for more than `MOST_PER_SOURCE` texts of a label, and both labels alike."""
    weights = np.ones(len(sources))
    for label in (0, 1):
        for source in set(sources[labels == label]):
            members = (sources == source) & (labels == label)
            weights[members] = min(1.0, MOST_PER_SOURCE / members.sum())
        share = weights[labels == label].sum()
        weights[labels == label] *= len(labels) / (2 * max(share, 1e-9))
    return weights


def balanced_threshold(scores: np.ndarray, weights: np.ndarray, rate: float) -> float:
    """The lowest threshold at which texts with at most `rate` of the weight are at or above it."""
    order = np.argsort(-scores, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    allowed = int(np.searchsorted(share, rate, side="right"))
    if allowed >= len(order):
        return float(scores.min())
    return float(np.nextafter(scores[order[allowed]], np.inf))


def fit_stack(judged: Judged) -> dict[str, float]:
    """Logistic regression on the features; a weight that would go below zero is taken out (windows may)."""
    used = list(range(len(FEATURES)))
    while True:
        model = LogisticRegression(C=1.0, max_iter=1_000)
        model.fit(judged.features[:, used], judged.labels, sample_weight=judged.weights)
        worst = min(
            (i for i in range(len(used)) if FEATURES[used[i]] not in ("windows", "decoded")),
            key=lambda i: model.coef_[0][i],
        )
        if model.coef_[0][worst] >= 0:
            break
        used.pop(worst)
    stack = dict.fromkeys(FEATURES, 0.0)
    stack |= {FEATURES[f]: float(model.coef_[0][i]) for i, f in enumerate(used)}
    return {"bias": float(model.intercept_[0])} | stack


def scores_of(stack: dict[str, float], features: np.ndarray) -> np.ndarray:
    logits = stack["bias"] + features @ np.array([stack[name] for name in FEATURES])
    return 1 / (1 + np.exp(-logits))


def settle(judged: Judged, scores: np.ndarray, threshold: float) -> tuple[float, float]:
    """Highest linear logit below which a text that the rules say nothing about is harmless without the encoder, so
    that at most `LOST` of the attacks found are lost; and the share of harmless texts it settles."""
    linear, rules = judged.features[:, 1], judged.features[:, 2]
    found = (judged.labels == 1) & (scores >= threshold)
    open_to = np.sort(linear[found & (rules < SILENT)])
    lose = int(math.floor(LOST * found.sum()))
    below = float(open_to[lose]) if lose < len(open_to) else 0.0
    harmless = judged.labels == 0
    settled = harmless & (linear < below) & (rules < SILENT)
    return below, float(judged.weights[settled].sum() / judged.weights[harmless].sum())


def calibrate(judged: dict[str, Judged]) -> dict[str, dict]:
    """`stack`, `points` and `cascade` of the model's manifest, for each origin."""
    made: dict[str, dict] = {"stack": {}, "points": {}, "cascade": {}}
    for origin, part in judged.items():
        stack = fit_stack(part)
        scores = scores_of(stack, part.features)
        harmless = part.labels == 0
        points = {
            name: balanced_threshold(scores[harmless], part.weights[harmless], rate) for name, rate in POINTS.items()
        }
        below, share = settle(part, scores, points["balanced"])
        made["stack"][origin], made["points"][origin] = stack, points
        made["cascade"][origin] = {"harmlessBelow": below, "attackAbove": None}
        describe(origin, part, scores, points, share)
    return made


def describe(origin: str, part: Judged, scores: np.ndarray, points: dict[str, float], settled: float) -> None:
    harmless, attacks = part.labels == 0, part.labels == 1
    print(f"{origin}: {harmless.sum()} harmless, {attacks.sum()} attacks, AUC {auc(scores, part.labels):.4f}; "
          f"the linear stage settles {100 * settled:.0f} % of the harmless")
    for name, threshold in points.items():
        hits, alarms = int((scores[attacks] >= threshold).sum()), int((scores[harmless] >= threshold).sum())
        low, high = wilson(hits, int(attacks.sum()))
        print(f"  {name}: threshold {threshold:.4f}, alarms {100 * alarms / harmless.sum():.2f} %, "
              f"found {100 * hits / attacks.sum():.1f} % ({100 * low:.1f}-{100 * high:.1f})")
    by_source(part, scores, points["balanced"])


def by_source(part: Judged, scores: np.ndarray, threshold: float) -> None:
    aucs = []
    for source in sorted(set(part.sources)):
        members = part.sources == source
        attacks, harmless = members & (part.labels == 1), members & (part.labels == 0)
        if attacks.sum() >= 10:
            against = np.r_[scores[attacks], scores[part.labels == 0]]
            labels = np.r_[np.ones(attacks.sum(), dtype=int), np.zeros((part.labels == 0).sum(), dtype=int)]
            value = auc(against, labels)
            aucs.append(value)
            print(f"    {source}: AUC {value:.3f}, found {100 * (scores[attacks] >= threshold).mean():.0f} % of {attacks.sum()}")
        if harmless.sum() >= 20:
            print(f"    {source}: alarms {100 * (scores[harmless] >= threshold).mean():.1f} % of {harmless.sum()}")
    if aucs:
        print(f"    sources not trained on: median AUC {np.median(aucs):.3f}, worst {min(aucs):.3f}")
