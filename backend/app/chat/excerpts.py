"""Short texts from long ones: a session's first title, the line around a search hit."""

from __future__ import annotations

TITLE_LENGTH = 60
_BEFORE_HIT, _AFTER_HIT = 40, 80


def title_from(message: str) -> str:
    """Return the first words of a message as a title, cut at a word's end."""
    line = " ".join(message.split())
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[: TITLE_LENGTH - 1]
    at_word = cut.rpartition(" ")[0]
    return (at_word if len(at_word) > TITLE_LENGTH // 2 else cut).rstrip(" ,;:.-–") + "…"


def fold(text: str) -> str:
    """Fold case and white space, for searching."""
    return " ".join(text.split()).casefold()


def snippet_around(text: str, folded_query: str) -> str:
    """Return one line of `text` around the first hit of a folded query, with ellipses where it was cut."""
    line = " ".join(text.split())
    start = _find_folded(line, folded_query)
    begin = max(0, start - _BEFORE_HIT)
    end = min(len(line), start + len(folded_query) + _AFTER_HIT)
    if begin and (space := line.find(" ", begin, start)) != -1:
        begin = space + 1
    if end < len(line) and (space := line.rfind(" ", start + len(folded_query), end)) != -1:
        end = space
    return ("…" if begin else "") + line[begin:end] + ("…" if end < len(line) else "")


def _find_folded(line: str, folded_query: str) -> int:
    """Return where the hit begins in the unfolded line; folding may lengthen text (ß becomes ss)."""
    folded = line.casefold()
    position = max(0, folded.find(folded_query))
    if len(folded) == len(line):
        return position
    length = 0
    for index, character in enumerate(line):
        if length >= position:
            return index
        length += len(character.casefold())
    return 0
