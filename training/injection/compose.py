"""Composes what a pass over the training data reads: corpus rows, generated plain attacks and harmless sentences,
payloads put into clean hosts beside clean twins of the same hosts, noise and encodings in both classes."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from augment import embed, encode, noise
from corpus import ATTACK_KINDS, Row
from grammar import attack, harmless


@dataclass(frozen=True)
class Sample:
    """A text to learn from. `user` and `third` are the answers of the two heads: 1 attack, 0 harmless, -1 not asked."""

    text: str
    user: int
    third: int
    kind: int
    weight: float
    group: str
    payload: tuple[int, int] | None = None
    views: str = "plain"
    most: int = 1
    draw: float = 0.0
    """0..1: which of a long text's windows is read, where it says nothing of a payload."""


SHARES = {
    "authored": 2.0,
    "own": 2.0,
    "corrections": 2.0,
    "positives": 0.5,
    "negatives": 0.3,
    "hard_negatives": 1.0,
}
"""How often a corpus row is read in one pass, on average."""

GENERATED = 6_000
EMBEDDED = 4_500
PIECES = 3_000
MIXED = 3_000
NOISY = 0.12
ASKING = {"benign_instruction", "benign_chat", "benign_roleplay", "benign_trigger"}


def answers(row: Row) -> tuple[int, int]:
    """What the two heads should say. An attack on the assistant is one whoever wrote it; a user's ordinary request says
    nothing about third-party text, in which it would be out of place."""
    if row.label == 1:
        return (-1 if row.kind == "indirect_payload" else 1), 1
    if row.third_party or row.source.startswith("sent:") or row.kind in ("benign_security", "benign_mention"):
        return 0, 0
    return 0, -1 if row.kind in ASKING else 0


def sample_of(row: Row, group: str) -> Sample:
    user, third = answers(row)
    kind = ATTACK_KINDS.get(row.kind, -1) if row.label else -1
    encoded = row.label == 1 and row.kind == "obfuscated"
    return Sample(row.text, user, third, kind, 1.0, group, row.payload, "decoded" if encoded else "plain", 1)


LONG = 520
"""Characters from which on a text may have several windows."""


def drawn(sample: Sample, rng: random.Random) -> Sample | None:
    """A long harmless text gives other windows in every pass, and more of them; a long attack of which nobody says where
    it attacks gives none, since most of its windows may be harmless."""
    if len(sample.text) <= LONG or sample.payload is not None:
        return sample
    if sample.user == 1 or sample.third == 1:
        return sample if len(sample.text) <= 3 * LONG else None
    return replace(sample, most=2, draw=rng.random())


def group_of(row: Row) -> str:
    return row.file if row.file in SHARES else "own"


def one_pass(rows: list[Row], seed: int) -> list[Sample]:
    """The samples of one pass in random order; another seed gives other draws, hosts and noise."""
    rng = random.Random(seed)
    samples: list[Sample] = []
    for row in rows:
        times = SHARES[group_of(row)]
        for _ in range(int(times) + (rng.random() < times % 1)):
            sample = drawn(sample_of(row, group_of(row)), rng)
            if sample is not None:
                samples.append(noisy(sample, rng))
    samples += generated(rng)
    samples += embedded(rows, rng)
    samples += mixed(rows, rng)
    samples += pieces(rows, rng)
    samples += encoded(rows, rng)
    rng.shuffle(samples)
    return samples


def noisy(sample: Sample, rng: random.Random) -> Sample:
    if sample.payload is not None or len(sample.text) > 600 or rng.random() >= NOISY:
        return sample
    text = noise(sample.text, rng, 0.3 + rng.random())
    return replace(sample, text=text, views="plain")


def generated(rng: random.Random) -> list[Sample]:
    samples = []
    for _ in range(GENERATED):
        text, kind, _ = attack(rng)
        samples.append(noisy(Sample(text, 1, 1, ATTACK_KINDS[kind], 0.7, "grammar"), rng))
        text, _, _ = harmless(rng)
        samples.append(noisy(Sample(text, 0, -1, -1, 0.7, "grammar"), rng))
    return samples


