//! The named tensors of a model: what is trained, and buffers such as batch-norm statistics.
//!
//! ```
//! use seqtune_nn::{Device, Variables};
//!
//! let variables = Variables::new(Device::Cpu, 17);
//! let hidden = variables.root().at("hidden");
//! let weight = hidden.uniform("weight", &[256, 404], 0.05)?;     // named `hidden.weight`
//! assert_eq!(weight.size(), [256, 404]);
//! assert_eq!(variables.count(), 256 * 404);
//! # Ok::<(), seqtune_nn::Error>(())
//! ```
//!
//! An initial value is a function of (seed, name): it is drawn on the host by a generator of its own. So it is the same on
//! every device, and adding a layer does not change the start of the others. Order is the order of creation, unlike in tch's
//! `VarStore`, whose names come from a hash map.

use std::cell::RefCell;
use std::f64::consts::TAU;

use rand_chacha::rand_core::Rng;
use tch::{Device, Tensor, no_grad};

use crate::error::{Error, Result};
use crate::seed::{generator, seed_of_name};

#[derive(Debug)]
struct Variable {
    name: String,
    tensor: Tensor,
    trained: bool,
}

/// The variables of one model on one device.
#[derive(Debug)]
pub struct Variables {
    device: Device,
    seed: u64,
    list: RefCell<Vec<Variable>>,
}

/// A place in the tree of names where a layer puts its variables.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    variables: &'a Variables,
    path: String,
}

impl Variables {
    /// No variables yet; those to come have initial values drawn from `seed`.
    pub const fn new(device: Device, seed: u64) -> Self {
        Self { device, seed, list: RefCell::new(Vec::new()) }
    }

    /// The top of the tree of names.
    pub const fn root(&self) -> Scope<'_> {
        Scope { variables: self, path: String::new() }
    }

    /// Where the tensors live.
    pub const fn device(&self) -> Device {
        self.device
    }

    /// The tensors that are trained, by name, in order of creation. They share memory with the model.
    pub fn trainable(&self) -> Vec<(String, Tensor)> {
        self.select(|variable| variable.trained)
    }

    /// All tensors, buffers included, by name, in order of creation. They share memory with the model.
    pub fn all(&self) -> Vec<(String, Tensor)> {
        self.select(|_| true)
    }

    /// How many numbers are trained.
    pub fn count(&self) -> usize {
        self.list.borrow().iter().filter(|variable| variable.trained).map(|variable| variable.tensor.numel()).sum()
    }

    /// A copy of all values, such as those of the best epoch so far.
    pub fn snapshot(&self) -> Vec<(String, Tensor)> {
        no_grad(|| self.list.borrow().iter().map(|v| (v.name.clone(), v.tensor.detach().copy())).collect())
    }

    /// Puts values back: exactly one for every variable, of its shape and element type.
    ///
    /// # Errors
    /// [`Error::Input`] naming the first variable that is missing, unknown, or of another shape or type; then nothing is changed.
    pub fn restore(&self, values: &[(String, Tensor)]) -> Result<()> {
        let list = self.list.borrow();
        copy_all(list.iter().map(|variable| (variable.name.as_str(), &variable.tensor)), values)
    }

    fn select(&self, keep: impl Fn(&Variable) -> bool) -> Vec<(String, Tensor)> {
        let list = self.list.borrow();
        list.iter().filter(|variable| keep(variable)).map(|v| (v.name.clone(), v.tensor.shallow_clone())).collect()
    }
}

/// Copies named values into named tensors after checking that names, shapes and types agree.
pub(crate) fn copy_all<'a>(
    targets: impl Iterator<Item = (&'a str, &'a Tensor)>,
    values: &[(String, Tensor)],
) -> Result<()> {
    let mut pairs = Vec::with_capacity(values.len());
    for (name, target) in targets {
        let Some((_, value)) = values.iter().find(|(other, _)| other == name) else {
            return Err(Error::input(format!("there is no value for `{name}`")));
        };
        if value.size() != target.size() || value.kind() != target.kind() {
            return Err(Error::input(format!(
                "`{name}` is {:?} of shape {:?}, the value is {:?} of shape {:?}",
                target.kind(),
                target.size(),
                value.kind(),
                value.size()
            )));
        }
        pairs.push((name, target, value));
    }
    if let Some((name, _)) = values.iter().find(|(name, _)| !pairs.iter().any(|(known, ..)| known == name)) {
        return Err(Error::input(format!("the value `{name}` belongs to no variable of this model")));
    }
    if pairs.len() != values.len() {
        return Err(Error::input("a name occurs twice among the values"));
    }
    no_grad(|| pairs.into_iter().try_for_each(|(_, target, value)| Ok(target.shallow_clone().f_copy_(value)?)))
}

