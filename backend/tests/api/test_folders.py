"""/api/sessions/folders: counted, renamed and removed, each only for its owner."""

from __future__ import annotations

import httpx


async def _fill(client: httpx.AsyncClient) -> None:
    for name, folder in (("a", "games"), ("b", "games"), ("c", "work"), ("d", None)):
        assert (await client.post("/api/sessions", json={"id": name})).status_code == 201
        assert (await client.patch(f"/api/sessions/{name}", json={"folder": folder})).status_code == 200


async def _folders(client: httpx.AsyncClient) -> dict[str, int]:
    items = (await client.get("/api/sessions/folders")).json()["items"]
    return {item["name"]: item["sessions"] for item in items}


async def test_folders_are_counted_without_archived_and_deleted_sessions(ada: httpx.AsyncClient) -> None:
    await _fill(ada)
    assert await _folders(ada) == {"games": 2, "work": 1}
    await ada.patch("/api/sessions/b", json={"archived": True})
    await ada.delete("/api/sessions/c")
    assert await _folders(ada) == {"games": 1}


async def test_a_folder_is_renamed_with_its_archived_sessions_and_their_times_stay(
    ada: httpx.AsyncClient,
) -> None:
    await _fill(ada)
    await ada.patch("/api/sessions/b", json={"archived": True})
    before = (await ada.get("/api/sessions/a")).json()["updated_at"]
    renamed = await ada.post("/api/sessions/folders/rename", json={"name": "games", "new_name": " Mazes "})
    assert (renamed.status_code, renamed.json()) == (200, {"changed": 2, "session_ids": ["a", "b"]})
    assert await _folders(ada) == {"Mazes": 1, "work": 1}
    stored = (await ada.get("/api/sessions/a")).json()
    assert (stored["folder"], stored["updated_at"]) == ("Mazes", before)
    assert (await ada.get("/api/sessions/b")).json()["folder"] == "Mazes"


async def test_removing_a_folder_keeps_its_sessions(ada: httpx.AsyncClient) -> None:
    await _fill(ada)
    removed = await ada.post("/api/sessions/folders/rename", json={"name": "games", "new_name": None})
    assert removed.json() == {"changed": 2, "session_ids": ["a", "b"]}
    assert await _folders(ada) == {"work": 1}
    assert (await ada.get("/api/sessions/a")).json()["folder"] is None


async def test_a_removed_folder_can_be_filled_again(ada: httpx.AsyncClient, eve: httpx.AsyncClient) -> None:
    await _fill(ada)
    removed = await ada.post("/api/sessions/folders/rename", json={"name": "games", "new_name": None})
    ids = [*removed.json()["session_ids"], "nobodys"]
    assert (await eve.post("/api/sessions/folders/fill", json={"name": "x", "session_ids": ids})).json() == {
        "changed": 0,
        "session_ids": [],
    }
    filled = await ada.post("/api/sessions/folders/fill", json={"name": "games", "session_ids": ids})
    assert (filled.status_code, filled.json()["changed"]) == (200, 2)
    assert await _folders(ada) == {"games": 2, "work": 1}


async def test_nobody_reaches_anothers_folders(ada: httpx.AsyncClient, eve: httpx.AsyncClient) -> None:
    await _fill(ada)
    assert await _folders(eve) == {}
    stolen = await eve.post("/api/sessions/folders/rename", json={"name": "games", "new_name": None})
    assert stolen.json() == {"changed": 0, "session_ids": []}
    assert await _folders(ada) == {"games": 2, "work": 1}
    empty = await ada.post("/api/sessions/folders/rename", json={"name": "games", "new_name": ""})
    assert empty.status_code == 422
