"""Providers and models as an administrator writes them, in `models.yaml` or over the API: checked, and nothing more."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from app.llm.errors import LLMError
from app.llm.money import Price
from app.llm.providers.addresses import check_url
from app.llm.providers.mapping import Framing, Mapping, check_expression, expressions_in
from app.llm.providers.registry import KindName, OwnRoute

LOCAL = "local"
"""The provider that needs no definition: the portal's own model server, or the one of LLM_SERVER_URL."""

AUTO = "auto"
"""What clients name that must name a model, and leave the choice to the portal."""

TRANSLATED: Final = "translated"
MODULE: Final = "module"
LITELLM: Final = "litellm"
ProviderKind = Literal[KindName, "translated", "module", "litellm"]
Capability = Literal[
    "chat", "code", "vision", "tools", "json", "embeddings", "long-context", "high-throughput"
]
ProviderName = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
]
ModelName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
BaseUrl = Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=2000)]
ModuleName = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Route = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^/[^\s]*$")]


def check_model_name(name: str) -> None:
    """Raise ValueError for a name that nobody could ask for."""
    if name == AUTO:
        raise ValueError(
            f"{AUTO!r} is what programs say who leave the choice to the portal; take another name"
        )


def _checked(expression: str) -> str:
    if expression:
        check_expression(expression)
    return expression


Expression = Annotated[str, AfterValidator(_checked)]


class Definition(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AnswerMapping(Definition):
    """Where a whole answer has what; each is a JMESPath expression."""

    content: Expression
    finish_reason: Expression = ""
    prompt_tokens: Expression = ""
    completion_tokens: Expression = ""
    error: Expression = ""


class StreamMapping(Definition):
    """How a stream is cut, and where each of its objects has what."""

    path: Route
    framing: Framing = "json"
    content: Expression = ""
    finished: Expression = ""
    error: Expression = ""


class MappingDefinition(Definition):
    """An API that does not speak chat completions; see `llm.providers.mapping.Mapping`."""

    path: Route
    request: dict[str, Any]
    response: AnswerMapping
    stream: StreamMapping | None = None
    health_path: Route | None = None

    @field_validator("request")
    @classmethod
    def _check_request(cls, value: dict[str, Any]) -> dict[str, Any]:
        for expression in expressions_in(value):
            check_expression(expression)
        return value

    def mapping(self) -> Mapping:
        """Return it as the adapter takes it."""
        stream = self.stream
        return Mapping(
            path=self.path,
            request=self.request,
            stream_path=stream.path if stream is not None else None,
            framing=stream.framing if stream is not None else "json",
            stream_content=stream.content if stream is not None else "",
            stream_finished=stream.finished if stream is not None else "",
            stream_error=stream.error if stream is not None else "",
            health_path=self.health_path or "",
            **self.response.model_dump(),
        )


class PriceDefinition(Definition):
    """What a million tokens cost, in the portal's currency. `cached` is for the prompt's tokens that the server had."""

    input: float = Field(default=0.0, ge=0, le=1_000_000, allow_inf_nan=False)
    output: float = Field(default=0.0, ge=0, le=1_000_000, allow_inf_nan=False)
    cached: float | None = Field(default=None, ge=0, le=1_000_000, allow_inf_nan=False)

    def price(self) -> Price:
        return Price(self.input, self.output, self.cached)


class ProviderDefinition(Definition):
    """A server, and how it is spoken to.

    Args:
        kind: None asks the server which one it is.
        base_url: left out for `module`, which knows its own, and mostly for `litellm`.
        mapping: for the kind `translated` alone.
        module: for the kind `module` alone: a file of PROVIDER_MODULES_DIR, without its ending.
        allow_private_network: it may be at a loopback or private address; never at a link-local one.
        offer_all: every model that the server lists can be named, besides those that `models` define.
        price: of its models that have none of their own.
        own_routes: what the server has besides chat completions and is asked there as a request came; None: as its kind.
    """

    kind: ProviderKind | None = None
    base_url: BaseUrl | Literal[""] = ""
    module: ModuleName | None = None
    mapping: MappingDefinition | None = None
    api_key: SecretStr = SecretStr("")
    allow_private_network: bool = True
    offer_all: bool = False
    price: PriceDefinition | None = None
    own_routes: tuple[OwnRoute, ...] | None = None

    @field_validator("api_key")
    @classmethod
    def _without_blanks(cls, value: SecretStr) -> SecretStr:
        return SecretStr(value.get_secret_value().strip())  # a line's end comes along when keys are copied

    @model_validator(mode="after")
    def _check_url(self) -> ProviderDefinition:
        if (self.kind == TRANSLATED) != (self.mapping is not None):
            raise ValueError("a provider of the kind translated needs a mapping, and no other has one")
        if (self.kind == MODULE) != (self.module is not None):
            raise ValueError("a provider of the kind module names a module, and no other does")
        if self.own_routes and self.kind in (TRANSLATED, MODULE, LITELLM):
            raise ValueError(f"a provider of the kind {self.kind} has no routes of its own")
        if self.own_routes and "background" in self.own_routes and "responses" not in self.own_routes:
            raise ValueError("own_routes: background needs responses")
        if not self.base_url and self.kind in (MODULE, LITELLM):
            return self
        if self.kind != LITELLM and ("?" in self.base_url or "#" in self.base_url):
            raise ValueError("The address must hold no ? and no #: paths are put behind it")
        try:
            check_url(self.base_url, is_private_allowed=self.allow_private_network)
        except LLMError as error:
            raise ValueError(error.message) from error
        return self


class TargetDefinition(Definition):
    """One server's model behind a name; without `model` it is called there as it is here.

    `is_drained` gives it no new requests; those that run there end.
    """

    provider: ProviderName
    model: ModelName | None = None
    priority: int = Field(default=0, ge=0, le=1000)
    weight: float = Field(default=1.0, ge=0, le=1000)
    price: PriceDefinition | None = None
    is_drained: bool = False


class ModelDefinition(Definition):
    """A name that users can ask for, and where it leads. `price` is that of targets that have none of their own."""

    targets: tuple[TargetDefinition, ...] = Field(min_length=1, max_length=50)
    capabilities: tuple[Capability, ...] = ("chat",)
    context_window: int | None = Field(default=None, ge=16)
    price: PriceDefinition | None = None
    cache_seconds: int | None = Field(default=None, ge=1, le=30 * 24 * 3600)


class Definitions(Definition):
    """All of a file."""

    providers: dict[ProviderName, ProviderDefinition] = Field(default_factory=dict)
    models: dict[ModelName, ModelDefinition] = Field(default_factory=dict)

    @field_validator("providers", "models", mode="before")
    @classmethod
    def _empty(cls, value: object) -> object:
        return {} if value is None else value

    @field_validator("providers")
    @classmethod
    def _local_is_taken(cls, value: dict[str, ProviderDefinition]) -> dict[str, ProviderDefinition]:
        if LOCAL in value:
            raise ValueError(f"{LOCAL!r} is the portal's own model server and is not defined here")
        return value
