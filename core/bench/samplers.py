"""The benchmark of samplers: runs optimisers on tasks, compares them, and measures their speed.

    python samplers.py                                            # everything that is missing, then the tables
    python samplers.py --part run --optimiser ours --split develop
    python samplers.py --part compare --split develop
    python samplers.py --part speed --optimiser ours --optimiser rustuna
    python samplers.py --part keep                                # opponents' runs of the cache, for everybody

`cargo xtask bench samplers -- ARGUMENTS` sets up Python, builds seqtune and runs this with the same arguments.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

# Before NumPy and PyTorch are loaded: one thread each, as promised.
for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import problems
from compare import compare
from kept import keep
from optimisers import OPPONENTS, entrant
from run import read_cache, run_all
from speed import speed_table, whole_table


def default_cache() -> Path:
    """`bench` in the cache of `cargo xtask`."""
    chosen = os.environ.get("SEQTUNE_CACHE")
    if chosen:
        return Path(chosen) / "bench"
    user = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(user) if os.path.isabs(user) else Path.home() / ".cache") / "seqtune" / "bench"


def parse_seeds(text: str) -> range:
    """`5` is seeds 0 to 4, `5-9` those five."""
    first, dash, last = text.partition("-")
    return range(int(first), int(last) + 1) if dash else range(int(text))


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="samplers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=["all", "run", "compare", "speed", "list", "keep"], default="all")
    tasks = parser.add_argument_group("tasks")
    suites = sorted({problem.suite for problem in problems.every_problem()})
    tasks.add_argument("--suite", action="append", default=[], choices=suites, help="only this suite; may be repeated")
    tasks.add_argument("--problem", action="append", default=[], help="only this task; may be repeated")
    tasks.add_argument("--split", choices=["develop", "held-out", "all"], default="all", help="only this part")
    runs = parser.add_argument_group("runs")
    known = ", ".join(["ours", "ours:SAMPLER", "random", *OPPONENTS])
    runs.add_argument("--optimiser", action="append", default=[], help=f"{known}; may be repeated; all by default")
    runs.add_argument("--seeds", type=parse_seeds, default=range(5), help="how many, or FIRST-LAST; 5 by default")
    runs.add_argument("--budget", type=int, default=100, help="trials of a run; 100 by default")
    runs.add_argument("--window", type=int, default=1, help="trials under way at once, in fixed order; 1 by default")
    runs.add_argument("--jobs", type=int, default=1, help="runs at once")
    runs.add_argument("--seqtune", type=Path, help="the program to run as ours; else SEQTUNE, else from the path")
    runs.add_argument("--label", help="version of ours: by default a digest of the program, when comparing the newest")
    runs.add_argument("--cache", type=Path, default=default_cache(), help="where results are kept")
    comparing = parser.add_argument_group("comparing")
    comparing.add_argument("--ours", default="ours", help="the optimiser that is compared with the others")
    comparing.add_argument("--against", action="append", default=[], help="only this opponent; may be repeated")
    return parser.parse_args(arguments)


def main() -> int:
    arguments = parse(sys.argv[1:])
    tasks = problems.select(arguments.suite, arguments.problem, arguments.split)
    names = arguments.optimiser or ["random", *OPPONENTS, arguments.ours]
    settings = (arguments.seqtune, arguments.label)
    if arguments.part in ("list", "compare") and hasattr(signal, "SIGPIPE"):
        # Ends quietly when piped into `head`.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if arguments.part == "list":
        for problem in tasks:
            print(f"{problem.name:<28} {len(problem.space):>3}  {' '.join(sorted(problem.tags))}")
        return 0
    try:
        if arguments.part == "keep":
            print(f"{keep(read_cache(arguments.cache), OPPONENTS)} runs of opponents are kept")
            return 0
        if arguments.part == "speed":
            entrants = [entrant(name, *settings) for name in names if name != "tpe-group"]
            print(speed_table(entrants), whole_table(entrants), sep="\n\n")
            return 0
        if arguments.part in ("all", "run"):
            run_all(
                tasks,
                names,
                arguments.seeds,
                arguments.budget,
                arguments.window,
                arguments.cache,
                settings,
                arguments.jobs,
            )
        if arguments.part in ("all", "compare"):
            label, against = arguments.label, arguments.against
            print(compare(tasks, arguments.cache, arguments.window, arguments.ours, label, against))
    except (LookupError, FileNotFoundError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
