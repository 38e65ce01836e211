"""The files of `deploy/` say what the portal does: settings exist, metrics have these names, nothing runs as root."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from app.admin.metrics import Metrics, _State
from app.bridge.status import BridgeStatus
from app.config import PROJECT_ROOT, Settings, load_settings
from app.launch.serve import _server_config
from tests.fixtures.setup import portal_setup  # noqa: F401 - puts the set-up's folder on the path

from portal_setup.service import install_service, unit_text  # isort: skip
from portal_setup.report import Report, SetupError  # isort: skip

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
    bridge = BridgeStatus(broker="127.0.0.1:1883")
    told = {f"portal_mqtt_{name}" for name, _, _ in bridge.gauges()}
    counted = {f"portal_mqtt_{name}_total" for name, _, _ in bridge.counters()}
    return made | set(source) | told | counted


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
    promtool = shutil.which("promtool") or str(
        PROJECT_ROOT / ".cache" / "promtool"
    )  # scripts/test fetches it
    rules = DEPLOY / "prometheus" / "alerts.yml"
    done = subprocess.run(
        [promtool, "check", "rules", str(rules)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rules found" in done.stdout


def test_the_alerts_ring_when_they_should_and_not_when_they_should_not() -> None:
    promtool = shutil.which("promtool") or str(PROJECT_ROOT / ".cache" / "promtool")
    cases = DEPLOY / "prometheus" / "alerts.test.yml"
    done = subprocess.run(
        [promtool, "test", "rules", str(cases)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout


def test_promtool_likes_what_the_portal_says_of_itself() -> None:
    promtool = shutil.which("promtool") or str(PROJECT_ROOT / ".cache" / "promtool")
    metrics = Metrics()
    metrics.count_request("GET", "/api/models", 200, 0.1)
    done = subprocess.run(
        [promtool, "check", "metrics"], input=metrics.text(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def test_kubernetes_files_fit_the_schema_of_kubernetes() -> None:
    files = sorted((DEPLOY / "kubernetes").rglob("*.yaml"))
    objects = [one for path in files for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))]
    checked = [one for one in objects if one["kind"] not in ("Kustomization", "Component")]
    assert {one["kind"] for one in checked} >= {
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
        "NetworkPolicy",
    }
    for one in checked:
        kubernetes_validate.validate(one, "1.34", strict=True)
    broken = copy.deepcopy(next(one for one in checked if one["kind"] == "Deployment"))
    broken["spec"]["replica"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, "1.34", strict=True)


def test_every_profile_of_compose_is_whole() -> None:
    services = COMPOSE["services"]
    profiles = {profile for service in services.values() for profile in service.get("profiles", [])}
    assert profiles == {"scale", "llama", "vllm", "observability"}
    for name, service in services.items():
        own = set(service.get("profiles", []))
        for needed in service.get("depends_on", []):
            assert set(services[needed].get("profiles", [])) <= own, (
                f"{name} needs {needed}, of another profile"
            )
        for volume in service.get("volumes", []):
            source = str(volume).split(":")[0]
            if source.startswith("./"):
                assert (PROJECT_ROOT / source).exists(), f"{name} mounts {source}, which is not there"
            elif not source.startswith("$"):
                assert source in COMPOSE["volumes"], f"{name} uses the volume {source}, which nothing makes"
        for secret in service.get("secrets", []):
            assert secret in COMPOSE["secrets"]
    for server in ("llama", "vllm"):
        assert services[server]["healthcheck"]["test"][:3] == ["CMD", "curl", "-fsS"]


def test_nginx_has_somebody_left_to_ask_when_every_portal_has_just_failed() -> None:
    """With one worker, both portals away and back, and streams of 4 s: without the backups the third one got 502."""
    config = (DEPLOY / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    judged = set(re.findall(r"server (\S+) max_fails=1 ", config))
    anyway = set(re.findall(r"server (\S+) backup max_fails=0;", config))
    assert judged == anyway == {"portal-1:8000", "portal-2:8000"}


def test_nginx_lets_go_of_a_quiet_connection_before_the_portal_does() -> None:
    config = (DEPLOY / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    upstream = config.partition("upstream portals {")[2].partition("}")[0]
    kept = re.search(r"keepalive_timeout (\d+)s;", upstream)
    assert kept and int(kept[1]) < _server_config(load_settings()).timeout_keep_alive


def test_the_image_can_back_up_the_postgresql_of_compose() -> None:
    clients = {"bookworm": 15, "trixie": 17}  # Debian's postgresql-client; pg_dump refuses a newer server
    dockerfile = (PROJECT_ROOT / "Dockerfile").read_text(encoding="utf-8")
    built = COMPOSE["services"]["portal-1"]["build"]["args"]["PYTHON_IMAGE"]
    release = re.search(r"^ARG PYTHON_IMAGE=\S+-(\w+)$", dockerfile, re.MULTILINE)
    server = re.search(r"postgres:(\d+)", COMPOSE["services"]["postgres"]["image"])
    assert release and server and release[1] in built
    assert int(server[1]) <= clients[release[1]]


@pytest.mark.parametrize("folder", ["prompt-portal", "a folder 100% mine"])
def test_the_service_of_the_setup_is_one_that_systemd_takes(folder: str, tmp_path: Path) -> None:
    root = tmp_path / folder
    for made in (root / "backend", root / ".venv" / "bin"):
        made.mkdir(parents=True)
    python = root / ".venv" / "bin" / "python"
    python.symlink_to(sys.executable)
    (root / "deploy").symlink_to(DEPLOY)
    unit = tmp_path / "prompt-portal.service"
    unit.write_text(unit_text(root), encoding="utf-8")
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        assert f"WorkingDirectory={str(root).replace('%', '%%')}/backend" in unit.read_text()
        return
    command = [analyze, "verify", "--user", "--man=no", str(unit)]
    environment = {"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_service_of_the_whole_machine_is_taken_by_systemd_and_may_do_little(tmp_path: Path) -> None:
    text = (DEPLOY / "systemd" / "prompt-portal.service").read_text(encoding="utf-8")
    assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="} <= set(text.splitlines())
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    unit = tmp_path / "prompt-portal.service"
    unit.write_text(text.replace("/opt/prompt-portal", str(tmp_path)), encoding="utf-8")
    for arguments in (["verify", "--man=no"], ["security", "--offline=yes", "--no-pager", "--threshold=20"]):
        done = subprocess.run([analyze, *arguments, str(unit)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def test_a_folder_that_systemd_cannot_name_is_refused() -> None:
    with pytest.raises(SetupError, match="folder with"):
        unit_text(Path('/home/me/a "quoted" folder'))


def test_the_setup_starts_the_service_and_says_where_its_log_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = tmp_path / "calls"
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" >>{calls}\n[ ! -e {tmp_path}/fail ] || {{ echo no bus >&2; exit 1; }}\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with Report(total=1).step("Service") as step:
        install_service(PROJECT_ROOT, step)
    assert calls.read_text().splitlines() == [
        "--user daemon-reload",
        "--user enable prompt-portal.service",
        "--user restart prompt-portal.service",
    ]
    unit = (tmp_path / "config" / "systemd" / "user" / "prompt-portal.service").read_text()
    assert f'ExecStart="{PROJECT_ROOT}/.venv/bin/python" -m app serve' in unit
    assert "journalctl --user -u prompt-portal" in capsys.readouterr().out
    (tmp_path / "fail").touch()
    with pytest.raises(SetupError, match="no bus"), Report(total=1).step("Service") as step:
        install_service(PROJECT_ROOT, step)


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


def test_kubernetes_scales_by_metrics_that_exist() -> None:
    component = yaml.safe_load(
        (DEPLOY / "kubernetes/in-flight/kustomization.yaml").read_text(encoding="utf-8")
    )
    (operation,) = yaml.safe_load(component["patches"][0]["patch"])
    by_kind = {manifest["kind"]: manifest for manifest in _manifests()}
    scaler = copy.deepcopy(by_kind["HorizontalPodAutoscaler"])
    assert operation["path"] == "/spec/metrics" and scaler["metadata"]["name"] == "prompt-portal"
    scaler["spec"]["metrics"] = operation["value"]
    kubernetes_validate.validate(scaler, "1.34", strict=True)
    asked = {metric["pods"]["metric"]["name"] for metric in operation["value"]}
    assert asked and asked - _names_of_metrics() == set()


def test_grafana_finds_its_source_and_its_dashboard_by_itself() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())["datasources"]
    address = re.fullmatch(r"http://(\w+):9090", source["url"])
    assert address is not None and address[1] in COMPOSE["services"]
    (provider,) = yaml.safe_load((provisioning / "dashboards/prompt-portal.yml").read_text())["providers"]
    mounts = {mount.split(":")[1]: mount.split(":")[0] for mount in COMPOSE["services"]["grafana"]["volumes"]}
    assert mounts["/etc/grafana/provisioning"] == "./deploy/grafana/provisioning"
    assert mounts[provider["options"]["path"]] == "./deploy/grafana/dashboards"


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
