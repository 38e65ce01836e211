"""axe-core finds nothing on any page, in both themes, wide and at 390 px."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.async_api import ViewportSize, expect

from tests.e2e.conftest import PHONE, WIDE
from tests.fixtures.portal import PortalProcess

ANSWER = """# A heading

Text with `code`, **bold**, a [link](https://example.org) and an image ![chart](https://example.org/chart.png).

```python
def way_out(maze):  # a comment
    return "north"
```

| Model | Window |
| --- | ---: |
| small | 4,096 |

> quoted

1. one
   - deeper

$$
x^2
$$
"""


def _conversation() -> dict[str, Any]:
    when = "2026-01-05T09:00:00Z"
    texts = [("user", "Which way?"), ("assistant", ANSWER), ("user", "And then?"), ("assistant", "East.")]
    messages = [
        {
            "id": f"m{number}",
            "parent_id": f"m{number - 1}" if number else None,
            "role": role,
            "content": text,
            "reasoning": "Let me think." if text == ANSWER else None,
            "created_at": when,
        }
        for number, (role, text) in enumerate(texts)
    ]
    other = {"id": "m9", "parent_id": "m2", "role": "assistant", "content": "West.", "created_at": when}
    return {
        "format": "prompt-portal.session/1",
        "title": "The way out",
        "folder": "Mazes",
        "created_at": when,
        "updated_at": when,
        "active_leaf_id": "m3",
        "messages": [*messages, other],
    }


def _fill(client: httpx.Client) -> list[str]:
    """Put something on every page; return the addresses."""

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return dict(client.post(path, json=body).raise_for_status().json())

    session = post("/api/sessions/import", _conversation())["imported"][0]["session_id"]
    shared = post(f"/api/sessions/{session}/share", {})["token"]
    archived = post("/api/sessions", {"title": "Put away"})["id"]
    client.patch(f"/api/sessions/{archived}", json={"archived": True}).raise_for_status()
    post("/api/keys", {"name": "maze game", "requests_per_minute": 60})
    template = post("/api/templates", {"title": "Maze guide", "content": "You guide {{player}}."})["id"]
    return [
        "/",
        f"/c/{session}",
        "/templates",
        "/templates/new",
        f"/templates/{template}",
        "/models",
        "/compare",
        "/keys",
        "/settings",
        "/archive",
        "/devices",
        "/projects",
        "/playground",
        f"/s/{shared}",
        "/nowhere",
    ]


@pytest.mark.usefixtures("upstream_url")
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_axe_finds_nothing_on_any_page_in_both_themes(
    portal: PortalProcess, visitor: Callable[..., Any], size: ViewportSize
) -> None:
    with portal.client(portal.register()) as client:
        paths = _fill(client)
    person = await visitor(portal, viewport=size, reduced_motion="reduce")
    found: dict[str, list[str]] = {}

    async def look(path: str) -> None:
        await person.open(path)
        await expect(person.page.get_by_role("heading", level=1).first).to_be_visible()
        await person.settled()
        for scheme in ("light", "dark"):
            await person.page.emulate_media(color_scheme=scheme)
            await person.page.wait_for_timeout(50)
            if violations := await person.axe():
                found[f"{path} {scheme}"] = violations
        await person.assert_no_sideways_scroll()

    await look("/sign-in")
    await look("/register")
    await person.sign_in("ada@example.org")
    await expect(person.page.get_by_test_id("composer-input")).to_be_visible()
    for path in paths:
        await look(path)
    assert found == {}, "\n".join(f"{place}: {what}" for place, what in found.items())
    assert person.problems == []
