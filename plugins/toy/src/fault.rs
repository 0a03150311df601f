//! Faults on command: every way in which a worker can fail the study.

use std::thread;
use std::time::Duration;

use seqtune_plugin::{FamilyError, StepContext};

/// The values of the parameter `behave`. All but [`Fault::BadParams`] strike at `[data] fault_at_step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing goes wrong.
    Well,
    /// The model cannot be built.
    BadParams,
    /// The loss becomes infinite.
    Diverge,
    /// The device has too little memory.
    OutOfMemory,
    /// The step never returns, without a sign of life. Not even an interruption ends it.
    Hang,
    /// The process aborts, as C++ does.
    Abort,
    /// The process exits with status 3.
    Exit,
    /// A line that is no message appears between the messages; training goes on.
    Garbage,
    /// The process exits with status 0 in the middle of a line.
    HalfLine,
    /// Rust code panics.
    Panic,
    /// Every step from there on takes a second longer, with signs of life.
    Slow,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 11] = [
        Fault::Well,
        Fault::BadParams,
        Fault::Diverge,
        Fault::OutOfMemory,
        Fault::Hang,
        Fault::Abort,
        Fault::Exit,
        Fault::Garbage,
        Fault::HalfLine,
        Fault::Panic,
        Fault::Slow,
    ];

    /// The fault as a value of `behave`.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Well => "well",
            Fault::BadParams => "bad_params",
            Fault::Diverge => "diverge",
            Fault::OutOfMemory => "out_of_memory",
            Fault::Hang => "hang",
            Fault::Abort => "abort",
            Fault::Exit => "exit",
            Fault::Garbage => "garbage",
            Fault::HalfLine => "half_line",
            Fault::Panic => "panic",
            Fault::Slow => "slow",
        }
    }

    /// The fault of that name.
    pub fn named(name: &str) -> Option<Fault> {
        Fault::ALL.into_iter().find(|fault| fault.name() == name)
    }

    /// What happens when a model is built.
    pub(crate) fn strike_at_open(self) -> Result<(), FamilyError> {
        match self {
            Fault::BadParams => {
                Err(FamilyError::BadParams("behave is \"bad_params\": no model can be built from that".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// What happens at the step of the fault.
    pub(crate) fn strike_at_step(self, step: u64, context: &mut StepContext<'_>) -> Result<(), FamilyError> {
        match self {
            Fault::Well | Fault::BadParams | Fault::Slow => Ok(()),
            Fault::Diverge => Err(FamilyError::Diverged(format!("the loss is infinite at step {step}"))),
            Fault::OutOfMemory => Err(FamilyError::OutOfMemory(format!("no memory is left at step {step}"))),
            Fault::Hang => loop {
                thread::sleep(Duration::from_secs(3600));
            },
            Fault::Abort => std::process::abort(),
            Fault::Exit => std::process::exit(3),
            Fault::Garbage => {
                context.break_protocol(b"Segmentation fault, said the library, and went on\n");
                Ok(())
            }
            Fault::HalfLine => {
                context.break_protocol(b"{\"type\":\"report\",\"trial\":");
                std::process::exit(0)
            }
            Fault::Panic => panic!("behave is \"panic\" at step {step}"),
        }
    }

    /// How much longer a step takes.
    pub(crate) fn delay(self) -> Duration {
        if self == Fault::Slow { Duration::from_secs(1) } else { Duration::ZERO }
    }
}
