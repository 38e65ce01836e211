"""Who is limited, and to what. Pure data, as keys and people have it stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Period = Literal["day", "month", "total"]
PERIODS: tuple[Period, ...] = ("day", "month", "total")
Kind = Literal["key", "user"]


@dataclass(frozen=True, slots=True)
class Subject:
    """A key or a person that has a limit of some kind; None is none. `budget` is in nanos by period."""

    kind: Kind
    id: str
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    budget: Mapping[Period, int] | None = None

    @property
    def words(self) -> str:
        """Name it in a sentence."""
        return "This API key" if self.kind == "key" else "Your account"


def subject_of(kind: Kind, row_id: object, row: Any) -> Subject | None:
    """Return what is stored of a key or a person as a subject; None where nothing is limited."""
    if row.requests_per_minute is None and row.tokens_per_minute is None and not row.budget:
        return None
    return Subject(kind, str(row_id), row.requests_per_minute, row.tokens_per_minute, row.budget or None)
