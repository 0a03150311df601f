//! How long `seqtune report` takes: `cargo bench -p seqtune --bench report`.
//!
//! A study of 10,000 trials of 50 reports, twelve parameters and three metrics, of which a third was stopped early.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use seqtune_core::{AttemptEnd, Event, EventKind, MetricsJson, Store, testing};
use seqtune_plugin::MetricValue;
use seqtune_space::Params;

const TRIALS: u64 = 10_000;
const STEPS: u64 = 50;
const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-report-{}", std::process::id()));
    let study = place.join("study");
    std::fs::create_dir_all(&place)?;
    let measured = write(&study).and_then(|()| measure(&study, &place));
    std::fs::remove_dir_all(&place)?;
    measured
}

fn measure(study: &Path, place: &Path) -> Result<(), Box<dyn Error>> {
    let megabytes = study.join("study.db").metadata()?.len() as f64 / 1e6;
    println!("{TRIALS} trials of up to {STEPS} reports, a log of {megabytes:.0} MB; {ROUNDS} rounds each");
    for (command, file) in [("report", "report.html"), ("report", "report.json"), ("status", "")] {
        let output = place.join(file);
        let mut seconds = Vec::new();
        for _ in 0..ROUNDS {
            let mut program = Command::new(env!("CARGO_BIN_EXE_seqtune"));
            program.arg(command).arg(study).stdout(std::process::Stdio::null());
            if !file.is_empty() {
                program.arg("-o").arg(&output);
            }
            let begin = Instant::now();
            if !program.status()?.success() {
                return Err(format!("{command} failed").into());
            }
            seconds.push(begin.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        let size = output.metadata().map_or(0, |data| data.len()) as f64 / 1e6;
        let (median, most) = (seconds[ROUNDS / 2], seconds[ROUNDS - 1]);
        println!("{command:<6} {file:<12} median {median:.2} s, at most {most:.2} s, {size:.1} MB");
    }
    Ok(())
}

/// The study: drawn at random, so that making it takes no sampler's time.
fn write(study: &Path) -> Result<(), Box<dyn Error>> {
    let numbers = (0..8).map(|at| format!("x{at} = {{ type = 'float', low = 0, high = 1 }}\n"));
    let choices = (0..4).map(|at| format!("c{at} = {{ type = 'categorical', choices = ['a', 'b', 'c', 'd'] }}\n"));
    let draft = testing::study(&numbers.chain(choices).collect::<String>()).curves(STEPS, curve).trials(TRIALS);
    let mut kinds = Vec::new();
    for event in draft.events() {
        match event.kind {
            EventKind::TrialStarted { trial, .. } => {
                kinds.push(event.kind);
                let (worker, device, build) = (trial % 8, format!("cuda:{}", trial % 4), Default::default());
                let (attempt, from_step, elsewhere) = (0, 0, Vec::new());
                kinds.push(EventKind::AttemptStarted { trial, attempt, worker, device, build, from_step, elsewhere });
            }
            EventKind::Reported { trial, step, value, .. } if trial % 3 > 0 || step <= STEPS / 5 => {
                let number = value.unwrap_or(f64::NAN);
                let folds: Vec<f64> = (0..5).map(|fold| number + f64::from(fold) / 100.0).collect();
                let metrics = [
                    ("value".to_owned(), MetricValue::number(number)),
                    ("train".to_owned(), MetricValue::number(number / 2.0)),
                    ("folds".to_owned(), MetricValue::mean_of(&folds)),
                ];
                let metrics = MetricsJson::new(&metrics.into());
                kinds.push(EventKind::Reported { trial, attempt: 0, step, value, metrics });
            }
            EventKind::Completed { trial } => {
                let (cause, message) = (AttemptEnd::Completed, String::new());
                kinds.push(EventKind::AttemptEnded { trial, attempt: 0, cause, message });
                let (reason, seen) = ("it was not among the best".to_owned(), seqtune_core::Seen::ResultsBelow(trial));
                let pruned = EventKind::Pruned { trial, reason, seen };
                kinds.push(if trial % 3 == 0 { pruned } else { EventKind::Completed { trial } });
            }
            EventKind::Reported { .. } => {}
            kind => kinds.push(kind),
        }
    }
    let event = |(index, kind): (usize, EventKind)| Event {
        seq: index as u64 + 1,
        at_us: 1_700_000_000_000_000 + 1000 * index as i64,
        kind,
    };
    let events: Vec<Event> = kinds.into_iter().enumerate().map(event).collect();
    Ok(Store::restore(study, &events)?.close()?)
}

fn curve(params: &Params, step: u64) -> f64 {
    let number = |name: &str| params.get(name).and_then(seqtune_space::Value::as_f64).unwrap_or_default();
    let end = (number("x0") - 0.3).abs() + number("x1") * number("x2") + 0.1 * number("x3");
    end + 1.0 / step as f64
}
