"""The running portal: database, coordination, model server, engine and their background work, with one lifetime."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from datetime import timedelta

from app.attachments.service import AttachmentService, Limits
from app.chat.export_service import ExportService
from app.chat.file_check import FileCheck
from app.chat.import_service import ImportService
from app.chat.reaper import Reaper
from app.chat.replica import Replica
from app.chat.service import ChatService
from app.chat.session_service import SessionService
from app.chat.session_watch import SessionWatch
from app.chat.share_service import ShareService
from app.chat.store import SqlSessionStore
from app.chat.turn_service import TurnService
from app.config import Settings, environment_value
from app.coord.base import LockQueueFullError, LockTimeoutError
from app.coord.factory import create_coord
from app.db.clock import DatabaseClock
from app.db.engine import async_url
from app.db.session import Database
from app.devices.repository import DeviceRepository
from app.embedded.supervisor import EmbeddedServer, EmbeddedStatus
from app.errors import PortalError
from app.kit.clock import Clock
from app.limits.rates import RateLimits
from app.llm.ports import Provider
from app.llm.providers.base import Timeouts
from app.llm.providers.content_log import ContentLog
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.llm.sessions import SessionManager
from app.llm.types import EngineSettings
from app.models.catalog import ModelCatalog
from app.models.health import HealthMonitor
from app.models.provider_service import ProviderService
from app.models.stored import StoredProviders
from app.models.targets import TargetTable
from app.models.vault import create_vault
from app.projects.catalog import ProjectCatalog
from app.templates.service import TemplateService
from app.usage.budgets import Budgets
from app.usage.meter import Meter
from app.usage.recorder import UsageRecorder
from app.usage.service import UsageService

logger = logging.getLogger(__name__)

GRACE_SECONDS = 3.0
_PURGE_INTERVAL = timedelta(hours=1)
_STARTING = "The model is starting. Try again in a moment."
_FAILED = "The embedded model server could not start; the portal's log says why."


class Runtime:
    """Everything that lives as long as the portal. Starting never waits for the model: it may come later, or come back."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.replica = Replica.current()
        self.database = Database(
            settings.database_url, settings.portal_data_dir, max_connections=settings.database_max_connections
        )
        self._database_clock = DatabaseClock(self.database)
        self.clock = clock or self._database_clock
        shared_name = str(async_url(settings.database_url, settings.portal_data_dir))
        self.coord = create_coord(
            settings.redis_url, shared_name=shared_name, log_seconds=settings.turn_events_seconds
        )
        self.embedded = EmbeddedServer(settings) if settings.is_embedded else None
        self.provider = _provider(settings)
        wrapped = ContentLog if settings.log_content else _as_it_is
        self.targets = TargetTable(
            wrapped(self.provider),
            "embedded" if settings.is_embedded else "configured",
            default_model=settings.llm_model_name,
            context_tokens=0 if settings.is_embedded else settings.llm_context_tokens,
            has_vision=settings.llm_vision,
            is_demo=settings.is_demo_model,
        )
        vault = create_vault(settings)
        self.stored_providers = StoredProviders(self.database, vault)
        self.catalog = ModelCatalog(
            self.targets,
            self.coord,
            timeouts(settings),
            self.clock,
            file=settings.models_path,
            lookup=environment_value,
            read_stored=self.stored_providers.definitions,
            default_model=settings.llm_model_name,
            skip_thinking=settings.llm_skip_thinking,
            modules_dir=settings.modules_dir,
            wrapped=wrapped,
        )
        self.routes = self.catalog.routes
        self.providers = ProviderService(
            self.database, self.catalog, self.stored_providers, vault, self.clock
        )
        self.health = HealthMonitor(self.targets, why_away=self._why_away, clock=self.clock)
        self.store = SqlSessionStore(self.database, self.replica, self.clock)
        self.usage_recorder = UsageRecorder(self.database, self.clock, self._devices_of)
        self.usage = UsageService(self.database, self.usage_recorder, self.clock, settings.portal_currency)
        self.meter = Meter(
            RateLimits(self.coord.rates),
            Budgets(
                self.coord.quotas, self.database, self.usage_recorder, self.clock, settings.portal_currency
            ),
            self.usage_recorder,
            self.routes.dearest_price,
            settings.llm_max_tokens,
        )
        self.sessions = SessionManager(
            self.store,
            self.coord,
            self.routes,
            engine_settings(settings),
            self.clock,
            lock_full=LockQueueFullError,
            lock_timeout=LockTimeoutError,
            on_spent=self.meter.on_spent,
        )
        self.session_watch = SessionWatch(self.coord.signals)
        self.store.on_changed = self.session_watch.announce
        self.store.on_done = self.session_watch.announce_end
        self.turns = TurnService(self.database, self.sessions)
        self.session_service = SessionService(self.database, self.sessions.cancel, self.clock)
        self.session_service.on_changed = self.session_watch.announce
        self.exports = ExportService(self.database, self.clock)
        self.imports = ImportService(self.database, self.routes.knows, self.clock)
        self.imports.on_changed = self.session_watch.announce
        self.shares = ShareService(self.database, self.coord.rates, self.clock)
        self.templates = TemplateService(self.database, self.clock)
        self.projects = ProjectCatalog(self.database, self.coord, self.templates, settings.mqtt_projects)
        limits = Limits(
            max_bytes=settings.max_attachment_bytes,
            quota_count=settings.attachment_quota_count,
            quota_bytes=settings.attachment_quota_bytes,
        )
        self.attachments = AttachmentService(self.database, limits, self.clock)
        self.chat = ChatService(
            self.sessions,
            self.store,
            self.turns,
            self.routes,
            self.meter,
            self.templates,
            FileCheck(self.database, self.attachments, self.routes),
        )
        self.reaper = Reaper(self.database, self.coord, self.replica, self.clock)
        self.reaper.on_changed = self.session_watch.announce
        self.reaper.price_of = self.routes.dearest_price
        self._purge_task: asyncio.Task[None] | None = None
        self._leaves_at = 0.0

    async def start(self) -> None:
        """Start all of it; the model server comes up in the background."""
        await self._database_clock.start()
        await self.coord.start()
        if self.embedded is not None:
            self.embedded.on_change(self._follow_embedded)
            await self.embedded.start()
        await self.usage_recorder.start()
        await self.sessions.start()
        await self.reaper.start()
        await self.health.start()
        await self.catalog.start()
        await self.projects.start()
        self._purge_task = asyncio.create_task(self._purge_now_and_then(), name="purge")

    def leave(self) -> None:
        """Note that the portal is about to stop: endless streams end, and `drain` is counted from here."""
        self._leaves_at = self.clock.monotonic() + self.settings.portal_drain_seconds
        self.session_watch.close()

    async def drain(self) -> None:
        """Let the turns that run now go on to their end, for as long as the setting allows."""
        await self.sessions.drain(max(0.0, self._leaves_at - self.clock.monotonic()))

    async def close(self) -> None:
        """End running turns with what they have, then everything else, in about GRACE_SECONDS."""
        await self.sessions.close(GRACE_SECONDS)
        if self._purge_task is not None:
            self._purge_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._purge_task
        await self.reaper.close()
        await self.projects.close()
        await self.catalog.close()
        await self.health.close()
        if self.embedded is not None:
            await self.embedded.stop()
        await self.provider.close()
        await self.meter.close()
        await self.usage_recorder.close()
        await self.coord.close()
        await self._database_clock.close()
        await self.database.close()

    def _follow_embedded(self, status: EmbeddedStatus) -> None:
        """The child has a new port and a new key after each start."""
        assert self.embedded is not None
        base_url, api_key = self.embedded.address or (None, "")
        self.provider.set_endpoint(base_url, api_key)
        self.health.wake()

    async def _devices_of(self, key_ids: set[str]) -> Mapping[str, str]:
        """Name the devices that ask by some keys."""
        async with self.database.reading() as session:
            return await DeviceRepository(session).clients_of(key_ids)

    def _why_away(self) -> str | None:
        if self.embedded is None or self.embedded.address is not None:
            return None
        return _FAILED if self.embedded.status.state == "failed" else _STARTING

    async def _purge_now_and_then(self) -> None:
        while True:
            try:
                if purged := await self.session_service.purge():
                    logger.info("%d sessions that were deleted a day ago are gone for good", purged)
                if purged := await self.attachments.purge():
                    logger.info("%d files that no message uses are gone for good", purged)
            except PortalError as error:
                logger.warning("deleted sessions could not be purged: %s", error.message)
            except Exception:
                logger.exception("purging deleted sessions failed")
            await asyncio.sleep(_PURGE_INTERVAL.total_seconds())


