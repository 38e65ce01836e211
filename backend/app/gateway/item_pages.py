"""Lists of items as the API shows them, a page at a time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.gateway.response_items import Item


@dataclass(frozen=True, slots=True)
class ItemPage:
    """How a list of items is cut: at most `limit` of them, those that come after the item `after`."""

    limit: int = 20
    is_newest_first: bool = True
    after: str | None = None


def page_of(items: Sequence[Item], page: ItemPage) -> dict[str, Any]:
    """Return a page of all the items, the oldest of them given first."""
    ordered = items[::-1] if page.is_newest_first else items
    ids = [item["id"] for item in ordered]
    begin = ids.index(page.after) + 1 if page.after in ids else 0
    return item_list(ordered[begin : begin + page.limit], has_more=begin + page.limit < len(ordered))


def item_list(shown: Sequence[Item], *, has_more: bool = False) -> dict[str, Any]:
    """Return items as a list of the API."""
    return {
        "object": "list",
        "data": [as_read(item) for item in shown],
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": has_more,
    }


def as_read(item: Item) -> Item:
    """Return an item as it is read: what was put in has no status of its own."""
    return {"status": "completed", **item}
