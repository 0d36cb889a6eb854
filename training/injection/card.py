"""Writes the model card: everything in it is counted or measured by the build that made the model."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections import Counter
from pathlib import Path

from corpus import NEVER, Row
from exits import LEAVE, LOST
from figures import COVERED_ATTACKS, COVERED_SHARE, balanced_interval, interval, languages
from calibrate import FEW, FOLDS, POINTS, PRIOR
from measure import MOST_PER_SOURCE
from work import HERE, PRODUCT, digest_of

NAMES = {"user": "users' texts", "third_party": "third parties' texts"}
LEAST = 20
"""Texts of a label that a group needs to stand in a table."""


def write_card(options: argparse.Namespace, origin: dict, rows: dict[str, list[Row]], report: dict, seed: int) -> None:
    """`README.md` in the model folder; `origin` says where the encoder is from, `rows` what each text was used for."""
    manifest = json.loads((options.out / "model.json").read_text())
    latency = json.loads(options.latency.read_text()) if options.latency else None
    parts = [
        head(manifest, options.rows),
        use(),
        data(rows, origin),
        figures(report),
        *(groups(report, key, name) for key, name in (("kind", "kind"), ("carrier", "carrier"))),
        covered(report),
        sources(report),
        shortcuts(report),
        times(report, latency),
        limits(report),
        making(options, origin, seed),
        files(options.out, manifest),
    ]
    (options.out / "README.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows])


def head(manifest: dict, sampled: int | None) -> str:
    text = f"# {manifest['id']} {manifest['version']}\n\nDetects prompt injection, jailbreaks and attempts to extract a system prompt in text."
    if sampled:
        text += f"\n\n**A trial of the recipe with {sampled} dev rows (`--rows`): its figures and thresholds are not for use.**"
    return text


def use() -> str:
    return """## Use

