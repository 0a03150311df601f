"""A family in plain Python: logistic regression on the k-mers of made DNA, in milliseconds.

It shows all that a family is. Run from the repository's root:

    seqtune run plugins/python/examples/minimal.toml

With `--save` behind it in the study file's command it saves the model; without, a trial that goes on trains again from
its first step. The numbers are the same.
"""

import json
import math
import random
import sys
from pathlib import Path

# Your own program has seqtune_worker.py beside it; here it is one folder up.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from seqtune_worker import Categorical, DataError, Diverged, Family, Float, Int, Metric, serve

LENGTH = 30
MOTIF = "TGACTCA"


def prepare(data):
    """Sequences with their labels: half of them hold a noisy motif. Made once for all trials of a worker."""
    rows, strength = data.get("rows", 160), data.get("strength", 0.9)
    if not isinstance(rows, int) or rows < 20:
        raise DataError(f"[data]: rows is {rows}; it must be a whole number from 20")
    rng = random.Random(f"minimal 1 {rows} {strength}")
    made = []
    for row in range(rows):
        bases = [rng.choice("ACGT") for _ in range(LENGTH)]
        if row % 2:
            start = rng.randrange(LENGTH - len(MOTIF) + 1)
            for offset, base in enumerate(MOTIF):
                if rng.random() < strength:
                    bases[start + offset] = base
        made.append(("".join(bases), row % 2))
    data.summary.update(rows=rows, positives=rows // 2)
    return made


class Model:
    """Weights, and all that training them needs."""

    def __init__(self, job):
        self.job = job
        rows = list(job.data)
        # What all trials of a study share comes from the study's seed: they are compared on the same split.
        random.Random(f"split {job.study_seed}").shuffle(rows)
        k = job.params["k"]
        kmers = {}
        examples = [([kmers.setdefault(s[i : i + k], len(kmers)) for i in range(LENGTH - k + 1)], y) for s, y in rows]
        self.valid, self.train = examples[: len(rows) // 4], examples[len(rows) // 4 :]
        rng = random.Random(f"weights {job.seed}")
        self.weights = [rng.gauss(0, 0.01) for _ in kmers]
        self.velocity = [0.0] * len(kmers)
        self.bias = 0.0

    def score(self, found):
        return self.bias + sum(self.weights[kmer] for kmer in found)

    def epoch(self, step):
        params, order = self.job.params, list(self.train)
        # A generator of its own for each step: nothing about it has to be saved.
        random.Random(f"order {self.job.seed} {step}").shuffle(order)
        momentum = params["momentum"] if params["optimizer"] == "momentum" else 0.0
        for update, (found, label) in enumerate(order):
            slope = 1 / (1 + math.exp(-max(-500.0, min(500.0, self.score(found))))) - label
            self.bias -= params["lr"] * slope
            for kmer in found:
                gradient = slope + params["decay"] * self.weights[kmer]
                self.velocity[kmer] = momentum * self.velocity[kmer] - params["lr"] * gradient
                self.weights[kmer] += self.velocity[kmer]
            self.job.progress(update + 1, len(order))

    def report(self):
        loss, right = 0.0, 0
        for found, label in self.valid:
            score = self.score(found)
            if not math.isfinite(score):
                raise Diverged("a score is not finite")
            margin = score if label else -score
            loss += math.log1p(math.exp(-abs(margin))) + max(0.0, -margin)
            right += margin > 0
        return {"valid/loss": loss / len(self.valid), "valid/accuracy": right / len(self.valid)}

    def save(self, directory):
        state = {"weights": self.weights, "velocity": self.velocity, "bias": self.bias}
        (directory / "model.json").write_text(json.dumps(state), encoding="utf-8")

    def load(self, directory):
        vars(self).update(json.loads((directory / "model.json").read_text(encoding="utf-8")))


def train(job):
    """Nothing about checkpoints: a trial that goes on trains again from its first step."""
    model = Model(job)
    for step in job.steps():
        model.epoch(step)
        yield model.report()


def train_saving(job):
    """The same, going on from what was saved."""
    model = Model(job)
    if job.checkpoint:
        model.load(job.checkpoint)
    for step in job.steps(save=model.save):
        model.epoch(step)
        yield model.report()


if __name__ == "__main__":
    saves = "--save" in sys.argv
    family = Family(
        name="minimal",
        version="1",
        summary="Logistic regression on the k-mers of made DNA, in plain Python.",
        step="epoch",
        parameters=[
            Float("lr", 1e-5, 10.0, log=True, default=0.01, doc="Learning rate."),
            Float("decay", 0.0, 1.0, default=0.0, doc="Weight decay."),
            Int("k", 1, 6, default=3, doc="Length of the words that are counted."),
            Categorical("optimizer", ["sgd", "momentum"], default="sgd"),
            Float("momentum", 0.0, 0.99, default=0.9, when={"optimizer": "momentum"}),
        ],
        metrics=[
            Metric("valid/loss", "minimize", doc="Mean cross-entropy on a quarter of the rows."),
            Metric("valid/accuracy", "maximize", doc="Share of that quarter that is classified rightly."),
        ],
        data={
            "rows": "Sequences to make; default 160.",
            "strength": "Probability of the right base at each place of the motif; default 0.9.",
        },
        prepare=prepare,
        train=train_saving if saves else train,
    )
    serve(family, arguments=[argument for argument in sys.argv[1:] if argument != "--save"])
