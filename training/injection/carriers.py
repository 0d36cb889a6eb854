"""Puts a sentence into a clean host text (e-mail, web page, JSON, code, table, log, plain document).

`embed` serves attacks and innocent sentences alike, so that no wrapper tells the two apart. The
host's kind is told by simple looks; JSON hosts stay valid JSON. Pure: the same rng state gives
the same text.
"""
from __future__ import annotations

import json
import random
import re
from functools import lru_cache

_SCRIPT = re.compile(r"<(script|style)\b.*?</\1\s*>", re.S | re.I)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_CODE_LINE = re.compile(
    r"^\s*(?:def |class |import |from \w+ import|#include|public |private |const |let |var |func(?:tion)? |"
    r"fn |if ?\(.*\{|for ?\(|return\b|\}|package |SELECT |CREATE |INSERT |#!/|echo |\w+ = .+[(\[{;]|.*;\s*$)", re.M)
_HEADER = re.compile(r"\A(?:[A-Z][A-Za-z-]+: .*\n){2,}|\A(?:Subject|From): .*\n", re.M)
_STAMP = re.compile(
    r"^(\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d(?::\d\d)?[\d.,Z+]*\]?[ :-]+(?:\[?[A-Z]{3,6}\]?[ :-]+)?)", re.M)
_SENTENCE = re.compile(r"(?<=[.!?。])[ \n]+(?=\S)|\n+(?=\S)")
_TAG_EDGE = re.compile(r">\s*(?=<)|(?<=>)(?=[^<>]{3})")
_SALUTE = re.compile(r"^(?:dear|hi|hello|good (?:morning|day)|hallo|bonjour|hola|sehr geehrte)[^\n]{0,60}\n+",
                     re.I | re.M)
_FAREWELL = re.compile(r"^(?:-- |best\b|kind |regards|sincerely|thanks|cheers|yours|mit |cordialement|saludos)[^\n]{0,30}$",
                       re.I | re.M)
KINDS = ("json", "html", "email", "table", "log", "code", "plain")
PLACES = ("start", "middle", "end")
Piece = tuple[int, str, str, str]
"""Where a payload goes: offset in the host, text before it, the payload as written there, text after it."""


def embed(payload: str, host: str, rng: random.Random, place: str | None = None) -> tuple[str, int, int]:
    """The host with the payload in it, and the payload's [start, end) in code points.

    The span is of the payload as it is written there (escaped in JSON, quoted in CSV, line breaks
    turned to blanks where a carrier has one line). `place` is "start", "middle", "end" or None
    for any. A blank host gives the payload alone.
    """
    if place is not None and place not in PLACES:
        raise ValueError(f"place is {place!r}, not one of {PLACES}")
    if not host.strip():
        return payload, 0, len(payload)
    place = place or PLACES[int(rng.random() * 3)]
    at, before, written, after = _SEATS[host_kind(host)](payload, host, place, rng)
    start = at + len(before)
    return host[:at] + before + written + after + host[at:], start, start + len(written)


