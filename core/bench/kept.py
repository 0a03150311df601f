"""Runs of the opponents that stand in the repository, so that nobody has to wait hours for what does not change.

`opponents/NAME.jsonl.gz` has the runs of one optimiser, each like a line of the cache, with what comparisons look at: values
that were better than all before them, and the median time. A run that is here is not run again; `--part keep` adds those of
the cache.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "opponents"


def read(folder: Path = FOLDER) -> Iterator[dict[str, Any]]:
    """All kept runs."""
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt") as lines:
            yield from map(json.loads, lines)


def name(run: dict[str, Any]) -> tuple[Any, ...]:
    """What makes it the same run."""
    return tuple(run[key] for key in ("problem", "digest", "seed", "optimiser", "version", "budget", "window"))


def condensed(run: dict[str, Any]) -> dict[str, Any]:
    """What comparisons look at: `values` and `truths` have None where a trial did not look better than all before it."""
    short = {key: run[key] for key in ("problem", "digest", "seed", "optimiser", "version", "budget", "window")}
    values: list[float | None] = []
    best = float("inf")
    for value in run["values"]:
        better = value is not None and value < best
        best = value if better else best
        values.append(value if better else None)
    short["values"] = values
    if "truths" in run:
        short["truths"] = [truth if value is not None else None for value, truth in zip(values, run["truths"])]
    times = sorted(run["cpu_ms"][len(run["cpu_ms"]) // 2 :])
    short["cpu_ms"] = [times[len(times) // 2]] if times else []
    if "crash" in run:
        short["crash"] = run["crash"]
    return short


def keep(runs: Iterable[dict[str, Any]], opponents: Iterable[str], folder: Path = FOLDER) -> int:
    """Adds runs of these opponents to the folder. How many there are then."""
    kept = {name(run): run for run in read(folder)}
    wanted = set(opponents)
    for run in runs:
        if run["optimiser"] in wanted and name(run) not in kept:
            kept[name(run)] = condensed(run)
    folder.mkdir(exist_ok=True)
    for opponent in wanted:
        lines = [json.dumps(kept[key], separators=(",", ":")) for key in sorted(kept) if kept[key]["optimiser"] == opponent]
        if lines:
            # Without a time, so that the same runs are the same file.
            text = "\n".join(lines) + "\n"
            (folder / f"{opponent}.jsonl.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    return len(kept)
