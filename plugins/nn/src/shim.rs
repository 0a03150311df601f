//! The libtorch calls that tch leaves out, as safe functions over `shim/shim.cpp`.
//!
//! This is one of the two places of the crate with `unsafe`; the other is `device`, which loads the CUDA library.

use std::ffi::{CStr, c_char, c_double, c_int};

use tch::Tensor;
use torch_sys::C_tensor;

use crate::error::{Error, Result};

type Handle = *const C_tensor;

unsafe extern "C" {
    fn seqtune_free_message(text: *mut c_char);
    fn seqtune_adam(
        parameters: *const Handle,
        gradients: *const Handle,
        averages: *const Handle,
        squares: *const Handle,
        count: usize,
        step: Handle,
        decoupled: c_int,
        max_norm: c_double,
        learning_rate: c_double,
        beta1: c_double,
        beta2: c_double,
        weight_decay: c_double,
        epsilon: c_double,
    ) -> *mut c_char;
    fn seqtune_sgd(
        parameters: *const Handle,
        gradients: *const Handle,
        buffers: *const Handle,
        count: usize,
        first: c_int,
        nesterov: c_int,
        max_norm: c_double,
        learning_rate: c_double,
        momentum: c_double,
        weight_decay: c_double,
    ) -> *mut c_char;
    fn seqtune_rmsprop(
        parameters: *const Handle,
        gradients: *const Handle,
        squares: *const Handle,
        buffers: *const Handle,
        count: usize,
        max_norm: c_double,
        learning_rate: c_double,
        alpha: c_double,
        epsilon: c_double,
        momentum: c_double,
        weight_decay: c_double,
    ) -> *mut c_char;
    fn seqtune_set_interop_threads(threads: c_int) -> *mut c_char;
    fn seqtune_configuration() -> *mut c_char;
}

/// Parameters and their gradients, of equal number and shapes, with the limit on the norm of all gradients together
/// (0: no limit).
pub(crate) struct Descent<'a> {
    pub parameters: &'a [Tensor],
    pub gradients: &'a [Tensor],
    pub max_norm: f64,
    pub learning_rate: f64,
    pub weight_decay: f64,
}

/// The constants of Adam and AdamW.
pub(crate) struct AdamConstants {
    pub decoupled: bool,
    pub beta1: f64,
    pub beta2: f64,
    pub epsilon: f64,
}

/// One update of Adam or AdamW; `step` (`[]`, float) counts the updates and grows by one.
pub(crate) fn adam(
    on: &Descent<'_>,
    averages: &[Tensor],
    squares: &[Tensor],
    step: &Tensor,
    with: &AdamConstants,
) -> Result<()> {
    on.check(&[averages, squares])?;
    let (p, g, m, v) = (handles(on.parameters), handles(on.gradients), handles(averages), handles(squares));
    // SAFETY: the four arrays live until the call returns and hold `p.len()` pointers each (checked above); every pointer
    // comes from a `Tensor` borrowed for this call, as `step` does. The shim keeps none of them.
    let message = unsafe {
        seqtune_adam(
            p.as_ptr(),
            g.as_ptr(),
            m.as_ptr(),
            v.as_ptr(),
            p.len(),
            step.as_ptr(),
            c_int::from(with.decoupled),
            on.max_norm,
            on.learning_rate,
            with.beta1,
            with.beta2,
            on.weight_decay,
            with.epsilon,
        )
    };
    outcome(message)
}

/// One update of SGD. `buffers` is empty when `momentum` is 0; `first` says that they hold nothing yet.
pub(crate) fn sgd(on: &Descent<'_>, buffers: &[Tensor], first: bool, momentum: f64, nesterov: bool) -> Result<()> {
    if !buffers.is_empty() {
        on.check(&[buffers])?;
    }
    on.check(&[])?;
    let (p, g, b) = (handles(on.parameters), handles(on.gradients), handles(buffers));
    // SAFETY: as in `adam`; a null `buffers` is the shim's word for "no momentum".
    let message = unsafe {
        seqtune_sgd(
            p.as_ptr(),
            g.as_ptr(),
            if b.is_empty() { std::ptr::null() } else { b.as_ptr() },
            p.len(),
            c_int::from(first),
            c_int::from(nesterov),
            on.max_norm,
            on.learning_rate,
            momentum,
            on.weight_decay,
        )
    };
    outcome(message)
}

/// One update of RMSprop. `buffers` is empty when `momentum` is 0.
pub(crate) fn rmsprop(
    on: &Descent<'_>,
    squares: &[Tensor],
    buffers: &[Tensor],
    alpha: f64,
    epsilon: f64,
    momentum: f64,
) -> Result<()> {
    on.check(&[squares])?;
    if !buffers.is_empty() {
        on.check(&[buffers])?;
    }
    let (p, g, v, b) = (handles(on.parameters), handles(on.gradients), handles(squares), handles(buffers));
    // SAFETY: as in `adam`; a null `buffers` is the shim's word for "no momentum".
    let message = unsafe {
        seqtune_rmsprop(
            p.as_ptr(),
            g.as_ptr(),
            v.as_ptr(),
            if b.is_empty() { std::ptr::null() } else { b.as_ptr() },
            p.len(),
            on.max_norm,
            on.learning_rate,
            alpha,
            epsilon,
            momentum,
            on.weight_decay,
        )
    };
    outcome(message)
}

/// The number of threads that run independent operations side by side; refused once parallel work has started.
pub(crate) fn set_interop_threads(threads: i32) -> Result<()> {
    // SAFETY: a plain number goes in, a message that `outcome` frees comes out.
    outcome(unsafe { seqtune_set_interop_threads(threads) })
}

/// The build settings of the libtorch that is running, as text.
pub(crate) fn configuration() -> Option<String> {
    // SAFETY: takes nothing; the text is freed by `take`.
    unsafe { take(seqtune_configuration()) }
}

impl Descent<'_> {
    fn check(&self, states: &[&[Tensor]]) -> Result<()> {
        let count = self.parameters.len();
        let equal = std::iter::once(&self.gradients).chain(states).all(|list| list.len() == count);
        if !equal {
            return Err(Error::input(format!("{count} parameters need as many gradients and states")));
        }
        for (parameter, gradient) in self.parameters.iter().zip(self.gradients) {
            if parameter.size() != gradient.size() {
                return Err(Error::input(format!(
                    "a gradient of shape {:?} does not fit a parameter of shape {:?}",
                    gradient.size(),
                    parameter.size()
                )));
            }
        }
        Ok(())
    }
}

fn handles(tensors: &[Tensor]) -> Vec<Handle> {
    tensors.iter().map(Tensor::as_ptr).collect()
}

fn outcome(message: *mut c_char) -> Result<()> {
    // SAFETY: a message of the shim, given away once.
    match unsafe { take(message) } {
        None => Ok(()),
        Some(text) => Err(Error::from_libtorch(text)),
    }
}

/// Copies a text of the shim and frees it; `None` for null.
///
/// # Safety
/// `text` is null or a text that the shim allocated and that nobody has freed.
unsafe fn take(text: *mut c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, ends in a zero byte, and lives until it is freed below.
    let copy = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    // SAFETY: allocated by the shim, freed here only.
    unsafe { seqtune_free_message(text) };
    Some(copy)
}
