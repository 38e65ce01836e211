"""One conversation of `/v1` and several responses at the same time, on each database."""

from __future__ import annotations

import asyncio

import httpx


async def test_responses_at_the_same_time_lose_nothing_and_stay_together(ada: httpx.AsyncClient) -> None:
    made = (await ada.post("/v1/conversations", json={})).json()["id"]
    asks = [{"input": f"{number}", "conversation": made} for number in range(6)]
    answers = await asyncio.gather(*(ada.post("/v1/responses", json=ask) for ask in asks))
    assert {(answer.status_code, answer.json()["conversation"]["id"]) for answer in answers} == {(200, made)}
    items = (await ada.get(f"/v1/conversations/{made}/items?order=asc")).json()["data"]
    assert [item["role"] for item in items] == ["user", "assistant"] * 6
    texts = [item["content"][0]["text"] for item in items]
    assert sorted(texts[::2]) == [*map(str, range(6))]
    assert texts[1::2] == [f"You said: {text}" for text in texts[::2]]
