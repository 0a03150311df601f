//! Each metric against its definition written down naively, and against values known from scikit-learn and SciPy.

use super::*;
use proptest::prelude::*;

/// Labels with scores of few distinct values, so that ties are common.
fn scored() -> impl Strategy<Value = (Vec<bool>, Vec<f64>)> {
    let score =
        prop_oneof![(-4_i8..4).prop_map(|score| f64::from(score) / 2.0), -1e3..1e3, Just(f64::INFINITY), Just(-0.0)];
    prop::collection::vec((any::<bool>(), score), 0..40).prop_map(|pairs| pairs.into_iter().unzip())
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12,
        _ => false,
    }
}

/// The share of pairs won, over all pairs.
fn auc_by_pairs(labels: &[bool], scores: &[f64]) -> Option<f64> {
    let of = |class: bool| labels.iter().zip(scores).filter(move |pair| *pair.0 == class).map(|pair| *pair.1);
    let won: Vec<f64> = of(true)
        .flat_map(|p| {
            of(false).map(move |n| {
                if p > n {
                    1.0
                } else if p == n {
                    0.5
                } else {
                    0.0
                }
            })
        })
        .collect();
    (!won.is_empty()).then(|| won.iter().sum::<f64>() / won.len() as f64)
}

/// Precision and recall counted anew at every distinct score.
fn average_precision_by_thresholds(labels: &[bool], scores: &[f64]) -> Option<f64> {
    let mut thresholds = scores.to_vec();
    thresholds.sort_by(|a, b| b.total_cmp(a));
    thresholds.dedup_by(|a, b| a == b);
    let total = labels.iter().filter(|&&label| label).count();
    let (mut sum, mut recall_before) = (0.0, 0.0);
    for threshold in thresholds {
        let taken: Vec<bool> =
            labels.iter().zip(scores).filter(|pair| *pair.1 >= threshold).map(|pair| *pair.0).collect();
        let hits = taken.iter().filter(|&&label| label).count() as f64;
        let recall = hits / total as f64;
        sum += (recall - recall_before) * hits / taken.len() as f64;
        recall_before = recall;
    }
    (total > 0).then_some(sum)
}

/// A rank is one more than what lies below and half of what else is equal.
fn ranks_by_pairs(values: &[f64]) -> Vec<f64> {
    let rank = |value: &f64| {
        let below = values.iter().filter(|other| *other < value).count() as f64;
        let equal = values.iter().filter(|other| *other == value).count() as f64;
        below + (equal + 1.0) / 2.0
    };
    values.iter().map(rank).collect()
}

fn criterion_at(labels: &[bool], scores: &[f64], threshold: f64, criterion: Criterion) -> Option<f64> {
    let confusion = Confusion::at(labels, scores, threshold)?;
    match criterion {
        Criterion::BalancedAccuracy => confusion.balanced_accuracy(),
        Criterion::F1 => confusion.f1(),
    }
}

