"""The statistics, against values worked out by hand or taken from textbooks."""

import math
import unittest

from measures import best_so_far, holm, normalised, probability_better, ranks, score, wilcoxon


class BestSoFar(unittest.TestCase):
    def test_it_is_the_worth_of_the_trial_that_looked_best(self) -> None:
        observed, truths = [3.0, 1.0, 2.0, 0.5], [2.5, 1.9, 1.2, 0.7]
        self.assertEqual(best_so_far(observed, truths, 1), 2.5)
        self.assertEqual(best_so_far(observed, truths, 3), 1.9)
        self.assertEqual(best_so_far(observed, truths, 100), 0.7)

    def test_what_is_no_number_is_never_the_best(self) -> None:
        self.assertEqual(best_so_far([None, 2.0], [None, 2.0], 2), 2.0)
        self.assertEqual(best_so_far([None], [None], 1), math.inf)
        self.assertEqual(best_so_far([], [], 5), math.inf)


class Regret(unittest.TestCase):
    def test_it_is_one_at_the_median_and_stays_between_floor_and_ten(self) -> None:
        self.assertEqual(normalised(5.0, best=1.0, median=5.0, floor=1e-3), 1.0)
        self.assertEqual(normalised(3.0, best=1.0, median=5.0, floor=1e-3), 0.5)
        self.assertEqual(normalised(1.0, best=1.0, median=5.0, floor=1e-3), 1e-3)
        self.assertEqual(normalised(math.inf, best=1.0, median=5.0, floor=1e-3), 10.0)


class Pairs(unittest.TestCase):
    def test_smaller_is_better_and_ties_are_halves(self) -> None:
        self.assertEqual([score(1.0, 2.0), score(2.0, 1.0), score(1.0, 1.0)], [1.0, 0.0, 0.5])
        self.assertEqual(score(1.0, 1.0 + 1e-15), 0.5)
        self.assertEqual(score(math.inf, math.inf), 0.5)
        self.assertEqual(score(1.0, math.inf), 1.0)

    def test_the_estimate_weighs_pairs_and_the_interval_holds_it(self) -> None:
        result = probability_better({"a": [1.0, 1.0, 1.0], "b": [0.0]})
        self.assertEqual(result.estimate, 0.75)
        self.assertEqual((result.low, result.high), (0.0, 1.0))

    def test_the_interval_is_that_of_a_mean_over_problems(self) -> None:
        scores = {str(i): [float(i % 2)] * 5 for i in range(100)}
        result = probability_better(scores)
        # 1.96 sqrt(0.25 / 100) on either side.
        self.assertAlmostEqual(result.low, 0.402, delta=0.015)
        self.assertAlmostEqual(result.high, 0.598, delta=0.015)

    def test_it_is_the_same_each_time(self) -> None:
        scores = {str(i): [float(i % 3 == 0)] for i in range(20)}
        self.assertEqual(probability_better(scores), probability_better(scores))


class Tests(unittest.TestCase):
    def test_equal_values_share_ranks(self) -> None:
        self.assertEqual(ranks([10.0, 20.0, 10.0, 5.0]), [2.5, 4.0, 2.5, 1.0])

    def test_the_exact_signed_rank_test(self) -> None:
        # Of 32 ways for five differences one has a sum of 0: p = 2/32.
        self.assertAlmostEqual(wilcoxon([1.0, 2.0, 3.0, 4.0, 5.0]), 2 / 32)
        # Hollander and Wolfe's depression scale: W = 5 of nine pairs, p = 0.03906.
        before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
        after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
        self.assertAlmostEqual(wilcoxon([a - b for a, b in zip(before, after)]), 0.0390625)

    def test_the_normal_approximation(self) -> None:
        # Thirty differences of 1 to 30, every third negative: the sum of negative ranks is 165.
        differences = [float(-i if i % 3 == 0 else i) for i in range(1, 31)]
        z = (30 * 31 / 4 - 165 - 0.5) / math.sqrt(30 * 31 * 61 / 24)
        self.assertAlmostEqual(wilcoxon(differences), math.erfc(z / math.sqrt(2)))
        self.assertEqual(wilcoxon([0.0, 0.0]), 1.0)

    def test_holms_steps(self) -> None:
        adjusted = holm([0.01, 0.04, 0.03])
        for found, expected in zip(adjusted, [0.03, 0.06, 0.06]):
            self.assertAlmostEqual(found, expected)


if __name__ == "__main__":
    unittest.main()
