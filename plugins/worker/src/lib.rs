//! The libtorch families. A new one is one more entry in [`FAMILIES`].
//!
//! ```
//! use seqtune_plugin::ModelFamily;
//!
//! let names: Vec<String> = seqtune_worker::FAMILIES.iter().map(|family| family.info().name).collect();
//! assert_eq!(names, ["mhc", "tf"]);
//! ```

use seqtune_plugin::ModelFamily;

/// All of them, by name.
pub const FAMILIES: &[&dyn ModelFamily] = &[&seqtune_mhc::Mhc, &seqtune_tf::Tf];