impl<'a> Scope<'a> {
    /// The place `name` below this one.
    #[must_use]
    pub fn at(&self, name: impl AsRef<str>) -> Self {
        Self { variables: self.variables, path: self.full(name.as_ref()) }
    }

    /// Where the tensors live.
    pub const fn device(&self) -> Device {
        self.variables.device
    }

    /// A trained variable, uniform in ±`bound`.
    ///
    /// # Errors
    /// [`Error::Input`] for a name that is taken or a negative size.
    pub fn uniform(&self, name: &str, shape: &[i64], bound: f64) -> Result<Tensor> {
        self.draw(name, shape, |random, values| {
            for value in values {
                *value = ((2.0 * unit(random) - 1.0) * bound) as f32;
            }
        })
    }

    /// A trained variable, normal with mean 0.
    ///
    /// # Errors
    /// [`Error::Input`] for a name that is taken or a negative size.
    pub fn normal(&self, name: &str, shape: &[i64], standard_deviation: f64) -> Result<Tensor> {
        self.draw(name, shape, |random, values| {
            // Box and Muller 1958: two normal numbers from two uniform ones.
            for pair in values.chunks_mut(2) {
                let radius = standard_deviation * (-2.0 * (1.0 - unit(random)).ln()).sqrt();
                let angle = TAU * unit(random);
                for (value, part) in pair.iter_mut().zip([angle.cos(), angle.sin()]) {
                    *value = (radius * part) as f32;
                }
            }
        })
    }

    /// A trained variable with one value everywhere.
    ///
    /// # Errors
    /// [`Error::Input`] for a name that is taken or a negative size.
    pub fn constant(&self, name: &str, shape: &[i64], value: f64) -> Result<Tensor> {
        self.draw(name, shape, |_, values| values.fill(value as f32))
    }

    /// A trained variable with a given start, which is copied.
    ///
    /// # Errors
    /// [`Error::Input`] for a name that is taken.
    pub fn variable(&self, name: &str, start: &Tensor) -> Result<Tensor> {
        self.add(name, start, true)
    }

    /// A tensor that is saved with the model but not trained; its start is copied.
    ///
    /// # Errors
    /// [`Error::Input`] for a name that is taken.
    pub fn buffer(&self, name: &str, start: &Tensor) -> Result<Tensor> {
        self.add(name, start, false)
    }

    fn full(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn draw(&self, name: &str, shape: &[i64], fill: impl FnOnce(&mut dyn Rng, &mut [f32])) -> Result<Tensor> {
        let full = self.full(name);
        if shape.iter().any(|&size| size < 0) {
            return Err(Error::input(format!("`{full}` cannot have the shape {shape:?}")));
        }
        let mut values = vec![0.0; shape.iter().product::<i64>() as usize];
        fill(&mut generator(seed_of_name(self.variables.seed, &full)), &mut values);
        let start = Tensor::f_from_slice(&values)?.f_view(shape)?;
        self.add(name, &start, true)
    }

    fn add(&self, name: &str, start: &Tensor, trained: bool) -> Result<Tensor> {
        let name = self.full(name);
        let mut list = self.variables.list.borrow_mut();
        if list.iter().any(|variable| variable.name == name) {
            return Err(Error::input(format!("there are two variables named `{name}`")));
        }
        let start = no_grad(|| start.f_to_device(self.device())?.f_contiguous()?.f_detach_copy())?;
        let tensor = if trained { start.f_set_requires_grad(true)? } else { start };
        list.push(Variable { name, tensor: tensor.shallow_clone(), trained });
        Ok(tensor)
    }
}

/// Uniform in 0 to 1, 1 excluded, with 53 bits.
fn unit(random: &mut dyn Rng) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    fn values(tensor: &Tensor) -> Vec<f32> {
        Vec::try_from(tensor.detach().view(-1)).expect("float numbers")
    }

