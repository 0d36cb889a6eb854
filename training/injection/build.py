"""Builds the injection detector from corpora: compose, linear stage, encoder, export, score, calibrate, card.

    python training/injection/build.py --data CORPUS --base CHECKPOINT --work DIR --out models/injection

Every stage leaves its result in --work and is skipped when it is there, so that an interrupted build goes on where it
stopped; a result that was made from other data or code is refused. Finishes in about two and a half hours on two CPU cores
(--minutes), faster where there is a GPU.
"""

from __future__ import annotations

import argparse
import functools
import pickle
import random
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from compose import Sample, one_pass
from corpus import NEVER, Row, hold_out, read_folder
from finish import Finished, finish
from linear import answer_linear, fit_linear
from network import EXITS, Encoder, from_pretrained
from train import Plan, answer, fit
from trial import by_text, report
from windows import Windows, encode_samples, load_windows
from work import READING, StaleWork, Work, code_of, digest_of, files_of, product_code

HERE = Path(__file__).parent
SEED = 20_261_121
PASSES = 4
CALIBRATION = 7_000
"""Harmless rows kept out of training to set the thresholds on, besides the dev rows."""
COMPOSING = ("augment.py", "build.py", "carriers.py", "compose.py", "corpus.py", "encode.ts", "grammar.py", "windows.py")


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True, help="a folder of JSONL corpora; repeatable")
    parser.add_argument("--own", type=Path, default=HERE / "corpus", help="the texts written for this recipe")
    parser.add_argument("--base", type=Path, required=True, help="checkpoint folder of a small uncased BERT")
    parser.add_argument("--work", type=Path, required=True, help="where stages leave their results")
    parser.add_argument("--out", type=Path, help="where the finished model goes; only trained when absent")
    parser.add_argument("--checkpoint", type=Path, help="a file with a trained encoder ('model': its state); skips training")
    parser.add_argument("--trained-on", type=Path, action="append", default=[], metavar="SAMPLES",
                        help="with --checkpoint: a pass (`*.samples`) that it was trained on; what stands there judges nothing")
    parser.add_argument("--node", default=shutil.which("node") or "node", help="the pinned Node of the repository")
    parser.add_argument("--minutes", type=float, default=125, help="for the encoder's training")
    parser.add_argument("--threads", type=int, default=2, help="of the processor")
    parser.add_argument("--version", default="1", help="of the model, in its manifest")
    parser.add_argument("--until", choices=["compose", "linear", "encoder"], help="stop after this stage")
    parser.add_argument("--exit", type=int, choices=EXITS, help="the layer after which windows may leave; default: the cheaper")
    parser.add_argument("--latency", type=Path, help="what `bench:injection --json` printed, for the card")
    parser.add_argument("--rows", type=int, help="only so many dev rows (and as few others): to try the chain out")
    parser.add_argument("--fresh", action="store_true", help="throw earlier results in --work away")
    return parser.parse_args(words)


@dataclass
class Composed:
    """Rows by use, and the windows of each; passes are made when they are asked for."""

    train: list[Row]
    dev: list[Row]
    calibration: list[Row]
    inputs: dict[str, str]
    a_pass: Callable[[int], Windows]
    judging: Callable[[str], Windows]


def inputs_of(folders: list[Path], vocabulary: Path, seed: int, rows: int | None = None) -> dict[str, str]:
    """What windows of corpora are made from: corpora, recipe, the product's reading of texts, vocabulary."""
    found: dict[str, str] = {}
    for folder in folders:
        files = files_of(folder, "*.jsonl")
        found |= {name: digest for name, digest in files.items() if Path(name).name not in NEVER}
    found |= code_of(*COMPOSING) | files_of(HERE / "grammars", "*.txt", "training/injection/grammars")
    found |= product_code(*READING)
    return found | {"vocabulary": digest_of(vocabulary), "seed": str(seed), "rows": str(rows or "all")}


def windows_of(work: Work, name: str, inputs: dict[str, str], make: Callable[[], list[Sample]], vocabulary: Path, node: str) -> Windows:
    """Windows of samples, or those of an earlier run that made them from the same."""
    kept = work.folder / f"{name}.samples"
    if work.finished(name, inputs):
        with kept.open("rb") as file:
            return load_windows(pickle.load(file), work.folder / name)
    samples = make()
    windows = encode_samples(samples, work.folder / name, vocabulary, node)
    with kept.open("wb") as file:
        pickle.dump(samples, file)
    work.end(name, inputs)
    return windows


def whole(rows: list[Row]) -> list[Sample]:
    """The rows' plain reading; the cascade judges every reading."""
    return [Sample(row.text, row.label, row.label, -1, 1.0, row.source, None, "plain", 6) for row in rows]


def texts_of(passes: list[Path]) -> set[str]:
    """The texts of passes that an earlier build left, made by this recipe: pickles, to be read from one's own builds only."""
    found: set[str] = set()
    for path in passes:
        with path.open("rb") as file:
            found |= {sample.text for sample in pickle.load(file)}
    return found


