"""Figures for detectors: ROC AUC, recall at fixed false alarms, Wilson intervals; weights by which sources count alike."""

from __future__ import annotations

import math

import numpy as np


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Area under the ROC curve by ranks (Mann-Whitney), ties counted half; NaN where a class is missing."""
    positives, negatives = int(labels.sum()), int((1 - labels).sum())
    if positives == 0 or negatives == 0:
        return math.nan
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    ranks = np.empty(len(scores))
    edges = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1], True])
    for start, end in zip(edges[:-1], edges[1:]):
        ranks[order[start:end]] = (start + end + 1) / 2
    return float((ranks[labels == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def threshold_at(harmless: np.ndarray, rate: float) -> float:
    """The lowest threshold at which at most `rate` of the harmless scores are at or above it."""
    ordered = np.sort(harmless)[::-1]
    allowed = int(math.floor(rate * len(ordered)))
    if allowed >= len(ordered):
        return float(ordered[-1])
    return float(np.nextafter(ordered[allowed], np.inf))


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    if total == 0:
        return (0.0, 1.0)
    p = hits / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return (max(0.0, middle - half), min(1.0, middle + half))


MOST_PER_SOURCE = 300
"""Texts of a label for which one source counts at most."""


def balance(sources: np.ndarray, labels: np.ndarray, prior: float = 0.5) -> np.ndarray:
    """Weights, of mean 1, with which no source counts for more than `MOST_PER_SOURCE` texts of a label, and attacks for a
    share of `prior` of all (where there are both)."""
    weights = np.ones(len(sources))
    for label, share in ((0, 1 - prior), (1, prior)):
        for source in set(sources[labels == label]):
            members = (sources == source) & (labels == label)
            weights[members] = min(1.0, MOST_PER_SOURCE / members.sum())
        total = weights[labels == label].sum()
        if total > 0:
            weights[labels == label] *= share * len(labels) / total
    return weights


def effective(weights: np.ndarray) -> float:
    """How many texts of equal weight tell as much (Kish 1965)."""
    return float(weights.sum() ** 2 / np.square(weights).sum()) if len(weights) else 0.0


def balanced_threshold(scores: np.ndarray, weights: np.ndarray, rate: float) -> float:
    """The lowest threshold at which texts with at most `rate` of the weight are at or above it."""
    order = np.argsort(-scores, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    allowed = int(np.searchsorted(share, rate, side="right"))
    if allowed >= len(order):
        return float(scores.min())
    return float(np.nextafter(scores[order[allowed]], np.inf))
