"""Real training, tabulated: every point of a finite space was trained once for all, by `make_tables.py`.

Each point was trained several times. A run sees one of these replicates, the same for the whole run, and is judged by the
mean over all at the point that looked best.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from problems import Params, Problem, alternate, every_point

FOLDER = Path(__file__).parent / "tables"

# In an order in which neighbours belong to different parts.
NAMES = ()


def problems() -> Iterator[Problem]:
    """All tables."""
    for index, name in enumerate(NAMES):
        yield _problem(name, alternate(index))


def _problem(name: str, split: str) -> Problem:
    table = json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))
    space = table["space"]
    rows = dict(zip(map(_key, every_point(space)), table["values"], strict=True))

    def truth(params: Params) -> float:
        row = rows[_key(params)]
        return sum(row) / len(row)

    def observed(params: Params, seed: int) -> float:
        row = rows[_key(params)]
        return row[seed % len(row)]

    return Problem(
        name=f"table-{name}",
        suite="tables",
        space=space,
        truth=truth,
        best=min(sum(row) / len(row) for row in table["values"]),
        is_exact=False,
        split=split,
        observed=observed,
    )


def _key(params: Params) -> tuple[tuple[str, object], ...]:
    return tuple(sorted(params.items()))
