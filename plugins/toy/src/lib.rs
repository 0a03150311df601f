//! A family without libtorch, for tests and first steps: known optima, synthetic learning curves, and faults on command.
//!
//! The parameter `function` chooses what is searched:
//!
//! | `function` | parameters | what a step does |
//! |---|---|---|
//! | `branin` | `x`, `y` | evaluates [`branin`] once more, with noise; the metric `value` is the mean so far. Its optimum is known |
//! | `curve` | `lr`, `width`, `dropout`, `decay` | one more point of a learning curve that approaches a loss of its own |
//!
//! Both report `value` (smaller is better) and `valid/accuracy` as three folds, whose difficulty comes from the study
//! seed. Every number depends on all earlier steps through the accumulated value and the position in the noise, so a
//! checkpoint that forgets anything shows.
//!
//! Finished trials can be evaluated on a made-up `test` split, predict three rows, and export what they reported last.
//!
//! The parameter `behave` makes a trial go wrong on command; see [`Fault`]. With `[data] faults_until_attempt = 1` only
//! the first attempt does.
//!
//! ```
//! use seqtune_plugin::ModelFamily;
//!
//! let info = seqtune_toy::Toy.info();
//! let defaults = info.parameters.defaults().unwrap();
//! assert_eq!(defaults.text("function").unwrap(), "curve");
//! assert_eq!(defaults.text("behave").unwrap(), "well");
//! ```

mod apply;
mod data;
mod fault;
mod function;
mod info;
mod noise;
mod session;

use std::path::Path;
use std::sync::Arc;

use seqtune_plugin::{Applied, Apply, DataSpec, FamilyError, FamilyInfo, Job, ModelFamily, Prepared, Session};

pub use data::ToyData;
pub use fault::Fault;
pub use function::{BRANIN_OPTIMUM, branin};

/// The toy family.
#[derive(Clone, Copy, Debug, Default)]
pub struct Toy;

impl ModelFamily for Toy {
    fn info(&self) -> FamilyInfo {
        info::info()
    }

    fn prepare(&self, data: &DataSpec, _cache: &Path) -> Result<Prepared, FamilyError> {
        let data = ToyData::read(data)?;
        Ok(Prepared { digest: data.digest(), summary: data.summary(), content: Arc::new(data) })
    }

    fn open(&self, prepared: &Prepared, job: &Job) -> Result<Box<dyn Session>, FamilyError> {
        Ok(Box::new(session::ToySession::open(prepared.content::<ToyData>()?, job)?))
    }

    fn apply(&self, prepared: &Prepared, checkpoint: &Path, what: &Apply) -> Result<Applied, FamilyError> {
        apply::apply(prepared.content::<ToyData>()?, checkpoint, what)
    }
}
