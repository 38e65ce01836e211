"""From a name to its targets, over everything that is offered: the local server, and the models that definitions name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.kit.answer_headers import add_answer_headers
from app.llm.errors import LLMError, ProviderUnreachableError, UnknownModelError
from app.llm.money import Price
from app.llm.needs import Needs, TellNeeds
from app.llm.ports import Provider
from app.llm.routing import Target, Weighed, compile_order
from app.llm.types import Caller
from app.models.auto import choose
from app.models.definitions import AUTO, LOCAL, ModelDefinition, TargetDefinition
from app.models.pool import PooledProvider, ProviderPool
from app.models.targets import OfferedModel, Source, TargetTable, unknown_model


class ModelRoutes:
    """Implements `llm.routing.Routes`. A defined name wins over the local server's of the same name."""

    def __init__(self, local: TargetTable, pool: ProviderPool, default_model: str = "") -> None:
        self._local = local
        self._pool = pool
        self._default_model = default_model
        self._defined: Mapping[str, ModelDefinition] = {}

    def define(self, models: Mapping[str, ModelDefinition]) -> None:
        """Take these defined models and no others."""
        self._defined = dict(models)

    @property
    def source(self) -> Source:
        return self._local.source

    @property
    def is_demo(self) -> bool:
        """Whether the local server's models are the demo model."""
        return self._local.is_demo

    @property
    def default(self) -> OfferedModel | None:
        """The model that answers when none is named: the configured one, else the local server's first."""
        models = self.models
        named = next((model for model in models if model.alias == self._default_model), None)
        return named or self._local.default or next(iter(models), None)

    @property
    def models(self) -> tuple[OfferedModel, ...]:
        """Everything that can be named: the local server's first, then the defined ones in their order."""
        offered = {model.alias: model for model in self._local.models}
        for name, definition in self._defined.items():
            offered[name] = self._offered(name, definition)
        for pooled in self._pool.all():
            if pooled.definition.offer_all:
                for listed in pooled.listed.values():
                    model = OfferedModel(listed.id, listed.id, listed.context_window, listed.can_see)
                    offered.setdefault(listed.id, model)
        return tuple(offered.values())

    def provider(self, name: str) -> Provider:
        """Return the adapter to a server. Raises UnknownModelError when there is none of this name any more."""
        pooled = self._pool.get(name)
        if pooled is not None:
            return pooled.adapter
        if name == self._local.source:
            return self._local.provider
        raise UnknownModelError("The provider that has this is not configured any more.", provider=name)

    @property
    def has_answering_provider(self) -> bool:
        """Whether a provider besides the local server can answer, as far as the last probes tell."""
        return any(pooled.health is not None and pooled.health.is_available for pooled in self._pool.all())

    def is_local(self, model: OfferedModel) -> bool:
        """Whether a name leads to the local server alone."""
        return model.alias not in self._defined and model in self._local.models

    def capabilities(self, model: OfferedModel) -> list[str]:
        """Return what a model can do, as its definition says; sight also as its server says."""
        defined = self._defined.get(model.alias)
        named: list[str] = list(defined.capabilities) if defined is not None else ["chat"]
        return [*named, "vision"] if model.can_see and "vision" not in named else named

    def knows(self, name: str) -> bool:
        """Whether a model of this name is offered; as long as nothing was heard of the local server, any may be."""
        return name in self._defined or self._local.knows(name) or any(m.alias == name for m in self.models)

    def visible_to(self, caller: Caller) -> list[OfferedModel]:
        """Return the models that a caller may use."""
        allowed = caller.allowed_models
        return [model for model in self.models if allowed is None or model.alias in allowed]

    def candidates(
        self, model: str | None, caller: Caller, needs: TellNeeds | None = None
    ) -> Sequence[Target]:
        """Return the targets for a name, best first; see `Routes`.

        Raises:
            UnknownModelError: no such model, or not for this caller; says the nearest names.
            ProviderUnreachableError: the local server was not heard of yet, or every target is out of use.
        """
        model = _named(model)
        if model is None and self._defined:
            model = self._chosen_aloud(caller, needs()) if needs is not None else self._usual(caller)
        name = model or self._default_model
        if name in self._defined:
            if caller.allowed_models is None or name in caller.allowed_models:
                return self._compile(name, self._defined[name], needs)
            raise unknown_model(model, [offered.alias for offered in self.visible_to(caller)])
        offering = self._offering(name, caller)
        if offering is not None:
            return offering
        try:
            return self._local.candidates(model, caller)
        except UnknownModelError:
            visible = self.visible_to(caller)
            if model is None and visible:
                return self.candidates(visible[0].alias, caller, needs)
            raise unknown_model(model, [offered.alias for offered in visible]) from None

    def cache_seconds(self, model: str | None) -> int | None:
        """Return for how long equal requests to a name get the same answer; None where its definition does not say."""
        definition = self._defined.get(_named(model) or self._default_model)
        return definition.cache_seconds if definition is not None else None

    def dearest_price(
        self, model: str | None, caller: Caller, needs: TellNeeds | None = None
    ) -> Price | None:
        """Return at most what a name's tokens cost, whichever target answers; None where nothing costs anything.

        Without a name it is that of what `needs` choose.
        """
        model = _named(model)
        if model is None and needs is not None and self._defined:
            chosen = self._chosen(caller, needs())
            model = chosen[0] if chosen is not None else None
        try:
            prices = [target.price for target in self.candidates(model, caller) if target.price is not None]
        except LLMError:
            return None  # the request itself says what is wrong
        if not prices:
            return None
        return Price(max(price.input for price in prices), max(price.output for price in prices))

    def _chosen(self, caller: Caller, needs: Needs) -> tuple[str, str] | None:
        """Return the name of what answers a request that names no model, and why."""
        visible = self.visible_to(caller)
        if not visible:
            return None
        chosen, why = choose(visible, self.default, needs, self.capabilities)
        return chosen.alias, why

    def _usual(self, caller: Caller) -> str | None:
        """Return the name of what answers a request that needs nothing but an answer."""
        chosen = self._chosen(caller, Needs())
        return chosen[0] if chosen is not None else None

    def _chosen_aloud(self, caller: Caller, needs: Needs) -> str | None:
        """Return the same name, and say why in a header."""
        chosen = self._chosen(caller, needs)
        if chosen is None:
            return None
        if chosen[0].isascii():
            add_answer_headers({"x-portal-route": f"{chosen[0]}; {chosen[1]}"})
        return chosen[0]

    def _compile(self, name: str, definition: ModelDefinition, needs: TellNeeds | None) -> list[Target]:
        found = [self._weighed(name, definition, target) for target in definition.targets]
        weighed = [one for one in found if one is not None]
        affinity = None
        if len(weighed) > 1 and needs is not None:
            needed = needs()
            affinity = needed.affinity
            weighed = [replace(one, is_fit=_is_fit(one.target, needed)) for one in weighed]
        targets = compile_order(weighed, affinity=affinity)
        if not targets:
            raise ProviderUnreachableError(
                "No model server for this model is in use now. Try again in a moment.",
                is_retryable=True,
                retry_after_seconds=5,
            )
        return targets

    def _weighed(self, name: str, definition: ModelDefinition, target: TargetDefinition) -> Weighed | None:
        if target.provider == LOCAL:
            found = self._local_target(target.model, name)
            is_open = is_healthy = True
        else:
            pooled = self._pool.get(target.provider)
            if pooled is None:
                return None
            found = self._pooled_target(pooled, target.model or name, name)
            is_open, is_healthy = self._pool.guard(pooled, found.model).breaker.allows(), pooled.is_healthy
        if found is None:
            return None
        window = definition.context_window or found.context_window
        sees = found.can_see or "vision" in definition.capabilities
        own = target.price or definition.price
        price = own.price() if own is not None else found.price
        found = replace(found, context_window=window, can_see=sees, price=price)
        weight = 0.0 if target.is_drained else target.weight
        return Weighed(found, target.priority, weight, is_open, is_healthy)

    def _local_target(self, model: str | None, alias: str) -> Target | None:
        try:
            found = self._local.candidates(model, Caller(0))
        except (ProviderUnreachableError, UnknownModelError):
            return None
        return replace(found[0], alias=alias)

    def _pooled_target(self, pooled: PooledProvider, model: str, alias: str) -> Target:
        listed = pooled.listed.get(model)
        return Target(
            f"{pooled.name}/{model}",
            self._pool.guard(pooled, model),
            model,
            alias,
            listed.context_window if listed is not None else None,
            listed is not None and listed.can_see,
            pooled.definition.price.price() if pooled.definition.price is not None else None,
        )

    def _offering(self, name: str, caller: Caller) -> list[Target] | None:
        """Return the targets of a name that no definition has, at the providers that offer all of theirs."""
        if not name or (caller.allowed_models is not None and name not in caller.allowed_models):
            return None
        if self._local.has(name):
            return None
        pooled = [one for one in self._pool.all() if one.definition.offer_all and name in one.listed]
        weighed = [
            Weighed(
                self._pooled_target(one, name, name),
                is_open=self._pool.guard(one, name).breaker.allows(),
                is_healthy=one.is_healthy,
            )
            for one in pooled
        ]
        return compile_order(weighed) or None

    def _offered(self, name: str, definition: ModelDefinition) -> OfferedModel:
        found = [
            one.target for one in (self._weighed(name, definition, t) for t in definition.targets) if one
        ]
        windows = [target.context_window for target in found if target.context_window is not None]
        can_see = "vision" in definition.capabilities or any(target.can_see for target in found)
        return OfferedModel(name, name, definition.context_window or min(windows, default=None), can_see)


def _named(model: str | None) -> str | None:
    """Return the model that a request names; None where it leaves the choice to the portal."""
    return None if model == AUTO else model


def _is_fit(target: Target, needs: Needs) -> bool:
    """Whether a target can take a request at all, as far as is known of it."""
    has_room = target.context_window is None or needs.prompt_tokens < target.context_window
    return has_room and (target.can_see or not needs.sees)
