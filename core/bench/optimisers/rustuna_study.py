"""Rustuna, Optuna's port to Rust, with its default sampler (TPE)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rustuna
from rustuna.distributions import CategoricalDistribution, Distribution, FloatDistribution, IntDistribution
from rustuna.samplers import TPESampler

from optimisers import InProcess, suggested
from problems import Params, Space


class RustunaStudy(InProcess):
    """A study in memory, driven by ask and tell."""

    def __init__(self, space: Space, seed: int) -> None:
        self.space = space
        self.study = rustuna.create_study(direction="minimize", sampler=TPESampler(seed=seed))

    def ask(self) -> tuple[int, Params]:
        trial = self.study.ask()
        return trial.number, suggested(trial, self.space)

    def tell(self, trial: int, value: float) -> None:
        self.study.tell(trial, value)

    def add(self, trials: Sequence[tuple[Params, float]]) -> None:
        distributions = {parameter["name"]: _distribution(parameter) for parameter in self.space}
        for params, value in trials:
            present = {name: distributions[name] for name in params}
            self.study.add_trial(rustuna.create_trial(params=params, distributions=present, value=value))


def _distribution(parameter: dict[str, Any]) -> Distribution:
    if parameter["type"] == "float":
        return FloatDistribution(parameter["low"], parameter["high"], log=parameter["log"])
    if parameter["type"] == "int":
        return IntDistribution(parameter["low"], parameter["high"], log=parameter["log"])
    return CategoricalDistribution(parameter.get("choices") or parameter["values"])
