"""Which rows are whose, told from the tables themselves: a table that is added later cannot be forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Column, ForeignKey, LargeBinary, MetaData, Select, Table, select
from sqlalchemy.sql import ColumnElement

OWNER_COLUMNS = ("user_id", "owner_id", "actor_id", "created_by", "used_by")
_SECRET_ENDINGS = ("_hash", "salt", "sealed_key")
_DERIVED = ("search_text",)


def owned_tables(metadata: MetaData) -> list[Table]:
    """Return the tables that hold something of a person: by a column of their id, or by belonging to such a table."""
    return [table for table in metadata.sorted_tables if condition(table, 0) is not None]


def condition(table: Table, user_id: int) -> ColumnElement[bool] | None:
    """Return what a row of this person fulfils; None for a table that holds nothing of anybody."""
    if table.name == "users":
        return table.c.id == user_id
    own = [table.c[name] == user_id for name in OWNER_COLUMNS if name in table.c]
    if own:
        first, *others = own
        for other in others:
            first = first | other
        return first
    for key in _belongings(table):
        of_parent = condition(key.column.table, user_id)
        if of_parent is not None:
            return key.parent.in_(select(key.column).where(of_parent))
    return None


def query(table: Table, user_id: int) -> Select[tuple[object, ...]]:
    """Return the person's rows, without secrets, and without what is derived or binary."""
    found = condition(table, user_id)
    assert found is not None
    shown = [column for column in table.columns if _is_shown(column)]
    return select(*shown).where(found).order_by(*table.primary_key)


def _is_shown(column: Column[object]) -> bool:
    is_secret = column.name.endswith(_SECRET_ENDINGS)
    return not is_secret and column.name not in _DERIVED and not isinstance(column.type, LargeBinary)


def _belongings(table: Table) -> Iterator[ForeignKey]:
    for key in sorted(table.foreign_keys, key=lambda one: one.column.table.name):
        if key.column.table is not table and key.ondelete == "CASCADE":
            yield key
