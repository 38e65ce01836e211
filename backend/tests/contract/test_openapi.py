"""docs/openapi.json is what the code serves; every operation says what it does and which errors it gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.config import PROJECT_ROOT, Settings
from app.main import create_app

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    settings = Settings(_env_file=None, portal_data_dir=tmp_path_factory.mktemp("data"))
    return create_app(settings).openapi()


def test_the_committed_snapshot_is_what_the_code_serves(schema: dict[str, Any]) -> None:
    snapshot = json.loads(Path(PROJECT_ROOT / "docs" / "openapi.json").read_text())
    assert schema == snapshot, "the API changed: run scripts/openapi and commit docs/openapi.json"


def test_every_operation_has_a_summary_a_tag_and_a_unique_id(schema: dict[str, Any]) -> None:
    operations = [
        (f"{method} {path}", operation)
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]
    assert [
        name for name, operation in operations if not operation.get("summary") or not operation.get("tags")
    ] == []
    ids = [operation["operationId"] for _, operation in operations]
    assert len(ids) == len(set(ids))


def test_only_the_routes_named_open_take_no_credentials(schema: dict[str, Any]) -> None:
    open_operations = {
        f"{method} {path}"
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if method in METHODS and not operation.get("security")
    }
    assert open_operations == {
        "get /healthz",
        "get /readyz",
        "get /api/llm/health",
        "get /api/shared/{token}",
        "get /api/auth/config",
        "post /api/auth/register",
        "post /api/auth/login",
        "post /api/auth/refresh",
    }
