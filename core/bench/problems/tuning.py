"""Made tasks that have the shape of tuning: which model, its own parameters, so many layers with a width each.

The loss of each is `floor + (chance - floor) * (1 - exp(-penalty))`, so it saturates far from good points as training does.
A penalty is zero at its best point, which can be reached, so the least loss is known. It couples parameters that are
coupled in practice: learning rate with batch size and depth, trees with shrinkage, dropout with width.

Noisy variants tell an optimiser the loss plus noise that is fixed for each point and seed. Results are judged by the loss
without the noise at the point that looked best, which is what its user gets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import exp, log2, log10

from problems import Params, Problem, Space, alternate, choice, noise, real, whole

Penalty = Callable[[Params], tuple[float, float]]


def _off(value: float, best: float, width: float) -> float:
    """Grows with the distance from the best value: 1 at `width` from it."""
    return ((value - best) / width) ** 2


def _rate(lr: float, best: float) -> float:
    """Of a learning rate, `best` being its logarithm: too small is slow, too large soon is a cliff."""
    distance = log10(lr) - best
    return 0.5 * distance**2 if distance < 0.0 else 2.0 * distance**2 + 4.0 * distance**4


# Each function below returns the floor that the chosen branch can reach and the penalty.

PERCEPTRON: Space = [
    choice("optimizer", ["sgd", "adam", "rmsprop"]),
    real("momentum", 0.0, 0.99, when={"optimizer": ["sgd"]}),
    real("lr", 1e-5, 1.0, log=True),
    whole("layers", 1, 4),
    whole("width1", 16, 512, log=True),
    whole("width2", 16, 512, log=True, when={"layers": {"at_least": 2}}),
    whole("width3", 16, 512, log=True, when={"layers": {"at_least": 3}}),
    whole("width4", 16, 512, log=True, when={"layers": {"at_least": 4}}),
    real("dropout", 0.0, 0.7),
]


def perceptron(p: Params) -> tuple[float, float]:
    layers = p["layers"]
    widths = [log2(p[f"width{k}"]) for k in range(1, layers + 1)]
    floor = {"sgd": 0.060, "adam": 0.070, "rmsprop": 0.085}[p["optimizer"]] + (0.06, 0.01, 0.0, 0.015)[layers - 1]
    best_rate = {"sgd": -1.0, "adam": -3.0, "rmsprop": -3.3}[p["optimizer"]] - 0.2 * (layers - 1)
    penalty = 0.0
    if p["optimizer"] == "sgd":
        penalty += _off(p["momentum"], 0.9, 0.5)
        # Momentum multiplies the step.
        best_rate -= 1.2 * (p["momentum"] - 0.9)
    penalty += 0.5 * _rate(p["lr"], best_rate)
    penalty += sum(0.4 * _off(width, 8.0 - k, 2.5) for k, width in enumerate(widths)) / layers
    penalty += _off(p["dropout"], 0.06 * (sum(widths) / layers - 3.0), 0.6)
    return floor, penalty


CONVNET: Space = [
    whole("blocks", 1, 4),
    *(
        parameter
        for k in range(1, 5)
        for parameter in (
            whole(f"filters{k}", 8, 256, log=True, when={"blocks": {"at_least": k}} if k > 1 else None),
            whole(f"kernel{k}", 2, 12, when={"blocks": {"at_least": k}} if k > 1 else None),
        )
    ),
    choice("pool", ["max", "mean", "attention"]),
    whole("heads", 1, 8, when={"pool": ["attention"]}),
    choice("batch_norm", [False, True]),
    real("lr", 1e-5, 0.3, log=True),
    whole("batch", 16, 512, log=True),
    real("weight_decay", 1e-6, 1e-1, log=True),
]


def convnet(p: Params) -> tuple[float, float]:
    blocks = p["blocks"]
    floor = (0.17, 0.12, 0.10, 0.115)[blocks - 1] + {"max": 0.0, "mean": 0.03, "attention": -0.01}[p["pool"]]
    penalty = 0.0
    if p["pool"] == "attention":
        penalty += 0.3 * _off(log2(p["heads"]), 2.0, 1.5)
    for k in range(1, blocks + 1):
        penalty += 0.3 / blocks * _off(log2(p[f"filters{k}"]), 4.0 + k, 2.0)
        penalty += 0.3 / blocks * _off(p[f"kernel{k}"], 9 - 2 * k if k < 4 else 2, 4.0)
    best_rate = -2.6 + 0.15 * (log2(p["batch"]) - 6.0) + (0.5 if p["batch_norm"] else 0.0) - 0.1 * blocks
    penalty += 0.5 * _rate(p["lr"], best_rate) + (0.0 if p["batch_norm"] else 0.08 * blocks)
    penalty += 0.2 * _off(log2(p["batch"]), 6.0, 3.0) + 0.3 * _off(log10(p["weight_decay"]), -3.5, 2.0)
    return floor, penalty


MODELS: Space = [
    choice("model", ["linear", "svm", "neighbours", "forest", "boosting", "network"]),
    real("l2", 1e-5, 1e3, log=True, when={"model": ["linear"]}),
    real("svm_c", 1e-3, 1e4, log=True, when={"model": ["svm"]}),
    real("svm_gamma", 1e-5, 1e2, log=True, when={"model": ["svm"]}),
    whole("k", 1, 60, log=True, when={"model": ["neighbours"]}),
    choice("weights", ["uniform", "distance"], when={"model": ["neighbours"]}),
    whole("forest_leaf", 1, 64, log=True, when={"model": ["forest"]}),
    real("forest_features", 0.05, 1.0, when={"model": ["forest"]}),
    whole("trees", 20, 2000, log=True, when={"model": ["boosting"]}),
    real("shrinkage", 1e-3, 0.5, log=True, when={"model": ["boosting"]}),
    whole("depth", 1, 12, when={"model": ["boosting"]}),
    whole("units", 8, 1024, log=True, when={"model": ["network"]}),
    real("lr", 1e-5, 1e-1, log=True, when={"model": ["network"]}),
    real("alpha", 1e-7, 1e0, log=True, when={"model": ["network"]}),
]


def models(p: Params) -> tuple[float, float]:
    match p["model"]:
        case "linear":
            return 0.21, 0.2 * _off(log10(p["l2"]), 0.0, 2.0)
        case "svm":
            # A narrow, slanted valley: smaller gammas want larger costs.
            c, gamma = log10(p["svm_c"]), log10(p["svm_gamma"])
            return 0.085, 0.6 * _off(c + gamma, -0.5, 1.0) + 0.2 * _off(c, 1.5, 2.0)
        case "neighbours":
            return 0.14 if p["weights"] == "distance" else 0.15, 0.3 * _off(log2(p["k"]), 3.0, 2.0)
        case "forest":
            leaf = 0.3 * _off(log2(p["forest_leaf"]), 1.0, 2.5)
            return 0.095, leaf + 0.6 * _off(p["forest_features"], 0.35, 0.5)
        case "boosting":
            trees, shrinkage = log10(p["trees"]), log10(p["shrinkage"])
            budget = 0.8 * _off(trees + shrinkage, 1.0, 0.8) + 0.1 * _off(shrinkage, -1.7, 1.0)
            return 0.070, budget + 0.5 * _off(p["depth"], 5, 4.0)
        case _:
            rate = 0.6 * _rate(p["lr"], -2.5 - 0.3 * (log2(p["units"]) - 7.0))
            return 0.075, rate + 0.2 * _off(log2(p["units"]), 7.0, 2.0) + 0.2 * _off(log10(p["alpha"]), -3.0, 2.0)


BOOSTING: Space = [
    choice("growth", ["depthwise", "lossguide", "symmetric"]),
    real("shrinkage", 1e-3, 0.5, log=True),
    whole("trees", 20, 2000, log=True),
    whole("depth", 1, 14),
    whole("min_child", 1, 128, log=True),
    real("subsample", 0.2, 1.0),
    real("columns", 0.1, 1.0),
    real("l2", 1e-4, 1e2, log=True),
]


def boosting(p: Params) -> tuple[float, float]:
    shrinkage, trees, depth = log10(p["shrinkage"]), log10(p["trees"]), p["depth"]
    best_depth = {"depthwise": 6, "lossguide": 8, "symmetric": 5}[p["growth"]]
    penalty = 0.8 * _off(shrinkage + trees, 1.3 - 0.05 * (depth - best_depth), 0.7) + 0.1 * _off(shrinkage, -1.5, 1.0)
    penalty += 0.4 * _off(depth, best_depth, 4.0) + 0.2 * _off(log2(p["min_child"]), 2.0, 3.0)
    penalty += 0.3 * _off(p["subsample"], 0.8, 0.5) + 0.3 * _off(p["columns"], 0.5, 0.5)
    penalty += 0.1 * _off(log10(p["l2"]), 0.0, 2.0)
    return {"depthwise": 0.11, "lossguide": 0.10, "symmetric": 0.105}[p["growth"]], penalty


RECURRENT: Space = [
    choice("cell", ["rnn", "lstm", "gru"]),
    whole("layers", 1, 3),
    real("layer_dropout", 0.0, 0.7, when={"layers": {"at_least": 2}}),
    whole("hidden", 8, 512, log=True),
    choice("bidirectional", [False, True]),
    choice("readout", ["last", "max", "attention"]),
    whole("attention_width", 4, 128, log=True, when={"readout": ["attention"]}),
    choice("clip", [False, True]),
    real("clip_norm", 0.01, 100.0, log=True, when={"clip": [True]}),
    real("lr", 1e-5, 1e-1, log=True),
    whole("batch", 8, 256, log=True),
]


def recurrent(p: Params) -> tuple[float, float]:
    floor = {"rnn": 0.20, "lstm": 0.10, "gru": 0.105}[p["cell"]] + {"last": 0.05, "max": 0.01, "attention": 0.0}[
        p["readout"]
    ]
    floor += 0.0 if p["bidirectional"] else 0.03
    layers = p["layers"]
    penalty = (0.05, 0.0, 0.1)[layers - 1]
    if layers > 1:
        penalty += 0.5 * _off(p["layer_dropout"], 0.3, 0.5)
    if p["readout"] == "attention":
        penalty += 0.15 * _off(log2(p["attention_width"]), 5.0, 2.0)
    # Without clipping, or with too weak a one, the good rates end earlier.
    looseness = max(log10(p["clip_norm"]), 0.0) if p["clip"] else 2.0
    best_rate = -2.0 - 0.35 * looseness - 0.2 * (log2(p["hidden"]) - 6.0) + 0.15 * (log2(p["batch"]) - 5.0)
    penalty += 0.5 * _rate(p["lr"], best_rate) + (0.0 if p["clip"] else 0.1)
    if p["clip"]:
        penalty += 0.1 * _off(log10(p["clip_norm"]), 0.0, 1.0)
    penalty += 0.25 * _off(log2(p["hidden"]), 6.0, 2.0) + 0.1 * _off(log2(p["batch"]), 5.0, 2.0)
    return floor, penalty


TRANSFORMER: Space = [
    choice("norm", ["pre", "post"]),
    choice("activation", ["relu", "gelu", "swiglu", "tanh"]),
    choice("heads", [1, 2, 4, 8]),
    whole("depth", 1, 8),
    whole("width", 32, 512, log=True),
    real("lr", 1e-5, 1e-1, log=True),
    whole("warmup", 10, 4000, log=True),
    real("dropout", 0.0, 0.6),
    real("weight_decay", 1e-5, 1.0, log=True),
]


def transformer(p: Params) -> tuple[float, float]:
    width, depth, warmup = log2(p["width"]), p["depth"], log10(p["warmup"])
    floor = 0.12 + {"relu": 0.02, "gelu": 0.005, "swiglu": 0.0, "tanh": 0.06}[p["activation"]]
    floor += {1: 0.03, 2: 0.01, 4: 0.0, 8: 0.008}[p["heads"]]
    # Post-norm needs a warm-up and smaller rates the deeper it is, and ends a little better.
    post = p["norm"] == "post"
    floor -= 0.008 if post else 0.0
    best_rate = -2.7 - 0.25 * (width - 7.0) - (0.12 * (depth - 4) if post else 0.0)
    penalty = 0.5 * _rate(p["lr"], best_rate) + 0.2 * _off(width, 7.0, 2.0) + 0.2 * _off(depth, 4, 3.0)
    penalty += (0.3 if post else 0.05) * _off(warmup, 3.0 if post else 2.0, 1.0)
    penalty += 0.4 * _off(p["dropout"], 0.2 + 0.03 * (width - 7.0), 0.4) + 0.1 * _off(
        log10(p["weight_decay"]), -1.0, 2.0
    )
    return floor, penalty


SCHEDULE: Space = [
    choice("optimizer", ["sgd", "adam", "lion"]),
    real("momentum", 0.0, 0.99, when={"optimizer": ["sgd"]}),
    choice("nesterov", [False, True], when={"optimizer": ["sgd"]}),
    real("beta2", 0.9, 0.9999, when={"optimizer": ["adam", "lion"]}),
    real("lr", 1e-6, 1.0, log=True),
    choice("schedule", ["constant", "steps", "cosine", "one-cycle"]),
    whole("step_every", 1, 30, when={"schedule": ["steps"]}),
    real("step_factor", 0.05, 0.95, when={"schedule": ["steps"]}),
    whole("restarts", 0, 5, when={"schedule": ["cosine"]}),
    real("rise", 0.05, 0.6, when={"schedule": ["one-cycle"]}),
    real("last_factor", 1e-4, 1e-1, log=True, when={"schedule": ["one-cycle"]}),
]


def schedule(p: Params) -> tuple[float, float]:
    floor = {"sgd": 0.05, "adam": 0.06, "lion": 0.055}[p["optimizer"]]
    best_rate = {"sgd": -1.0, "adam": -3.0, "lion": -3.8}[p["optimizer"]]
    penalty = 0.0
    if p["optimizer"] == "sgd":
        best_rate -= 1.2 * (p["momentum"] - 0.9)
        penalty += _off(p["momentum"], 0.9, 0.5) + (0.0 if p["nesterov"] else 0.03)
    else:
        penalty += 0.2 * _off(log10(1.0 - p["beta2"]), -2.0, 1.0)
    match p["schedule"]:
        case "constant":
            floor, best_rate = floor + 0.03, best_rate - 0.5
        case "steps":
            # How far the rate has fallen in 30 epochs.
            fall = -log10(p["step_factor"]) * (30 // p["step_every"])
            penalty += 0.3 * max(abs(fall - 2.0) - 0.1, 0.0) ** 2
            floor += 0.01
        case "cosine":
            penalty += 0.04 * p["restarts"]
        case _:
            best_rate += 0.4
            penalty += 0.4 * _off(p["rise"], 0.3, 0.3) + 0.1 * _off(log10(p["last_factor"]), -3.0, 1.0)
            floor -= 0.005
    return floor, penalty + 0.5 * _rate(p["lr"], best_rate)


PIPELINE: Space = [
    choice("impute", ["mean", "median", "most-frequent", "knn", "iterative"]),
    choice("scale", ["none", "standard", "min-max", "quantile", "robust", "power"]),
    choice("encode", ["one-hot", "target", "hash", "ordinal"]),
    choice("balance", ["none", "weights", "oversample", "undersample"]),
    whole("features", 4, 128, log=True),
    real("threshold", 0.05, 0.95),
    real("c", 1e-4, 1e4, log=True),
    real("l1_ratio", 0.0, 1.0),
]


def pipeline(p: Params) -> tuple[float, float]:
    penalty = {"mean": 0.12, "median": 0.08, "most-frequent": 0.2, "knn": 0.02, "iterative": 0.0}[p["impute"]]
    penalty += {"none": 0.5, "standard": 0.1, "min-max": 0.15, "quantile": 0.0, "robust": 0.06, "power": 0.03}[
        p["scale"]
    ]
    penalty += {"one-hot": 0.05, "target": 0.0, "hash": 0.15, "ordinal": 0.3}[p["encode"]]
    # What a good threshold is follows from how classes were balanced.
    best_threshold = {"none": 0.15, "weights": 0.5, "oversample": 0.45, "undersample": 0.55}[p["balance"]]
    penalty += {"none": 0.08, "weights": 0.0, "oversample": 0.02, "undersample": 0.12}[p["balance"]]
    penalty += 1.5 * _off(p["threshold"], best_threshold, 0.5)
    # One-hot encoding makes many features, of which more are to be kept.
    best_features = 6.0 if p["encode"] in ("one-hot", "hash") else 4.0
    penalty += 0.3 * _off(log2(p["features"]), best_features, 2.0)
    penalty += 0.3 * _off(log10(p["c"]), -0.5 * (log2(p["features"]) - 4.0), 2.0) + 0.2 * _off(p["l1_ratio"], 0.25, 0.5)
    return 0.18, penalty


KERNELS: Space = [
    choice("kernel", ["linear", "rbf", "poly", "sigmoid"]),
    real("c", 1e-4, 1e4, log=True),
    real("gamma", 1e-5, 1e2, log=True, when={"kernel": ["rbf", "poly", "sigmoid"]}),
    whole("degree", 2, 6, when={"kernel": ["poly"]}),
    real("coef0", -1.0, 1.0, when={"kernel": ["poly", "sigmoid"]}),
    choice("shrinking", [False, True]),
    real("tolerance", 1e-6, 1e-1, log=True),
]


def kernels(p: Params) -> tuple[float, float]:
    c = log10(p["c"])
    penalty = 0.3 * max(log10(p["tolerance"]) + 3.0, 0.0) ** 2 + (0.0 if p["shrinking"] else 0.005)
    match p["kernel"]:
        case "linear":
            return 0.18, penalty + 0.2 * _off(c, -1.0, 1.5)
        case "rbf":
            return 0.06, penalty + 0.7 * _off(c + log10(p["gamma"]), -1.0, 1.0) + 0.2 * _off(c, 1.0, 2.0)
        case "poly":
            slope = c + p["degree"] * log10(p["gamma"])
            penalty += 0.4 * _off(slope, -2.0, 2.0) + 0.2 * _off(p["degree"], 3, 1.5) + 0.4 * _off(p["coef0"], 0.5, 0.7)
            return 0.08, penalty + 0.1 * _off(c, 1.0, 2.0)
        case _:
            penalty += 0.8 * _off(log10(p["gamma"]), -3.0, 1.0) + 0.6 * _off(p["coef0"], -0.3, 0.5)
            return 0.15, penalty + 0.2 * _off(c, 2.0, 1.5)


CHANCE = 0.5

# Name, space, function, the least floor, standard deviation of the noise of its noisy variant (0: none).
_TASKS: tuple[tuple[str, Space, Penalty, float, float], ...] = (
    ("perceptron", PERCEPTRON, perceptron, 0.060, 0.01),
    ("convnet", CONVNET, convnet, 0.090, 0.01),
    ("models", MODELS, models, 0.070, 0.01),
    ("recurrent", RECURRENT, recurrent, 0.100, 0.01),
    ("boosting", BOOSTING, boosting, 0.100, 0.01),
    ("transformer", TRANSFORMER, transformer, 0.112, 0.01),
    ("schedule", SCHEDULE, schedule, 0.045, 0.0),
    ("pipeline", PIPELINE, pipeline, 0.180, 0.02),
    ("kernels", KERNELS, kernels, 0.060, 0.0),
)


def problems() -> Iterator[Problem]:
    """All of them, a noisy variant after the one without noise and in the same part."""
    for index, (name, space, function, floor, deviation) in enumerate(_TASKS):
        yield _problem(f"tuning-{name}", space, function, floor, 0.0, alternate(index))
        if deviation:
            yield _problem(f"tuning-{name}-noisy", space, function, floor, deviation, alternate(index))


def _problem(name: str, space: Space, function: Penalty, least: float, deviation: float, split: str) -> Problem:
    def truth(params: Params) -> float:
        floor, penalty = function(params)
        return floor + (CHANCE - floor) * (1.0 - exp(-penalty))

    def observed(params: Params, seed: int) -> float:
        return truth(params) + deviation * noise(params, seed)

    return Problem(
        name=name,
        suite="tuning",
        space=space,
        truth=truth,
        best=least,
        is_exact=not deviation,
        split=split,
        observed=observed if deviation else None,
    )
