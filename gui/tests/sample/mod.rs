//! Synthetic studies on disk, for the tests, the bench and the example.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use seqtune_core::testing::study;
use seqtune_core::{AttemptEnd, EventKind, MetricsJson, Origin, Reduce, Seen, Settings, Store, StudySpec};
use seqtune_plugin::{Direction, FailureCause, MetricInfo, MetricValue};

/// The space of the sample: one parameter of each kind, and one that is not always there.
const SPACE: &str = r#"
learning_rate = { type = "float", low = 1e-5, high = 0.1, log = true, doc = "Step size of the optimizer." }
model = { type = "categorical", choices = ["mlp", "cnn", "lstm"] }
filters = { type = "int", low = 8, high = 128, when = { model = "cnn" } }
dropout = { type = "float", low = 0, high = 0.5 }
batch_size = { type = "ordinal", values = [16, 32, 64, 128] }
reverse = { type = "bool" }
"#;

/// What a sample study is.
pub struct Sample {
    /// Its name.
    pub name: &'static str,
    /// Trials.
    pub trials: u64,
    /// Reports of a complete trial.
    pub steps: u64,
    /// Whether the last three trials still run, as after a kill or while the study runs.
    pub running: bool,
}

impl Sample {
    /// What the study is.
    pub fn spec(&self) -> StudySpec {
        let draft = study(SPACE).sampler("random").with(|spec| {
            spec.name = self.name.to_owned();
            spec.objectives[0].metric = "valid/auc".to_owned();
            spec.objectives[0].direction = Direction::Maximize;
            spec.objectives[0].reduce = Reduce::Best;
            spec.trial.steps = self.steps;
            spec.info.step = "epoch".to_owned();
            spec.info.metrics = ["valid/auc", "valid/loss"]
                .map(|name| MetricInfo {
                    name: name.to_owned(),
                    direction: if name == "valid/auc" { Direction::Maximize } else { Direction::Minimize },
                    unit: String::new(),
                    doc: String::new(),
                })
                .into();
        });
        draft.spec().clone()
    }

    /// Its events after the first, trial by trial: every tenth fails, every fifth is pruned, every seventh was
    /// retried.
    pub fn events(&self) -> Vec<EventKind> {
        let spec = self.spec();
        let mut kinds = Vec::new();
        for trial in 0..self.trials {
            let seen = Seen::ResultsBelow(trial);
            let unit: Vec<f64> =
                (0..spec.space.dimensions().len() as u64).map(|axis| noise(trial * 31 + axis)).collect();
            let params = spec.space.decode(&unit).expect("the unit vector has one number a parameter");
            let origin = if trial == 0 { Origin::Default } else { Origin::Sampler };
            let config_key = params.key();
            kinds.push(EventKind::TrialStarted {
                trial,
                params,
                config_key,
                origin,
                space_version: 0,
                replicate: 0,
                seed: 1,
                seen,
            });
            kinds.push(attempt(trial, 0, 0));
            let running = self.running && trial + 3 >= self.trials;
            let (fails, pruned) = (trial % 10 == 7, trial % 5 == 3);
            let last = match (running, fails || pruned) {
                (true, _) => self.steps / 2 + trial % 3,
                (false, true) => (self.steps / 3).max(1),
                (false, false) => self.steps,
            };
            let mut number = 0;
            for step in 1..=last {
                if trial % 7 == 5 && step == self.steps / 2 {
                    let (cause, message) = (AttemptEnd::Lost, String::new());
                    kinds.push(EventKind::AttemptEnded { trial, attempt: 0, cause, message });
                    number = 1;
                    kinds.push(attempt(trial, 1, step - 1));
                }
                kinds.push(report(trial, number, step, quality(&unit), self.steps));
                if step % 10 == 0 {
                    let (path, sha256) = (format!("checkpoints/{trial:04}/last"), "0".repeat(64));
                    kinds.push(EventKind::Checkpointed { trial, attempt: number, step, path, sha256 });
                }
            }
            let end = |cause| EventKind::AttemptEnded { trial, attempt: number, cause, message: String::new() };
            if running {
                continue;
            } else if fails {
                let cause = FailureCause::Diverged;
                let message = format!("the loss is NaN at update {}", 100 + trial);
                kinds.extend([end(AttemptEnd::Failed(cause)), EventKind::Failed { trial, cause, message }]);
            } else if pruned {
                let reason = format!("rung 1: {}th of 9", 5 + trial % 4);
                kinds.extend([end(AttemptEnd::Pruned), EventKind::Pruned { trial, reason, seen }]);
            } else {
                kinds.extend([end(AttemptEnd::Completed), EventKind::Completed { trial }]);
            }
        }
        kinds
    }

    /// Writes it into `folder` and leaves it open, as a running study is.
    pub fn write(&self, folder: &Path) -> (PathBuf, Store) {
        let directory = folder.join(self.name);
        let mut settings = Settings::default();
        settings.budget.trials = Some(self.trials + self.trials / 3);
        let mut store = Store::create(&directory, &self.spec(), &settings, "sample").expect("a new study");
        let started = EventKind::ManagerStarted { pid: 1, host: "here".to_owned(), build: "sample".to_owned() };
        store.append([started]).expect("the first events");
        store.append(self.events()).expect("the sample keeps the rules of the log");
        (directory, store)
    }
}

/// The start of an attempt.
pub fn attempt(trial: u64, attempt: u32, from_step: u64) -> EventKind {
    let device = if trial.is_multiple_of(2) { "cuda:0" } else { "cpu" }.to_owned();
    EventKind::AttemptStarted {
        trial,
        attempt,
        worker: trial % 3,
        device,
        build: BTreeMap::new(),
        from_step,
        elsewhere: Vec::new(),
    }
}

/// A report on a curve that rises to `quality`, in five folds.
pub fn report(trial: u64, attempt: u32, step: u64, quality: f64, steps: u64) -> EventKind {
    let progress = 1.0 - (-4.0 * step as f64 / steps as f64).exp();
    let fold = |fold: u64| 0.5 + (quality - 0.5) * progress + 0.02 * (noise(trial * 977 + step * 13 + fold) - 0.5);
    let auc = MetricValue::mean_of(&[fold(1), fold(2), fold(3), fold(4), fold(5)]);
    let value = auc.value();
    let loss = MetricValue::number(1.2 - value.unwrap_or(0.0));
    let metrics = BTreeMap::from([("valid/auc".to_owned(), auc), ("valid/loss".to_owned(), loss)]);
    EventKind::Reported { trial, attempt, step, value, metrics: MetricsJson::new(&metrics) }
}

/// How good a point is: a bump around the middle of the learning rates, less with dropout.
fn quality(unit: &[f64]) -> f64 {
    0.95 - 0.8 * (unit[0] - 0.55).powi(2) - 0.1 * unit[3] + 0.02 * unit[4]
}

/// A number in 0..1 that depends on nothing but `seed` (SplitMix64).
fn noise(seed: u64) -> f64 {
    let mut bits = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}
