//! The user's cache, which all checkouts share, and installing into it so that nobody ever sees half an installation.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Where the cache is: `chosen`, else `SEQTUNE_CACHE`, else `seqtune` in the user's cache folder. Always absolute.
pub(crate) fn place(chosen: Option<&Path>, environment: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, Error> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // The XDG base directory specification has relative paths ignored.
    let user_cache = || set("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let place = chosen
        .map(Path::to_owned)
        .or_else(|| set("SEQTUNE_CACHE"))
        .or_else(|| user_cache().map(|path| path.join("seqtune")))
        .or_else(|| set("HOME").map(|path| path.join(".cache").join("seqtune")))
        .ok_or(Error::NoCachePlace)?;
    std::path::absolute(&place).map_err(Error::file("find", &place))
}

/// The directory `name` in `cache`, filled by `fill` unless `is_good` accepts what is there.
///
/// `fill` writes to a directory beside, which takes its name when done, so an interrupted installation is never seen
/// under the name. A lock lets one process fill at a time; the others wait and find it done.
pub(crate) fn install(
    cache: &Path,
    name: &str,
    is_good: impl Fn(&Path) -> Result<(), Error>,
    fill: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<PathBuf, Error> {
    let place = cache.join(name);
    if is_good(&place).is_ok() {
        return Ok(place);
    }
    fs::create_dir_all(cache).map_err(Error::file("create", cache))?;
    let _lock = lock(&cache.join(format!("{name}.lock")))?;
    if is_good(&place).is_ok() {
        return Ok(place);
    }
    let aside_prefix = format!(".{name}.partial-");
    remove_leftovers(cache, &aside_prefix)?;
    let aside = cache.join(format!("{aside_prefix}{}", std::process::id()));
    fs::create_dir(&aside).map_err(Error::file("create", &aside))?;
    let result = fill(&aside).and_then(|()| is_good(&aside)).and_then(|()| take_name(&aside, &place));
    if result.is_err() {
        // The error that stopped it is the one to tell; a leftover is removed by the next run.
        let _ = fs::remove_dir_all(&aside);
    }
    result.map(|()| place)
}

fn lock(path: &Path) -> Result<File, Error> {
    let file = File::create(path).map_err(Error::file("create", path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            println!("Another setup is at work in this cache; waiting for it.");
            file.lock().map_err(Error::file("lock", path))?;
        }
        Err(TryLockError::Error(source)) => return Err(Error::file("lock", path)(source)),
    }
    Ok(file)
}

fn remove_leftovers(cache: &Path, prefix: &str) -> Result<(), Error> {
    let entries = fs::read_dir(cache).map_err(Error::file("list", cache))?;
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            let path = entry.path();
            fs::remove_dir_all(&path).map_err(Error::file("remove", &path))?;
        }
    }
    Ok(())
}

/// Gives `aside` the name `place`, replacing what no longer is good there.
fn take_name(aside: &Path, place: &Path) -> Result<(), Error> {
    if place.exists() {
        let broken = aside.with_extension("replaced");
        fs::rename(place, &broken).map_err(Error::file("replace", place))?;
        fs::rename(aside, place).map_err(Error::file("move into place", place))?;
        return fs::remove_dir_all(&broken).map_err(Error::file("remove", &broken));
    }
    fs::rename(aside, place).map_err(Error::file("move into place", place))
}

#[cfg(test)]
mod tests {
    use super::*;

    type TestResult = Result<(), Box<dyn std::error::Error>>;

