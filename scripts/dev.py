"""`make dev`: the portal and the page's development server, both reloading when a file changes; Ctrl-C ends both."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from portal_setup.page import find_node, node_environment
from portal_setup.report import Report, SetupError

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run both until one ends or Ctrl-C."""
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    python = Path(sys.executable)
    try:
        with Report(total=1).step("Node") as step:
            node, _npm = find_node(ROOT, python, step)
    except SetupError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    prepared = subprocess.call([python, "-m", "app", "prepare"], cwd=ROOT / "backend")
    if prepared != 0:
        return prepared
    port = os.environ.get("PORTAL_PORT", "8000")
    backend = [
        str(python),
        "-m",
        "uvicorn",
        "app.main:create_app",
        "--factory",
        "--reload",
        "--reload-dir",
        "app",
    ]
    backend += ["--port", port, "--ws", "none", "--timeout-graceful-shutdown", "1"]
    environment = {**node_environment(node), "PORTAL_DEV_BACKEND": f"http://127.0.0.1:{port}"}
    running = [
        subprocess.Popen(backend, cwd=ROOT / "backend"),
        # not by way of npm, whose shell would leave it running
        subprocess.Popen([node, "node_modules/vite/bin/vite.js"], cwd=ROOT / "frontend", env=environment),
    ]
    try:
        while all(process.poll() is None for process in running):
            try:
                running[0].wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                continue
    except KeyboardInterrupt:
        pass
    for process in running:
        process.terminate()
    return max(abs(process.wait()) for process in running)


if __name__ == "__main__":
    sys.exit(main())
