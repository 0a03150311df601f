"""A small PyTorch network on DNA, as a family of seqtune: saves its state, and goes on bit for bit on the CPU.

    python3 -m pip install torch
    seqtune run plugins/python/examples/pytorch_cnn.toml

The data is made: windows of DNA, half of them with a noisy motif. With `fasta` and `labels` in [data] it is your own:
sequences of one length, and a table of two columns, name and 0 or 1.

What makes a trial go on exactly: `save` keeps weights, optimizer and nothing else, since what is random in a step (the
order of the rows, dropout) is a function of the seed and the step alone. `job.seed_everything(step)` sees to that.
"""

import random
import sys
from pathlib import Path

# Your own program has seqtune_worker.py beside it; here it is one folder up.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from seqtune_worker import (
    BadParams, Categorical, DataError, Diverged, Family, Float, Int, Metric, Unusable, serve,
)  # fmt: skip

MOTIF = "TGACTCA"


def made_rows(rows, length, seed):
    """Windows of random bases; every second one has the motif somewhere, each base of it right nine times in ten."""
    rng = random.Random(f"pytorch_cnn 1 {seed}")
    made = []
    for row in range(rows):
        bases = [rng.choice("ACGT") for _ in range(length)]
        if row % 2:
            start = rng.randrange(length - len(MOTIF) + 1)
            for offset, base in enumerate(MOTIF):
                if rng.random() < 0.9:
                    bases[start + offset] = base
        made.append(("".join(bases), row % 2))
    return made


def read_fasta(path, labels):
    sequences = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(">"):
            name = (line[1:].split() or [""])[0]
            sequences[name] = ""
        elif line.strip():
            if not sequences:
                raise DataError(f"{path} does not begin with a name behind >")
            sequences[name] += line.strip().upper()
    rows = []
    for number, line in enumerate(labels.read_text(encoding="utf-8").splitlines(), start=1):
        name, _, label = line.replace(",", "\t").rpartition("\t")
        if name in sequences and label.strip() in ("0", "1"):
            rows.append((sequences[name], int(label)))
        elif line.strip() and number > 1:  # the first line may be a heading
            raise DataError(f"{labels}, line {number}: expected the name of a sequence of {path}, a tab, and 0 or 1")
    if not rows:
        raise DataError(f"{labels} names no sequence of {path}")
    if len({len(sequence) for sequence, _ in rows}) != 1:
        raise DataError(f"{path}: all sequences must have one length")
    return rows


def prepare(data):
    try:
        import torch
    except ImportError as error:
        install = f"{sys.executable} -m pip install torch"
        raise Unusable(f"this family needs PyTorch ({error}); install it with: {install}") from None
    # One thread a worker: small layers gain nothing from more, and sums always come out the same.
    torch.set_num_threads(1)
    if "fasta" in data:
        rows = read_fasta(data.path("fasta"), data.path("labels"))
    else:
        rows = made_rows(data.get("rows", 1000), data.get("length", 60), data.get("seed", 1))
    positives = sum(label for _, label in rows)
    if min(positives, len(rows) - positives) < 8:
        raise DataError(f"there are {positives} positives among {len(rows)} rows; 8 of either kind are needed")
    data.summary.update(rows=len(rows), positives=positives, length=len(rows[0][0]))
    codes = torch.tensor([["ACGT".find(base) for base in sequence] for sequence, _ in rows])
    onehot = (codes.unsqueeze(1) == torch.arange(4).view(1, 4, 1)).float()  # N, as any other letter, is all zeros
    return onehot, torch.tensor([float(label) for _, label in rows])


def split(labels, seed):
    """A quarter of either kind validates: the same rows in all trials of the study."""
    valid, train = [], []
    for kind in (0.0, 1.0):
        rows = [row for row, label in enumerate(labels.tolist()) if label == kind]
        random.Random(f"split {seed} {kind}").shuffle(rows)
        valid += rows[: len(rows) // 4]
        train += rows[len(rows) // 4 :]
    return train, valid


def make(params, length):
    from torch import nn

    if params["kernel"] > length:
        raise BadParams(f"a kernel of {params['kernel']} does not fit into sequences of {length} bases")
    pool = nn.AdaptiveMaxPool1d(1) if params["pool"] == "max" else nn.AdaptiveAvgPool1d(1)
    layers = [nn.Conv1d(4, params["channels"], params["kernel"]), nn.ReLU(), pool, nn.Flatten()]
    return nn.Sequential(*layers, nn.Dropout(params["dropout"]), nn.Linear(params["channels"], 1), nn.Flatten(0))


def auc(scores, labels):
    """Area under the ROC curve: how often a positive scores above a negative; ties count half."""
    import torch

    positive, negative = scores[labels == 1], scores[labels == 0]
    difference = positive.unsqueeze(1) - negative.unsqueeze(0)
    return ((difference > 0).sum() + 0.5 * (difference == 0).sum()).to(torch.float64) / difference.numel()


def train(job):
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

    params, device = job.params, job.torch_device()
    rows, labels = (tensor.to(device) for tensor in job.data)
    inside, outside = split(job.data[1], job.study_seed)
    job.seed_everything()
    model = make(params, rows.shape[2]).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=params["lr"], weight_decay=params["decay"])
    if job.checkpoint:
        state = torch.load(job.checkpoint / "state.pt", map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])

    def save(directory):
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, directory / "state.pt")

    for step in job.steps(save=save):
        job.seed_everything(step)
        model.train()
        order = torch.tensor(inside)[torch.randperm(len(inside))].to(device)
        batches = order.split(params["batch"])
        for update, batch in enumerate(batches):
            loss = cross_entropy(model(rows[batch]), labels[batch])
            if not torch.isfinite(loss):
                raise Diverged(f"epoch {step}: the loss is {loss.item()}")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            job.progress(update + 1, len(batches))
        model.eval()
        with torch.no_grad():
            scores = model(rows[outside])
        yield {"valid/auc": auc(scores, labels[outside]), "valid/loss": cross_entropy(scores, labels[outside])}


FAMILY = Family(
    name="pytorch-cnn",
    version="1",
    summary="A convolutional network of PyTorch that tells DNA with a motif from DNA without.",
    step="epoch",
    parameters=[
        Float("lr", 1e-6, 1.0, log=True, default=3e-3, doc="Learning rate of AdamW."),
        Float("decay", 0.0, 1.0, default=0.01, doc="Weight decay of AdamW."),
        Int("channels", 1, 1024, log=True, default=16, doc="Filters."),
        Int("kernel", 2, 31, default=8, doc="Bases that a filter sees."),
        Categorical("pool", ["max", "mean"], default="max", doc="How a filter's values along the sequence become one."),
        Float("dropout", 0.0, 0.9, default=0.1),
        Int("batch", 1, 4096, log=True, default=32, doc="Rows of an update."),
    ],
    metrics=[
        Metric("valid/auc", "maximize", doc="Area under the ROC curve on a quarter of the rows."),
        Metric("valid/loss", "minimize", doc="Cross-entropy on that quarter."),
    ],
    data={
        "rows": "Windows to make; default 1000.",
        "length": "Bases of each; default 60.",
        "seed": "Seed of the made data; default 1.",
        "fasta": "Sequences of one length, in place of made ones.",
        "labels": "A table of names and labels 0 or 1, tab or comma between, that goes with fasta.",
    },
    prepare=prepare,
    train=train,
)

if __name__ == "__main__":
    serve(FAMILY)