proptest! {
    #[test]
    fn roc_auc_is_the_share_of_pairs((labels, scores) in scored()) {
        let auc = roc_auc(&labels, &scores);
        prop_assert!(close(auc, auc_by_pairs(&labels, &scores)));
        let opposite: Vec<bool> = labels.iter().map(|label| !label).collect();
        prop_assert!(close(auc, roc_auc(&opposite, &scores).map(|other| 1.0 - other)));
    }

    #[test]
    fn average_precision_is_its_sum_over_thresholds((labels, scores) in scored()) {
        prop_assert!(close(average_precision(&labels, &scores), average_precision_by_thresholds(&labels, &scores)));
    }

    #[test]
    fn no_metric_depends_on_the_order((labels, scores) in scored(), turn in 0_usize..40) {
        let mut pairs: Vec<_> = labels.iter().copied().zip(scores.iter().copied()).collect();
        if !pairs.is_empty() {
            let length = pairs.len();
            pairs.rotate_left(turn % length);
        }
        let (turned, turned_scores): (Vec<bool>, Vec<f64>) = pairs.into_iter().unzip();
        prop_assert_eq!(roc_auc(&labels, &scores), roc_auc(&turned, &turned_scores));
        prop_assert_eq!(average_precision(&labels, &scores), average_precision(&turned, &turned_scores));
        for criterion in [Criterion::BalancedAccuracy, Criterion::F1] {
            prop_assert_eq!(best_threshold(&labels, &scores, criterion), best_threshold(&turned, &turned_scores, criterion));
        }
    }

    #[test]
    fn midranks_count_what_lies_below((_, values) in scored()) {
        prop_assert_eq!(midranks(&values), Some(ranks_by_pairs(&values)));
    }

    #[test]
    fn spearman_is_the_correlation_of_ranks(pairs in prop::collection::vec((-3_i8..3, -3_i8..3), 0..40)) {
        let (left, right): (Vec<f64>, Vec<f64>) = pairs.iter().map(|pair| (f64::from(pair.0), f64::from(pair.1))).unzip();
        let (a, b) = (ranks_by_pairs(&left), ranks_by_pairs(&right));
        let n = a.len() as f64;
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        let products = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let spread = |a: &[f64], b: &[f64]| n * products(a, b) - sum(a) * sum(b);
        let scale = (spread(&a, &a) * spread(&b, &b)).sqrt();
        prop_assert!(close(spearman(&left, &right), (scale > 0.0).then(|| spread(&a, &b) / scale)));
        prop_assert!(close(spearman(&left, &right), spearman(&right, &left)));
    }

    #[test]
    fn the_best_threshold_reaches_its_value_and_none_is_better((labels, scores) in scored()) {
        for criterion in [Criterion::BalancedAccuracy, Criterion::F1] {
            match best_threshold(&labels, &scores, criterion) {
                None => prop_assert!(roc_auc(&labels, &scores).is_none()),
                Some(best) => {
                    prop_assert_eq!(criterion_at(&labels, &scores, best.threshold, criterion), Some(best.value));
                    for threshold in scores.iter().flat_map(|score| [score.next_down(), *score]) {
                        let other = criterion_at(&labels, &scores, threshold, criterion);
                        // Taking nothing for positive is no candidate: its balanced accuracy is 0.5, as is that of taking all.
                        prop_assert!(other.is_none_or(|value| value <= best.value));
                    }
                }
            }
        }
    }

    #[test]
    fn equal_class_weights_make_weighted_accuracy_balanced((labels, scores) in scored()) {
        let positives = labels.iter().filter(|&&label| label).count();
        prop_assume!(positives > 0 && positives < labels.len());
        let weight = [0.5 / (labels.len() - positives) as f64, 0.5 / positives as f64];
        let weights: Vec<f64> = labels.iter().map(|&label| weight[usize::from(label)]).collect();
        let decisions: Vec<bool> = scores.iter().map(|&score| score > 0.0).collect();
        let balanced = Confusion::new(&labels, &decisions).and_then(|confusion| confusion.balanced_accuracy());
        prop_assert!(close(weighted_accuracy(&labels, &decisions, &weights), balanced));
    }
}

/// `roc_auc_score`, `average_precision_score` of scikit-learn's documentation, and one with ties worked out by hand.
#[test]
fn known_values_of_rankings() {
    let labels = [false, false, true, true];
    let scores = [0.1, 0.4, 0.35, 0.8];
    assert_eq!(roc_auc(&labels, &scores), Some(0.75));
    assert!(close(average_precision(&labels, &scores), Some(0.833_333_333_333_333_3)));
    // All scores equal: chance, and the share of positives.
    assert_eq!(roc_auc(&[true, false, false, false], &[0.3; 4]), Some(0.5));
    assert_eq!(average_precision(&[true, false, false, false], &[0.3; 4]), Some(0.25));
    // Positives 3, 2, 2 against negatives 2, 1: won 2 + 1.5 + 1.5 of 6; precision 1 at recall 1/3, then 3/4.
    let (labels, scores) = ([true, true, true, false, false], [3.0, 2.0, 2.0, 2.0, 1.0]);
    assert!(close(roc_auc(&labels, &scores), Some(5.0 / 6.0)));
    assert!(close(average_precision(&labels, &scores), Some(1.0 / 3.0 + 2.0 / 3.0 * 0.75)));
}

/// The confusion matrices that the JUND study prints, with the figures it derives from the first.
#[test]
fn known_values_of_decisions() {
    let mlp = Confusion { true_negatives: 33_180, false_positives: 1_202, false_negatives: 100, true_positives: 46 };
    let rounded = |value: Option<f64>, places: i32| value.map(|value| (value * 10_f64.powi(places)).round());
    assert_eq!(rounded(mlp.precision(), 4), Some(369.0));
    assert_eq!(rounded(mlp.recall(), 3), Some(315.0));
    assert_eq!(rounded(mlp.f1(), 4), Some(660.0));
    assert_eq!(rounded(mlp.balanced_accuracy(), 3), Some(640.0));
    let cnn = Confusion { true_negatives: 27_184, false_positives: 7_198, false_negatives: 76, true_positives: 70 };
    assert_eq!(rounded(cnn.balanced_accuracy(), 3), Some(635.0));
    assert_eq!(rounded(cnn.f1(), 4), Some(189.0));

    // scikit-learn's example of confusion_matrix.
    let matrix = ConfusionMatrix::new(3, &[2, 0, 2, 2, 0, 1], &[0, 0, 2, 2, 0, 2]).expect("known classes");
    assert_eq!(matrix.rows().collect::<Vec<_>>(), [[2, 0, 0], [0, 0, 1], [1, 0, 2]]);
    assert!(close(matrix.accuracy(), Some(4.0 / 6.0)));
    assert!(close(matrix.balanced_accuracy(), Some((1.0 + 0.0 + 2.0 / 3.0) / 3.0)));
}

