"""Templates: write, share, keep every version, and turn one into text. Nothing here asks a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.audit.service import note
from app.db.session import Database
from app.kit.clock import Clock, SystemClock
from app.templates.errors import (
    RenderedTooLargeError,
    TemplateInactiveError,
    TemplateNotFoundError,
    TooManyTemplatesError,
    TooManyVariablesError,
    VersionNotFoundError,
)
from app.templates.renderer import MAX_RENDERED_CHARS, RenderedTooLongError, names_in, parse, render
from app.templates.repository import Pair, TemplateRepository
from app.templates.schemas import (
    RenderRead,
    TemplateChoice,
    TemplateCreate,
    TemplateRead,
    TemplateUpdate,
    TemplateVersionRead,
)
from app.templates.tables import Template, TemplateVersion
from app.templates.variables import MAX_VARIABLES, Variable, declare, texts_of

MAX_TEMPLATES_PER_USER = 1000
_MAX_ROW_ID = 2**31 - 1  # what the databases' integer columns hold


@dataclass(frozen=True, slots=True)
class _Text:
    """What a version says."""

    content: str
    variables: list[Variable]


class TemplateService:
    """What can be done with templates; every method is its own short transaction."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    async def page(
        self, user_id: int, *, is_mine: bool, tag: str | None, skip: int, limit: int
    ) -> list[TemplateRead]:
        """Return the asker's templates, or (`is_mine=False`) also those that others share."""
        async with self._database.reading() as session:
            pairs = await TemplateRepository(session).page(
                user_id, is_mine=is_mine, tag=tag, skip=skip, limit=limit
            )
        return [TemplateRead.of(*pair) for pair in pairs]

    async def read(self, user_id: int, template_id: int) -> TemplateRead:
        return TemplateRead.of(*await self._visible(user_id, template_id))

    async def create(self, user_id: int, wish: TemplateCreate) -> TemplateRead:
        """Store a template as its version 1. Raises TooManyTemplatesError, TooManyVariablesError."""
        text = _text(wish.content, wish.variables)
        now = self._clock.now()
        template = Template(
            user_id=user_id,
            title=wish.title,
            description=wish.description,
            tags=wish.tags,
            is_active=wish.is_active,
            public_from=1 if wish.is_public else None,
            version=1,
            created_at=now,
            updated_at=now,
        )
        async with self._database.transaction() as session:
            repository = TemplateRepository(session)
            if await repository.count(user_id) >= MAX_TEMPLATES_PER_USER:
                raise TooManyTemplatesError(MAX_TEMPLATES_PER_USER)
            await repository.add(template)
            version = _version_row(template, text, now)
            await repository.add(version)
            if wish.is_public:
                note(session, "template.publish", wish.title)
        return TemplateRead.of(template, version)

    async def replace(self, user_id: int, template_id: int, wish: TemplateCreate) -> TemplateRead:
        """Give every field a new value, the absent ones their defaults."""
        return await self._write(user_id, template_id, {name: getattr(wish, name) for name in _FIELDS})

    async def change(self, user_id: int, template_id: int, wish: TemplateUpdate) -> TemplateRead:
        """Change the given fields only."""
        given = {name: getattr(wish, name) for name in _FIELDS if name in wish.model_fields_set}
        return await self._write(user_id, template_id, given)

    async def delete(self, user_id: int, template_id: int) -> None:
        """Delete it with all its versions. Raises TemplateNotFoundError, also for other people's."""
        async with self._database.transaction() as session:
            repository = TemplateRepository(session)
            template, _ = await _owned(repository, user_id, template_id)
            await repository.delete(template)
            note(session, "template.delete", template.title)

    async def versions(
        self, user_id: int, template_id: int, *, skip: int, limit: int
    ) -> list[TemplateVersionRead]:
        await self._visible(user_id, template_id)
        async with self._database.reading() as session:
            rows = await TemplateRepository(session).versions(user_id, template_id, skip=skip, limit=limit)
        return [TemplateVersionRead.of(row) for row in rows]

    async def version(self, user_id: int, template_id: int, number: int) -> TemplateVersionRead:
        _, row = await self._visible(user_id, template_id, number)
        return TemplateVersionRead.of(row)

    async def render(
        self, user_id: int, template_id: int, values: Mapping[str, Any], number: int | None = None
    ) -> RenderRead:
        """Return the text with the values in it.

        Raises:
            TemplateNotFoundError, VersionNotFoundError: nothing of the kind that the asker may see.
            InvalidVariablesError: a value is missing, unknown or of the wrong type.
            RenderedTooLargeError: the text would be too long.
        """
        _, version = await self._visible(user_id, template_id, number)
        return RenderRead(text=_rendered(version, values), version=version.number)

    async def system_prompt(self, user_id: int, choice: TemplateChoice) -> str | None:
        """Return the system prompt that a chat asks for, or None when it names no template.

        The same template, version and values give the same text to the byte, so that a session's prefix stays.

        Raises:
            TemplateInactiveError: the asker's own template is switched off.
            and what `render` raises.
        """
        if choice.template_id is None:
            return None
        template, version = await self._visible(user_id, choice.template_id, choice.template_version)
        if not template.is_active:
            raise TemplateInactiveError
        return _rendered(version, choice.variables or {})

    async def _write(self, user_id: int, template_id: int, given: Mapping[str, Any]) -> TemplateRead:
        now = self._clock.now()
        async with self._database.transaction() as session:
            repository = TemplateRepository(session)
            template, version = await _owned(repository, user_id, template_id)
            before = TemplateVersionRead.of(version)
            text = _text(given.get("content", before.content), given.get("variables", before.variables))
            if text != _Text(before.content, before.variables):
                template.version += 1
                version = _version_row(template, text, now)
                await repository.add(version)
            was_public = template.public_from is not None
            _set_fields(template, given)
            if was_public != (template.public_from is not None):
                note(session, "template.withdraw" if was_public else "template.publish", template.title)
            template.updated_at = now
        return TemplateRead.of(template, version)

    async def _visible(self, user_id: int, template_id: int, number: int | None = None) -> Pair:
        """Return what the asker may see. Raises TemplateNotFoundError, or VersionNotFoundError."""
        async with self._database.reading() as session:
            repository = TemplateRepository(session)
            if _is_row_id(template_id) and (number is None or _is_row_id(number)):
                pair = await repository.visible(user_id, template_id, number)
                if pair is not None:
                    return pair
            if number is None or not _is_row_id(template_id):
                raise TemplateNotFoundError
            if await repository.visible(user_id, template_id) is None:
                raise TemplateNotFoundError
        raise VersionNotFoundError


