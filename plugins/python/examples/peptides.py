"""Which peptides bind: scikit-learn models on a table of peptides, as a family of seqtune.

    python3 -m pip install scikit-learn
    python3 plugins/python/examples/peptides.py --make data/peptides.csv     # or take a table of your own
    seqtune run plugins/python/examples/peptides.toml

The table is CSV or TSV with a heading. The peptides stand under `peptide` or `sequence`; whether they bind under
`label` or `binder` (0 or 1), or as an affinity in nM under `ic50`, `affinity`, `meas` or `measurement_value`.

A step is one epoch of all folds: each fold has a model of its own, and they train side by side. It saves nothing: a
trial that goes on after a kill trains again from its first step, which these models do in seconds.
"""

import csv
import os
import random
import sys
from pathlib import Path

# Small models: threads of the linear algebra cost more than they bring, and one alone always rounds the same way.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Your own program has seqtune_worker.py beside it; here it is one folder up.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from seqtune_worker import (
    Categorical, DataError, Diverged, Family, Float, Int, Metric, Unusable, serve,
)  # fmt: skip

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
# BLOSUM62, the lower triangle in the order of AMINO_ACIDS (Henikoff and Henikoff, PNAS 1992).
BLOSUM62 = """
 4
 0  9
-2 -3  6
-1 -4  2  5
-2 -2 -3 -3  6
 0 -3 -1 -2 -3  6
-2 -3 -1  0 -1 -2  8
-1 -1 -3 -3  0 -4 -3  4
-1 -3 -1  1 -3 -2 -1 -3  5
-1 -1 -4 -3  0 -4 -3  2 -2  4
-1 -1 -3 -2  0 -3 -2  1 -1  2  5
-2 -3  1  0 -3  0  1 -3  0 -3 -2  6
-1 -3 -1 -1 -4 -2 -2 -3 -1 -3 -2 -2  7
-1 -3  0  2 -3 -2  0 -3  1 -2  0  0 -1  5
-1 -3 -2  0 -3 -2  0 -3  2 -2 -1  0 -2  1  5
 1 -1  0  0 -2  0 -1 -2  0 -2 -1  1 -1  0 -1  4
 0 -1 -1 -1 -2 -2 -2 -1 -1 -1 -1  0 -1 -1 -1  1  5
 0 -1 -3 -2 -1 -3 -3  3 -2  1  1 -3 -2 -2 -3 -2  0  4
-3 -2 -4 -3  1 -2 -2 -3 -3 -2 -1 -4 -4 -2 -3 -3 -2 -3 11
-2 -2 -3 -2  3 -3  2 -1 -2 -1 -1 -2 -3 -1 -2 -2 -2 -1  2  7
"""

PEPTIDES = ("peptide", "sequence", "peptide_sequence", "pep", "seq", "epitope")
LABELS = ("label", "binder", "binding", "target", "class", "hit")
AFFINITIES = ("ic50", "affinity", "meas", "measurement_value", "ic50_nm", "affinity_nm", "kd")
WORDS = {"1": 1, "1.0": 1, "true": 1, "yes": 1, "positive": 1, "0": 0, "0.0": 0, "false": 0, "no": 0, "negative": 0}


# --- Data -------------------------------------------------------------------------------------------------------------


def read(path, peptides=None, labels=None, threshold=None):
    """Peptides and whether they bind, from a CSV or TSV with a heading; columns by name, or by what they are called.

    A column of affinities is known by its name, one of another name by a threshold that is given.
    """
    with open(path, newline="", encoding="utf-8-sig") as file:
        heading = file.readline()
        separator = next((sign for sign in "\t;" if sign in heading), ",")
        names = [name.strip() for name in next(csv.reader([heading], delimiter=separator), [])]

        def column(key, given, conventions):
            for wanted in [given] if given else conventions:
                for index, name in enumerate(names):
                    if name.lower() == wanted.lower():
                        return index, name
            if given or conventions is not LABELS:
                wanted = given or ("peptide or sequence" if conventions is PEPTIDES else "label, binder or ic50")
                said = f"{path} has no column {wanted}; it has {', '.join(names)}"
                raise DataError(said if given else f'{said}; name the right one with {key} = "..." in [data]')
            return column(key, None, AFFINITIES)

        peptide_at, _ = column("peptides", peptides, PEPTIDES)
        label_at, label_name = column("labels", labels, LABELS)
        is_affinity = label_name.lower() in AFFINITIES or (label_name.lower() not in LABELS and threshold is not None)
        limit = 500.0 if threshold is None else threshold
        rows = []
        for number, row in enumerate(csv.reader(file, delimiter=separator), start=2):
            if not row:
                continue
            where = f"{path}, line {number}"
            if len(row) != len(names):
                raise DataError(f"{where}: it has {len(row)} fields, and the heading has {len(names)}")
            peptide, text = row[peptide_at].strip().upper(), row[label_at].strip()
            strange = sorted(set(peptide) - set(AMINO_ACIDS + "X"))
            if strange or not peptide:
                raise DataError(f"{where}: {row[peptide_at]!r} is not a peptide of the 20 amino acids and X")
            try:
                label = int(float(text) <= limit) if is_affinity else WORDS[text.lower()]
            except (ValueError, KeyError):
                wanted = "an affinity in nM" if is_affinity else "0 or 1"
                raise DataError(f"{where}: {label_name} is {text!r}; it must be {wanted}") from None
            rows.append((peptide, label))
    return rows


