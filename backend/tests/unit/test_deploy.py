"""The files of `deploy/` say what the portal does: settings exist, metrics have these names, nothing runs as root."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from app.admin.metrics import Metrics, _State
from app.config import PROJECT_ROOT, Settings

DEPLOY = PROJECT_ROOT / "deploy"
COMPOSE = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
_SETTINGS = {name.upper() for name in Settings.model_fields} | {"PORTAL_ENV_FILE"}


def _names_of_metrics() -> set[str]:
    made = {
        sample
        for family in Metrics().registry.collect()
        for sample in (family.name, f"{family.name}_total", f"{family.name}_bucket")
    }
    source = re.findall(r'_gauge\(\s*"(portal_\w+)"', _source_of_state())
    return made | set(source)


def _source_of_state() -> str:
    import inspect

    return inspect.getsource(_State)


def _manifests() -> list[dict[str, Any]]:
    files = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    return [one for path in files for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("file", ["prometheus/alerts.yml", "grafana/dashboards/prompt-portal.json"])
def test_alerts_and_the_dashboard_ask_for_metrics_that_exist(file: str) -> None:
    asked = set(re.findall(r"\bportal_[a-z_]+\b", (DEPLOY / file).read_text(encoding="utf-8")))
    assert asked
    assert asked - _names_of_metrics() == set()


def test_the_dashboard_is_json_with_panels() -> None:
    dashboard = json.loads((DEPLOY / "grafana/dashboards/prompt-portal.json").read_text(encoding="utf-8"))
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]) >= 6


def test_promtool_likes_the_alerts() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    command = [promtool, "check", "rules", str(DEPLOY / "prometheus" / "alerts.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_sets_only_settings_that_exist_and_no_portal_is_root_or_writes_its_root() -> None:
    portals = [service for name, service in COMPOSE["services"].items() if name.startswith("portal")]
    assert len(portals) == 3
    for portal in portals:
        assert set(portal["environment"]) - _SETTINGS == set()
        assert portal["read_only"] is True
        assert portal["cap_drop"] == ["ALL"]
    dockerfile = (PROJECT_ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER 10001$", dockerfile, re.MULTILINE)
    assert set(re.findall(r"^ARG (\w+)=", dockerfile, re.MULTILINE)) == {"NODE_IMAGE", "PYTHON_IMAGE"}


def test_compose_publishes_on_loopback_only() -> None:
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_kubernetes_manifests_fit_together() -> None:
    by_kind = {manifest["kind"]: manifest for manifest in _manifests()}
    pod = by_kind["Deployment"]["spec"]["template"]
    container = pod["spec"]["containers"][0]
    labels = by_kind["Deployment"]["spec"]["selector"]["matchLabels"]
    assert pod["metadata"]["labels"] == labels == by_kind["Service"]["spec"]["selector"]
    assert by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    target = by_kind["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"]
    assert target == by_kind["Deployment"]["metadata"]["name"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    literals = by_kind["Kustomization"]["configMapGenerator"][0]["literals"]
    assert {literal.partition("=")[0] for literal in literals} - _SETTINGS == set()


def test_nginx_lets_streams_through_and_logs_no_secret_path() -> None:
    nginx = (DEPLOY / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    for needed in (
        "proxy_buffering off;",
        "access_log off;",
        "proxy_read_timeout 330s;",
        "location = /metrics",
    ):
        assert needed in nginx
    assert "non_idempotent" not in nginx, "what a portal has taken must not be asked twice"
