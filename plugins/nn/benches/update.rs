//! Microseconds per update on one CPU thread, beside the same update in Python PyTorch with fused Adam (`update.py`).
//!
//! `cargo bench -p seqtune-nn`; `SEQTUNE_PYTHON` names the Python with PyTorch, else `python3`. The two sides take turns: the
//! Python process stays alive and makes one repeat whenever asked, and who goes first alternates, so that other work on the
//! machine falls on both. One update is: indices of a batch of 100, `index_select` of inputs, labels and weights, forward,
//! weighted binary cross-entropy, gradients, Adam. On this side it also seeds libtorch, as every update of a trial does. The
//! peptide models have batches of 16, a sigmoid at the end and squared error.
//!
//! - mlp: 404 - 256 ReLU - 1
//! - cnn: `[4, 101]`, 8 channels of width 8, ReLU, dropout 0.1, max pool 16 stride 4, 160 - 64 ReLU - batch norm - 1
//! - lstm-20 and lstm-101: 4 inputs, hidden 64, 20 or 101 steps, 1 output from the last state
//! - mhc-ffnn: 9 residues embedded 21x32 - 10 sigmoid - 1, weighted
//! - mhc-bilstm: 8 to 15 residues, two thirds of the rows 9, embedded 21x32, biLSTM of 50, dropout 0.25, 1 output from the last
//!   states; packed sequences in Python
//! - mhc-bilstm-variational: the same with input and recurrent dropout of 0.5; in Python the same cell, call for call

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};
use seqtune_nn::batch::Epoch;
use seqtune_nn::layers::{BatchNorm, Conv1d, ConvOptions, Embedding, Linear, Lstm, LstmOptions, dropout};
use seqtune_nn::layers::{Cell, Recurrent, RecurrentOptions};
use seqtune_nn::tch::{Kind, Tensor};
use seqtune_nn::{Batches, DataSet, Device, DeviceChoice, Optimizer, OptimizerKind, Result, Sampling, Variables};
use seqtune_nn::{describe, environment, loss, seed};

const ROWS: i64 = 10_000;
const REPEATS: usize = 15;
const SEED: u64 = 17;

struct Model {
    name: &'static str,
    batch: usize,
    /// Updates in one repeat.
    updates: u64,
    /// The largest allowed ratio to Python's time.
    target: f64,
}

const MODELS: [Model; 7] = [
    Model { name: "mlp", batch: 100, updates: 600, target: 1.0 },
    Model { name: "cnn", batch: 100, updates: 400, target: 1.1 },
    Model { name: "lstm-20", batch: 100, updates: 150, target: 1.0 },
    Model { name: "lstm-101", batch: 100, updates: 40, target: 1.0 },
    Model { name: "mhc-ffnn", batch: 16, updates: 1500, target: 1.0 },
    Model { name: "mhc-bilstm", batch: 16, updates: 300, target: 1.0 },
    Model { name: "mhc-bilstm-variational", batch: 16, updates: 150, target: 1.0 },
];

/// The loss of a batch.
type Loss = Box<dyn Fn(&[Tensor]) -> Result<Tensor>>;
type Failure = Box<dyn std::error::Error>;

fn main() -> std::result::Result<(), Failure> {
    environment::ensure_environment()?;
    let device = DeviceChoice::Cpu.open()?;
    println!("{}", describe(device));
    let mut python = Python::start();
    if let Err(reason) = &python {
        println!("Python PyTorch is not there ({reason}): only this side is measured. Set SEQTUNE_PYTHON to compare.");
    }
    println!(
        "{:22} {:>10} {:>10} {:>8} {:>10} {:>10} {:>8} {:>8}",
        "model", "wall us", "Python", "ratio", "CPU us", "Python", "ratio", "target"
    );
    // Names of models on the command line choose among them; cargo adds `--bench`.
    let chosen: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for model in MODELS.iter().filter(|model| chosen.is_empty() || chosen.iter().any(|name| name == model.name)) {
        let &Model { name, updates, target, .. } = model;
        let mut trial = Trial::new(model)?;
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        // The repeat before the first is a warm-up for both.
        for repeat in 0..=REPEATS {
            for ours_now in [repeat % 2 == 0, repeat % 2 == 1] {
                if ours_now {
                    ours.push(trial.repeat(updates)?);
                } else if let Ok(python) = &mut python {
                    theirs.push(python.repeat(name, updates)?);
                }
            }
        }
        let (wall, cpu) = medians(&ours);
        if theirs.is_empty() {
            println!("{name:22} {wall:10.1} {:>10} {:>8} {cpu:10.1}", "-", "-");
            continue;
        }
        let (python_wall, python_cpu) = medians(&theirs);
        println!(
            "{name:22} {wall:10.1} {python_wall:10.1} {:8.3} {cpu:10.1} {python_cpu:10.1} {:8.3} {target:8.1}",
            wall / python_wall,
            cpu / python_cpu,
        );
    }
    if let Ok(python) = python {
        python.stop()?;
    }
    Ok(())
}

