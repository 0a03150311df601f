//! `cargo xtask setup`: libtorch, in the user's cache and linked where the build looks for it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cache;
use crate::checkout::Checkout;
use crate::error::Error;
use crate::libtorch::{self, VERSION};
use crate::pip::{self, Recipe};
use crate::prerequisites::{self, Python};

/// Which libtorch, and where it is kept.
#[derive(Args, Debug, Default)]
pub(crate) struct SetupArguments {
    /// Get all of PyTorch, for training on an NVIDIA GPU (2.8 GB to download, 4.8 GB on disk)
    #[arg(long)]
    cuda: bool,
    /// Use an existing libtorch: an unpacked archive, or the `torch` folder of a Python's site-packages
    #[arg(long = "use", value_name = "DIR", conflicts_with_all = ["cuda", "cache"])]
    existing: Option<PathBuf>,
    /// Keep it there [default: SEQTUNE_CACHE, else seqtune in the user's cache folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

impl SetupArguments {
    /// Whether any libtorch that works will do.
    fn leaves_the_choice(&self) -> bool {
        !self.cuda && self.existing.is_none() && self.cache.is_none()
    }
}

/// Checks the compilers, then gets and links libtorch; instant where that is done already.
pub(crate) fn run(checkout: &Checkout, arguments: &SetupArguments) -> Result<(), Error> {
    prerequisites::check_compilers()?;
    let machine = Machine {
        libtorch: env::var_os("LIBTORCH"),
        pythons: Python::candidates(),
        environment: &|name| env::var_os(name),
    };
    let ready = get(checkout, arguments, &machine)?;
    println!("libtorch {VERSION} is ready: {}", ready.display());
    Ok(())
}

/// What of the machine decides where libtorch comes from.
struct Machine<'a> {
    libtorch: Option<OsString>,
    pythons: Vec<PathBuf>,
    environment: &'a dyn Fn(&str) -> Option<OsString>,
}

/// Returns the libtorch that the build will use.
fn get(checkout: &Checkout, arguments: &SetupArguments, machine: &Machine) -> Result<PathBuf, Error> {
    let link = checkout.libtorch_link();
    // Run through cargo, this program always sees LIBTORCH: .cargo/config.toml sets it to the link.
    let set = machine.libtorch.as_ref().filter(|value| !value.is_empty());
    if let Some(own) = set.map(PathBuf::from).filter(|own| *own != link) {
        if own.is_relative() {
            // The build reads it in a directory of its own.
            return Err(Error::RelativeLibtorch { path: own });
        }
        check("LIBTORCH", &own)?;
        println!("LIBTORCH is set in the environment and is used as it is.");
        return Ok(own);
    }
    if arguments.leaves_the_choice() && libtorch::inspect(&link).is_ok() {
        return Ok(link);
    }
    let directory = match &arguments.existing {
        Some(existing) => check_existing(existing, machine)?,
        None => installed(arguments, machine)?,
    };
    checkout.link_libtorch(&directory)?;
    Ok(link)
}

fn check(origin: &'static str, directory: &Path) -> Result<(), Error> {
    libtorch::inspect(directory).map_err(|problem| Error::NotLibtorch {
        origin,
        directory: directory.to_owned(),
        problem,
    })
}

/// The libtorch that `--use` names, as an absolute path.
fn check_existing(named: &Path, machine: &Machine) -> Result<PathBuf, Error> {
    let absolute = std::path::absolute(named).map_err(Error::file("find", named))?;
    let directory = libtorch::within(&absolute);
    check("--use", &directory)?;
    // Without a Python there is nothing to load it with, and it is taken on trust.
    if let Ok(python) = Python::find(&machine.pythons) {
        check_loads(&python, "--use", &directory, false)?;
    }
    Ok(directory)
}

/// Loads the libraries once, so that one that is missing is named here and not by the first training run.
fn check_loads(python: &Python, origin: &'static str, directory: &Path, cuda: bool) -> Result<(), Error> {
    let cpu = libtorch::library(directory);
    let gpu = cuda.then(|| directory.join("lib").join("libtorch_cuda.so"));
    for library in [Some(cpu), gpu].into_iter().flatten() {
        python.load(&library).map_err(|reason| Error::DoesNotLoad {
            origin,
            directory: directory.to_owned(),
            library: library.file_name().unwrap_or_default().display().to_string(),
            reason,
        })?;
    }
    Ok(())
}

