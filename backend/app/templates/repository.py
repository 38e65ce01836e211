"""Rows of templates and of their versions."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy import ColumnElement, Text, and_, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from app.templates.tables import Template, TemplateVersion

Pair = tuple[Template, TemplateVersion]


class TemplateRepository:
    """Look-ups and writes in the caller's transaction; each one names who asks."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(
        self, user_id: int, *, is_mine: bool, tag: str | None, skip: int, limit: int
    ) -> Sequence[Pair]:
        """Return templates in their newest versions, the last changed first."""
        query = (
            select(Template, TemplateVersion)
            .join(TemplateVersion, _is_newest())
            .where(Template.user_id == user_id if is_mine else _is_visible_to(user_id))
            .order_by(Template.updated_at.desc(), Template.id.desc())
            .offset(skip)
            .limit(limit)
        )
        if tag is not None:
            query = query.where(_has_tag(tag))
        return [(template, version) for template, version in await self._session.execute(query)]

    async def owned(self, user_id: int, template_id: int) -> Pair | None:
        """Return the owner's template for changing it; nobody else changes it before this transaction's end."""
        template = await self._session.scalar(
            select(Template).where(Template.id == template_id, Template.user_id == user_id).with_for_update()
        )
        if template is None:
            return None
        # a look-up of its own: a joined row that was waited for would be of before the other's change
        version = await self._session.get_one(TemplateVersion, (template.id, template.version))
        return template, version

    async def visible(self, user_id: int, template_id: int, number: int | None = None) -> Pair | None:
        """Return the asker's own template, or one that is shared; in the given version, or in the newest."""
        is_wanted = _is_newest() if number is None else _is_version(number)
        query = (
            select(Template, TemplateVersion)
            .join(TemplateVersion, is_wanted)
            .where(Template.id == template_id, _is_visible_to(user_id), _may_read(user_id))
        )
        row = (await self._session.execute(query)).first()
        return None if row is None else (row[0], row[1])

    async def versions(
        self, user_id: int, template_id: int, *, skip: int, limit: int
    ) -> Sequence[TemplateVersion]:
        """Return the versions that the asker may see, the newest first."""
        query = (
            select(TemplateVersion)
            .join(Template, Template.id == TemplateVersion.template_id)
            .where(Template.id == template_id, _is_visible_to(user_id), _may_read(user_id))
            .order_by(TemplateVersion.number.desc())
            .offset(skip)
            .limit(limit)
        )
        return (await self._session.scalars(query)).all()

    async def count(self, user_id: int) -> int:
        return await self._session.scalar(select(func.count()).where(Template.user_id == user_id)) or 0

    async def add(self, row: Template | TemplateVersion) -> None:
        self._session.add(row)
        await self._session.flush()

    async def delete(self, template: Template) -> None:
        """Delete it; its versions go with it by the database's own cascade."""
        await self._session.delete(template)


def _is_newest() -> ColumnElement[bool]:
    return and_(TemplateVersion.template_id == Template.id, TemplateVersion.number == Template.version)


def _is_version(number: int) -> ColumnElement[bool]:
    return and_(TemplateVersion.template_id == Template.id, TemplateVersion.number == number)


def _is_visible_to(user_id: int) -> ColumnElement[bool]:
    is_shared = and_(Template.public_from.is_not(None), Template.is_active)
    return or_(Template.user_id == user_id, is_shared)


def _may_read(user_id: int) -> ColumnElement[bool]:
    """What was written before a template was shared stays its owner's."""
    return or_(Template.user_id == user_id, TemplateVersion.number >= Template.public_from)


def _has_tag(tag: str) -> ColumnElement[bool]:
    # the column is a JSON list of strings: the tag with its quotes is in it exactly when it is one of them
    return type_coerce(Template.tags, Text).contains(orjson.dumps(tag).decode(), autoescape=True)
