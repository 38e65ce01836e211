"""Fixtures for every test. No test reads the developer's settings, touches their database or reaches past loopback."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from app.config import Settings, load_settings
from app.db.migrate import upgrade
from app.db.session import Database
from tests.fakes.upstream import FakeUpstream, threaded_upstream
from tests.fixtures.portal import PortalProcess
from tests.fixtures.postgresql import PostgresServer
from tests.fixtures.redis import RedisServer

os.environ["PORTAL_ENV_FILE"] = ""  # no .env is read
for _name in Settings.model_fields:
    os.environ.pop(_name.upper(), None)

# Some machines let everybody write what a test writes, and what everybody can write is refused.
os.umask(0o022)

# A busy machine is no failing test.
hypothesis_settings.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("portal")

TEST_SECRET = "a-secret-for-tests-only-0123456789abcdef"
DEAD_URL = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Undo what a test's own start of the portal made of logging: the next one would log where nobody reads, and more."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    for handler in [one for one in root.handlers if one not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for all tests; each test gets a database of its own. Faults are tried on `own_postgres`."""
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    name = postgres_server.create_database()
    upgrade(postgres_server.url(name), tmp_path_factory.mktemp("unused"))
    return name


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sqlite")
    upgrade("sqlite:///template.db", folder)
    return folder / "template.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on. To run on one only: `@pytest.mark.parametrize("database_kind", ["sqlite"])`."""
    return str(request.param)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """The portal's data folder of this test."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def database_url(database_kind: str, data_dir: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh, migrated database, on SQLite and then on PostgreSQL."""
    if database_kind == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), data_dir / "app.db")
        yield "sqlite:///./app.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create_database(request.getfixturevalue("_postgres_template"))
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def empty_database_url(database_kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database without tables, on SQLite and then on PostgreSQL."""
    if database_kind == "sqlite":
        yield "sqlite:///./empty.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
async def database(database_url: str, data_dir: Path) -> AsyncIterator[Database]:
    """An open, migrated Database."""
    opened = Database(database_url, data_dir)
    yield opened
    await opened.close()


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL that the test may stop, kill and freeze."""
    server = PostgresServer(is_durable=True)
    server.start()
    yield server
    server.kill()
    server.remove()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for all tests. Faults are tried on `own_redis`."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty Redis, which this process never takes for away because the machine is slow."""
    for module in ("redis_link", "redis_channel", "log_mirrors"):
        monkeypatch.setattr(f"app.coord.{module}.CALL_SECONDS", 60)
    redis_server.flush()
    return redis_server.url


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that the test may stop, kill and freeze."""
    server = RedisServer(tmp_path_factory.mktemp("own-redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def settings_overrides() -> dict[str, object]:
    """Settings that a test module wants otherwise; override this fixture there."""
    return {}


@pytest.fixture
def settings(
    database_url: str,
    data_dir: Path,
    settings_overrides: dict[str, object],
    request: pytest.FixtureRequest,
) -> Settings:
    """Settings for a portal under test: a fresh database; the model server is `upstream` if the test asks for it, else none."""
    has_upstream = "upstream" in request.fixturenames
    values: dict[str, object] = {
        "portal_data_dir": data_dir,
        "database_url": database_url,
        "secret_key": TEST_SECRET,
        "llm_server_url": request.getfixturevalue("upstream").url if has_upstream else DEAD_URL,
        "mqtt_own_broker": False,
        "llm_max_retries": 0,  # a scripted failure is seen at once; tests of retries set it
    }
    return load_settings(**{**values, **settings_overrides})


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    """A model server on loopback whose behaviour the test scripts; `settings` point to it."""
    async with FakeUpstream() as server:
        yield server


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The running application in this process, without a socket; `app.state.runtime` has its parts."""
    from app.main import create_app  # a broken part fails the tests that need it, not all

    application = create_app(settings)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def app_client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app`. A streamed answer arrives as a whole here; to read it live, use `portal`."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://portal.test") as client:
        yield client


@pytest.fixture
def make_portal(
    database_url: str, data_dir: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., PortalProcess]]:
    """Start real portals (`make_portal(REDIS_URL=…)`) as processes of their own on one database: replicas of each other."""
    portals: list[PortalProcess] = []
    upstream_url = (
        request.getfixturevalue("upstream_url") if "upstream_url" in request.fixturenames else DEAD_URL
    )

    def make(**environment: str) -> PortalProcess:
        values = {
            "DATABASE_URL": database_url,
            "SECRET_KEY": TEST_SECRET,
            "LLM_SERVER_URL": upstream_url,
            "MQTT_OWN_BROKER": "false",
        }
        portal = PortalProcess(data_dir, len(portals) + 1, {**values, **environment})
        portals.append(portal)
        portal.start()
        return portal

    yield make
    for portal in portals:
        portal.stop()


@pytest.fixture
def portal(make_portal: Callable[..., PortalProcess]) -> PortalProcess:
    """One real portal as a process: `.base_url`, `.register()`, `.admin()`, `.kill()`, `.restart()`, `.log()`."""
    return make_portal()


@pytest.fixture
def threaded_model() -> Iterator[FakeUpstream]:
    """A scripted model server in a thread of its own, for `portal`; see `upstream_url`."""
    with threaded_upstream() as server:
        yield server


@pytest.fixture
def upstream_url(threaded_model: FakeUpstream) -> str:
    """Ask for it, and `portal` and `make_portal` use the scripted model server `threaded_model`."""
    return threaded_model.url
