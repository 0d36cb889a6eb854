"""A first look at what is learned: AUC and recall of dev rows by kind and source, at 1 % of the harmless dev rows."""

from __future__ import annotations

import numpy as np
from corpus import Row
from measure import auc, threshold_at


def by_text(logits: np.ndarray, of: np.ndarray, rows: list[Row]) -> np.ndarray:
    """The highest logit over a text's windows, of the head that its origin asks for."""
    best = np.full(len(rows), -20.0)
    for window, row in enumerate(of):
        value = logits[window, 1 if rows[row].third_party else 0]
        best[row] = max(best[row], value)
    return best


def report(scores: np.ndarray, rows: list[Row]) -> None:
    labels = np.array([row.label for row in rows])
    third = np.array([row.third_party for row in rows])
    thresholds = np.zeros(len(rows))
    for side in (False, True):
        thresholds[third == side] = threshold_at(scores[(third == side) & (labels == 0)], 0.01)
    hit = scores >= thresholds
    print(f"dev AUC {auc(scores, labels):.4f}; at 1 % false alarms, found by kind and source:")
    for name in ("kind", "source", "lang"):
        groups: dict[str, list[int]] = {}
        for i, row in enumerate(rows):
            groups.setdefault(f"{getattr(row, name)}", []).append(i)
        parts = []
        for key, members in sorted(groups.items(), key=lambda item: -len(item[1]))[:40]:
            m = np.array(members)
            wrong, right = m[labels[m] == 0], m[labels[m] == 1]
            text = f"{key}:"
            if len(right) > 4:
                text += f" found {100 * hit[right].mean():.0f}% of {len(right)}"
            if len(wrong) > 4:
                text += f" alarms {100 * hit[wrong].mean():.1f}% of {len(wrong)}"
            if text[-1] != ":":
                parts.append(text)
        print(f"  {name}: " + "; ".join(parts))
