"""The programs that are compared, behind one interface.

Each gets the same space, one trial at a time, and is timed by the processor time that it spends on asking and telling.
"""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from problems import Params, Space, is_active


class Exhausted(Exception):
    """Nothing is left to try in a finite space. That is no failure: the best stays the best."""


class Optimiser(Protocol):
    """One study."""

    def ask(self) -> tuple[Any, Params]:
        """The next trial: what names it, and its active parameters."""

    def tell(self, trial: Any, value: float) -> None:
        """The result of a trial that was asked for."""

    def add(self, trials: Sequence[tuple[Params, float]]) -> None:
        """Finished trials from elsewhere."""

    def cpu_seconds(self) -> float:
        """Processor time since any fixed moment, of the process in which the optimiser works."""

    def close(self) -> None:
        """Ends it."""


class InProcess:
    """What optimisers that are Python libraries share."""

    def cpu_seconds(self) -> float:
        return time.process_time()

    def close(self) -> None:
        pass


def suggested(trial: Any, space: Space) -> Params:
    """The parameters of a trial of Optuna, or of Rustuna, whose trials have the same methods."""
    params: Params = {}
    for parameter in space:
        if not is_active(parameter, params):
            continue
        name, kind = parameter["name"], parameter["type"]
        if kind == "float":
            params[name] = trial.suggest_float(name, parameter["low"], parameter["high"], log=parameter["log"])
        elif kind == "int":
            params[name] = trial.suggest_int(name, parameter["low"], parameter["high"], log=parameter["log"])
        else:
            params[name] = trial.suggest_categorical(name, parameter.get("choices") or parameter["values"])
    return params


@dataclass(frozen=True)
class Entrant:
    """A kind of optimiser, to be started afresh for each run."""

    name: str
    version: str
    start: Callable[[Space, int], Optimiser]
    #: Whether it is meant for spaces with conditions and brings nothing new elsewhere.
    only_conditional: bool = False


# The opponents, with what their authors recommend by default. `tpe-group` is what Optuna's manual recommends for
# conditional spaces.
OPPONENTS = ("tpe", "rustuna", "gp", "tpe-group")


def entrant(name: str, seqtune: Path | None = None, label: str | None = None) -> Entrant:
    """`random`, one of the opponents, `ours` (its default sampler), or `ours:SAMPLER`."""
    if name == "random":
        from optimisers import random_search

        return Entrant(name, "1", random_search.RandomSearch)
    if name in ("tpe", "gp", "tpe-group"):
        from optimisers import optuna_study

        version = f"optuna-{importlib.metadata.version('optuna')}"
        start = optuna_study.starter(name)
        return Entrant(name, version, start, only_conditional=name == "tpe-group")
    if name == "rustuna":
        from optimisers import rustuna_study

        return Entrant(name, f"rustuna-{importlib.metadata.version('rustuna')}", rustuna_study.RustunaStudy)
    if name == "ours" or name.startswith("ours:"):
        from optimisers import ours

        program = ours.find_program(seqtune)
        sampler = name.partition(":")[2] or "auto"
        version = label or ours.version_of(program)
        return Entrant(name, version, lambda space, seed: ours.AskTell(program, space, sampler, seed))
    raise ValueError(f"there is no optimiser {name!r}; there are: ours, ours:SAMPLER, random, {', '.join(OPPONENTS)}")
