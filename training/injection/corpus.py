"""Reads the corpora: folders of JSONL files whose rows have text, label, kind, lang, source, split and, for a payload
that stands inside a longer text, its [start, end)."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path

ATTACK_KINDS = {
    "direct_injection": 0,
    "indirect_embedded": 1,
    "indirect_payload": 1,
    "extraction": 2,
    "jailbreak": 3,
    "obfuscated": 4,
}
"""Index in the encoder's `kind` head: direct, buried, extraction, jailbreak, obfuscated."""

THIRD_PARTY = {"indirect_embedded", "indirect_payload", "benign_document", "benign_tool_output", "benign_code"}
"""Kinds of text that an assistant reads rather than gets told."""

NEVER = {"unlicensed.jsonl"}
"""Files whose licence does not allow a model trained on them to be given away."""

OWN_LICENCE = "Apache-2.0 (written for this recipe)"
MAX_CHARS = 6_000


@dataclass(frozen=True)
class Row:
    text: str
    label: int
    kind: str
    lang: str
    source: str
    split: str
    file: str
    carrier: str = ""
    payload: tuple[int, int] | None = None
    license: str = ""
    """As the row states it."""

    @property
    def third_party(self) -> bool:
        return self.kind in THIRD_PARTY


def bucket(text: str, size: int, salt: str = "") -> int:
    """A stable number in 0..size-1 for a text."""
    digest = hashlib.sha256(f"{salt}\0{text}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % size


def read_folder(folder: Path, own: bool = False) -> list[Row]:
    """All rows of a folder. `own` marks a folder whose rows carry no split: blocks of 40 neighbours, one in eight, become
    dev rows, since neighbours resemble each other."""
    rows: list[Row] = []
    for file in sorted(folder.glob("*.jsonl")):
        if file.name in NEVER:
            continue
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                if line.strip():
                    row = row_of(json.loads(line), file, number, own)
                    if row is not None:
                        rows.append(row)
    return rows


def row_of(raw: dict, file: Path, number: int, own: bool) -> Row | None:
    """A row of a file; None where its attack stands behind what is read of a text."""
    text = raw["text"][:MAX_CHARS]
    label = raw["label"]
    if not isinstance(text, str) or label not in (0, 1):
        raise ValueError(f"{file}:{number + 1}: a row needs a text and a label of 0 or 1")
    payload = raw.get("payload")
    if isinstance(payload, list) and payload and payload[0] >= MAX_CHARS:
        return None
    split = raw.get("split", "train")
    source = raw.get("source", file.stem)
    if own:
        split = "dev" if bucket(f"{file.stem}:{number // 40}", 8, "block") == 0 else "train"
    return Row(
        text=text,
        label=label,
        kind=raw.get("kind", "direct_injection" if label else "benign_chat"),
        lang=raw.get("lang", "und"),
        source=source if own else f"{file.stem}:{source}" if file.stem == "authored" else source,
        split=split,
        file=file.stem,
        carrier=raw.get("carrier") or "",
        payload=payload_of(payload, text),
        license=raw.get("license") or (OWN_LICENCE if own else ""),
    )


def payload_of(payload: object, text: str) -> tuple[int, int] | None:
    """The payload's range: given as a range, or as the passage itself."""
    if isinstance(payload, str) and payload:
        at = text.find(payload)
        return (at, at + len(payload)) if at >= 0 and len(payload) < len(text) else None
    if isinstance(payload, list) and len(payload) == 2:
        start, end = int(payload[0]), min(int(payload[1]), len(text))
        return (start, end) if 0 <= start < end and end - start < len(text) else None
    return None


def hold_out(rows: list[Row], harmless: int, seed: int) -> tuple[list[Row], list[Row], list[Row]]:
    """Splits into train, dev and a harmless part of train that only calibrates: whole blocks of neighbours, drawn
    evenly over the sources, none of it seen by any stage in training."""
    dev = [row for row in rows if row.split == "dev"]
    train = [row for row in rows if row.split != "dev"]
    by_source: dict[str, list[int]] = {}
    for index, row in enumerate(train):
        if row.label == 0 and row.file in ("negatives", "hard_negatives"):
            by_source.setdefault(row.source, []).append(index)
    rng = random.Random(seed)
    taken: set[int] = set()
    sources = sorted(by_source)
    share = {source: 0 for source in sources}
    while len(taken) < harmless and sources:
        for source in list(sources):
            indices = by_source[source]
            if share[source] >= len(indices) // 4 or len(indices) < 40:
                sources.remove(source)
                continue
            start = rng.randrange(max(1, len(indices) - 10))
            block = [i for i in indices[start : start + 10] if i not in taken]
            taken.update(block)
            share[source] += max(1, len(block))
    calibration = [train[i] for i in sorted(taken)]
    return [row for i, row in enumerate(train) if i not in taken], dev, calibration
