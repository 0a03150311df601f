//! How fast the log is: `cargo xtask bench log`.
//!
//! - Eight streams of trials through one writer, which commits all that waits in one transaction, as the manager does; the
//!   same writer with a transaction for each message; and Optuna on SQLite with eight processes, where
//!   `SEQTUNE_BENCH_PYTHON` names a Python that has it.
//! - Opening a study of 10,000 trials of 50 reports, and folding it.
//!
//! `-- throughput` and `-- opening` run one of the two.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use seqtune_core::{AttemptEnd, EventKind, MetricsJson, Proposer, Settings, Store, StoreReader, testing};
use seqtune_plugin::MetricValue;

const STREAMS: usize = 8;
/// With the start and the end, a trial takes two transactions more.
const REPORTS: u64 = 10;
const ROUNDS: usize = 5;

const SPACE: &str = "lr = { type = 'float', low = 1e-5, high = 0.1, log = true }\n\
                     width = { type = 'int', low = 8, high = 512, log = true }\n\
                     model = { type = 'categorical', choices = ['cnn', 'lstm', 'mlp'] }";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let scratch = Scratch::new()?;
    let asked = |part: &str| {
        // cargo adds options of its own.
        let mut named = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
        named.peek().is_none() || named.any(|name| name == part)
    };
    if asked("throughput") {
        throughput(&scratch)?;
    }
    if asked("opening") {
        opening(&scratch)?;
    }
    Ok(())
}

/// A directory on the disk of the build, since that of temporary files may be in memory.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Outcome<Scratch> {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-log-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        Ok(Scratch(directory))
    }

    fn study(&self, name: &str) -> Outcome<Store> {
        let draft = testing::study(SPACE);
        Ok(Store::create(&self.0.join(name), draft.spec(), &Settings::default(), "bench")?)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left lies in the build's own directory.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How a writer commits.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Commit {
    /// All that waits together.
    Together,
    /// Each message by itself.
    Each,
}

fn throughput(scratch: &Scratch) -> Outcome<()> {
    println!("{STREAMS} streams, trials of {REPORTS} reports, synchronous=FULL; median of {ROUNDS} rounds, in turn");
    let mut rates = [Vec::new(), Vec::new()];
    let mut theirs = Vec::new();
    let python = std::env::var_os("SEQTUNE_BENCH_PYTHON");
    for round in 0..ROUNDS {
        // Enough for some seconds of each.
        for (commit, trials) in [(Commit::Together, 60), (Commit::Each, 15)] {
            let (seconds, commits) = write(scratch.study(&format!("{commit:?}-{round}"))?, commit, trials)?;
            let trials = STREAMS as f64 * f64::from(trials);
            let messages = trials * (REPORTS + 2) as f64;
            rates[commit as usize].push(trials / seconds);
            println!(
                "  {commit:<9?} {:>8.1} trials/s {:>9.0} messages/s {:>7.0} transactions/s of {:.1} messages",
                trials / seconds,
                messages / seconds,
                commits as f64 / seconds,
                messages / commits as f64
            );
        }
        if let Some(python) = &python {
            let database = scratch.0.join(format!("optuna-{round}.db"));
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/log.py");
            let output = Command::new(python).arg(script).arg(database).arg(STREAMS.to_string()).output()?;
            let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            let rate: f64 =
                said.parse().map_err(|_| format!("Optuna: {said}\n{}", String::from_utf8_lossy(&output.stderr)))?;
            println!("  Optuna    {rate:>8.1} trials/s");
            theirs.push(rate);
        }
    }
    let ratios = rates[0].iter().zip(&rates[1]).map(|(together, each)| together / each).collect();
    let [together, each] = rates.map(median);
    println!("together {together:.1} trials/s, each {each:.1}: {:.1} times in the median round", median(ratios));
    match theirs.is_empty() {
        true => println!("Optuna was not asked: SEQTUNE_BENCH_PYTHON is not set"),
        false => {
            let theirs = median(theirs);
            println!("Optuna {theirs:.2} trials/s: {:.0} times", together / theirs);
        }
    }
    Ok(())
}

/// What a stream says to the writer, and where it waits for the answer: the number of the trial that it started, or nothing.
struct Message {
    said: Said,
    answer: Sender<u64>,
}

enum Said {
    Start,
    Report(u64, u64),
    Done(u64),
}

/// Seconds and transactions that a writer takes for so many trials of each stream.
fn write(mut store: Store, commit: Commit, trials: u32) -> Outcome<(f64, u64)> {
    let (sender, messages) = channel();
    let begin = Instant::now();
    let streams: Vec<_> = (0..STREAMS)
        .map(|_| {
            let sender = sender.clone();
            thread::spawn(move || stream(&sender, trials))
        })
        .collect();
    drop(sender);
    let commits = take(&mut store, &messages, commit)?;
    let seconds = begin.elapsed().as_secs_f64();
    for stream in streams {
        stream.join().map_err(|_| "a stream panicked")?;
    }
    store.close()?;
    Ok((seconds, commits))
}

