"""Compares one optimiser with the others over the runs in the cache, as Markdown. Runs are paired by task and seed."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measures import Interval, best_so_far, holm, normalised, probability_better, ranks, score, wilcoxon
from problems import Problem
from run import read_results

BUDGETS = (25, 50, 100)

# Headings of the tables, and which tasks belong there.
GROUPS: tuple[tuple[str, Callable[[Problem], bool]], ...] = (
    ("all tasks", lambda problem: True),
    ("continuous", lambda problem: problem.kind == "continuous"),
    ("mixed", lambda problem: problem.kind == "mixed"),
    ("conditional", lambda problem: problem.kind == "conditional"),
    ("mixed and conditional", lambda problem: problem.kind != "continuous"),
    ("noisy", lambda problem: "noisy" in problem.tags),
)

Pair = tuple[str, int]


@dataclass
class Entry:
    """All runs of one version of one optimiser."""

    name: str
    version: str
    runs: dict[Pair, dict[str, Any]]

    def worth(self, pair: Pair, budget: int) -> float:
        """What it found; infinite if it crashed before."""
        run = self.runs[pair]
        observed = run["values"]
        if "crash" in run and len(observed) < budget:
            return math.inf
        return best_so_far(observed, run.get("truths", observed), budget)


def read_entries(
    cache: Path, tasks: Mapping[str, Problem], window: int, ours: str, label: str | None
) -> dict[str, Entry]:
    """By name; of ours the version `label` if it is given, else of each the one that ran last."""
    found: dict[tuple[str, str], Entry] = {}
    for run in read_results(cache):
        problem = tasks.get(run["problem"])
        if problem is None or run["digest"] != problem.digest or run["window"] != window:
            continue
        key = (run["optimiser"], run["version"])
        if run["optimiser"] == ours and label not in (None, run["version"]):
            continue
        # Taken out and put back, so that the last is the one that ran last.
        entry = found.pop(key, None) or Entry(*key, {})
        found[key] = entry
        pair = (run["problem"], run["seed"])
        if pair not in entry.runs or entry.runs[pair]["budget"] < run["budget"]:
            entry.runs[pair] = run
    return {entry.name: entry for entry in found.values()}


def regret(problem: Problem, value: float) -> float:
    return normalised(value, problem.best, problem.median_of_random, problem.floor)


@dataclass(frozen=True)
class Duel:
    """Ours against one opponent, at one budget, on one group of tasks."""

    opponent: str
    pairs: int
    tasks: int
    better: Interval
    ties: float
    our_regret: float
    their_regret: float
    p_value: float
    #: Tasks on which our mean logarithmic regret is smaller, equal, larger.
    won: tuple[int, int, int]
    #: Mean score by task.
    by_task: dict[str, float]


def duel(ours: Entry, theirs: Entry, tasks: Iterable[Problem], budget: int) -> Duel | None:
    scores: dict[str, list[float]] = {}
    logs: dict[str, tuple[list[float], list[float]]] = {}
    for problem in tasks:
        for pair in sorted(ours.runs.keys() & theirs.runs.keys()):
            if pair[0] != problem.name or min(ours.runs[pair]["budget"], theirs.runs[pair]["budget"]) < budget:
                continue
            a, b = ours.worth(pair, budget), theirs.worth(pair, budget)
            # Rounding may bring a value below the best that there is.
            scores.setdefault(problem.name, []).append(score(max(a, problem.best), max(b, problem.best)))
            mine, other = logs.setdefault(problem.name, ([], []))
            mine.append(math.log10(regret(problem, a)))
            other.append(math.log10(regret(problem, b)))
    if not scores:
        return None
    mine_means = {name: sum(mine) / len(mine) for name, (mine, _) in logs.items()}
    other_means = {name: sum(other) / len(other) for name, (_, other) in logs.items()}
    differences = [round(mine_means[name] - other_means[name], 9) for name in scores]
    every = [value for values in scores.values() for value in values]
    return Duel(
        opponent=f"{theirs.name} ({theirs.version})",
        pairs=len(every),
        tasks=len(scores),
        better=probability_better(scores),
        ties=every.count(0.5) / len(every),
        our_regret=sum(mine_means.values()) / len(mine_means),
        their_regret=sum(other_means.values()) / len(other_means),
        p_value=wilcoxon(differences),
        won=(
            sum(d < 0.0 for d in differences),
            sum(d == 0.0 for d in differences),
            sum(d > 0.0 for d in differences),
        ),
        by_task={name: sum(values) / len(values) for name, values in scores.items()},
    )


def table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heading = list(heading)
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def duels_table(duels: Mapping[int, list[Duel]]) -> str:
    """One row for each budget and opponent. Holm's adjustment is over the opponents at one budget."""
    rows = []
    for budget, found in duels.items():
        for fight, p in zip(found, holm([fight.p_value for fight in found])):
            better = fight.better
            rows.append(
                (
                    str(budget),
                    fight.opponent,
                    f"{fight.pairs} on {fight.tasks}",
                    f"**{better.estimate:.3f}** [{better.low:.3f}, {better.high:.3f}]",
                    f"{100 * fight.ties:.0f} %",
                    f"{fight.our_regret:.2f} / {fight.their_regret:.2f}",
                    " / ".join(map(str, fight.won)),
                    f"{p:.1g}",
                )
            )
    heading = (
        *("trials", "against", "pairs", "P(ours better), 95 %", "ties"),
        *("log10 regret, ours / theirs", "tasks won / tied / lost", "Wilcoxon p (Holm)"),
    )
    return table(heading, rows)


