//! Layers without memory: linear, one-dimensional convolution, embedding.

use tch::Tensor;

use super::{positive, row_dropout};
use crate::error::{Error, Result};
use crate::variables::Scope;

/// `x * weight' + bias`.
///
/// Variables `weight` `[outputs, inputs]` and `bias` `[outputs]` start uniform in ±1/sqrt(inputs), as torch.nn.Linear's.
#[derive(Debug)]
pub struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    /// A new layer at `scope`.
    ///
    /// # Errors
    /// [`Error::Input`] for a size below 1 or a name that is taken.
    pub fn new(scope: &Scope<'_>, inputs: i64, outputs: i64) -> Result<Self> {
        positive("the inputs of a linear layer", inputs)?;
        positive("the outputs of a linear layer", outputs)?;
        let bound = 1.0 / (inputs as f64).sqrt();
        Ok(Self {
            weight: scope.uniform("weight", &[outputs, inputs], bound)?,
            bias: scope.uniform("bias", &[outputs], bound)?,
        })
    }

    /// As [`new`](Self::new) with another start: the weight uniform in ±sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010), the
    /// bias 0.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn glorot(scope: &Scope<'_>, inputs: i64, outputs: i64) -> Result<Self> {
        positive("the inputs of a linear layer", inputs)?;
        positive("the outputs of a linear layer", outputs)?;
        let bound = (6.0 / (inputs + outputs) as f64).sqrt();
        Ok(Self {
            weight: scope.uniform("weight", &[outputs, inputs], bound)?,
            bias: scope.constant("bias", &[outputs], 0.0)?,
        })
    }

    /// `[.., inputs]` to `[.., outputs]`.
    ///
    /// # Errors
    /// [`Error::Torch`] for another last dimension.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(x.f_linear(&self.weight, Some(&self.bias))?)
    }

    /// `[outputs, inputs]`.
    pub const fn weight(&self) -> &Tensor {
        &self.weight
    }
}

/// Options of [`Conv1d`]; the default is PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvOptions {
    /// Positions from one window to the next.
    pub stride: i64,
    /// Zeros added at both ends.
    pub padding: i64,
    /// Positions from one weight of a window to the next.
    pub dilation: i64,
    /// Groups of channels that do not see each other.
    pub groups: i64,
}

impl Default for ConvOptions {
    fn default() -> Self {
        Self { stride: 1, padding: 0, dilation: 1, groups: 1 }
    }
}

/// Convolution along one dimension.
///
/// Variables `weight` `[outputs, inputs / groups, kernel]` and `bias` `[outputs]` start uniform in ±1/sqrt(inputs / groups * kernel),
/// as torch.nn.Conv1d's.
#[derive(Debug)]
pub struct Conv1d {
    weight: Tensor,
    bias: Tensor,
    options: ConvOptions,
}

impl Conv1d {
    /// A new layer at `scope` from `inputs` to `outputs` channels.
    ///
    /// # Errors
    /// [`Error::Input`] for a size below 1, channels that the groups do not divide, or a name that is taken.
    pub fn new(scope: &Scope<'_>, inputs: i64, outputs: i64, kernel: i64, options: ConvOptions) -> Result<Self> {
        positive("the input channels of a convolution", inputs)?;
        positive("the output channels of a convolution", outputs)?;
        positive("the kernel of a convolution", kernel)?;
        positive("the stride of a convolution", options.stride)?;
        positive("the dilation of a convolution", options.dilation)?;
        positive("the groups of a convolution", options.groups)?;
        if options.padding < 0 || inputs % options.groups != 0 || outputs % options.groups != 0 {
            return Err(Error::input(format!(
                "a convolution from {inputs} to {outputs} channels cannot have {} groups and a padding of {}",
                options.groups, options.padding
            )));
        }
        let seen = inputs / options.groups;
        let bound = 1.0 / ((seen * kernel) as f64).sqrt();
        Ok(Self {
            weight: scope.uniform("weight", &[outputs, seen, kernel], bound)?,
            bias: scope.uniform("bias", &[outputs], bound)?,
            options,
        })
    }

