//! What the libtorch families share: devices, seeds, batches, layers, losses, optimizers, metrics, checkpoints.
//!
//! A family's training loop reads like one in PyTorch, and every number in it follows from one seed:
//!
//! ```
//! use seqtune_nn::checkpoint::{self, Counters};
//! use seqtune_nn::layers::{Linear, dropout};
//! use seqtune_nn::tch::{Kind, Tensor, no_grad};
//! use seqtune_nn::{Batches, DataSet, DeviceChoice, Optimizer, OptimizerKind, Sampling, Variables};
//! use seqtune_nn::{loss, metrics, seed};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let device = "cpu".parse::<DeviceChoice>()?.open()?;
//! // 200 points in the plane; those beyond the diagonal are positive.
//! let x = (Tensor::arange(400, (Kind::Float, device)) * 1.7).sin().view([200, 2]);
//! let y = x.sum_dim_intlist([1_i64].as_slice(), false, Kind::Float).gt(0.0).to_kind(Kind::Float);
//! let data = DataSet::new(device, vec![x, y])?;
//! let (train, valid): (Vec<i64>, Vec<i64>) = ((0..150).collect(), (150..200).collect());
//!
//! let seed = 17;
//! let variables = Variables::new(device, seed);
//! let hidden = Linear::new(&variables.root().at("hidden"), 2, 16)?;
//! let out = Linear::new(&variables.root().at("out"), 16, 1)?;
//! let forward = |x: &Tensor, train: bool| -> seqtune_nn::Result<Tensor> {
//!     let x = dropout(&hidden.forward(x)?.f_relu()?, 0.1, train)?;
//!     Ok(out.forward(&x)?.f_squeeze_dim(1)?)
//! };
//!
//! let mut optimizer = Optimizer::new(OptimizerKind::adam(), 0.02, &variables)?;
//! let batches = Batches::new(train, 32, Sampling::Shuffled, seed)?;
//! for epoch in 0..20 {
//!     for index in &batches.epoch(epoch, device)? {
//!         let batch = data.batch(&index)?;
//!         seed::seed_update(seed, optimizer.updates());
//!         let loss = loss::binary_cross_entropy_with_logits(&forward(&batch[0], true)?, &batch[1], None)?;
//!         optimizer.step(&loss)?;
//!     }
//! }
//!
//! let (mut scores, mut labels) = (Vec::<f64>::new(), Vec::<bool>::new());
//! for batch in data.chunks(&valid, 100)? {
//!     let batch = batch?;
//!     scores.extend(Vec::<f64>::try_from(no_grad(|| forward(&batch[0], false))?.to_kind(Kind::Double))?);
//!     labels.extend(Vec::<bool>::try_from(batch[1].to_kind(Kind::Bool))?);
//! }
//! let auc = metrics::roc_auc(&labels, &scores).ok_or("one class only")?;
//! assert!(auc > 0.95, "{auc}");
//! # let directory = tempfile::tempdir()?;
//! # let directory = directory.path();
//! checkpoint::save(directory, &variables, &optimizer, &Counters::new().with_u64("epoch", 20))?;
//! # Ok(())
//! # }
//! ```
//!
//! Equal seeds give equal bits on one kind of CPU with one build; on a GPU, equal up to the order of its sums. Runs that go on
//! from a checkpoint count as unbroken.

pub mod batch;
pub mod checkpoint;
pub mod device;
pub mod environment;
mod error;
pub mod folds;
pub mod layers;
pub mod lockstep;
pub mod loss;
pub mod metrics;
pub mod optimizer;
pub mod seed;
mod shim;
pub mod variables;

pub use batch::{Batches, DataSet, Sampling};
pub use device::{DeviceChoice, DeviceError, describe, set_threads};
pub use error::{Error, Result, first_line};
pub use lockstep::{FoldTraining, LockStep, TrialFacts};
pub use optimizer::{Optimizer, OptimizerKind};
pub use tch::{self, Device};
pub use variables::{Scope, Variables};
