"""Reads the phrase files: `## title` opens a section, every other line is one phrase."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


@cache
def sections(name: str) -> dict[str, list[str]]:
    """Return the phrases of a file by section."""
    found: dict[str, list[str]] = {}
    title = ""
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            title = line[3:]
            found[title] = []
        elif line:
            found[title].append(line)
    return found
