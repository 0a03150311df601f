"""What Optuna says of 100 random points of a function of four parameters: writes them, and prints the shares of the test.

Needs Optuna 5 and scikit-learn (core/bench/README.md): python3 shares.py > shares.json
"""

import json
import math
import pathlib

import numpy
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator, get_param_importances

SPACE = {
    "x": FloatDistribution(0, 1),
    "y": FloatDistribution(0, 1),
    "k": IntDistribution(1, 8),
    "m": CategoricalDistribution(["p", "q", "r"]),
}


def value(x, y, k, m):
    return 2 * (x - 0.3) ** 2 + 0.5 * math.sin(3 * y) + 0.08 * k + {"p": 0, "q": 0.5, "r": 0.1}[m] + x * y


def main():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    random = numpy.random.default_rng(3)
    study = optuna.create_study()
    lines = ["x,y,k,m,value"]
    for _ in range(100):
        x, y = (round(float(random.random()), 6) for _ in range(2))
        point = {"x": x, "y": y, "k": int(random.integers(1, 9)), "m": "pqr"[int(random.integers(3))]}
        lines.append(",".join(map(str, [*point.values(), round(value(**point), 6)])))
        trial = optuna.trial.create_trial(params=point, distributions=SPACE, value=round(value(**point), 6))
        study.add_trial(trial)
    pathlib.Path(__file__).with_name("trials.csv").write_text("\n".join(lines) + "\n")

    def fanova(seed):
        return get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=seed), normalize=False)

    answers = [fanova(seed) for seed in range(10)]
    shares = {name: round(float(numpy.mean([answer[name] for answer in answers])), 4) for name in SPACE}
    best = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    print(json.dumps({"optuna": optuna.__version__, "fanova": shares, "ped_anova": {k: round(best[k], 4) for k in SPACE}}))


main()
