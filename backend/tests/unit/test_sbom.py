"""The bill of materials has every pinned package, once, and an audit that cannot be made says so."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from app.config import PROJECT_ROOT


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"script_{name}", PROJECT_ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_locked_package_is_in_the_bill_with_a_licence_where_one_is_known() -> None:
    document = _script("sbom").bill(PROJECT_ROOT)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    purls = [one["purl"] for one in document["components"]]
    assert len(purls) == len(set(purls))
    lock = (PROJECT_ROOT / "backend" / "requirements.lock").read_text(encoding="utf-8")
    for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE):
        assert any(purl.startswith(f"pkg:pypi/{name.lower()}@") for purl in purls), name
    packages = json.loads((PROJECT_ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))
    for name, version in packages["dependencies"].items():
        assert f"pkg:npm/{name.replace('@', '%40')}@{version}" in purls
    licensed = {one["name"] for one in document["components"] if one.get("licenses")}
    assert {"fastapi", "react", "uplot"} <= licensed
    assert document["dependencies"][0]["dependsOn"] == purls


def test_an_audit_that_cannot_be_asked_is_skipped_aloud_and_a_weakness_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = _script("audit")
    monkeypatch.setattr(audit, "ROOT", tmp_path)
    program = tmp_path / ".cache" / "audit" / "bin" / "pip-audit"
    program.parent.mkdir(parents=True)
    (tmp_path / "frontend").mkdir()
    npm = tmp_path / "npm"
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def answer(file: Path, text: str) -> None:
        file.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")
        file.chmod(0o755)

    answer(program, "no route to host")
    answer(npm, '{"message": "audit endpoint returned an error"}')
    assert audit.main() == 0
    assert capsys.readouterr().out.count("SKIPPED") == 2
    answer(program, '{"dependencies": [{"name": "old", "version": "1", "vulns": [{"id": "CVE-1"}]}]}')
    answer(npm, '{"metadata": {"dependencies": {"prod": 3}}, "vulnerabilities": {}}')
    assert audit.main() == 1
    said = capsys.readouterr().out
    assert "old 1: CVE-1" in said
    assert "3 packages, 0 with known weaknesses" in said