def prepare(data):
    try:
        import numpy
        import sklearn  # noqa: F401
    except ImportError as error:
        install = f"{sys.executable} -m pip install scikit-learn"
        raise Unusable(f"this family needs scikit-learn ({error}); install it with: {install}") from None
    folds = data.get("folds", 5)
    rows = read(data.path("file"), data.get("peptides"), data.get("labels"), data.get("threshold"))
    positives = sum(label for _, label in rows)
    rarer = min(positives, len(rows) - positives)
    if not isinstance(folds, int) or not 2 <= folds <= rarer:
        said = f"{positives} of {len(rows)} peptides bind, so it must be a whole number from 2 to {rarer}"
        raise DataError(f"[data]: folds is {folds}; {said}")
    lengths = sorted({len(peptide) for peptide, _ in rows})
    data.summary.update(rows=len(rows), positives=positives, shortest=lengths[0], longest=lengths[-1], folds=folds)
    return {
        "peptides": [peptide for peptide, _ in rows],
        "labels": numpy.array([label for _, label in rows]),
        "folds": folds,
    }


def folds_of(peptides, labels, folds, seed):
    """The fold of each row: copies of a peptide stay together, and each fold has its share of the binders."""
    import numpy

    kinds = {0: [], 1: []}
    for peptide, label in dict(sorted(zip(peptides, labels, strict=True))).items():
        kinds[label].append(peptide)
    fold_of = {}
    for label, members in kinds.items():
        random.Random(f"folds {seed} {label}").shuffle(members)
        fold_of.update((peptide, index % folds) for index, peptide in enumerate(members))
    return numpy.array([fold_of[peptide] for peptide in peptides])


def encode(peptides, encoding, pad):
    """One row of numbers a peptide. Shorter peptides are filled up with zeros behind, or in the middle: then the two
    ends, which anchor a peptide in many receptors, stay in their columns."""
    import numpy

    table = numpy.zeros((21, 20), dtype=numpy.float32)  # the last row, for X and for no amino acid, stays zero
    if encoding == "onehot":
        table[:20] = numpy.eye(20)
    else:
        for row, line in enumerate(BLOSUM62.split("\n")[1:-1]):
            table[row, : row + 1] = numpy.array(line.split(), dtype=float) / 4
            table[: row + 1, row] = table[row, : row + 1]
    longest = max(map(len, peptides))
    filled = []
    for peptide in peptides:
        half = (len(peptide) + 1) // 2 if pad == "middle" else len(peptide)
        filled.append(peptide[:half] + "X" * (longest - len(peptide)) + peptide[half:])
    index = {acid: at for at, acid in enumerate(AMINO_ACIDS)}
    codes = numpy.array([[index.get(acid, 20) for acid in peptide] for peptide in filled])
    return table[codes].reshape(len(peptides), -1)


# --- Training ---------------------------------------------------------------------------------------------------------


def make(params, seed):
    from sklearn.linear_model import SGDClassifier
    from sklearn.neural_network import MLPClassifier

    if params["model"] == "logistic":
        return SGDClassifier(
            loss="log_loss", penalty=params["penalty"], alpha=params["decay"], learning_rate="constant",
            eta0=params["lr"], random_state=seed,
        )  # fmt: skip
    return MLPClassifier(
        hidden_layer_sizes=(params["width"],) * params["layers"], activation=params["activation"],
        alpha=params["decay"], learning_rate_init=params["lr"], random_state=seed,
    )  # fmt: skip


