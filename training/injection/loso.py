"""Leave one source out: how well the linear stage judges a source of which it has seen nothing.

    python training/injection/loso.py --data CORPUS --work DIR --base CHECKPOINT

Sources are left out in groups (`--folds`), so that it ends in minutes; every source is judged by a stage that was
trained without it. The encoder is too slow for this on a CPU: for the whole cascade the dev sources, on which nothing is
trained, are the same question (`calibrate.py` prints their AUC).
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np
from build import HERE, SEED, windows_of
from compose import Sample, sample_of
from corpus import bucket, read_folder
from linear import answer_linear, fit_linear
from measure import auc
from windows import Windows

LEAST = 30
"""Rows that a source needs to be judged."""


def part(windows: Windows, wanted: np.ndarray) -> Windows:
    chosen = {name: getattr(windows, name)[wanted] for name in ("index", "user", "third", "kind", "weight")}
    return Windows(tokens=windows.tokens, features=windows.features, **chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--own", type=Path, default=HERE / "corpus")
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--node", default=shutil.which("node") or "node")
    parser.add_argument("--folds", type=int, default=10)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rows = [row for folder in options.data for row in read_folder(folder)] + read_folder(options.own, own=True)
    samples: list[Sample] = [sample_of(row, row.file) for row in rows]
    windows = windows_of("loso", samples, options.work, options.base / "vocab.txt", options.node)
    fold_of = {row.source: bucket(row.source, options.folds, f"fold{SEED}") for row in rows}
    folds = np.array([fold_of[rows[i].source] for i in windows.index[:, 0]])
    scores = np.full(len(rows), -20.0)
    for fold in range(options.folds):
        weights = fit_linear(part(windows, folds != fold))
        left_out = part(windows, folds == fold)
        for row, logits in zip(left_out.index[:, 0], answer_linear(weights, left_out)):
            scores[row] = max(scores[row], logits[1 if rows[row].third_party else 0])
    report(scores, rows)


def report(scores: np.ndarray, rows: list) -> None:
    labels = np.array([row.label for row in rows])
    sources = np.array([row.source for row in rows])
    third = np.array([row.third_party for row in rows])
    found: list[tuple[float, str, int]] = []
    for source in sorted(set(sources)):
        mine = sources == source
        for label in (0, 1):
            members = mine & (labels == label)
            if members.sum() < LEAST:
                continue
            # Against the other label of everybody else, of the same origin.
            origin = third[members].mean() >= 0.5
            others = ~mine & (labels == 1 - label) & (third == origin)
            against = np.r_[scores[members], scores[others]]
            truth = np.r_[labels[members], labels[others]]
            found.append((auc(against, truth), f"{source} ({'attacks' if label else 'harmless'})", int(members.sum())))
    for value, source, count in sorted(found):
        print(f"{value:.3f}  {source}, {count} rows")
    values = [value for value, _, _ in found]
    print(f"{len(values)} sources: median AUC {np.median(values):.3f}, worst {min(values):.3f}")


if __name__ == "__main__":
    main()
