"""The bridge alone, beside a model server: no page, no HTTP."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Callable, Sequence

from pydantic import SecretStr

from app.config import Settings
from app.launch.certificates import check_certificates
from app.launch.errors import LaunchError
from app.launch.logs import start_logging
from app.launch.memory import keep_in_huge_pages, settle_objects, share_one_heap
from app.launch.prepare import migrate
from app.launch.private import keeping_private
from app.launch.settings import read_settings

_PROGRAM = _KEY_NAME = "llamacpp_mqtt_deploy"


def run(arguments: Sequence[str], *, say: Callable[[str], None]) -> int:
    """Answer the projects' topics until SIGINT or SIGTERM. Returns the exit code; raises LaunchError."""
    flags = _parser().parse_args(arguments)
    settings = read_settings(
        mqtt_projects=",".join(flags.projects) if flags.projects else None,
        llm_server_url=flags.server_url,
        mqtt_broker_host=flags.mqtt_host,
        mqtt_broker_port=flags.mqtt_port,
        mqtt_username=flags.mqtt_username,
        mqtt_password=flags.mqtt_password,
    )
    share_one_heap()
    with keeping_private():
        start_logging(settings)
        check_certificates(settings)
        migrate(settings)
        asyncio.run(_serve(settings, say))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="llamacpp_mqtt_deploy.py", description=__doc__)
    parser.add_argument(
        "--projects", nargs="+", help="whose topics to answer; absent: those of MQTT_PROJECTS"
    )
    parser.add_argument("--server_url", help="the model server, such as http://localhost:8080")
    parser.add_argument("--mqtt_host", help="the broker; absent: MQTT_BROKER_HOST, else the portal's own")
    parser.add_argument("--mqtt_port", type=int)
    parser.add_argument("--mqtt_username")
    parser.add_argument("--mqtt_password")
    return parser


async def _serve(settings: Settings, say: Callable[[str], None]) -> None:
    from app.auth.runtime import create_auth_runtime
    from app.bridge.bridge import bridging
    from app.chat.runtime import Runtime
    from app.gateway.setup import create_gateway

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends the loop there
            loop.add_signal_handler(number, ended.set)
    runtime = Runtime(await _with_game_key(settings, say))
    runtime.projects.restrict(settings.mqtt_projects)
    auth = create_auth_runtime(settings, runtime.database, runtime.coord, runtime.clock)
    await runtime.start()
    settle_objects()
    keep_in_huge_pages()
    try:
        bridged = bridging(runtime, auth, create_gateway(runtime), program=_PROGRAM)
        async with auth.key_cache.following(), bridged as bridge:
            if bridge is None:
                raise LaunchError("There is no MQTT broker: name one with --mqtt_host, or install Mosquitto.")
            say(f"Answering {', '.join(settings.mqtt_projects)} at {bridge.status.broker}. Stop: Ctrl-C")
            await ended.wait()
    finally:
        await runtime.close()


async def _with_game_key(settings: Settings, say: Callable[[str], None]) -> Settings:
    """Return settings with a key for games that send none: the local user's, made anew at each start."""
    if settings.mqtt_game_key.get_secret_value():
        return settings
    from app.db.session import Database
    from app.keys.schemas import KeyCreate
    from app.keys.service import KeyService
    from app.users.service import ensure_local_user

    database = Database(settings.database_url, settings.portal_data_dir)
    try:
        user_id = await ensure_local_user(database)
        keys = KeyService(database)
        for key in await keys.list(user_id):
            if key.name == _KEY_NAME:
                await keys.revoke(user_id, key.id)
        _, secret = await keys.create(user_id, KeyCreate(name=_KEY_NAME, scopes=["chat"]), is_admin=False)
    finally:
        await database.close()
    say(
        "MQTT_GAME_KEY is not set: whoever may publish on the projects' topics is answered, as the local user."
    )
    return settings.model_copy(update={"mqtt_game_key": SecretStr(secret)})