def engine_settings(settings: Settings) -> EngineSettings:
    """Pick what the engine needs of the portal's settings."""
    return EngineSettings(
        default_model=settings.llm_model_name,
        temperature=settings.llm_temperature,
        top_p=settings.llm_top_p,
        max_tokens=settings.llm_max_tokens,
        skip_thinking=settings.llm_skip_thinking,
        max_history_tokens=settings.llm_max_history_tokens,
        history_low_water=settings.llm_history_low_water,
        max_concurrency=settings.llm_max_concurrency,
        max_queued=settings.llm_max_queued,
        session_max_queued=settings.session_max_queued,
        timeout_seconds=settings.llm_timeout,
        connect_timeout_seconds=settings.llm_connect_timeout,
        first_token_timeout_seconds=settings.llm_first_token_timeout,
        chunk_timeout_seconds=settings.llm_chunk_timeout,
        max_retries=settings.llm_max_retries,
    )


def timeouts(settings: Settings) -> Timeouts:
    """Pick how long an adapter waits."""
    return Timeouts(
        connect_seconds=settings.llm_connect_timeout,
        first_token_seconds=settings.llm_first_token_timeout,
        chunk_seconds=settings.llm_chunk_timeout,
        total_seconds=settings.llm_timeout,
    )


def _as_it_is(provider: Provider) -> Provider:
    return provider


def _provider(settings: Settings) -> OpenAICompatibleProvider:
    skips = settings.llm_skip_thinking
    waits = timeouts(settings)
    if settings.is_embedded:
        return OpenAICompatibleProvider("embedded", kind="llama.cpp", timeouts=waits, skip_thinking=skips)
    url, key = settings.llm_server_url, settings.llm_api_key.get_secret_value()
    return OpenAICompatibleProvider("configured", url, key, timeouts=waits, skip_thinking=skips)
