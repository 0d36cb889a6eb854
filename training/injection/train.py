"""Trains the encoder with its early exits; resumes from its last checkpoint after an interruption."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from network import Encoder
from torch import Tensor
from torch.nn import functional as F
from windows import Windows, batches

KIND_SHARE = 0.2
"""Weight of the kind head's loss beside the two origin heads."""
EXIT_SHARE = 0.25
"""Weight of each early exit's loss."""
DISTIL_SHARE = 0.7
"""Share of the last layer's answers in an exit's loss; the rest are the labels."""
HIDDEN = 0.06
"""Share of the words that a training step hides behind the unknown token."""
UNKNOWN = 100
SPECIAL = 103
"""Ids up to this are special tokens or unused."""


@dataclass(frozen=True)
class Plan:
    name: str
    passes: float
    minutes: float
    """Ends, with the learning rate run out, at whichever of the two comes first."""
    rate: float
    head_rate: float = 8e-4
    decay: float = 0.9
    """Factor on the learning rate from each layer to the one below it."""
    tokens: int = 3_600
    """Tokens of a batch."""


def device_of() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def groups_of(model: Encoder, plan: Plan) -> list[dict]:
    depth = len(model.layers)
    groups: list[dict] = []

    def add(parameters: list[Tensor], rate: float, decay: float) -> None:
        groups.append({"params": parameters, "lr": rate, "base": rate, "weight_decay": decay})

    add([*model.origin.parameters(), *model.kind.parameters(), *model.early.parameters()], plan.head_rate, 0.01)
    for number, layer in enumerate(model.layers):
        add(list(layer.parameters()), plan.rate * plan.decay ** (depth - 1 - number), 0.01)
    low = [*model.words.parameters(), *model.positions.parameters(), *model.norm.parameters()]
    add(low, plan.rate * plan.decay**depth, 0.0)
    return groups


def loss_of(out: tuple[Tensor, Tensor, list[Tensor]], windows: Windows, rows: np.ndarray) -> Tensor:
    origin, kind = out[0].float(), out[1].float()
    device = origin.device
    weight = torch.from_numpy(windows.weight[rows]).to(device)
    wanted = torch.from_numpy(np.stack([windows.user[rows], windows.third[rows]], 1)).to(device)
    asked = (wanted >= 0).float() * weight[:, None]
    goal = wanted.clamp(min=0).float()

    def labelled(logits: Tensor) -> Tensor:
        each = F.binary_cross_entropy_with_logits(logits, goal, reduction="none")
        return (each * asked).sum() / asked.sum().clamp(min=1)

    loss = labelled(origin)
    taught = origin.detach()
    for early in (logits.float() for logits in out[2]):
        soft = F.binary_cross_entropy_with_logits(early, torch.sigmoid(taught), reduction="none")
        near = F.smooth_l1_loss(early, taught.clamp(-9, 9), reduction="none") * 0.1
        loss = loss + EXIT_SHARE * (DISTIL_SHARE * (soft + near).mean() + (1 - DISTIL_SHARE) * labelled(early))
    kinds = torch.from_numpy(windows.kind[rows]).to(device)
    known = kinds >= 0
    if bool(known.any()):
        loss = loss + KIND_SHARE * F.cross_entropy(kind[known], kinds[known])
    return loss


def fit(model: Encoder, passes: list[Windows], plan: Plan, folder: Path, seed: int) -> Encoder:
    """Trains `model` on the passes in turn until the plan's passes or minutes are over. Progress and time survive an
    interruption: `folder/NAME.pt` is written every two minutes and read again at the start."""
    device = device_of()
    model.to(device)
    optimiser = torch.optim.AdamW(groups_of(model, plan), betas=(0.9, 0.98), eps=1e-6, fused=True)
    order = [(p, b) for p in range(math.ceil(plan.passes)) for b in batches(passes[p % len(passes)], plan.tokens, seed + p)]
    order = order[: int(len(order) * plan.passes / math.ceil(plan.passes))]
    step, spent = 0, 0.0
    kept = folder / f"{plan.name}.pt"
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
        print(f"{plan.name}: goes on at step {step} of {len(order)}, {spent / 60:.1f} minutes spent")
    torch.manual_seed(seed + step)
    model.train()
    began, saved, running, shown = time.monotonic() - spent, time.monotonic(), 0.0, 0
    while step < len(order):
        progress = max(step / len(order), (time.monotonic() - began) / (plan.minutes * 60))
        if progress >= 1:
            break
        scale = min(1.0, (step + 1) / 60) * max(0.02, 1 - progress)
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * scale
        number, rows = order[step]
        windows = passes[number % len(passes)]
        ids, mask = (part.to(device) for part in windows.batch(rows))
        hidden = (torch.rand(ids.shape, device=device) < HIDDEN) & (ids > SPECIAL)
        ids = torch.where(hidden, UNKNOWN, ids)
        with torch.autocast(device.type, dtype=torch.bfloat16):
            loss = loss_of(model(ids, mask), windows, rows)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        running += float(loss.detach())
        shown += 1
        step += 1
        if step % 50 == 0:
            minutes = (time.monotonic() - began) / 60
            print(f"{plan.name}: step {step}/{len(order)} {100 * progress:.0f}% loss {running / shown:.4f} {minutes:.1f} min", flush=True)
            running, shown = 0.0, 0
        if time.monotonic() - saved > 120:
            save(model, optimiser, step, time.monotonic() - began, kept)
            saved = time.monotonic()
    save(model, optimiser, len(order), time.monotonic() - began, kept)
    return model.eval()


def save(model: Encoder, optimiser: torch.optim.Optimizer, step: int, spent: float, path: Path) -> None:
    part = path.with_suffix(".part")
    torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "spent": spent}, part)
    part.replace(path)


@torch.no_grad()
def answer(model: Encoder, windows: Windows, tokens: int = 8_000) -> np.ndarray:
    """Logits [N, 2 + 2 × exits] of all windows: the last layer's, then each early exit's."""
    device = device_of()
    model.to(device).eval()
    out = np.zeros((len(windows), 2 + 2 * len(model.exits)), dtype=np.float32)
    for rows in batches(windows, tokens, 0):
        ids, mask = (part.to(device) for part in windows.batch(rows))
        with torch.autocast(device.type, dtype=torch.bfloat16):
            origin, _, early = model(ids, mask)
            out[rows] = torch.cat([origin, *early], dim=-1).float().cpu().numpy()
    return out
