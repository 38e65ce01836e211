"""The embedded server's parts that need no server: back-off, the GGUF reader, the choice of options, the checks."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import DEMO_MODEL, load_settings
from app.embedded import checks
from app.embedded.backoff import Backoff
from app.embedded.errors import CPUNotSupportedError, ModelMissingError, NotGGUFError, PackageMissingError
from app.embedded.gguf import ModelFile, read_model_file
from app.embedded.options import choose_options

_GIB = 1 << 30


def test_backoff_doubles_up_to_its_cap_and_forgets_after_a_healthy_minute() -> None:
    backoff = Backoff()
    assert [backoff.after(1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]
    assert backoff.after(59) == 10
    assert [backoff.after(60), backoff.after(1)] == [0.2, 0.4]


def test_the_demo_models_head_is_read() -> None:
    model = read_model_file(DEMO_MODEL)
    assert model.architecture == "llama"
    assert model.context_length >= 2048
    assert model.size_bytes == DEMO_MODEL.stat().st_size
    assert model.kv_bytes_per_token == 4 * 2 * (64 + 64) * 2  # layers × KV heads × (key + value) × 16 bits


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="no such file"):
        read_model_file(tmp_path / "absent.gguf")
    with pytest.raises(ModelMissingError, match="folder"):
        read_model_file(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<!doctype html><title>Not found</title>", "letters GGUF"),
        (b"version https://git-lfs.github.com/spec/v1\n", "letters GGUF"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version is 1"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 40) + b"\x05", "cut short"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 1, 1, 1 << 62), "cut short"),
    ],
)
def test_what_is_no_gguf_is_said(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(NotGGUFError, match=reason):
        read_model_file(path)


@given(cut=st.integers(4, 600), flip=st.integers(4, 600), value=st.integers(0, 255))
def test_a_damaged_head_never_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, cut: int, flip: int, value: int
) -> None:
    head = bytearray(DEMO_MODEL.read_bytes()[:600])
    head[flip % len(head)] = value
    path = tmp_path_factory.mktemp("damaged") / "model.gguf"
    path.write_bytes(bytes(head[:cut]))
    with contextlib.suppress(NotGGUFError):
        read_model_file(path)


def model(size_bytes: int, context: int = 131_072, kv_bytes: int = 131_072) -> ModelFile:
    return ModelFile(Path("some.gguf"), "some", "llama", size_bytes, context, kv_bytes)


def test_a_tiny_model_gets_one_thread_and_several_slots() -> None:
    options = choose_options(load_settings(), model(4_000_000, 2048, 2048), cores=8, memory_bytes=16 * _GIB)
    assert (options.threads, options.slots, options.context_tokens) == (1, 4, 2048)


def test_a_large_model_gets_the_cores_and_no_more_slots_than_memory_allows() -> None:
    settings = load_settings()
    assert choose_options(settings, model(5 * _GIB), cores=8, memory_bytes=64 * _GIB).slots == 4
    small = choose_options(settings, model(5 * _GIB), cores=8, memory_bytes=8 * _GIB)
    assert (small.threads, small.slots, small.context_tokens) == (7, 2, 8192)


def test_the_settings_win() -> None:
    settings = load_settings(llm_context_tokens=4096, llm_max_concurrency=2, llm_model_name="house-model")
    options = choose_options(settings, model(4_000_000, 2048, 2048), cores=2, memory_bytes=_GIB)
    assert (options.context_tokens, options.slots, options.model_alias) == (4096, 2, "house-model")


def test_a_processor_without_avx2_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu sse4_2 avx fma bmi1\n")
    monkeypatch.setattr(checks, "_linux_flags", lambda: checks.parse_cpuinfo(cpuinfo))
    monkeypatch.setattr(checks.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(checks.sys, "platform", "linux")
    assert checks.missing_cpu_flags() == ["avx2", "bmi2"]
    with pytest.raises(CPUNotSupportedError, match="AVX2, BMI2"):
        checks.check_machine()
    monkeypatch.setattr(checks.platform, "machine", lambda: "aarch64")
    assert checks.missing_cpu_flags() == []


def test_a_missing_package_says_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PackageMissingError, match=r"glibc.*LLM_SERVER_URL"):
        checks.check_machine()


def test_an_unreadable_cpuinfo_is_no_reason_to_refuse(tmp_path: Path) -> None:
    assert checks.parse_cpuinfo(tmp_path / "absent") == set()