Made for the `text/injection` check: texts that reach a language model are scored before it reads them. A user's text and what a
third party supplied (a tool's result, a retrieved document) have heads and thresholds of their own. What the operator
wrote is not for it.

Not for: judging people or their intentions; deciding alone, without appeal, over an account or a person; telling whether a
request is harmful (it was taught attacks on the assistant's instructions, not harmful subjects); replacing limits on what an
assistant may do with its tools. Whoever can ask it often enough finds texts that it misses."""


def data(rows: dict[str, list[Row]], origin: dict) -> str:
    uses = list(rows)
    counted: dict[tuple[str, str, str], Counter[str]] = {}
    for part, members in rows.items():
        for row in members:
            counted.setdefault((row.file, row.source, row.license or "not stated in the row"), Counter())[f"{part} {row.label}"] += 1
    lines = [
        [*key, *(f"{count[f'{part} 1']} / {count[f'{part} 0']}" for part in uses)] for key, count in sorted(counted.items())
    ]
    totals = ", ".join(f"{part} {sum(r.label for r in rows[part])} attacks and {sum(1 - r.label for r in rows[part])} harmless" for part in uses)
    licences = Counter(row.license or "not stated in the row" for row in rows["train"])
    encoder = ("the linear stage; the encoder was trained by earlier runs, from which this build took it as a file. Texts that "
               "stand word for word in the passes that it was told of (below) are left out of dev and calibration"
               if "checkpoint" in origin else "the linear stage and the encoder")
    return f"""## Data

{totals}. `train` trained {encoder}. `dev` (whole sources, or blocks of neighbours of sources written text
by text) and `calibration` (harmless blocks of sources that also train) fitted the stack and the thresholds. Besides the
rows, passes hold texts that the recipe composes of training rows and of its grammars. Files never read: {', '.join(sorted(NEVER))}.

Licences of the training rows: {', '.join(f'{name} {count}' for name, count in licences.most_common())}.

<details><summary>Attacks / harmless texts by source</summary>

{table(['file', 'source', 'licence', *uses], lines)}

</details>"""


def figures(report: dict) -> str:
    rows = []
    notes = []
    for origin, one in report["figures"].items():
        for name, rate in POINTS.items():
            point = one["points"][name]
            rows.append([NAMES[origin], f"{name} ({100 * rate:g} %)", f"{point['threshold']:.4f}",
                         balanced_interval(point["all"]), interval(point["all"]["alarms"], point["all"]["harmless"]),
                         interval(point["all"]["found"], point["all"]["attacks"]),
                         interval(point["unseen"]["found"], point["unseen"]["attacks"])])
            if not point["rests"]["enough"]:
                notes.append(f"`{name}` of {NAMES[origin]} rests on {point['rests']['above']} harmless texts above it, of "
                             f"{point['rests']['harmless']} (worth {point['rests']['effective']:.0f}): too few to vouch for {100 * rate:g} %.")
    aucs = "; ".join(f"{NAMES[o]} {one['auc']['all']:.4f}" + (f" ({one['auc']['unseen']:.4f} on unseen sources)" if one["auc"]["unseen"] else "")
                     for o, one in report["figures"].items() if one["auc"]["all"])
    fits = "; ".join(f"{NAMES[o]} Brier {one['probability']['brier']:.4f}, expected calibration error {one['probability']['expectedCalibrationError']:.4f}"
                     for o, one in report["figures"].items())
    return f"""## Figures

Of the whole cascade as it runs in the product, with its 8-bit encoder and all shortcuts, on texts that nothing was trained on. Out
of fold ({FOLDS} folds of whole sources): every text is scored by a stack, and compared with a threshold, that were made without its
source. 95 % intervals by Wilson. In "sources alike" no source counts for more than {MOST_PER_SOURCE} texts; thresholds are set so. A point
is marked below where fewer than {FEW} harmless texts lie above it.

{table(['texts', 'point (aim)', 'threshold', 'false alarms, sources alike', 'false alarms, plain count', 'found', 'found, unseen sources'], rows)}

{chr(10).join(f'- {note}' for note in notes) or 'Every point rests on enough harmless texts.'}

ROC AUC: {aucs or 'not to be told from so few texts'}. `probability` is calibrated to a prior of {PRIOR:g} (attacks among all texts): {fits}."""


def groups(report: dict, key: str, title: str) -> str:
    rows = []
    for origin, one in report["figures"].items():
        for name, by_point in one["groups"][key].items():
            counts = by_point["balanced"]
            if counts["attacks"] < LEAST and counts["harmless"] < LEAST:
                continue
            rows.append([NAMES[origin], name, *(interval(by_point[p]["found"], by_point[p]["attacks"]) for p in POINTS),
                         *(interval(by_point[p]["alarms"], by_point[p]["harmless"]) for p in POINTS)])
    columns = ["texts", title, *(f"found, {p}" for p in POINTS), *(f"alarms, {p}" for p in POINTS)]
    return f"### By {title}\n\nGroups of at least {LEAST} texts of a label.\n\n{table(columns, rows)}"


def covered(report: dict) -> str:
    found = languages(report["figures"])
    named = sorted(found, key=lambda lang: -found[lang]["attacks"])
    yes = [lang for lang in named if found[lang]["covered"]]
    rows = [[lang, "yes" if found[lang]["covered"] else "no", interval(found[lang]["found"], found[lang]["attacks"]),
             interval(found[lang]["alarms"], found[lang]["harmless"])]
            for lang in named if found[lang]["attacks"] + found[lang]["harmless"] >= LEAST]
    return f"""### By language

A language counts as covered with at least {COVERED_ATTACKS} held-out attacks, of which at the balanced point at least {100 * COVERED_SHARE:.0f} % of the share
that is found in English is found: **{', '.join(yes) or 'none'}**. No other language is claimed.

{table(['language', 'covered', 'found, balanced', 'alarms, balanced'], rows)}"""


def sources(report: dict) -> str:
    rows = [[NAMES[o], entry["source"], "also trains" if entry["trained"] else "unseen", entry["attacks"], f"{entry['auc']:.3f}"]
            for o, one in report["figures"].items() for entry in one["sources"]]
    unseen = sorted(e["auc"] for one in report["figures"].values() for e in one["sources"] if not e["trained"])
    text = "Unseen sources: " + (f"median AUC {unseen[len(unseen) // 2]:.3f}, worst {unseen[0]:.3f} of {len(unseen)}." if unseen else "none with enough attacks.")
    return f"### By source\n\n{text}\n\n{table(['texts', 'source', '', 'attacks', 'AUC'], rows)}"


def shortcuts(report: dict) -> str:
    bounds, after = report["bounds"], str(report["after"])
    rows = []
    for origin, one in report["figures"].items():
        lost = report["shortcuts"][origin]
        exits = bounds["exits"][after][origin]
        rows.append([NAMES[origin], interval(one["settled"]["harmless"], one["harmless"]),
                     f"{100 * exits['askedHarmlessThatLeave']:.1f} % of {exits['askedHarmless']}",
                     interval(exits["aboveThatLeave"], exits["above"]), interval(lost["lost"], lost["found"]), lost["gained"]])
    columns = ["texts", "harmless texts that the linear stage settles", "harmless windows it leaves open that leave early",
               "suspect windows that leave early", "attacks found without shortcuts that these lose", "attacks found only with these"]
    return f"""## Shortcuts

The linear stage may settle {100 * LOST:g} % of the attacks that the encoder finds on dev, the exit after layer {after} let {100 * LEAVE:g} % of the windows above
the balanced threshold leave; both bounds are set on the same texts that they are counted on.

{table(columns, rows)}"""


def times(report: dict, latency: dict | None) -> str:
    exported = report["exported"][str(report["after"])]
    own = exported["milliseconds"]
    said = [f"For one sequence of 128 tokens on one thread, the least of a number of runs, on the machine of the build: "
            f"{own['lower']:.1f} ms to the exit, {own['upper']:.1f} ms above it."]
    if latency and "latencyMs" in latency:
        rows = [[size, t["p50"], t["p99"]] for size, t in latency["latencyMs"].items()]
        said.append("The whole cascade, by `bench:injection`:\n\n" + table(["characters", "p50, ms", "p99, ms"], rows))
    else:
        said.append("The whole cascade's latency was not measured by this build; `npm run -s bench:injection` does it.")
    final = exported["final"]
    said.append(f"8-bit against unquantized answers, {final['windows']} windows: the logits are {final['meanDistance']:.2f} apart on average "
                f"(99th percentile {final['p99Distance']:.2f}), {final['flipped']} of {final['decisions']} decisions at the balanced threshold differ.")
    return "## Time\n\n" + "\n\n".join(said)


def limits(report: dict) -> str:
    weak = []
    for origin, one in report["figures"].items():
        for name, by_point in one["groups"]["kind"].items():
            counts = by_point["balanced"]
            if counts["attacks"] >= LEAST and counts["found"] < counts["attacks"] / 2:
                weak.append(f"{name} in {NAMES[origin]}: {interval(counts['found'], counts['attacks'])} found")
            if counts["harmless"] >= LEAST and counts["alarms"] > 0.02 * counts["harmless"]:
                weak.append(f"{name} in {NAMES[origin]}: {interval(counts['alarms'], counts['harmless'])} false alarms")
    return "## Limits\n\nKinds of which at the balanced point less than half is found, or more than 2 % raise a false alarm:\n\n" + (
        "\n".join(f"- {line}" for line in weak) or "- none in the dev texts") + (
        "\n\nTexts of dev resemble the training texts more than an attacker's next idea does. A text is read in windows: an attack "
        "spread thinly over many of them, or over several texts, may be seen by none.")


def making(options: argparse.Namespace, origin: dict, seed: int) -> str:
    said = "; ".join(f"{name} {value}" for name, value in origin.items())
    command = shlex.join(["python", "training/injection/build.py", *(tidy(word) for word in sys.argv[1:])])
    return f"""## How it was made

```sh
{command}
```

Seed {seed}. Finished {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC. Encoder: {said}; started from `{options.base.parent.name}`
(weights SHA-256 `{digest_of(options.base / 'model.safetensors')}`). Recipe: SHA-256 of each file below."""


def tidy(word: str) -> str:
    """A path of the machine that built, by its last name."""
    return Path(word).name if word.startswith("/") else word


def files(out: Path, manifest: dict) -> str:
    rows = [[f"`{entry['name']}`", entry["bytes"], f"`{entry['sha256']}`"] for entry in manifest["files"].values()]
    rows.append(["`model.json`", (out / "model.json").stat().st_size, f"`{digest_of(out / 'model.json')}`"])
    recipe = [[f"`{path.relative_to(PRODUCT)}`", path.stat().st_size, f"`{digest_of(path)}`"]
              for path in sorted([*HERE.glob("*.py"), *HERE.glob("*.ts"), *HERE.glob("grammars/*.txt")])]
    return f"## Files\n\n{table(['file', 'bytes', 'SHA-256'], rows + recipe)}"
