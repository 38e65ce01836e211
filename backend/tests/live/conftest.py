"""Fixtures of the tests over real servers: one portal with a broker for a module, and replicas on one Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.fakes.upstream import FakeUpstream
from tests.fixtures.games import Games, games
from tests.fixtures.portal import PortalProcess
from tests.fixtures.programs import free_port
from tests.fixtures.redis import RedisServer
from tests.fixtures.replicas import MakeReplica, replicas_on


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[Games]:
    """A portal with a broker of its own; a module that needs another makes it under the same name."""
    with games(tmp_path_factory.mktemp("games"), _sqlite_template, has_broker=False) as made:
        made.add_portal(MQTT_LISTEN_PORT=str(free_port()))
        yield made


@pytest.fixture
def mqtt_portal(place: Games) -> PortalProcess:
    """The portal of `place`."""
    return place.portal


@pytest.fixture
def key(place: Games) -> str:
    """A new person's key."""
    return place.key()


@pytest.fixture
def model(place: Games) -> FakeUpstream:
    """The model server of `place`, with nothing asked yet."""
    place.model.requests.clear()
    return place.model


@pytest.fixture
async def replica(own_redis: RedisServer) -> AsyncIterator[MakeReplica]:
    """Make replicas on the test's own Redis."""
    async with replicas_on(own_redis) as make:
        yield make
