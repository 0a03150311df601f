"""Runs optimisers on tasks and keeps every finished run, so that it can be stopped and started at any time.

    python run.py --optimiser ours --split develop --seeds 5

One JSON line for each run goes to `results/OPTIMISER.jsonl` in the cache folder: what was told to the optimiser, what it is
worth, and the processor time of each ask with its tell. A run that is there is not run again; what names it is the task with
its digest, the seed, the optimiser with its version, the budget, and the window.
"""

from __future__ import annotations

import argparse
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

# Before NumPy and PyTorch are loaded: one thread each, as promised.
for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import problems
from optimisers import OPPONENTS, Entrant, Exhausted, entrant
from problems import Problem


def default_cache() -> Path:
    """`bench` in the cache of `cargo xtask`."""
    chosen = os.environ.get("SEQTUNE_CACHE")
    if chosen:
        return Path(chosen) / "bench"
    user = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(user) if os.path.isabs(user) else Path.home() / ".cache") / "seqtune" / "bench"


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
        "digest": problem.digest(),
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


def parse_seeds(text: str) -> range:
    """`5` is seeds 0 to 4, `5-9` those five."""
    first, dash, last = text.partition("-")
    return range(int(first), int(last) + 1) if dash else range(int(text))


def add_selection(parser: argparse.ArgumentParser) -> None:
    """The options that choose tasks, which comparing shares."""
    parser.add_argument("--suite", action="append", default=[], help="only this suite; may be repeated")
    parser.add_argument("--problem", action="append", default=[], help="only this task; may be repeated")
    parser.add_argument("--split", choices=["develop", "held-out", "all"], default="all", help="only this part")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="where results are kept")
    parser.add_argument("--window", type=int, default=1, help="trials under way at once, in fixed order")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_selection(parser)
    parser.add_argument(
        "--optimiser", action="append", default=[], help=f"ours, ours:SAMPLER, random, {', '.join(OPPONENTS)}"
    )
    parser.add_argument("--seeds", type=parse_seeds, default=range(5), help="how many, or FIRST-LAST")
    parser.add_argument("--budget", type=int, default=100, help="trials of a run")
    parser.add_argument("--seqtune", type=Path, help="the program to run as ours")
    parser.add_argument("--label", help="version of ours, in place of the program's digest")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once")
    parser.add_argument("--list", action="store_true", help="list the tasks and stop")
    arguments = parser.parse_args()
    tasks = problems.select(arguments.suite, arguments.problem, arguments.split)
    if arguments.list:
        for problem in tasks:
            print(f"{problem.name:<28} {problem.kind:<12} {len(problem.space):>3} {' '.join(sorted(problem.tags))}")
        return
    names = arguments.optimiser or ["random", *OPPONENTS, "ours"]
    entrants = [entrant(name, arguments.seqtune, arguments.label) for name in names]
    done = {
        (r["problem"], r["digest"], r["seed"], r["optimiser"], r["version"], r["budget"], r["window"])
        for r in read_results(arguments.cache)
    }
    digests = {problem.name: problem.digest() for problem in tasks}
    jobs = list(plan(tasks, arguments.seeds, entrants, arguments.budget, arguments.window))
    missing = [job for job in jobs if job.key(digests[job.problem]) not in done]
    print(f"{len(jobs)} runs, {len(jobs) - len(missing)} of them done before", file=sys.stderr, flush=True)
    store = Store(arguments.cache)
    started = time.monotonic()
    settings = {name: (arguments.seqtune, arguments.label) for name in names}
    # Spawned, not forked: libraries with threads of their own do not survive a fork.
    with multiprocessing.get_context("spawn").Pool(arguments.jobs, _start_worker, (settings,)) as pool:
        for count, record in enumerate(pool.imap_unordered(_work, missing), start=1):
            store.append(record)
            if "crash" in record:
                print(f"{record['optimiser']} on {record['problem']}: {record['crash']}", file=sys.stderr, flush=True)
            if count % 20 == 0 or count == len(missing):
                elapsed = time.monotonic() - started
                left = elapsed / count * (len(missing) - count)
                print(
                    f"{count}/{len(missing)} runs, {elapsed / 60:.0f} min, about {left / 60:.0f} min left",
                    file=sys.stderr,
                    flush=True,
                )


if __name__ == "__main__":
    main()
