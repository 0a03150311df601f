//! Why a trial has the point it has.
//!
//! Nothing of this is kept in the log: a decision is a function of what it saw, so it is made again, and its numbers come with
//! it.
//!
//! ```
//! use seqtune_core::{Proposer, Why, testing};
//! use seqtune_core::sampler::Reason;
//!
//! let history = testing::study("x = { type = 'float', low = 0, high = 1 }").sampler("gp").trials(8).history();
//! let explained = Proposer::new(&history.spec.sampler).explain(&history, &history.trials[7])?;
//! assert_eq!((explained.results, &explained.differs), (7, &None));
//! let Why::Sampler(Reason::Gp(reason)) = explained.why else { panic!("the trial was modelled") };
//! assert!(reason.expected[0].from <= reason.expected[0].median);
//! # Ok::<(), seqtune_core::SampleError>(())
//! ```

use seqtune_space::Params;
use serde::Serialize;

use crate::history::Trial;
use crate::sampler::Reason;

/// A decision, made again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Number of the trial.
    pub trial: u64,
    /// Earlier trials whose end it saw.
    pub results: u64,
    /// Earlier trials of which it saw the points only.
    pub pending: u64,
    /// Why the point.
    pub why: Why,
    /// What this build decides instead of what the log says, where it does: the explanation is of this then.
    pub differs: Option<Params>,
}

/// Where a point came from, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The first trial is of the default configuration.
    Default,
    /// Somebody asked for it.
    Enqueued {
        /// With this request; in the study file where there is none.
        request: Option<u64>,
    },
    /// It was among the leading ones, and measured again with another seed.
    Replicate {
        /// The first trial of the configuration.
        of: u64,
        /// How likely it was to be the best of the leading five; none while nothing was known of how far seeds lie apart.
        probability: Option<f64>,
    },
    /// It was tried elsewhere.
    Added,
    /// The sampler chose it.
    Sampler(Reason),
}

impl Explanation {
    pub(crate) fn new(trial: &Trial, (results, pending): (u64, u64), why: Why, differs: Option<Params>) -> Explanation {
        Explanation { trial: trial.number, results, pending, why, differs }
    }
}

#[cfg(test)]
mod tests {
    use crate::propose::Proposer;
    use crate::sampler::Reason;
    use crate::spec::Objective;
    use crate::testing::study;
    use seqtune_plugin::Direction;

    use super::*;

    /// What the model says it expected is what comes, about as often as it says; for values that are maximised too.
    #[test]
    fn what_was_expected_comes() {
        let text = "x = { type = 'float', low = 0, high = 1 }\ny = { type = 'float', low = 0, high = 1 }";
        fn value(params: &Params) -> f64 {
            let at = |name: &str| params.float(name).unwrap();
            // Noise that depends on the point alone.
            let noise = f64::from(u16::from_str_radix(&params.key()[..4], 16).unwrap()) / 65536.0;
            3.0 - (at("x") - 0.3).powi(2) - (at("y") - 0.6).powi(2) + 0.05 * (noise - 0.5)
        }
        let history = study(text)
            .sampler("gp")
            .objective(value)
            .with(|spec| {
                let objective = Objective { direction: Direction::Maximize, ..spec.objectives[0].clone() };
                spec.objectives = vec![objective];
            })
            .trials(40)
            .history();
        let proposer = Proposer::new(&history.spec.sampler);
        let mut near = 0;
        for trial in &history.trials[10..] {
            let explained = proposer.explain(&history, trial).unwrap();
            assert_eq!((explained.differs, explained.results), (None, trial.number));
            let Why::Sampler(Reason::Gp(reason)) = explained.why else { panic!("the model chose it") };
            let expected = &reason.expected[0];
            assert!(expected.from >= expected.median && expected.median >= expected.to, "the better end is larger");
            let best = expected.best.unwrap();
            assert!((2.5..3.1).contains(&best), "{best}");
            // The noise of the measurement comes on top.
            let off = (history.value(trial).unwrap() - expected.median).abs();
            near += usize::from(off < 0.03 + 2.0 * (expected.from - expected.to));
        }
        assert!(near >= 24, "{near} of 30 values are near what was expected");
    }
    const LINES: &str = "model = { type = 'categorical', choices = ['deep', 'wide'] }\n\
                         layers = { type = 'int', low = 1, high = 8, when = { model = 'deep' } }\n\
                         lr = { type = 'float', low = 1e-4, high = 0.1, log = true }";

    /// What the model says of the point that it chose is why it chose it.
    #[test]
    fn what_a_model_says_of_its_own_choice_is_the_reason() {
        for sampler in ["gp", "tpe", "auto"] {
            let history = study(LINES).sampler(sampler).trials(20).window(2).history();
            let proposer = Proposer::new(&history.spec.sampler);
            for trial in &history.trials[12..] {
                let explained = proposer.explain(&history, trial).unwrap();
                let said = proposer.said_of(&history, trial, std::slice::from_ref(&trial.params)).remove(0);
                match (explained.why, said) {
                    (Why::Sampler(Reason::Gp(why)), Some(Reason::Gp(said))) => {
                        assert_eq!((said.expected, said.points), (why.expected, why.points));
                        let off = (said.ln_improvement - why.ln_improvement).abs();
                        assert!(off < 1e-6 * why.ln_improvement.abs().max(1.0), "{off}");
                    }
                    (Why::Sampler(Reason::Tpe(why)), Some(Reason::Tpe(said))) => {
                        assert_eq!((said.ln_good, said.ln_others), (why.ln_good, why.ln_others));
                    }
                    (why, said) => panic!("{sampler}: {why:?} {said:?}"),
                }
            }
        }
    }

    #[test]
    fn a_bandit_says_of_each_arm_what_its_own_model_does_and_others_say_nothing() {
        let bandit = study(LINES).trials(30).with(|spec| {
            let options = serde_json::json!({ "type": "bandit", "rule": "max_ucb", "inner": "tpe" });
            spec.sampler = serde_json::from_value(options).unwrap();
        });
        let history = bandit.history();
        let trial = history.trials.last().unwrap();
        let of = |model: &str| history.trials.iter().find(|trial| trial.params.text("model").is_ok_and(|m| m == model));
        let points: Vec<Params> = ["deep", "wide"].map(|model| of(model).unwrap().params.clone()).into();
        let said = Proposer::new(&history.spec.sampler).said_of(&history, trial, &points);
        assert!(said.iter().all(|said| matches!(said, Some(Reason::Tpe(_)))), "{said:?}");
        for (sampler, trials) in [("random", 20), ("sobol", 20), ("gp", 3), ("tpe", 3)] {
            let history = study(LINES).sampler(sampler).trials(trials).history();
            let trial = history.trials.last().unwrap();
            assert_eq!(Proposer::new(&history.spec.sampler).said_of(&history, trial, &points), [None, None]);
        }
    }
}
