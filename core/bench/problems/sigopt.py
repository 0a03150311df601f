"""Functions of SigOpt's set, which kurobako uses too.

Which functions and which bounds: Dewancker et al., "A Stratified Analysis of Bayesian Optimization Methods"
(arXiv:1603.09441) and the set published with it. Their definitions: Jamil and Yang, "A literature survey of benchmark
functions for global optimization problems" (2013); Surjanovic and Bingham's Virtual Library of Simulation Experiments; for
the Shekel and Hartmann families Dixon and Szegö (1978). Bounds are lopsided where the optimum would be in the centre.

`best` is given where it is known in closed form or in the literature; all were checked by many local searches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from problems import Params, Problem, alternate, real

Bounds = Sequence[tuple[float, float]]
Function = Callable[[np.ndarray], float]


def ackley(x: np.ndarray) -> float:
    spread = np.sqrt(np.mean(x**2))
    return float(20.0 + np.e - 20.0 * np.exp(-0.2 * spread) - np.exp(np.mean(np.cos(2.0 * np.pi * x))))


def adjiman(x: np.ndarray) -> float:
    return float(np.cos(x[0]) * np.sin(x[1]) - x[0] / (x[1] ** 2 + 1.0))


def alpine02(x: np.ndarray) -> float:
    return float(np.prod(np.sqrt(x) * np.sin(x)))


def branin02(x: np.ndarray) -> float:
    valley = x[1] - 5.1 / (4.0 * np.pi**2) * x[0] ** 2 + 5.0 * x[0] / np.pi - 6.0
    waves = 10.0 * (1.0 - 1.0 / (8.0 * np.pi)) * np.cos(x[0]) * np.cos(x[1])
    return float(valley**2 + waves + np.log(x[0] ** 2 + x[1] ** 2 + 1.0) + 10.0)


def bukin06(x: np.ndarray) -> float:
    return float(100.0 * np.sqrt(abs(x[1] - 0.01 * x[0] ** 2)) + 0.01 * abs(x[0] + 10.0))


def carrom_table(x: np.ndarray) -> float:
    ring = np.exp(abs(1.0 - np.hypot(x[0], x[1]) / np.pi))
    return float(-((np.cos(x[0]) * np.cos(x[1]) * ring) ** 2) / 30.0)


def deb02(x: np.ndarray) -> float:
    return float(-np.mean(np.sin(5.0 * np.pi * (x**0.75 - 0.05)) ** 6))


def corrugated_spring(x: np.ndarray) -> float:
    squares = float(np.sum((x - 5.0) ** 2))
    return float(0.1 * squares - np.cos(5.0 * np.sqrt(squares)))


def exponential(x: np.ndarray) -> float:
    return float(-np.exp(-0.5 * np.sum(x**2)))


_HARTMANN_HEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_HARTMANN3_WIDTHS = np.array([[3.0, 10, 30], [0.1, 10, 35], [3.0, 10, 30], [0.1, 10, 35]])
_HARTMANN3_PLACES = 1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381.5, 5743, 8828]])
_HARTMANN6_WIDTHS = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
_HARTMANN6_PLACES = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann3(x: np.ndarray) -> float:
    return float(-_HARTMANN_HEIGHTS @ np.exp(-np.sum(_HARTMANN3_WIDTHS * (x - _HARTMANN3_PLACES) ** 2, axis=1)))


def hartmann6(x: np.ndarray) -> float:
    return float(-_HARTMANN_HEIGHTS @ np.exp(-np.sum(_HARTMANN6_WIDTHS * (x - _HARTMANN6_PLACES) ** 2, axis=1)))


def helical_valley(x: np.ndarray) -> float:
    turn = np.arctan2(x[1], x[0]) / (2.0 * np.pi)
    return float(100.0 * ((x[2] - 10.0 * turn) ** 2 + (np.hypot(x[0], x[1]) - 1.0) ** 2) + x[2] ** 2)


def levy(x: np.ndarray) -> float:
    w = 1.0 + (x - 1.0) / 4.0
    middle = np.sum((w[:-1] - 1.0) ** 2 * (1.0 + 10.0 * np.sin(np.pi * w[:-1] + 1.0) ** 2))
    last = (w[-1] - 1.0) ** 2 * (1.0 + np.sin(2.0 * np.pi * w[-1]) ** 2)
    return float(np.sin(np.pi * w[0]) ** 2 + middle + last)


def michalewicz(x: np.ndarray) -> float:
    i = np.arange(1, len(x) + 1)
    return float(-np.sum(np.sin(x) * np.sin(i * x**2 / np.pi) ** 20))


def mishra06(x: np.ndarray) -> float:
    a, b = np.sin((np.cos(x[0]) + np.cos(x[1])) ** 2) ** 2, np.cos((np.sin(x[0]) + np.sin(x[1])) ** 2) ** 2
    return float(-np.log((a - b + x[0]) ** 2) + 0.1 * ((x[0] - 1.0) ** 2 + (x[1] - 1.0) ** 2))


def plateau(x: np.ndarray) -> float:
    return float(30.0 + np.sum(np.floor(np.abs(x))))


def powell(x: np.ndarray) -> float:
    squares = (x[0] + 10.0 * x[1]) ** 2 + 5.0 * (x[2] - x[3]) ** 2
    return float(squares + (x[1] - 2.0 * x[2]) ** 4 + 10.0 * (x[0] - x[3]) ** 4)


def rosenbrock(x: np.ndarray) -> float:
    return float(np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2))


_SHEKEL_PLACES = np.array(
    [[4, 4, 4, 4], [1, 1, 1, 1], [8, 8, 8, 8], [6, 6, 6, 6], [3, 7, 3, 7], [2, 9, 2, 9], [5, 5, 3, 3]], dtype=float
)
_SHEKEL_WIDTHS = np.array([0.1, 0.2, 0.2, 0.4, 0.4, 0.6, 0.3])


def shekel07(x: np.ndarray) -> float:
    return float(-np.sum(1.0 / (np.sum((x - _SHEKEL_PLACES) ** 2, axis=1) + _SHEKEL_WIDTHS)))


def styblinski_tang(x: np.ndarray) -> float:
    return float(np.sum(x**4 - 16.0 * x**2 + 5.0 * x) / 2.0)


def trid(x: np.ndarray) -> float:
    return float(np.sum((x - 1.0) ** 2) - np.sum(x[1:] * x[:-1]))


def tripod(x: np.ndarray) -> float:
    right, up = float(x[0] >= 0.0), float(x[1] >= 0.0)
    return float(up * (1.0 + right) + abs(x[0] + 50.0 * up * (1.0 - 2.0 * right)) + abs(x[1] + 50.0 * (1.0 - 2.0 * up)))


def weierstrass(x: np.ndarray) -> float:
    k = np.arange(21)
    waves = np.sum(0.5**k * np.cos(2.0 * np.pi * 3.0**k * (x[:, None] + 0.5)))
    return float(waves - len(x) * np.sum(0.5**k * np.cos(np.pi * 3.0**k)))


# Name, function, bounds, least value.
_FUNCTIONS: tuple[tuple[str, Function, Bounds, float], ...] = (
    ("ackley-3d", ackley, [(-10, 30)] * 3, 0.0),
    ("adjiman", adjiman, [(-1, 2), (-1, 1)], -2.0218067833),
    ("alpine02", alpine02, [(0, 10)] * 2, -6.1295038911),
    ("branin02", branin02, [(-5, 15)] * 2, 5.5589144039),
    ("bukin06", bukin06, [(-15, -5), (-3, 3)], 0.0),
    ("carrom-table", carrom_table, [(-10, 10)] * 2, -24.1568155474),
    ("deb02-3d", deb02, [(0, 1)] * 3, -1.0),
    ("corrugated-spring-4d", corrugated_spring, [(0, 7.5)] * 4, -1.0),
    ("exponential-6d", exponential, [(-0.7, 0.2)] * 6, -1.0),
    ("hartmann3", hartmann3, [(0, 1)] * 3, -3.8627821478),
    ("hartmann6", hartmann6, [(0, 1)] * 6, -3.3223680114),
    ("helical-valley", helical_valley, [(-1, 2)] * 3, 0.0),
    ("levy-6d", levy, [(-8, 6)] * 6, 0.0),
    ("michalewicz-5d", michalewicz, [(0, np.pi)] * 5, -4.6876581791),
    ("mishra06", mishra06, [(-10, 10)] * 2, -2.2839498385),
    ("plateau-4d", plateau, [(-2.34, 5.12)] * 4, 30.0),
    ("powell", powell, [(-4, 5)] * 4, 0.0),
    ("rosenbrock-4d", rosenbrock, [(-5, 10)] * 4, 0.0),
    ("shekel07", shekel07, [(0, 10)] * 4, -10.4029405668),
    ("styblinski-tang-5d", styblinski_tang, [(-5, 5)] * 5, 5 * -39.1661657038),
    ("trid-6d", trid, [(-20, 20)] * 6, -50.0),
    ("tripod", tripod, [(-100, 100)] * 2, 0.0),
    ("weierstrass-3d", weierstrass, [(-0.5, 0.2)] * 3, 0.0),
)


def problems() -> Iterator[Problem]:
    """All functions of the set that are used here."""
    for index, (name, function, bounds, best) in enumerate(_FUNCTIONS):
        yield _problem(name, function, bounds, best, alternate(index))


def _problem(name: str, function: Function, bounds: Bounds, best: float, split: str) -> Problem:
    names = [f"x{i}" for i in range(len(bounds))]

    def truth(params: Params) -> float:
        return function(np.array([params[name] for name in names]))

    return Problem(
        name=f"sigopt-{name}",
        suite="sigopt",
        space=[real(name, float(low), float(high)) for name, (low, high) in zip(names, bounds)],
        truth=truth,
        best=best,
        is_exact=True,
        split=split,
    )
