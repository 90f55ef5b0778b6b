//! What ties a region to this machine.

use std::os::unix::fs::MetadataExt;

/// The machine that a region must be of: its boot, and the time namespace of its clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// `/proc/sys/kernel/random/boot_id` as 16 bytes.
    pub boot_id: [u8; 16],
    /// Inode of `/proc/self/ns/time`; 0: unknown.
    pub time_namespace: u64,
}

impl Machine {
    /// Returns this process's own.
    ///
    /// # Errors
    ///
    /// If `/proc` cannot be read or does not hold a boot id.
    pub fn this() -> std::io::Result<Self> {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        let digits = text.trim().replace('-', "");
        let number = u128::from_str_radix(&digits, 16).map_err(std::io::Error::other)?;
        let time_namespace = std::fs::metadata("/proc/self/ns/time").map_or(0, |m| m.ino());
        Ok(Self {
            boot_id: number.to_be_bytes(),
            time_namespace,
        })
    }
}
