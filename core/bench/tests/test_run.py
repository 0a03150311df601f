"""Running, with a stand-in for seqtune and a small task."""

import json
import math
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import run
import samplers
from optimisers import Entrant, InProcess, ours
from problems import DEVELOP, Problem, choice, draw, is_active, noise, real, whole

FAKE = Path(__file__).parent / "fake_seqtune.py"


def sphere(observed=None) -> Problem:
    return Problem(
        name="sphere",
        suite="test",
        space=[real("x", -1.0, 1.0), real("y", -1.0, 1.0)],
        truth=lambda p: p["x"] ** 2 + p["y"] ** 2,
        best=0.0,
        is_exact=True,
        split=DEVELOP,
        observed=observed,
    )


FAKE_OURS = Entrant("ours", "fake", lambda space, seed: ours.AskTell(FAKE, space, "auto", seed))


class Running(unittest.TestCase):
    def test_a_run_is_recorded_and_is_the_same_again(self) -> None:
        first = run.run_once(sphere(), 3, FAKE_OURS, 20, 1)
        again = run.run_once(sphere(), 3, FAKE_OURS, 20, 1)
        other = run.run_once(sphere(), 4, FAKE_OURS, 20, 1)
        self.assertNotIn("crash", first)
        self.assertEqual(len(first["values"]), 20)
        self.assertEqual(len(first["cpu_ms"]), 20)
        self.assertTrue(all(ms >= 0.0 for ms in first["cpu_ms"]))
        self.assertEqual(first["values"], again["values"])
        self.assertNotEqual(first["values"], other["values"])
        self.assertEqual(json.loads(json.dumps(first)), first)

    def test_an_exhausted_space_ends_a_run_without_a_crash(self) -> None:
        with mock.patch.dict(os.environ, {"FAKE_ASKS": "7"}):
            record = run.run_once(sphere(), 0, FAKE_OURS, 20, 1)
        self.assertEqual(len(record["values"]), 7)
        self.assertNotIn("crash", record)

    def test_a_crash_keeps_what_was_before(self) -> None:
        class Crashing(InProcess):
            def __init__(self, space, seed) -> None:
                self.asked = 0

            def ask(self):
                self.asked += 1
                if self.asked == 4:
                    raise ZeroDivisionError("again")
                return None, {"x": 0.5, "y": 0.0}

            def tell(self, trial, value) -> None:
                pass

        record = run.run_once(sphere(), 0, Entrant("bad", "1", Crashing), 20, 1)
        self.assertEqual(record["crash"], "ZeroDivisionError: again")
        self.assertEqual(record["values"], [0.25] * 3)

    def test_in_a_window_the_oldest_is_told_first(self) -> None:
        said = []

        class Listening(InProcess):
            def __init__(self, space, seed) -> None:
                self.asked = 0

            def ask(self):
                self.asked += 1
                said.append(f"ask {self.asked}")
                return self.asked, {"x": 0.1 * self.asked, "y": 0.0}

            def tell(self, trial, value) -> None:
                said.append(f"tell {trial}")

        run.run_once(sphere(), 0, Entrant("listening", "1", Listening), 5, 3)
        self.assertEqual(said, ["ask 1", "ask 2", "ask 3", "tell 1", "ask 4", "tell 2", "ask 5"])

    def test_of_a_noisy_task_both_numbers_are_kept(self) -> None:
        noisy = sphere(observed=lambda p, seed: p["x"] ** 2 + noise(p, seed))
        record = run.run_once(noisy, 0, FAKE_OURS, 5, 1)
        self.assertNotEqual(record["values"], record["truths"])
        self.assertTrue(all(truth >= 0.0 for truth in record["truths"]))

    def test_results_are_read_back_and_half_a_line_is_not(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            store = run.Store(Path(folder))
            store.append({"optimiser": "ours:tpe", "values": [1.0]})
            with (Path(folder) / "results" / "ours-tpe.jsonl").open("a") as file:
                file.write('{"optimiser": "ou')
            self.assertEqual([r["values"] for r in run.read_cache(Path(folder))], [[1.0]])

    def test_seeds_are_a_count_or_a_range(self) -> None:
        self.assertEqual(list(samplers.parse_seeds("3")), [0, 1, 2])
        self.assertEqual(list(samplers.parse_seeds("5-6")), [5, 6])

    def test_what_is_no_number_is_null(self) -> None:
        self.assertIsNone(run.shortened(math.nan))
        self.assertIsNone(run.shortened(math.inf))


class Spaces(unittest.TestCase):
    def test_points_obey_conditions_and_bounds(self) -> None:
        import numpy as np

        space = [
            choice("kind", ["a", "b"]),
            whole("n", 1, 3, log=True),
            real("x", 1e-3, 1e3, log=True, when={"kind": ["a"]}),
            real("y", 0.0, 1.0, when={"n": {"at_least": 2}}),
        ]
        rng = np.random.default_rng(1)
        for _ in range(200):
            point = draw(space, rng)
            self.assertEqual("x" in point, point["kind"] == "a")
            self.assertEqual("y" in point, point["n"] >= 2)
            self.assertTrue(1 <= point["n"] <= 3)
            self.assertTrue(1e-3 <= point.get("x", 1.0) <= 1e3)
        self.assertFalse(is_active(space[2], {}))

    def test_luck_is_a_function_of_point_and_seed(self) -> None:
        self.assertEqual(noise({"x": 1.0}, 1), noise({"x": 1.0}, 1))
        self.assertNotEqual(noise({"x": 1.0}, 1), noise({"x": 1.0}, 2))


class Tasks(unittest.TestCase):
    def test_every_task_has_a_value_at_random_points_and_none_below_the_best(self) -> None:
        try:
            import cocoex  # noqa: F401
        except ImportError:
            self.skipTest("coco-experiment is not installed")
        import numpy as np

        from problems import every_problem

        rng = np.random.default_rng(0)
        for problem in every_problem():
            with self.subTest(problem.name):
                values = [problem.truth(draw(problem.space, rng)) for _ in range(50)]
                self.assertTrue(all(math.isfinite(value) for value in values))
                self.assertGreaterEqual(min(values), problem.best - 1e-9 * abs(problem.best))
                self.assertGreater(problem.median_of_random, problem.best)


if __name__ == "__main__":
    unittest.main()