/// Microseconds of wall time and of CPU time for one update, in one repeat.
type Timing = (f64, f64);

fn medians(timings: &[Timing]) -> Timing {
    let median = |pick: fn(&Timing) -> f64| {
        let mut values: Vec<f64> = timings[1..].iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    (median(|timing| timing.0), median(|timing| timing.1))
}

struct Trial {
    loss: Loss,
    data: DataSet,
    batches: Batches,
    epoch: Epoch,
    optimizer: Optimizer,
}

impl Trial {
    fn new(model: &Model) -> Result<Self> {
        let variables = Variables::new(Device::Cpu, SEED);
        let (loss, mut columns) = build(model.name, &variables)?;
        let optimizer = Optimizer::new(OptimizerKind::adam(), 1e-3, &variables)?;
        let options = (Kind::Float, Device::Cpu);
        columns.push(Tensor::f_randint(2, [ROWS], options)?);
        columns.push(Tensor::f_ones([ROWS], options)?);
        let data = DataSet::new(Device::Cpu, columns)?;
        let batches = Batches::new((0..ROWS).collect(), model.batch, Sampling::Shuffled, SEED)?;
        let epoch = batches.epoch(0, Device::Cpu)?;
        Ok(Self { loss, data, batches, epoch, optimizer })
    }

    fn repeat(&mut self, updates: u64) -> Result<Timing> {
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        for _ in 0..updates {
            let update = self.optimizer.updates();
            let per_epoch = self.batches.per_epoch() as u64;
            if update.is_multiple_of(per_epoch) {
                self.epoch = self.batches.epoch(update / per_epoch, Device::Cpu)?;
            }
            let batch = self.data.batch(&self.epoch.index((update % per_epoch) as usize)?)?;
            seed::seed_update(SEED, update);
            self.optimizer.step(&(self.loss)(&batch)?)?;
        }
        let each = 1e6 / updates as f64;
        Ok((wall.elapsed().as_secs_f64() * each, (cpu_seconds() - cpu) * each))
    }
}

/// The loss of a model in training, and its inputs for all rows. Labels and weights follow these in a batch.
fn build(name: &str, variables: &Variables) -> Result<(Loss, Vec<Tensor>)> {
    let root = variables.root();
    let zeros_and_ones = |shape: &[i64]| Tensor::f_randint(2, [&[ROWS], shape].concat(), (Kind::Float, Device::Cpu));
    let cross_entropy = |logits: &Tensor, batch: &[Tensor]| {
        loss::binary_cross_entropy_with_logits(&logits.f_squeeze_dim(1)?, &batch[1], Some(&batch[2]))
    };
    match name {
        "mlp" => {
            let hidden = Linear::new(&root.at("hidden"), 404, 256)?;
            let out = Linear::new(&root.at("out"), 256, 1)?;
            let loss =
                move |batch: &[Tensor]| cross_entropy(&out.forward(&hidden.forward(&batch[0])?.f_relu()?)?, batch);
            Ok((Box::new(loss), vec![zeros_and_ones(&[404])?]))
        }
        "cnn" => {
            let conv = Conv1d::new(&root.at("conv"), 4, 8, 8, ConvOptions::default())?;
            let hidden = Linear::new(&root.at("hidden"), 160, 64)?;
            let norm = BatchNorm::new(&root.at("norm"), 64)?;
            let out = Linear::new(&root.at("out"), 64, 1)?;
            let loss = move |batch: &[Tensor]| {
                let x = dropout(&conv.forward(&batch[0])?.f_relu()?, 0.1, true)?;
                let x = x.f_max_pool1d([16], [4], [0], [1], false)?.f_flatten(1, -1)?;
                let x = norm.forward(&hidden.forward(&x)?.f_relu()?, true)?;
                cross_entropy(&out.forward(&x)?, batch)
            };
            Ok((Box::new(loss), vec![zeros_and_ones(&[4, 101])?]))
        }
        "lstm-20" | "lstm-101" => {
            let options = LstmOptions { inputs: 4, hidden: 64, layers: 1, bidirectional: false, dropout: 0.0 };
            let lstm = Lstm::new(&root.at("lstm"), options)?;
            let out = Linear::new(&root.at("out"), 64, 1)?;
            let loss = move |batch: &[Tensor]| {
                let last = lstm.forward(&batch[0].f_permute([2, 0, 1])?, true)?.last;
                cross_entropy(&out.forward(&last)?, batch)
            };
            Ok((Box::new(loss), vec![zeros_and_ones(&[4, if name == "lstm-20" { 20 } else { 101 }])?]))
        }
        "mhc-ffnn" => {
            let table = Embedding::uniform(&root.at("table"), 21, 32, 0.05)?;
            let hidden = Linear::glorot(&root.at("hidden"), 288, 10)?;
            let out = Linear::glorot(&root.at("out"), 10, 1)?;
            let loss = move |batch: &[Tensor]| {
                let x = table.forward(&batch[0])?.f_flatten(1, 2)?;
                let y = out.forward(&hidden.forward(&x)?.f_sigmoid()?)?.f_sigmoid()?.f_squeeze_dim(1)?;
                loss::mean_squared_error(&y, &batch[1], Some(&batch[2]))
            };
            Ok((Box::new(loss), vec![Tensor::f_randint(21, [ROWS, 9], (Kind::Int64, Device::Cpu))?]))
        }
        _ => {
            let rate = if name == "mhc-bilstm" { 0.0 } else { 0.5 };
            let options = RecurrentOptions {
                cell: Cell::Lstm,
                inputs: 32,
                hidden: 50,
                layers: 1,
                bidirectional: true,
                input_dropout: rate,
                recurrent_dropout: rate,
            };
            let table = Embedding::uniform(&root.at("table"), 21, 32, 0.05)?;
            let lstm = Recurrent::new(&root.at("lstm"), options)?;
            let out = Linear::glorot(&root.at("out"), 100, 1)?;
            let loss = move |batch: &[Tensor]| {
                let x = table.forward(&batch[0].f_transpose(0, 1)?)?;
                let last = dropout(&lstm.forward(&[x], &batch[1], true)?.last, 0.25, true)?;
                loss::mean_squared_error(&out.forward(&last)?.f_sigmoid()?.f_squeeze_dim(1)?, &batch[2], None)
            };
            let integers = (Kind::Int64, Device::Cpu);
            let residues = Tensor::f_randint_low(1, 21, [ROWS, 15], integers)?;
            let lengths = Tensor::f_randint_low(8, 16, [ROWS], integers)?;
            let nine = Tensor::f_randint(10, [ROWS], integers)?.f_lt(6)?;
            let lengths = lengths.f_masked_fill(&nine, 9)?;
            let padding = Tensor::f_arange(15, integers)?.f_ge_tensor(&lengths.f_unsqueeze(1)?)?;
            Ok((Box::new(loss), vec![residues.f_masked_fill(&padding, 0)?, lengths]))
        }
    }
}

/// CPU time of this process, all threads.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

struct Python {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Python {
    fn start() -> std::result::Result<Self, Failure> {
        let program = env::var("SEQTUNE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/update.py");
        let mut process = Command::new(&program)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(questions), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("no pipes".into());
        };
        let mut python = Self { process, questions, answers: BufReader::new(answers) };
        let ready = python.line()?;
        let Some(version) = ready.strip_prefix("ready ") else {
            return Err(format!("{program} cannot import torch").into());
        };
        println!("Python PyTorch {version}");
        Ok(python)
    }

    fn repeat(&mut self, name: &str, updates: u64) -> std::result::Result<Timing, Failure> {
        writeln!(self.questions, "{name} {updates}")?;
        let line = self.line()?;
        let (wall, cpu) = line.split_once(' ').ok_or("Python stopped")?;
        let each = 1e-3 / updates as f64;
        Ok((wall.parse::<f64>()? * each, cpu.parse::<f64>()? * each))
    }

    fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// Ends the process by ending its input.
    fn stop(mut self) -> std::io::Result<()> {
        drop(self.questions);
        self.process.wait().map(|_| ())
    }
}
