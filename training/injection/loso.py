"""Leave one source out: how well a source is judged by a stage that has seen nothing of it.

    python training/injection/loso.py --data CORPUS --work DIR --base CHECKPOINT [--encoder] [--rows N]

Sources are left out in groups (`--folds`), so that it ends in minutes; every source is judged by a stage that was trained
without it, on every window of its texts, the highest of which counts. To train the encoder anew for every source is out of
reach on a CPU. `--encoder` adds a logistic head on frozen features (mean over the tokens) of the checkpoint that the encoder
starts from, NOT of the trained encoder, which has seen most sources: it tells what such features add, not how good the
cascade is. For the whole cascade the dev sources, on which nothing is trained, are the same question (the model card has
their AUC).
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from build import HERE, SEED, inputs_of, whole, windows_of
from compose import Sample, sample_of
from corpus import Row, bucket, read_folder
from linear import answer_linear, fit_linear
from measure import auc
from network import from_pretrained
from sklearn.linear_model import LogisticRegression
from train import device_of
from windows import Windows, batches
from work import StaleWork, Work, code_of, files_of

LEAST = 30
"""Rows of a label that a source needs to be judged."""
STRENGTH = 0.1


def part(windows: Windows, wanted: np.ndarray) -> Windows:
    chosen = {name: getattr(windows, name)[wanted] for name in ("index", "user", "third", "kind", "weight")}
    return Windows(tokens=windows.tokens, features=windows.features, **chosen)


@torch.no_grad()
def frozen(base: Path, windows: Windows) -> np.ndarray:
    """[N, W] float32: the untrained checkpoint's last layer, mean over each window's tokens."""
    device = device_of()
    model = from_pretrained(base).to(device).eval()
    out = np.zeros((len(windows), model.words.embedding_dim), dtype=np.float32)
    for rows in batches(windows, 8_000, 0):
        ids, mask = (each.to(device) for each in windows.batch(rows))
        with torch.autocast(device.type, dtype=torch.bfloat16):
            x = model.run(model.embed(ids), mask, 0, len(model.layers)).float()
        shown = mask[:, :, None].float()
        out[rows] = ((x * shown).sum(1) / shown.sum(1)).cpu().numpy()
    return out


def answer_head(features: np.ndarray, windows: Windows, asked: np.ndarray) -> np.ndarray:
    """Logits [len(asked), 2] of two logistic heads fitted on `features` of `windows`."""
    mean, spread = features.mean(0), features.std(0) + 1e-6
    answers = []
    for wanted in (windows.user, windows.third):
        known = wanted >= 0
        head = LogisticRegression(C=STRENGTH, max_iter=300)
        head.fit((features[known] - mean) / spread, wanted[known], sample_weight=windows.weight[known])
        answers.append(head.decision_function((asked - mean) / spread))
    return np.stack(answers, axis=1)


def highest(logits: np.ndarray, of: np.ndarray, third: np.ndarray, into: np.ndarray) -> None:
    """The highest logit of each text, of the head that its origin asks for, written to `into`."""
    np.maximum.at(into, of, np.where(third[of], logits[:, 1], logits[:, 0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--own", type=Path, default=HERE / "corpus")
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--node", default=shutil.which("node") or "node")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--rows", type=int, help="only so many rows, drawn by chance")
    parser.add_argument("--encoder", action="store_true", help="also with frozen features of the base checkpoint")
    parser.add_argument("--fresh", action="store_true", help="throw earlier results in --work away")
    options = parser.parse_args()
    try:
        leave_out(options, Work(options.work, options.fresh))
    except StaleWork as problem:
        sys.exit(str(problem))


def leave_out(options: argparse.Namespace, work: Work) -> None:
    rows = [row for folder in options.data for row in read_folder(folder)] + read_folder(options.own, own=True)
    if options.rows:
        rows = random.Random(SEED).sample(rows, min(len(rows), options.rows))
    vocabulary = options.base / "vocab.txt"
    inputs = inputs_of([*options.data, options.own], vocabulary, SEED, options.rows) | code_of("loso.py", "network.py")
    inputs |= files_of(options.base, "*.safetensors", "base")
    samples: list[Sample] = [sample_of(row, row.file) for row in rows]
    learned = windows_of(work, "loso-train", inputs, lambda: samples, vocabulary, options.node)
    asked = windows_of(work, "loso-read", inputs, lambda: whole(rows), vocabulary, options.node)
    features: dict[str, np.ndarray] = {}
    for name, windows in (("loso-train", learned), ("loso-read", asked)) if options.encoder else ():
        kept = work.folder / f"{name}-features.npy"
        if not work.finished(f"{name}-features", inputs):
            np.save(kept, frozen(options.base, windows))
            work.end(f"{name}-features", inputs)
        features[name] = np.load(kept)
    fold_of = {row.source: bucket(row.source, options.folds, f"fold{SEED}") for row in rows}
    folds = np.array([fold_of[row.source] for row in rows])
    third = np.array([row.third_party for row in rows])
    names = ["linear stage", "frozen base features", "both"] if options.encoder else ["linear stage"]
    scores = {name: np.full(len(rows), -30.0) for name in names}
    for fold in sorted(set(folds)):
        train, test = folds[learned.index[:, 0]] != fold, folds[asked.index[:, 0]] == fold
        judged = part(asked, test)
        of = judged.index[:, 0]
        logits = answer_linear(fit_linear(part(learned, train)), judged)
        highest(logits, of, third, scores["linear stage"])
        if options.encoder:
            head = answer_head(features["loso-train"][train], part(learned, train), features["loso-read"][test])
            highest(head, of, third, scores["frozen base features"])
            highest(logits + head, of, third, scores["both"])
    for name, values in scores.items():
        print(f"\n{name}, every source judged without having been seen")
        report(values, rows)


def report(scores: np.ndarray, rows: list[Row]) -> list[tuple[float, str, int]]:
    """Prints the AUC of each source, the worst first: its rows of a label against the other label of all other sources, of
    the same origin."""
    labels = np.array([row.label for row in rows])
    sources = np.array([row.source for row in rows])
    third = np.array([row.third_party for row in rows])
    found: list[tuple[float, str, int]] = []
    for source in sorted(set(sources)):
        for label in (0, 1):
            for side in (False, True):
                members = (sources == source) & (labels == label) & (third == side)
                others = (sources != source) & (labels == 1 - label) & (third == side)
                if members.sum() < LEAST or not others.any():
                    continue
                value = auc(np.r_[scores[members], scores[others]], np.r_[labels[members], labels[others]])
                what = f"{'attacks' if label else 'harmless'}{', third party' if side else ''}"
                found.append((value, f"{source} ({what})", int(members.sum())))
    found.sort()
    for value, source, count in found:
        print(f"{value:.3f}  {source}, {count} rows")
    values = [value for value, _, _ in found]
    if values:
        print(f"{len(values)} sources: median AUC {np.median(values):.3f}, worst {min(values):.3f}")
    else:
        print(f"no source has {LEAST} rows of a label")
    return found


if __name__ == "__main__":
    main()
