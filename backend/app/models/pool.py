"""The providers that definitions name: made, probed in the background, replaced without cutting what runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.config import keep_litellm_offline
from app.kit.clock import Clock
from app.llm.breaker import Breaker
from app.llm.errors import LLMError
from app.llm.ports import Provider
from app.llm.providers.base import Timeouts
from app.llm.providers.chunked import ChunkedProvider
from app.llm.providers.guarded import GuardedProvider
from app.llm.providers.litellm_library import LiteLLMProvider
from app.llm.providers.module import ModuleError, ModuleProvider, load_module
from app.llm.providers.openai_compatible import OpenAICompatibleProvider
from app.llm.providers.registry import KindName
from app.llm.providers.translated import TranslatedProvider
from app.llm.providers.unusable import UnusableProvider
from app.models.definitions import LITELLM, MODULE, TRANSLATED, ProviderDefinition
from app.models.health import ModelHealth

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 10.0
_RELIST_SECONDS = 60.0
_GRACE_SECONDS = 60.0
_DRAIN_SECONDS = 0.5

Adapter = OpenAICompatibleProvider | ChunkedProvider
OnOpen = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model that a server says it has."""

    id: str
    context_window: int | None
    can_see: bool


@dataclass
class PooledProvider:
    """One server: its adapter, the guard of each of its models, and what the last probe found."""

    name: str
    definition: ProviderDefinition
    adapter: Adapter
    guards: dict[str, GuardedProvider] = field(default_factory=dict)
    health: ModelHealth | None = None
    listed: dict[str, ListedModel] = field(default_factory=dict)
    listed_at: float = float("-inf")

    @property
    def is_healthy(self) -> bool:
        """What the last probe found; True as long as there was none."""
        return self.health is None or self.health.is_available

    @property
    def in_use(self) -> int:
        """Requests under way."""
        return sum(guard.in_use for guard in self.guards.values())


