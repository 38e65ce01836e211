"""The set-up's parts that install nothing: flags, words for failures, what is skipped the second time."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from tests.fixtures.setup import portal_setup  # noqa: F401 - puts the set-up's folder on the path

from portal_setup import model, openmp, packages, page  # isort: skip
from portal_setup.commands import explain, run  # isort: skip
from portal_setup.flags import read_flags  # isort: skip
from portal_setup.report import Report, SetupError, Step  # isort: skip


def a_step() -> Step:
    return Step("a step", is_live=False)


# flags


def test_without_flags_everything_is_a_default() -> None:
    flags = read_flags([])
    assert (flags.install, flags.yes) == (False, False)
    assert (flags.host, flags.port, flags.server, flags.model) == (None, None, None, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--prot", "8001"], "unrecognized arguments: --prot 8001"),
        (["--port", "eight"], "'eight' is no port"),
        (["--port", "70000"], "'70000' is no port"),
        (["--server", "localhost:8080"], "must begin with http:// or https://"),
        (["--server", "http://x", "--model", "y.gguf"], "not allowed with"),
        (["--inst"], "unrecognized arguments"),
    ],
)
def test_a_wrong_flag_is_named(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_flags(arguments)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert message in error and "--help" in error
    assert len(error.splitlines()) == 2


def test_help_lists_every_flag_and_ways_to_name_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_flags(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for flag in ("--install", "--host", "--port", "--server", "--model", "--yes", "hf:OWNER/NAME"):
        assert flag in shown


# failures


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("npm error code ENOSPC", "The disk is full"),
        ("Temporary failure in name resolution", "cannot be reached"),
        ("npm error code EAI_AGAIN", "cannot be reached"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "thrown away"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate", "PIP_CERT"),
        ("ERROR: No matching distribution found for uvloop==9", "no prebuilt package"),
    ],
)
def test_a_usual_failure_says_what_to_do(output: str, advice: str) -> None:
    message = explain("Installing", f"noise\n{output}\nmore noise", Path("the.log"))
    assert advice in message and "the.log" in message
    assert "noise" not in message


def test_an_unusual_failure_shows_its_last_lines(tmp_path: Path) -> None:
    script = "print('first'); print('the reason'); raise SystemExit(3)"
    with pytest.raises(SetupError, match="the reason"):
        run([sys.executable, "-c", script], what="A thing", log=tmp_path / "logs" / "a.log", cwd=tmp_path)
    assert (tmp_path / "logs" / "a.log").read_text() == "first\nthe reason\n"


def test_too_little_disk_is_said_before_anything_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"Only \d+ MB are free"):
        packages.check_disk(tmp_path, needed_bytes=1 << 60)


# packages


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a lock file and a `.venv` that has what it names."""
    (tmp_path / "backend").mkdir()
    lock = tmp_path / "backend" / "requirements.lock"
    lock.write_text(
        "a==1 \\\n    --hash=sha256:00\nxllamacpp==2 ; x == 'y' \\\n    --hash=sha256:01\nz==3 \\\n    --hash=sha256:02\n"
    )
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = f"{digest} {sys.version_info.major}.{sys.version_info.minor}"
    (tmp_path / ".venv" / ".requirements.lock.sha256").write_text(stamp)
    return tmp_path


def no_installing(*arguments: object, **options: object) -> None:
    raise SetupError(f"installs {arguments[0]}")


def test_packages_that_are_there_are_not_installed_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "run", no_installing)
    step = a_step()
    assert packages.install_packages(root, step) == packages.python_of(root / ".venv")
    assert step.outcome == "up to date"


def test_a_changed_lock_file_is_installed_with_hashes_only(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "run", no_installing)
    lock = root / "backend" / "requirements.lock"
    lock.write_text(lock.read_text() + "new==4 \\\n    --hash=sha256:03\n")
    with pytest.raises(SetupError, match=r"'--require-hashes'.*'--only-binary', ':all:'"):
        packages.install_packages(root, a_step())


def test_where_llama_cpp_has_no_package_the_rest_is_installed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "has_embedded_package", lambda: False)
    shortened = packages._installable(root / "backend" / "requirements.lock", root)
    assert shortened.read_text() == "a==1 \\\n    --hash=sha256:00\nz==3 \\\n    --hash=sha256:02\n"


