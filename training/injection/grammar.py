"""Plain attacks and harmless texts with the same words, drawn from hand-written grammars.

`attack(rng)` and `harmless(rng)` return (text, kind, lang). Both classes go through the same
frames (greetings, leads, wrappers, case, typos, final marks), so that only the meaning of a
sentence tells them apart. Each file `grammars/<lang>.txt` is one language:

    = slot: one | two {other} | three        alternatives of a slot (a slot may go on over lines)
    ! attack direct_injection 3              a block of skeletons: class, kind, weight
    {ov} {tg}{cn} {go}.                      one skeleton a line; \\n is a line break

Attack goals are mild by choice: a leaked prompt or code, a silly sentence, a changed rating.
"""
from __future__ import annotations

import random
import re
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "grammars"
LANGUAGES = {"en": 60, "de": 15, "fr": 5, "es": 5, "it": 5, "pt": 5, "nl": 5}
ATTACK_KINDS = ("direct_injection", "extraction", "jailbreak")
HARMLESS_KINDS = ("benign_trigger", "benign_security", "benign_roleplay", "benign_instruction")
_SLOT = re.compile(r"\{(\w+)\}")
_START = re.compile(r"((?:^|[.!?]\s+|\n)[¿¡«“]?\s?)([^\W\d_])")
_JOINED = {"es": {"de el": "del", "a el": "al"}, "fr": {"de le": "du", "de les": "des", "à le": "au", "à les": "aux"},
           "pt": {"de o": "do", "de a": "da", "de os": "dos", "de as": "das", "em a": "na", "em o": "no"},
           "it": {"di il": "del", "di la": "della", "a il": "al", "su il": "sul", "su la": "sulla"}}
"""Prepositions that a language joins to the article behind them."""
_MAX_DEPTH = 12


class GrammarError(ValueError):
    """A grammar file that names an unknown slot, kind or class, or whose slots never end."""


class Grammar:
    """One language's slots and skeletons, parsed into tuples of literals and slot names."""

    def __init__(self, lang: str, source: str) -> None:
        self.lang = lang
        self.slots: dict[str, list[tuple[str, ...]]] = {}
        self.blocks: dict[str, list[tuple[str, float, list[tuple[str, ...]]]]] = {
            "attack": [], "harmless": []}
        for number, line in enumerate(source.splitlines(), 1):
            self._line(line, f"{lang}.txt:{number}")
        self._check()
        self._weights = {side: [block[1] for block in blocks] for side, blocks in self.blocks.items()}

    def _line(self, line: str, where: str) -> None:
        if not line.strip() or line.startswith("#"):
            return
        if line.startswith("= "):
            name, colon, values = line[2:].partition(":")
            if not colon:
                raise GrammarError(f"{where}: a slot line needs a colon")
            # One blank on either side of "|" is layout; a slot that is one blank keeps it.
            options = [_trim(value) for value in values.split("|")]
            self.slots.setdefault(name.strip(), []).extend(_parts(o) for o in options)
        elif line.startswith("! "):
            fields = line[2:].split()
            if len(fields) != 3 or fields[0] not in self.blocks or \
                    fields[1] not in ATTACK_KINDS + HARMLESS_KINDS:
                raise GrammarError(f"{where}: expected '! attack|harmless kind weight'")
            self.blocks[fields[0]].append((fields[1], float(fields[2]), []))
            self._open = self.blocks[fields[0]][-1][2]
        else:
            self._open.append(_parts(line))

    def _check(self) -> None:
        skeletons = [s for blocks in self.blocks.values() for block in blocks for s in block[2]]
        for parts in skeletons + [o for options in self.slots.values() for o in options]:
            for name in parts[1::2]:
                if name not in self.slots:
                    raise GrammarError(f"{self.lang}: unknown slot {{{name}}}")
        for name in ("hello", "bye", "lead", "task"):
            if name not in self.slots:
                raise GrammarError(f"{self.lang}: slot {name} is missing")

    def skeletons(self, side: str) -> int:
        """How many skeletons a class ("attack" or "harmless") has."""
        return sum(len(block[2]) for block in self.blocks[side])

    def expand(self, parts: tuple[str, ...], rng: random.Random, depth: int = 0) -> str:
        """Fill the slots of one parsed skeleton."""
        if depth > _MAX_DEPTH:
            raise GrammarError(f"{self.lang}: slots nest deeper than {_MAX_DEPTH}")
        out = list(parts)
        for i in range(1, len(parts), 2):
            options = self.slots[parts[i]]
            chosen = options[int(rng.random() * len(options))]
            out[i] = chosen[0] if len(chosen) == 1 else self.expand(chosen, rng, depth + 1)
        return "".join(out)

    def slot(self, name: str, rng: random.Random) -> str:
        """One tidied expansion of a named slot."""
        return self._tidied(self.expand(("", name, ""), rng))

    def _tidied(self, text: str) -> str:
        for apart, joined in _JOINED.get(self.lang, {}).items():
            if apart in text:
                text = re.sub(rf"\b{apart}\b", joined, text)
        return _tidy(text)

    def sentence(self, side: str, rng: random.Random) -> tuple[str, str]:
        """One bare text of a class and its kind, before any frame."""
        kind, _, skeletons = rng.choices(self.blocks[side], self._weights[side])[0]
        text = self.expand(skeletons[int(rng.random() * len(skeletons))], rng)
        return self._tidied(text), kind


def _trim(value: str) -> str:
    value = value[1:] if value.startswith(" ") else value
    return value[:-1] if value.endswith(" ") else value