    #[test]
    fn a_start_depends_on_seed_and_name_only() {
        let alone = Variables::new(Device::Cpu, 5);
        let weight = alone.root().at("out").uniform("weight", &[3, 4], 0.5).expect("new name");
        let later = Variables::new(Device::Cpu, 5);
        let _ = later.root().normal("first", &[7], 1.0).expect("new name");
        let same = later.root().at("out").uniform("weight", &[3, 4], 0.5).expect("new name");
        assert_eq!(values(&weight), values(&same));
        let other = Variables::new(Device::Cpu, 6);
        let other = other.root().at("out").uniform("weight", &[3, 4], 0.5).expect("new name");
        assert_ne!(values(&weight), values(&other));
    }

    #[test]
    fn draws_have_their_distribution() {
        let variables = Variables::new(Device::Cpu, 1);
        let uniform = variables.root().uniform("u", &[40_000], 0.2).expect("new name").to_kind(Kind::Double);
        assert!(uniform.abs().max().double_value(&[]) <= 0.2);
        // A uniform number in ±b has the standard deviation b / sqrt(3), 0.11547 here; its error at this size is 0.0003.
        assert!((uniform.std(true).double_value(&[]) - 0.2 / 3_f64.sqrt()).abs() < 0.002);
        assert!(uniform.mean(Kind::Double).double_value(&[]).abs() < 0.003);
        let normal = variables.root().normal("n", &[40_001], 2.0).expect("new name").to_kind(Kind::Double);
        assert!((normal.std(true).double_value(&[]) - 2.0).abs() < 0.04);
        assert!(normal.mean(Kind::Double).double_value(&[]).abs() < 0.05);
        let beyond = normal.abs().gt(2.0 * 1.96).to_kind(Kind::Double).mean(Kind::Double).double_value(&[]);
        assert!((beyond - 0.05).abs() < 0.006, "{beyond}");
    }

    #[test]
    fn a_name_is_taken_once() {
        let variables = Variables::new(Device::Cpu, 1);
        let _ = variables.root().constant("a", &[1], 0.0).expect("new name");
        let error = variables.root().constant("a", &[1], 0.0).unwrap_err();
        assert_eq!(error.to_string(), "there are two variables named `a`");
    }

    #[test]
    fn a_snapshot_comes_back_and_a_wrong_one_changes_nothing() {
        let variables = Variables::new(Device::Cpu, 1);
        let weight = variables.root().uniform("w", &[4], 1.0).expect("new name");
        let mean = variables.root().buffer("m", &Tensor::zeros([2], tch::kind::FLOAT_CPU)).expect("new name");
        let snapshot = variables.snapshot();
        let before = values(&weight);
        no_grad(|| {
            let _ = weight.shallow_clone().fill_(9.0);
            let _ = mean.shallow_clone().fill_(9.0);
        });
        let wrong_shape = vec![
            ("w".to_owned(), Tensor::zeros([4], tch::kind::FLOAT_CPU)),
            ("m".to_owned(), Tensor::zeros([3], tch::kind::FLOAT_CPU)),
        ];
        assert!(variables.restore(&wrong_shape).unwrap_err().to_string().contains("`m`"));
        assert!(variables.restore(&snapshot[..1]).unwrap_err().to_string().contains("no value for `m`"));
        let mut unknown = variables.snapshot();
        unknown.push(("x".to_owned(), Tensor::zeros([1], tch::kind::FLOAT_CPU)));
        assert!(variables.restore(&unknown).unwrap_err().to_string().contains("`x`"));
        assert_eq!(values(&weight), [9.0; 4]);
        variables.restore(&snapshot).expect("its own snapshot");
        assert_eq!(values(&weight), before);
        assert_eq!(values(&mean), [0.0; 2]);
        assert!(weight.requires_grad() && weight.is_leaf());
    }
}
