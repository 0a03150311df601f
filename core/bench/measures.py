"""The statistics of the comparison. Nothing here knows of files or optimisers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


def best_so_far(observed: Sequence[float | None], truths: Sequence[float | None], budget: int) -> float:
    """What the user has after `budget` trials: the worth of the trial that looked best. Infinite without any trial.

    A run that crashed has fewer trials than the budget and is handled by its caller; one that exhausted a finite space
    keeps its best.
    """
    best_look, worth = math.inf, math.inf
    for look, truth in zip(observed[:budget], truths[:budget]):
        if look is not None and truth is not None and look < best_look:
            best_look, worth = look, truth
    return worth


def normalised(value: float, best: float, median: float, floor: float) -> float:
    """0 is the best known, 1 the median random point, and nothing counts below the floor. At most 10."""
    regret = (value - best) / (median - best)
    return min(max(regret, floor), 10.0)


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval."""

    estimate: float
    low: float
    high: float


def score(ours: float, theirs: float) -> float:
    """1 if ours is better (smaller), one half if they are equal up to rounding, else 0."""
    if ours == theirs or math.isclose(ours, theirs, rel_tol=1e-12):
        return 0.5
    return 1.0 if ours < theirs else 0.0


def probability_better(scores: Mapping[str, Sequence[float]], resamples: int = 10_000) -> Interval:
    """The mean over all pairs, and its interval by drawing problems, each with all of its pairs, with replacement."""
    sums = np.array([sum(values) for values in scores.values()], dtype=float)
    counts = np.array([len(values) for values in scores.values()], dtype=float)
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(sums), size=(resamples, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(sums.sum() / counts.sum()), float(low), float(high))


def ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1, equal values sharing the mean of theirs."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    result = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for i in order[start : end + 1]:
            result[i] = (start + end) / 2.0 + 1.0
        start = end + 1
    return result


def wilcoxon(differences: Sequence[float]) -> float:
    """The two-sided p value of the signed-rank test. Zeros are left out.

    Exact for up to 25 differences without ties, else the normal approximation with corrections for ties and continuity.
    """
    nonzero = [d for d in differences if d != 0.0]
    n = len(nonzero)
    if n == 0:
        return 1.0
    sizes = [abs(d) for d in nonzero]
    rank = ranks(sizes)
    positive = sum(r for r, d in zip(rank, nonzero) if d > 0.0)
    smaller = min(positive, n * (n + 1) / 2.0 - positive)
    if n <= 25 and len(set(sizes)) == n:
        # In how many of the 2^n ways of giving signs the sum of positive ranks is s.
        ways = [1] + [0] * (n * (n + 1) // 2)
        for r in range(1, n + 1):
            for s in range(len(ways) - 1, r - 1, -1):
                ways[s] += ways[s - r]
        return min(1.0, 2.0 * sum(ways[: int(smaller) + 1]) / 2.0**n)
    ties = sum(count**3 - count for count in (sizes.count(size) for size in set(sizes)))
    deviation = math.sqrt(n * (n + 1) * (2 * n + 1) / 24.0 - ties / 48.0)
    z = max(n * (n + 1) / 4.0 - smaller - 0.5, 0.0) / deviation
    return math.erfc(z / math.sqrt(2.0))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted for testing several at once (Holm 1979)."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for position, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - position) * p_values[i]))
        adjusted[i] = highest
    return adjusted
