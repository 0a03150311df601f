//! What a program in Python needs to be a family: the helper, which is one file, and a program to start from.

use std::path::Path;

use crate::inline;

/// Name of the helper's file; a worker imports it from beside itself.
pub const HELPER_NAME: &str = "seqtune_worker.py";

/// The helper: the protocol between a study and a program in Python.
pub const HELPER: &str = include_str!("../../../plugins/python/seqtune_worker.py");

/// A program to put one's own training into. It runs as it is, in the study of [`study_file`].
pub fn program(name: &str, study_file: &Path) -> String {
    let file = plain(study_file);
    include_str!("train.py").replace("@NAME@", name).replace("@FILE@", &file)
}

/// The study file of a [`program`].
pub fn study_file(name: &str, study_file: &Path, program: &Path) -> String {
    include_str!("train.toml")
        .replace("@NAME@", name)
        .replace("@FILE@", &plain(study_file))
        .replace("@WORKER@", &plain(program))
        .replace("@WORKER_TEXT@", &inline::text(&program.display().to_string()))
}

/// A path on one line, for comments.
fn plain(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, " ").replace("\"\"\"", "'''").replace('\\', "/")
}
