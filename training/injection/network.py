"""The encoder: a BERT-style transformer with two heads, small enough to run on a CPU in milliseconds."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

KINDS = 5
EXITS = (2, 3)
"""Layers after which a window may leave; which of them ships is chosen when the model is exported."""
MIXED = ("query", "key", "value")


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.mixed = nn.Linear(width, 3 * width)
        """Queries, keys and values in one product."""
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        batch, length, width = x.shape
        size = width // self.heads

        parts = self.mixed(x).view(batch, length, 3, self.heads, size).permute(2, 0, 3, 1, 4)
        q, k, v = parts[0], parts[1], parts[2]
        # Written out: on a CPU the backward pass of the fused operator takes twice as long.
        weights = torch.softmax(q @ k.transpose(2, 3) * size**-0.5 + bias, dim=-1)
        read = weights.to(v.dtype) @ v
        return self.out(read.transpose(1, 2).reshape(batch, length, width))


class Layer(nn.Module):
    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.first = nn.LayerNorm(width, eps=1e-12)
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)
        self.second = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        x = self.first(x + self.attention(x, bias))
        return self.second(x + self.down(F.gelu(self.up(x))))


class Encoder(nn.Module):
    """`input_ids`, `attention_mask` [B, T] → (`origin` [B, 2]: logits of an attack as a user's text and as third-party
    text; `kind` [B, 5]: direct, buried, extraction, jailbreak, obfuscated; `early`: origin logits after each layer of
    `exits`). The heads see the first token, the mean and the maximum. Dropout stands before the heads only: inside the
    layers it would cost a quarter of the time on a CPU, and words hidden at random (`train.py`) do its work.

    The early exits let clearly harmless windows leave after a few layers (BranchyNet, Teerapittayanon et al. 2016;
    DeeBERT, Xin et al. 2020); the last layer teaches them while it learns itself (Zhang et al. 2019, self-distillation).
    """

    def __init__(self, vocabulary: int, width: int, layers: int, heads: int, inner: int, positions: int = 160) -> None:
        super().__init__()
        self.exits = [layer for layer in EXITS if layer < layers]
        self.words = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(positions, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.drop = nn.Dropout(0.1)
        self.layers = nn.ModuleList(Layer(width, heads, inner) for _ in range(layers))
        self.origin = nn.Linear(3 * width, 2)
        self.kind = nn.Linear(3 * width, KINDS)
        self.early = nn.ModuleList(nn.Linear(3 * width, 2) for _ in self.exits)

    def embed(self, input_ids: Tensor) -> Tensor:
        place = torch.arange(input_ids.shape[1], device=input_ids.device)
        return self.norm(self.words(input_ids) + self.positions(place))

    def run(self, x: Tensor, attention_mask: Tensor, first: int, end: int) -> Tensor:
        """Through the layers `first` up to, not including, `end`."""
        bias = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * -10_000.0
        for layer in self.layers[first:end]:
            x = layer(x, bias)
        return x

    def pool(self, x: Tensor, attention_mask: Tensor) -> Tensor:
        mask = attention_mask[:, :, None].to(x.dtype)
        mean = (x * mask).sum(1) / mask.sum(1)
        most = (x + (1.0 - mask) * -10_000.0).max(1).values
        return self.drop(torch.cat([x[:, 0], mean, most], dim=-1))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        x, at, early = self.embed(input_ids), 0, []
        for after, head in zip(self.exits, self.early, strict=True):
            x, at = self.run(x, attention_mask, at, after), after
            early.append(head(self.pool(x, attention_mask)))
        pooled = self.pool(self.run(x, attention_mask, at, len(self.layers)), attention_mask)
        return self.origin(pooled), self.kind(pooled), early


def from_pretrained(folder: Path) -> Encoder:
    """An encoder that starts from a BERT checkpoint folder (config.json, model.safetensors)."""
    config = json.loads((folder / "config.json").read_text())
    width, heads = config["hidden_size"], config["num_attention_heads"]
    model = Encoder(config["vocab_size"], width, config["num_hidden_layers"], heads, config["intermediate_size"])
    weights = load_file(str(folder / "model.safetensors"))
    prefix = "bert." if any(name.startswith("bert.") for name in weights) else ""

    def put(module: nn.Module, name: str) -> None:
        module.weight.data.copy_(weights[f"{prefix}{name}.weight"])
        if getattr(module, "bias", None) is not None:
            module.bias.data.copy_(weights[f"{prefix}{name}.bias"])

    put(model.words, "embeddings.word_embeddings")
    kept = weights[f"{prefix}embeddings.position_embeddings.weight"][: model.positions.num_embeddings]
    model.positions.weight.data.copy_(kept + weights[f"{prefix}embeddings.token_type_embeddings.weight"][0])
    put(model.norm, "embeddings.LayerNorm")
    for number, layer in enumerate(model.layers):
        at = f"encoder.layer.{number}"
        for part in ("weight", "bias"):
            joined = torch.cat([weights[f"{prefix}{at}.attention.self.{name}.{part}"] for name in MIXED])
            getattr(layer.attention.mixed, part).data.copy_(joined)
        put(layer.attention.out, f"{at}.attention.output.dense")
        put(layer.first, f"{at}.attention.output.LayerNorm")
        put(layer.up, f"{at}.intermediate.dense")
        put(layer.down, f"{at}.output.dense")
        put(layer.second, f"{at}.output.LayerNorm")
    return model
