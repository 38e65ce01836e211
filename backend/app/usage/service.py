"""What was used: sums for people about themselves, and for operators about everybody."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principal import Principal
from app.db.session import Database
from app.errors import UnprocessableError
from app.keys.tables import ApiKey
from app.kit.clock import Clock, isoformat
from app.limits.subjects import Subject
from app.llm.money import to_money
from app.usage.periods import bounds_of
from app.usage.recorder import UsageRecorder
from app.usage.repository import UsageRepository
from app.usage.schemas import BudgetState, BudgetStates, UsageFigures, UsageGroup, UsageReport
from app.usage.tables import SUMS
from app.users.tables import User

USUAL_DAYS = 30
_MAX_DAYS = 3660
_COLUMNS = {
    "day": "day",
    "model": "model",
    "key": "key_id",
    "door": "door",
    "user": "user_id",
    "device": "device",
}
_CSV_BY = ("day", "user_id", "key_id", "device", "door", "model")
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class UsageService:
    """One for the process. Who may see what is the doors' check."""

    def __init__(self, database: Database, recorder: UsageRecorder, clock: Clock, currency: str) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._currency = currency

    async def of_caller(
        self, principal: Principal, by: str, since: date | None, until: date | None
    ) -> UsageReport:
        """Return a person's sums over all their keys and the page; a key's own when a key asks."""
        key_id = principal.key.id if principal.key is not None else None
        return await self._sums(by, since, until, user_id=principal.user.id, key_id=key_id)

    async def of_all(
        self,
        by: str,
        since: date | None,
        until: date | None,
        *,
        user_id: int | None = None,
        key_id: str | None = None,
    ) -> UsageReport:
        """Return everybody's sums, or those of one person or key."""
        return await self._sums(by, since, until, user_id=user_id, key_id=key_id)

    async def budgets(self, principal: Principal) -> BudgetStates:
        """Return the caller's budgets and what is spent of them."""
        await self._recorder.flush()
        bounds = bounds_of(principal.subjects, self._clock.now())
        async with self._database.reading() as session:
            repository = UsageRepository(session)
            items = [
                BudgetState(
                    of=bound.subject.kind,
                    period=bound.period,
                    limit=to_money(bound.nanos),
                    spent=to_money(await _spent(repository, bound.subject, bound.since_day)),
                    ends_at=isoformat(bound.ends_at) if bound.ends_at is not None else None,
                )
                for bound in bounds
            ]
        return BudgetStates(currency=self._currency, items=items)

    def as_csv(self, since: date | None, until: date | None) -> AsyncIterator[bytes]:
        """Return the sums by day, person, key, device, door and model, in pieces. Raises UnprocessableError."""
        return self._csv(*self._span(since, until))

    async def _csv(self, first: date, last: date) -> AsyncIterator[bytes]:
        await self._recorder.flush()
        async with self._database.reading() as session:
            rows = await UsageRepository(session).sums(_CSV_BY, first.isoformat(), last.isoformat())
            people = await _people(session, {row.user_id for row in rows})
            keys = await _keys(session, {row.key_id for row in rows})
        yield _csv_line(["day", "user", "key", "device", "door", "model", *SUMS[:-1], "cost", "currency"])
        for row in rows:
            named = [
                row.day,
                people.get(row.user_id, ""),
                keys.get(row.key_id, ""),
                row.device,
                row.door,
                row.model,
            ]
            figures = [*(getattr(row, name) for name in SUMS[:-1]), f"{to_money(row.cost_nanos):.9f}"]
            yield _csv_line([*named, *figures, self._currency])

    async def _sums(
        self, by: str, since: date | None, until: date | None, *, user_id: int | None, key_id: str | None
    ) -> UsageReport:
        first, last = self._span(since, until)
        await self._recorder.flush()
        days = (first.isoformat(), last.isoformat())
        async with self._database.reading() as session:
            repository = UsageRepository(session)
            rows = await repository.sums([_COLUMNS[by]], *days, user_id=user_id, key_id=key_id)
            labels = await _labels(session, by, [row[0] for row in rows])
        groups = [
            UsageGroup(key=str(row[0]), label=labels.get(row[0], str(row[0])), **_figures([row]))
            for row in rows
        ]
        return UsageReport(
            currency=self._currency,
            since=first,
            until=last,
            by=by,
            total=UsageFigures(**_figures(rows)),
            groups=groups,
        )

    def _span(self, since: date | None, until: date | None) -> tuple[date, date]:
        last = until or self._clock.now().date()
        first = since or last - min(timedelta(days=USUAL_DAYS - 1), last - date.min)
        if not 0 <= (last - first).days < _MAX_DAYS:
            raise UnprocessableError("since: it must be a day up to ten years before `until`.")
        return first, last


async def _spent(repository: UsageRepository, subject: Subject, since_day: str) -> int:
    if subject.kind == "key":
        return await repository.spent_nanos(key_id=subject.id, user_id=0, since_day=since_day)
    return await repository.spent_nanos(key_id=None, user_id=int(subject.id), since_day=since_day)


def _figures(rows: Sequence[Row[Any]]) -> dict[str, Any]:
    sums = {name: sum(int(getattr(row, name)) for row in rows) for name in SUMS}
    return {**sums, "cost": to_money(sums.pop("cost_nanos"))}


async def _labels(session: AsyncSession, by: str, values: Sequence[Any]) -> Mapping[Any, str]:
    if by == "user":
        return await _people(session, set(values))
    return await _keys(session, set(values)) if by == "key" else {}


async def _people(session: AsyncSession, ids: set[int]) -> dict[Any, str]:
    rows = await session.execute(select(User.id, User.email).where(User.id.in_(ids)))
    return {row.id: row.email for row in rows}


async def _keys(session: AsyncSession, ids: set[str]) -> dict[Any, str]:
    rows = await session.execute(select(ApiKey.id, ApiKey.name).where(ApiKey.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _csv_line(cells: Sequence[object]) -> bytes:
    """A spreadsheet would compute what begins like a formula (OWASP: CSV injection); names are what somebody typed."""
    texts = [str(cell) for cell in cells]
    buffer = io.StringIO()
    csv.writer(buffer).writerow(
        [f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text for text in texts]
    )
    return buffer.getvalue().encode()
