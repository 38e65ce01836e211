"""Credentials that must not be let in, and the places where none is looked for."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import jwt
import pytest

from app.auth.secret import signing_key
from app.config import Settings
from tests.api.auth_portal import EMAIL, PASSWORD, AuthPortal, bearer, code_of, make_key, open_portal


@pytest.fixture
async def portal(settings: Settings) -> AsyncIterator[AuthPortal]:
    async with open_portal(settings) as opened:
        yield opened


async def _token(portal: AuthPortal) -> str:
    browser = await portal.signed_in()
    return str(browser.headers["authorization"]).removeprefix("Bearer ")


def _claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def _status_and_code(portal: AuthPortal, credential: str) -> tuple[int, str]:
    answer = await portal.client().get("/api/auth/me", headers=bearer(credential))
    return answer.status_code, code_of(answer)


async def test_without_a_credential(portal: AuthPortal) -> None:
    answer = await portal.client().get("/api/auth/me")
    assert (answer.status_code, code_of(answer)) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
async def test_alg_none_is_refused(portal: AuthPortal, algorithm: str) -> None:
    claims = _claims(await _token(portal))
    unsigned = f"{_segment({'alg': algorithm, 'typ': 'JWT'})}.{_segment(claims)}."
    assert await _status_and_code(portal, unsigned) == (401, "invalid_token")


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
async def test_another_algorithm_is_refused_even_with_the_right_key(
    portal: AuthPortal, algorithm: str
) -> None:
    key = signing_key(portal.settings, "access-token")
    claims = _claims(await _token(portal))
    assert await _status_and_code(portal, jwt.encode(claims, key, algorithm=algorithm)) == (
        401,
        "invalid_token",
    )
    accepted = await portal.client().get(
        "/api/auth/me", headers=bearer(jwt.encode(claims, key, algorithm="HS256"))
    )
    assert accepted.status_code == 200  # the same claims and key, so it was the algorithm


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    "secret",
    [
        "change-me",
        "secret",
        "your-secret-key-here",
        "dev-secret",
        "",
    ],
)
async def test_default_jwt_secret_is_not_accepted(portal: AuthPortal, secret: str) -> None:
    """The ancestor signed with a secret that stood in its source."""
    claims = _claims(await _token(portal))
    for key in (secret.encode() or b"\0", secret.encode().ljust(64, b"\0")):
        forged = _forge(claims, key)
        assert await _status_and_code(portal, forged) == (401, "invalid_token")


def _forge(claims: dict[str, Any], key: bytes) -> str:
    import hmac

    body = f"{_segment({'alg': 'HS256', 'typ': 'JWT'})}.{_segment(claims)}"
    mac = hmac.digest(key, body.encode(), "sha256")
    return f"{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


async def test_an_expired_token(portal: AuthPortal) -> None:
    token = await _token(portal)
    portal.clock.advance(minutes=60)
    assert (await portal.client().get("/api/auth/me", headers=bearer(token))).status_code == 200  # leeway
    portal.clock.advance(seconds=5)
    assert await _status_and_code(portal, token) == (401, "token_expired")


@pytest.mark.parametrize(
    "change",
    [
        lambda claims: claims | {"user_id": claims["user_id"] + 1},
        lambda claims: claims | {"user_id": str(claims["user_id"])},
        lambda claims: claims | {"user_id": True},
        lambda claims: claims | {"user_id": 1e400},
        lambda claims: claims | {"sid": "0" * 32},
        lambda claims: claims | {"sid": "'; DROP TABLE sign_ins; --"},
        lambda claims: claims | {"sid": "a\x00b"},
        lambda claims: claims | {"sid": 7},
        lambda claims: claims | {"exp": "tomorrow"},
        lambda claims: {name: value for name, value in claims.items() if name != "sid"},
        lambda claims: {name: value for name, value in claims.items() if name != "exp"},
        lambda claims: {name: value for name, value in claims.items() if name != "user_id"},
    ],
)
async def test_signed_claims_that_fit_no_sign_in(
    portal: AuthPortal, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    """Even with the portal's own signature."""
    key = signing_key(portal.settings, "access-token")
    forged = _forge(change(_claims(await _token(portal))), key)
    status, code = await _status_and_code(portal, forged)
    assert status == 401
    assert code in ("invalid_token", "signed_out")


