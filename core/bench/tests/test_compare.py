"""Reading runs and comparing them."""

import tempfile
import unittest
from pathlib import Path
from typing import Any

import compare
from problems import DEVELOP, Problem, choice, every_point, real, whole
from run import Store

SPHERE = Problem(
    name="sphere",
    suite="test",
    space=[real("x", -1.0, 1.0)],
    truth=lambda p: p["x"] ** 2,
    best=0.0,
    is_exact=True,
    split=DEVELOP,
)


def record(optimiser: str, values: list[float], **rest: Any) -> dict[str, Any]:
    usual = {"version": "1", "seed": 0, "budget": 100, "window": 1, "cpu_ms": [1.0]}
    return {"problem": "sphere", "digest": SPHERE.digest, "optimiser": optimiser, "values": values} | usual | rest


class Comparing(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.cache = Path(folder.name)

    def entries(self, *records: dict[str, Any], label: str | None = None) -> dict[str, compare.Entry]:
        store = Store(self.cache)
        for one in records:
            store.append(one)
        return compare.read_entries(self.cache, {"sphere": SPHERE}, 1, "ours", label)

    def test_runs_of_another_task_window_or_digest_are_left_out(self) -> None:
        found = self.entries(
            record("ours", [0.5], problem="other"),
            record("ours", [0.5], window=4),
            record("ours", [0.5], digest="old"),
        )
        self.assertEqual(found, {})

    def test_the_version_that_ran_last_is_taken_unless_one_is_named(self) -> None:
        runs = (
            record("ours", [0.5], version="a"),
            record("ours", [0.4], version="b"),
            record("ours", [0.3], version="a", seed=1),
        )
        newest = self.entries(*runs)["ours"]
        self.assertEqual((newest.version, len(newest.runs)), ("a", 2))
        named = compare.read_entries(self.cache, {"sphere": SPHERE}, 1, "ours", "b")["ours"]
        self.assertEqual(named.worth(("sphere", 0), 100), 0.4)

    def test_a_crashed_run_loses_from_its_crash_on(self) -> None:
        found = self.entries(
            record("ours", [0.1] * 30, crash="Error"),
            record("theirs", [0.2] * 100),
        )
        for budget, expected in ((25, 1.0), (50, 0.0)):
            fight = compare.duel(found["ours"], found["theirs"], [SPHERE], budget)
            assert fight is not None
            self.assertEqual(fight.better.estimate, expected)

    def test_only_common_pairs_of_the_whole_budget_count(self) -> None:
        found = self.entries(
            record("ours", [0.1], seed=0),
            record("ours", [0.1], seed=1),
            record("theirs", [0.1], seed=0),
            record("theirs", [0.1], seed=1, budget=50),
        )
        fight = compare.duel(found["ours"], found["theirs"], [SPHERE], 100)
        assert fight is not None
        self.assertEqual((fight.pairs, fight.ties), (1, 1.0))

    def test_the_tables_are_printed(self) -> None:
        self.entries(record("ours", [0.1] * 100), record("theirs", [0.2] * 100))
        text = compare.compare([SPHERE], self.cache, 1, "ours", None)
        self.assertIn("| 100 | theirs (1) | 1 on 1 | **1.000** [1.000, 1.000] |", text)
        with self.assertRaises(LookupError):
            compare.compare([SPHERE], self.cache, 4, "ours", None)


class Enumerating(unittest.TestCase):
    def test_every_point_is_listed_once_with_what_is_active(self) -> None:
        space = [choice("kind", ["a", "b"]), whole("n", 1, 3, when={"kind": ["b"]})]
        points = list(every_point(space))
        self.assertEqual(points, [{"kind": "a"}, *({"kind": "b", "n": n} for n in (1, 2, 3))])


if __name__ == "__main__":
    unittest.main()
