"""Stacks encoder, linear stage and rules into one probability and sets the operating points, on what the very cascade that
ships says of texts that nothing was trained on. Every figure and threshold is out of fold: a text is scored by a stack that
was fitted without its source."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from corpus import bucket
from measure import balance, balanced_threshold, effective
from scipy.optimize import minimize

FEATURES = ("encoder", "linear", "rules", "windows", "decoded")
BOUNDS = {"windows": (-0.15, 0.3)}
"""May lower the probability: the more windows, the higher the highest of them is by chance. But by little, or an attacker
would pad a text for it. All others only raise it."""
POINTS = {"strict": 0.02, "balanced": 0.01, "quiet": 0.001}
"""Share of harmless texts at or above the threshold, no source counting for more than `MOST_PER_SOURCE` texts."""
PRIOR = 0.1
"""Share of attacks among the texts that `probability` is calibrated to. For another prior add the difference of the logits."""
FOLDS = 5
RIDGE = 0.5
EDGE = 1e-6
FEW = 10
"""A point that rests on fewer harmless texts above it than this is not to be relied on."""


@dataclass
class Judged:
    """What the cascade said of texts of one origin. The stack has no say where a text was `settled` by the linear stage, nor
    where it is `suspect` whatever was read of it, since it holds more doubtful windows than the encoder reads."""

    features: np.ndarray
    settled: np.ndarray
    suspect: np.ndarray
    labels: np.ndarray
    sources: np.ndarray
    rows: list[dict]

    @property
    def open(self) -> np.ndarray:
        return ~self.settled & ~self.suspect

    @property
    def folds(self) -> np.ndarray:
        return np.array([bucket(source, FOLDS, "calibration") for source in self.sources])


@dataclass
class Fitted:
    """`scores`: logits out of fold, -inf of settled texts and inf of suspect ones; `reached` by point: whether a text is at or above a threshold
    that was set without its fold."""

    stack: dict[str, float]
    points: dict[str, float]
    scores: np.ndarray
    reached: dict[str, np.ndarray]
    rests: dict[str, dict]


def read_rows(path: Path) -> list[dict]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def judged_of(rows: list[dict]) -> dict[str, Judged]:
    parts: dict[str, Judged] = {}
    for origin in ("user", "third_party"):
        mine = [row for row in rows if row["origin"] == origin]
        parts[origin] = Judged(
            features=np.array([[float(row[name]) for name in FEATURES] for row in mine], dtype=np.float64).reshape(-1, 5),
            settled=np.array([row["settled"] == "harmless" for row in mine], dtype=bool),
            suspect=np.array([row.get("unread", 0) > 0 for row in mine], dtype=bool),
            labels=np.array([row["label"] for row in mine], dtype=np.int64),
            sources=np.array([row["source"] for row in mine], dtype=str),
            rows=mine,
        )
    return parts


def longest_of(judged: Judged) -> float:
    """log2 of the windows up to which texts of both labels were seen: nothing is concluded from more of them."""
    windows = judged.features[:, FEATURES.index("windows")]
    return float(min((windows[judged.labels == label].max(initial=0) for label in (0, 1))))


def inputs_of(judged: Judged, longest: float) -> np.ndarray:
    features = judged.features.copy()
    at = FEATURES.index("windows")
    features[:, at] = np.minimum(features[:, at], longest)
    return features


def fit_stack(features: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """[1 + FEATURES]: bias and weights of a logistic regression whose weights lie in `BOUNDS`, else at or above 0."""
    sign = 2.0 * labels - 1

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (at[0] + features @ at[1:])
        value = float(weights @ np.logaddexp(0, -margin)) + RIDGE * float(at[1:] @ at[1:])
        pull = -weights * sign / (1 + np.exp(np.clip(margin, -500, 500)))
        return value, np.r_[pull.sum(), features.T @ pull + 2 * RIDGE * at[1:]]

    limits = [(None, None), *(BOUNDS.get(name, (0.0, None)) for name in FEATURES)]
    found = minimize(loss, np.zeros(1 + len(FEATURES)), jac=True, method="L-BFGS-B", bounds=limits,
                     options={"maxiter": 2_000})
    if not found.success:
        raise RuntimeError(f"The stack cannot be fitted: {found.message}")
    return found.x


def logits_of(stack: np.ndarray, judged: Judged, longest: float) -> np.ndarray:
    logits = stack[0] + inputs_of(judged, longest) @ stack[1:]
    return np.where(judged.settled, -np.inf, np.where(judged.suspect, np.inf, logits))


def probability(logit: float) -> float:
    return float(np.clip(1 / (1 + np.exp(-logit)), EDGE, 1 - 1e-9))


def fit(judged: Judged, prior: float = PRIOR) -> Fitted:
    """Raises ValueError where there are too few texts, or of one label or source only."""
    open_to = judged.open
    for label in (0, 1):
        if len(set(judged.sources[(judged.labels == label) & open_to])) < 2:
            raise ValueError(f"fewer than two sources of label {label} reach the stack: nothing can be fitted out of fold")
    longest = longest_of(judged)
    features, folds = inputs_of(judged, longest), judged.folds
    weights = balance(judged.sources, judged.labels, prior)

    def stack_of(members: np.ndarray) -> np.ndarray:
        used = members & open_to
        return fit_stack(features[used], judged.labels[used], weights[used])

    whole = stack_of(np.ones(len(folds), dtype=bool))
    scores = np.full(len(folds), -np.inf)
    for fold in sorted(set(folds)):
        rest = folds != fold
        both = len(set(judged.labels[rest & open_to])) == 2
        scores[~rest] = logits_of(stack_of(rest) if both else whole, judged, longest)[~rest]
    harmless = judged.labels == 0
    reached = {name: np.zeros(len(folds), dtype=bool) for name in POINTS}
    points, rests = {}, {}
    for name, rate in POINTS.items():
        points[name] = probability(threshold(scores, weights, harmless, rate))
        for fold in sorted(set(folds)):
            mine, others = folds == fold, harmless & (folds != fold)
            reached[name][mine] = scores[mine] >= threshold(scores, weights, others if others.any() else harmless, rate)
        rests[name] = rest_of(harmless, weights, scores, rate)
    stack = {"bias": float(whole[0])} | {f: float(whole[1 + i]) for i, f in enumerate(FEATURES)}
    return Fitted(stack | {"windowsUpTo": longest}, points, scores, reached, rests)


def threshold(scores: np.ndarray, weights: np.ndarray, harmless: np.ndarray, rate: float) -> float:
    """On the logit; within the scores that the stack gave, so that it decides of no text of which the stack has no say."""
    found = balanced_threshold(scores[harmless], weights[harmless], rate)
    given = scores[np.isfinite(scores)]
    return float(np.clip(found, given.min(), np.nextafter(given.max(), np.inf)))


def rest_of(harmless: np.ndarray, weights: np.ndarray, scores: np.ndarray, rate: float) -> dict:
    above = scores[harmless] >= threshold(scores, weights, harmless, rate)
    return {
        "rate": rate,
        "harmless": int(harmless.sum()),
        "effective": effective(weights[harmless]),
        "above": int(above.sum()),
        "enough": int(above.sum()) >= FEW,
    }


def reliability(fitted: Fitted, judged: Judged, prior: float = PRIOR, bins: int = 10) -> dict:
    """How well the probability is calibrated to the prior, out of fold: Brier score and expected calibration error."""
    weights = balance(judged.sources, judged.labels, prior)
    said = 1 / (1 + np.exp(-np.clip(fitted.scores, -500, 500)))
    off = 0.0
    for members in (np.minimum((said * bins).astype(int), bins - 1) == b for b in range(bins)):
        if weights[members].sum() > 0:
            off += abs(float(weights[members] @ (said - judged.labels)[members]))
    return {"prior": prior, "brier": float(weights @ np.square(said - judged.labels) / weights.sum()),
            "expectedCalibrationError": off / float(weights.sum())}


def lost(judged: Judged, fitted: Fitted, open_rows: dict[int, dict]) -> dict:
    """Attacks that the shipped stack finds at the balanced point when every stage reads everything, and those of them that
    the shortcuts lose (and the other way round)."""
    chosen = np.array([row["n"] in open_rows for row in judged.rows], dtype=bool)
    rows = [open_rows[row["n"]] | {"settled": None} for row in judged.rows if row["n"] in open_rows]
    opened = judged_of(rows).get(rows[0]["origin"]) if rows else None
    if opened is None:
        return {"attacks": 0, "found": 0, "lost": 0, "gained": 0}
    stack = np.array([fitted.stack[name] for name in ("bias", *FEATURES)])
    limit = float(np.log(fitted.points["balanced"]) - np.log1p(-fitted.points["balanced"]))
    whole = logits_of(stack, opened, fitted.stack["windowsUpTo"]) >= limit
    shipped = logits_of(stack, judged, fitted.stack["windowsUpTo"])[chosen] >= limit
    return {"attacks": int(chosen.sum()), "found": int(whole.sum()), "lost": int((whole & ~shipped).sum()),
            "gained": int((~whole & shipped).sum())}