/// The libtorch in the cache, installed there if it is not yet.
fn installed(arguments: &SetupArguments, machine: &Machine) -> Result<PathBuf, Error> {
    let (os, arch) = (env::consts::OS, env::consts::ARCH);
    let (kind, recipe) =
        if arguments.cuda { ("cuda", Recipe::cuda(os, arch)) } else { ("slim", Recipe::slim(os, arch)) };
    let recipe = recipe.ok_or_else(|| Error::NoRecipe {
        platform: match arguments.cuda {
            true => format!("{os} {arch} with CUDA"),
            false => format!("{os} {arch}"),
        },
    })?;
    let cache = cache::place(arguments.cache.as_deref(), machine.environment)?;
    let torch = |installation: &Path| installation.join("site-packages").join("torch");
    let installation = cache::install(
        &cache,
        &format!("libtorch-{VERSION}-{kind}"),
        |installation| check("the libtorch in", &torch(installation)),
        |aside| {
            let python = Python::find(&machine.pythons)?;
            check_disk(&python, aside, &recipe)?;
            println!(
                "Getting libtorch {VERSION} into {}: {:.2} GB to download, {:.1} GB on disk.",
                cache.display(),
                recipe.download_gb,
                recipe.disk_gb
            );
            pip::install(&python, &recipe, aside)?;
            check_loads(&python, "the libtorch in", &torch(aside), arguments.cuda)
        },
    )?;
    Ok(torch(&installation))
}

