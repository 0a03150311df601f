//! Where a trial is trained: the CPU or one CUDA device, chosen by a word.
//!
//! ```
//! use seqtune_nn::{DeviceChoice, describe};
//!
//! let choice: DeviceChoice = "cpu".parse()?;
//! let device = choice.open()?;                // call it before any other libtorch call
//! println!("{}", describe(device));           // cpu, libtorch 2.11.0, 1 thread
//! # Ok::<(), seqtune_nn::Error>(())
//! ```
//!
//! One executable serves machines with and without a GPU. It links `libtorch_cpu` only, and [`DeviceChoice::open`] loads
//! `libtorch_cuda` when a GPU is asked for; the library then registers itself. libtorch looks for its CUDA part once, at its
//! first use, so the library must be there before any tensor is.

use std::ffi::{CStr, c_char, c_int};
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tch::{Cuda, Device, Kind, Tensor};

use crate::error::first_line;
use crate::shim;

/// What a user asks for: `auto`, `cpu`, `cuda` (the first one), or `cuda:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// `cuda:0` where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The CUDA device of this number, counted from 0 among the visible ones (`CUDA_VISIBLE_DEVICES`).
    Cuda(usize),
}

/// Why a device cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// Not one of the known words.
    #[error("unknown device `{0}`: write auto, cpu, cuda, or cuda:N with N counted from 0")]
    Unknown(String),
    /// The CUDA part of libtorch does not load.
    #[error("CUDA cannot be used: {0}; use the device cpu, or install libtorch with CUDA")]
    NoLibrary(String),
    /// The library loads but finds no working device.
    #[error("CUDA cannot be used: {0}; check the driver with nvidia-smi, or use the device cpu")]
    NoDevice(String),
    /// There are fewer devices than that.
    #[error("there is no device cuda:{asked}: {found} CUDA device(s) are visible, counted from 0")]
    NoSuchDevice {
        /// The number that was asked for.
        asked: usize,
        /// How many devices there are.
        found: usize,
    },
}

impl FromStr for DeviceChoice {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => text
                .strip_prefix("cuda:")
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|digits| digits.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| DeviceError::Unknown(text.to_owned())),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

impl DeviceChoice {
    /// Makes the device ready and gives its libtorch name. Call it before any other libtorch call of the process.
    ///
    /// Training then uses one thread unless [`set_threads`] was called before: trials run side by side in workers, and small
    /// models gain nothing from more.
    ///
    /// # Errors
    /// [`DeviceError`] when a CUDA device is asked for and cannot be used, or when `auto` finds one that does not work: to
    /// train on the CPU in silence would cost days. Never for `cpu`.
    pub fn open(self) -> Result<Device, DeviceError> {
        let device = match self {
            Self::Cpu => Device::Cpu,
            Self::Cuda(number) => cuda_device(number)?,
            Self::Auto if cuda_devices().is_err() => Device::Cpu,
            Self::Auto => cuda_device(0)?,
        };
        if !THREADS_CHOSEN.load(Ordering::Relaxed) {
            set_threads(1);
        }
        Ok(device)
    }
}

/// The number of usable CUDA devices: why `auto` chose the CPU, for a diagnosis.
///
/// # Errors
/// [`DeviceError::NoLibrary`] or [`DeviceError::NoDevice`] with the reason.
pub fn cuda_devices() -> Result<usize, DeviceError> {
    load_cuda()?;
    match usize::try_from(Cuda::device_count()) {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(DeviceError::NoDevice("no device is visible to the driver".to_owned())),
    }
}

fn cuda_device(number: usize) -> Result<Device, DeviceError> {
    let found = cuda_devices()?;
    if number >= found {
        return Err(DeviceError::NoSuchDevice { asked: number, found });
    }
    let device = Device::Cuda(number);
    // A device may be listed and still fail: too old for this build, or taken by a process in exclusive mode.
    Tensor::f_ones([1], (Kind::Float, device))
        .and_then(|one| one.f_double_value(&[0]))
        .map_err(|error| DeviceError::NoDevice(first_line(&error)))?;
    Ok(device)
}

/// Loads `libtorch_cuda` once per process and keeps it.
fn load_cuda() -> Result<(), DeviceError> {
    static LOADED: OnceLock<Result<(), DeviceError>> = OnceLock::new();
    LOADED.get_or_init(open_cuda_library).clone()
}

#[cfg(unix)]
fn open_cuda_library() -> Result<(), DeviceError> {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

    // SAFETY: the library's initialisers only register kernels with the libtorch that this executable is linked to, and it
    // is found through the same search path, so the two belong together.
    match unsafe { Library::open(Some("libtorch_cuda.so"), RTLD_NOW | RTLD_GLOBAL) } {
        Ok(library) => {
            // Kernels stay registered until the process ends, so the library must stay as well.
            std::mem::forget(library);
            Ok(())
        }
        Err(error) => Err(DeviceError::NoLibrary(innermost(&error))),
    }
}

#[cfg(not(unix))]
fn open_cuda_library() -> Result<(), DeviceError> {
    Err(DeviceError::NoLibrary("it is supported on Linux only".to_owned()))
}

