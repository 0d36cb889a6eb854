"""Windows of text as the product's own code cuts and tokenizes them (encode.ts), and batches of them."""

from __future__ import annotations

import json
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from compose import Sample
from torch import Tensor

HERE = Path(__file__).parent
CLS, SEP = 101, 102
COVERED = 500
"""Least share of the payload, in thousandths, that a window of an attack must hold to be one itself."""


@dataclass
class Windows:
    tokens: np.ndarray
    features: np.ndarray
    index: np.ndarray
    """Rows of [sample, view, covered, first token, tokens, first feature, features]."""
    user: np.ndarray
    third: np.ndarray
    kind: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.index)

    @property
    def lengths(self) -> np.ndarray:
        return self.index[:, 4]

    def batch(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """`input_ids` and `attention_mask` [B, T], padded to the longest."""
        longest = int(self.lengths[rows].max()) + 2
        ids = np.zeros((len(rows), longest), dtype=np.int64)
        mask = np.zeros((len(rows), longest), dtype=np.int64)
        for at, row in enumerate(rows):
            first, count = self.index[row, 3], self.index[row, 4]
            ids[at, 0] = CLS
            ids[at, 1 : count + 1] = self.tokens[first : first + count]
            ids[at, count + 1] = SEP
            mask[at, : count + 2] = 1
        return torch.from_numpy(ids), torch.from_numpy(mask)


def utf16(text: str, place: int) -> int:
    """A place in code points as the place in UTF-16 units that JavaScript counts in."""
    return len(text[:place].encode("utf-16-le", "surrogatepass")) // 2


def encode_samples(samples: list[Sample], prefix: Path, vocabulary: Path, node: str) -> Windows:
    """Runs the product's normaliser and tokenizer over the samples; kept on disk under `prefix`."""
    rows = prefix.with_suffix(".jsonl")
    with rows.open("w", encoding="utf-8") as file:
        for s in samples:
            row = {"text": s.text, "views": s.views, "most": s.most, "from": s.draw}
            if s.payload is not None:
                row["payload"] = [utf16(s.text, place) for place in s.payload]
            file.write(json.dumps(row) + "\n")
    subprocess.run([node, str(HERE / "encode.ts"), str(rows), str(prefix), str(vocabulary)], check=True)
    return load_windows(samples, prefix)


def load_windows(samples: list[Sample], prefix: Path) -> Windows:
    index = np.fromfile(f"{prefix}.index", dtype="<i4").reshape(-1, 7).astype(np.int64)
    index = index[(index[:, 4] > 0) & ((index[:, 2] < 0) | (index[:, 2] >= COVERED))]
    of = index[:, 0]
    return Windows(
        tokens=np.fromfile(f"{prefix}.tokens", dtype="<u2"),
        features=np.fromfile(f"{prefix}.features", dtype="<u4"),
        index=index,
        user=np.array([s.user for s in samples], dtype=np.int64)[of],
        third=np.array([s.third for s in samples], dtype=np.int64)[of],
        kind=np.array([s.kind for s in samples], dtype=np.int64)[of],
        weight=np.array([s.weight for s in samples], dtype=np.float32)[of],
    )


def batches(windows: Windows, budget: int, seed: int) -> list[np.ndarray]:
    """All windows once, in random batches of at most about `budget` tokens, each of windows of similar length."""
    rng = random.Random(seed)
    order = list(range(len(windows)))
    rng.shuffle(order)
    made: list[np.ndarray] = []
    for start in range(0, len(order), 4_096):
        block = sorted(order[start : start + 4_096], key=lambda row: int(windows.lengths[row]))
        batch: list[int] = []
        for row in block:
            longest = int(windows.lengths[row]) + 2
            if batch and (len(batch) + 1) * longest > budget:
                made.append(np.array(batch))
                batch = []
            batch.append(row)
        if batch:
            made.append(np.array(batch))
    rng.shuffle(made)
    return made