def _parts(text: str) -> tuple[str, ...]:
    return tuple(_SLOT.split(text.replace("\\n", "\n")))


def _tidy(text: str) -> str:
    """Mend what slot joints leave: doubled marks and blanks; capitals at sentence starts."""
    text = re.sub(r" +([,;.!?])(?!\.)", r"\1", text)
    text = re.sub(r"([?!:])\.(?!\.)", r"\1", text)
    text = re.sub(r'\?(,| and\b)', r"\1", text)
    text = re.sub(r"[ ]{2,}", " ", text).replace(" \n", "\n").replace("\n ", "\n").strip()
    return _START.sub(lambda m: m[1] + m[2].upper(), text)


@lru_cache(maxsize=None)
def grammar(lang: str) -> Grammar:
    """The parsed grammar of a language; FileNotFoundError for one that has no file."""
    return Grammar(lang, (FOLDER / f"{lang}.txt").read_text(encoding="utf-8"))


def attack(rng: random.Random) -> tuple[str, str, str]:
    """One plain attack: (text, kind, lang)."""
    return _draw("attack", rng)


def harmless(rng: random.Random) -> tuple[str, str, str]:
    """One harmless text with the words, openings and wrappers of the attacks: (text, kind, lang)."""
    return _draw("harmless", rng)


def _draw(side: str, rng: random.Random) -> tuple[str, str, str]:
    lang = rng.choices(tuple(LANGUAGES), tuple(LANGUAGES.values()))[0]
    rules = grammar(lang)
    text, kind = rules.sentence(side, rng)
    return style(_surround(text, side, rules, rng), rules, rng), kind, lang


def _surround(text: str, side: str, rules: Grammar, rng: random.Random) -> str:
    """Now and then a harmless neighbour sentence, at like rates for both classes."""
    dice = rng.random()
    other = rules if rng.random() < 0.93 else grammar(rng.choice(tuple(LANGUAGES)))
    if dice < 0.12:
        return f"{other.slot('lead', rng)} {text}"
    if dice < 0.22:
        return f"{other.slot('task', rng)}{rng.choice((' ', chr(10), chr(10) * 2))}{text}"
    if dice < 0.30:
        return f"{other.sentence('harmless', rng)[0]}{rng.choice((' ', ' ', chr(10)))}{text}"
    if dice < 0.36:
        return f"{text}{rng.choice((' ', ' ', chr(10)))}{other.sentence('harmless', rng)[0]}"
    if dice < 0.38:
        return f"{text} {other.slot('task', rng)}"
    if side == "harmless" and dice < 0.56:
        # Attacks are longer by a clause on average; a second harmless sentence levels that.
        return f"{text} {other.sentence('harmless', rng)[0]}"
    return text


WRAPPERS = ('"{}"', "'{}'", "```\n{}\n```", "> {}", "User: {}", "Q: {}", "- {}", "1. {}", "### {}",
            "<p>{}</p>", "({})", "**{}**", "---\n{}\n---", "“{}”", "Message: {}", "\n{}\n",
            "[{}]", "Text: {}", "Note: {}", "Human: {}", "Observation: {}", "Subject: {}",
            "Re: {}", "input = \"{}\"", "// {}", "# {}", "* {} *", "{{\"message\": \"{}\"}}")


def style(text: str, rules: Grammar, rng: random.Random) -> str:
    """Greeting, farewell, case, final mark, typos and wrapper; the same rates for any class."""
    if rng.random() < 0.14:
        text = _greet(rules.slot("hello", rng), text, rng)
    if rng.random() < 0.09:
        text = _take_leave(text, rules.slot("bye", rng).lower(), rng)
    text = _case(text, rng)
    text = _final_mark(text, rng)
    if rng.random() < 0.08:
        text = _typo(text, rng)
    if rng.random() < 0.06:
        text = rng.choice(WRAPPERS).format(text)
    return text


def _greet(hello: str, text: str, rng: random.Random) -> str:
    joint = rng.choice((", ", ", ", ", ", " ", "! ", ". ", ",\n"))
    if joint in (", ", " ") and text[:2] not in ("I ", "I'", "AI"):
        text = text[:1].lower() + text[1:]
    return hello[:1].upper() + hello[1:] + joint + text


def _take_leave(text: str, bye: str, rng: random.Random) -> str:
    if text[-1:] in "?!\"'":
        return f"{text} {bye[:1].upper()}{bye[1:]}"
    joint = rng.choice((", ", ". ", " ", "\n"))
    return text.rstrip(".") + joint + (bye[:1].upper() + bye[1:] if joint == ". " else bye)


def _case(text: str, rng: random.Random) -> str:
    dice = rng.random()
    if dice < 0.18:
        return text.lower()
    if dice < 0.21:
        return text.upper()
    if dice < 0.23:
        return text.lower().replace("'", "").replace(",", "")
    return text


def _final_mark(text: str, rng: random.Random) -> str:
    dice = rng.random()
    if dice < 0.22:
        return text.rstrip(".!?")
    if dice < 0.30:
        return text.rstrip(".!") + rng.choice(("!", "!", "!!", "!!!", "...", " :)", " ;", "??", " .", ",", ".."))
    return text


def _typo(text: str, rng: random.Random) -> str:
    """One to three slips of the finger: swapped, dropped or doubled letters."""
    letters = list(text)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(max(1, len(letters) - 1))
        if at + 1 >= len(letters) or not letters[at].isalpha():
            continue
        slip = rng.random()
        if slip < 0.45:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        elif slip < 0.8:
            letters.pop(at)
        else:
            letters.insert(at, letters[at])
    return "".join(letters)
