//! The commands, one file each: its arguments, its help, and what it does.

pub(crate) mod apply;
pub(crate) mod ask_tell;
pub(crate) mod best;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod families;
pub(crate) mod fsck;
pub(crate) mod go_on;
pub(crate) mod import_space;
pub(crate) mod importance;
pub(crate) mod init;
pub(crate) mod note;
pub(crate) mod pause;
pub(crate) mod plot;
pub(crate) mod replicate;
pub(crate) mod report;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod table;
pub(crate) mod tag;
pub(crate) mod trials;
pub(crate) mod verify;
pub(crate) mod view;

/// Who asks, as the study's log has it.
const BY: &str = "command line";