/// The last cause of an error: what the system's loader said.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

static THREADS_CHOSEN: AtomicBool = AtomicBool::new(false);

/// Sets how many threads one operation may use, from now on and in the whole process; at least 1.
///
/// More than one only pays for large models, and only with the variables of [`environment`](crate::environment::environment).
pub fn set_threads(threads: i32) {
    THREADS_CHOSEN.store(true, Ordering::Relaxed);
    tch::set_num_threads(threads.max(1));
    // Independent operations side by side: one stream of work is enough for training. libtorch accepts this once, before
    // parallel work starts; a second call is refused, and then the first one stands.
    let _already_set = shim::set_interop_threads(1);
}

/// What trains: for the log and for `attempt_started`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// The name of the GPU, where it can be had.
    pub name: Option<String>,
    /// The version of the libtorch that is running.
    pub libtorch: String,
    /// Threads one operation may use.
    pub threads: i32,
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.device)?;
        if let Some(name) = &self.name {
            write!(f, " ({name})")?;
        }
        let plural = if self.threads == 1 { "" } else { "s" };
        write!(f, ", libtorch {}, {} thread{plural}", self.libtorch, self.threads)
    }
}

/// Describes a device that [`DeviceChoice::open`] gave.
pub fn describe(device: Device) -> Description {
    let (word, name) = match device {
        Device::Cuda(number) => (format!("cuda:{number}"), gpu_name(number)),
        Device::Cpu => ("cpu".to_owned(), None),
        other => (format!("{other:?}").to_lowercase(), None),
    };
    Description { device: word, name, libtorch: libtorch_version(), threads: tch::get_num_threads() }
}

/// The version of the libtorch that is running, such as `2.11.0`.
fn libtorch_version() -> String {
    shim::configuration()
        .and_then(|text| {
            let (_, after) = text.split_once("TORCH_VERSION=")?;
            Some(after.split([',', ' ', '\n']).next()?.to_owned())
        })
        .unwrap_or_else(|| "of unknown version".to_owned())
}

/// The name of a GPU from the CUDA driver, which libtorch does not hand out in C++.
#[cfg(unix)]
fn gpu_name(number: usize) -> Option<String> {
    type Init = unsafe extern "C" fn(u32) -> c_int;
    type Get = unsafe extern "C" fn(*mut c_int, c_int) -> c_int;
    type Name = unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int;

    let ordinal = c_int::try_from(number).ok()?;
    // SAFETY: the driver library is already in the process, since libtorch_cuda runs on it; the three signatures are those
    // of cuda.h; `device` and `name` outlive the calls, and the driver ends the name with a zero byte within its length.
    unsafe {
        let driver = libloading::Library::new("libcuda.so.1").ok()?;
        let init = driver.get::<Init>(b"cuInit\0").ok()?;
        let get = driver.get::<Get>(b"cuDeviceGet\0").ok()?;
        let get_name = driver.get::<Name>(b"cuDeviceGetName\0").ok()?;
        let mut device: c_int = 0;
        let mut name = [0 as c_char; 128];
        if init(0) != 0 || get(&raw mut device, ordinal) != 0 || get_name(name.as_mut_ptr(), 128, device) != 0 {
            return None;
        }
        Some(CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned())
    }
}

#[cfg(not(unix))]
fn gpu_name(_number: usize) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_written() {
        for (text, choice) in [
            ("auto", DeviceChoice::Auto),
            ("cpu", DeviceChoice::Cpu),
            ("cuda:0", DeviceChoice::Cuda(0)),
            ("cuda:11", DeviceChoice::Cuda(11)),
        ] {
            assert_eq!(text.parse(), Ok(choice));
            assert_eq!(choice.to_string(), text);
        }
        assert_eq!("cuda".parse(), Ok(DeviceChoice::Cuda(0)));
        for wrong in ["", "gpu", "cuda:", "cuda:-1", "cuda:+1", "cuda:1x", "CPU", "cuda:99999999999999999999999"] {
            let error = wrong.parse::<DeviceChoice>().unwrap_err();
            assert_eq!(error, DeviceError::Unknown(wrong.to_owned()));
            assert!(error.to_string().contains("write auto, cpu, cuda, or cuda:N"));
        }
    }

    #[test]
    fn auto_always_gives_a_device_that_computes() {
        let device = DeviceChoice::Auto.open().expect("a device that is there works");
        let two = Tensor::ones([2], (Kind::Float, device)).sum(Kind::Float);
        assert_eq!(two.double_value(&[]), 2.0);
        let description = describe(device);
        assert!(description.libtorch.starts_with("2."), "{description}");
    }

    #[test]
    fn a_device_that_is_not_there_is_one_sentence() {
        let error = DeviceChoice::Cuda(4096).open().unwrap_err();
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
    }

    #[test]
    fn a_description_reads_as_a_sentence() {
        let description = Description {
            device: "cuda:1".to_owned(),
            name: Some("NVIDIA H200".to_owned()),
            libtorch: "2.11.0".to_owned(),
            threads: 2,
        };
        assert_eq!(description.to_string(), "cuda:1 (NVIDIA H200), libtorch 2.11.0, 2 threads");
    }
}
