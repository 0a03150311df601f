"""Random search, the yardstick."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optimisers import InProcess
from problems import Params, Space, draw


class RandomSearch(InProcess):
    """Each trial drawn evenly."""

    def __init__(self, space: Space, seed: int) -> None:
        self.space = space
        self.rng = np.random.default_rng(seed)

    def ask(self) -> tuple[None, Params]:
        return None, draw(self.space, self.rng)

    def tell(self, trial: None, value: float) -> None:
        pass

    def add(self, trials: Sequence[tuple[Params, float]]) -> None:
        pass
