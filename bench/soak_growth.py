"""What `bench.soak` measures over time, and what it calls good: nothing grows once caches are full, and nothing gets slower."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil

from bench.cluster import Cluster

MEMORY_PERCENT_AN_HOUR = 5.0
FILES_PERCENT, FILES_SPARE = 10.0, 20
DATABASE_RATIO = 1.25
P99_RATIO = 1.2
BUSY_PERCENT = 70.0
KEPT_EVENTS_SECONDS = 11 * 60.0
"""How long the events of ended turns are kept, and a little: memory grows for so long, whatever happens."""

Verdict = tuple[bool | None, str]
"""Whether a statement holds; None where the run was too short, or the machine too busy, to say."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look; lists have a figure for each portal."""

    seconds: float
    memory_mb: list[float]
    files: list[int]
    threads: list[int]
    redis_mb: float
    database_mb: float
    rows: int
    dead_rows: int
    answers: int
    busy_percent: float

    def line(self) -> str:
        """Return it for somebody who watches."""
        memory = " + ".join(f"{one:.0f}" for one in self.memory_mb)
        files, threads = sum(self.files), sum(self.threads)
        return (
            f"{self.seconds:6.0f} s: memory {memory} MB, {files} files, {threads} threads, Redis {self.redis_mb:.1f} MB, "
            f"database {self.database_mb:.1f} MB with {self.rows} rows ({self.dead_rows} dead), {self.answers} answers, "
            f"cores {self.busy_percent:.0f} % busy"
        )


@dataclass
class Growth:
    """Samples in their order; `warm_seconds` is from when on they count."""

    warm_seconds: float
    samples: list[Sample] = field(default_factory=list)

    def take(self, cluster: Cluster, began: float, answers: int) -> Sample:
        """Look once, and keep it."""
        portals = [psutil.Process(portal.pid) for portal in cluster.portals]
        rows, dead = cluster.postgres.count_rows(cluster.database)
        sample = Sample(
            seconds=time.monotonic() - began,
            memory_mb=[portal.memory_info().rss / 1e6 for portal in portals],
            files=[portal.num_fds() for portal in portals],
            threads=[portal.num_threads() for portal in portals],
            redis_mb=cluster.redis.used_bytes() / 1e6,
            database_mb=cluster.postgres.size_bytes() / 1e6,
            rows=rows,
            dead_rows=dead,
            answers=answers,
            busy_percent=psutil.cpu_percent(),  # since the sample before
        )
        self.samples.append(sample)
        return sample

    @property
    def warm(self) -> list[Sample]:
        return [sample for sample in self.samples if sample.seconds >= self.warm_seconds]

    def checks(self, early_ms: float, late_ms: float) -> list[Verdict]:
        """Return each statement and whether it holds."""
        return [
            self._memory(),
            self._files(),
            self._database(),
            self._latency(early_ms, late_ms),
        ]

    def _memory(self) -> Verdict:
        seconds = [sample.seconds for sample in self.warm]
        totals = [sum(sample.memory_mb) for sample in self.warm]
        slope = slope_an_hour(seconds, totals)
        percent = 100 * slope / statistics.mean(totals)
        holds = percent <= MEMORY_PERCENT_AN_HOUR if self.warm_seconds >= KEPT_EVENTS_SECONDS else None
        return holds, (
            f"memory of the portals once warm: {totals[0]:.0f} to {totals[-1]:.0f} MB, {slope:+.1f} MB an hour, "
            f"{percent:+.1f} % (at most {MEMORY_PERCENT_AN_HOUR:g} %)"
        )

    def _files(self) -> Verdict:
        """Connections come and go; what is never closed shows in the fewest that are open at a time."""
        first, last = (min(sum(one.files) for one in part) for part in _ends(self.warm))
        return last <= max(first * (1 + FILES_PERCENT / 100), first + FILES_SPARE), (
            f"open files of the portals, the fewest in the first and the last third: {first} and {last} "
            f"(at most {FILES_PERCENT:g} %, or {FILES_SPARE}, more)"
        )

    def _database(self) -> Verdict:
        """A row costs in the end what it cost in the beginning: what grows is what was said, not what was thrown away."""
        middle = self.warm[len(self.warm) // 2]
        first, second = _cost(self.warm[0], middle), _cost(middle, self.warm[-1])
        grown = self.warm[-1].database_mb - self.warm[0].database_mb
        rows = self.warm[-1].rows - self.warm[0].rows
        return second <= first * DATABASE_RATIO, (
            f"database: {grown:+.1f} MB by {rows} rows; {first:.2f} kB a new row in the first half, "
            f"{second:.2f} in the second (at most {DATABASE_RATIO:g} times); {self.warm[-1].dead_rows} dead rows at the end"
        )

    def _latency(self, early_ms: float, late_ms: float) -> Verdict:
        """On a machine that was busy from the first a percentile says more of the machine than of the portal."""
        busy, later = (statistics.mean(one.busy_percent for one in part) for part in _ends(self.warm))
        ratio = late_ms / early_ms if early_ms else 0.0
        return 0 < ratio <= P99_RATIO if busy <= BUSY_PERCENT else None, (
            f"p99 of reads, first and last third: {early_ms:.0f} and {late_ms:.0f} ms, ratio {ratio:.2f} "
            f"(at most {P99_RATIO:g}); "
            f"cores {busy:.0f} and {later:.0f} % busy (judged up to {BUSY_PERCENT:g} % in the first)"
        )


def slope_an_hour(seconds: Sequence[float], values: Sequence[float]) -> float:
    """Return the slope of a straight line through the points, per hour."""
    return statistics.linear_regression(seconds, values).slope * 3600 if len(seconds) > 1 else 0.0


def p99(latencies: Sequence[tuple[float, float]], since: float, until: float) -> float:
    """Return the 99th percentile in milliseconds of what began within a time."""
    within = sorted(seconds for began, seconds in latencies if since <= began < until)
    return 1000 * within[int(0.99 * (len(within) - 1))] if within else 0.0


def _ends(samples: list[Sample]) -> tuple[list[Sample], list[Sample]]:
    third = max(1, len(samples) // 3)
    return samples[:third], samples[-third:]


def _cost(before: Sample, after: Sample) -> float:
    return 1000 * (after.database_mb - before.database_mb) / max(1, after.rows - before.rows)