def test_python_without_pip_says_which_package(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(packages, "find_pip", lambda python: None)
    (root / ".venv" / ".requirements.lock.sha256").unlink()
    with pytest.raises(SetupError, match=rf"apt install python3\.{sys.version_info.minor}-venv"):
        packages.install_packages(root, a_step())


def test_llama_cpp_that_lacks_openmp_gets_a_copy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = packages.python_of(root / ".venv")
    troubles = iter(["ImportError: libgomp.so.1: cannot open shared object file", ""])
    monkeypatch.setattr(openmp, "loading_trouble", lambda python: next(troubles))

    def unpack(command: list[str | Path], **options: object) -> None:
        folder = Path(command[command.index("--target") + 1]) / "some.libs"
        folder.mkdir(parents=True)
        (folder / "libgomp-0123.so.1.0.0").write_bytes(b"the library")

    monkeypatch.setattr(openmp, "run", unpack)
    monkeypatch.setattr(openmp.sys, "platform", "linux")
    openmp.provide_openmp(root, python, ["pip"], a_step())
    assert (root / ".venv" / "lib" / "openmp" / "libgomp.so.1").read_bytes() == b"the library"


def test_llama_cpp_that_cannot_be_loaded_ends_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(openmp, "loading_trouble", lambda python: "ImportError: GLIBC_2.28 not found")
    monkeypatch.setattr(openmp.sys, "platform", "linux")
    step = a_step()
    openmp.provide_openmp(root, Path(sys.executable), ["pip"], step)
    step.close("done")
    assert "GLIBC_2.28 not found" in (shown := capsys.readouterr().out) and "--server URL" in shown


# the page


def test_the_page_is_built_when_a_source_changed_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frontend = tmp_path / "frontend"
    for name, text in (("src/main.ts", "1"), ("package-lock.json", "{}"), ("node_modules/x.js", "x")):
        (frontend / name).parent.mkdir(parents=True, exist_ok=True)
        (frontend / name).write_text(text)
    (frontend / "dist").mkdir()
    built: list[str] = []
    monkeypatch.setattr(page, "find_node", lambda root, python, step: (Path("node"), Path("npm")))
    monkeypatch.setattr(page, "run", lambda command, **options: built.append(command[2]))
    for _ in range(2):
        page.build_page(tmp_path, Path(sys.executable), a_step())
    assert built == ["install", "run"]
    (frontend / "node_modules" / "x.js").write_text("y")
    page.build_page(tmp_path, Path(sys.executable), a_step())
    assert built == ["install", "run"]
    (frontend / "src" / "main.ts").write_text("2")
    page.build_page(tmp_path, Path(sys.executable), a_step())
    assert built == ["install", "run", "run"]


# which model


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's `.env`, with one llama.cpp server found on this machine."""
    (tmp_path / ".env").write_text("LLM_SERVER_URL=\nLLM_MODEL_PATH=\n")
    found = [
        {"kind": "llama.cpp", "url": "http://127.0.0.1:8080", "models": ["house-7b"], "needs_key": False}
    ]
    monkeypatch.setattr(model, "_module", lambda root, python, *arguments: json.dumps(found))
    return tmp_path


def chosen(project: Path, ask: model.Ask | None = None, **flags: str) -> tuple[str, Step]:
    step = a_step()
    given = Namespace(**{"server": None, "model": None, **flags})
    model.choose_model(project, Path(sys.executable), given, step, ask)
    return (project / ".env").read_text(), step


def test_a_found_server_is_not_used_unasked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env, step = chosen(project)
    assert env == "LLM_SERVER_URL=\nLLM_MODEL_PATH=\n"
    assert "demo model" in step.outcome
    step.close(step.outcome)
    shown = capsys.readouterr().out
    assert "llama.cpp at http://127.0.0.1:8080 (house-7b)" in shown
    assert "--server http://127.0.0.1:8080" in shown


def test_a_found_server_is_used_when_the_person_agrees(project: Path) -> None:
    questions: list[str] = []
    env, _ = chosen(project, ask=lambda question: not questions.append(question))
    assert "LLM_SERVER_URL=http://127.0.0.1:8080\n" in env
    assert len(questions) == 1 and "llama.cpp" in questions[0]


def test_a_refusal_leaves_the_demo_model(project: Path) -> None:
    env, step = chosen(project, ask=lambda question: False)
    assert "LLM_SERVER_URL=\n" in env and "demo model" in step.outcome


def test_a_named_file_must_be_a_gguf(project: Path) -> None:
    with pytest.raises(SetupError, match="no such file"):
        chosen(project, model=str(project / "absent.gguf"))
    (project / "page.gguf").write_text("<html>")
    with pytest.raises(SetupError, match="not a GGUF file"):
        chosen(project, model=str(project / "page.gguf"))


def test_a_named_file_is_used_instead_of_a_server(project: Path) -> None:
    (project / ".env").write_text("LLM_SERVER_URL=http://old:1\nLLM_MODEL_PATH=\n")
    (project / "house.gguf").write_bytes(b"GGUF....")
    env, step = chosen(project, model=str(project / "house.gguf"))
    assert env == f"LLM_SERVER_URL=\nLLM_MODEL_PATH={project / 'house.gguf'}\n"
    assert step.outcome == "house.gguf"


# the report


def test_each_step_says_its_outcome_and_its_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(total=2)
    with report.step("First") as step:
        step.outcome = "12 things"
    with pytest.raises(SetupError), report.step("Second"):
        raise SetupError("no")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("[1/2] First: 12 things (") and first.endswith(" s)")
    assert second.startswith("[2/2] Second: failed")
