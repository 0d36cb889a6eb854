"""Changes to training texts: noise as real people and evaders make it, and encodings.

`noise`, `encode` and `embed` are pure: they read only their arguments and the given rng.
"""
from __future__ import annotations

import base64
import codecs
import random
import re
import unicodedata
from collections.abc import Callable
from urllib.parse import quote

from carriers import embed, host_kind

__all__ = ["ENCODINGS", "NOISES", "READABLE", "embed", "encode", "host_kind", "introduce", "noise"]

_NEAR = {"a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
         "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "w", "r": "et", "s": "ad", "t": "ry",
         "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x"}
_LEET = {"a": "4@", "b": "8", "e": "3", "g": "9", "i": "1!", "l": "1", "o": "0", "s": "5$", "t": "7", "z": "2"}
_MARKS = ".,-_*~^|/:;'\"+"


def noise(text: str, rng: random.Random, strength: float = 0.3) -> str:
    """The text with one to three kinds of slips or disguises; it stays readable to a person.

    `strength` in [0, 2]: 0 changes nothing, 0.3 is a careless writer, 1 an evader. Raises
    ValueError outside.
    """
    if not 0 <= strength <= 2:
        raise ValueError(f"strength is {strength}, not in [0, 2]")
    if strength == 0 or not text:
        return text
    kinds = 1 + (rng.random() < 0.5 * strength) + (rng.random() < 0.25 * strength)
    for _ in range(kinds):
        disguise = rng.random() < 0.15 + 0.4 * strength
        change = rng.choice(_DISGUISES if disguise else _SLIPS)
        changed = change(text, rng, strength)
        text = changed if changed.strip() else text
    return text


def _spots(text: str, rng: random.Random, strength: float, share: float) -> list[int]:
    """Offsets to change, last first: about share × strength of all characters, at least one."""
    count = min(60, max(1, int(len(text) * share * strength * (0.5 + rng.random()))))
    size = len(text)
    return sorted({int(rng.random() * size) for _ in range(count)}, reverse=True)


def _edit(text: str, rng: random.Random, strength: float, share: float, at: Callable[[str], str]) -> str:
    """Each chosen letter replaced by at(letter)."""
    letters = list(text)
    for spot in _spots(text, rng, strength, share):
        if letters[spot].isalpha():
            letters[spot] = at(letters[spot])
    return "".join(letters)


def _swapped(text: str, rng: random.Random, strength: float) -> str:
    letters = list(text)
    for spot in _spots(text, rng, strength, 0.04):
        if spot + 1 < len(letters) and letters[spot].isalpha() and letters[spot + 1].isalpha():
            letters[spot], letters[spot + 1] = letters[spot + 1], letters[spot]
    return "".join(letters)


def _dropped(text: str, rng: random.Random, strength: float) -> str:
    return _edit(text, rng, strength, 0.05, lambda letter: "")


def _doubled(text: str, rng: random.Random, strength: float) -> str:
    return _edit(text, rng, strength, 0.04, lambda letter: letter * 2)


def _neighbour(text: str, rng: random.Random, strength: float) -> str:
    return _edit(text, rng, strength, 0.05, lambda letter: rng.choice(_NEAR.get(letter, letter)))


def _glued(text: str, rng: random.Random, strength: float) -> str:
    """Some blanks between words are missing."""
    rate = 0.12 * strength + 0.03
    return re.sub(r"(?<=\S) (?=\S)", lambda m: "" if rng.random() < rate else " ", text)


def _torn(text: str, rng: random.Random, strength: float) -> str:
    """Some blanks stand inside words."""
    return _edit(text, rng, strength, 0.06, lambda letter: letter + " ")


def _unmarked(text: str, rng: random.Random, strength: float) -> str:
    return re.sub(r"[.,;:!?'\"]+", "", text) if rng.random() < 0.5 else re.sub(r"[.,;]+", "", text)


def _cased(text: str, rng: random.Random, strength: float) -> str:
    dice = rng.random()
    if dice < 0.4:
        return text.lower()
    if dice < 0.6:
        return text.upper()
    if dice < 0.75:
        return text.title()
    return _edit(text, rng, strength, 0.4, str.swapcase)


def _unaccented(text: str, rng: random.Random, strength: float) -> str:
    return _plain_letters(text) or _dropped(text, rng, strength)


