"""Every route of the OpenAPI document is asked with generated input, good and bad: no answer is a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from tests.fixtures.portal import PortalProcess

_EXAMPLES_A_ROUTE = 6
_LEFT_OUT = {
    ("GET", "/api/admin/events"),  # never ends
    ("GET", "/api/sessions/changes"),  # neither does this one
    ("POST", "/api/auth/logout"),  # would end the sign-in that asks
}


@pytest.fixture
def database_kind() -> str:
    return "postgresql"  # the stricter one: it takes no NUL and no number that is too large


@pytest.fixture
def asker(upstream_url: str, portal: PortalProcess) -> Iterator[httpx.Client]:
    """An administrator: the one who gets furthest."""
    assert upstream_url
    with portal.client(portal.admin()) as client:
        yield client


def _operations(document: dict[str, Any]) -> list[Any]:
    schema = schemathesis.openapi.from_dict(document)
    found = [result.ok() for result in schema.get_all_operations()]
    return [one for one in found if (one.method.upper(), one.path) not in _LEFT_OUT]


def _can_be_sent(value: str) -> bool:
    """Tell whether the client lets a header's value out at all."""
    return value.isascii() and value.isprintable() and value == value.strip()


@pytest.mark.timeout(300)
def test_no_generated_request_is_answered_by_a_5xx(asker: httpx.Client) -> None:
    operations = _operations(asker.get("/openapi.json").raise_for_status().json())
    assert len(operations) > 60
    failures: list[str] = []
    statuses: set[int] = set()
    for operation in operations:

        @settings(
            max_examples=_EXAMPLES_A_ROUTE,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            sent = case.as_transport_kwargs(base_url=str(asker.base_url))
            headers = {
                name: value
                for name, value in dict(sent.get("headers") or {}).items()
                if name.lower() != "authorization" and _can_be_sent(value)
            }
            answer = asker.request(
                sent["method"],
                sent["url"],
                params=sent.get("params"),
                headers=headers,
                json=sent.get("json"),
                content=sent.get("data") if isinstance(sent.get("data"), bytes | str) else None,
            )
            statuses.add(answer.status_code)
            if answer.status_code >= 500:
                failures.append(f"{answer.status_code} {case.as_curl_command()}\n{answer.text[:300]}")

        ask()
    assert failures == []
    assert {200, 404, 422} <= statuses, "generated requests reached the routes and were also refused"
