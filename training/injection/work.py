"""Where the stages of a build leave their results, and what each was made from. A result of other data, code or vocabulary
is refused, never taken up again in silence."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

HERE = Path(__file__).parent
PRODUCT = HERE.parent.parent
SEEING = "checks/text/injection/model"
READING = ("checks/text/normalise", f"{SEEING}/features.ts", f"{SEEING}/tokenizer.ts", f"{SEEING}/windows.ts")
"""Folders and files of the product that say what a window is and what a model sees of it."""


class StaleWork(Exception):
    """A stage's result in the work folder was made from something else."""


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_of(folder: Path, pattern: str, name: str | None = None) -> dict[str, str]:
    """Digests of a folder's files by `FOLDER/FILE`."""
    name = folder.name if name is None else name
    return {f"{name}/{path.relative_to(folder)}": digest_of(path) for path in sorted(folder.glob(pattern))}


def code_of(*names: str) -> dict[str, str]:
    """Digests of files of the recipe."""
    return {f"training/injection/{name}": digest_of(HERE / name) for name in names}


def product_code(*parts: str) -> dict[str, str]:
    """Digests of the product's own code, files or all that lies under folders, tests aside."""
    found: dict[str, str] = {}
    for part in parts:
        whole = PRODUCT / part
        found |= {part: digest_of(whole)} if whole.is_file() else files_of(whole, "**/*.ts", part)
    return {name: digest for name, digest in found.items() if not name.endswith(".test.ts")}


class Work:
    """Beside the files `STAGE.*` of every stage lies `STAGE.made`: digests of what it was made from, and whether it was
    finished. A stage that was interrupted may go on where it stopped, if nothing it is made from has changed."""

    def __init__(self, folder: Path, fresh: bool = False) -> None:
        self.folder = folder
        self.fresh = fresh
        self.renewed: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)

    def finished(self, stage: str, inputs: dict[str, str]) -> bool:
        """Whether the stage's result is there already. Otherwise the stage may be made, or gone on with, and must then
        be ended. Raises {@link StaleWork} where what is there was made from other inputs."""
        marker = self.folder / f"{stage}.made"
        if self.fresh and stage not in self.renewed:
            self.renewed.add(stage)
            for path in self.folder.glob(f"{stage}.*"):
                path.unlink()
        if not marker.exists():
            if any(self.folder.glob(f"{stage}.*")):
                raise StaleWork(self.advice(stage, "was left without a word of what it was made from"))
            self.note(marker, inputs, False)
            return False
        noted = json.loads(marker.read_text())
        if noted["inputs"] != inputs:
            changed = sorted(n for n in noted["inputs"].keys() | inputs if noted["inputs"].get(n) != inputs.get(n))
            names = ", ".join(changed[:6]) + (f" and {len(changed) - 6} more" if len(changed) > 6 else "")
            raise StaleWork(self.advice(stage, f"was made before these changed: {names}"))
        return bool(noted["finished"])

    def end(self, stage: str, inputs: dict[str, str]) -> None:
        self.note(self.folder / f"{stage}.made", inputs, True)

    def advice(self, stage: str, why: str) -> str:
        return f"{self.folder}/{stage}.* {why}. Delete {self.folder}/{stage}.*, take another --work, or give --fresh."

    def note(self, marker: Path, inputs: dict[str, str], finished: bool) -> None:
        part = marker.with_suffix(".part")
        part.write_text(json.dumps({"finished": finished, "inputs": inputs}, indent=1))
        part.replace(marker)
