//! File systems on which SQLite must not write: their locks and their shared memory do not hold.

use std::path::Path;

use super::StoreError;

/// Refuses network file systems, also for a directory that is yet to be made. Where the kind cannot be told, nothing is
/// refused.
pub(super) fn refuse_network(directory: &Path) -> Result<(), StoreError> {
    #[cfg(target_os = "linux")]
    if let Ok(absolute) = std::path::absolute(directory)
        && let Some(existing) = absolute.ancestors().find(|ancestor| ancestor.exists())
        && let Ok(stat) = rustix::fs::statfs(existing)
        && let Some(kind) = network_kind(stat.f_type as u64)
    {
        return Err(StoreError::Network { directory: directory.to_owned(), kind });
    }
    let _ = directory;
    Ok(())
}

/// Name of a network file system by its magic number (`linux/magic.h`, and the vendors' own headers).
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "statfs differs elsewhere"))]
fn network_kind(magic: u64) -> Option<&'static str> {
    match magic & 0xffff_ffff {
        0x6969 => Some("NFS"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x4750_4653 => Some("GPFS"),
        0xff53_4d42 => Some("CIFS"),
        0xfe53_4d42 => Some("SMB2"),
        0x517b => Some("SMB"),
        0x00c3_6400 => Some("Ceph"),
        0x5346_414f => Some("AFS"),
        0x0102_1997 => Some("9P"),
        0x1983_0326 => Some("BeeGFS"),
        0xaad7_aaea => Some("PanFS"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_magic_numbers() {
        assert_eq!(network_kind(0x6969), Some("NFS"));
        // As a 32-bit kernel sign-extends it.
        assert_eq!(network_kind(0xffff_ffff_ff53_4d42), Some("CIFS"));
        for (local, magic) in [("ext4", 0xef53), ("tmpfs", 0x0102_1994), ("btrfs", 0x9123_683e), ("xfs", 0x5846_5342)] {
            assert_eq!(network_kind(magic), None, "{local}");
        }
    }

    #[test]
    fn a_local_directory_is_accepted() {
        let directory = tempfile::tempdir().unwrap();
        refuse_network(directory.path()).unwrap();
        refuse_network(&directory.path().join("not/yet")).unwrap();
    }
}