class ProviderPool:
    """Holds one adapter for each definition. An unchanged definition keeps its adapter, its breakers and its health.

    Args:
        on_open: told the target and the seconds when a breaker opens here.
        wrapped: what stands between an adapter and its breakers, such as a log.
    """

    def __init__(
        self,
        timeouts: Timeouts,
        clock: Clock,
        on_open: OnOpen = lambda target, seconds: None,
        *,
        skip_thinking: bool = False,
        modules_dir: Path | None = None,
        wrapped: Callable[[Provider], Provider] = lambda provider: provider,
    ) -> None:
        self._wrapped = wrapped
        self._modules_dir = modules_dir
        self._skip_thinking = skip_thinking
        self._timeouts = timeouts
        self._clock = clock
        self._on_open = on_open
        self._providers: dict[str, PooledProvider] = {}
        self._draining: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    def get(self, name: str) -> PooledProvider | None:
        return self._providers.get(name)

    def all(self) -> list[PooledProvider]:
        return list(self._providers.values())

    def guard(self, pooled: PooledProvider, model: str) -> GuardedProvider:
        """Return a provider's adapter behind the breaker of one of its models."""
        guard = pooled.guards.get(model)
        if guard is None:
            target = f"{pooled.name}/{model}"
            breaker = Breaker(self._clock, on_open=lambda seconds: self._on_open(target, seconds))
            guard = pooled.guards[model] = GuardedProvider(self._wrapped(pooled.adapter), breaker)
        return guard

    def hear_open(self, target: str, seconds: float) -> None:
        """Another replica has opened the breaker of a target."""
        name, _, model = target.partition("/")
        pooled = self._providers.get(name)
        if pooled is not None:
            self.guard(pooled, model).breaker.hear_open(seconds)

    def apply(self, definitions: Mapping[str, ProviderDefinition]) -> None:
        """Take these definitions and no others; what runs on a replaced provider runs to its end."""
        before, self._providers = self._providers, {}
        for name, definition in definitions.items():
            old = before.get(name)
            if old is not None and _is_same_server(old.definition, definition):
                old.definition = definition
                self._providers[name] = before.pop(name)
            else:
                self._providers[name] = PooledProvider(name, definition, self.adapter(name, definition))
        for pooled in before.values():
            task = asyncio.create_task(self._drain(pooled))
            self._draining.add(task)
            task.add_done_callback(self._draining.discard)
        self._wake.set()

    def check_module(self, name: str) -> None:
        """Raise ModuleError unless there is such a module, and it can be used."""
        load_module(self._modules_dir, name)

    def adapter(self, name: str, definition: ProviderDefinition) -> Adapter:
        """Make an adapter of one's own; close it. One that cannot be made refuses, and says why when its health is asked."""
        if definition.mapping is not None:
            return TranslatedProvider(
                name,
                definition.base_url,
                definition.api_key.get_secret_value(),
                definition.mapping.mapping(),
                timeouts=self._timeouts,
                is_private_allowed=definition.allow_private_network,
            )
        if definition.module is not None:
            try:
                module = load_module(self._modules_dir, definition.module)
            except ModuleError as error:
                logger.error("provider %s is not used: %s", name, error)
                return UnusableProvider(name, str(error))
            return ModuleProvider(name, module, timeouts=self._timeouts)
        key = definition.api_key.get_secret_value()
        if definition.kind == LITELLM:
            keep_litellm_offline()
            return LiteLLMProvider(name, definition.base_url, key, timeouts=self._timeouts)
        return OpenAICompatibleProvider(
            name,
            definition.base_url,
            key,
            kind=_server_kind(definition),
            timeouts=self._timeouts,
            is_private_allowed=definition.allow_private_network,
            skip_thinking=self._skip_thinking,
            own_routes=definition.own_routes,
        )

    async def start(self) -> None:
        self._watching = asyncio.create_task(self._watch(), name="provider-health")

    async def close(self) -> None:
        """Stop probing and close every connection."""
        tasks = [*self._draining, *([self._watching] if self._watching is not None else [])]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for pooled in self._providers.values():
            await pooled.adapter.close()
        self._providers, self._watching = {}, None

    async def probe_all(self) -> None:
        """Ask every server now, all at once."""
        await asyncio.gather(*(self._probe(pooled) for pooled in self._providers.values()))

    async def _watch(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.probe_all()
            except Exception:
                logger.exception("probing the providers failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL_SECONDS):
                    await self._wake.wait()

    async def _probe(self, pooled: PooledProvider) -> None:
        answer = await pooled.adapter.check_health()
        now = self._clock.monotonic()
        was_healthy = pooled.is_healthy
        if answer.is_healthy and now - pooled.listed_at >= _RELIST_SECONDS:
            # A server without a list of models can answer all the same.
            with contextlib.suppress(LLMError):
                rows = await pooled.adapter.models()
                pooled.listed = {
                    row["id"]: ListedModel(row["id"], row["context_window"], row["can_see"]) for row in rows
                }
                pooled.listed_at = now
        pooled.health = ModelHealth(answer.is_healthy, answer.latency_ms, answer.message, now)
        if answer.is_healthy != was_healthy:
            state = "answers" if answer.is_healthy else "does not answer"
            logger.warning("provider %s %s", pooled.name, state)

    async def _drain(self, pooled: PooledProvider) -> None:
        try:
            await asyncio.sleep(_GRACE_SECONDS)  # what waits in a queue for this target is not in use yet
            while pooled.in_use:  # noqa: ASYNC110 - nobody tells when a stream has ended
                await asyncio.sleep(_DRAIN_SECONDS)
        finally:
            await pooled.adapter.close()


def _server_kind(definition: ProviderDefinition) -> KindName | None:
    kind = definition.kind
    if kind == TRANSLATED or kind == MODULE or kind == LITELLM:  # noqa: SIM109 - so the types are told apart
        return None
    return kind


def _is_same_server(old: ProviderDefinition, new: ProviderDefinition) -> bool:
    """Whether the adapter, its breakers and its health can stay: what it costs is not the server's business."""
    return old == new.model_copy(update={"price": old.price})
