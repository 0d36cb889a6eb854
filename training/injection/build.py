"""Builds the injection detector from corpora: compose, teacher, linear stage, student, int8 export, calibration.

    python training/injection/build.py --data CORPUS --base CHECKPOINT --work DIR --out models/injection

Every stage leaves its result in --work and is skipped when it is there, so that an interrupted build goes on where it
stopped. Finishes in about two and a half hours on two CPU cores (--minutes), faster where there is a GPU.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import torch
from calibrate import calibrate, read_judged
from compose import Sample, one_pass
from corpus import Row, hold_out, read_folder
from export import export
from linear import answer_linear, fit_linear, write_linear
from network import Encoder, from_pretrained, thinned
from train import Plan, answer, fit
from trial import by_text, report
from windows import Windows, encode_samples, load_windows

HERE = Path(__file__).parent
SEED = 20_261_121
PASSES = 2
CALIBRATION = 7_000
"""Harmless rows kept out of training to set the thresholds on, besides the dev rows."""
STUDENT_LAYERS = [0, 2, 5]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True, help="a folder of JSONL corpora; repeatable")
    parser.add_argument("--own", type=Path, default=HERE / "corpus", help="the texts written for this recipe")
    parser.add_argument("--base", type=Path, required=True, help="checkpoint folder of a small uncased BERT")
    parser.add_argument("--work", type=Path, required=True, help="where stages leave their results")
    parser.add_argument("--out", type=Path, help="where the finished model goes; only trained when absent")
    parser.add_argument("--node", default=shutil.which("node") or "node", help="the pinned Node of the repository")
    parser.add_argument("--minutes", type=float, default=125, help="for teacher and student together")
    parser.add_argument("--threads", type=int, default=2, help="of the processor")
    parser.add_argument("--version", default="1", help="of the model, in its manifest")
    parser.add_argument("--until", choices=["compose", "linear", "teacher", "student"], help="stop after this stage")
    return parser.parse_args()


def windows_of(name: str, samples: list[Sample] | None, work: Path, vocabulary: Path, node: str) -> Windows:
    """Windows of samples, or those of an earlier run."""
    kept = work / f"{name}.samples"
    if kept.exists():
        with kept.open("rb") as file:
            return load_windows(pickle.load(file), work / name)
    if samples is None:
        raise FileNotFoundError(kept)
    windows = encode_samples(samples, work / name, vocabulary, node)
    with kept.open("wb") as file:
        pickle.dump(samples, file)
    return windows


def whole(rows: list[Row]) -> list[Sample]:
    """The rows' plain reading, to look at what is learned between the stages; the cascade judges every reading."""
    return [Sample(row.text, row.label, row.label, -1, 1.0, row.source, None, "plain", 6) for row in rows]


def compose(options: argparse.Namespace, vocabulary: Path) -> tuple[list[Windows], Windows, list[Row], list[Row]]:
    rows = [row for folder in options.data for row in read_folder(folder)]
    rows += read_folder(options.own, own=True)
    train, dev, calibration = hold_out(rows, CALIBRATION, SEED)
    dev_texts = {row.text for row in dev} | {row.text for row in calibration}
    train = [row for row in train if row.text not in dev_texts]
    print(f"{len(train)} rows to train on, {len(dev)} dev, {len(calibration)} harmless to calibrate on")
    passes = []
    for number in range(PASSES):
        name = f"pass{number}"
        made = None if (options.work / f"{name}.samples").exists() else one_pass(train, SEED + number)
        passes.append(windows_of(name, made, options.work, vocabulary, options.node))
        print(f"{name}: {len(passes[-1])} windows, {int(passes[-1].lengths.sum())} tokens")
    return passes, windows_of("dev", whole(dev), options.work, vocabulary, options.node), dev, calibration


def write_judging(rows: dict[str, list[Row]], work: Path) -> None:
    """The texts on which the finished cascade is judged, for score.ts."""
    with (work / "judging.jsonl").open("w", encoding="utf-8") as file:
        for part, members in rows.items():
            for row in members:
                origin = "third_party" if row.third_party else "user"
                entry = {"text": row.text, "label": row.label, "origin": origin, "part": part, "kind": row.kind}
                entry |= {"lang": row.lang, "source": row.source, "carrier": row.carrier}
                file.write(json.dumps(entry) + "\n")


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)
    options.work.mkdir(parents=True, exist_ok=True)
    vocabulary = options.base / "vocab.txt"
    passes, dev_windows, dev, calibration = compose(options, vocabulary)
    write_judging({"dev": dev, "calibration": calibration}, options.work)
    if options.until == "compose":
        return

    kept = options.work / "linear.npy"
    if not kept.exists():
        np.save(kept, fit_linear(passes[0]))
    linear = np.load(kept)
    print("linear stage")
    report(by_text(answer_linear(linear, dev_windows), dev_windows.index[:, 0], dev), dev)
    if options.until == "linear":
        return

    teacher = from_pretrained(options.base)
    plan = Plan("teacher", PASSES, options.minutes * 0.55, 6e-5)
    fit(teacher, passes, plan, options.work, SEED)
    print("teacher")
    report(by_text(answer(teacher, dev_windows), dev_windows.index[:, 0], dev), dev)
    if options.until == "teacher":
        return

    student: Encoder = thinned(teacher, STUDENT_LAYERS)
    plan = Plan("student", PASSES, options.minutes * 0.45, 1e-4)
    fit(student, passes, plan, options.work, SEED + 100, teacher)
    print("student")
    report(by_text(answer(student, dev_windows), dev_windows.index[:, 0], dev), dev)
    if options.until == "student" or options.out is None:
        return
    finish(options, student, linear, vocabulary)


def finish(options: argparse.Namespace, student: Encoder, linear: np.ndarray, vocabulary: Path) -> None:
    """Exports, lets the product's own cascade score the judging texts, and calibrates on what it says."""
    out = options.out
    out.mkdir(parents=True, exist_ok=True)
    export(student, out / "encoder.onnx")
    write_linear(linear, out / "linear.bin")
    shutil.copyfile(vocabulary, out / "vocab.txt")
    write_manifest(out, options.version, None)
    judged = options.work / "judged.jsonl"
    command = [options.node, str(HERE / "score.ts"), str(options.work / "judging.jsonl"), str(out), str(judged)]
    subprocess.run(command, check=True)
    write_manifest(out, options.version, calibrate(read_judged(judged)))


def write_manifest(out: Path, version: str, fitted: dict[str, dict] | None) -> None:
    """`model.json`; before the calibration with weights that let the encoder speak for itself."""
    if fitted is None:
        stack = {"bias": 0, "encoder": 1, "linear": 0, "rules": 0, "windows": 0, "decoded": 0}
        points = {"strict": 0.4, "balanced": 0.5, "quiet": 0.9}
        cascade = {"harmlessBelow": -900, "attackAbove": None}
        parts = {"stack": stack, "points": points, "cascade": cascade}
        fitted = {name: {"user": part, "third_party": part} for name, part in parts.items()}
    files = {"encoder": "encoder.onnx", "vocabulary": "vocab.txt", "linear": "linear.bin"}
    manifest = {"format": 1, "id": "injection-small", "version": version, "window": {"tokens": 144}}
    manifest["files"] = {
        role: {
            "name": name,
            "sha256": hashlib.sha256((out / name).read_bytes()).hexdigest(),
            "bytes": (out / name).stat().st_size,
        }
        for role, name in files.items()
    }
    (out / "model.json").write_text(json.dumps(manifest | fitted, indent=2) + "\n")


if __name__ == "__main__":
    main()
