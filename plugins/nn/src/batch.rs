//! The data set on the device, and the batches of an epoch.
//!
//! ```
//! use seqtune_nn::tch::{Kind, Tensor};
//! use seqtune_nn::{Batches, DataSet, Device, Sampling};
//!
//! let inputs = Tensor::arange(30, (Kind::Float, Device::Cpu)).view([10, 3]);
//! let labels = Tensor::arange(10, (Kind::Float, Device::Cpu));
//! let data = DataSet::new(Device::Cpu, vec![inputs, labels])?;
//! let batches = Batches::new(vec![0, 2, 4, 6, 8], 2, Sampling::Shuffled, 17)?;
//! let mut sizes = Vec::new();
//! for index in &batches.epoch(0, data.device())? {
//!     let batch = data.batch(&index)?;            // batch[0] is [2, 3], batch[1] is [2]
//!     sizes.push(batch[0].size()[0]);
//! }
//! assert_eq!(sizes, [2, 2, 1]);                   // the last one is short, and kept
//! # Ok::<(), seqtune_nn::Error>(())
//! ```
//!
//! The data sets of these families are small beside a device's memory, so they are moved there whole and a batch is one
//! `index_select` per column. The order of an epoch is one tensor moved per epoch. Folds share one data set and differ in rows.

use rand_chacha::rand_core::Rng;
use tch::{Device, Tensor};

use crate::error::{Error, Result};
use crate::seed::{Order, generator, seed_of};

/// Columns of equal length on one device, such as inputs `[rows, 4, 101]`, labels `[rows]`, weights `[rows]`.
#[derive(Debug)]
pub struct DataSet {
    columns: Vec<Tensor>,
    rows: i64,
    device: Device,
}

impl DataSet {
    /// Moves columns to a device.
    ///
    /// # Errors
    /// [`Error::Input`] without columns, for a column without a first dimension, or for unequal numbers of rows;
    /// [`Error::OutOfMemory`] when the device cannot hold them.
    pub fn new(device: Device, columns: Vec<Tensor>) -> Result<Self> {
        let lengths: Vec<Option<i64>> = columns.iter().map(|column| column.size().first().copied()).collect();
        let Some(Some(rows)) = lengths.first().copied() else {
            return Err(Error::input("a data set needs at least one column, and a column at least one dimension"));
        };
        if let Some(at) = lengths.iter().position(|&length| length != Some(rows)) {
            return Err(Error::input(format!(
                "column {at} of the data set has the shape {:?}, but column 0 has {rows} rows",
                columns[at].size()
            )));
        }
        let columns =
            columns.iter().map(|column| Ok(column.f_to_device(device)?.f_contiguous()?)).collect::<Result<_>>()?;
        Ok(Self { columns, rows, device })
    }

    /// The number of rows.
    pub const fn rows(&self) -> i64 {
        self.rows
    }

    /// Where the columns live.
    pub const fn device(&self) -> Device {
        self.device
    }

    /// The columns, `[rows, ...]` each.
    pub fn columns(&self) -> &[Tensor] {
        &self.columns
    }

    /// The rows that `index` (`[batch]`, i64, on the same device) names, in its order: one tensor `[batch, ...]` per column.
    ///
    /// # Errors
    /// [`Error::Torch`] for an index out of range or of another device.
    pub fn batch(&self, index: &Tensor) -> Result<Vec<Tensor>> {
        self.columns.iter().map(|column| Ok(column.f_index_select(0, index)?)).collect()
    }

    /// The given rows in their order, at most `size` at a time: for evaluation.
    ///
    /// # Errors
    /// [`Error::Input`] for a size of 0 or a row that does not exist.
    pub fn chunks(&self, rows: &[i64], size: usize) -> Result<impl Iterator<Item = Result<Vec<Tensor>>> + '_> {
        check_size(size)?;
        if let Some(row) = rows.iter().find(|row| !(0..self.rows).contains(*row)) {
            return Err(Error::input(format!("there is no row {row}: the data set has {} rows", self.rows)));
        }
        let epoch = Epoch::new(rows, size, self.device)?;
        Ok((0..epoch.len()).map(move |at| self.batch(&epoch.index(at)?)))
    }
}

/// How the rows of an epoch are drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Sampling {
    /// Every row once, in a new order each epoch.
    Shuffled,
    /// As many draws as there are rows, with replacement, row `i` in proportion to weight `i`.
    Weighted(Vec<f64>),
}

impl Sampling {
    /// Oversampling: a share `positives` (between 0 and 1) of the draws falls on rows labelled true.
    ///
    /// # Errors
    /// [`Error::Input`] when a class is empty or the share is not between 0 and 1.
    pub fn balanced(labels: &[bool], positives: f64) -> Result<Self> {
        let count = labels.iter().filter(|&&label| label).count();
        if count == 0 || count == labels.len() {
            return Err(Error::input("oversampling needs rows of both classes"));
        }
        if !(positives > 0.0 && positives < 1.0) {
            return Err(Error::input(format!("the share of positives must lie between 0 and 1, not {positives}")));
        }
        let weight = [(1.0 - positives) / (labels.len() - count) as f64, positives / count as f64];
        Ok(Self::Weighted(labels.iter().map(|&label| weight[usize::from(label)]).collect()))
    }
}

