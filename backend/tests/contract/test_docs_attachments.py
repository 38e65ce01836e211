"""The commands of docs/attachments.md run as written, but for the address, and do what the page says."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from app.attachments.reading import MAX_TEXT_CHARS
from app.attachments.service import UNUSED_LIFETIME
from app.attachments.sniff import MAX_SIDE_PIXELS
from app.config import PROJECT_ROOT, Settings
from tests.fakes.upstream import FakeUpstream
from tests.fixtures.portal import PortalProcess

GUIDE = (PROJECT_ROOT / "docs" / "attachments.md").read_text(encoding="utf-8")


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


def test_its_commands_do_what_it_says(
    upstream_url: str, threaded_model: FakeUpstream, portal: PortalProcess, tmp_path: Path
) -> None:
    assert upstream_url == threaded_model.url
    (commands,) = re.findall(r"^```bash\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    script = commands.replace("http://localhost:8000", portal.base_url)
    script = re.sub(r"\bcurl ", "curl -sS --fail-with-body ", script)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**os.environ, "TOKEN": portal.register()},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "rules.txt").read_text()
    assert done.stdout.endswith(text)
    answered = json.loads(done.stdout.removesuffix(text))
    assert answered["session_id"] == "maze-9"
    prompt = threaded_model.requests[-1].body["messages"][-1]["content"]
    assert [part["text"] for part in prompt] == ["Which door?", f"File: rules.txt\n\n{text}"]


def test_its_figures_are_the_codes() -> None:
    fields = Settings.model_fields
    assert f"{MAX_SIDE_PIXELS:,} pixels a side" in GUIDE
    assert f"up to {MAX_TEXT_CHARS:,} characters" in GUIDE
    assert UNUSED_LIFETIME.days == 7 and "seven days" in GUIDE.replace("\n", " ")
    assert f"`ATTACHMENT_QUOTA_COUNT` files ({fields['attachment_quota_count'].default:,})" in GUIDE
    for name in ("max_attachment_bytes", "attachment_quota_bytes"):
        mebibytes = fields[name].default // 2**20
        assert re.search(rf"`{name.upper()}`[^(`]*\({mebibytes} MiB\)", GUIDE)
