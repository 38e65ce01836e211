"""Which model answers: the table of what the one model server offers, and the route from a name to a target."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from app.llm.errors import ProviderUnreachableError, UnknownModelError
from app.llm.needs import TellNeeds
from app.llm.ports import Provider
from app.llm.routing import Target
from app.llm.types import Caller

Source = Literal["embedded", "configured"]
_NEAREST = 5


@dataclass(frozen=True, slots=True)
class OfferedModel:
    """A model of the server: what the server calls it, what users call it, its context in tokens where known.

    `can_see` tells whether it takes images.
    """

    server_name: str
    alias: str
    context_window: int | None = None
    can_see: bool = False


class TargetTable:
    """Implements `llm.routing.Routes` on one server. Never asks the server: `offer` is told what a probe found.

    Args:
        source: names the target in admission, logs and ledgers.
        default_model: a name from the settings; empty takes the server's first.
        context_tokens: overrides what the server says; 0 does not.
        has_vision: the models take images whether the server says so or not.
    """

    def __init__(
        self,
        provider: Provider,
        source: Source,
        *,
        default_model: str = "",
        context_tokens: int = 0,
        has_vision: bool = False,
        is_demo: bool = False,
    ) -> None:
        self.provider = provider
        self.source: Source = source
        self.is_demo = is_demo
        self._default_model = default_model
        self._context_tokens = context_tokens
        self._has_vision = has_vision
        self._models: tuple[OfferedModel, ...] = ()
        self._named: dict[str, Target] = {}
        self.offer([])

    def offer(self, models: Sequence[tuple[str, int | None]], seeing: Collection[str] = ()) -> None:
        """Take the server's list of (name, context window), and which of them take images.

        A configured name is offered also when it is not listed.
        """
        listed = [
            OfferedModel(
                name, alias_of(name), self._context_tokens or window, self._has_vision or name in seeing
            )
            for name, window in models
        ]
        wanted = self._default_model
        if wanted and all(wanted not in (model.alias, model.server_name) for model in listed):
            window = listed[0].context_window if len(listed) == 1 else self._context_tokens or None
            can_see = self._has_vision or (len(listed) == 1 and listed[0].can_see)
            listed.insert(0, OfferedModel(wanted, wanted, window, can_see))
        self._models = tuple(listed)
        self._named = {}
        for model in listed:  # made once, and not for each request
            target = self._target(model)
            self._named.setdefault(model.alias, target)
            self._named.setdefault(model.server_name, target)

    @property
    def models(self) -> tuple[OfferedModel, ...]:
        """What is offered, in the server's order; empty until it was heard of."""
        return self._models

    @property
    def default(self) -> OfferedModel | None:
        """The model that answers when none is named."""
        if self._default_model:
            return _first_named(self._default_model, self._models)
        return next(iter(self._models), None)

    def knows(self, name: str) -> bool:
        """Whether a model of this name is offered; as long as nothing was heard of the server, any may be."""
        return not self._models or self.has(name)

    def has(self, name: str) -> bool:
        """Whether the server was heard to offer a model of this name."""
        return name in self._named

    def visible_to(self, caller: Caller) -> list[OfferedModel]:
        """Return the models that a caller may use."""
        allowed = caller.allowed_models
        return [model for model in self._models if allowed is None or model.alias in allowed]

    def candidates(
        self, model: str | None, caller: Caller, needs: TellNeeds | None = None
    ) -> Sequence[Target]:
        """Return the targets for a name, best first; see `Routes`.

        Raises:
            UnknownModelError: no such model, or not for this caller; says the nearest names.
            ProviderUnreachableError: the server was not heard of yet.
        """
        if not self._models:
            raise ProviderUnreachableError(
                "The model is not ready yet. Try again in a moment.",
                provider=self.source,
                is_retryable=True,
                retry_after_seconds=2,
            )
        allowed = caller.allowed_models
        known = self._named.get(model) if model else None
        if known is not None and (allowed is None or known.alias in allowed):
            return [known]
        visible = self.visible_to(caller)
        found = _first_named(model, visible) if model else self._default_for(visible)
        if found is None:
            raise unknown_model(model, [offered.alias for offered in visible])
        return [self._target(found)]

    def _target(self, model: OfferedModel) -> Target:
        return Target(
            self.source,
            self.provider,
            model.server_name,
            model.alias,
            model.context_window,
            model.can_see,
        )

    def _default_for(self, visible: Sequence[OfferedModel]) -> OfferedModel | None:
        default = self.default
        return default if default in visible else next(iter(visible), None)


def _first_named(name: str, models: Sequence[OfferedModel]) -> OfferedModel | None:
    return next((model for model in models if name in (model.alias, model.server_name)), None)


def alias_of(server_name: str) -> str:
    """Return the name that users see: a file's stem where the server calls a model by its path, else the name itself."""
    path = PurePosixPath(server_name.replace("\\", "/"))
    return path.stem if path.suffix.lower() == ".gguf" else server_name


def unknown_model(model: str | None, names: Sequence[str]) -> UnknownModelError:
    """Make the error for a name that nobody answers to, with the nearest names of those there are."""
    nearest = difflib.get_close_matches(model or "", names, n=_NEAREST, cutoff=0.4) or list(names[:_NEAREST])
    wish = f"There is no model named {model!r} for you" if model else "None of the models is open to this key"
    hint = f"; there are: {', '.join(nearest)}." if nearest else "."
    return UnknownModelError(wish + hint, details={"available": nearest})