_FIELDS = ("title", "description", "content", "variables", "tags", "is_active", "is_public")


async def _owned(repository: TemplateRepository, user_id: int, template_id: int) -> Pair:
    pair = await repository.owned(user_id, template_id) if _is_row_id(template_id) else None
    if pair is None:
        raise TemplateNotFoundError
    return pair


def _is_row_id(number: int) -> bool:
    return 1 <= number <= _MAX_ROW_ID


def _text(content: str, given: list[Variable]) -> _Text:
    variables = declare(names_in(parse(content)), given)
    if len(variables) > MAX_VARIABLES:
        raise TooManyVariablesError(len(variables), MAX_VARIABLES)
    return _Text(content, variables)


def _version_row(template: Template, text: _Text, now: datetime) -> TemplateVersion:
    return TemplateVersion(
        template_id=template.id,
        number=template.version,
        content=text.content,
        variables=[variable.model_dump(mode="json") for variable in text.variables],
        created_at=now,
    )


def _set_fields(template: Template, given: Mapping[str, Any]) -> None:
    """Set what is not part of a version. What is shared is shared from its version of that moment on."""
    for name in ("title", "description", "tags", "is_active"):
        if name in given:
            setattr(template, name, given[name])
    if "is_public" in given and given["is_public"] != (template.public_from is not None):
        template.public_from = template.version if given["is_public"] else None


def _rendered(version: TemplateVersion, values: Mapping[str, Any]) -> str:
    parts = parse(version.content)
    variables = [Variable.model_validate(variable) for variable in version.variables]
    try:
        return render(parts, texts_of(variables, names_in(parts), values))
    except RenderedTooLongError as error:
        raise RenderedTooLargeError(error.chars, MAX_RENDERED_CHARS) from error
