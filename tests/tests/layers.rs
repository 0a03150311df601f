//! Keeps the layers of ARCHITECTURE.md: which folders there are, which crate may import which, and what a plain
//! `cargo build` does not need.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// The top-level folders, all of them.
const FOLDERS: [&str; 7] = ["core", "gui", "plugins", "search-spaces", "studies", "tests", "xtask"];

/// Folders that builds and runs make; `.gitignore` names them.
const MADE_FOLDERS: [&str; 3] = ["data", "results", "target"];

/// Where a crate stands. What it may import follows from this and from nothing else.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Layer {
    /// `search-spaces`
    Space,
    /// `core/plugin`
    Plugin,
    /// `plugins/nn`
    Nn,
    /// `plugins/<family>`, with or without libtorch
    Family,
    /// `plugins/worker`
    Worker,
    /// `core/engine`
    Engine,
    /// `core/plot`
    Plot,
    /// `studies`
    Studies,
    /// `gui`
    Gui,
    /// `tests`
    Tests,
    /// `xtask`
    Xtask,
}

impl Layer {
    /// The layer of the crate in `folder`, a path from the repository's root.
    fn of(folder: &str) -> Option<Self> {
        Some(match folder {
            "search-spaces" => Self::Space,
            "core/plugin" => Self::Plugin,
            "core/engine" => Self::Engine,
            "core/plot" => Self::Plot,
            "plugins/nn" => Self::Nn,
            "plugins/worker" => Self::Worker,
            "studies" => Self::Studies,
            "gui" => Self::Gui,
            "tests" => Self::Tests,
            "xtask" => Self::Xtask,
            _ => match folder.strip_prefix("plugins/") {
                Some(family) if !family.contains('/') => Self::Family,
                _ => return None,
            },
        })
    }

    /// The layers above this one, the only ones it may import.
    fn above(self) -> &'static [Self] {
        match self {
            Self::Space | Self::Xtask => &[],
            Self::Plugin => &[Self::Space],
            Self::Nn | Self::Engine => &[Self::Space, Self::Plugin],
            Self::Family => &[Self::Space, Self::Plugin, Self::Nn],
            Self::Worker => &[Self::Space, Self::Plugin, Self::Nn, Self::Family],
            Self::Plot => &[Self::Space, Self::Plugin, Self::Engine],
            Self::Studies | Self::Gui => &[Self::Space, Self::Plugin, Self::Engine, Self::Plot],
            Self::Tests => {
                &[Self::Space, Self::Plugin, Self::Nn, Self::Family, Self::Engine, Self::Plot, Self::Studies, Self::Gui]
            }
        }
    }
}

/// The workspace as resolved for this machine.
struct Workspace {
    metadata: Metadata,
}

impl Workspace {
    fn read() -> Result<Self, Box<dyn std::error::Error>> {
        let answer = Command::new("rustc").arg("-vV").output()?;
        let text = String::from_utf8(answer.stdout)?;
        let host = text
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .ok_or("rustc does not say which host it is for")?;
        let metadata = MetadataCommand::new()
            .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
            .other_options(["--filter-platform".to_owned(), host.to_owned()])
            .exec()?;
        Ok(Self { metadata })
    }

    fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Where `package` lies, as seen from the root and with `/` on every system.
    fn folder(&self, package: &Package) -> Result<String, Box<dyn std::error::Error>> {
        let manifest = package.manifest_path.strip_prefix(&self.metadata.workspace_root)?;
        let folder = manifest.parent().ok_or("a manifest without a folder")?;
        Ok(folder.as_str().replace('\\', "/"))
    }

    /// The layer of each crate, by crate name.
    fn layers(&self) -> Result<BTreeMap<String, Layer>, Box<dyn std::error::Error>> {
        let mut layers = BTreeMap::new();
        for package in self.metadata.workspace_packages() {
            let folder = self.folder(package)?;
            let layer =
                Layer::of(&folder).ok_or_else(|| format!("{} is in {folder}, which no layer names", package.name))?;
            layers.insert(package.name.to_string(), layer);
        }
        Ok(layers)
    }

