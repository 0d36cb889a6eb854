"""What is taken off the logits of parts of a document that are read by themselves, and of guesses at another spelling, which
look like an attack by chance oftener than windows of the text as it stands: by origin and stage, the handicaps at which
most attacks are found at 1 % false alarms."""

from __future__ import annotations

import numpy as np
from calibrate import PRIOR
from measure import balance, balanced_threshold

SORTS = ("piece", "respelled")
STAGES = ("linear", "encoder")
GRID = {"linear": (0.0, 0.5, 1.0, 1.5, 2.0, 3.0), "encoder": (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)}
RATES = (0.01, 0.02)
FAR = -30.0


def fit_handicaps(rows: list[dict]) -> dict[str, dict[str, float]]:
    """`rows` of one origin, as score.ts says them, their `highest` logits by sort without handicap → `{sort: {stage: logit}}`.
    Ties go to the smaller handicaps: they hide less."""
    labels = np.array([row["label"] for row in rows])
    weights = balance(np.array([row["source"] for row in rows]), labels, PRIOR)
    settled = np.array([row["settled"] == "harmless" for row in rows])
    found: dict[str, dict[str, float]] = {sort: {} for sort in SORTS}
    for stage in STAGES:
        logits = {sort: np.array([highest(row, sort, stage) for row in rows]) for sort in ("window", *SORTS)}
        open_to = ~settled if stage == "encoder" else np.ones(len(rows), dtype=bool)

        def score(piece: float, respelled: float) -> float:
            most = np.maximum(logits["window"], np.maximum(logits["piece"] - piece, logits["respelled"] - respelled))
            most = np.where(open_to, most, FAR)
            harmless = labels == 0
            limits = [balanced_threshold(most[harmless], weights[harmless], rate) for rate in RATES]
            return float(np.mean([(most[~harmless] >= limit).mean() for limit in limits]))

        tried = [(score(p, r), -p - r, p, r) for p in GRID[stage] for r in GRID[stage]]
        best = max(tried)
        for sort, value in zip(SORTS, best[2:], strict=True):
            found[sort][stage] = value
        print(f"handicaps of the {stage} stage: {dict(zip(SORTS, best[2:], strict=True))}; "
              f"recall {100 * score(0, 0):.1f} % without, {100 * best[0]:.1f} % with", flush=True)
    return found


def highest(row: dict, sort: str, stage: str) -> float:
    said = row["highest"][sort][stage]
    return FAR if said is None else float(said)
