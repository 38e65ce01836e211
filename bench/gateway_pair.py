"""`make bench-gateway-pair BASE=commit`: what a request through `/v1` costs here beside what it cost at a commit.

Both portals run at once and are loaded in turns, so that what else the machine does weighs on both; read the ratio.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import gateway_peers as peers
from bench.gateway import load
from bench.gateway_peers import CACHE, Gateway
from bench.portal_process import ROOT


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Give a folder with the files of a commit, for the block."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.Popen(["git", "archive", commit, "backend"], cwd=ROOT, stdout=subprocess.PIPE)
        unpacked = subprocess.run(["tar", "-x", "-C", folder], stdin=archive.stdout, check=False)
        if archive.wait() or unpacked.returncode:
            raise SystemExit(
                f"{commit}: git has no such commit here. BASE= takes a hash, a branch or HEAD~3."
            )
        yield Path(folder)


def cost_us(gateway: Gateway, requests: int) -> float:
    """Return the processor time of a request, in microseconds."""
    got = load(gateway, seconds=120, connections=16, requests=requests)
    return 1e6 * float(got["cpu_seconds"]) / float(got["requests"])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True, help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--requests", type=int, default=3000, help="for each portal in each round")
    options = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        roots = {options.base: stack.enter_context(checkout(options.base)), "here": ROOT}
        url = stack.enter_context(peers.upstream())
        portals = {}
        for name, root in roots.items():
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            portals[name] = stack.enter_context(peers.portal(url, folder, root))
            cost_us(portals[name], options.requests)  # warms up
        costs: dict[str, list[float]] = {name: [] for name in portals}
        for number in range(options.rounds):
            for name in sorted(portals, reverse=bool(number % 2)):
                costs[name].append(cost_us(portals[name], options.requests))
        for name, portal in portals.items():
            print(
                f"{name}: {statistics.median(costs[name]):.0f} us a request, RSS {portal.rss_mib():.0f} MiB"
            )
    ratios = [here / base for here, base in zip(costs["here"], costs[options.base], strict=True)]
    print(f"ratio: {statistics.median(ratios):.3f} (median of {len(ratios)} pairs)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
