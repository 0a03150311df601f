"""The updates of update.rs in Python PyTorch with fused Adam.

Reads lines `MODEL UPDATES` and answers each with `WALL_NS CPU_NS`, so that the Rust side can take turns with it. Models, sizes,
batches and threads are those of update.rs; see there for what one update is.
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

ROWS = 10_000


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


class Ffnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(21, 32)
        self.hidden = nn.Linear(288, 10)
        self.out = nn.Linear(10, 1)

    def forward(self, x):
        return torch.sigmoid(self.out(torch.sigmoid(self.hidden(self.table(x).flatten(1, 2))))).squeeze(1)


class BiLstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(21, 32)
        self.lstm = nn.LSTM(32, 50, bidirectional=True)
        self.dropout = nn.Dropout(0.25)
        self.out = nn.Linear(100, 1)

    def last(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        _, (last, _) = self.lstm(packed)
        return torch.cat([last[0], last[1]], 1)

    def forward(self, x, lengths):
        last = self.last(self.table(x.t()), lengths)
        return torch.sigmoid(self.out(self.dropout(last))).squeeze(1)


class VariationalBiLstm(BiLstm):
    """The stepwise LSTM of src/layers/masked, call for call."""

    def mask(self, *shape, rate=0.5):
        return torch.empty(shape).bernoulli_(1 - rate).mul_(1 / (1 - rate))

    def by_gate(self, forward, backward):
        forward, backward = forward.chunk(4), backward.chunk(4)
        return torch.stack([part for gate in (0, 1, 3, 2) for part in (forward[gate], backward[gate])])

    def last(self, x, lengths):
        length, batch, width = x.shape
        steps = max(lengths.tolist())
        row = torch.arange(batch)
        time = torch.arange(length).unsqueeze(1)
        back = lengths - time - 1
        turned = torch.where(back >= 0, back, time)[:steps]
        last = (lengths * 2 * batch).unsqueeze(1) + (row.unsqueeze(1) + torch.tensor([0, batch]))

        aligned = x[:steps] if steps < length else x
        reverse = x.flatten(0, 1).index_select(0, (turned * batch + row).view(-1)).view(steps, batch, width)
        x = torch.stack([aligned, reverse])
        lstm = self.lstm
        input_mask, state_mask = self.mask(4, 2, 1, batch, width), self.mask(4, 2, batch, 50)
        weight_ih = self.by_gate(lstm.weight_ih_l0, lstm.weight_ih_l0_reverse)
        weight_hh = self.by_gate(lstm.weight_hh_l0, lstm.weight_hh_l0_reverse).transpose(1, 2)
        bias = self.by_gate(lstm.bias_ih_l0, lstm.bias_ih_l0_reverse) + self.by_gate(
            lstm.bias_hh_l0, lstm.bias_hh_l0_reverse
        )
        x = (x.unsqueeze(0) * input_mask).flatten(0, 1).flatten(1, 2)
        x = torch.baddbmm(bias.unsqueeze(1), x, weight_ih.transpose(1, 2)).unflatten(1, (steps, batch))
        states, memory = [torch.zeros(2, batch, 50)], None
        for sums in x.unbind(1):
            if memory is not None:
                h = (states[-1].unsqueeze(0) * state_mask).flatten(0, 1)
                sums = torch.baddbmm(sums, h, weight_hh)
            gates, new = sums.split_with_sizes((6, 2))
            i, f, o = gates.sigmoid().split(2)
            new = i * new.tanh()
            memory = new if memory is None else new.addcmul(f, memory)
            states.append(o * memory.tanh())
        return torch.stack(states).view(-1, 50).index_select(0, last.view(-1)).view(batch, 100)


def cross_entropy(model, x, y, w):
    return F.binary_cross_entropy_with_logits(model(x), y, weight=w)


def weighted_squares(model, x, y, w):
    return (w * F.mse_loss(model(x), y, reduction="none")).mean()


def squares(model, x, lengths, y, w):
    return F.mse_loss(model(x, lengths), y)


def peptides():
    lengths = torch.randint(8, 16, (ROWS,)).masked_fill(torch.randint(10, (ROWS,)) < 6, 9)
    residues = torch.randint(1, 21, (ROWS, 15))
    return [residues.masked_fill(torch.arange(15) >= lengths.unsqueeze(1), 0), lengths]


class Trial:
    def __init__(self, model, inputs, batch=100, loss=cross_entropy):
        self.model, self.batch, self.loss = model, batch, loss
        self.optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
        self.columns = [*inputs, torch.randint(0, 2, (ROWS,)).float(), torch.ones(ROWS)]
        self.done = 0

    def train(self, updates):
        self.model.train()
        for _ in range(updates):
            at = self.done % (ROWS // self.batch)
            if at == 0:
                self.order = torch.randperm(ROWS)
            index = self.order[at * self.batch : (at + 1) * self.batch]
            batch = [column.index_select(0, index) for column in self.columns]
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.loss(self.model, *batch)
            loss.backward()
            self.optimizer.step()
            self.done += 1


def zeros_and_ones(*shape):
    return [torch.randint(0, 2, (ROWS, *shape)).float()]


def main():
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.manual_seed(0)
    trials = {
        "mlp": Trial(Mlp(), zeros_and_ones(404)),
        "cnn": Trial(Cnn(), zeros_and_ones(4, 101)),
        "lstm-20": Trial(Lstm(), zeros_and_ones(4, 20)),
        "lstm-101": Trial(Lstm(), zeros_and_ones(4, 101)),
        "mhc-ffnn": Trial(Ffnn(), [torch.randint(0, 21, (ROWS, 9))], 16, weighted_squares),
        "mhc-bilstm": Trial(BiLstm(), peptides(), 16, squares),
        "mhc-bilstm-variational": Trial(VariationalBiLstm(), peptides(), 16, squares),
    }
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        name, updates = line.split()
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        trials[name].train(int(updates))
        print(time.perf_counter_ns() - wall, time.process_time_ns() - cpu, flush=True)


if __name__ == "__main__":
    main()
