"""Providers as administrators keep them: entered, changed, tried, removed; each change takes effect at once."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import SecretStr, ValidationError

from app.audit.service import note
from app.db.session import Database
from app.kit.clock import Clock
from app.kit.ids import is_id, new_id
from app.llm.errors import LLMError
from app.llm.providers.addresses import check_url
from app.llm.providers.module import ModuleError
from app.models.catalog import ModelCatalog
from app.models.definitions import (
    LITELLM,
    LOCAL,
    MODULE,
    MappingDefinition,
    PriceDefinition,
    ProviderDefinition,
    check_model_name,
)
from app.models.mapping_draft import draft
from app.models.mapping_replay import Sample, replay
from app.models.pool import PooledProvider
from app.models.provider_errors import (
    KeyForNewAddressError,
    ProviderAddressError,
    ProviderKindError,
    ProviderNameTakenError,
    ProviderNotFoundError,
)
from app.models.provider_repository import ProviderRepository
from app.models.provider_schemas import (
    DraftRead,
    DraftWish,
    FileMistake,
    FileState,
    ProviderCreate,
    ProviderList,
    ProviderModel,
    ProviderRead,
    ProviderState,
    ProviderTest,
    ProviderUpdate,
    TargetState,
)
from app.models.stored import StoredProviders
from app.models.tables import Provider
from app.models.vault import SealedSecretError, Vault

_TEST_SECONDS = 10.0


class ProviderService:
    """What can be done with providers."""

    def __init__(
        self, database: Database, catalog: ModelCatalog, stored: StoredProviders, vault: Vault, clock: Clock
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._stored = stored
        self._vault = vault
        self._clock = clock

    async def page(self) -> ProviderList:
        """Return the stored providers and those of the file."""
        async with self._database.reading() as session:
            rows = await ProviderRepository(session).all()
        items = [self._read(row) for row in rows] + self._of_file()
        return ProviderList(items=sorted(items, key=lambda item: item.name), file=self._file())

    async def read(self, provider_id: str) -> ProviderRead:
        """Return one stored provider. Raises ProviderNotFoundError."""
        async with self._database.reading() as session:
            return self._read(await _found(ProviderRepository(session), provider_id))

    async def create(self, wish: ProviderCreate) -> ProviderRead:
        """Store a provider. Raises ProviderNameTakenError, ProviderAddressError, NoEncryptionKeyError."""
        now, row_id = self._clock.now(), new_id()
        row = Provider(
            id=row_id,
            name=wish.name,
            kind=wish.kind,
            base_url=wish.base_url,
            module=wish.module,
            mapping=_stored_mapping(wish.mapping),
            sealed_key=self._sealed(wish.api_key, row_id),
            allow_private_network=wish.allow_private_network,
            offer_all=wish.offer_all,
            is_enabled=wish.is_enabled,
            models=_stored_models(wish.models),
            price=_stored_price(wish.price),
            own_routes=wish.own_routes,
            created_at=now,
            updated_at=now,
        )
        self._check(row)
        async with self._database.transaction() as session:
            repository = ProviderRepository(session)
            if wish.name == LOCAL or wish.name in self._catalog.file_providers.providers:
                raise ProviderNameTakenError(wish.name)
            if await repository.is_named(wish.name):
                raise ProviderNameTakenError(wish.name)
            await repository.add(row)
            note(session, "provider.create", wish.name, base_url=wish.base_url)
        await self._catalog.changed()
        return self._read(row)

    async def update(self, provider_id: str, wish: ProviderUpdate) -> ProviderRead:
        """Change some fields. Raises ProviderNotFoundError, ProviderAddressError, KeyForNewAddressError."""
        given = wish.model_fields_set
        async with self._database.transaction() as session:
            row = await _found(ProviderRepository(session), provider_id)
            is_moved = "base_url" in given and wish.base_url != row.base_url
            if is_moved and row.sealed_key is not None and "api_key" not in given:
                raise KeyForNewAddressError
            for name in given - {"api_key", "models", "price", "mapping"}:
                setattr(row, name, getattr(wish, name))
            if "api_key" in given:
                row.sealed_key = self._sealed(wish.api_key, row.id)
            if "models" in given:
                row.models = _stored_models(wish.models)
            if "price" in given:
                row.price = _stored_price(wish.price)
            if "mapping" in given:
                row.mapping = _stored_mapping(wish.mapping)
            self._check(row)
            row.updated_at = self._clock.now()
            note(session, "provider.update", row.name, fields=sorted(given))
        await self._catalog.changed()
        return self._read(row)

    async def delete(self, provider_id: str) -> None:
        """Remove a provider; what runs on it runs to its end. Raises ProviderNotFoundError."""
        async with self._database.transaction() as session:
            repository = ProviderRepository(session)
            row = await _found(repository, provider_id)
            await repository.delete(row)
            note(session, "provider.delete", row.name)
        await self._catalog.changed()

    def draft(self, wish: DraftWish) -> DraftRead:
        """Guess a mapping from samples, and try it on them. Raises ProviderKindError."""
        try:
            made = draft(wish.path, wish.request, wish.response, wish.stream_path, wish.stream)
            mapping = MappingDefinition.model_validate(made.mapping)
        except ValueError as error:
            raise ProviderKindError(f"No mapping can be made of this: {error}.") from error
        samples = [Sample(response=wish.response)]
        if wish.stream is not None:
            samples.append(Sample(stream=wish.stream))
        replayed = [replay(mapping.mapping(), sample) for sample in samples]
        return DraftRead(mapping=mapping, notes=made.notes, replayed=replayed)

    async def replay(self, provider_id: str, samples: list[Sample]) -> ProviderTest:
        """Run recorded answers through a provider's mapping. Raises ProviderNotFoundError, ProviderKindError."""
        async with self._database.reading() as session:
            row = await _found(ProviderRepository(session), provider_id)
        if row.mapping is None:
            raise ProviderKindError("Only a provider of the kind translated has a mapping to try samples on.")
        mapping = MappingDefinition.model_validate(row.mapping).mapping()
        replayed = [replay(mapping, sample) for sample in samples]
        problems = [one.problem for one in replayed if one.problem is not None]
        return ProviderTest(
            is_healthy=not problems,
            latency_ms=0,
            kind=None,
            models=[],
            message=" ".join(problems),
            replayed=replayed,
        )

    def _check(self, row: Provider) -> None:
        """Refuse what does not belong together. Raises ProviderAddressError, ProviderKindError."""
        if row.base_url or row.kind not in (MODULE, LITELLM):
            _check_address(row.base_url, row.allow_private_network)
        try:
            for model in row.models:
                check_model_name(model["name"])
        except ValueError as error:
            raise ProviderKindError(f"{error}.") from error
        try:
            ProviderDefinition.model_validate(
                {
                    name: getattr(row, name)
                    for name in (
                        "kind",
                        "base_url",
                        "module",
                        "mapping",
                        "allow_private_network",
                        "own_routes",
                    )
                }
            )
            if row.module is not None:
                self._catalog.pool.check_module(row.module)
        except ValidationError as error:
            raise ProviderKindError(error.errors()[0]["msg"].removeprefix("Value error, ") + ".") from error
        except ModuleError as error:
            raise ProviderKindError(f"{error}.") from error

    async def test(self, provider_id: str) -> ProviderTest:
        """Ask a provider for its health and its models, over a connection of its own. Raises ProviderNotFoundError."""
        async with self._database.reading() as session:
            row = await _found(ProviderRepository(session), provider_id)
        definition = self._stored.definition(row)
        if definition is None:
            raise SealedSecretError
        adapter = self._catalog.pool.adapter(row.name, definition)
        try:
            async with asyncio.timeout(_TEST_SECONDS):
                health = await adapter.check_health()
                models: list[str] = []
                message = health.message
                if health.is_healthy:
                    try:
                        models = [found["id"] for found in await adapter.models()]
                    except LLMError as error:
                        message = error.message
        except TimeoutError:
            return ProviderTest(
                is_healthy=False,
                latency_ms=1000 * _TEST_SECONDS,
                kind=adapter.kind_name,
                models=[],
                message=f"No answer within {_TEST_SECONDS:g} s.",
            )
        finally:
            await adapter.close()
        return ProviderTest(
            is_healthy=health.is_healthy,
            latency_ms=round(health.latency_ms, 2),
            kind=adapter.kind_name,
            models=models,
            message=message,
        )

    def _sealed(self, key: SecretStr | None, row_id: str) -> str | None:
        secret = key.get_secret_value().strip() if key is not None else ""
        return self._vault.seal(secret, row_id) if secret else None

    def _read(self, row: Provider) -> ProviderRead:
        return ProviderRead.model_validate(
            {
                "id": row.id,
                "name": row.name,
                "source": "stored",
                "kind": row.kind,
                "base_url": row.base_url,
                "module": row.module,
                "mapping": row.mapping,
                "has_api_key": row.sealed_key is not None,
                "allow_private_network": row.allow_private_network,
                "offer_all": row.offer_all,
                "is_enabled": row.is_enabled,
                "models": row.models,
                "price": row.price,
                "own_routes": row.own_routes,
                "state": _state(self._catalog.pool.get(row.name)),
                "created_at": row.created_at,
                "updated_at": row.updated_at,
            }
        )

    def _of_file(self) -> list[ProviderRead]:
        found = self._catalog.file_providers
        models: dict[str, list[ProviderModel]] = {}
        for name, model in found.models.items():
            for target in model.targets:
                shown = ProviderModel(
                    name=name,
                    model=target.model,
                    priority=target.priority,
                    weight=target.weight,
                    capabilities=[*model.capabilities],
                    context_window=model.context_window,
                    price=target.price or model.price,
                    is_drained=target.is_drained,
                )
                models.setdefault(target.provider, []).append(shown)
        return [
            _read_file(name, provider, models.get(name, []), _state(self._catalog.pool.get(name)))
            for name, provider in found.providers.items()
        ]

    def _file(self) -> FileState | None:
        file = self._catalog.file
        if file is None:
            return None
        mistakes = [FileMistake(line=one.line, message=one.message) for one in self._catalog.mistakes]
        return FileState(name=file.name, loaded_at=self._catalog.loaded_at, mistakes=mistakes)