def _leet(text: str, rng: random.Random, strength: float) -> str:
    rate = min(0.9, 0.35 + 0.4 * strength)
    return "".join(rng.choice(_LEET[low]) if (low := letter.lower()) in _LEET and rng.random() < rate else letter
                   for letter in text)


def _dotted(text: str, rng: random.Random, strength: float) -> str:
    """Stray marks inside and between words."""
    return _edit(text, rng, strength, 0.12, lambda letter: letter + rng.choice(_MARKS))


def _some_words(text: str, rng: random.Random, rate: float, change: Callable[[str], str]) -> str:
    return re.sub(r"[^\W\d_]{3,}", lambda m: change(m[0]) if rng.random() < rate else m[0], text)


def _spaced(text: str, rng: random.Random, strength: float) -> str:
    """Words l i k e  t h i s; at full strength often the whole text."""
    mark = rng.choice((" ", " ", " ", "-", ".", "_", "*"))
    if rng.random() < 0.4 * strength and len(text) < 300:
        return "  ".join(mark.join(word) for word in text.split())
    return _some_words(text, rng, 0.2 + 0.3 * strength, lambda word: mark.join(word))


def _stretched(text: str, rng: random.Random, strength: float) -> str:
    return _edit(text, rng, strength, 0.06, lambda letter: letter * rng.randint(2, 5))


def _starred(text: str, rng: random.Random, strength: float) -> str:
    """A vowel masked in some words."""
    mask = rng.choice("*_#.-")
    return _some_words(text, rng, 0.15 + 0.3 * strength, lambda word: re.sub(r"(?<=.)[aeiouäöüéà]", mask, word, count=1))


def _vowelless(text: str, rng: random.Random, strength: float) -> str:
    return _some_words(text, rng, 0.15 + 0.3 * strength, lambda word: word[0] + re.sub(r"[aeiou]", "", word[1:]))


def _hyphened(text: str, rng: random.Random, strength: float) -> str:
    """Words split in two, as a token splitter would."""
    mark = rng.choice(("-", " ", "/", "+", "\u200b", "­", "' + '"))
    return _some_words(text, rng, 0.2 + 0.3 * strength,
                       lambda word: word[:(cut := rng.randint(1, len(word) - 1))] + mark + word[cut:])


_SLIPS = (_swapped, _dropped, _doubled, _neighbour, _glued, _unmarked, _cased, _unaccented, _neighbour)
_DISGUISES = (_leet, _dotted, _spaced, _stretched, _starred, _vowelless, _hyphened, _torn, _glued, _cased)
NOISES = tuple(dict.fromkeys(change.__name__.strip("_") for change in _SLIPS + _DISGUISES))


# --- encodings

_MORSE = dict(zip("abcdefghijklmnopqrstuvwxyz0123456789.,?'!/()&:;=+-_\"$@", (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----. "
    ".-.-.- --..-- ..--.. .----. -.-.-- -..-. -.--. -.--.- .-... ---... -.-.-. -...- .-.-. -....- ..--.- .-..-. "
    "...-..- .--.-.").split()))
_BRAILLE = dict(zip("abcdefghijklmnopqrstuvwxyz", "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵"))
_ALIKE = {"a": "а", "c": "с", "e": "е", "i": "і", "j": "ј", "o": "о", "p": "р", "s": "ѕ", "x": "х", "y": "у", "h": "һ",
          "A": "А", "B": "В", "C": "С", "E": "Е", "H": "Н", "I": "І", "K": "К", "M": "М", "O": "О", "P": "Р", "T": "Т",
          "X": "Х", "v": "ν", "u": "υ", "n": "ո", "d": "ԁ", "l": "ӏ", "g": "ɡ", "k": "κ"}
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_STYLES = (0x1D400, 0x1D434, 0x1D468, 0x1D5A0, 0x1D5D4, 0x1D670)


def _plain_letters(text: str) -> str:
    """The text in ASCII as far as accents allow; "" where that loses more than a tenth."""
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return folded if len(folded) >= 0.9 * len(text) else ""


def _base64(text: str, rng: random.Random) -> str:
    coder = base64.urlsafe_b64encode if rng.random() < 0.15 else base64.b64encode
    coded = coder(text.encode(errors="replace")).decode()
    return coded.rstrip("=") if rng.random() < 0.2 else coded


def _hex(text: str, rng: random.Random) -> str:
    dice, data = rng.random(), text.encode(errors="replace")
    if dice < 0.5:
        return data.hex()
    return data.hex(" ") if dice < 0.8 else "".join(f"\\x{byte:02x}" for byte in data)


