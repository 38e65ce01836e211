"""The projects as they are now, in this process: built-in, edited and own ones; every replica hears of a change."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from app.coord.base import Coord
from app.db.session import Database
from app.errors import PortalError
from app.kit.hashing import digest
from app.kit.ids import new_id
from app.projects.builtin import BUILTIN, builtin_settings
from app.projects.repository import ProjectRepository
from app.projects.schemas import ProjectSettings
from app.projects.tables import ProjectRow
from app.templates.service import TemplateService

logger = logging.getLogger(__name__)

_CHANGED = "projects-changed"
_RELOAD_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Project:
    """One project. `owner_id` is who saved it, whose templates it may use."""

    name: str
    settings: ProjectSettings
    owner_id: int | None = None
    updated_at: datetime | None = None
    past_prompts: frozenset[str] = frozenset()

    @property
    def is_stored(self) -> bool:
        return self.updated_at is not None


class ProjectCatalog:
    """`get` and `names` are plain look-ups; `listed` are the projects of MQTT_PROJECTS."""

    def __init__(
        self, database: Database, coord: Coord, templates: TemplateService, listed: list[str]
    ) -> None:
        self.on_changed: Callable[[], None] = lambda: None
        self._database = database
        self._coord = coord
        self._templates = templates
        self._listed = listed
        self._only: frozenset[str] | None = None
        self._stored: dict[str, Project] = {}
        self._said: dict[str, set[str]] = {}
        self._here = new_id().encode()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def names(self) -> list[str]:
        """Return whose topics are answered: those of MQTT_PROJECTS, then the stored ones."""
        found = [*self._listed, *(name for name in self._stored if name not in self._listed)]
        return [name for name in found if self._only is None or name in self._only]

    def restrict(self, names: list[str]) -> None:
        """Answer only these, whatever else is stored."""
        self._only = frozenset(names)

    def get(self, name: str) -> Project:
        """Return a project; a name that is none is answered as the built-in of that name, or generally."""
        return self._stored.get(name) or Project(name, builtin_settings(name))

    def is_builtin(self, name: str) -> bool:
        """Tell whether a project is there without being stored."""
        return name in BUILTIN or name in self._listed

    async def prompt_of(self, project: Project) -> str:
        """Return the prompt with which a session begins. A template that cannot be used any more gives way to the text."""
        settings = project.settings
        if settings.template_id is None or project.owner_id is None:
            return settings.system_prompt
        try:
            rendered = await self._templates.system_prompt(project.owner_id, settings)
        except PortalError as error:
            logger.warning("the template of project %s is not used: %s", project.name, error.message)
            return settings.system_prompt
        prompt = rendered or settings.system_prompt
        self._said.setdefault(project.name, set()).add(digest(prompt))
        return prompt

    def past_prompts(self, project: Project) -> frozenset[str]:
        """Return digests of what the project's prompt was."""
        return project.past_prompts | self._said.get(project.name, set())

    async def start(self) -> None:
        await self._reload()
        for work in (self._watch(), self._hear()):
            self._keep(work)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def changed(self) -> None:
        """Take what was stored just now, here and on every replica."""
        await self._reload()
        with contextlib.suppress(Exception):  # the other replicas look by themselves now and then
            await self._coord.signals.publish(_CHANGED, self._here)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work, name="projects"))

    async def _reload(self) -> None:
        try:
            async with self._database.reading() as session:
                rows = await ProjectRepository(session).all()
        except PortalError as error:
            logger.warning("the projects could not be read: %s", error.message)
            return
        before = self._stored
        self._stored = {row.name: project for row in rows if (project := _project(row)) is not None}
        if before == self._stored:
            return
        for name in before.keys() | self._stored.keys():
            old = before.get(name) or Project(name, builtin_settings(name))
            if old.settings.system_prompt != self.get(name).settings.system_prompt:
                self._said.setdefault(name, set()).add(digest(old.settings.system_prompt))
        self.on_changed()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_RELOAD_SECONDS)
            await self._reload()

    async def _hear(self) -> None:
        async with self._coord.signals.listen(_CHANGED) as messages:
            async for sender in messages:
                if sender != self._here:
                    await self._reload()


def _project(row: ProjectRow) -> Project | None:
    try:
        settings = ProjectSettings.model_validate(row.settings)
    except ValidationError:
        logger.error("project %s is not used: what is stored of it is not valid", row.name)
        return None
    return Project(row.name, settings, row.owner_id, row.updated_at, frozenset(row.past_prompts))