def train(job):
    import numpy
    from sklearn.metrics import log_loss, roc_auc_score

    params, labels, folds = job.params, job.data["labels"], job.data["folds"]
    rows = encode(job.data["peptides"], params["encoding"], params["pad"])
    fold_of = folds_of(job.data["peptides"], labels, folds, job.study_seed)
    parts = [(numpy.flatnonzero(fold_of != fold), numpy.flatnonzero(fold_of == fold)) for fold in range(folds)]
    models = [make(params, random.Random(f"model {job.seed} {fold}").getrandbits(31)) for fold in range(folds)]
    # The rows between two signs of life; for the neural network also those of one update.
    batch = params.get("batch", 256)

    for step in job.steps():
        report = {"valid/auc": [], "valid/loss": [], "train/auc": []}
        for fold, (model, (inside, outside)) in enumerate(zip(models, parts, strict=True)):
            order = numpy.random.default_rng([job.seed, step, fold]).permutation(inside)
            for start in range(0, len(order), batch):
                chosen = order[start : start + batch]
                try:
                    model.partial_fit(rows[chosen], labels[chosen], classes=[0, 1])
                except ValueError as error:
                    if "non-finite" in str(error):
                        raise Diverged(f"epoch {step}, fold {fold + 1}: the weights are not finite") from None
                    raise
                job.progress(fold * len(order) + start + len(chosen), folds * len(order))
            seen, unseen = model.predict_proba(rows[inside])[:, 1], model.predict_proba(rows[outside])[:, 1]
            if not (numpy.isfinite(seen).all() and numpy.isfinite(unseen).all()):
                raise Diverged(f"epoch {step}, fold {fold + 1}: the predictions are not finite")
            report["valid/auc"].append(roc_auc_score(labels[outside], unseen))
            report["valid/loss"].append(log_loss(labels[outside], unseen, labels=[0, 1]))
            report["train/auc"].append(roc_auc_score(labels[inside], seen))
        yield report


# --- Made data --------------------------------------------------------------------------------------------------------


def make_table(path, rows=600):
    """Writes made peptides, the same each time: they bind well with the anchors of HLA-A*02:01 at the second and last
    place."""
    rng = random.Random("peptides 1")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["peptide", "ic50"])
        for _ in range(rows):
            peptide = [rng.choice(AMINO_ACIDS) for _ in range(rng.choice([8, 9, 9, 9, 9, 10, 10, 11]))]
            if rng.random() < 0.6:
                peptide[1] = rng.choice("LLMI")
            if rng.random() < 0.6:
                peptide[-1] = rng.choice("VVLI")
            energy = 4.6 - 1.3 * (peptide[1] in "LMI") - 1.1 * (peptide[-1] in "VLI") - 0.5 * (peptide[2] in "FWY")
            energy += 0.4 * (peptide[0] in "DEP") + rng.gauss(0, 0.35)
            table.writerow(["".join(peptide), f"{10 ** max(energy, 0.0):.1f}"])
    print(f"{path}: {rows} made peptides")


FAMILY = Family(
    name="peptides",
    version="1",
    summary="Logistic regression and neural networks of scikit-learn that tell which peptides bind.",
    step="epoch",
    parameters=[
        Categorical("encoding", ["onehot", "blosum62"], default="onehot", doc="Numbers for an amino acid."),
        Categorical("pad", ["middle", "end"], default="middle", doc="Where shorter peptides are filled up."),
        Categorical("model", ["logistic", "mlp"], default="logistic"),
        Float("lr", 1e-6, 1.0, log=True, default=1e-3, doc="Learning rate."),
        Float("decay", 1e-8, 10.0, log=True, default=1e-4, doc="Weight decay."),
        Categorical("penalty", ["l2", "l1", "elasticnet"], default="l2", when={"model": "logistic"}),
        Int("width", 1, 1024, log=True, default=32, when={"model": "mlp"}, doc="Units of each hidden layer."),
        Int("layers", 1, 4, default=1, when={"model": "mlp"}, doc="Hidden layers."),
        Categorical("activation", ["relu", "tanh"], default="relu", when={"model": "mlp"}),
        Int("batch", 4, 200, log=True, default=32, when={"model": "mlp"}, doc="Rows of an update."),
    ],
    metrics=[
        Metric("valid/auc", "maximize", doc="Area under the ROC curve on the rows left out, mean over the folds."),
        Metric("valid/loss", "minimize", doc="Cross-entropy on the rows left out, mean over the folds."),
        Metric("train/auc", "maximize", doc="Area under the ROC curve on the rows trained on, mean over the folds."),
    ],
    data={
        "file": "The table of peptides, CSV or TSV with a heading.",
        "peptides": "Name of the column with the peptides, where it is not found by itself.",
        "labels": "Name of the column with labels or affinities, where it is not found by itself.",
        "threshold": "The affinity in nM up to which a peptide counts as a binder; default 500.",
        "folds": "Parts of the data, each validated on by a model trained on the others; default 5.",
    },
    prepare=prepare,
    train=train,
)

if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"] and len(sys.argv) == 3:
        make_table(sys.argv[2])
    else:
        serve(FAMILY)
