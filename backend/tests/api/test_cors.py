"""Pages of other sites that are named may ask as SDKs in a browser do; those of sites that are not named may not."""

from __future__ import annotations

import httpx
import pytest

from app.config import Settings

SITE = "https://game.example.org"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"cors_origins": [SITE]})


def _asking(origin: str) -> dict[str, str]:
    """What a browser asks before the openai SDK's request."""
    return {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-stainless-lang,x-stainless-retry-count",
    }


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/api/llm/chat"])
async def test_a_named_site_may_ask_with_an_sdks_headers(app_client: httpx.AsyncClient, path: str) -> None:
    asked = await app_client.options(path, headers=_asking(SITE))
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == SITE
    assert "x-stainless-lang" in asked.headers["access-control-allow-headers"]
    answer = await app_client.post(path, json={}, headers={"origin": SITE})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == SITE
    assert "x-ratelimit-remaining-tokens" in answer.headers["access-control-expose-headers"]


async def test_a_site_that_is_not_named_may_not(app_client: httpx.AsyncClient) -> None:
    for origin in ("https://game.example.org.evil.test", "http://game.example.org", "null"):
        asked = await app_client.options("/v1/chat/completions", headers=_asking(origin))
        assert asked.status_code == 400
        assert "access-control-allow-origin" not in asked.headers
        answer = await app_client.post("/v1/chat/completions", json={}, headers={"origin": origin})
        assert "access-control-allow-origin" not in answer.headers
