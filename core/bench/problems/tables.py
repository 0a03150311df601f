"""Real training, tabulated: every point of a finite space was trained once for all, by `make_tables.py`.

Each point was trained several times. A run sees one of these replicates, the same for the whole run, and is judged by the
mean over all at the point that looked best.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from problems import DEVELOP, HELD_OUT, Params, Problem, every_point

Key = tuple[tuple[str, object], ...]

FOLDER = Path(__file__).parent / "tables"

# Each with the part that it belongs to: of each kind and of each data set that was tabulated twice one is held out.
TABLES: tuple[tuple[str, str], ...] = (
    ("cash-digits", DEVELOP),
    ("cash-breast-cancer", HELD_OUT),
    ("cash-diabetes", DEVELOP),
    ("cash-wine", HELD_OUT),
    ("network-digits", HELD_OUT),
    ("boosting-breast-cancer", DEVELOP),
    ("boosting-diabetes", HELD_OUT),
    ("tf-jund", HELD_OUT),
)


def problems() -> Iterator[Problem]:
    """All tables."""
    for name, split in TABLES:
        yield _problem(name, split)


def _problem(name: str, split: str) -> Problem:
    table = json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))
    space = table["space"]
    rows: dict[Key, list[float]] = dict(zip(map(_key, every_point(space)), table["values"], strict=True))

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


def _key(params: Params) -> Key:
    return tuple(sorted(params.items()))
