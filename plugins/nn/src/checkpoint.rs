//! A model in training on disk, to go on from bit for bit.
//!
//! ```
//! use seqtune_nn::checkpoint::{self, Counters};
//! use seqtune_nn::{Device, Optimizer, OptimizerKind, Variables};
//!
//! # let directory = tempfile::tempdir().expect("a temporary directory");
//! # let directory = directory.path();
//! let variables = Variables::new(Device::Cpu, 17);
//! variables.root().uniform("weight", &[3], 1.0)?;
//! let mut optimizer = Optimizer::new(OptimizerKind::adam(), 1e-3, &variables)?;
//! let counters = Counters::new().with_u64("epoch", 3).with_f64("best", 0.71);
//! checkpoint::save(directory, &variables, &optimizer, &counters)?;
//!
//! let counters = checkpoint::load(directory, &variables, &mut optimizer)?;
//! assert_eq!(counters.u64("epoch"), Some(3));
//! # Ok::<(), seqtune_nn::Error>(())
//! ```
//!
//! A checkpoint is a directory of three files: `weights.safetensors` (all variables, buffers included),
//! `optimizer.safetensors`, and `state.json` with the counters and the digests of the other two. `state.json` is written last
//! and a set whose digests disagree is refused, so a save cut short is never taken for a checkpoint. Several models of one
//! trial, such as its folds, take a directory each. The bytes depend on the values alone, so equal states have equal digests.
//!
//! Random numbers need no saving: see [`seed`](crate::seed).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use safetensors::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tch::{Device, Kind, Tensor, no_grad};

use crate::error::{Error, Result};
use crate::optimizer::Optimizer;
use crate::variables::Variables;

const WEIGHTS: &str = "weights.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const STATE: &str = "state.json";
const FORMAT: u32 = 1;

/// Named numbers that go with a checkpoint: epoch, update, best value so far. They come back exactly, NaN and infinities too.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    integers: BTreeMap<String, u64>,
    /// As the bits of the number: JSON has no NaN and no infinity.
    floats: BTreeMap<String, u64>,
}

impl Counters {
    /// No numbers.
    pub fn new() -> Self {
        Self::default()
    }

    /// With an integer.
    #[must_use]
    pub fn with_u64(mut self, name: &str, value: u64) -> Self {
        self.integers.insert(name.to_owned(), value);
        self
    }

    /// With a number.
    #[must_use]
    pub fn with_f64(mut self, name: &str, value: f64) -> Self {
        self.floats.insert(name.to_owned(), value.to_bits());
        self
    }

    /// The integer of that name.
    pub fn u64(&self, name: &str) -> Option<u64> {
        self.integers.get(name).copied()
    }

    /// The number of that name.
    pub fn f64(&self, name: &str) -> Option<f64> {
        self.floats.get(name).copied().map(f64::from_bits)
    }
}

#[derive(Serialize, Deserialize)]
struct Saved {
    format: u32,
    counters: Counters,
    /// SHA-256 of each of the other files, in hexadecimal.
    sha256: BTreeMap<String, String>,
}

/// Writes a checkpoint into `directory`, which is made where it does not exist. Each file is written beside its place, put on
/// disk, and renamed.
///
/// # Errors
/// [`Error::Checkpoint`] when a file cannot be written.
pub fn save(directory: &Path, variables: &Variables, optimizer: &Optimizer, counters: &Counters) -> Result<()> {
    fs::create_dir_all(directory).map_err(|error| problem(directory, error))?;
    let mut sha256 = BTreeMap::new();
    for (name, tensors) in [(WEIGHTS, variables.all()), (OPTIMIZER, optimizer.state())] {
        let bytes = to_bytes(&tensors).map_err(|error| problem(&directory.join(name), error))?;
        sha256.insert(name.to_owned(), digest(&bytes));
        write(&directory.join(name), &bytes)?;
    }
    let saved = Saved { format: FORMAT, counters: counters.clone(), sha256 };
    let text = serde_json::to_vec_pretty(&saved).map_err(|error| problem(&directory.join(STATE), error))?;
    write(&directory.join(STATE), &text)?;
    // The names are on disk only when their directory is.
    if cfg!(unix) {
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(|error| problem(directory, error))?;
    }
    Ok(())
}

