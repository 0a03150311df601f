//! Where things are: studies, prepared data, data sets.

use std::env;
use std::path::{Path, PathBuf};

use seqtune::study_file::nearest;
use seqtune_core::{History, is_study};

use crate::error::CommandError;

/// Where studies are kept unless `--dir` says otherwise.
pub(crate) const RESULTS: &str = "results";

/// The default directory of a study.
pub(crate) fn directory_of(name: &str) -> PathBuf {
    Path::new(RESULTS).join(name)
}

/// The study that an argument means: a study's directory, its `study.db`, or its name under `results/`.
pub(crate) fn study(argument: &Path) -> Result<PathBuf, CommandError> {
    let named = Path::new(RESULTS).join(argument);
    let of_file = argument.parent().filter(|_| argument.ends_with("study.db"));
    let candidates = [Some(argument), Some(named.as_path()), of_file];
    if let Some(found) = candidates.into_iter().flatten().find(|candidate| is_study(candidate)) {
        return Ok(found.to_owned());
    }
    let names: Vec<String> = studies().iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect();
    let given = argument.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let hint = match nearest(given, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near:?}?"),
        None if names.is_empty() => "start one with: seqtune run STUDY.toml".to_owned(),
        None => format!("the studies in {RESULTS}/ are {}", names.join(", ")),
    };
    Err(CommandError::Usage(format!("there is no study in {}; {hint}", argument.display())))
}

/// What is said where a study has no trial of this number.
pub(crate) fn no_trial(directory: &Path, history: &History, number: u64) -> CommandError {
    let there = match history.trials.len() {
        0 => "it has none yet".to_owned(),
        count => format!("its trials are 0 to {}", count - 1),
    };
    CommandError::Usage(format!("{} has no trial {number}: {there}", directory.display()))
}

/// All studies under `results/`, by name.
pub(crate) fn studies() -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(RESULTS) else { return Vec::new() };
    let mut found: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_study(path)).collect();
    found.sort();
    found
}

/// Where prepared data is kept, shared by all studies of a user.
pub(crate) fn cache() -> PathBuf {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = if cfg!(windows) {
        set("LOCALAPPDATA").map(|path| path.join("seqtune"))
    } else if cfg!(target_os = "macos") {
        set("HOME").map(|home| home.join("Library/Caches/seqtune"))
    } else {
        set("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| set("HOME").map(|home| home.join(".cache")))
            .map(|path| path.join("seqtune"))
    };
    set("SEQTUNE_CACHE").or(user).unwrap_or_else(|| env::temp_dir().join("seqtune")).join("data")
}

/// Where relative paths of a `[data]` table are looked for, in this order: `--data`, `SEQTUNE_DATA` (several are
/// separated as in `PATH`), the current directory.
pub(crate) fn data_roots(given: &[PathBuf]) -> Vec<PathBuf> {
    let mut roots = given.to_vec();
    if let Some(paths) = env::var_os("SEQTUNE_DATA") {
        roots.extend(env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty()));
    }
    roots.push(PathBuf::from("."));
    roots
}

/// A program that is installed beside this one.
pub(crate) fn beside(program: &str) -> PathBuf {
    let own = env::current_exe().unwrap_or_default();
    own.with_file_name(format!("{program}{}", env::consts::EXE_SUFFIX))
}

/// The checkout of seqtune that this program was built in, if it still is one.
pub(crate) fn checkout() -> Option<PathBuf> {
    let own = env::current_exe().ok()?;
    own.ancestors()
        .find(|above| above.join("gui/Cargo.toml").is_file() && above.join("Cargo.toml").is_file())
        .map(Path::to_owned)
}