def rank_table(entries: Iterable[Entry], tasks: Iterable[Problem], budget: int) -> str:
    """Mean ranks over the pairs that all of them ran."""
    chosen = list(entries)
    names = {problem.name for problem in tasks}
    common = set.intersection(*(set(entry.runs) for entry in chosen))
    common = {pair for pair in common if pair[0] in names and all(e.runs[pair]["budget"] >= budget for e in chosen)}
    sums: dict[str, float] = defaultdict(float)
    for pair in common:
        for entry, rank in zip(chosen, ranks([entry.worth(pair, budget) for entry in chosen])):
            sums[entry.name] += rank
    rows = [(e.name, e.version, f"{sums[e.name] / max(len(common), 1):.2f}", cpu_of(e)) for e in chosen]
    rows.sort(key=lambda row: row[2])
    return f"Over {len(common)} pairs of task and seed:\n\n" + table(
        (
            "optimiser",
            "version",
            "mean rank",
            f"processor ms for an ask and a tell, median over trials {budget // 2} to {budget}",
        ),
        rows,
    )


def cpu_of(entry: Entry) -> str:
    times = sorted(t for run in entry.runs.values() for t in run["cpu_ms"][len(run["cpu_ms"]) // 2 :])
    return f"{times[len(times) // 2]:.2f}" if times else "-"


def worst_table(
    fights: Iterable[Duel], by_name: Mapping[str, Problem], ours: Entry, entries: Mapping[str, Entry]
) -> str:
    """The five tasks that ours does worst on, against each."""
    rows = []
    for fight in fights:
        opponent = entries[fight.opponent.partition(" ")[0]]
        for name in sorted(fight.by_task, key=lambda name: (fight.by_task[name], name))[:5]:
            problem = by_name[name]
            common = [pair for pair in ours.runs.keys() & opponent.runs.keys() if pair[0] == name]
            means = [
                sum(math.log10(regret(problem, entry.worth(pair, BUDGETS[-1]))) for pair in common) / len(common)
                for entry in (ours, opponent)
            ]
            rows.append((opponent.name, name, f"{fight.by_task[name]:.2f}", f"{means[0]:.2f} / {means[1]:.2f}"))
    return table(("against", "task", "P(ours better)", "log10 regret, ours / theirs"), rows)


def compare(
    chosen_tasks: Iterable[Problem],
    cache: Path,
    window: int,
    ours_name: str,
    label: str | None,
    against: Iterable[str] = (),
) -> str:
    """All tables. Fails with `LookupError` where there is nothing to compare."""
    tasks = {problem.name: problem for problem in chosen_tasks}
    entries = read_entries(cache, tasks, window, ours_name, label)
    ours = entries.pop(ours_name, None)
    if ours is None:
        raise LookupError(f"there is no run of {ours_name} on these tasks in {cache / 'results'}")
    against = set(against)
    entries = {name: entry for name, entry in entries.items() if not against or name in against}
    crashes = {e.name: sum("crash" in run for run in e.runs.values()) for e in (ours, *entries.values())}
    said = [
        f"{ours.name} ({ours.version}) on {len(tasks)} tasks, window {window}. "
        f"Crashed runs: {', '.join(f'{name} {count}' for name, count in crashes.items() if count) or 'none'}."
    ]
    for heading, belongs in GROUPS:
        chosen = [problem for problem in tasks.values() if belongs(problem)]
        duels = {
            budget: [fight for theirs in entries.values() if (fight := duel(ours, theirs, chosen, budget))]
            for budget in BUDGETS
        }
        if any(duels.values()):
            said.append(f"### {heading.capitalize()}\n\n{duels_table(duels)}")
        if heading == "all tasks" and duels[BUDGETS[-1]]:
            everywhere = [e for e in entries.values() if e.name != "tpe-group" and not e.name.startswith("ours")]
            said.append(rank_table([ours, *everywhere], chosen, BUDGETS[-1]))
            worst = worst_table(duels[BUDGETS[-1]], tasks, ours, entries)
            said.append(f"The five tasks where ours does worst, at {BUDGETS[-1]} trials:\n\n{worst}")
    return "\n\n".join(said)
