"""What /api/admin takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.limits.schemas import StoredBudget
from app.users.schemas import Role

ComponentState = Literal["ok", "degraded", "down", "starting", "off"]
TimelineGroup = Literal["door", "model", "user", "device"]
StatsGroup = Literal["hour"] | TimelineGroup


class ComponentRead(BaseModel):
    """One part of the portal: how it is, since when, and what to do about it."""

    name: str
    state: ComponentState
    latency_ms: float | None = None
    since: datetime
    message: str
    advice: str = Field("", description="What to do; empty while all is well.")
    figures: dict[str, float] = Field(default_factory=dict)


class AdminHealthRead(BaseModel):
    """All parts as this replica sees them."""

    status: Literal["ok", "degraded", "down"]
    version: str
    replica: str
    checked_at: datetime
    components: list[ComponentRead]


class ReplicaRead(BaseModel):
    """One process of the portal, as it was last heard of."""

    replica: str
    version: str
    is_this: bool = Field(description="It is the one that answers.")
    silent_seconds: int | None = Field(
        description="For so long nothing was heard of it; null while it talks."
    )
    active: int = Field(description="Requests that are with a model now.")
    queued: int = Field(description="Requests that wait for a place now.")


class PulsePoint(BaseModel):
    """What happened on all replicas within some two seconds."""

    at: int = Field(description="When the step ended, in seconds since 1970.")
    replicas: int = Field(description="How many told what they did.")
    requests_per_second: float
    turns_per_second: float = Field(description="Asks of a model that ended.")
    tokens_per_second: float = Field(description="Tokens of answers.")
    failures: int = Field(description="Answers of status 5xx, and asks of a model that failed.")
    refusals: int = Field(description="Answers of status 429.")
    cached_share: float | None = Field(description="Of the prompts' tokens, the share that was cached.")
    hit_share: float | None = Field(description="Of the asks, the share that the portal's cache answered.")
    cost_per_minute: float = Field(description="What models cost, in the portal's currency.")
    ttft_ms_p50: float | None
    ttft_ms_p95: float | None
    active: int = Field(description="Requests that are with a model now.")
    queued: int = Field(description="Requests that wait for a place now.")


class PulseRead(BaseModel):
    """The last ten minutes of all replicas, the oldest point first; `/events` brings each further one."""

    replica: str
    replicas: list[ReplicaRead]
    currency: str
    points: list[PulsePoint]


class StatsRow(BaseModel):
    """Figures of requests of one group, or of all; `turns` counts them, `cost` is in the portal's currency."""

    key: str
    turns: int
    errors: int
    cancelled: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cost: float
    ttft_ms_p50: float | None
    ttft_ms_p95: float | None
    total_ms_p50: float | None
    total_ms_p95: float | None


class StatsRead(BaseModel):
    """Requests of every door that ended within the window."""

    hours: int
    by: StatsGroup
    total: StatsRow
    groups: list[StatsRow]
    is_partial: bool = Field(description="There were more turns than are counted at once; the newest were.")


class TimelineSeries(BaseModel):
    """What one group did in each step."""

    key: str = Field(description="A door, a model, an address or a device; `none` where there was none.")
    is_rest: bool = Field(description="All groups that are not among the busiest, together.")
    turns: list[int]
    errors: list[int]
    cache_hits: list[int]
    tokens: list[int] = Field(description="Of answers.")
    cost: list[float]
    ttft_ms_p50: list[float | None]
    ttft_ms_p95: list[float | None]


class TimelineRead(BaseModel):
    """Requests of every door and replica that ended in the last minutes, by step and group; the busiest first."""

    by: TimelineGroup
    currency: str
    step_seconds: int
    times: list[int] = Field(description="When each step began, in seconds since 1970.")
    series: list[TimelineSeries]
    is_partial: bool = Field(
        description="There were more requests than are counted at once; the newest were."
    )


class AdminUserRead(BaseModel):
    """A person, as administrators see them. Limits count over all their keys and the page; null is none."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    role: Role
    is_active: bool
    must_change_password: bool
    created_at: datetime
    requests_per_minute: int | None
    tokens_per_minute: int | None
    budget: StoredBudget


class AdminUserList(BaseModel):
    """A page of people, by id."""

    items: list[AdminUserRead]
    next_after: int | None = Field(description="Ask with it as `after` for the next page.")


class AdminUserUpdate(BaseModel):
    """What changes; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    is_active: bool | None = None


class InvitationCreate(BaseModel):
    """A wish for an invitation."""

    model_config = ConfigDict(extra="forbid")

    role: Role = "user"
    days: int = Field(7, ge=1, le=365)


class InvitationRead(BaseModel):
    """The code is shown only now."""

    code: str
    role: Role
    expires_in_days: int


class InvitationState(BaseModel):
    """An invitation that can still be used; its code is not known any more."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    role: Role
    created_at: datetime
    expires_at: datetime


class InvitationList(BaseModel):
    """Open invitations, the newest first."""

    items: list[InvitationState]


class LiveTurn(BaseModel):
    """A turn that runs or waits on some replica. Its words are its owner's and are not shown."""

    turn_id: str
    user_id: int
    email: str
    door: str
    model: str | None
    status: str
    replica: str | None
    created_at: datetime
    started_at: datetime | None


class LiveRead(BaseModel):
    """What runs now, oldest first."""

    items: list[LiveTurn]


class AuditLine(BaseModel):
    """Who did what."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    created_at: datetime
    actor_id: int | None
    actor: str
    action: str
    subject: str
    details: dict[str, Any] | None
    request_id: str


class AuditPage(BaseModel):
    """Lines, the newest first."""

    items: list[AuditLine]
    next_before: str | None = Field(description="Ask with it as `before` for older lines.")
