"""Drives `seqtune ask-tell` through seqtune.py.

    SEQTUNE=target/debug/seqtune python3 -m unittest discover plugins/python/tests

Skipped where there is no program: neither SEQTUNE nor PATH names one.
"""

import math
import os
import shutil
import signal
import sys
import tempfile
import threading
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))
import seqtune  # noqa: E402
from seqtune import Ended, Exhausted, NotFound, Optimizer, Refused, SeqtuneError, Trial  # noqa: E402

SPACE = {
    "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
    "model": {"type": "categorical", "choices": ["mlp", "lstm"]},
    "layers": {"type": "int", "low": 1, "high": 3, "when": {"model": "lstm"}},
}
X = {"x": {"type": "float", "low": -5, "high": 5}}
FOUND = shutil.which(os.environ.get("SEQTUNE") or "seqtune") is not None


@unittest.skipUnless(FOUND, "no program seqtune")
class Search(unittest.TestCase):
    def test_a_search_finds_what_is_good(self) -> None:
        with Optimizer(X, sampler="tpe", seed=3) as optimizer:
            self.assertIsNone(optimizer.best())
            for _ in range(60):
                trial = optimizer.ask()
                optimizer.tell(trial, (trial.params["x"] - 1) ** 2)
            best = optimizer.best()
        self.assertLess(best.value, 0.05)
        self.assertEqual(best.value, (best.params["x"] - 1) ** 2)

    def test_the_same_seed_gives_the_same_trials(self) -> None:
        def trials(seed: int) -> list[Trial]:
            with Optimizer(SPACE, seed=seed) as optimizer:
                return optimizer.ask(12)

        first = trials(1)
        self.assertEqual(first, trials(1))
        self.assertNotEqual(first, trials(2))
        for trial in first:
            self.assertEqual("layers" in trial.params, trial.params["model"] == "lstm")

    def test_the_larger_is_better_where_that_is_asked_for(self) -> None:
        with Optimizer(X, direction="maximize") as optimizer:
            for value, trial in enumerate(optimizer.ask(3)):
                optimizer.tell(trial, value)
            self.assertEqual(optimizer.best().id, 2)

    def test_a_result_that_is_not_finite_is_a_failure(self) -> None:
        with Optimizer(X) as optimizer:
            for value in (math.nan, math.inf, -math.inf):
                optimizer.tell(optimizer.ask(), value)
            optimizer.tell(optimizer.ask(), state="failed", cause="crashed")
            self.assertIsNone(optimizer.best())
            with self.assertRaisesRegex(SeqtuneError, "a completed trial has a value"):
                optimizer.tell(optimizer.ask())

    def test_reports_and_pruning(self) -> None:
        with Optimizer(X) as optimizer:
            trial = optimizer.ask()
            self.assertFalse(optimizer.report(trial, 1, 0.5))
            with self.assertRaises(SeqtuneError):
                optimizer.report(trial, 2, math.nan)
            optimizer.tell(trial, state="pruned")
            with self.assertRaisesRegex(Refused, "no running trial 0; it is pruned already"):
                optimizer.tell(trial, 0.5)

    def test_several_objectives_and_constraints(self) -> None:
        with Optimizer(X, direction=["minimize", "maximize"], outcome_constraints=1) as optimizer:
            a, b, c = optimizer.ask(3)
            optimizer.tell(a, [1, 2], constraints=[0])
            optimizer.tell(b, (2, 1), constraints=[-1])
            optimizer.tell(c, [0, 9], constraints=[0.5])
            (best,) = optimizer.pareto()
            self.assertEqual((best.id, best.values, best.constraints, best.value), (0, (1.0, 2.0), (0.0,), None))
            with self.assertRaisesRegex(SeqtuneError, "pareto"):
                optimizer.best()

    def test_trials_from_elsewhere(self) -> None:
        with Optimizer(X) as optimizer:
            self.assertEqual(optimizer.add({"x": 0.5}, 0.25), 0)
            self.assertEqual(optimizer.add_all([({"x": 1}, 2), ({"x": 2}, 0.125)]), [1, 2])
            with self.assertRaisesRegex(Refused, "must be a number from -5 to 5"):
                optimizer.add({"x": 9}, 0.0)
            self.assertEqual(optimizer.best().params, {"x": 2.0})

    def test_a_space_that_is_exhausted(self) -> None:
        with Optimizer([{"name": "b", "type": "bool"}], sampler={"type": "grid"}) as optimizer:
            self.assertEqual(len(optimizer.ask(5)), 2)
            with self.assertRaisesRegex(Exhausted, "all 2 points of the space have been tried"):
                optimizer.ask()

    def test_a_study_is_kept_and_gone_on_with(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "kept"
            with Optimizer(X, seed=1, storage=place) as optimizer:
                running = optimizer.ask()
                with self.assertRaisesRegex(Refused, "is held by process"):
                    Optimizer(X, seed=1, storage=place)
            with self.assertRaisesRegex(Refused, "seed is 1 there and 2 here"):
                Optimizer(X, seed=2, storage=place)
            with Optimizer(X, seed=1, storage=place) as optimizer:
                optimizer.tell(running.id, 1.5)
                self.assertEqual(optimizer.best().params, running.params)

    def test_threads_take_turns(self) -> None:
        with Optimizer(X, sampler="random") as optimizer:

            def work() -> None:
                for _ in range(50):
                    trial = optimizer.ask()
                    optimizer.tell(trial, trial.params["x"])

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(optimizer.ask().id, 200)

    def test_a_wrong_first_line_leaves_no_process(self) -> None:
        with self.assertRaisesRegex(Refused, "there is no sampler"):
            Optimizer(X, sampler="anneal")
        with self.assertRaisesRegex(SeqtuneError, "cannot be sent"):
            Optimizer({"x": {"type": "float", "low": {1, 2}, "high": 3}})

    def test_a_program_that_is_gone(self) -> None:
        optimizer = Optimizer(X)
        optimizer._process.kill()
        with self.assertRaisesRegex(Ended, "has ended with code"):
            optimizer.ask()
        with self.assertRaisesRegex(Ended, "is closed"):
            optimizer.ask()
        optimizer.close()

    def test_the_process_ends_in_order(self) -> None:
        optimizer = Optimizer(X)
        optimizer.close()
        self.assertEqual(optimizer._process.returncode, 0)

    @unittest.skipUnless(hasattr(signal, "setitimer"), "no timers here")
    def test_a_call_that_was_interrupted_does_not_confuse_the_next(self) -> None:
        class Interrupted(BaseException):
            pass

        def interrupt(*_: object) -> None:
            raise Interrupted

        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            with Optimizer(X, sampler="random") as optimizer:
                signal.setitimer(signal.ITIMER_REAL, 0.002)
                try:
                    while True:
                        optimizer.ask(50)
                except Interrupted:
                    pass
                try:
                    number = optimizer.ask().id
                    self.assertEqual(optimizer.ask().id, number + 1)
                except Ended:
                    pass  # Interrupted while it wrote: then it is over, and says so.
        finally:
            signal.signal(signal.SIGALRM, before)


class Finding(unittest.TestCase):
    def test_what_is_missing_is_said(self) -> None:
        with self.assertRaisesRegex(NotFound, "there is no program /nonexistent/seqtune"):
            Optimizer(X, program="/nonexistent/seqtune")

    @unittest.skipUnless(shutil.which("false"), "no program to take for it")
    def test_another_program_is_told_apart(self) -> None:
        with self.assertRaisesRegex(NotFound, "is it seqtune"):
            Optimizer(X, program="false")

    def test_arrays_of_other_libraries_are_numbers(self) -> None:
        class Array:
            def tolist(self) -> list[float]:
                return [1.0, 2.0]

        self.assertEqual(seqtune._outcome(Array(), None, "completed", None), {"values": [1.0, 2.0]})
        self.assertEqual(seqtune._line({"x": Array()}), b'{"x": [1.0, 2.0]}\n')


if __name__ == "__main__":
    unittest.main()
