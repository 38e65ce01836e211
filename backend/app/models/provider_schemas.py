"""Providers as the administrators' API takes and shows them. A provider's key goes in and never comes out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.llm.breaker import State
from app.llm.providers.registry import KindName, OwnRoute
from app.models.definitions import (
    BaseUrl,
    Capability,
    MappingDefinition,
    ModelName,
    ModuleName,
    PriceDefinition,
    ProviderKind,
    ProviderName,
    Route,
)
from app.models.mapping_replay import Replayed, Sample

_EXAMPLE: dict[str, Any] = {
    "name": "lab-vllm",
    "kind": "vllm",
    "base_url": "http://10.0.0.5:8000",
    "allow_private_network": True,
    "models": [{"name": "llama3.1:8b", "model": "meta-llama/Llama-3.1-8B-Instruct"}],
}
_DRAFT: dict[str, Any] = {
    "path": "/generate",
    "request": {"prompt": "Hello!", "params": {"temp": 0.7, "max_length": 100}},
    "response": {"generated_text": "Hi there!", "metadata": {"tokens_generated": 3}},
}


class ProviderModel(BaseModel):
    """A name that users can ask for, and what this provider calls it; `model: null` means the same."""

    model_config = ConfigDict(extra="forbid")

    name: ModelName
    model: ModelName | None = None
    priority: int = Field(default=0, ge=0, le=1000)
    weight: float = Field(default=1.0, ge=0, le=1000)
    capabilities: list[Capability] = Field(default=["chat"], max_length=20)
    context_window: int | None = Field(default=None, ge=16)
    price: PriceDefinition | None = None
    is_drained: bool = Field(default=False, description="It gets no new requests; those that run there end.")


class ProviderCreate(BaseModel):
    """A new provider; `kind: null` asks the server which one it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    name: ProviderName
    kind: ProviderKind | None = None
    base_url: BaseUrl | Literal[""] = ""
    module: ModuleName | None = Field(
        default=None, description="For the kind module: a file of PROVIDER_MODULES_DIR."
    )
    mapping: MappingDefinition | None = Field(default=None, description="For the kind translated.")
    api_key: SecretStr | None = Field(default=None, max_length=1000)
    allow_private_network: bool = False
    offer_all: bool = False
    is_enabled: bool = True
    models: list[ProviderModel] = Field(default=[], max_length=200)
    price: PriceDefinition | None = None
    own_routes: list[OwnRoute] | None = Field(
        default=None,
        max_length=3,
        description="What the server has besides chat completions, asked there as a request came; null: as its kind.",
    )


class ProviderUpdate(BaseModel):
    """Absent fields stay as they are; `api_key: null` removes the key. A new address needs the key again."""

    model_config = ConfigDict(extra="forbid")

    kind: ProviderKind | None = None
    base_url: BaseUrl | Literal[""] = ""
    module: ModuleName | None = None
    mapping: MappingDefinition | None = None
    api_key: SecretStr | None = Field(default=None, max_length=1000)
    allow_private_network: bool = False
    offer_all: bool = False
    is_enabled: bool = True
    models: list[ProviderModel] = Field(default=[], max_length=200)
    price: PriceDefinition | None = None
    own_routes: list[OwnRoute] | None = Field(
        default=None,
        max_length=3,
        description="What the server has besides chat completions, asked there as a request came; null: as its kind.",
    )


class TargetState(BaseModel):
    """A model of a provider that was asked for: its breaker, and the requests with it now."""

    model: str
    breaker: State
    in_use: int


class ProviderState(BaseModel):
    """What the last health check found, in the process that answers."""

    is_healthy: bool
    latency_ms: float | None
    message: str
    targets: list[TargetState]


class ProviderRead(BaseModel):
    """A provider; those of `models.yaml` have no id and are changed there."""

    id: str | None
    name: str
    source: Literal["stored", "file"]
    kind: ProviderKind | None
    base_url: str
    module: str | None
    mapping: MappingDefinition | None
    has_api_key: bool
    allow_private_network: bool
    offer_all: bool
    is_enabled: bool
    models: list[ProviderModel]
    price: PriceDefinition | None
    own_routes: list[OwnRoute] | None
    state: ProviderState | None
    created_at: datetime | None
    updated_at: datetime | None


class FileMistake(BaseModel):
    line: int
    message: str


class FileState(BaseModel):
    """`models.yaml`: when the version in use was read, and what is wrong with the newest one."""

    name: str
    loaded_at: datetime | None
    mistakes: list[FileMistake]


class ProviderList(BaseModel):
    """All providers, and the file's state if there is one."""

    items: list[ProviderRead]
    file: FileState | None


class ProviderTest(BaseModel):
    """What a provider said when it was asked just now; with samples, what its mapping makes of them."""

    is_healthy: bool
    latency_ms: float
    kind: KindName | None
    models: list[str]
    message: str
    replayed: list[Replayed] = []


class ProviderTestWish(BaseModel):
    """Samples to try a mapping on, instead of asking the server."""

    model_config = ConfigDict(extra="forbid")

    samples: list[Sample] = Field(default=[], max_length=20)


class DraftWish(BaseModel):
    """One request of an API and its answer, as they are; the answer of a stream as text."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_DRAFT]})

    path: Route = "/generate"
    request: dict[str, Any]
    response: Any
    stream_path: Route | None = None
    stream: str | None = Field(default=None, max_length=1_000_000)


class DraftRead(BaseModel):
    """A mapping to begin with, what a person should look at, and what it makes of the samples."""

    mapping: MappingDefinition
    notes: list[str]
    replayed: list[Replayed]
