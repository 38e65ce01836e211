"""Write what the portal is made of as CycloneDX 1.6 (sbom.json): every package of the lock files, with its licence."""

from __future__ import annotations

import json
import re
import sys
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def main(arguments: list[str]) -> int:
    target = Path(arguments[0]) if arguments else ROOT / "sbom.json"
    document = bill(ROOT)
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{target}: {len(document['components'])} components\n")
    return 0


def bill(root: Path) -> dict[str, Any]:
    """Return the document; the same lock files give the same one."""
    version = re.search(
        r'__version__ = "([^"]+)"', (root / "backend" / "app" / "__init__.py").read_text(encoding="utf-8")
    )
    portal = {
        "type": "application",
        "bom-ref": "prompt-portal",
        "name": "prompt-portal",
        "version": version[1] if version else "0",
    }
    components = [
        *_python_packages(root / "backend" / "requirements.lock"),
        *_page_packages(root / "frontend"),
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": portal},
        "components": components,
        "dependencies": [{"ref": "prompt-portal", "dependsOn": [one["bom-ref"] for one in components]}],
    }


def _python_packages(lock: Path) -> list[dict[str, Any]]:
    pins = sorted(set(_PIN.findall(lock.read_text(encoding="utf-8"))))
    return [
        _component(f"pkg:pypi/{name.lower()}@{version}", name, version, _python_licence(name))
        for name, version in pins
    ]


def _page_packages(folder: Path) -> list[dict[str, Any]]:
    packages = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    found: dict[str, dict[str, Any]] = {}
    for path, facts in packages.items():
        if not path or facts.get("dev"):
            continue
        name = path.rpartition("node_modules/")[2]
        purl = f"pkg:npm/{quote(name, safe='/')}@{facts['version']}"
        found[purl] = _component(purl, name, facts["version"], facts.get("license", ""))
    return [found[purl] for purl in sorted(found)]


def _component(purl: str, name: str, version: str, licence: str) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }
    if licence:
        component["licenses"] = [{"license": {"name": licence}}]
    return component


def _python_licence(name: str) -> str:
    """Return what the installed package says; nothing where it is not installed (another platform's)."""
    try:
        about = cast(Message, metadata.metadata(name))
    except metadata.PackageNotFoundError:
        return ""
    said = about.get("License-Expression") or ""
    classified = [
        line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or [] if line.startswith("License")
    ]
    return str(said or ", ".join(classified))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
