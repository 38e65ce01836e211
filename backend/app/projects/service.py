"""What operators do with projects: change them, make own ones, put built-in ones back; each takes effect at once."""

from __future__ import annotations

from app.audit.service import note
from app.db.session import Database
from app.kit.clock import Clock
from app.kit.hashing import digest
from app.projects.builtin import builtin_settings
from app.projects.catalog import Project, ProjectCatalog
from app.projects.errors import ProjectNotFoundError, TooManyProjectsError
from app.projects.repository import ProjectRepository
from app.projects.schemas import ProjectList, ProjectRead, ProjectSettings
from app.projects.tables import ProjectRow
from app.templates.service import TemplateService

MAX_OWN_PROJECTS = 100
_MAX_PAST_PROMPTS = 50


class ProjectService:
    """Reads from the catalog, and writes behind it."""

    def __init__(
        self, database: Database, catalog: ProjectCatalog, templates: TemplateService, clock: Clock
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._templates = templates
        self._clock = clock

    def list(self) -> ProjectList:
        return ProjectList(items=[self.read(name) for name in sorted(self._catalog.names)])

    def read(self, name: str) -> ProjectRead:
        """Raises ProjectNotFoundError."""
        if name not in self._catalog.names:
            raise ProjectNotFoundError(name)
        return self._read(self._catalog.get(name))

    async def save(self, user_id: int, name: str, wish: ProjectSettings) -> tuple[ProjectRead, bool]:
        """Store a project as wished; returns it, and whether it is new.

        Raises:
            TooManyProjectsError: there are enough of them.
            and what the template says when the saver may not use it, or a value of it is missing.
        """
        await self._templates.system_prompt(user_id, wish)
        now = self._clock.now()
        async with self._database.transaction() as session:
            repository = ProjectRepository(session)
            row = await repository.find(name)
            is_new = row is None and not self._catalog.is_builtin(name)
            if is_new and len(await repository.all()) >= MAX_OWN_PROJECTS:
                raise TooManyProjectsError(MAX_OWN_PROJECTS)
            settings = wish.model_dump(mode="json", exclude_defaults=True)
            if row is None:
                past = [] if is_new else [digest(builtin_settings(name).system_prompt)]
                row = ProjectRow(
                    name=name, owner_id=user_id, settings=settings, past_prompts=past, updated_at=now
                )
                await repository.add(row)
            else:
                past = [*row.past_prompts, digest(str(row.settings.get("system_prompt", "")))]
                row.past_prompts = list(dict.fromkeys(past))[-_MAX_PAST_PROMPTS:]
                row.owner_id, row.settings, row.updated_at = user_id, settings, now
            note(session, "project.create" if is_new else "project.update", name)
        await self._catalog.changed()
        return self._read(self._catalog.get(name)), is_new

    async def delete(self, name: str) -> None:
        """Put a built-in project back to what it was, or remove an own one. Raises ProjectNotFoundError."""
        async with self._database.transaction() as session:
            repository = ProjectRepository(session)
            row = await repository.find(name)
            if row is not None:
                await repository.delete(row)
                note(session, "project.reset" if self._catalog.is_builtin(name) else "project.delete", name)
            elif not self._catalog.is_builtin(name):
                raise ProjectNotFoundError(name)
        await self._catalog.changed()

    def _read(self, project: Project) -> ProjectRead:
        is_builtin = self._catalog.is_builtin(project.name)
        return ProjectRead(
            **project.settings.model_dump(),
            name=project.name,
            is_builtin=is_builtin,
            is_changed=is_builtin and project.is_stored,
            updated_at=project.updated_at,
        )
