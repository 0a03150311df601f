//! Which device each worker trains on.
//!
//! A run names its devices in words: `cpu`, `cuda:1`, `cuda:0,cuda:2`, `cuda` for all GPUs, `auto` for all GPUs or else the CPU.
//! Workers take them in turn. One that trains on a GPU is started with `CUDA_VISIBLE_DEVICES` and sees that GPU alone, as its
//! `cuda:0`: what it allocates, and what a library of it looks for, is on no other.

use std::collections::BTreeMap;
use std::path::Path;

/// GPUs that are looked for.
const MOST_GPUS: usize = 64;

/// The device of one worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Device {
    /// As the log has it.
    pub(super) name: String,
    /// As the worker is told.
    pub(super) told: String,
    /// Environment that the worker is started with.
    pub(super) environment: Vec<(&'static str, String)>,
}

impl Device {
    /// A device that the worker finds by itself.
    fn plain(name: &str) -> Device {
        Device { name: name.to_owned(), told: name.to_owned(), environment: Vec::new() }
    }

    /// GPU `index` of those that this process may use.
    fn gpu(index: usize, gpus: &[String]) -> Device {
        let name = format!("cuda:{index}");
        let Some(gpu) = gpus.get(index) else { return Device::plain(&name) };
        let mut environment = vec![("CUDA_VISIBLE_DEVICES", gpu.clone())];
        if std::env::var_os("CUDA_DEVICE_ORDER").is_none() {
            // The order of the numbers in /dev; CUDA's own puts the fastest first.
            environment.push(("CUDA_DEVICE_ORDER", "PCI_BUS_ID".to_owned()));
        }
        Device { name, told: "cuda:0".to_owned(), environment }
    }
}

/// The devices that these words name; at least one.
pub(super) fn devices(words: &str) -> Vec<Device> {
    named(words, &gpus())
}

fn named(words: &str, gpus: &[String]) -> Vec<Device> {
    let all = || (0..gpus.len()).map(|index| Device::gpu(index, gpus)).collect::<Vec<_>>();
    let of = |word: &str| match word {
        "auto" | "cuda" if !gpus.is_empty() => all(),
        _ => match word.strip_prefix("cuda:").and_then(|index| index.parse().ok()) {
            Some(index) => vec![Device::gpu(index, gpus)],
            // Whether there is one, and what is wrong where there is none, the worker says.
            None => vec![Device::plain(word)],
        },
    };
    words.split(',').map(str::trim).flat_map(of).collect()
}

/// The GPUs that this process may use, in the words of `CUDA_VISIBLE_DEVICES`.
pub fn gpus() -> Vec<String> {
    match std::env::var("CUDA_VISIBLE_DEVICES") {
        Ok(visible) => {
            visible.split(',').map(str::trim).filter(|gpu| !gpu.is_empty() && *gpu != "-1").map(str::to_owned).collect()
        }
        Err(_) => {
            let there = |index: &usize| Path::new(&format!("/dev/nvidia{index}")).exists();
            (0..MOST_GPUS).filter(there).map(|index| index.to_string()).collect()
        }
    }
}

/// The kind of processor, which decides in which order sums are taken.
pub(super) fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start_matches([' ', '\t', ':']).trim().to_owned())
}

/// What differs between two machines with their programs, in words: "cpu: was A, is B".
pub(super) fn differences(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let mut keys: Vec<&String> = before.keys().chain(now.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let shown = |map: &BTreeMap<String, String>, key: &str| map.get(key).map_or("unknown", String::as_str).to_owned();
    let differs = |key: &&String| before.get(*key) != now.get(*key);
    keys.into_iter()
        .filter(differs)
        .map(|key| format!("{key}: was {}, is {}", shown(before, key), shown(now, key)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &str, gpus: &[&str]) -> Vec<String> {
        let gpus: Vec<String> = gpus.iter().map(|gpu| (*gpu).to_owned()).collect();
        let shown = |device: Device| {
            let visible = device.environment.iter().find(|(name, _)| *name == "CUDA_VISIBLE_DEVICES");
            format!("{}={}@{}", device.name, device.told, visible.map_or("-", |(_, gpu)| gpu.as_str()))
        };
        named(words, &gpus).into_iter().map(shown).collect()
    }

    #[test]
    fn words_name_devices() {
        let two = ["4", "GPU-8f6d"];
        assert_eq!(names("cpu", &two), ["cpu=cpu@-"]);
        assert_eq!(names("auto", &[]), ["auto=auto@-"]);
        assert_eq!(names("cuda", &[]), ["cuda=cuda@-"]);
        assert_eq!(names("auto", &two), ["cuda:0=cuda:0@4", "cuda:1=cuda:0@GPU-8f6d"]);
        assert_eq!(names("cuda", &two), names("auto", &two));
        assert_eq!(names("cuda:1, cpu", &two), ["cuda:1=cuda:0@GPU-8f6d", "cpu=cpu@-"]);
        // The worker says that there is none.
        assert_eq!(names("cuda:2", &two), ["cuda:2=cuda:2@-"]);
    }

    #[test]
    fn differences_are_named() {
        let of = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let (before, now) =
            (of(&[("cpu", "A"), ("libtorch", "2.11.0")]), of(&[("cpu", "B"), ("libtorch", "2.11.0"), ("x", "1")]));
        assert_eq!(differences(&before, &now), ["cpu: was A, is B", "x: was unknown, is 1"]);
    }
}