    #[cfg(unix)]
    #[test]
    fn the_cache_is_where_the_user_said_first() -> TestResult {
        let all = |name: &str| match name {
            "SEQTUNE_CACHE" => Some("/own".into()),
            "XDG_CACHE_HOME" => Some("/xdg".into()),
            "HOME" => Some("/home/ada".into()),
            _ => None,
        };
        let chosen = Path::new("/chosen");
        assert_eq!(place(Some(chosen), all)?, chosen);
        assert_eq!(place(None, all)?, Path::new("/own"));
        let not = |hidden: &'static [&'static str]| move |name: &str| all(name).filter(|_| !hidden.contains(&name));
        assert_eq!(place(None, not(&["SEQTUNE_CACHE"]))?, Path::new("/xdg/seqtune"));
        assert_eq!(place(None, not(&["SEQTUNE_CACHE", "XDG_CACHE_HOME"]))?, Path::new("/home/ada/.cache/seqtune"));
        let nothing = place(None, |_| None);
        assert!(matches!(nothing, Err(Error::NoCachePlace)));
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn empty_and_relative_variables_are_as_good_as_none() -> TestResult {
        let odd = |name: &str| match name {
            "SEQTUNE_CACHE" => Some("".into()),
            "XDG_CACHE_HOME" => Some("relative".into()),
            "HOME" => Some("/home/ada".into()),
            _ => None,
        };
        assert_eq!(place(None, odd)?, Path::new("/home/ada/.cache/seqtune"));
        Ok(())
    }

    fn has_good_file(directory: &Path) -> Result<(), Error> {
        let path = directory.join("good");
        fs::metadata(&path).map(|_| ()).map_err(Error::file("find", &path))
    }

    fn write_good_file(directory: &Path) -> Result<(), Error> {
        let path = directory.join("good");
        fs::write(&path, "").map_err(Error::file("write", &path))
    }

    #[test]
    fn the_second_installation_does_nothing() -> TestResult {
        let cache = tempfile::tempdir()?;
        let first = install(cache.path(), "thing", has_good_file, write_good_file)?;
        assert_eq!(first, cache.path().join("thing"));
        let second = install(cache.path(), "thing", has_good_file, |_| unreachable!("there is nothing to fill"))?;
        assert_eq!(second, first);
        Ok(())
    }

    #[test]
    fn a_failed_installation_leaves_nothing_under_the_name() -> TestResult {
        let cache = tempfile::tempdir()?;
        let failed = install(cache.path(), "thing", has_good_file, |aside| {
            write_good_file(aside)?;
            Err(Error::NoCachePlace)
        });
        assert!(matches!(failed, Err(Error::NoCachePlace)));
        assert!(!cache.path().join("thing").exists());
        Ok(())
    }

    #[test]
    fn an_installation_that_is_not_good_is_not_accepted() -> TestResult {
        let cache = tempfile::tempdir()?;
        let empty = install(cache.path(), "thing", has_good_file, |_| Ok(()));
        assert!(empty.is_err());
        assert!(!cache.path().join("thing").exists());
        Ok(())
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_a_broken_one_replaced() -> TestResult {
        let cache = tempfile::tempdir()?;
        let leftover = cache.path().join(".thing.partial-1");
        fs::create_dir(&leftover)?;
        write_good_file(&leftover)?;
        fs::create_dir(cache.path().join("thing"))?;
        fs::write(cache.path().join("thing").join("half"), "")?;
        let place = install(cache.path(), "thing", has_good_file, write_good_file)?;
        assert!(place.join("good").exists() && !place.join("half").exists());
        let mut left: Vec<_> = fs::read_dir(cache.path())?.flatten().map(|entry| entry.file_name()).collect();
        left.sort();
        assert_eq!(left, ["thing", "thing.lock"]);
        Ok(())
    }

    #[test]
    fn of_two_at_once_one_installs() -> TestResult {
        let cache = tempfile::tempdir()?;
        let fills = std::sync::atomic::AtomicU32::new(0);
        let fill = |aside: &Path| {
            fills.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            write_good_file(aside)
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(|| install(cache.path(), "thing", has_good_file, fill).is_ok());
            assert!(install(cache.path(), "thing", has_good_file, fill).is_ok());
            assert!(other.join().is_ok_and(|done| done));
        });
        assert_eq!(fills.into_inner(), 1);
        Ok(())
    }
}