@lru_cache(maxsize=65_536)
def host_kind(host: str) -> str:
    """What a host looks like, one of KINDS."""
    head = host.lstrip()[:3_000]
    if head[:1] in ("{", "[") and _is_json(host):
        return "json"
    if _HEADER.match(head):
        return "email"
    if re.search(r"<(?:html|body|div|p|table|ul|h[1-6]|span|article|!doctype)\b", head, re.I):
        return "html"
    lines = [line for line in head.splitlines()[:40] if line.strip()]
    if len(_STAMP.findall(head)) >= max(2, len(lines) // 2):
        return "log"
    if _delimiter(lines):
        return "table"
    if len(lines) > 1 and len(_CODE_LINE.findall(head)) >= max(2, 0.25 * len(lines)):
        return "code"
    if _SALUTE.match(head) and "\n" in head:
        return "email"
    return "plain"


def _is_json(host: str) -> bool:
    try:
        return bool(json.loads(host))
    except (ValueError, RecursionError):
        return False


def _delimiter(lines: list[str]) -> str:
    """The mark between the cells of a table, "" where the lines are none."""
    if len(lines) < 2:
        return ""
    for mark, least in (("|", 2), ("\t", 1), (";", 2), (",", 2)):
        counts = [line.count(mark) for line in lines[:12]]
        steady = sum(count == counts[0] for count in counts)
        if counts[0] >= least and steady >= 0.75 * len(counts):
            if mark == "," and (". " in lines[1] or len(lines[0]) > 400):
                continue
            return mark
    return ""


def _boundary(host: str, pattern: re.Pattern[str], place: str, rng: random.Random, low: int, high: int) -> int:
    """An offset in [low, high] right after a match of the pattern; `low` and `high` for start and end."""
    if place != "middle" or high - low < 2:
        return high if place == "end" else low
    aim = low + int(rng.random() * (high - low))
    found = pattern.search(host, aim, high) or pattern.search(host, low, high)
    return found.end() if found else (low if rng.random() < 0.5 else high)


def _one_line(payload: str) -> str:
    return " ".join(payload.split()) if "\n" in payload or "\r" in payload else payload


def _flow(at: int, host: str, before: str, written: str, after: str, rng: random.Random, lines: bool) -> Piece:
    """A piece set off from its neighbours by blanks, or by line breaks where it needs its own lines."""
    left, right = host[:at][-2:], host[at:at + 2]
    gap = ("\n\n" if rng.random() < 0.6 else "\n") if lines else " "
    lead = "" if at == 0 or (left[-1:].isspace() and (not lines or left[-1:] == "\n")) else gap
    trail = "" if not right or (right[:1].isspace() and (not lines or right[:1] == "\n")) else gap
    return at, lead + before, written, after + trail


_PROSE: tuple[tuple[str, str, bool], ...] = (
    ("", "", False), ("", "", False), ("", "", False), ("", "", True), ("", "", True), ("(", ")", False),
    ("Note: ", "", True), ("Note: ", "", False), ("[", "]", False), ("## ", "", True), ("> ", "", True),
    ("- ", "", True), ("P.S. ", "", True), ('"', '"', False), ("[1] ", "", True), ("---\n", "\n---", True),
    ("* ", "", True), ("Update: ", "", True), ("N.B. ", "", False), ("**", "**", False), ("Important: ", "", True),
    ("<!-- ", " -->", True), ("Comment: ", "", True), ("“", "”", False), ("1. ", "", True), ("Tip: ", "", True))
_ONE_LINE = {"## ", "> ", "- ", "* ", "1. ", "[1] "}


def _plain(payload: str, host: str, place: str, rng: random.Random) -> Piece:
    before, after, lines = _PROSE[int(rng.random() * len(_PROSE))]
    written = _one_line(payload) if before in _ONE_LINE else payload
    at = _boundary(host, _SENTENCE, place, rng, 0, len(host.rstrip()))
    return _flow(at, host, before, written, after, rng, lines)


_MAIL: tuple[tuple[str, str, bool], ...] = (
    ("", "", True), ("", "", True), ("", "", True), ("", "", False), ("> ", "", True), ("P.S. ", "", True),
    ("Note: ", "", True), ("(", ")", False), ("PS: ", "", True), ("-----Original Message-----\n", "", True),
    ("---\n", "", True), ("- ", "", True), ("FYI: ", "", True), ("One more thing: ", "", True),
    ("<!-- ", " -->", True), ("[", "]", True), ("Disclaimer: ", "", True), ("Sent from my phone. ", "", True))


def _email(payload: str, host: str, place: str, rng: random.Random) -> Piece:
    head = _HEADER.match(host)
    low = head.end() if head else 0
    if head and place == "start" and rng.random() < 0.15:
        subject = re.search(r"^Subject: .*$", head[0], re.M)
        if subject:
            return subject.end(), " - ", _one_line(payload), ""
    salute = _SALUTE.search(host, low, low + 200)
    high = len(host.rstrip())
    farewell = _FAREWELL.search(host, low + (high - low) // 2, high)
    if farewell and place == "end" and rng.random() < 0.5:
        high = farewell.start()
    before, after, lines = _MAIL[int(rng.random() * len(_MAIL))]
    written = _one_line(payload) if before in _ONE_LINE else payload
    at = _boundary(host, _SENTENCE, place, rng, min(salute.end() if salute else low, high), high)
    return _flow(at, host, before, written, after, rng, lines)


_WEB = (("", ""), ("<p>", "</p>"), ("<p>", "</p>"), ("<!-- ", " -->"), ("<!--", "-->"), ("<li>", "</li>"),
        ('<div style="display:none">', "</div>"), ("<h3>", "</h3>"), ("<small>", "</small>"),
        ('<span title="', '">i</span>'), ('<img src="/a.png" alt="', '">'), ("<footer>", "</footer>"),
        ('<meta name="description" content="', '">'), ("<td>", "</td>"), ('<input type="hidden" value="', '">'),
        ('<div class="comment">', "</div>"), ("<blockquote>", "</blockquote>"), ('<a href="#" aria-label="', '">more</a>'),
        ('<span style="font-size:1px;color:#fff">', "</span>"), ("<noscript>", "</noscript>"), ("<em>", "</em>"))


def _html(payload: str, host: str, place: str, rng: random.Random) -> Piece:
    before, after = _WEB[int(rng.random() * len(_WEB))]
    written = payload
    if before.endswith('"'):
        written = _one_line(payload).replace('"', "&quot;")
    elif before.startswith("<!--"):
        written = payload.replace("-->", "->")
    at = _boundary(host, _TAG_EDGE, place, rng, 0, len(host.rstrip()))
    for script in _SCRIPT.finditer(host) if place == "middle" and "</s" in host.lower() else ():
        if script.start() < at < script.end():
            at = script.end()
    return at, before, written, after + ("\n" if rng.random() < 0.3 else "")


_FIELDS = ("note", "comment", "description", "message", "summary", "text", "content", "remark", "details", "feedback",
           "body", "instructions", "title", "status_text", "hint", "result", "memo", "reason", "label", "bio")


def _json(payload: str, host: str, place: str, rng: random.Random) -> Piece:
    written = json.dumps(payload, ensure_ascii=host.isascii() and rng.random() < 0.5)[1:-1]
    values = [m.span() for m in _STRING.finditer(host) if not host[m.end():m.end() + 8].lstrip().startswith(":")]
    braces = [m.end() for m in re.finditer(r"\{", _STRING.sub(lambda m: "_" * len(m[0]), host))]
    if braces and (not values or rng.random() < 0.4):
        at = braces[_pick(len(braces), place, rng)]
        name = next((f for f in rng.sample(_FIELDS, 6) if f'"{f}"' not in host), f"note_{len(host)}")
        blank = re.match(r"\s*", host[at:])[0]
        if host[at + len(blank)] == "}":
            return at, f'"{name}": "', written, '"'
        return at, f'{blank}"{name}": "', written, '",' + ("" if blank else " ")
    if not values:
        return host.index("[") + 1, '"', written, '"' if host[1:].lstrip().startswith("]") else '", '
    start, end = values[_pick(len(values), place, rng)]
    return _into_value(written, host, start + 1, end - 1, rng)


def _into_value(written: str, host: str, low: int, high: int, rng: random.Random) -> Piece:
    dice = rng.random()
    if high - low < 1 or dice < 0.4:
        return high, " " if high > low else "", written, ""
    if dice < 0.6:
        return low, "", written, " "
    gap = host.find(" ", low + int(rng.random() * (high - low)), high)
    return (high, " ", written, "") if gap < 0 else (gap, rng.choice((" ", " (", "\\n")), written, "")


def _pick(count: int, place: str, rng: random.Random) -> int:
    """An index in the first, middle or last third."""
    third = PLACES.index(place)
    return min(count - 1, int((third + rng.random()) * count / 3))


def _code(payload: str, host: str, place: str, rng: random.Random) -> Piece:
    at = _boundary(host, re.compile(r"\n"), place, rng, 0, len(host.rstrip()))
    indent = re.match(r"[ \t]*", host[at:])[0] if at < len(host) else ""
    line = _one_line(payload)
    quoted = line.replace("\\", "\\\\").replace('"', '\\"')
    slashes = any(mark in host for mark in ("//", "/*", ");", "};", "{\n"))
    shapes = [("# ", line, ""), ("# NOTE: ", line, ""), ("# TODO: ", line, ""), ('"""', line, '"""'),
              ('message = "', quoted, '"'), ('print("', quoted, '")'), ('logger.info("', quoted, '")'),
              ("# ", line, " #")]
    if slashes:
        shapes = [("// ", line, ""), ("// TODO: ", line, ""), ("/* ", line.replace("*/", "* /"), " */"),
                  ("/** ", line.replace("*/", "* /"), " */"), ("// NOTE: ", line, ""), ('String note = "', quoted, '";'),
                  ('console.log("', quoted, '");'), ('const message = "', quoted, '";')]
    elif re.search(r"\b(?:SELECT|INSERT|CREATE TABLE)\b", host):
        shapes = [("-- ", line, ""), ("-- NOTE: ", line, ""), ("/* ", line.replace("*/", "* /"), " */")]
    before, written, after = shapes[int(rng.random() * len(shapes))]
    if at == len(host.rstrip()):
        return at, "\n" + before, written, after
    return at, indent + before, written, after + "\n"


def _log(payload: str, host: str, place: str, rng: random.Random) -> Piece:
    at = _boundary(host, re.compile(r"\n"), place, rng, 0, len(host.rstrip()))
    stamps = _STAMP.findall(host, 0)
    before = stamps[_pick(len(stamps), place, rng)] if stamps else ""
    before += rng.choice(("", "", "message: ", "user: ", "INFO ", "note=", "comment: "))
    last = at == len(host.rstrip())
    return at, ("\n" if last else "") + before, _one_line(payload), "" if last else "\n"


def _table(payload: str, host: str, place: str, rng: random.Random) -> Piece:
    lines = host.splitlines(keepends=True)
    mark = _delimiter([line for line in lines[:40] if line.strip()])
    rows = [i for i, line in enumerate(lines) if mark in line and '"' not in line and not set(line) <= set("|:- \n")]
    if not rows or not mark:
        return _plain(payload, host, place, rng)
    row = rows[max(1, _pick(len(rows), place, rng)) if len(rows) > 1 else 0]
    offset = sum(len(line) for line in lines[:row])
    cells = lines[row].rstrip("\r\n").split(mark)
    inner = range(1, len(cells) - 1) if mark == "|" and len(cells) > 2 else range(len(cells))
    cell = max(rng.choices(inner, k=3), key=lambda i: len(cells[i].strip())) if rng.random() < 0.7 else rng.choice(inner)
    low = offset + sum(len(c) + 1 for c in cells[:cell])
    high = low + len(cells[cell])
    line = _one_line(payload)
    if mark in "|\t":
        line = line.replace("|", "\\|").replace("\t", " ")
    elif mark in line or '"' in line:
        # A CSV cell of its own, quoted, after the row's last one.
        end = offset + len(lines[row].rstrip("\r\n"))
        return end, mark + '"', line.replace('"', '""'), '"'
    while high > low and host[high - 1].isspace():
        high -= 1
    return high, " " if high > low else "", line, ""


_SEATS = {"json": _json, "html": _html, "email": _email, "table": _table, "log": _log, "code": _code, "plain": _plain}
