"""Optuna: its samplers with default settings, spaces written as one writes them for Optuna."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, GPSampler, TPESampler

from optimisers import InProcess, suggested
from problems import Params, Space

optuna.logging.set_verbosity(optuna.logging.ERROR)
# `group` and `multivariate` announce themselves as experimental.
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)

_SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "tpe": lambda seed: TPESampler(seed=seed),
    "tpe-group": lambda seed: TPESampler(seed=seed, multivariate=True, group=True),
    "gp": lambda seed: GPSampler(seed=seed),
}


def starter(name: str) -> Callable[[Space, int], OptunaStudy]:
    """Starts studies with the sampler of that name."""
    return lambda space, seed: OptunaStudy(space, _SAMPLERS[name](seed))


class OptunaStudy(InProcess):
    """A study in memory, driven by ask and tell."""

    def __init__(self, space: Space, sampler: BaseSampler) -> None:
        self.space = space
        self.study = optuna.create_study(direction="minimize", sampler=sampler)

    def ask(self) -> tuple[optuna.Trial, Params]:
        trial = self.study.ask()
        return trial, suggested(trial, self.space)

    def tell(self, trial: optuna.Trial, value: float) -> None:
        self.study.tell(trial, value)

    def add(self, trials: Sequence[tuple[Params, float]]) -> None:
        distributions = {parameter["name"]: _distribution(parameter) for parameter in self.space}
        for params, value in trials:
            present = {name: distributions[name] for name in params}
            self.study.add_trial(optuna.trial.create_trial(params=params, distributions=present, value=value))


def _distribution(parameter: dict[str, Any]) -> BaseDistribution:
    if parameter["type"] == "float":
        return FloatDistribution(parameter["low"], parameter["high"], log=parameter["log"])
    if parameter["type"] == "int":
        return IntDistribution(parameter["low"], parameter["high"], log=parameter["log"])
    return CategoricalDistribution(parameter.get("choices") or parameter["values"])
