"""Finding model servers on this machine: each kind is told by its own routes, and our own portal is passed over."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.config import DEMO_MODEL, load_settings
from app.embedded.discovery import FoundServer, find_servers, identify
from app.embedded.supervisor import EmbeddedServer

pytestmark = pytest.mark.live
_MODELS = {"object": "list", "data": [{"id": "house-7b", "object": "model", "owned_by": "library"}]}
Serve = Callable[..., Any]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    servers: list[TestServer] = []

    async def start(routes: dict[str, Any], status: int = 200) -> str:
        async def answer(request: web.Request) -> web.Response:
            if request.path not in routes:
                return web.json_response({"detail": "Not Found"}, status=404)
            return web.json_response(
                routes[request.path], status=status if request.path == "/v1/models" else 200
            )

        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server()
        servers.append(server)
        return str(server.make_url("")).rstrip("/")

    yield start
    for server in servers:
        await server.close()


async def kind_at(url: str) -> FoundServer | None:
    return await asyncio.to_thread(identify, url, timeout_seconds=1)


async def test_each_kind_is_told_by_its_own_routes(serve: Serve) -> None:
    ollama = await serve({"/v1/models": _MODELS, "/api/version": {"version": "0.9"}})
    vllm = await serve({"/v1/models": _MODELS, "/version": {"version": "0.12"}})
    lm_studio = await serve({"/v1/models": _MODELS, "/api/v0/models": {"data": []}})
    other = await serve({"/v1/models": _MODELS})
    found = await asyncio.to_thread(find_servers, [ollama, vllm, lm_studio, other])
    assert [(server.url, server.kind) for server in found] == [
        (ollama, "Ollama"),
        (vllm, "vLLM"),
        (lm_studio, "LM Studio"),
        (other, "OpenAI-compatible server"),
    ]
    assert all(server.models == ["house-7b"] for server in found)


async def test_a_real_llama_cpp_is_found_though_it_wants_a_key() -> None:
    server = EmbeddedServer(load_settings(llm_model_path=str(DEMO_MODEL)))
    await server.start()
    assert await server.wait_ready(30) and server.address is not None
    url = server.address[0]
    found = await kind_at(url)
    await server.stop()
    assert found == FoundServer(url, "llama.cpp", [], needs_key=True)


async def test_our_own_portal_and_other_web_servers_are_passed_over(serve: Serve) -> None:
    portal = await serve(
        {"/v1/models": _MODELS, "/api/auth/config": {"registration": "open", "has_users": True}}
    )
    web_site = await serve({"/": {"hello": "world"}})
    assert await kind_at(portal) is None
    assert await kind_at(web_site) is None
    assert await kind_at("http://127.0.0.1:9") is None


async def test_a_server_that_accepts_and_says_nothing_does_not_hold_the_setup_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel takes the connection, nobody reads it
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with asyncio.timeout(3):
            assert await asyncio.to_thread(identify, url, timeout_seconds=0.3) is None
