//! Convolutional network: filters that slide along the window, and what is kept of their answers.

use seqtune_nn::layers::{Conv1d, ConvOptions, dropout};
use seqtune_nn::tch::Tensor;
use seqtune_nn::{Result, Scope};
use seqtune_plugin::FamilyError;
use seqtune_space::Params;

use crate::parameters::unknown;

/// Sizes of a [`Cnn`].
#[derive(Clone, Debug, PartialEq)]
pub struct CnnOptions {
    channels: i64,
    kernel: i64,
    second_kernel: Option<i64>,
    pool: Pool,
}

/// What is kept of a filter's answers along the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pool {
    /// The largest.
    Max,
    /// The largest and the mean.
    MaxMean,
    /// The largest of each `size` positions, every `stride` positions.
    Local { size: i64, stride: i64 },
}

impl CnnOptions {
    /// Reads a complete point.
    ///
    /// # Errors
    /// [`FamilyError::BadParams`] where a filter or a pool is longer than what it slides along.
    pub fn read(params: &Params, length: usize) -> std::result::Result<CnnOptions, FamilyError> {
        let bad = |message: String| Err(FamilyError::BadParams(message));
        let kernel = params.int("kernel")?;
        if kernel > length as i64 {
            return bad(format!(
                "parameter `kernel` is {kernel}, but the windows have {length} bases; it must be at most {length}"
            ));
        }
        let mut options =
            CnnOptions { channels: params.int("channels")?, kernel, second_kernel: None, pool: Pool::Max };
        if params.bool("second_conv")? {
            let (second, left) = (params.int("second_kernel")?, options.positions(length));
            if second > left {
                return bad(format!(
                    "parameter `second_kernel` is {second}, but the first convolution leaves {left} positions; it must \
                     be at most {left}"
                ));
            }
            options.second_kernel = Some(second);
        }
        options.pool = match params.text("pool")? {
            "max" => Pool::Max,
            "max_mean" => Pool::MaxMean,
            "local" => {
                let (size, left) = (params.int("pool_size")?, options.positions(length));
                if size > left {
                    return bad(format!(
                        "parameter `pool_size` is {size}, but the convolution leaves {left} positions; it must be at \
                         most {left}"
                    ));
                }
                Pool::Local { size, stride: params.int("pool_stride")? }
            }
            other => return Err(unknown("pool", other)),
        };
        Ok(options)
    }

    /// Features of a window of `length` bases.
    pub fn features(&self, length: usize) -> i64 {
        match self.pool {
            Pool::Max => self.channels,
            Pool::MaxMean => 2 * self.channels,
            Pool::Local { size, stride } => self.channels * ((self.positions(length) - size) / stride + 1),
        }
    }

    /// Positions behind the convolutions.
    fn positions(&self, length: usize) -> i64 {
        length as i64 - (self.kernel - 1) - self.second_kernel.map_or(0, |kernel| kernel - 1)
    }
}

/// One or two convolutions without padding, each with ReLU; dropout between them; pooling.
#[derive(Debug)]
pub struct Cnn {
    first: Conv1d,
    second: Option<Conv1d>,
    pool: Pool,
    dropout: f64,
}

impl Cnn {
    /// Makes the variables.
    pub fn new(scope: &Scope<'_>, options: &CnnOptions, dropout: f64) -> Result<Cnn> {
        let conv = |name: &str, inputs: i64, kernel: i64| {
            Conv1d::new(&scope.at(name), inputs, options.channels, kernel, ConvOptions::default())
        };
        Ok(Cnn {
            first: conv("first", 4, options.kernel)?,
            second: options.second_kernel.map(|kernel| conv("second", options.channels, kernel)).transpose()?,
            pool: options.pool,
            dropout,
        })
    }

    /// The features of the two strands as one: the larger of maxima, the mean of means. `[batch, features]` each.
    pub fn merge(&self, strand: &Tensor, other: &Tensor) -> Result<Tensor> {
        let larger = strand.f_maximum(other)?;
        if self.pool != Pool::MaxMean {
            return Ok(larger);
        }
        let channels = larger.size()[1] / 2;
        let mean = ((strand.f_add(other)?).f_mul_scalar(0.5)?).f_narrow(1, channels, channels)?;
        Ok(Tensor::f_cat(&[larger.f_narrow(1, 0, channels)?, mean], 1)?)
    }

    /// `[batch, 4, length]` to `[batch, features]`.
    pub fn forward(&self, windows: &Tensor, train: bool) -> Result<Tensor> {
        let mut answers = self.first.forward(windows)?.f_relu()?;
        if let Some(second) = &self.second {
            answers = second.forward(&dropout(&answers, self.dropout, train)?)?.f_relu()?;
        }
        Ok(match self.pool {
            Pool::Max => answers.f_amax(-1, false)?,
            Pool::MaxMean => {
                let mean = answers.f_mean_dim(-1, false, answers.kind())?;
                Tensor::f_cat(&[answers.f_amax(-1, false)?, mean], 1)?
            }
            Pool::Local { size, stride } => {
                answers.f_max_pool1d([size], [stride], [0], [1], false)?.f_flatten(1, -1)?
            }
        })
    }
}
