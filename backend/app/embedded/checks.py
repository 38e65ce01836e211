"""What must hold before llama.cpp can run here: its package, the processor's instructions."""

from __future__ import annotations

import ctypes
import importlib.util
import platform
import subprocess
import sys
from pathlib import Path

from app.embedded.errors import CPUNotSupportedError, PackageMissingError

NEEDED_CPU_FLAGS = ("avx2", "fma", "bmi2")
_WINDOWS_AVX2 = 40  # PF_AVX2_INSTRUCTIONS_AVAILABLE; every processor with it has FMA and BMI2 too


def check_machine() -> None:
    """Raise PackageMissingError or CPUNotSupportedError where the embedded server cannot run."""
    if importlib.util.find_spec("xllamacpp") is None:  # found, never imported: it stays out of this process
        raise PackageMissingError(
            f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
        )
    missing = missing_cpu_flags()
    if missing:
        raise CPUNotSupportedError(missing)


def missing_cpu_flags() -> list[str]:
    """Return the needed instruction sets that this processor lacks; empty where that cannot be told."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return []
    if sys.platform == "win32":
        has_avx2 = ctypes.windll.kernel32.IsProcessorFeaturePresent(_WINDOWS_AVX2)
        return [] if has_avx2 else ["avx2"]
    flags = _mac_flags() if sys.platform == "darwin" else _linux_flags()
    return [flag for flag in NEEDED_CPU_FLAGS if flag not in flags] if flags else []


def _linux_flags() -> set[str]:
    return parse_cpuinfo(Path("/proc/cpuinfo"))


def parse_cpuinfo(path: Path) -> set[str]:
    """Return the flags of the first processor that a Linux cpuinfo file lists."""
    try:
        with path.open(encoding="ascii", errors="replace") as lines:
            for line in lines:
                if line.startswith("flags"):
                    return set(line.partition(":")[2].split())
    except OSError:
        pass
    return set()


def _mac_flags() -> set[str]:
    command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.features", "machdep.cpu.leaf7_features"]
    try:
        text = subprocess.run(command, capture_output=True, text=True, timeout=2, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return set()
    return set(text.lower().split())