    fn package(&self, name: &str) -> Option<&Package> {
        self.metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == name)
    }

    /// How the programs and libraries of `start` come to need a crate of `unwanted`, as the shortest chain of names.
    ///
    /// Follows normal and build dependencies, since those are what a plain `cargo build` compiles.
    fn chain_to(&self, start: &PackageId, unwanted: &[&str]) -> Option<Vec<String>> {
        let nodes: BTreeMap<&PackageId, _> =
            self.metadata.resolve.iter().flat_map(|resolve| &resolve.nodes).map(|node| (&node.id, node)).collect();
        let name = |id: &PackageId| self.metadata[id].name.to_string();
        let mut seen = BTreeSet::from([start]);
        let mut waiting = VecDeque::from([(start, vec![name(start)])]);
        while let Some((id, chain)) = waiting.pop_front() {
            if unwanted.contains(&name(id).as_str()) {
                return Some(chain);
            }
            for dependency in nodes.get(id).iter().flat_map(|node| &node.deps) {
                let compiled = dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development);
                if compiled && seen.insert(&dependency.pkg) {
                    let mut longer = chain.clone();
                    longer.push(name(&dependency.pkg));
                    waiting.push_back((&dependency.pkg, longer));
                }
            }
        }
        None
    }

    #[track_caller]
    fn assert_unneeded(&self, package: &Package, unwanted: &[&str]) {
        if let Some(chain) = self.chain_to(&package.id, unwanted) {
            panic!("{} must build without {unwanted:?}: {}", package.name, chain.join(" -> "));
        }
    }
}

const LIBTORCH: [&str; 3] = ["tch", "torch-sys", "seqtune-nn"];
const EGUI: [&str; 5] = ["egui", "eframe", "egui_plot", "egui_extras", "winit"];

#[test]
fn the_folders_are_those_of_the_architecture() -> TestResult {
    let workspace = Workspace::read()?;
    let mut found = Vec::new();
    for entry in fs::read_dir(workspace.root())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let made = name.starts_with('.') || MADE_FOLDERS.contains(&name.as_str());
        if entry.file_type()?.is_dir() && !made {
            found.push(name);
        }
    }
    found.sort();
    assert_eq!(found, FOLDERS, "the top-level folders are the architecture");
    Ok(())
}

#[test]
fn each_crate_imports_only_layers_above_it() -> TestResult {
    let workspace = Workspace::read()?;
    let layers = workspace.layers()?;
    let mut wrong = Vec::new();
    for package in workspace.metadata.workspace_packages() {
        let from = layers[package.name.as_str()];
        // Of all kinds: a test that reaches sideways is an import, too.
        for dependency in &package.dependencies {
            let Some(&to) = layers.get(&dependency.name) else {
                continue;
            };
            if !from.above().contains(&to) {
                wrong.push(format!(
                    "{} -> {} ({} dependency): {from:?} may import {:?}",
                    package.name,
                    dependency.name,
                    dependency.kind,
                    from.above()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the layers:\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn siblings_are_not_above_each_other() {
    use Layer::{Engine, Family, Gui, Nn, Plot, Plugin, Space, Studies, Tests, Worker, Xtask};
    let all = [Space, Plugin, Nn, Family, Worker, Engine, Plot, Studies, Gui, Tests, Xtask];
    for group in [&[Studies, Gui, Family, Xtask][..], &[Engine, Nn], &[Worker, Studies]] {
        for from in group {
            for to in group {
                assert!(!from.above().contains(to), "{from:?} above {to:?}");
            }
        }
    }
    // What is above something above is above it, and nothing is above itself.
    for from in all {
        assert!(!from.above().contains(&from), "{from:?}");
        for between in from.above() {
            for to in between.above() {
                assert!(from.above().contains(to), "{from:?} {between:?} {to:?}");
            }
        }
    }
}

#[test]
fn a_plain_build_needs_neither_libtorch_nor_egui() -> TestResult {
    let workspace = Workspace::read()?;
    let default = workspace.metadata.workspace_default_packages();
    assert!(!default.is_empty(), "the workspace has default members");
    for package in default {
        for unwanted in [&LIBTORCH[..], &EGUI] {
            workspace.assert_unneeded(package, unwanted);
        }
    }
    Ok(())
}

#[test]
fn the_viewer_needs_no_libtorch_and_the_worker_no_egui() -> TestResult {
    let workspace = Workspace::read()?;
    for (name, unwanted) in [("seqtune-view", &LIBTORCH[..]), ("seqtune-worker", &EGUI)] {
        let package = workspace.package(name).ok_or(name)?;
        workspace.assert_unneeded(package, unwanted);
    }
    Ok(())
}

/// Without this, the tests above would pass as well if chains were never found.
#[test]
fn a_chain_is_found_where_there_is_one() -> TestResult {
    let workspace = Workspace::read()?;
    let engine = workspace.package("seqtune-core").ok_or("no engine")?;
    let chain = workspace.chain_to(&engine.id, &["serde_core"]).unwrap_or_default();
    assert_eq!(chain.first().map(String::as_str), Some("seqtune-core"));
    assert_eq!(chain.last().map(String::as_str), Some("serde_core"));
    Ok(())
}