    /// `[batch, inputs, length]` to `[batch, outputs, (length + 2 padding - dilation (kernel - 1) - 1) / stride + 1]`.
    ///
    /// # Errors
    /// [`Error::Torch`] for other channels or a length below the kernel's.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.forward_with(x, &self.weight)
    }

    /// As [`forward`](Self::forward) with a weight made from this layer's, such as the reverse complement of its motifs.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn forward_with(&self, x: &Tensor, weight: &Tensor) -> Result<Tensor> {
        let ConvOptions { stride, padding, dilation, groups } = self.options;
        Ok(x.f_conv1d(weight, Some(&self.bias), [stride], [padding], [dilation], groups)?)
    }

    /// `[outputs, inputs / groups, kernel]`.
    pub const fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// `[outputs]`.
    pub const fn bias(&self) -> &Tensor {
        &self.bias
    }
}

/// A table of vectors: variable `weight` `[rows, width]` starts standard normal, as torch.nn.Embedding's.
#[derive(Debug)]
pub struct Embedding {
    weight: Tensor,
}

impl Embedding {
    /// A new table at `scope`.
    ///
    /// # Errors
    /// [`Error::Input`] for a size below 1 or a name that is taken.
    pub fn new(scope: &Scope<'_>, rows: i64, width: i64) -> Result<Self> {
        positive("the rows of an embedding", rows)?;
        positive("the width of an embedding", width)?;
        Ok(Self { weight: scope.normal("weight", &[rows, width], 1.0)? })
    }

    /// As [`new`](Self::new) with a start uniform in ±`bound`.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::Input`] for a bound that is negative or not finite.
    pub fn uniform(scope: &Scope<'_>, rows: i64, width: i64, bound: f64) -> Result<Self> {
        positive("the rows of an embedding", rows)?;
        positive("the width of an embedding", width)?;
        if !(bound >= 0.0 && bound.is_finite()) {
            return Err(Error::input(format!("the start of an embedding cannot lie in ±{bound}")));
        }
        Ok(Self { weight: scope.uniform("weight", &[rows, width], bound)? })
    }

    /// Row numbers `[..]` (i64) to vectors `[.., width]`.
    ///
    /// # Errors
    /// [`Error::Torch`] for a row that does not exist (on the CPU).
    pub fn forward(&self, rows: &Tensor) -> Result<Tensor> {
        Ok(Tensor::f_embedding(&self.weight, rows, -1, false, false)?)
    }

    /// As [`forward`](Self::forward) with whole rows of the table dropped: one mask over the table, shared by all positions
    /// and examples of the batch (Gal and Ghahramani 2016).
    ///
    /// # Errors
    /// As [`forward`](Self::forward), and [`Error::Input`] for a rate outside 0 to 1.
    pub fn forward_with_dropout(&self, rows: &Tensor, rate: f64, train: bool) -> Result<Tensor> {
        Ok(Tensor::f_embedding(&row_dropout(&self.weight, rate, train)?, rows, -1, false, false)?)
    }

