"""Makes the tables of `problems/tables/`: every point of a finite space, trained and tested.

    python make_tables.py digits               # needs scikit-learn; the tables here are of 1.9.1
    python make_tables.py tf-jund --seqtune target/release/seqtune --data DIR

A table is made once and kept; this file says how. Each point is trained several times: on other rows of the data for
scikit-learn, with other seeds for seqtune's own family. A run of the benchmark sees one of these replicates, and is judged by
the mean of all.
"""

from __future__ import annotations

import argparse
import gzip
import json
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
            model = kind(C=4.0 ** p["svm_c"], kernel=p["kernel"], gamma=gamma, degree=p.get("degree", 3), max_iter=20_000)
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
            model = linear_model.Ridge(alpha=1.0 / c) if regression else linear_model.LogisticRegression(C=c, max_iter=300)
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


def write(name: str, space: Space, values: list[list[float]], made: str) -> None:
    """The values are in the order of `every_point`."""
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps({"made": made, "space": space, "values": values}, separators=(",", ":"))
    # Without a time, so that the same table is the same file.
    (FOLDER / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", nargs="+", choices=sorted(SKLEARN))
    for name in parser.parse_args().table:
        import sklearn

        data_set, rows, space, build = SKLEARN[name]
        made = f"make_tables.py {name}, scikit-learn {sklearn.__version__}"
        write(name, space, sklearn_values(data_set, rows, space, build), made)


if __name__ == "__main__":
    main()
