"""What an ask with its tell costs in processor time, by the number of trials that are known, and what a whole study costs."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from optimisers import Entrant
from problems import Params, choice, draw, noise, real, whole

SPACE = [
    real("lr", 1e-5, 1e-1, log=True),
    real("dropout", 0.0, 0.7),
    whole("layers", 1, 6),
    whole("units", 16, 1024, log=True),
    choice("optimizer", ["sgd", "adam", "rmsprop"]),
    {"name": "batch", "type": "ordinal", "values": [16, 32, 64, 128, 256]},
]

# A Gaussian process of Optuna takes seconds an ask beyond its last size.
SIZES = {"gp": (100, 500, 1000)}
USUAL_SIZES = (100, 500, 1000, 10_000)

# Asks and tells of a whole study, from nothing. Only of ours: others would take hours.
WHOLE = 1000


def made_up(params: Params) -> float:
    """A loss over that space, with some noise, so that models have something to learn."""
    loss = (math.log10(params["lr"]) + 3.0) ** 2 + (params["dropout"] - 0.3) ** 2 + 0.1 * abs(params["layers"] - 3)
    loss += (
        0.1 * (math.log2(params["units"]) - 7.0) ** 2 + {"sgd": 0.3, "adam": 0.0, "rmsprop": 0.1}[params["optimizer"]]
    )
    return float(loss + 0.1 * math.log2(params["batch"] / 16) + 0.1 * noise(params, 0))


def measure(chosen: Entrant, known: int) -> list[float]:
    """Milliseconds of several asks, each with its tell, after `known` trials that were made up."""
    rng = np.random.default_rng(known)
    points = [draw(SPACE, rng) for _ in range(known)]
    optimiser = chosen.start(SPACE, 1)
    try:
        for first in range(0, known, 1000):
            optimiser.add([(params, made_up(params)) for params in points[first : first + 1000]])
        times = []
        for _ in range(20 if known <= 100 else 10):
            begin = optimiser.cpu_seconds()
            trial, params = optimiser.ask()
            asked = optimiser.cpu_seconds()
            value = made_up(params)
            told = optimiser.cpu_seconds()
            optimiser.tell(trial, value)
            times.append(1000.0 * (optimiser.cpu_seconds() - told + asked - begin))
        return times
    finally:
        optimiser.close()


def whole_study(chosen: Entrant) -> float:
    """Processor seconds of all asks and tells of one study whose objective costs nothing."""
    optimiser = chosen.start(SPACE, 1)
    try:
        begin = optimiser.cpu_seconds()
        for _ in range(WHOLE):
            trial, params = optimiser.ask()
            optimiser.tell(trial, made_up(params))
        return optimiser.cpu_seconds() - begin
    finally:
        optimiser.close()


def whole_table(entrants: Iterable[Entrant]) -> str:
    """As Markdown; nothing where none of them is ours."""
    ours = [chosen for chosen in entrants if chosen.name.split(":")[0] == "ours"]
    rows = [(chosen.name, chosen.version, str(WHOLE), _shown(whole_study(chosen))) for chosen in ours]
    return _markdown(("optimiser", "version", "trials", "processor s, whole study"), rows) if rows else ""


def speed_table(entrants: Iterable[Entrant]) -> str:
    """As Markdown."""
    rows = []
    for chosen in entrants:
        for known in SIZES.get(chosen.name, USUAL_SIZES):
            times = measure(chosen, known)
            rows.append(
                (
                    chosen.name,
                    chosen.version,
                    str(known),
                    _shown(np.median(times)),
                    _shown(times[0]),
                    _shown(max(times)),
                )
            )
    heading = ("optimiser", "version", "trials known", "processor ms, median", "the first", "the longest")
    return _markdown(heading, rows)


def _markdown(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(["| " + " | ".join(row) + " |" for row in [heading, ("---",) * len(heading), *rows]])


def _shown(value: float) -> str:
    return f"{value:.3g}"
