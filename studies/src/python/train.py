"""Trains one trial at a time for seqtune. Put your own data, model and training in the three places marked HERE.

It runs as it is, on a made-up problem:

    seqtune check @FILE@ && seqtune run @FILE@

It needs Python 3.10 and seqtune_worker.py beside it, which was written with it and explains itself in its first lines.
"""

import math
import random

from seqtune_worker import Categorical, Family, Float, Int, Metric, serve


def prepare(data):
    """Once for many trials: what the [data] table of the study file names. The result is `job.data`."""
    # HERE your data: for instance return read(data.path("file")), where the study file has file = "table.csv".
    generator = random.Random(data.get("seed", 1))
    xs = [generator.uniform(-1, 1) for _ in range(data.get("rows", 200))]
    rows = [(x, math.sin(3 * x) + generator.gauss(0, 0.1)) for x in xs]
    return {"train": rows[: len(rows) // 2], "valid": rows[len(rows) // 2 :]}


def train(job):
    """One trial: each round of the loop is a step, here an epoch, and ends with one report."""
    params = job.params  # by name, those that exist in this trial: params["lr"]
    # HERE your model, its random numbers from job.seed. With PyTorch: job.seed_everything(), then
    # model = Model(...).to(job.torch_device()).
    generator = random.Random(job.seed)
    weights = [generator.gauss(0, 0.1) for _ in range(params["degree"] + 1)]
    decay = params["decay"] if params["penalty"] == "l2" else 0.0
    for step in job.steps():
        # HERE your training of one step. job.progress() every second or so shows that it is alive.
        for update, (x, y) in enumerate(job.data["train"], start=1):
            error = predict(weights, x) - y
            for power in range(len(weights)):
                weights[power] -= params["lr"] * (error * x**power + decay * weights[power])
            job.progress(update, len(job.data["train"]))
        # Non-finite numbers may be reported as they are; raising Diverged ends the trial at once.
        yield {"valid/loss": loss(weights, job.data["valid"]), "train/loss": loss(weights, job.data["train"])}


def predict(weights, x):
    return sum(weight * x**power for power, weight in enumerate(weights))


def loss(weights, rows):
    return sum((predict(weights, x) - y) ** 2 for x, y in rows) / len(rows)


if __name__ == "__main__":
    serve(
        Family(
            name="@NAME@",
            version="1",  # raise it when the same parameters and seed would give other numbers
            summary="My model.",
            step="epoch",
            # Hard limits and defaults. A study searches within them, in ranges of its own.
            parameters=[
                Float("lr", 1e-6, 1.0, log=True, default=1e-2, doc="Learning rate."),
                Int("degree", 0, 12, default=3, doc="Of the polynomial."),
                Categorical("penalty", ["none", "l2"], default="none", doc="On large weights."),
                Float("decay", 1e-8, 1.0, log=True, default=1e-4, when={"penalty": "l2"}, doc="How strong it is."),
            ],
            metrics=[
                Metric("valid/loss", "minimize", doc="Mean squared error on the rows that are not trained on."),
                Metric("train/loss", "minimize", doc="The same on those that are."),
            ],
            data={"rows": "How many rows are made; default 200.", "seed": "Of the made rows; default 1."},
            prepare=prepare,
            train=train,
        )
    )
