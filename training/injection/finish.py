"""From a trained encoder and linear stage to a model folder: export, score, calibrate, card."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from calibrate import Fitted, Judged, fit, judged_of, lost, read_rows
from card import write_card
from corpus import Row
from exits import NOTHING, ORIGINS, Read, bounds_of, choose, cost_of, joined
from export import Exported, compare, export
from figures import describe, figures_of
from handicaps import fit_handicaps
from linear import answer_linear, write_linear
from network import Encoder
from windows import Windows
from work import Work, code_of, digest_of, product_code

HERE = Path(__file__).parent
COMPARED = 500
"""Windows of dev on which the 8-bit answers are compared with the exact ones."""
OPENED = 1_500
"""Attacks that are also read without any shortcut, to see what the shortcuts lose."""
FILES = {"encoder": "encoder.onnx", "upper": "upper.onnx", "vocabulary": "vocab.txt", "linear": "linear.bin"}


@dataclass
class Finished:
    """What the earlier stages made; `origin` says where the encoder is from."""

    encoder: Encoder
    origin: dict
    linear: np.ndarray
    inputs: dict[str, str]
    train: list[Row]
    rows: dict[str, list[Row]]
    windows: dict[str, Windows]
    answers: dict[str, np.ndarray]
    seed: int


def finish(options: argparse.Namespace, work: Work, made: Finished) -> None:
    """The model folder `options.out`, and beside the stages' results `report.json` with all figures."""
    bounds = bounds_of(read_of(made))
    after, exported = export_stage(options, work, made, bounds)
    out = options.out
    out.mkdir(parents=True, exist_ok=True)
    for name in ("encoder.onnx", "upper.onnx"):
        shutil.copyfile(work.folder / f"exit{after}" / name, out / name)
    write_linear(made.linear, out / "linear.bin")
    shutil.copyfile(options.base / "vocab.txt", out / "vocab.txt")
    says = {"exit": bounds["exits"][after]["bounds"], "cascade": {
        origin: {"harmlessBelow": bounds["harmlessBelow"][origin], "attackAbove": None} for origin in ORIGINS
    }}
    write_manifest(out, options.version, says)
    rows, _ = score_stage(options, work, made, says, "first", ("judged",))
    says["handicap"] = {o: fit_handicaps([row for row in rows if row["origin"] == o]) for o in ORIGINS}
    write_manifest(out, options.version, says)
    rows, opened = score_stage(options, work, made, says, "final", ("judged", "opened"))
    parts = judged_of(rows)
    fitted = {origin: fit(part) for origin, part in parts.items()}
    write_manifest(out, options.version, says | manifest_of(fitted))
    trained = {row.source for row in made.train}
    report = {
        "bounds": bounds, "after": int(after), "exported": exported,
        "figures": {o: figures_of(parts[o], fitted[o], trained) for o in ORIGINS},
        "shortcuts": {o: lost(parts[o], fitted[o], opened) for o in ORIGINS},
    }
    (work.folder / "report.json").write_text(json.dumps(report, indent=1))
    describe(report)
    write_card(options, made.origin, {"train": made.train} | made.rows, report, made.seed)


def read_of(made: Finished) -> Read:
    return joined([
        Read(made.answers[part], answer_linear(made.linear, windows), windows.index[:, 0], made.rows[part])
        for part, windows in made.windows.items()
    ])


def export_stage(options: argparse.Namespace, work: Work, made: Finished, bounds: dict) -> tuple[str, dict]:
    """Exports the encoder with each exit; which costs less, and what was measured of each."""
    inputs = {"encoder": made.origin["sha256"]} | code_of("export.py", "network.py")
    measured: dict[str, dict] = {}
    for after in bounds["exits"]:
        folder = work.folder / f"exit{after}"
        if not work.finished(f"exit{after}", inputs) or not (folder / "upper.onnx").exists():
            export(made.encoder, int(after), folder)
            work.end(f"exit{after}", inputs)
        exported = Exported(folder)
        measured[after] = {"bytes": exported.bytes, "milliseconds": exported.milliseconds()}
        measured[after] |= differences(exported, int(after), made, bounds)
        measured[after]["cost"] = cost_of(bounds["exits"][after]["leave"], measured[after]["milliseconds"])
    after = str(options.exit) if options.exit else choose(bounds, {a: measured[a]["milliseconds"] for a in measured})
    return after, measured