    /// `[rows, width]`.
    pub const fn weight(&self) -> &Tensor {
        &self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::Variables;
    use tch::{Device, Kind};

    #[test]
    fn a_linear_layer_multiplies_and_adds() {
        let variables = Variables::new(Device::Cpu, 3);
        let layer = Linear::new(&variables.root(), 2, 1).expect("sizes are positive");
        variables
            .restore(&[
                ("weight".to_owned(), Tensor::from_slice(&[2.0_f32, -1.0]).view([1, 2])),
                ("bias".to_owned(), Tensor::from_slice(&[0.5_f32])),
            ])
            .expect("shapes fit");
        let y = layer.forward(&Tensor::from_slice(&[3.0_f32, 4.0])).expect("two inputs");
        assert_eq!(y.double_value(&[0]), 2.5);
    }

    #[test]
    fn a_convolution_slides_its_kernel() {
        let variables = Variables::new(Device::Cpu, 3);
        let layer = Conv1d::new(&variables.root(), 1, 1, 2, ConvOptions::default()).expect("sizes are positive");
        variables
            .restore(&[
                ("weight".to_owned(), Tensor::from_slice(&[1.0_f32, 10.0]).view([1, 1, 2])),
                ("bias".to_owned(), Tensor::from_slice(&[0.25_f32])),
            ])
            .expect("shapes fit");
        let y = layer.forward(&Tensor::from_slice(&[1.0_f32, 2.0, 3.0]).view([1, 1, 3])).expect("long enough");
        assert_eq!(Vec::<f32>::try_from(y.view(-1)).expect("floats"), [21.25, 32.25]);
    }

    #[test]
    fn starting_values_have_pytorchs_bounds() {
        let variables = Variables::new(Device::Cpu, 3);
        Linear::new(&variables.root().at("linear"), 400, 100).expect("valid");
        Conv1d::new(&variables.root().at("conv"), 4, 100, 25, ConvOptions::default()).expect("valid");
        for (name, tensor) in variables.all() {
            let bound = if name.starts_with("linear") { 0.05 } else { 0.1 };
            let largest = tensor.abs().max().double_value(&[]);
            assert!(largest <= bound && largest > 0.9 * bound, "{name} {largest}");
        }
    }

    #[test]
    fn other_starting_values_have_their_bounds() {
        let variables = Variables::new(Device::Cpu, 3);
        let layer = Linear::glorot(&variables.root().at("linear"), 200, 100).expect("valid");
        let largest = layer.weight().abs().max().double_value(&[]);
        assert!(largest <= 0.02_f64.sqrt() && largest > 0.99 * 0.02_f64.sqrt(), "{largest}");
        assert_eq!(layer.bias.abs().max().double_value(&[]), 0.0);
        assert!(layer.bias.requires_grad());
        let table = Embedding::uniform(&variables.root().at("table"), 100, 32, 0.05).expect("valid");
        let largest = table.weight().abs().max().double_value(&[]);
        assert!(largest <= f64::from(0.05_f32) && largest > 0.049, "{largest}");
        let root = variables.root();
        assert!(matches!(Linear::glorot(&root.at("a"), 3, 0), Err(Error::Input(_))));
        for bound in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(matches!(Embedding::uniform(&root.at("b"), 3, 3, bound), Err(Error::Input(_))));
        }
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        let variables = Variables::new(Device::Cpu, 3);
        let root = variables.root();
        assert!(matches!(Linear::new(&root.at("a"), 0, 1), Err(Error::Input(_))));
        assert!(matches!(Embedding::new(&root.at("b"), 4, -1), Err(Error::Input(_))));
        let odd = ConvOptions { groups: 3, ..ConvOptions::default() };
        assert!(matches!(Conv1d::new(&root.at("c"), 4, 6, 3, odd), Err(Error::Input(_))));
        assert_eq!(variables.all().len(), 0);
        let conv = Conv1d::new(&root.at("d"), 4, 6, 30, ConvOptions::default()).expect("valid");
        let short = Tensor::zeros([1, 4, 10], (Kind::Float, Device::Cpu));
        let error = conv.forward(&short).unwrap_err();
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
    }

    #[test]
    fn an_embedding_looks_up_and_drops_whole_rows() {
        let _generator = crate::seed::generator_lock();
        let variables = Variables::new(Device::Cpu, 3);
        let table = Embedding::new(&variables.root(), 50, 4).expect("valid");
        let rows = Tensor::arange(50, (Kind::Int64, Device::Cpu));
        let plain = table.forward(&rows).expect("rows exist");
        assert!(plain.equal(table.weight()));
        let dropped = table.forward_with_dropout(&rows, 0.5, true).expect("rate is valid");
        let ratio = (dropped / plain).detach();
        for row in 0..50 {
            let row = Vec::<f32>::try_from(ratio.get(row)).expect("floats");
            assert!(row == [0.0; 4] || row == [2.0; 4], "{row:?}");
        }
        assert!(table.forward_with_dropout(&rows, 0.5, false).expect("rate is valid").equal(table.weight()));
    }
}