/// `scipy.stats.spearmanr([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])` and one with ties on both sides.
#[test]
fn known_values_of_regression() {
    assert!(close(spearman(&[1.0, 2.0, 3.0, 4.0, 5.0], &[5.0, 6.0, 7.0, 8.0, 7.0]), Some(0.820_782_681_668_123_3)));
    assert_eq!(spearman(&[1.0, 2.0, 3.0], &[-1.0, -5.0, -9.0]), Some(-1.0));
    assert_eq!(midranks(&[3.0, 1.0, 3.0, -2.0]), Some(vec![3.5, 2.0, 3.5, 1.0]));
    assert_eq!(mean_squared_error(&[1.0, 2.0], &[3.0, 1.0]), Some(2.5));
}

#[test]
fn what_is_undefined_is_none() {
    let (one, none): (&[bool], &[bool]) = (&[true, true], &[false, false]);
    let scores = [0.2, 0.7];
    assert_eq!(roc_auc(one, &scores), None);
    assert_eq!(roc_auc(none, &scores), None);
    assert_eq!(average_precision(none, &scores), None);
    assert_eq!(average_precision(one, &scores), Some(1.0));
    assert_eq!(best_threshold(one, &scores, Criterion::F1), None);
    assert_eq!(best_threshold(none, &scores, Criterion::BalancedAccuracy), None);
    for bad in [&[0.1][..], &[], &[0.1, f64::NAN]] {
        let labels = [true, false];
        assert_eq!(roc_auc(&labels, bad), None);
        assert_eq!(average_precision(&labels, bad), None);
        assert_eq!(best_threshold(&labels, bad, Criterion::F1), None);
        assert_eq!(Confusion::at(&labels, bad, 0.0), None);
        assert_eq!(spearman(&[1.0, 2.0], bad), None);
        assert_eq!(mean_squared_error(&[1.0, 2.0], bad), None);
    }
    assert_eq!(Confusion::at(&[true, false], &scores, f64::NAN), None);
    assert_eq!(roc_auc(&[], &[]), None);
    assert_eq!(spearman(&[1.0, 1.0], &scores), None);
    assert_eq!(spearman(&[1.0], &[1.0]), None);
    assert_eq!(mean_squared_error(&[f64::MAX], &[-f64::MAX]), None);
    assert_eq!(weighted_accuracy(&[true], &[true], &[0.0]), None);
    assert_eq!(weighted_accuracy(&[true], &[true], &[f64::NAN]), None);
    assert_eq!(weighted_accuracy(&[true], &[true], &[]), None);
    assert_eq!(ConfusionMatrix::new(2, &[0, 2], &[0, 0]), None);
    assert_eq!(ConfusionMatrix::new(2, &[0, 0], &[1, 0]).and_then(|matrix| matrix.balanced_accuracy()), None);

    let nothing_taken = Confusion { true_negatives: 3, false_negatives: 1, ..Confusion::default() };
    assert_eq!(nothing_taken.precision(), None);
    assert_eq!(nothing_taken.f1(), Some(0.0));
    assert_eq!(nothing_taken.balanced_accuracy(), Some(0.5));
    let no_positive = Confusion { true_negatives: 3, ..Confusion::default() };
    assert_eq!((no_positive.recall(), no_positive.f1(), no_positive.balanced_accuracy()), (None, None, None));
}

#[test]
fn a_threshold_lies_between_scores_even_at_the_edges() {
    let neighbours = [1.0, 1.0_f64.next_up()];
    let best = best_threshold(&[false, true], &neighbours, Criterion::F1).expect("both classes");
    assert_eq!((best.threshold, best.value), (1.0, 1.0));
    let huge = best_threshold(&[false, true], &[-f64::MAX, f64::MAX], Criterion::F1).expect("both classes");
    assert_eq!(huge.threshold, 0.0);
    let wrong_way = best_threshold(&[true, false], &[f64::NEG_INFINITY, 0.0], Criterion::F1);
    // Taking everything would be best, but no number lies below minus infinity.
    assert_eq!(wrong_way.map(|best| best.value), Some(0.0));
}
