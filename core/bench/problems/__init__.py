"""The tasks that samplers are compared on.

A task is a search space in the written form of `seqtune ask-tell` (its `--help` has it), and a function from parameters to a
value that is to be made small. `every_problem()` has all of them, in the order in which they are run.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Params = dict[str, Any]
Space = list[dict[str, Any]]

DEVELOP = "develop"
HELD_OUT = "held-out"


def real(name: str, low: float, high: float, log: bool = False, when: dict[str, Any] | None = None) -> dict[str, Any]:
    """A parameter that is a real number."""
    return _parameter({"name": name, "type": "float", "low": low, "high": high, "log": log}, when)


def whole(name: str, low: int, high: int, log: bool = False, when: dict[str, Any] | None = None) -> dict[str, Any]:
    """A parameter that is a whole number."""
    return _parameter({"name": name, "type": "int", "low": low, "high": high, "log": log}, when)


def choice(name: str, choices: Sequence[Any], when: dict[str, Any] | None = None) -> dict[str, Any]:
    """A parameter that is one of several, without an order."""
    return _parameter({"name": name, "type": "categorical", "choices": list(choices)}, when)


def _parameter(parameter: dict[str, Any], when: dict[str, Any] | None) -> dict[str, Any]:
    if when is not None:
        parameter["when"] = when
    return parameter


def is_active(parameter: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    """Whether `parameter` exists beside the earlier ones in `params`."""
    for parent, test in parameter.get("when", {}).items():
        if parent not in params:
            return False
        if isinstance(test, dict):
            if params[parent] < test["at_least"]:
                return False
        elif params[parent] not in test:
            return False
    return True


def draw(space: Space, rng: np.random.Generator) -> Params:
    """A random point: each parameter even over its range, on its own scale."""
    params: Params = {}
    for parameter in space:
        if not is_active(parameter, params):
            continue
        name, kind = parameter["name"], parameter["type"]
        if kind in ("categorical", "ordinal"):
            options = parameter.get("choices") or parameter["values"]
            params[name] = options[int(rng.integers(len(options)))]
            continue
        low, high = parameter["low"], parameter["high"]
        if kind == "float":
            if parameter["log"]:
                low, high = np.log(low), np.log(high)
            value = low + (high - low) * rng.random()
            value = float(np.exp(value)) if parameter["log"] else float(value)
            params[name] = min(max(value, parameter["low"]), parameter["high"])
        elif parameter["log"]:
            value = np.exp(np.log(low - 0.5) + (np.log(high + 0.5) - np.log(low - 0.5)) * rng.random())
            params[name] = int(min(max(round(value), low), high))
        else:
            params[name] = int(rng.integers(low, high + 1))
    return params


def every_point(space: Space) -> Iterator[Params]:
    """All points of a space without real numbers, the last parameter changing fastest."""

    def after(params: Params, rest: Space) -> Iterator[Params]:
        if not rest:
            yield params
        elif not is_active(rest[0], params):
            yield from after(params, rest[1:])
        else:
            first = rest[0]
            values = range(first["low"], first["high"] + 1) if first["type"] == "int" else first["choices"]
            for value in values:
                yield from after(params | {first["name"]: value}, rest[1:])

    return after({}, space)


def noise(params: Params, seed: int) -> float:
    """A standard normal number that is a function of the point and the seed, as a training run's luck is."""
    text = json.dumps([params, seed], sort_keys=True)
    digest = hashlib.sha256(text.encode()).digest()
    return float(np.random.default_rng(int.from_bytes(digest[:8], "little")).standard_normal())


@dataclass(frozen=True)
class Problem:
    """One task. All are minimised."""

    name: str
    suite: str
    space: Space
    #: What a point is worth.
    truth: Callable[[Params], float]
    #: The smallest value there is, or the smallest that anybody has found.
    best: float
    #: Whether `best` is exact and can be reached, so that ever smaller regrets mean something.
    is_exact: bool
    split: str
    #: What an optimiser is told, where that is not the truth: a function of the point and the run's seed.
    observed: Callable[[Params, int], float] | None = None

    @property
    def kind(self) -> str:
        """`conditional`, `mixed` (whole numbers or choices, all always there) or `continuous`."""
        if any("when" in parameter for parameter in self.space):
            return "conditional"
        return "continuous" if all(parameter["type"] == "float" for parameter in self.space) else "mixed"

    @property
    def tags(self) -> frozenset[str]:
        """What tables may be split by."""
        noisy = {"noisy"} if self.observed else set()
        finite = {"finite"} if all(parameter["type"] != "float" for parameter in self.space) else set()
        return frozenset({self.suite, self.kind, self.split} | noisy | finite)

    @property
    def floor(self) -> float:
        """Normalised regrets below this are as good as none."""
        return 1e-5 if self.is_exact else 1e-3

    def observe(self, params: Params, seed: int) -> float:
        """What an optimiser is told."""
        return self.observed(params, seed) if self.observed else self.truth(params)

    @functools.cached_property
    def median_of_random(self) -> float:
        """The median of 1000 random points: a regret of 1 after normalising."""
        rng = np.random.default_rng(20_000)
        return float(np.median([self.truth(draw(self.space, rng)) for _ in range(1000)]))

    @functools.cached_property
    def digest(self) -> str:
        """Changes whenever the task does, so that results of an older one are not mixed with those of a newer one."""
        rng = np.random.default_rng(10_000)
        points = [draw(self.space, rng) for _ in range(8)]
        # Not all digits: those of another machine's mathematics library may differ in the last ones.
        values = [f"{self.truth(point):.6g} {self.observe(point, 1):.6g}" for point in points]
        text = json.dumps([self.space, values], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@functools.cache
def every_problem() -> tuple[Problem, ...]:
    """All tasks."""
    from problems import coco, sigopt, tables, tuning

    found = [*coco.problems(), *sigopt.problems(), *tuning.problems(), *tables.problems()]
    assert len({problem.name for problem in found}) == len(found), "two tasks have one name"
    return tuple(found)


def by_name(name: str) -> Problem:
    """The task of that name."""
    for problem in every_problem():
        if problem.name == name:
            return problem
    raise KeyError(f"there is no task {name!r}")


def select(suites: Iterable[str] = (), names: Iterable[str] = (), split: str = "all") -> list[Problem]:
    """The tasks of some suites (all where none is named), of some names, of one part."""
    suites, names = set(suites), set(names)
    return [
        problem
        for problem in every_problem()
        if (not suites or problem.suite in suites)
        and (not names or problem.name in names)
        and split in ("all", problem.split)
    ]


def alternate(index: int) -> str:
    """The part that the `index`-th task of a suite belongs to: every second one is held out."""
    return DEVELOP if index % 2 == 0 else HELD_OUT
