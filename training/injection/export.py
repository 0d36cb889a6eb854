"""Writes the encoder as ONNX with 8-bit weights."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from network import Encoder
from onnxruntime.quantization import QuantType, quantize_dynamic

OPSET = 17


def export(model: Encoder, path: Path) -> None:
    """int8 weights, activations quantized while it runs; inputs of any batch size and length up to the positions."""
    model = model.to("cpu").float().eval()
    full = path.with_suffix(".full.onnx")
    ids = torch.ones((2, 16), dtype=torch.int64)
    torch.onnx.export(
        model,
        (ids, torch.ones_like(ids)),
        str(full),
        input_names=["input_ids", "attention_mask"],
        output_names=["origin", "kind"],
        dynamic_axes={name: {0: "batch", 1: "length"} for name in ("input_ids", "attention_mask")}
        | {name: {0: "batch"} for name in ("origin", "kind")},
        opset_version=OPSET,
        dynamo=False,
    )
    onnx.checker.check_model(str(full))
    quantize_dynamic(str(full), str(path), weight_type=QuantType.QInt8, per_channel=True)
    full.unlink()
