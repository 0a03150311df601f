//! Layers that the families share, with PyTorch's default initial values.
//!
//! ```
//! use seqtune_nn::layers::{BatchNorm, Conv1d, ConvOptions, Linear, dropout};
//! use seqtune_nn::tch::{Kind, Tensor};
//! use seqtune_nn::{Device, Variables};
//!
//! let variables = Variables::new(Device::Cpu, 17);
//! let root = variables.root();
//! let conv = Conv1d::new(&root.at("conv"), 4, 8, 8, ConvOptions::default())?;
//! let norm = BatchNorm::new(&root.at("norm"), 8)?;
//! let out = Linear::new(&root.at("out"), 8, 1)?;
//!
//! let forward = |x: &Tensor, train: bool| -> seqtune_nn::Result<Tensor> {
//!     let x = norm.forward(&conv.forward(x)?.f_relu()?, train)?;      // [batch, 8, 94]
//!     let x = dropout(&x.f_amax(-1, false)?, 0.1, train)?;            // [batch, 8]
//!     Ok(out.forward(&x)?.f_squeeze_dim(1)?)                          // [batch]
//! };
//! let windows = Tensor::zeros([3, 4, 101], (Kind::Float, Device::Cpu));
//! assert_eq!(forward(&windows, true)?.size(), [3]);
//! # Ok::<(), seqtune_nn::Error>(())
//! ```
//!
//! Dropout comes from libtorch's generator, which [`seed_update`](crate::seed::seed_update) seeds before every update.

mod dense;
mod dropout;
mod masked;
mod norm;
mod recurrent;

pub use dense::{Conv1d, ConvOptions, Embedding, Linear};
pub use dropout::{dropout, row_dropout, shared_dropout};
pub use masked::{Cell, Recurrent, RecurrentOptions, RecurrentOutput};
pub use norm::BatchNorm;
pub use recurrent::{Lstm, LstmOptions, LstmOutput};

use crate::error::{Error, Result};

/// Refuses a size below 1, saying whose it is.
fn positive(what: &str, size: i64) -> Result<()> {
    if size > 0 { Ok(()) } else { Err(Error::input(format!("{what} must be at least 1, not {size}"))) }
}
