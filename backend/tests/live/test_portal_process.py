"""The portal as a process: its first admin, a restart on the same data, nothing read from the developer's settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.portal import PortalProcess

pytestmark = pytest.mark.live


def test_the_first_admin_signs_in_once_with_the_printed_password(portal: PortalProcess) -> None:
    with portal.client(portal.admin()) as client:
        me = client.get("/api/auth/me").raise_for_status().json()
        assert (me["role"], me["must_change_password"]) == ("admin", False)
        assert client.get("/api/sessions").status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_what_was_said_is_there_after_a_kill_and_a_new_start(
    portal: PortalProcess, upstream_url: str
) -> None:
    token = portal.register()
    with portal.client(token) as client:
        answer = client.post("/api/llm/chat/session", json={"session_id": "s", "message": "remember me"})
        assert answer.status_code == 200, answer.text
    portal.kill()
    portal.start()
    assert portal.log().count("one time:") == 1  # the admin is made once
    with portal.client(token) as client:
        messages = client.get("/api/llm/chat/session/s/history").raise_for_status().json()["messages"]
        assert [message["content"] for message in messages] == ["remember me", "You said: remember me"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_all_that_is_written_lies_in_the_data_folder(
    make_portal: Callable[..., PortalProcess], data_dir: Path
) -> None:
    portal = make_portal()
    portal.stop()
    assert (data_dir / "app.db").stat().st_size > 0
    assert {path.name.partition(".")[0] for path in data_dir.iterdir()} <= {"app", "portal-1", "secret_key"}
