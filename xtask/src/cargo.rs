//! Running cargo on the checkout, and asking it about the workspace.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::checkout::Checkout;
use crate::error::Error;

/// The cargo that runs this program, in the checkout's root.
pub(crate) fn cargo(checkout: &Checkout) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(checkout.root()).stdin(Stdio::null());
    // It would win over LIBTORCH, which is what the set-up has checked.
    command.env_remove("LIBTORCH_USE_PYTORCH");
    // What cargo tells a program it runs about the program's own package is not for the packages built from here.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// What cargo knows about the workspace.
pub(crate) struct Workspace {
    metadata: Value,
}

/// A benchmark of one of the crates.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Benchmark {
    pub(crate) package: String,
    pub(crate) name: String,
}

impl Workspace {
    /// Asks `cargo metadata`.
    pub(crate) fn read(checkout: &Checkout) -> Result<Self, Error> {
        let unreadable = |problem: String| Error::Metadata { problem };
        let answer = cargo(checkout)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .map_err(|error| unreadable(error.to_string()))?;
        if !answer.status.success() {
            let text = String::from_utf8_lossy(&answer.stderr);
            return Err(unreadable(text.trim_start_matches("error: ").trim().to_owned()));
        }
        let metadata = serde_json::from_slice(&answer.stdout).map_err(|error| unreadable(error.to_string()))?;
        Ok(Self { metadata })
    }

    /// Where builds go.
    pub(crate) fn target_directory(&self) -> Result<PathBuf, Error> {
        let target = self.metadata["target_directory"].as_str();
        let target = target.ok_or_else(|| Error::Metadata { problem: "it names no target directory".to_owned() })?;
        Ok(PathBuf::from(target))
    }

    /// Where a release build puts `program`.
    pub(crate) fn release_program(&self, program: &str) -> Result<PathBuf, Error> {
        let file = format!("{program}{}", env::consts::EXE_SUFFIX);
        Ok(self.target_directory()?.join("release").join(file))
    }

    /// All benchmarks, sorted by name.
    pub(crate) fn benchmarks(&self) -> Vec<Benchmark> {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut found: Vec<Benchmark> = list(&self.metadata["packages"])
            .iter()
            .flat_map(|package| {
                let targets = list(&package["targets"]);
                let package = text(&package["name"]);
                targets
                    .into_iter()
                    .filter(|target| list(&target["kind"]).contains(&Value::from("bench")))
                    .map(move |target| Benchmark { package: package.clone(), name: text(&target["name"]) })
            })
            .collect();
        found.sort_by(|a, b| (&a.name, &a.package).cmp(&(&b.name, &b.package)));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benchmarks_are_found_among_the_targets() {
        let metadata = serde_json::json!({"packages": [
            {"name": "b", "targets": [{"name": "b", "kind": ["lib"]}, {"name": "z", "kind": ["bench"]}]},
            {"name": "a", "targets": [{"name": "y", "kind": ["bench"]}]},
        ]});
        let names: Vec<String> = Workspace { metadata }
            .benchmarks()
            .into_iter()
            .map(|bench| format!("{}/{}", bench.package, bench.name))
            .collect();
        assert_eq!(names, ["a/y", "b/z"]);
    }

    #[test]
    fn this_workspace_can_be_asked() -> Result<(), Error> {
        let workspace = Workspace::read(&Checkout::here())?;
        let program = workspace.release_program("seqtune")?;
        assert!(program.is_absolute(), "{program:?}");
        Ok(())
    }
}
