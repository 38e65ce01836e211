"""What every response goes through: ids, limits, headers, error bodies, the built page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response, StreamingResponse

from app.errors import TooManyRequestsError
from app.kit.answer_headers import add_answer_headers
from app.web.body_limit import BodyLimitMiddleware
from app.web.error_handlers import UnexpectedErrorMiddleware, install_error_handlers
from app.web.page import BuiltPage
from app.web.request_context import RequestContextMiddleware
from app.web.security_headers import SecurityHeadersMiddleware


class Echo(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>shell</title>")
    (tmp_path / "assets" / "app-1a2b.js").write_text("export {}")
    (tmp_path / "assets" / "app-1a2b.js.br").write_bytes(b"br-bytes")
    (tmp_path.parent / "secret.txt").write_text("outside")
    return tmp_path


@pytest.fixture
def app(build: Path) -> FastAPI:
    app = FastAPI()
    install_error_handlers(app)

    @app.post("/api/echo")
    async def echo(body: Echo) -> Echo:
        return body

    @app.post("/v1/echo")
    async def openai_echo(body: Echo) -> Echo:
        return body

    @app.get("/api/busy")
    async def busy() -> None:
        raise TooManyRequestsError("Slow down.", retry_after_seconds=7)

    @app.get("/api/own")
    async def own() -> Response:
        add_answer_headers({"x-portal-route": "added", "x-own": "added"})
        answer = Response("", headers={"cache-control": "max-age=5", "x-own": "mine", "x-request-id": "mine"})
        answer.set_cookie("one", "1")
        answer.set_cookie("two", "2")
        return answer

    @app.get("/api/bug")
    async def bug() -> None:
        raise ZeroDivisionError("the secret detail")

    @app.get("/api/half")
    async def half() -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            yield "the first half"
            raise ZeroDivisionError("the secret detail")

        return StreamingResponse(pieces())

    page = BuiltPage(build)

    @app.get("/{path:path}")
    def built(request: Request, path: str) -> Response:
        return page.respond(request)

    app.add_middleware(UnexpectedErrorMiddleware)
    app.add_middleware(BodyLimitMiddleware, max_bytes=1024)
    app.add_middleware(SecurityHeadersMiddleware, is_https=False)
    app.add_middleware(RequestContextMiddleware)
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        yield client


async def test_every_response_has_a_request_id_and_errors_repeat_it(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/nothing")
    assert response.status_code == 404
    assert response.json()["error"]["request_id"] == response.headers["x-request-id"]


async def test_a_callers_request_id_is_kept_only_when_it_is_a_plain_token(client: httpx.AsyncClient) -> None:
    kept = await client.get("/api/nothing", headers={"x-request-id": "trace-12345678"})
    assert kept.headers["x-request-id"] == "trace-12345678"
    replaced = await client.get("/api/nothing", headers={"x-request-id": "bad id with spaces\t<script>"})
    assert replaced.headers["x-request-id"] != "bad id with spaces\t<script>"


async def test_an_unknown_field_is_a_422_that_names_it(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/echo", json={"text": "hi", "temprature": 1})
    assert response.status_code == 422
    error = response.json()["error"]
    assert error["code"] == "validation_error"
    assert "temprature" in error["message"]
    assert error["details"]["fields"][0]["field"] == "temprature"


@pytest.mark.parametrize("body", [b"{", b'{"text": }', b'{"text": "a"} trailing'])
async def test_wrong_json_is_a_400_that_says_so(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/api/echo", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_json"


@pytest.mark.parametrize("body", [b"\xff\xfe\x00\x01" * 20, b"[" * 1000])
async def test_a_binary_or_deeply_nested_body_is_a_4xx_in_the_portals_shape(
    client: httpx.AsyncClient, body: bytes
) -> None:
    response = await client.post("/api/echo", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert set(response.json()["error"]) >= {"code", "message", "request_id"}


async def test_a_form_typed_json_body_is_told_which_header_is_missing(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/api/echo", content=b'{"text": "hi"}', headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert response.status_code == 422
    assert "Content-Type: application/json" in response.json()["error"]["message"]


async def test_a_body_past_the_limit_is_413_declared_or_streamed(client: httpx.AsyncClient) -> None:
    declared = await client.post("/api/echo", json={"text": "x" * 2000})

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"text": "'
        for _ in range(30):
            yield b"x" * 100
        yield b'"}'

    streamed = await client.post("/api/echo", content=pieces(), headers={"content-type": "application/json"})
    for response in (declared, streamed):
        assert response.status_code == 413
        assert response.json()["error"]["code"] == "too_large"


async def test_errors_under_v1_have_openais_shape(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/echo", json={})
    assert response.status_code == 422
    assert set(response.json()["error"]) >= {"message", "type", "param", "code"}
    assert response.json()["error"]["type"] == "invalid_request_error"


async def test_retry_after_is_sent_in_whole_seconds(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/busy")
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")


async def test_a_bug_is_a_500_that_tells_nothing_of_its_cause(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/bug")
    assert response.status_code == 500
    assert "secret detail" not in response.text
    assert response.json()["error"]["request_id"] == response.headers["x-request-id"]
    assert response.headers["x-frame-options"] == "DENY"


async def test_a_bug_in_the_middle_of_an_answer_breaks_it_off(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/half")
    assert response.text == "the first half"  # a 500 after it would be read as its second half


async def test_security_headers_are_on_pages_errors_and_api(client: httpx.AsyncClient) -> None:
    for path in ("/", "/api/nothing", "/api/busy"):
        response = await client.get(path)
        policy = response.headers["content-security-policy"]
        script_rule = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
        assert script_rule == "script-src 'self'"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"


async def test_an_answer_keeps_what_it_says_itself_but_for_the_request_id(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/api/own", headers={"x-request-id": "trace-12345678"})).headers
    assert headers.get_list("x-request-id") == ["trace-12345678"]
    assert headers.get_list("cache-control") == ["max-age=5"]
    assert headers.get_list("x-own") == ["mine"]
    assert headers["x-portal-route"] == "added"
    assert headers["x-frame-options"] == "DENY"
    assert [cookie.split(";")[0] for cookie in headers.get_list("set-cookie")] == ["one=1", "two=2"]


async def test_hashed_files_are_immutable_and_precompressed_the_shell_is_not_cached(
    client: httpx.AsyncClient,
) -> None:
    script = await client.get("/assets/app-1a2b.js", headers={"accept-encoding": "gzip"})
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-type"].startswith("text/javascript")
    assert "content-encoding" not in script.headers
    async with client.stream("GET", "/assets/app-1a2b.js", headers={"accept-encoding": "br"}) as packed:
        assert packed.headers["content-encoding"] == "br"
        assert b"".join([raw async for raw in packed.aiter_raw()]) == b"br-bytes"
    for path in ("/", "/c/some-session", "/c/id.with.dots", "/settings"):
        shell = await client.get(path)
        assert shell.headers["cache-control"] == "no-cache"
        assert "shell" in shell.text


@pytest.mark.parametrize("path", ["/assets/missing.js", "/favicon.png", "/api/x", "/v1/x", "/metrics"])
async def test_missing_assets_and_api_paths_are_404_not_the_shell(
    client: httpx.AsyncClient, path: str
) -> None:
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "//etc/passwd"]
)
async def test_no_path_leaves_the_build(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert "outside" not in response.text
    assert "root:" not in response.text


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("empty")


async def test_without_a_build_the_page_says_how_to_make_one(empty: Path) -> None:
    page = BuiltPage(empty)
    response = page.respond(
        Request({"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""})
    )
    assert b"./setup_llm.sh --install" in response.body