fn check_disk(python: &Python, place: &Path, recipe: &Recipe) -> Result<(), Error> {
    let needed_gb = recipe.peak_gb();
    match python.free_bytes(place).map(|bytes| bytes as f64 / 1e9) {
        Some(free_gb) if free_gb < needed_gb => {
            Err(Error::DiskTooSmall { place: place.parent().unwrap_or(place).to_owned(), needed_gb, free_gb })
        }
        _ => Ok(()),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::*;
    use crate::pip::PipFailure;
    use crate::prerequisites::fake;

    type TestResult = Result<(), Box<dyn std::error::Error>>;

    /// Shell code of a pip that installs a libtorch of 2.11.0 and says so in `$0.ran`.
    const INSTALLS: &str = r#"
        echo "$@" >> "$0.ran"
        mkdir -p "$target/torch/lib" "$target/torch/include/ATen"
        touch "$target/torch/lib/libtorch_cpu.so" "$target/torch/include/ATen/ATen.h"
        echo "__version__ = '2.11.0+cu130'" > "$target/torch/version.py""#;

    /// Shell code of a pip that has no network.
    const OFFLINE: &str = r#"
        mkdir -p "$target/torch/lib"
        echo "WARNING: Retrying after connection broken by 'NewConnectionError('<pip.Connection object at 0x7f>: \
Failed to establish a new connection: [Errno 101] Network is unreachable')': /simple/torch/" >&2
        echo "ERROR: No matching distribution found for torch==2.11.0" >&2
        exit 1"#;

    /// A checkout, a cache and a Python of their own.
    struct Bench {
        place: tempfile::TempDir,
        checkout: Checkout,
        python: PathBuf,
    }

    impl Bench {
        fn new(pip_install: &str) -> std::io::Result<Self> {
            let place = tempfile::tempdir()?;
            let python = fake::python(place.path(), "3 12", pip_install)?;
            let root = place.path().join("checkout");
            fs::create_dir(&root)?;
            let checkout = Checkout::at(&root);
            Ok(Self { place, checkout, python })
        }

        fn cache(&self) -> PathBuf {
            self.place.path().join("cache")
        }

        fn get_with(&self, arguments: &SetupArguments, libtorch: Option<&Path>) -> Result<PathBuf, Error> {
            let cache = self.cache().into_os_string();
            let machine = Machine {
                libtorch: libtorch.map(Into::into),
                pythons: vec![self.python.clone()],
                environment: &|name| (name == "SEQTUNE_CACHE").then(|| cache.clone()),
            };
            get(&self.checkout, arguments, &machine)
        }

        fn get(&self) -> Result<PathBuf, Error> {
            self.get_with(&SetupArguments::default(), None)
        }

        /// The command lines that pip got.
        fn pip_runs(&self) -> Vec<String> {
            let text = fs::read_to_string(self.place.path().join("python3.ran"));
            text.unwrap_or_default().lines().map(str::to_owned).collect()
        }
    }

    #[test]
    fn the_first_run_installs_and_the_second_does_nothing() -> TestResult {
        let bench = Bench::new(INSTALLS)?;
        let link = bench.get()?;
        assert_eq!(link, bench.checkout.libtorch_link());
        let expected = bench.cache().join("libtorch-2.11.0-slim/site-packages/torch");
        assert_eq!(fs::read_link(&link)?, expected);
        bench.get()?;
        let runs = bench.pip_runs();
        assert_eq!(runs.len(), 1);
        assert!(runs[0].contains("--no-deps") && runs[0].contains("torch==2.11.0"));
        Ok(())
    }

    #[test]
    fn another_checkout_shares_the_cache() -> TestResult {
        let bench = Bench::new(INSTALLS)?;
        bench.get()?;
        fs::remove_dir_all(bench.checkout.root().join(".torch"))?;
        bench.get()?;
        assert_eq!(bench.pip_runs().len(), 1);
        Ok(())
    }

    #[test]
    fn half_an_installation_is_not_accepted() -> TestResult {
        let bench = Bench::new(INSTALLS)?;
        let link = bench.get()?;
        fs::remove_file(link.join("lib/libtorch_cpu.so"))?;
        bench.get()?;
        assert_eq!(bench.pip_runs().len(), 2);
        assert_eq!(libtorch::inspect(&link), Ok(()));
        Ok(())
    }

    #[test]
    fn offline_is_said_and_leaves_nothing_behind() -> TestResult {
        let bench = Bench::new(OFFLINE)?;
        let error = bench.get().expect_err("there is no network");
        assert!(matches!(error, Error::Pip(PipFailure::Offline { .. })));
        let sentence = error.to_string();
        assert!(sentence.contains("Network is unreachable"), "{sentence}");
        assert!(sentence.contains("--use DIR"), "{sentence}");
        assert!(!bench.checkout.libtorch_link().exists());
        let left: Vec<_> = fs::read_dir(bench.cache())?.flatten().collect();
        assert_eq!(left.len(), 1, "only the lock: {left:?}");
        Ok(())
    }

    #[test]
    fn the_cuda_one_brings_its_dependencies_and_then_stays() -> TestResult {
        let bench = Bench::new(INSTALLS)?;
        let cuda = SetupArguments { cuda: true, ..SetupArguments::default() };
        let link = bench.get_with(&cuda, None)?;
        assert!(!bench.pip_runs()[0].contains("--no-deps"));
        let target = fs::read_link(&link)?;
        assert!(target.starts_with(bench.cache().join("libtorch-2.11.0-cuda")));
        bench.get()?;
        assert_eq!(fs::read_link(&link)?, target);
        Ok(())
    }

    #[test]
    fn an_existing_one_is_checked_and_linked() -> TestResult {
        let bench = Bench::new("exit 1")?;
        let there = bench.place.path().join("site-packages");
        let arguments = SetupArguments { existing: Some(there.clone()), ..SetupArguments::default() };
        libtorch::fake::wheel(&there.join("torch"), "2.4.0")?;
        let error = bench.get_with(&arguments, None).expect_err("it is too old");
        assert!(error.to_string().contains("2.4.0"), "{error}");
        libtorch::fake::wheel(&there.join("torch"), VERSION)?;
        let link = bench.get_with(&arguments, None)?;
        assert_eq!(fs::read_link(link)?, there.join("torch"));
        Ok(())
    }

    #[test]
    fn the_environment_wins_and_is_checked() -> TestResult {
        let bench = Bench::new("exit 1")?;
        let own = bench.place.path().join("own");
        let none = SetupArguments::default();
        let error = bench.get_with(&none, Some(&own)).expect_err("not there");
        assert!(error.to_string().starts_with("LIBTORCH "), "{error}");
        libtorch::fake::wheel(&own, VERSION)?;
        assert_eq!(bench.get_with(&none, Some(&own))?, own);
        assert!(!bench.checkout.libtorch_link().exists());
        Ok(())
    }

    #[test]
    fn what_cargo_sets_by_itself_is_not_the_users_choice() -> TestResult {
        let bench = Bench::new(INSTALLS)?;
        let link = bench.checkout.libtorch_link();
        assert_eq!(bench.get_with(&SetupArguments::default(), Some(&link))?, link);
        assert_eq!(bench.pip_runs().len(), 1);
        Ok(())
    }
}
