"""Runs optimisers on tasks and keeps every finished run, so that it can be stopped and started at any time.

One JSON line for each run goes to `results/OPTIMISER.jsonl` in the cache folder: what was told to the optimiser, what it is
worth, and the processor time of each ask with its tell. A run that is there is not run again; what names it is the task with
its digest, the seed, the optimiser with its version, the budget, and the window.
"""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kept
import problems
from optimisers import Entrant, Exhausted, entrant
from problems import Problem


@dataclass(frozen=True)
class Job:
    """One run."""

    problem: str
    seed: int
    optimiser: str
    version: str
    budget: int
    window: int

    def key(self, digest: str) -> tuple[Any, ...]:
        return (self.problem, digest, self.seed, self.optimiser, self.version, self.budget, self.window)


def run_once(problem: Problem, seed: int, chosen: Entrant, budget: int, window: int) -> dict[str, Any]:
    """Runs one study. With a window of w, trial n is decided when the results up to trial n - w are known."""
    # Different on each task, lest a lucky or unlucky start is the same on all tasks of a dimension.
    digest = hashlib.sha256(f"{problem.name}/{seed}".encode()).digest()
    sampler_seed = int.from_bytes(digest[:4], "little") >> 1
    observed: list[float] = []
    truths: list[float] = []
    cpu: list[float] = []
    crash = None
    optimiser = None
    try:
        optimiser = chosen.start(problem.space, sampler_seed)
        under_way: deque[tuple[Any, float]] = deque()
        for _ in range(budget):
            begin = optimiser.cpu_seconds()
            if len(under_way) == window:
                optimiser.tell(*under_way.popleft())
            trial, params = optimiser.ask()
            cpu.append(optimiser.cpu_seconds() - begin)
            value = problem.observe(params, seed)
            under_way.append((trial, value))
            observed.append(value)
            truths.append(problem.truth(params) if problem.observed else value)
    except Exhausted:
        pass
    except Exception as error:  # An optimiser may fail in any way; it counts against it.
        crash = f"{type(error).__name__}: {error}"
    finally:
        if optimiser is not None:
            optimiser.close()
    record: dict[str, Any] = {
        "problem": problem.name,
        "digest": problem.digest,
        "seed": seed,
        "optimiser": chosen.name,
        "version": chosen.version,
        "budget": budget,
        "window": window,
        "values": [shortened(value) for value in observed],
        "cpu_ms": [round(1000.0 * seconds, 3) for seconds in cpu],
    }
    if problem.observed:
        record["truths"] = [shortened(value) for value in truths]
    if crash is not None:
        record["crash"] = crash
    return record


def shortened(value: float) -> float | None:
    """Twelve digits are enough; NaN and infinities are no JSON."""
    return float(f"{value:.12g}") if math.isfinite(value) else None


def read_results(cache: Path) -> Iterator[dict[str, Any]]:
    """All runs: those of opponents that are kept with the benchmark, and those of the cache."""
    yield from kept.read()
    yield from read_cache(cache)


def read_cache(cache: Path) -> Iterator[dict[str, Any]]:
    """All runs in the cache. A last line that was cut off by a kill is left out."""
    for path in sorted((cache / "results").glob("*.jsonl")):
        with path.open() as lines:
            for line in lines:
                try:
                    yield json.loads(line)
                except json.JSONDecodeError:
                    continue


class Store:
    """Where finished runs go."""

    def __init__(self, cache: Path) -> None:
        self.folder = cache / "results"
        self.folder.mkdir(parents=True, exist_ok=True)

    def append(self, record: dict[str, Any]) -> None:
        path = self.folder / f"{record['optimiser'].replace(':', '-')}.jsonl"
        line = json.dumps(record, separators=(",", ":")) + "\n"
        # In one write to the end of the file, so that several of these programs may run at once.
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)


_entrants: dict[str, Entrant] = {}


def _start_worker(entrants: dict[str, tuple[Path | None, str | None]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name, (seqtune, label) in entrants.items():
        _entrants[name] = entrant(name, seqtune, label)


def _work(job: Job) -> dict[str, Any]:
    return run_once(problems.by_name(job.problem), job.seed, _entrants[job.optimiser], job.budget, job.window)


def plan(
    tasks: list[Problem], seeds: Iterable[int], entrants: Iterable[Entrant], budget: int, window: int
) -> Iterator[Job]:
    """Seed by seed, so that after each pass there is a whole set of pairs."""
    for seed in seeds:
        for chosen in entrants:
            for problem in tasks:
                if not chosen.only_conditional or problem.kind == "conditional":
                    yield Job(problem.name, seed, chosen.name, chosen.version, budget, window)


def run_all(
    tasks: list[Problem],
    names: Iterable[str],
    seeds: Iterable[int],
    budget: int,
    window: int,
    cache: Path,
    settings: tuple[Path | None, str | None] = (None, None),
    jobs: int = 1,
) -> None:
    """Runs what the cache lacks; `settings` are the program and the label of ours. Progress goes to standard error."""

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    names = list(names)
    entrants = [entrant(name, *settings) for name in names]
    done = {kept.name(record) for record in read_results(cache)}
    digests = {problem.name: problem.digest for problem in tasks}
    wanted = list(plan(tasks, seeds, entrants, budget, window))
    missing = [job for job in wanted if job.key(digests[job.problem]) not in done]
    say(f"{len(wanted)} runs, {len(wanted) - len(missing)} of them done before")
    store = Store(cache)
    started = time.monotonic()
    # Spawned, not forked: libraries with threads of their own do not survive a fork.
    pool = multiprocessing.get_context("spawn").Pool(jobs, _start_worker, ({name: settings for name in names},))
    with pool:
        for count, record in enumerate(pool.imap_unordered(_work, missing), start=1):
            store.append(record)
            if "crash" in record:
                say(f"{record['optimiser']} on {record['problem']}: {record['crash']}")
            if count % 20 == 0 or count == len(missing):
                elapsed = (time.monotonic() - started) / 60.0
                say(
                    f"{count}/{len(missing)} runs, {elapsed:.0f} min, {elapsed / count * (len(missing) - count):.0f} min left"
                )