def embedded(rows: list[Row], rng: random.Random) -> list[Sample]:
    """Payloads in clean hosts, each beside the host without it, or with an innocent sentence in the same place."""
    hosts = [row for row in rows if row.label == 0 and row.third_party and 120 < len(row.text) < 4_000]
    attacks = [row for row in rows if row.label == 1 and row.payload is None and 15 < len(row.text) < 400]
    attacks = [row for row in attacks if row.kind != "obfuscated"]
    requests = [row for row in rows if row.kind in ("benign_instruction", "benign_chat") and 15 < len(row.text) < 140]
    innocent = [
        row
        for row in rows
        if row.label == 0 and row.kind in ("benign_trigger", "benign_security", "benign_document") and len(row.text) < 260
        and (row.source.startswith("sent:") or row.kind == "benign_document")
    ]
    samples = []
    for _ in range(EMBEDDED):
        host = clip(rng.choice(hosts).text, rng)
        draw = rng.random()
        if draw < 0.62:
            row = rng.choice(attacks)
            payload, kind, user = row.text, 1, answers(row)[0]
        elif draw < 0.8:
            payload, _, _ = attack(rng)
            kind, user = 1, 1
        else:
            payload, kind, user = rng.choice(requests).text, 1, -1
        text, start, end = embed(payload, host, rng)
        samples.append(Sample(text, user, 1, kind, 0.8, "embedded", (start, end)))
        if rng.random() < 0.5 and innocent:
            text, start, end = embed(rng.choice(innocent).text, host, rng)
            samples.append(Sample(text, 0, 0, -1, 0.8, "embedded", (start, end)))
        else:
            samples.append(Sample(host, 0, 0, -1, 0.8, "embedded"))
    return samples


JOINTS = ("\n\n", "\n", " ", " ", "\n\n---\n\n", "\n\n\n\n", " - ", " PS: ", "\n\nAnd: ", "\n1. ", ". ")


def mixed(rows: list[Row], rng: random.Random) -> list[Sample]:
    """Attacks between ordinary requests of the same user, who hopes that they go unnoticed there, beside as many messages
    of ordinary requests alone."""
    plain = [row for row in rows if row.label == 0 and not row.third_party and 20 < len(row.text) < 400]
    asks = [row for row in plain if row.kind in ASKING]
    attacks = [row for row in rows if row.label == 1 and row.payload is None and 15 < len(row.text) < 300]
    attacks = [row for row in attacks if not row.third_party and row.kind != "obfuscated"]
    samples = []
    for _ in range(MIXED):
        around = [rng.choice(asks if rng.random() < 0.8 else plain).text.strip() for _ in range(rng.choice((1, 1, 1, 2, 3)))]
        draw = rng.random()
        row = rng.choice(attacks)
        target, kind = (row.text, ATTACK_KINDS.get(row.kind, -1)) if draw < 0.75 else (attack(rng)[0], 0)
        for text, label in ((target.strip(), 1), (rng.choice(asks).text.strip(), 0)):
            at = rng.randrange(len(around) + 1)
            joint = rng.choice(JOINTS)
            before, after = joint.join(around[:at]), joint.join(around[at:])
            start = len(before) + len(joint) if before else 0
            whole = joint.join(part for part in (before, text, after) if part)
            if label:
                samples.append(Sample(whole, 1, 1, kind, 0.8, "mixed", (start, start + len(text))))
            else:
                samples.append(Sample(whole, 0, -1, -1, 0.8, "mixed"))
    return samples


def pieces(rows: list[Row], rng: random.Random) -> list[Sample]:
    """Single lines and paragraphs of clean documents, since the runtime also judges the parts of a document alone."""
    hosts = [row for row in rows if row.label == 0 and row.third_party]
    samples = []
    while len(samples) < PIECES:
        parts = [part.strip() for part in rng.choice(hosts).text.split(rng.choice(["\n\n", "\n", '"', "|"]))]
        parts = [part for part in parts if 16 <= len(part) <= 500]
        if parts:
            samples.append(Sample(rng.choice(parts), 0, 0, -1, 0.7, "pieces"))
    return samples


def clip(text: str, rng: random.Random) -> str:
    """A part of a host of 150 to 1,500 characters, cut at line ends where there are some."""
    size = rng.randrange(150, 1_500)
    if len(text) <= size or text.lstrip()[:1] in "{[":
        return text
    start = rng.randrange(len(text) - size)
    line = text.rfind("\n", 0, start) + 1
    return text[line if start - line < 200 else start :][:size]


def encoded(rows: list[Row], rng: random.Random) -> list[Sample]:
    """Texts hidden by encodings, in both classes, read as the normaliser gives them back."""
    pool = [row for row in rows if row.payload is None and len(row.text) < 300 and not row.third_party]
    samples = []
    for row in rng.sample(pool, min(len(pool), 1_500)):
        text, _ = encode(row.text, rng)
        user, third = answers(row)
        samples.append(Sample(text, user, third, 4 if row.label else -1, 0.7, "encoded", None, "decoded", 1))
    return samples