@pytest.mark.parametrize(
    "garbage",
    [
        "x",
        "a.b.c",
        "..",
        "pp_",
        "pp_" + "a" * 42,
        "pp_" + "a" * 44,
        "pp_" + "'" * 43,
        "pp_' OR '1'='1",
        "null",
        "eyJhbGciOiJIUzI1NiJ9." + "A" * 5000 + ".x",
        "%00",
    ],
)
async def test_garbage_is_a_401(portal: AuthPortal, garbage: str) -> None:
    status, _ = await _status_and_code(portal, garbage)
    assert status == 401


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("header", ["Basic {}", "{}", "Token {}", "Bearer", "Bearer "])
async def test_other_schemes_are_refused(portal: AuthPortal, header: str) -> None:
    token = await _token(portal)
    answer = await portal.client().get("/api/auth/me", headers={"authorization": header.format(token)})
    assert answer.status_code == 401


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("parameter", ["token", "access_token", "key", "api_key", "authorization"])
async def test_a_token_in_the_url_is_never_accepted(portal: AuthPortal, parameter: str) -> None:
    """The ancestor took it from a WebSocket's URL, where proxies log it."""
    browser = await portal.signed_in()
    key = (await make_key(browser))["key"]
    token = str(browser.headers["authorization"]).removeprefix("Bearer ")
    stranger = portal.client()
    for credential in (token, key):
        answer = await stranger.get("/api/auth/me", params={parameter: credential})
        assert answer.status_code == 401


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("header", ["x-api-key", "api-key", "x-auth-token", "x-access-token"])
async def test_no_other_header_is_a_way_around_a_keys_limits(portal: AuthPortal, header: str) -> None:
    browser = await portal.signed_in()
    key = (await make_key(browser, requests_per_minute=1))["key"]
    stranger = portal.client()
    assert (await stranger.post("/probe/model", headers=bearer(key))).status_code == 200
    assert (await stranger.post("/probe/model", headers=bearer(key))).status_code == 429
    assert (await stranger.post("/probe/model", headers={header: key})).status_code == 401
    both = {header: key, **bearer(key)}
    assert (await stranger.post("/probe/model", headers=both)).status_code == 429


async def test_the_refresh_cookie_is_no_access_token(portal: AuthPortal) -> None:
    browser = await portal.signed_in()
    cookie = browser.cookies["pp_refresh"]
    del browser.headers["authorization"]
    assert (await browser.get("/api/auth/me")).status_code == 401  # the cookie alone
    assert await _status_and_code(portal, cookie) == (401, "invalid_token")


async def test_an_access_token_is_no_refresh_token(portal: AuthPortal) -> None:
    token = await _token(portal)
    stranger = portal.client()
    stranger.cookies.set("pp_refresh", token, path="/api/auth")
    assert (await stranger.post("/api/auth/refresh")).status_code == 401
    assert (await portal.client().post("/api/auth/refresh", headers=bearer(token))).status_code == 401


async def test_a_portal_without_a_secret_makes_one_and_keeps_it(settings: Settings) -> None:
    from pydantic import SecretStr

    without = settings.model_copy(update={"secret_key": SecretStr("")})
    async with open_portal(without) as first:
        token = await _token(first)
        async with open_portal(without) as second:  # a restart, or another worker
            answer = await second.client().get("/api/auth/me", headers=bearer(token))
            assert answer.json()["email"] == EMAIL
    kept = settings.portal_data_dir / "secret_key"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in kept.read_text()
