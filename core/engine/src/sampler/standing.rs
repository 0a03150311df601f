//! Which trials are better than others, whatever the study has: several objectives, outcome constraints, trials that were
//! stopped early.

use crate::domination::{crowding, fronts};

use super::observation::{Outcome, Told};

/// Groups of trials, the best first: those that completed and satisfy the outcome constraints, then those that completed and
/// break them, the less the better, then those that were stopped early, the later the better, then those that failed. Within
/// each of these by non-domination: a group is a front of equals (Deb et al., "NSGA-II", 2002, section VI). What is pending
/// stands nowhere.
///
/// Indices of the trials; within a group by the first loss, among equals by the next one, then by index.
pub(super) fn groups(trials: &[&impl AsRef<Told>]) -> Vec<Vec<usize>> {
    let class = |one: &Told| match one.outcome {
        Outcome::Completed { .. } => (0, 0),
        Outcome::Pruned { step, .. } => (1, u64::MAX - step),
        Outcome::Failed => (2, 0),
        Outcome::Pending => (3, 0),
    };
    let mut order: Vec<(u8, u64, usize)> = (0..trials.len())
        .map(|at| {
            let (class, step) = class(trials[at].as_ref());
            (class, step, at)
        })
        .filter(|(class, ..)| *class < 3)
        .collect();
    let violation = |at: usize| trials[at].as_ref().violation;
    order.sort_by(|a, b| {
        (a.0, a.1).cmp(&(b.0, b.1)).then(violation(a.2).total_cmp(&violation(b.2))).then(a.2.cmp(&b.2))
    });
    let mut groups = Vec::new();
    for equals in order.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1) && violation(a.2) == violation(b.2)) {
        let losses: Vec<&[f64]> = equals.iter().map(|(.., at)| trials[*at].as_ref().losses()).collect();
        groups.extend(fronts(&losses).into_iter().map(|front| front.into_iter().map(|k| equals[k].2).collect()));
    }
    groups
}

/// Sorts a group by how much room its trials have, the most first.
pub(super) fn spread_first(trials: &[&impl AsRef<Told>], group: &mut Vec<usize>) {
    let losses: Vec<&[f64]> = group.iter().map(|at| trials[*at].as_ref().losses()).collect();
    let room = crowding(&losses);
    let mut order: Vec<usize> = (0..group.len()).collect();
    order.sort_by(|a, b| room[*b].total_cmp(&room[*a]));
    *group = order.into_iter().map(|k| group[k]).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completed_before_pruned_before_failed_and_satisfied_before_broken() {
        let one = |outcome, losses: [f64; 2], violation| Told { outcome, losses: losses.to_vec(), violation };
        let completed = Outcome::Completed { loss: 0.0 };
        let pruned = |step| Outcome::Pruned { step, loss: 0.0 };
        let observations = [
            one(Outcome::Failed, [0.0; 2], 0.0),
            one(Outcome::Pending, [0.0; 2], 0.0),
            one(pruned(3), [-9.0, -9.0], 0.0),
            one(completed, [1.0, 1.0], 2.0),
            one(completed, [9.0, 2.0], 0.0),
            one(completed, [3.0, 3.0], 0.0),
            one(completed, [4.0, 3.0], 0.0),
            one(completed, [-1.0, -1.0], f64::INFINITY),
            one(pruned(4), [9.0, 9.0], 0.0),
            one(completed, [0.0, 0.0], 5.0),
        ];
        let observations: Vec<&Told> = observations.iter().collect();
        let expected: [&[usize]; 8] = [&[5, 4], &[6], &[3], &[9], &[7], &[8], &[2], &[0]];
        assert_eq!(groups(&observations), expected);
    }
}
