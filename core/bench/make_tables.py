"""Makes the tables of `problems/tables/`: every point of a finite space, trained and tested.

    python make_tables.py cash-digits          # needs scikit-learn; the tables here are of 1.9.1
    python make_tables.py tf-jund --seqtune target/release/seqtune --data DIR --work DIR
    python make_tables.py curves-digits

A table is made once and kept; this file says how. Each point is trained several times: on other rows of the data for
scikit-learn, with other seeds for seqtune's own family. A run of the benchmark sees one of these replicates, and is judged by
the mean of all. `tf-jund` and `curves-digits` have the value after each epoch too, for the benchmark of pruners.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from problems import Params, Space, choice, every_point, whole

FOLDER = Path(__file__).parent / "problems" / "tables"
REPLICATES = 4

# Which model: a support vector machine, neighbours, a forest, a network, or a linear model. Exponents are whole numbers.
CASH: Space = [
    choice("model", ["svm", "neighbours", "forest", "network", "linear"]),
    whole("svm_c", -3, 6, when={"model": ["svm"]}),  # 4^k
    choice("kernel", ["rbf", "poly", "linear"], when={"model": ["svm"]}),
    whole("gamma", -7, 1, when={"kernel": ["rbf"]}),  # 4^k
    whole("degree", 2, 4, when={"kernel": ["poly"]}),
    whole("k", 1, 30, when={"model": ["neighbours"]}),
    choice("weights", ["uniform", "distance"], when={"model": ["neighbours"]}),
    choice("power", [1, 2], when={"model": ["neighbours"]}),
    whole("features", 1, 10, when={"model": ["forest"]}),  # tenths
    whole("leaf", 0, 5, when={"model": ["forest"]}),  # 2^k
    choice("bootstrap", [False, True], when={"model": ["forest"]}),
    whole("units", 3, 7, when={"model": ["network"]}),  # 2^k
    whole("layers", 1, 2, when={"model": ["network"]}),
    whole("rate", -8, -2, when={"model": ["network"]}),  # 10^(k/2)
    whole("decay", -3, 0, when={"model": ["network"]}),  # 100^k
    whole("linear_c", -8, 8, when={"model": ["linear"]}),  # 4^k
    choice("scale", [False, True], when={"model": ["linear"]}),
]

# One network, no conditions.
NETWORK: Space = [
    choice("activation", ["relu", "tanh", "logistic"]),
    choice("solver", ["adam", "sgd"]),
    whole("units", 3, 7),  # 2^k
    whole("layers", 1, 3),
    whole("rate", -7, -1),  # 10^(k/2)
    choice("batch", [16, 64]),
]

# The same, part of it, epoch by epoch.
CURVES: Space = [
    choice("activation", ["relu", "tanh"]),
    choice("solver", ["adam", "sgd"]),
    whole("units", 3, 7),  # 2^k
    whole("layers", 1, 2),
    whole("rate", -7, -1),  # 10^(k/2)
    choice("batch", [16, 64]),
]
EPOCHS = 27

# Boosted trees, no conditions.
BOOSTING: Space = [
    choice("features", ["sqrt", "all"]),
    whole("rate", -6, 0),  # 2^k
    whole("trees", 2, 7),  # 2^k
    whole("depth", 1, 5),
    whole("subsample", 2, 5),  # fifths
]


def cash_model(p: Params, seed: int, regression: bool) -> Any:
    from sklearn import ensemble, linear_model, neighbors, neural_network, svm
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    scaled = True
    match p["model"]:
        case "svm":
            kind = svm.SVR if regression else svm.SVC
            gamma = 4.0 ** p["gamma"] if "gamma" in p else "scale"
            model = kind(
                C=4.0 ** p["svm_c"], kernel=p["kernel"], gamma=gamma, degree=p.get("degree", 3), max_iter=20_000
            )
        case "neighbours":
            kind = neighbors.KNeighborsRegressor if regression else neighbors.KNeighborsClassifier
            model = kind(n_neighbors=p["k"], weights=p["weights"], p=p["power"])
        case "forest":
            kind = ensemble.RandomForestRegressor if regression else ensemble.RandomForestClassifier
            model = kind(
                n_estimators=50,
                max_features=p["features"] / 10.0,
                min_samples_leaf=2 ** p["leaf"],
                bootstrap=p["bootstrap"],
                random_state=seed,
            )
        case "network":
            kind = neural_network.MLPRegressor if regression else neural_network.MLPClassifier
            model = kind(
                hidden_layer_sizes=(2 ** p["units"],) * p["layers"],
                learning_rate_init=10.0 ** (p["rate"] / 2.0),
                alpha=100.0 ** p["decay"],
                batch_size=32,
                max_iter=40,
                random_state=seed,
            )
        case _:
            scaled = p["scale"]
            c = 4.0 ** p["linear_c"]
            model = (
                linear_model.Ridge(alpha=1.0 / c) if regression else linear_model.LogisticRegression(C=c, max_iter=300)
            )
    return make_pipeline(StandardScaler(), model) if scaled else model


def network_model(p: Params, seed: int, regression: bool) -> Any:
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = MLPClassifier(
        hidden_layer_sizes=(2 ** p["units"],) * p["layers"],
        activation=p["activation"],
        solver=p["solver"],
        learning_rate_init=10.0 ** (p["rate"] / 2.0),
        batch_size=p["batch"],
        max_iter=20,
        random_state=seed,
    )
    return make_pipeline(StandardScaler(), model)


def boosting_model(p: Params, seed: int, regression: bool) -> Any:
    from sklearn import ensemble

    kind = ensemble.GradientBoostingRegressor if regression else ensemble.GradientBoostingClassifier
    return kind(
        max_features=None if p["features"] == "all" else p["features"],
        learning_rate=2.0 ** p["rate"],
        n_estimators=2 ** p["trees"],
        max_depth=p["depth"],
        subsample=p["subsample"] / 5.0,
        random_state=seed,
    )


Build = Callable[[Params, int, bool], Any]

# Name, data set, rows to train on (the others test), space, model. Few rows train, so that training is quick and the many
# that test tell models apart.
SKLEARN: dict[str, tuple[str, int, Space, Build]] = {
    "cash-digits": ("digits", 400, CASH, cash_model),
    "cash-breast-cancer": ("breast_cancer", 150, CASH, cash_model),
    "cash-wine": ("wine", 50, CASH, cash_model),
    "cash-diabetes": ("diabetes", 150, CASH, cash_model),
    "network-digits": ("digits", 300, NETWORK, network_model),
    "boosting-diabetes": ("diabetes", 150, BOOSTING, boosting_model),
    "boosting-breast-cancer": ("breast_cancer", 150, BOOSTING, boosting_model),
}


def sklearn_values(data_set: str, rows: int, space: Space, build: Build) -> list[list[float]]:
    """One minus balanced accuracy, or for a regression the share of the variance that is left; at most 1 (2)."""
    from sklearn import datasets, metrics, model_selection

    warnings.filterwarnings("ignore")
    x, y = getattr(datasets, f"load_{data_set}")(return_X_y=True)
    regression = data_set == "diabetes"
    values = []
    started = time.monotonic()
    points = list(every_point(space))
    for count, point in enumerate(points, start=1):
        row = []
        for replicate in range(REPLICATES):
            train_x, test_x, train_y, test_y = model_selection.train_test_split(
                x, y, train_size=rows, random_state=replicate, stratify=None if regression else y
            )
            if regression:
                middle, spread = train_y.mean(), train_y.std()
                train_y, test_y = (train_y - middle) / spread, (test_y - middle) / spread
            try:
                guess = build(point, replicate, regression).fit(train_x, train_y).predict(test_x)
                if regression:
                    value = min(metrics.mean_squared_error(test_y, guess), 2.0)
                else:
                    value = 1.0 - metrics.balanced_accuracy_score(test_y, guess)
            except ValueError:  # Diverged to what is no number.
                value = 2.0 if regression else 1.0
            row.append(float(f"{value:.5g}"))
        values.append(row)
        if count % 50 == 0 or count == len(points):
            print(f"{count}/{len(points)} points, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return values


def digits_curves() -> list[list[list[float]]]:
    """One minus balanced accuracy on digits after each epoch, for each replicate of each point."""
    from sklearn import datasets, metrics, model_selection

    warnings.filterwarnings("ignore")
    x, y = datasets.load_digits(return_X_y=True)
    curves = []
    for point in every_point(CURVES):
        row = []
        for replicate in range(2):
            train_x, test_x, train_y, test_y = model_selection.train_test_split(
                x, y, train_size=300, random_state=replicate, stratify=y
            )
            scaler, network = (step for _, step in network_model(point, replicate, False).steps)
            train_x, test_x = scaler.fit_transform(train_x), scaler.transform(test_x)
            curve = []
            for _ in range(EPOCHS):
                network.partial_fit(train_x, train_y, classes=range(10))
                loss = 1.0 - metrics.balanced_accuracy_score(test_y, network.predict(test_x))
                curve.append(float(f"{loss:.3f}"))
            row.append(curve)
        curves.append(row)
    return curves


# seqtune's own family on binding of JUND: which model, a grid of its parameters.
TF: Space = [
    choice("model", ["mlp", "cnn", "lstm"]),
    whole("rate", 0, 3),
    whole("dropout", 0, 2),
    whole("width", 0, 2, when={"model": ["mlp"]}),
    whole("layers", 0, 1, when={"model": ["mlp"]}),
    whole("channels", 0, 2, when={"model": ["cnn"]}),
    whole("kernel", 0, 2, when={"model": ["cnn"]}),
    choice("pool", ["max", "max_mean"], when={"model": ["cnn"]}),
    whole("hidden", 0, 1, when={"model": ["lstm"]}),
    choice("bidirectional", [False, True], when={"model": ["lstm"]}),
]

# What the levels of each are in the family: its name there, and the values.
TF_LEVELS: dict[str, tuple[str, list[float]]] = {
    "rate": ("lr", [0.005, 0.01, 0.02, 0.04]),
    "dropout": ("dropout", [0.1, 0.35, 0.6]),
    "width": ("mlp_width", [32, 128, 512]),
    "layers": ("mlp_layers", [1, 2]),
    "channels": ("channels", [16, 32, 64]),
    "kernel": ("kernel", [6, 10, 14]),
    "hidden": ("hidden", [8, 16]),
}
TF_SEEDS = (1, 2)
# All positives, and one in so many negatives.
TF_NEGATIVES = 14


def tf_curves(seqtune: Path, data: Path, work: Path) -> list[list[list[float]]]:
    """One minus the area under the ROC curve after each of five epochs, mean over three folds. Can be interrupted."""
    _tf_rows(data, work)
    runs: list[dict[str, list[float]]] = []
    for seed in TF_SEEDS:
        study = {
            "name": f"tf-jund-{seed}",
            "family": "tf",
            "seed": seed,
            "metric": "valid/auc",
            "data": {"source": "npy", "dir": "tf", "prefix": "jund_", "folds": 3, "negatives_per_positive": 10},
            "trial": {"steps": 5},
            "budget": {"trials": len(list(every_point(TF)))},
            "sampler": {"type": "grid"},
            "workers": {"count": 1, "device": "cpu"},
            "space": {name: declared for name, declared in map(_tf_parameter, TF)},
        }
        file, folder = work / f"{study['name']}.json", work / str(study["name"])
        file.write_text(json.dumps(study))
        subprocess.run([seqtune, "run", file, "--data", work, "--dir", folder], check=True)
        exported = {}
        for what in ("trials", "reports"):
            table = work / f"{study['name']}.{what}.json"
            subprocess.run([seqtune, "export", folder, "--what", what, "--output", table], check=True)
            exported[what] = json.loads(table.read_text())
        # A trial without a value diverged, and is worth what guessing is.
        curves: dict[int, list[float]] = {trial["trial"]: [0.5] * 5 for trial in exported["trials"]}
        for report in exported["reports"]:
            curves[report["trial"]][report["step"] - 1] = float(f"{1.0 - (report['value'] or 0.5):.5g}")
        runs.append({_tf_key(trial["params"]): curves[trial["trial"]] for trial in exported["trials"]})
    keys = [_tf_key(dict(_tf_level(name, value) for name, value in point.items())) for point in every_point(TF)]
    return [[run[key] for run in runs] for key in keys]


def _tf_rows(data: Path, work: Path) -> None:
    (work / "tf").mkdir(parents=True, exist_ok=True)
    label = np.load(data / "tf" / "jund_y.npy")
    kept = np.sort(np.concatenate([np.flatnonzero(label == 1), np.flatnonzero(label == 0)[::TF_NEGATIVES]]))
    for name in ("bases", "split", "start", "w", "y"):
        np.save(work / "tf" / f"jund_{name}.npy", np.load(data / "tf" / f"jund_{name}.npy")[kept])


def _tf_parameter(parameter: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name = parameter["name"]
    declared: dict[str, Any]
    if name in TF_LEVELS:
        name, values = TF_LEVELS[name]
        declared = {"type": "ordinal", "values": values}
    elif name == "bidirectional":
        declared = {"type": "bool"}
    else:
        declared = {"type": "categorical", "choices": parameter["choices"]}
    if "when" in parameter:
        declared["when"] = parameter["when"]
    return name, declared


def _tf_level(name: str, value: Any) -> tuple[str, Any]:
    if name not in TF_LEVELS:
        return name, value
    declared, values = TF_LEVELS[name]
    return declared, values[value]


def _tf_key(params: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in params.items() if value is not None}, sort_keys=True)


def write(name: str, space: Space, columns: dict[str, Any], made: str) -> None:
    """The columns, `values` or `curves` or both, are in the order of `every_point`."""
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps({"made": made, "space": space, **columns}, separators=(",", ":"))
    # Without a time, so that the same table is the same file.
    (FOLDER / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", nargs="+", choices=[*sorted(SKLEARN), "tf-jund", "curves-digits"])
    parser.add_argument("--seqtune", type=Path, help="for tf-jund: the program, with seqtune-worker beside it")
    parser.add_argument("--data", type=Path, help="for tf-jund: the folder that holds tf/jund_bases.npy")
    parser.add_argument(
        "--work", type=Path, help="for tf-jund: a folder for its studies, which go on after an interruption"
    )
    arguments = parser.parse_args()
    for name in arguments.table:
        if name == "tf-jund":
            curves = tf_curves(arguments.seqtune, arguments.data, arguments.work)
            columns = {"values": [[curve[-1] for curve in row] for row in curves], "curves": curves}
            write(name, TF, columns, f"make_tables.py tf-jund, seeds {TF_SEEDS}")
            continue
        import sklearn

        if name == "curves-digits":
            write(name, CURVES, {"curves": digits_curves()}, f"make_tables.py {name}, scikit-learn {sklearn.__version__}")
            continue
        data_set, rows, space, build = SKLEARN[name]
        values = sklearn_values(data_set, rows, space, build)
        write(name, space, {"values": values}, f"make_tables.py {name}, scikit-learn {sklearn.__version__}")


if __name__ == "__main__":
    main()