def differences(exported: Exported, after: int, made: Finished, bounds: dict) -> dict[str, dict]:
    windows, exact = made.windows["dev"], made.answers["dev"]
    rows = np.random.default_rng(made.seed).choice(len(windows), min(COMPARED, len(windows)), replace=False)
    got = exported.answer(windows, np.sort(rows))
    first = 2 + 2 * made.encoder.exits.index(after)
    known = exact[np.sort(rows)]
    at = {name: np.array([values[origin] for origin in ORIGINS])
          for name, values in (("final", bounds["thresholds"]), ("early", bounds["exits"][str(after)]["bounds"]))}
    return {"final": compare(got[:, :2], known[:, :2], at["final"]),
            "early": compare(got[:, 2:], known[:, first : first + 2], at["early"])}


def score_stage(
    options: argparse.Namespace, work: Work, made: Finished, says: dict, reading: str, asked: tuple[str, ...]
) -> tuple[list[dict], dict[int, dict]]:
    """What the product's own cascade says of every text that nothing was trained on, with the shortcuts that ship
    ("judged"); and of some attacks without them ("opened"). `reading` names what is left in the work folder."""
    out, folder = options.out, work.folder
    judging = [entry_of(number, part, row) for number, (part, row) in
               enumerate((part, row) for part, members in made.rows.items() for row in members)]
    inputs = made.inputs | code_of("score.ts", "finish.py") | product_code("checks/text")
    inputs |= {name: digest_of(out / name) for name in FILES.values()} | {"says": json.dumps(says, sort_keys=True)}
    attacks = [entry for entry in judging if entry["label"] == 1]
    chosen = np.random.default_rng(made.seed).permutation(len(attacks))[:OPENED]
    open_model = folder / "open-model"
    if open_model.exists():
        shutil.rmtree(open_model)
    open_model.mkdir()
    for name in FILES.values():
        shutil.copyfile(out / name, open_model / name)
    nothing = {"harmlessBelow": -900, "attackAbove": None}
    write_manifest(open_model, options.version, {"exit": dict.fromkeys(ORIGINS, NOTHING),
                                                 "cascade": dict.fromkeys(ORIGINS, nothing)}
                   | {name: value for name, value in says.items() if name == "handicap"})
    found: dict[str, list[dict]] = {"opened": []}
    for name, entries, model in (("judged", judging, out), ("opened", [attacks[i] for i in chosen], open_model)):
        if name not in asked:
            continue
        stage = f"{name}-{reading}"
        kept = folder / f"{stage}.jsonl"
        if not work.finished(stage, inputs):
            score(options, entries, model, kept)
            work.end(stage, inputs)
        found[name] = read_rows(kept)
    return found["judged"], {row["n"]: row for row in found["opened"]}


def score(options: argparse.Namespace, entries: list[dict], model: Path, kept: Path) -> None:
    """The product's cascade, a process a thread; what it says comes back in no order."""
    runs: list[tuple[subprocess.Popen[bytes], Path]] = []
    for shard in range(options.threads):
        asked, said = kept.with_suffix(f".{shard}.texts"), kept.with_suffix(f".{shard}.said")
        asked.write_text("".join(json.dumps(entry) + "\n" for entry in entries[shard :: options.threads]))
        command = [options.node, str(HERE / "score.ts"), str(asked), str(model), str(said)]
        runs.append((subprocess.Popen(command), said))
    failed = [code for code in [process.wait() for process, _ in runs] if code != 0]
    if failed:
        raise RuntimeError(f"score.ts ended with {failed[0]}; what it scored is thrown away")
    kept.write_text("".join(said.read_text() for _, said in runs))
    if sum(1 for _ in kept.open()) != len(entries):
        raise RuntimeError("score.ts left texts out")


def entry_of(number: int, part: str, row: Row) -> dict:
    origin = "third_party" if row.third_party else "user"
    return {"n": number, "text": row.text, "label": row.label, "origin": origin, "part": part, "kind": row.kind,
            "lang": row.lang, "source": row.source, "carrier": row.carrier}


def manifest_of(fitted: dict[str, Fitted]) -> dict[str, dict]:
    return {"stack": {origin: one.stack for origin, one in fitted.items()},
            "points": {origin: one.points for origin, one in fitted.items()}}


def write_manifest(out: Path, version: str, says: dict[str, dict]) -> None:
    """`model.json`; before the calibration with weights that let the encoder speak for itself."""
    stack = {"bias": 0, "encoder": 1, "linear": 0, "rules": 0, "windows": 0, "decoded": 0}
    points = {"strict": 0.4, "balanced": 0.5, "quiet": 0.9}
    manifest = {"format": 1, "id": "injection-small", "version": version, "window": {"tokens": 144}}
    manifest["files"] = {
        role: {"name": name, "sha256": digest_of(out / name), "bytes": (out / name).stat().st_size}
        for role, name in FILES.items()
    }
    plain = {"stack": dict.fromkeys(ORIGINS, stack), "points": dict.fromkeys(ORIGINS, points)}
    (out / "model.json").write_text(json.dumps(manifest | plain | says, indent=2) + "\n")
