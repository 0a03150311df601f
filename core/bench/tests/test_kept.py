"""Kept runs compare as the whole ones do."""

import tempfile
import unittest
from pathlib import Path

import kept
from measures import best_so_far

RUN = {
    "problem": "p",
    "digest": "d",
    "seed": 1,
    "optimiser": "gp",
    "version": "v",
    "budget": 6,
    "window": 1,
    "values": [3.0, None, 5.0, 2.0, 2.0, 1.0],
    "truths": [2.5, 0.0, 0.5, 2.25, 0.0, 1.5],
    "cpu_ms": [1.0, 1.0, 9.0, 4.0, 6.0, 5.0],
}


class Keeping(unittest.TestCase):
    def test_what_looked_best_is_the_same_at_every_budget(self) -> None:
        short = kept.condensed(RUN)
        self.assertEqual(len(short["values"]), 6)
        for budget in range(1, 7):
            whole = best_so_far(RUN["values"], RUN["truths"], budget)
            self.assertEqual(best_so_far(short["values"], short["truths"], budget), whole)
        self.assertEqual(short["cpu_ms"], [5.0])
        self.assertEqual(short["values"].count(None), 3)

    def test_runs_are_kept_once_and_those_of_opponents_alone(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "opponents"
            runs = [RUN, RUN | {"seed": 2}, RUN | {"optimiser": "ours"}]
            self.assertEqual(kept.keep(runs, ["gp", "tpe"], folder), 2)
            first = (folder / "gp.jsonl.gz").read_bytes()
            self.assertEqual(kept.keep(runs, ["gp"], folder), 2)
            self.assertEqual((folder / "gp.jsonl.gz").read_bytes(), first)
            self.assertEqual([kept.name(run) for run in kept.read(folder)], [kept.name(run) for run in runs[:2]])


if __name__ == "__main__":
    unittest.main()