/// Reads a checkpoint into the variables and the optimizer that it was saved from, or others like them.
///
/// # Errors
/// [`Error::Checkpoint`] for a file that is missing, damaged, of a newer format, or of another model or optimizer;
/// then nothing is changed.
pub fn load(directory: &Path, variables: &Variables, optimizer: &mut Optimizer) -> Result<Counters> {
    let saved = read_state(directory)?;
    let weights = read_tensors(directory, WEIGHTS, &saved, variables.device())?;
    let state = read_tensors(directory, OPTIMIZER, &saved, variables.device())?;
    let before = optimizer.state();
    optimizer.load_state(&state).map_err(|error| problem(&directory.join(OPTIMIZER), error))?;
    if let Err(error) = variables.restore(&weights) {
        optimizer.load_state(&before)?;
        return Err(problem(&directory.join(WEIGHTS), error));
    }
    Ok(saved.counters)
}

/// Reads the weights only: to apply a finished model.
///
/// # Errors
/// As [`load`].
pub fn load_weights(directory: &Path, variables: &Variables) -> Result<Counters> {
    let saved = read_state(directory)?;
    let weights = read_tensors(directory, WEIGHTS, &saved, variables.device())?;
    variables.restore(&weights).map_err(|error| problem(&directory.join(WEIGHTS), error))?;
    Ok(saved.counters)
}

fn problem(path: &Path, problem: impl ToString) -> Error {
    Error::Checkpoint { path: path.to_owned(), problem: problem.to_string() }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("partial");
    let written = || -> std::io::Result<()> {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    written().map_err(|error| problem(path, error))
}

fn read_state(directory: &Path) -> Result<Saved> {
    let path = directory.join(STATE);
    let text = fs::read(&path).map_err(|error| problem(&path, error))?;
    let saved: Saved = serde_json::from_slice(&text).map_err(|error| problem(&path, error))?;
    if saved.format > FORMAT {
        let text = format!("it has format {}, this program reads up to {FORMAT}: use a newer version", saved.format);
        return Err(problem(&path, text));
    }
    Ok(saved)
}

fn read_tensors(directory: &Path, name: &str, saved: &Saved, device: Device) -> Result<Vec<(String, Tensor)>> {
    let path = directory.join(name);
    let bytes = fs::read(&path).map_err(|error| problem(&path, error))?;
    if saved.sha256.get(name) != Some(&digest(&bytes)) {
        return Err(problem(&path, "it is damaged or belongs to another save than state.json"));
    }
    let file = SafeTensors::deserialize(&bytes).map_err(|error| problem(&path, error))?;
    file.iter()
        .map(|(name, view)| {
            let kind =
                kind_of(view.dtype()).ok_or_else(|| problem(&path, format!("`{name}` is of an unknown type")))?;
            let shape: Vec<i64> = view.shape().iter().map(|&size| size as i64).collect();
            Ok((name.to_owned(), Tensor::f_from_data_size(view.data(), &shape, kind)?.f_to_device(device)?))
        })
        .collect()
}

/// A tensor's bytes on the host.
struct Bytes {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl View for Bytes {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.data)
    }

    fn data_len(&self) -> usize {
        self.data.len()
    }
}

fn to_bytes(tensors: &[(String, Tensor)]) -> Result<Vec<u8>> {
    let views = tensors
        .iter()
        .map(|(name, tensor)| {
            let tensor = no_grad(|| tensor.detach().f_to_device(Device::Cpu)?.f_contiguous())?;
            let kind = tensor.f_kind()?;
            let dtype =
                dtype_of(kind).ok_or_else(|| Error::input(format!("`{name}` cannot be saved: it is {kind:?}")))?;
            let mut data = vec![0; tensor.numel() * kind.elt_size_in_bytes()];
            tensor.f_copy_data_u8(&mut data, tensor.numel())?;
            let shape = tensor.size().into_iter().map(|size| size as usize).collect();
            Ok((name.as_str(), Bytes { dtype, shape, data }))
        })
        .collect::<Result<Vec<_>>>()?;
    safetensors::serialize(views, None).map_err(|error| Error::input(error.to_string()))
}

const KINDS: [(Kind, Dtype); 5] = [
    (Kind::Float, Dtype::F32),
    (Kind::Double, Dtype::F64),
    (Kind::Int64, Dtype::I64),
    (Kind::Int, Dtype::I32),
    (Kind::Uint8, Dtype::U8),
];

fn dtype_of(kind: Kind) -> Option<Dtype> {
    KINDS.iter().find(|pair| pair.0 == kind).map(|pair| pair.1)
}

fn kind_of(dtype: Dtype) -> Option<Kind> {
    KINDS.iter().find(|pair| pair.1 == dtype).map(|pair| pair.0)
}

#[cfg(test)]
mod tests;
