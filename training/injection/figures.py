"""Figures of a calibrated cascade, all of them out of fold: by operating point, kind, language, carrier and source."""

from __future__ import annotations

import numpy as np
from calibrate import POINTS, PRIOR, Fitted, Judged, reliability
from measure import auc, balance, effective, wilson

GROUPS = ("kind", "lang", "carrier", "source")
LEAST_ATTACKS = 10
"""Attacks that a source needs for an AUC of its own."""
COVERED_ATTACKS = 40
COVERED_SHARE = 0.5
"""A language is covered with so many held-out attacks, of which at the balanced point at least this share of what is found
in English is found."""


def figures_of(judged: Judged, fitted: Fitted, trained: set[str]) -> dict:
    """Of one origin; `trained`: sources that some stage was trained on, though never on these texts."""
    seen = np.array([source in trained for source in judged.sources])
    every = np.ones(len(seen), dtype=bool)
    attacks, harmless = judged.labels == 1, judged.labels == 0
    low = np.clip(fitted.scores, -1e9, 1e9)
    return {
        "attacks": int(attacks.sum()),
        "harmless": int(harmless.sum()),
        "settled": {"harmless": int((judged.settled & harmless).sum()), "attacks": int((judged.settled & attacks).sum())},
        "suspect": {"harmless": int((judged.suspect & harmless).sum()), "attacks": int((judged.suspect & attacks).sum())},
        "auc": {"all": number(auc(low, judged.labels)), "unseen": number(auc(low[~seen], judged.labels[~seen]))},
        "probability": reliability(fitted, judged),
        "points": {
            name: {"threshold": fitted.points[name], "rests": fitted.rests[name]}
            | {which: counts(judged, fitted.reached[name], members)
               for which, members in (("all", every), ("unseen", ~seen), ("trained", seen))}
            for name in POINTS
        },
        "groups": {key: groups_of(judged, fitted, [str(row.get(key) or "none") for row in judged.rows]) for key in GROUPS},
        "sources": sources_of(judged, low, seen),
    }


def number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def counts(judged: Judged, reached: np.ndarray, members: np.ndarray) -> dict:
    """Attacks found and harmless texts taken for attacks; `balancedFpr` with sources counting alike."""
    attacks, harmless = members & (judged.labels == 1), members & (judged.labels == 0)
    weights = balance(judged.sources[harmless], judged.labels[harmless])
    rate = float(weights @ reached[harmless] / weights.sum()) if harmless.any() else None
    return {"found": int(reached[attacks].sum()), "attacks": int(attacks.sum()), "alarms": int(reached[harmless].sum()),
            "harmless": int(harmless.sum()), "balancedFpr": rate, "effective": effective(weights)}


def groups_of(judged: Judged, fitted: Fitted, names: list[str]) -> dict[str, dict]:
    of = np.array(names, dtype=str)
    return {
        name: {point: counts(judged, fitted.reached[point], of == name) for point in POINTS}
        for name in sorted(set(names))
    }


def sources_of(judged: Judged, low: np.ndarray, seen: np.ndarray) -> list[dict]:
    """AUC of each source's attacks against all harmless texts, the worst first."""
    found = []
    harmless = judged.labels == 0
    for source in sorted(set(judged.sources)):
        mine = (judged.sources == source) & (judged.labels == 1)
        if mine.sum() < LEAST_ATTACKS or not harmless.any():
            continue
        truth = np.r_[np.ones(int(mine.sum()), dtype=int), np.zeros(int(harmless.sum()), dtype=int)]
        found.append({"source": source, "attacks": int(mine.sum()), "trained": bool(seen[mine][0]),
                      "auc": auc(np.r_[low[mine], low[harmless]], truth)})
    return sorted(found, key=lambda entry: entry["auc"])


def languages(figures: dict[str, dict]) -> dict[str, dict]:
    """Held-out attacks and those found at the balanced point, over both origins, and whether the language is covered."""
    pooled: dict[str, dict] = {}
    for one in figures.values():
        for lang, by_point in one["groups"]["lang"].items():
            entry = pooled.setdefault(lang, {"found": 0, "attacks": 0, "alarms": 0, "harmless": 0})
            for name in entry:
                entry[name] += by_point["balanced"][name]
    english = pooled.get("en", {"found": 0, "attacks": 0})
    share = english["found"] / english["attacks"] if english["attacks"] else 0.0
    for entry in pooled.values():
        recall = entry["found"] / entry["attacks"] if entry["attacks"] else 0.0
        entry["covered"] = share > 0 and entry["attacks"] >= COVERED_ATTACKS and recall >= COVERED_SHARE * share
    return pooled


def interval(hits: float, total: float) -> str:
    """`97.5 % (96.0–98.5; 300 of 308)`, or a dash."""
    if total == 0:
        return "–"
    low, high = wilson(hits, total)
    return f"{100 * hits / total:.1f} % ({100 * low:.1f}–{100 * high:.1f}; {hits:.0f} of {total:.0f})"


def balanced_interval(entry: dict) -> str:
    """Of a share that is weighed: the interval of as many texts as the weights are worth."""
    if entry["balancedFpr"] is None:
        return "–"
    low, high = wilson(entry["balancedFpr"] * entry["effective"], entry["effective"])
    return f"{100 * entry['balancedFpr']:.2f} % ({100 * low:.2f}–{100 * high:.2f}; worth {entry['effective']:.0f} texts)"


def describe(report: dict) -> None:
    """Prints what the card says, in short."""
    for origin, one in report["figures"].items():
        print(f"{origin}: {one['harmless']} harmless, {one['attacks']} attacks, AUC {one['auc']}; settled by the linear "
              f"stage: {one['settled']}; prior {PRIOR}")
        for name, point in one["points"].items():
            print(f"  {name}: threshold {point['threshold']:.5f}; alarms {balanced_interval(point['all'])}, "
                  f"found {interval(point['all']['found'], point['all']['attacks'])}, "
                  f"of unseen sources {interval(point['unseen']['found'], point['unseen']['attacks'])}"
                  + ("" if point["rests"]["enough"] else f"; rests on {point['rests']['above']} harmless texts only"))
        for entry in one["sources"]:
            print(f"    {entry['source']}: AUC {entry['auc']:.3f} of {entry['attacks']}{' (also trains)' if entry['trained'] else ''}")
        print(f"  shortcuts: {report['shortcuts'][origin]}")
    print(f"exit after layer {report['after']}")
    for after, measured in report["exported"].items():
        print(f"  layer {after}: {measured}")
        print(f"    {report['bounds']['exits'][after]}")
    print(f"linear stage: {report['bounds']['harmlessBelow']} {report['bounds']['linear']}")
