"""Writes the encoder as two ONNX files with 8-bit weights: the layers below an early exit, and those above it."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from network import Encoder
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn
from windows import Windows, batches

OPSET = 17
TOKENS = 128
"""Length of the sequence that is timed."""


class Words(nn.Module):
    """Word embeddings in 8 bits with a scale for each word: a third of the model is here, and one scale for all words
    would blur the rare ones."""

    def __init__(self, words: nn.Embedding) -> None:
        super().__init__()
        weight = words.weight.detach()
        scale = weight.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
        self.register_buffer("table", (weight / scale).round().clamp(-127, 127).to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, input_ids: Tensor) -> Tensor:
        return self.table[input_ids].float() * self.scale[input_ids]


class Lower(nn.Module):
    """`input_ids`, `attention_mask` [B, T] → `early` [B, 2], `hidden` [B, T, W]."""

    def __init__(self, model: Encoder, after: int) -> None:
        super().__init__()
        self.model, self.after = model, after
        self.head = model.early[model.exits.index(after)]
        self.words = Words(model.words)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        place = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.model.norm(self.words(input_ids) + self.model.positions(place))
        x = self.model.run(x, attention_mask, 0, self.after)
        return self.head(self.model.pool(x, attention_mask)), x


class Upper(nn.Module):
    """`hidden` [B, T, W], `attention_mask` [B, T] → `origin` [B, 2], `kind` [B, 5]."""

    def __init__(self, model: Encoder, after: int) -> None:
        super().__init__()
        self.model, self.after = model, after

    def forward(self, hidden: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        x = self.model.run(hidden, attention_mask, self.after, len(self.model.layers))
        pooled = self.model.pool(x, attention_mask)
        return self.model.origin(pooled), self.model.kind(pooled)


def export(model: Encoder, after: int, folder: Path, per_channel: bool = True, reduce_range: bool = True) -> None:
    """`encoder.onnx` and `upper.onnx` in `folder`; inputs of any batch size, of any length up to the positions. The heads
    stay in 32 bits; activations are quantized while it runs. `reduce_range` leaves a bit of the weights unused, for
    processors whose 8-bit products overflow (x86 without VNNI)."""
    folder.mkdir(parents=True, exist_ok=True)
    model = model.to("cpu").float().eval()
    ids = torch.full((2, 16), 1_000, dtype=torch.int64)
    mask = torch.ones_like(ids)
    lower, upper = Lower(model, after).eval(), Upper(model, after).eval()
    with torch.no_grad():
        hidden = lower(ids, mask)[1]
    parts = {
        "encoder": (lower, {"input_ids": ids, "attention_mask": mask}, ["early", "hidden"]),
        "upper": (upper, {"hidden": hidden, "attention_mask": mask}, ["origin", "kind"]),
    }
    for name, (module, inputs, outputs) in parts.items():
        full = folder / f"{name}.full.onnx"
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            str(full),
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes={n: {0: "batch", 1: "length"} for n in [*inputs, "hidden"] if n in inputs or n in outputs}
            | {n: {0: "batch"} for n in outputs if n != "hidden"},
            opset_version=OPSET,
            dynamo=False,
        )
        onnx.checker.check_model(str(full))
        quantize_dynamic(
            str(full),
            str(folder / f"{name}.onnx"),
            op_types_to_quantize=["MatMul"],
            weight_type=QuantType.QInt8,
            per_channel=per_channel,
            reduce_range=reduce_range,
        )
        full.unlink()


def session_of(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Exported:
    """An exported model, one thread."""

    def __init__(self, folder: Path) -> None:
        self.lower, self.upper = session_of(folder / "encoder.onnx"), session_of(folder / "upper.onnx")
        self.bytes = sum((folder / f"{name}.onnx").stat().st_size for name in ("encoder", "upper"))

    def run(self, ids: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`origin`, `kind`, `early`."""
        early, hidden = self.lower.run(["early", "hidden"], {"input_ids": ids, "attention_mask": mask})
        origin, kind = self.upper.run(["origin", "kind"], {"hidden": hidden, "attention_mask": mask})
        return origin, kind, early

    def answer(self, windows: Windows, rows: np.ndarray, tokens: int = 1_000) -> np.ndarray:
        """Logits [len(rows), 4] of some windows: `origin`, then `early`."""
        chosen = Windows(
            tokens=windows.tokens,
            features=windows.features,
            **{name: getattr(windows, name)[rows] for name in ("index", "user", "third", "kind", "weight")},
        )
        out = np.zeros((len(rows), 4), dtype=np.float32)
        for batch in batches(chosen, tokens, 0):
            ids, mask = (part.numpy() for part in chosen.batch(batch))
            origin, _, early = self.run(ids, mask)
            out[batch] = np.concatenate([origin, early], axis=1)
        return out

    def milliseconds(self, runs: int = 60) -> dict[str, float]:
        """The least time of either part for one sequence of `TOKENS` tokens, in ms: on a busy machine the others say more
        of its neighbours."""
        ids = np.random.default_rng(3).integers(1_000, 20_000, (1, TOKENS))
        mask = np.ones_like(ids)
        best = {"lower": np.inf, "upper": np.inf}
        for _ in range(runs):
            began = time.perf_counter()
            _, hidden = self.lower.run(["early", "hidden"], {"input_ids": ids, "attention_mask": mask})
            middle = time.perf_counter()
            self.upper.run(["origin"], {"hidden": hidden, "attention_mask": mask})
            best["lower"] = min(best["lower"], 1_000 * (middle - began))
            best["upper"] = min(best["upper"], 1_000 * (time.perf_counter() - middle))
        return {name: float(value) for name, value in best.items()}


def compare(exported: np.ndarray, exact: np.ndarray, thresholds: np.ndarray) -> dict[str, float]:
    """How far the 8-bit answers [N, 2] are from the unquantized ones: mean and largest distance of the logits, and the share of
    decisions at the thresholds (one a column) that turn out otherwise."""
    apart = np.abs(exported - exact)
    flips = (exported >= thresholds) != (exact >= thresholds)
    return {
        "windows": len(exact),
        "meanDistance": float(apart.mean()),
        "p99Distance": float(np.quantile(apart, 0.99)),
        "largestDistance": float(apart.max()),
        "flips": float(flips.mean()),
        "flipped": int(flips.sum()),
        "decisions": int(flips.size),
    }