def _check_address(url: str, is_private_allowed: bool) -> None:
    try:
        check_url(url, is_private_allowed=is_private_allowed)
    except LLMError as error:
        raise ProviderAddressError(error.message, details={"field": "base_url"}) from error


def _stored_models(models: list[ProviderModel]) -> list[dict[str, Any]]:
    return [model.model_dump() for model in models]


def _stored_mapping(mapping: MappingDefinition | None) -> dict[str, Any] | None:
    return mapping.model_dump() if mapping is not None else None


def _stored_price(price: PriceDefinition | None) -> dict[str, Any] | None:
    return price.model_dump() if price is not None else None


def _state(pooled: PooledProvider | None) -> ProviderState | None:
    if pooled is None or pooled.health is None:
        return None
    return ProviderState(
        is_healthy=pooled.health.is_available,
        latency_ms=pooled.health.latency_ms,
        message=pooled.health.message,
        targets=[
            TargetState(model=model, breaker=guard.breaker.state, in_use=guard.in_use)
            for model, guard in pooled.guards.items()
        ],
    )


def _read_file(
    name: str, provider: ProviderDefinition, models: list[ProviderModel], state: ProviderState | None
) -> ProviderRead:
    return ProviderRead(
        id=None,
        name=name,
        source="file",
        kind=provider.kind,
        base_url=provider.base_url,
        module=provider.module,
        mapping=provider.mapping,
        has_api_key=bool(provider.api_key.get_secret_value()),
        allow_private_network=provider.allow_private_network,
        offer_all=provider.offer_all,
        is_enabled=True,
        models=models,
        price=provider.price,
        own_routes=None if provider.own_routes is None else [*provider.own_routes],
        state=state,
        created_at=None,
        updated_at=None,
    )


async def _found(repository: ProviderRepository, provider_id: str) -> Provider:
    row = await repository.find(provider_id) if is_id(provider_id) else None
    if row is None:
        raise ProviderNotFoundError
    return row