def compose(options: argparse.Namespace, work: Work) -> Composed:
    vocabulary = options.base / "vocab.txt"
    inputs = inputs_of([*options.data, options.own], vocabulary, SEED, options.rows)
    inputs |= {f"trained on {number}": digest_of(path) for number, path in enumerate(options.trained_on)}
    rows = [row for folder in options.data for row in read_folder(folder)]
    rows += read_folder(options.own, own=True)
    train, dev, calibration = hold_out(rows, CALIBRATION, SEED)
    if options.rows:
        rng = random.Random(SEED)
        wanted = ((train, 8 * options.rows), (dev, options.rows), (calibration, options.rows))
        train, dev, calibration = (rng.sample(part, min(len(part), most)) for part, most in wanted)
    read = texts_of(options.trained_on)
    known = len(dev) + len(calibration)
    dev, calibration = ([row for row in part if row.text not in read] for part in (dev, calibration))
    known -= len(dev) + len(calibration)
    if options.trained_on:
        print(f"{known} dev or calibration rows stand in what the checkpoint was trained on: left out", flush=True)
    kept_out = {row.text for row in dev} | {row.text for row in calibration}
    train = [row for row in train if row.text not in kept_out]
    print(f"{len(train)} rows to train on, {len(dev)} dev, {len(calibration)} harmless to calibrate on", flush=True)
    held = {"dev": dev, "calibration": calibration}

    def a_pass(number: int) -> Windows:
        windows = windows_of(work, f"pass{number}", inputs, lambda: one_pass(train, SEED + number), vocabulary, options.node)
        print(f"pass{number}: {len(windows)} windows, {int(windows.lengths.sum())} tokens", flush=True)
        return windows

    @functools.cache
    def judging(part: str) -> Windows:
        return windows_of(work, part, inputs, lambda: whole(held[part]), vocabulary, options.node)

    return Composed(train, dev, calibration, inputs, a_pass, judging)


def linear_stage(composed: Composed, work: Work) -> tuple[np.ndarray, dict[str, str]]:
    inputs = composed.inputs | code_of("linear.py")
    kept = work.folder / "linear.npy"
    if not work.finished("linear", inputs):
        np.save(kept, fit_linear(composed.a_pass(0)))
        work.end("linear", inputs)
    return np.load(kept), inputs


def encoder_stage(options: argparse.Namespace, composed: Composed, work: Work) -> tuple[Encoder, dict]:
    """The trained encoder, and where it is from, for the card."""
    model = from_pretrained(options.base)
    began = time.time()
    if options.checkpoint is not None:
        state = torch.load(options.checkpoint, weights_only=True, map_location="cpu")
        model.load_state_dict(state["model"])
        said = {name: state[name] for name in ("step", "spent") if isinstance(state.get(name), int | float)}
        said["passes that dev and calibration were checked against"] = len(options.trained_on)
        return model.eval(), {"checkpoint": options.checkpoint.name, "sha256": digest_of(options.checkpoint)} | said
    plan = Plan("encoder", PASSES, options.minutes, 6e-5)
    inputs = composed.inputs | code_of("network.py", "train.py") | files_of(options.base, "*.safetensors", "base")
    inputs |= {"plan": f"{plan.passes} passes, {plan.minutes} minutes, rate {plan.rate}"}
    finished = work.finished("encoder", inputs)
    kept = work.folder / "encoder.pt"
    if finished:
        model.load_state_dict(torch.load(kept, weights_only=True, map_location="cpu")["model"])
    else:
        fit(model, [composed.a_pass(number) for number in range(PASSES)], plan, work.folder, SEED)
        work.end("encoder", inputs)
    state = torch.load(kept, weights_only=True, map_location="cpu")
    said = {"passes": PASSES, "step": state["step"], "spent": state["spent"], "seconds": time.time() - began}
    return model.eval(), {"sha256": digest_of(kept)} | said


def say(name: str, logits: np.ndarray, windows: Windows, rows: list[Row]) -> None:
    print(name)
    report(by_text(logits, windows.index[:, 0], rows), rows)


def build(options: argparse.Namespace) -> None:
    work = Work(options.work, options.fresh)
    composed = compose(options, work)
    dev = composed.judging("dev")
    if options.until == "compose":
        for number in range(PASSES):
            composed.a_pass(number)
        return
    linear, linear_inputs = linear_stage(composed, work)
    say("linear stage", answer_linear(linear, dev), dev, composed.dev)
    if options.until == "linear":
        return
    encoder, origin = encoder_stage(options, composed, work)
    inputs = composed.inputs | {"encoder": origin["sha256"]} | code_of("network.py", "train.py")
    answers = {}
    for part in ("dev", "calibration") if options.until is None and options.out else ("dev",):
        kept = work.folder / f"answers-{part}.npy"
        if not work.finished(f"answers-{part}", inputs):
            np.save(kept, answer(encoder, composed.judging(part)))
            work.end(f"answers-{part}", inputs)
        answers[part] = np.load(kept)
    say("encoder", answers["dev"][:, :2], dev, composed.dev)
    for number, after in enumerate(encoder.exits):
        say(f"exit after layer {after}", answers["dev"][:, 2 + 2 * number : 4 + 2 * number], dev, composed.dev)
    if options.until == "encoder" or options.out is None:
        return
    windows = {part: composed.judging(part) for part in answers}
    rows = {"dev": composed.dev, "calibration": composed.calibration}
    finish(options, work, Finished(encoder, origin, linear, linear_inputs | inputs, composed.train, rows, windows, answers, SEED))


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)
    try:
        build(options)
    except StaleWork as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