/// The batches of a training set: in each epoch a function of (seed, epoch).
#[derive(Debug, Clone)]
pub struct Batches {
    rows: Vec<i64>,
    size: usize,
    /// Running sums of the weights; empty where every row is taken once.
    sums: Vec<f64>,
    seed: u64,
}

impl Batches {
    /// Batches of `size` of the given rows of a data set.
    ///
    /// # Errors
    /// [`Error::Input`] for no rows, a size of 0, or weights that are negative, not finite, all 0, or not one per row.
    pub fn new(rows: Vec<i64>, size: usize, sampling: Sampling, seed: u64) -> Result<Self> {
        check_size(size)?;
        if rows.is_empty() {
            return Err(Error::input("a training set needs at least one row"));
        }
        let sums = match sampling {
            Sampling::Shuffled => Vec::new(),
            Sampling::Weighted(weights) => running_sums(&weights, rows.len())?,
        };
        Ok(Self { rows, size, sums, seed })
    }

    /// Updates in one epoch: rows / size, rounded up.
    pub const fn per_epoch(&self) -> usize {
        self.rows.len().div_ceil(self.size)
    }

    /// The rows that batches are drawn from.
    pub fn rows(&self) -> &[i64] {
        &self.rows
    }

    /// The batches of one epoch, as indices on `device`.
    ///
    /// # Errors
    /// When the device cannot hold the indices.
    pub fn epoch(&self, epoch: u64, device: Device) -> Result<Epoch> {
        let drawn: Vec<i64> = if self.sums.is_empty() {
            Order::new(self.rows.len(), self.seed).epoch(epoch).into_iter().map(|at| self.rows[at]).collect()
        } else {
            let mut random = generator(seed_of(self.seed, &[epoch]));
            self.rows.iter().map(|_| self.rows[self.draw(&mut random)]).collect()
        };
        Epoch::new(&drawn, self.size, device)
    }

    fn draw(&self, random: &mut dyn Rng) -> usize {
        let total = self.sums.last().copied().unwrap_or(0.0);
        let point = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 * total;
        // The first row whose running sum exceeds the point; a row of weight 0 never does.
        self.sums.partition_point(|&sum| sum <= point).min(self.sums.len() - 1)
    }
}

/// The batches of one epoch in order.
#[derive(Debug)]
pub struct Epoch {
    order: Tensor,
    rows: usize,
    size: usize,
}

impl Epoch {
    fn new(order: &[i64], size: usize, device: Device) -> Result<Self> {
        Ok(Self { order: Tensor::f_from_slice(order)?.f_to_device(device)?, rows: order.len(), size })
    }

    /// The number of batches.
    pub const fn len(&self) -> usize {
        self.rows.div_ceil(self.size)
    }

    /// Whether there is no batch.
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The row numbers of batch `at`: `[batch]`, i64.
    ///
    /// # Errors
    /// [`Error::Input`] when there is no such batch.
    pub fn index(&self, at: usize) -> Result<Tensor> {
        if at >= self.len() {
            return Err(Error::input(format!("there is no batch {at}: the epoch has {}", self.len())));
        }
        let start = at * self.size;
        Ok(self.order.f_narrow(0, start as i64, self.size.min(self.rows - start) as i64)?)
    }

    /// The batches' row numbers, `[batch]` each; `skip` to go on inside an epoch.
    pub fn iter(&self) -> EpochIter<'_> {
        EpochIter { epoch: self, next: 0 }
    }
}

/// Iterates over the row numbers of the batches of an epoch.
#[derive(Debug, Clone)]
pub struct EpochIter<'a> {
    epoch: &'a Epoch,
    next: usize,
}

impl Iterator for EpochIter<'_> {
    type Item = Tensor;

    fn next(&mut self) -> Option<Tensor> {
        let index = self.epoch.index(self.next).ok()?;
        self.next += 1;
        Some(index)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.epoch.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for EpochIter<'_> {}

impl<'a> IntoIterator for &'a Epoch {
    type Item = Tensor;
    type IntoIter = EpochIter<'a>;

    fn into_iter(self) -> EpochIter<'a> {
        self.iter()
    }
}

fn check_size(size: usize) -> Result<()> {
    if size == 0 { Err(Error::input("a batch needs at least one row")) } else { Ok(()) }
}

