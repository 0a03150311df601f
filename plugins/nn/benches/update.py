"""The updates of update.rs in Python PyTorch with fused Adam.

Reads lines `MODEL UPDATES` and answers each with `WALL_NS CPU_NS`, so that the Rust side can take turns with it. Models, sizes,
batches and threads are those of update.rs; see there for what one update is.
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

ROWS, BATCH = 10_000, 100


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(404, 256)
        self.out = nn.Linear(256, 1)

    def forward(self, x):
        return self.out(F.relu(self.hidden(x))).squeeze(1)


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 8, 8)
        self.pool = nn.MaxPool1d(16, 4)
        self.dropout = nn.Dropout(0.1)
        self.hidden = nn.Linear(160, 64)
        self.norm = nn.BatchNorm1d(64)
        self.out = nn.Linear(64, 1)

    def forward(self, x):
        x = self.pool(self.dropout(F.relu(self.conv(x)))).flatten(1)
        return self.out(self.norm(F.relu(self.hidden(x)))).squeeze(1)


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 64)
        self.out = nn.Linear(64, 1)

    def forward(self, x):
        _, (last, _) = self.lstm(x.permute(2, 0, 1))
        return self.out(last[0]).squeeze(1)


class Trial:
    def __init__(self, model, shape):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
        self.x = torch.randint(0, 2, (ROWS, *shape)).float()
        self.y = torch.randint(0, 2, (ROWS,)).float()
        self.w = torch.ones(ROWS)
        self.done = 0

    def train(self, updates):
        self.model.train()
        for _ in range(updates):
            at = self.done % (ROWS // BATCH)
            if at == 0:
                self.order = torch.randperm(ROWS)
            index = self.order[at * BATCH : (at + 1) * BATCH]
            x, y, w = (column.index_select(0, index) for column in (self.x, self.y, self.w))
            self.optimizer.zero_grad(set_to_none=True)
            loss = F.binary_cross_entropy_with_logits(self.model(x), y, weight=w)
            loss.backward()
            self.optimizer.step()
            self.done += 1


def main():
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.manual_seed(0)
    trials = {
        "mlp": Trial(Mlp(), (404,)),
        "cnn": Trial(Cnn(), (4, 101)),
        "lstm-20": Trial(Lstm(), (4, 20)),
        "lstm-101": Trial(Lstm(), (4, 101)),
    }
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        name, updates = line.split()
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        trials[name].train(int(updates))
        print(time.perf_counter_ns() - wall, time.process_time_ns() - cpu, flush=True)


if __name__ == "__main__":
    main()
