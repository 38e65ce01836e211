"""The OpenMP runtime that the embedded llama.cpp needs: the system's, else a copy from a pinned package, without root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from portal_setup.commands import run
from portal_setup.report import Step

LIBRARY = "libgomp.so.1"


def provide_openmp(root: Path, python: Path, pip: Sequence[str | Path], step: Step) -> None:
    """Put libgomp into the environment if llama.cpp cannot be loaded for want of it; says so if it still cannot be."""
    if sys.platform != "linux":
        return
    trouble = loading_trouble(python)
    if LIBRARY in trouble:
        step.update("the OpenMP runtime …")
        _copy_library(root, python, pip)
        trouble = loading_trouble(python)
    if trouble:
        step.note(f"The embedded llama.cpp cannot be loaded here ({trouble}).")
        step.note("The portal runs without it; name a model server with --server URL.")


def library_folder(python: Path) -> Path:
    """Return the folder in the environment that the portal adds to the model server's library path."""
    return python.parent.parent / "lib" / "openmp"


def loading_trouble(python: Path) -> str:
    """Return what keeps llama.cpp from being loaded, or an empty text."""
    path = os.pathsep.join(filter(None, [str(library_folder(python)), os.environ.get("LD_LIBRARY_PATH", "")]))
    result = subprocess.run(
        [python, "-c", "import xllamacpp"],
        env={**os.environ, "LD_LIBRARY_PATH": path},
        capture_output=True,
        text=True,
    )
    if result.returncode == 0:
        return ""
    lines = result.stderr.strip().splitlines()
    return lines[-1] if lines else f"it ends with code {result.returncode}"


def _copy_library(root: Path, python: Path, pip: Sequence[str | Path]) -> None:
    unpacked = root / ".cache" / "openmp"
    shutil.rmtree(unpacked, ignore_errors=True)
    lock = root / "backend" / "requirements-openmp.lock"
    exact = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--progress-bar", "off"]
    command = [
        *pip,
        "install",
        *exact,
        "--disable-pip-version-check",
        "--no-input",
        "--target",
        unpacked,
        "-r",
        lock,
    ]
    run(command, what="Getting the OpenMP runtime", log=root / ".cache" / "setup-openmp.log", cwd=root)
    folder = library_folder(python)
    folder.mkdir(parents=True, exist_ok=True)
    for library in unpacked.glob("*.libs/libgomp*.so*"):
        shutil.copyfile(library, folder / LIBRARY)
    shutil.rmtree(unpacked)