/// A worker: each message waits for its answer, as with the worker protocol.
fn stream(writer: &Sender<Message>, trials: u32) {
    let (answer, answers) = channel();
    let ask = |said: Said| {
        let sent = writer.send(Message { said, answer: answer.clone() });
        sent.ok().and_then(|()| answers.recv().ok()).unwrap_or_default()
    };
    for _ in 0..trials {
        let trial = ask(Said::Start);
        for step in 1..=REPORTS {
            ask(Said::Report(trial, step));
        }
        ask(Said::Done(trial));
    }
}

/// The manager's loop: hear, commit, answer. As the manager does, it waits for those that have not spoken for half of what the
/// last commit took.
fn take(store: &mut Store, messages: &Receiver<Message>, commit: Commit) -> Outcome<u64> {
    let mut history = store.history()?;
    let proposer = Proposer::new(&history.spec.sampler);
    let mut commits = 0;
    let mut commit_time = Duration::ZERO;
    while let Ok(first) = messages.recv() {
        let mut batch = vec![first];
        let until = Instant::now() + commit_time / 2;
        while commit == Commit::Together && batch.len() < STREAMS {
            match messages.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(message) => batch.push(message),
                Err(_) => break,
            }
        }
        let mut kinds = Vec::new();
        let mut answers = Vec::new();
        let mut next = history.trials.len() as u64;
        for Message { said, answer } in batch {
            answers.push((answer, next));
            match said {
                Said::Start => {
                    kinds.push(proposer.propose(&history, next)?.into_event());
                    kinds.push(started(next));
                    next += 1;
                }
                Said::Report(trial, step) => kinds.push(reported(trial, step)),
                Said::Done(trial) => kinds.extend(done(trial)),
            }
        }
        let begin = Instant::now();
        let events = store.append(kinds)?;
        commit_time = begin.elapsed();
        for event in events {
            history.apply(&event)?;
        }
        commits += 1;
        for (answer, number) in answers {
            // A stream waits for each answer.
            let _ = answer.send(number);
        }
    }
    Ok(commits)
}

fn started(trial: u64) -> EventKind {
    EventKind::AttemptStarted {
        trial,
        attempt: 0,
        worker: 0,
        device: "cpu".to_owned(),
        build: [("seqtune-worker", "0.1.0"), ("host", "bench")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        from_step: 0,
        elsewhere: Vec::new(),
    }
}

fn reported(trial: u64, step: u64) -> EventKind {
    let value = 1.0 / (trial + step) as f64;
    let metrics = [("train/loss", value * 0.9), ("valid/loss", value), ("value", value)]
        .map(|(name, value)| (name.to_owned(), MetricValue::number(value)));
    EventKind::Reported { trial, attempt: 0, step, value: Some(value), metrics: MetricsJson::new(&metrics.into()) }
}

fn done(trial: u64) -> [EventKind; 2] {
    let message = String::new();
    [
        EventKind::AttemptEnded { trial, attempt: 0, cause: AttemptEnd::Completed, message },
        EventKind::Completed { trial },
    ]
}

fn opening(scratch: &Scratch) -> Outcome<()> {
    const TRIALS: u64 = 10_000;
    const STEPS: u64 = 50;
    let mut store = scratch.study("large")?;
    let mut history = store.history()?;
    let proposer = Proposer::new(&history.spec.sampler);
    for trial in 0..TRIALS {
        let mut kinds = vec![proposer.propose(&history, trial)?.into_event(), started(trial)];
        kinds.extend((1..=STEPS).map(|step| reported(trial, step)));
        kinds.extend(done(trial));
        for event in store.append(kinds)? {
            history.apply(&event)?;
        }
    }
    let seq = history.seq;
    drop(history);
    store.close()?;
    let place = scratch.0.join("large");
    let (mut times, mut busy) = (Vec::new(), Vec::new());
    for _ in 0..2 * ROUNDS {
        let (begin, spent) = (Instant::now(), processor_time());
        let history = StoreReader::open(&place)?.history()?;
        times.push(begin.elapsed().as_secs_f64());
        busy.extend(processor_time().zip(spent).map(|(now, then)| now - then));
        assert_eq!((history.seq, history.trials.len() as u64), (seq, TRIALS));
    }
    let least = times.iter().copied().fold(f64::INFINITY, f64::min);
    let megabytes = place.join("study.db").metadata()?.len() as f64 / 1e6;
    println!("opening and folding {TRIALS} trials of {STEPS} reports ({seq} events, {megabytes:.0} MB):");
    println!("  median {:.3} s, least {least:.3} s of {}", median(times), 2 * ROUNDS);
    if !busy.is_empty() {
        println!("  processor time, which other programs take no part of: median {:.3} s", median(busy));
    }
    Ok(())
}

/// Seconds that this thread was on a processor, where the system tells.
fn processor_time() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(|nanoseconds: f64| nanoseconds / 1e9)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