fn running_sums(weights: &[f64], rows: usize) -> Result<Vec<f64>> {
    if weights.len() != rows {
        return Err(Error::input(format!("{rows} rows need {rows} sampling weights, not {}", weights.len())));
    }
    if let Some(weight) = weights.iter().find(|weight| !(weight.is_finite() && **weight >= 0.0)) {
        return Err(Error::input(format!("a sampling weight must be finite and not negative, unlike {weight}")));
    }
    let sums: Vec<f64> = weights
        .iter()
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect();
    match sums.last() {
        Some(total) if *total > 0.0 && total.is_finite() => Ok(sums),
        _ => Err(Error::input("the sum of the sampling weights must be positive and finite")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tch::Kind;

    fn drawn(batches: &Batches, epoch: u64) -> Vec<i64> {
        let epoch = batches.epoch(epoch, Device::Cpu).expect("fits in memory");
        epoch.iter().flat_map(|index| Vec::<i64>::try_from(index).expect("row numbers")).collect()
    }

    proptest! {
        #[test]
        fn an_epoch_holds_every_row_once(rows in 1_usize..60, size in 1_usize..20, seed: u64, epoch in 0_u64..50) {
            let numbers: Vec<i64> = (0..rows as i64).map(|row| row * 3).collect();
            let batches = Batches::new(numbers.clone(), size, Sampling::Shuffled, seed).expect("valid");
            let sizes: Vec<i64> =
                batches.epoch(epoch, Device::Cpu).expect("fits").iter().map(|index| index.size()[0]).collect();
            prop_assert_eq!(sizes.len(), batches.per_epoch());
            prop_assert!(sizes[..sizes.len() - 1].iter().all(|&length| length == size as i64));
            let mut all = drawn(&batches, epoch);
            prop_assert_eq!(&all, &drawn(&batches, epoch));
            all.sort_unstable();
            prop_assert_eq!(all, numbers);
        }

        #[test]
        fn a_row_of_weight_zero_is_never_drawn(weights in prop::collection::vec(0_u8..4, 1..30), seed: u64) {
            let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
            prop_assume!(weights.iter().sum::<f64>() > 0.0);
            let rows = (0..weights.len() as i64).collect();
            let batches = Batches::new(rows, 7, Sampling::Weighted(weights.clone()), seed).expect("valid");
            let drawn = drawn(&batches, 0);
            prop_assert_eq!(drawn.len(), weights.len());
            prop_assert!(drawn.iter().all(|&row| weights[row as usize] > 0.0));
        }
    }

    #[test]
    fn oversampling_draws_the_share_that_was_asked_for() {
        let labels: Vec<bool> = (0..10_000).map(|row| row % 100 == 0).collect();
        let sampling = Sampling::balanced(&labels, 0.3).expect("both classes");
        let batches = Batches::new((0..10_000).collect(), 100, sampling, 4).expect("valid");
        let drawn = drawn(&batches, 0);
        let share = drawn.iter().filter(|&&row| labels[row as usize]).count() as f64 / drawn.len() as f64;
        // Standard deviation of the share: sqrt(.3 * .7 / 10000) = .0046.
        assert!((share - 0.3).abs() < 0.02, "{share}");
        assert!(Sampling::balanced(&[true, true], 0.5).is_err());
        assert!(Sampling::balanced(&labels, 1.0).is_err());
    }

    #[test]
    fn batches_hold_the_rows_they_name() {
        let x = Tensor::arange(20, (Kind::Float, Device::Cpu)).view([10, 2]);
        let y = Tensor::arange(10, (Kind::Int64, Device::Cpu));
        let data = DataSet::new(Device::Cpu, vec![x, y]).expect("equal lengths");
        let batch = data.batch(&Tensor::from_slice(&[7_i64, 1])).expect("rows exist");
        assert_eq!(Vec::<f32>::try_from(batch[0].view(-1)).expect("floats"), [14.0, 15.0, 2.0, 3.0]);
        assert_eq!(Vec::<i64>::try_from(&batch[1]).expect("integers"), [7, 1]);
        let chunks: Vec<i64> = data
            .chunks(&[9, 0, 4], 2)
            .expect("rows exist")
            .flat_map(|chunk| Vec::<i64>::try_from(&chunk.expect("rows exist")[1]).expect("integers"))
            .collect();
        assert_eq!(chunks, [9, 0, 4]);
        assert_eq!(data.chunks(&[], 2).expect("nothing to do").count(), 0);
    }

    #[test]
    fn wrong_input_is_named() {
        let text = |result: Result<DataSet>| result.unwrap_err().to_string();
        let column = |rows| Tensor::zeros([rows, 2], (Kind::Float, Device::Cpu));
        assert!(text(DataSet::new(Device::Cpu, vec![column(3), column(4)])).contains("column 1"));
        assert!(text(DataSet::new(Device::Cpu, vec![])).contains("at least one column"));
        let data = DataSet::new(Device::Cpu, vec![column(3)]).expect("one column");
        assert!(data.chunks(&[3], 2).err().is_some_and(|error| error.to_string().contains("no row 3")));
        assert!(Batches::new(vec![], 2, Sampling::Shuffled, 0).is_err());
        assert!(Batches::new(vec![1], 0, Sampling::Shuffled, 0).is_err());
        for weights in [vec![], vec![-1.0], vec![f64::NAN], vec![0.0], vec![1.0, 1.0], vec![f64::INFINITY]] {
            assert!(Batches::new(vec![1], 2, Sampling::Weighted(weights), 0).is_err());
        }
    }
}
