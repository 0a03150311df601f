"""Rustuna, Optuna's port to Rust, with its default sampler (TPE)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rustuna
from rustuna.distributions import CategoricalDistribution, Distribution, FloatDistribution, IntDistribution
from rustuna.samplers import TPESampler

from optimisers import InProcess
from problems import Params, Space, is_active


class RustunaStudy(InProcess):
    """A study in memory, driven by ask and tell."""

    def __init__(self, space: Space, seed: int) -> None:
        self.space = space
        self.study = rustuna.create_study(direction="minimize", sampler=TPESampler(seed=seed))

    def ask(self) -> tuple[int, Params]:
        trial = self.study.ask()
        params: Params = {}
        for parameter in self.space:
            if not is_active(parameter, params):
                continue
            name, kind = parameter["name"], parameter["type"]
            if kind == "float":
                params[name] = trial.suggest_float(name, parameter["low"], parameter["high"], log=parameter["log"])
            elif kind == "int":
                params[name] = trial.suggest_int(name, parameter["low"], parameter["high"], log=parameter["log"])
            else:
                params[name] = trial.suggest_categorical(name, parameter.get("choices") or parameter["values"])
        return trial.number, params

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
