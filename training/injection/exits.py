"""From where on a window is harmless without the encoder, or without its upper layers: bounds on the linear stage and on
the early exits, found on windows that nothing was trained on, with the encoder's exact answers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from corpus import Row
from measure import balance, balanced_threshold
from network import EXITS

BALANCED = 0.01
"""Share of harmless texts, every source counting alike, whose highest final logit is at or above the threshold."""
LEAVE = 0.005
"""Share of the windows above that threshold that an exit may let leave."""
LOST = 0.01
"""Share of the attacks above it that the linear stage may take for harmless."""
NOTHING = -1_000.0
"""A bound that no logit is below."""
ORIGINS = ("user", "third_party")


@dataclass
class Read:
    """Windows of texts as the exact encoder and the linear stage answer them: `logits` [N, 2 + 2 × exits], final ones
    first; `linear` [N, 2]; `of` [N], the window's text in `rows`."""

    logits: np.ndarray
    linear: np.ndarray
    of: np.ndarray
    rows: list[Row]

    def __post_init__(self) -> None:
        self.third = np.array([row.third_party for row in self.rows])
        self.labels = np.array([row.label for row in self.rows])
        self.sources = np.array([row.source for row in self.rows])

    def own(self, first: int) -> np.ndarray:
        """Of two columns of `logits`, that of the origin of each window's text."""
        return np.where(self.third[self.of], self.logits[:, first + 1], self.logits[:, first])

    def own_linear(self) -> np.ndarray:
        return np.where(self.third[self.of], self.linear[:, 1], self.linear[:, 0])

    def highest(self, values: np.ndarray) -> np.ndarray:
        """Of each text; -30 where it has no window."""
        best = np.full(len(self.rows), -30.0)
        np.maximum.at(best, self.of, values)
        return best


def joined(parts: list[Read]) -> Read:
    starts = np.cumsum([0, *(len(part.rows) for part in parts)])
    return Read(
        logits=np.concatenate([part.logits for part in parts]),
        linear=np.concatenate([part.linear for part in parts]),
        of=np.concatenate([part.of + start for part, start in zip(parts, starts)]),
        rows=[row for part in parts for row in part.rows],
    )


def lowest_but(values: np.ndarray, share: float) -> float:
    """The highest bound below which at most `share` of the values lie; `NOTHING` where there are none."""
    if len(values) == 0:
        return NOTHING
    return float(np.sort(values)[math.floor(share * len(values))])


def thresholds_of(read: Read) -> np.ndarray:
    """[2]: the final logit of the balanced point, as a user's text and as third-party text."""
    highest = read.highest(read.own(0))
    found = []
    for third in (False, True):
        harmless = (read.third == third) & (read.labels == 0)
        weights = balance(read.sources[harmless], read.labels[harmless])
        found.append(balanced_threshold(highest[harmless], weights, BALANCED) if harmless.any() else math.inf)
    return np.array(found)


def bounds_of(read: Read) -> dict:
    """`thresholds`, `harmlessBelow` and, for each exit, `bounds` (all by origin), with what they lose and spare. As in the
    product a window leaves only where both of its early logits are below their bounds."""
    thresholds = thresholds_of(read)
    final, linear = read.own(0), read.own_linear()
    third = read.third[read.of]
    above = final >= thresholds[third.astype(int)]
    attack = read.labels[read.of] == 1
    most = np.full(len(read.rows), -np.inf)
    np.maximum.at(most, read.of[above & attack], linear[above & attack])
    found = np.isfinite(most)
    below = [lowest_but(most[found & (read.third == side)], LOST) for side in (False, True)]
    asked = linear >= np.array(below)[third.astype(int)]
    made = {
        "thresholds": dict(zip(ORIGINS, thresholds.tolist())),
        "harmlessBelow": dict(zip(ORIGINS, below)),
        "linear": linear_says(read, np.array(below), found, most),
        "exits": {},
    }
    for number, after in enumerate(EXITS):
        first = 2 + 2 * number
        if first >= read.logits.shape[1]:
            break
        early = read.logits[:, first : first + 2]
        own = read.own(first)
        bounds = np.array([lowest_but(own[above & (third == side)], LEAVE) for side in (False, True)])
        leaves = (early < bounds).all(1)
        made["exits"][str(after)] = {"bounds": dict(zip(ORIGINS, bounds.tolist()))} | {
            origin: exit_says(leaves & (third == side), asked & (third == side), above & (third == side),
                              ~attack & (third == side))
            for origin, side in zip(ORIGINS, (False, True))
        } | {"leave": share(leaves & asked & ~attack, asked & ~attack)}
    return made


def share(part: np.ndarray, of: np.ndarray) -> float:
    return float(part.sum() / max(1, of.sum()))


def exit_says(leaves: np.ndarray, asked: np.ndarray, above: np.ndarray, harmless: np.ndarray) -> dict[str, float]:
    return {
        "above": int(above.sum()),
        "aboveThatLeave": int((leaves & above).sum()),
        "harmless": int(harmless.sum()),
        "harmlessThatLeave": share(leaves & harmless, harmless),
        "askedHarmless": int((asked & harmless).sum()),
        "askedHarmlessThatLeave": share(leaves & asked & harmless, asked & harmless),
    }


def linear_says(read: Read, below: np.ndarray, found: np.ndarray, most: np.ndarray) -> dict[str, dict]:
    """By origin: attacks above the threshold, those of them that the linear stage would settle, and the share of harmless
    texts that it settles (were the rules silent on all of them)."""
    highest = read.highest(read.own_linear())
    said = {}
    for side, origin in enumerate(ORIGINS):
        mine = read.third == bool(side)
        harmless = mine & (read.labels == 0)
        said[origin] = {
            "found": int((found & mine).sum()),
            "foundThatItSettles": int((found & mine & (most < below[side])).sum()),
            "harmless": int(harmless.sum()),
            "harmlessThatItSettles": share(harmless & (highest < below[side]), harmless),
        }
    return said


def choose(bounds: dict, times: dict[str, dict[str, float]]) -> str:
    """The exit after which a harmless window that the linear stage leaves open costs least, on average."""
    costs = {after: cost_of(bounds["exits"][after]["leave"], times[after]) for after in bounds["exits"]}
    return min(costs, key=lambda after: costs[after])


def cost_of(leave: float, times: dict[str, float]) -> float:
    """In the unit of the times."""
    return times["lower"] + (1 - leave) * times["upper"]
