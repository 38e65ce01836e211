"""What is said of each kind of broker: in the data, and in the documents."""

from __future__ import annotations

import re
from typing import get_args

from app.bridge.profiles import PROFILES, BrokerKind
from app.config import PROJECT_ROOT, Settings

_ROW = re.compile(r"^\| `(\w+)`[^|]*\| (\d+) h \| ([^|]+) \| (\d+) \| ([^|]+) \|$", re.MULTILINE)


def test_every_kind_that_can_be_set_has_a_profile_with_a_source() -> None:
    settable = get_args(Settings.model_fields["mqtt_broker_kind"].annotation)
    assert {*settable, "amqtt"} == set(PROFILES) == set(get_args(BrokerKind))
    assert all(len(profile.source) > 20 for profile in PROFILES.values())
    assert [kind for kind, profile in PROFILES.items() if not profile.is_mqtt5] == ["amqtt"]


def test_the_documents_table_says_what_the_bridge_does() -> None:
    rows = _ROW.findall((PROJECT_ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8"))
    assert [kind for kind, *_ in rows] == list(PROFILES)
    for kind, hours, fate, inflight, known_by in rows:
        profile = PROFILES[kind]
        assert int(hours) * 3600 == profile.session_seconds, kind
        assert ("another fetches it" in fate) is profile.keeps_dead_members_messages, kind
        assert int(inflight) == profile.max_inflight, kind
        assert known_by.startswith("run") is profile.source.startswith("measured"), kind
