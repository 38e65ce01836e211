"""Stored providers as definitions: opened, checked, and those that cannot be used left out with a word in the log."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pydantic import SecretStr, ValidationError

from app.db.session import Database
from app.models.definitions import Definitions, ModelDefinition, ProviderDefinition, TargetDefinition
from app.models.provider_repository import ProviderRepository
from app.models.tables import Provider
from app.models.vault import SealedSecretError, Vault

logger = logging.getLogger(__name__)


class StoredProviders:
    """Reads them for the catalog, again and again: what cannot be used is logged once."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self.unusable: dict[str, str] = {}
        """Why, by the names of those that are switched on and cannot be used."""

    async def definitions(self) -> Definitions:
        """Return the enabled providers and the models that they answer for. Raises PortalError."""
        async with self._database.reading() as session:
            rows = await ProviderRepository(session).all()
        rows = [row for row in rows if row.is_enabled]
        unusable: dict[str, str] = {}
        providers: dict[str, ProviderDefinition] = {}
        for row in rows:
            try:
                providers[row.name] = self._opened(row)
            except SealedSecretError as error:
                unusable[row.name] = error.message
            except ValidationError:
                unusable[row.name] = "What is stored of it is not valid."
        self._tell(unusable)
        return Definitions(
            providers=providers, models=_models([row for row in rows if row.name in providers])
        )

    def definition(self, row: Provider) -> ProviderDefinition | None:
        """Return how a provider is spoken to; None when its key cannot be opened or its address is refused now."""
        try:
            return self._opened(row)
        except (SealedSecretError, ValidationError):
            return None

    def _opened(self, row: Provider) -> ProviderDefinition:
        key = self._vault.open(row.sealed_key, row.id) if row.sealed_key is not None else ""
        return ProviderDefinition.model_validate(
            {
                "kind": row.kind,
                "base_url": row.base_url,
                "module": row.module,
                "mapping": row.mapping,
                "api_key": SecretStr(key),
                "allow_private_network": row.allow_private_network,
                "offer_all": row.offer_all,
                "price": row.price,
                "own_routes": row.own_routes,
            }
        )

    def _tell(self, unusable: dict[str, str]) -> None:
        for name, reason in unusable.items():
            if self.unusable.get(name) != reason:
                logger.error("provider %s is not used: %s", name, reason)
        self.unusable = unusable


def _models(rows: Sequence[Provider]) -> dict[str, ModelDefinition]:
    """Put the targets of all providers behind the names that they answer for."""
    targets: dict[str, list[TargetDefinition]] = {}
    capabilities: dict[str, list[str]] = {}
    windows: dict[str, int] = {}
    for row in rows:
        for model in row.models:
            name = model["name"]
            target = {
                key: model[key]
                for key in ("model", "priority", "weight", "price", "is_drained")
                if key in model
            }
            targets.setdefault(name, []).append(TargetDefinition(provider=row.name, **target))
            capabilities.setdefault(name, []).extend(model.get("capabilities") or ["chat"])
            if model.get("context_window"):
                windows[name] = min(windows.get(name, model["context_window"]), model["context_window"])
    return {
        name: ModelDefinition.model_validate(
            {
                "targets": found[:50],
                "capabilities": list(dict.fromkeys(capabilities[name])),
                "context_window": windows.get(name),
            }
        )
        for name, found in targets.items()
    }
