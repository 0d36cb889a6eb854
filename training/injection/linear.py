"""The linear stage: two logistic regressions on hashed features, one for users' texts and one for third parties'."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from windows import Windows

BUCKETS = 1 << 18


def matrix(windows: Windows) -> csr_matrix:
    """[N, BUCKETS]: every feature of a window weighs 1 / sqrt(features of the window)."""
    counts = windows.index[:, 6]
    indices = np.concatenate([windows.features[r[5] : r[5] + r[6]] for r in windows.index]) if len(windows) else []
    values = np.repeat(1.0 / np.sqrt(np.maximum(counts, 1)), counts)
    starts = np.concatenate([[0], np.cumsum(counts)])
    return csr_matrix((values, indices, starts), shape=(len(windows), BUCKETS), dtype=np.float32)


def fit_linear(windows: Windows, strength: float = 8.0) -> np.ndarray:
    """[2 + 2 × BUCKETS] float32: both biases, then the users' and the third parties' weights."""
    data = matrix(windows)
    parts: list[np.ndarray] = []
    biases: list[float] = []
    for wanted in (windows.user, windows.third):
        known = wanted >= 0
        model = LogisticRegression(C=strength, solver="liblinear", max_iter=60)
        model.fit(data[known], wanted[known], sample_weight=windows.weight[known])
        biases.append(float(model.intercept_[0]))
        parts.append(model.coef_[0].astype(np.float32))
    return np.concatenate([np.array(biases, dtype=np.float32), *parts])


def answer_linear(weights: np.ndarray, windows: Windows) -> np.ndarray:
    """Logits [N, 2]."""
    data = matrix(windows)
    heads = [weights[2 + h * BUCKETS : 2 + (h + 1) * BUCKETS] for h in (0, 1)]
    return np.stack([data @ w + weights[h] for h, w in enumerate(heads)], axis=1).astype(np.float32)


def write_linear(weights: np.ndarray, path: Path) -> None:
    path.write_bytes(weights.astype("<f4").tobytes())