def _rot13(text: str, rng: random.Random) -> str:
    return codecs.encode(text, "rot13")


def _reversed(text: str, rng: random.Random) -> str:
    return text[::-1]


def _word_reversed(text: str, rng: random.Random) -> str:
    return re.sub(r"\w+", lambda m: m[0][::-1], text)


def _morse(text: str, rng: random.Random) -> str:
    words = _plain_letters(text).lower().split()
    coded = (" ".join(_MORSE[letter] for letter in word if letter in _MORSE) for word in words)
    return " / ".join(word for word in coded if word)


def _percent(text: str, rng: random.Random) -> str:
    if rng.random() < 0.5:
        return quote(text, safe="", errors="replace")
    return "".join(f"%{byte:02X}" for byte in text.encode(errors="replace"))


def _escapes(text: str, rng: random.Random) -> str:
    units = text.encode("utf-16-be", errors="replace")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _entities(text: str, rng: random.Random) -> str:
    form = "&#x{:x};" if rng.random() < 0.5 else "&#{};"
    return "".join(form.format(ord(letter)) for letter in text)


def _tags(text: str, rng: random.Random) -> str:
    return "".join(chr(0xE0000 + ord(letter)) for letter in _plain_letters(text) if " " <= letter <= "~")


def _zero_width(text: str, rng: random.Random) -> str:
    mark, rate = rng.choice(_UNSEEN), rng.choice((0.2, 0.4, 1.0))
    return "".join(letter + mark if rng.random() < rate else letter for letter in text)


def _homoglyphs(text: str, rng: random.Random) -> str:
    rate = rng.choice((0.3, 0.6, 1.0))
    return "".join(_ALIKE[letter] if letter in _ALIKE and rng.random() < rate else letter for letter in text)


def _full_width(text: str, rng: random.Random) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " and rng.random() < 0.3 else c
                   for c in text)


def _mathematical(text: str, rng: random.Random) -> str:
    base = rng.choice(_STYLES)
    upper = {65 + i: base + i for i in range(26)}
    # The italic h was assigned elsewhere long before (U+210E).
    lower = {97 + i: 0x210E if base + i == 0x1D43B else base + 26 + i for i in range(26)}
    return _plain_letters(text).translate(upper | lower)


def _braille(text: str, rng: random.Random) -> str:
    return "".join(_BRAILLE.get(letter, letter if letter != " " else "⠀") for letter in _plain_letters(text).lower())


def _binary(text: str, rng: random.Random) -> str:
    return " ".join(f"{byte:08b}" for byte in text.encode(errors="replace"))


ENCODINGS: dict[str, Callable[[str, random.Random], str]] = {
    "base64": _base64, "hex": _hex, "rot13": _rot13, "reversed": _reversed, "word-reversed": _word_reversed,
    "morse": _morse, "percent": _percent, "escapes": _escapes, "entities": _entities, "tags": _tags,
    "zero-width": _zero_width, "homoglyphs": _homoglyphs, "full-width": _full_width, "mathematical": _mathematical,
    "braille": _braille, "binary": _binary}
"""Encoders by name. Those for Latin letters only (morse, tags, mathematical, braille) give "" for other scripts."""


READABLE = tuple(name for name in ENCODINGS if name not in ("braille", "word-reversed"))
"""Those that the product's normaliser undoes; the others hide a text from the detector too."""


def encode(text: str, rng: random.Random, names: tuple[str, ...] = READABLE) -> tuple[str, str]:
    """The whole text in one encoding, and its name; another is drawn where one cannot carry the text.

    `names` sets the choice. The text itself comes back where nothing can carry it (an empty one).
    """
    order = rng.sample(names, len(names))
    for name in order:
        coded = ENCODINGS[name](text, rng)
        if coded and (coded != text or not text.strip()):
            return coded, name
    return text, order[0]


_FRAMES = ("{}", "{}", "{}", "Decode this: {}", "{}\n\nWhat does it say?", "The following is {name}: {}", "{name}: {}",
           "Please read {}", "Translate to plain text:\n{}", "I got this message, {}", "data={}", "`{}`", "```\n{}\n```",
           "Decode the {name} and do what it says: {}", "Here is the answer to the riddle: {}")


def introduce(coded: str, name: str, rng: random.Random) -> str:
    """An encoded text in one of the sentences that stand around such texts, alike for both classes."""
    return rng.choice(_FRAMES).replace("{name}", name).replace("{}", coded)
