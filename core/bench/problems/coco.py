"""The suites `bbob` and `bbob-mixint` of the COCO platform (Hansen et al. 2021; Tušar, Brockhoff and Hansen 2019).

All 24 functions of each suite, in one dimension and one instance each. The functions are COCO's own: PyPI's
`coco-experiment` has them compiled.
"""

from __future__ import annotations

from collections.abc import Iterator

import cocoex
import numpy as np

from problems import Params, Problem, Space, alternate, real, whole

# Neighbouring functions have the same dimension, so that both parts get every dimension equally often.
BBOB_DIMENSIONS = (2, 3, 5, 10)
MIXINT_DIMENSIONS = (5, 10)


def problems() -> Iterator[Problem]:
    """All tasks of both suites."""
    for index in range(24):
        dimension = BBOB_DIMENSIONS[(index // 2) % len(BBOB_DIMENSIONS)]
        yield _bbob(index + 1, dimension, 1 + index % 5, alternate(index))
    for index in range(24):
        dimension = MIXINT_DIMENSIONS[(index // 2) % len(MIXINT_DIMENSIONS)]
        yield _mixint(index + 1, dimension, 1 + index % 3, alternate(index))


def _bbob(function: int, dimension: int, instance: int, split: str) -> Problem:
    value = cocoex.BareProblem("bbob", function, dimension, instance)
    names = [f"x{i}" for i in range(dimension)]

    def truth(params: Params) -> float:
        return float(value(np.array([params[name] for name in names])))

    return Problem(
        name=f"bbob-f{function:02}-{dimension}d",
        suite="bbob",
        space=[real(name, -5.0, 5.0) for name in names],
        truth=truth,
        best=float(value.best_value()),
        is_exact=True,
        split=split,
    )


# The least values of the 24 functions of bbob-mixint in the instances used here, 1, 2, 3, 1, 2, 3 and so on. They do not
# depend on the dimension. From the place of the optimum, which COCO writes to a file when asked for it by
# `problem._best_parameter("print")`, and the problem's value there.
_MIXINT_BEST = (
    *(79.48, -0.09209, 11.568, -46.209, 655.99, -10.0, 92.94, -10.0, 0.5534, -0.05494, -0.2255, 0.005661),
    *(2.997, -179.54, -4.822, 71.35, 188.1, 273.15, -1025.5, 100.0, -370.84, -1000.0, 0.1, 1.364),
)

_mixint_suite: list[cocoex.Suite] = []


def _mixint(function: int, dimension: int, instance: int, split: str) -> Problem:
    if not _mixint_suite:
        # The suite owns the problems, so it has to stay.
        _mixint_suite.append(cocoex.Suite("bbob-mixint", "", ""))
    value = _mixint_suite[0].get_problem_by_function_dimension_instance(function, dimension, instance)
    whole_numbers = value.number_of_integer_variables
    space: Space = []
    for i, (low, high) in enumerate(zip(value.lower_bounds, value.upper_bounds)):
        is_whole = i < whole_numbers
        space.append(whole(f"k{i}", int(low), int(high)) if is_whole else real(f"x{i}", float(low), float(high)))
    names = [parameter["name"] for parameter in space]

    def truth(params: Params) -> float:
        return float(value(np.array([params[name] for name in names], dtype=float)))

    return Problem(
        name=f"mixint-f{function:02}-{dimension}d",
        suite="bbob-mixint",
        space=space,
        truth=truth,
        best=_MIXINT_BEST[function - 1],
        is_exact=True,
        split=split,
    )
