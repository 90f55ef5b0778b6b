//! The check of a file's first bytes: pure, without a file and without `unsafe`.

use crate::error::{Reason, Refusal};
use crate::machine::Machine;
use crate::reading::Ring;
use crate::sha256;
use std::collections::HashSet;

/// So many bytes from a file's begin hold the longest snapshot and the control block behind it.
pub const HEAD_SIZE: usize = 65_536 + PAGE;

pub(crate) const PAGE: usize = 4096;
pub(crate) const RECORD_HEADER: usize = 64;
pub(crate) const STATE: usize = 128;
pub(crate) const WRITER_PID: usize = 144;
pub(crate) const HEARTBEAT: usize = 152;
pub(crate) const PUBLISHED: usize = 192;

const MAGIC: u64 = 0x314e_4948_504c_4f44;
const BYTE_ORDER: u32 = 0x0102_0304;
const VERSION: u32 = 1;
const CONTROL_FIELDS: usize = 200;
const MAX_FACTORS: u32 = 512;
const MAX_NAME: usize = 63;
const MAX_FILE_SIZE: u64 = 256 << 20;
const MAX_SEQUENCE: u64 = 1 << 63;

/// What a checked file holds, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// The factors' names, in the order of a record's values.
    pub names: Vec<String>,
    /// Records in the ring.
    pub capacity: u32,
    /// Bytes of the snapshot; the control block follows.
    pub snapshot_size: usize,
    /// Bytes of a record.
    pub record_size: usize,
    /// Bytes of the file.
    pub file_size: usize,
    /// The first 8 bytes of SHA-256 over the names.
    pub schema_hash: u64,
    /// The same in every file that continues a sequence.
    pub stream_id: u64,
    /// The sequence of the first record that was written to this file.
    pub first_sequence: u64,
    /// The sequence of the newest record when the file was checked.
    pub published: u64,
    pub(crate) value_offsets: Vec<usize>,
}

fn refuse<T>(
    reason: Reason,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> Result<T, Refusal> {
    Err(Refusal {
        reason,
        expected: expected.into(),
        found: found.into(),
    })
}

fn expect<T: PartialEq + std::fmt::Debug>(
    reason: Reason,
    expected: &T,
    found: &T,
) -> Result<(), Refusal> {
    if expected == found {
        return Ok(());
    }
    let what = reason.code().replace('_', " ");
    refuse(reason, format!("{what} {expected:?}"), format!("{found:?}"))
}

fn bytes<const N: usize>(head: &[u8], at: usize) -> Option<[u8; N]> {
    head.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn is_name(name: &[u8]) -> bool {
    let allowed = |c: &u8| c.is_ascii_alphanumeric() || b"_.-".contains(c);
    name.len() <= MAX_NAME
        && name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(allowed)
}

fn names_of(head: &[u8]) -> Result<(Vec<String>, Vec<usize>, usize), Refusal> {
    let cut = |what: &str| refuse(Reason::Truncated, what, format!("{} bytes", head.len()));
    let Some(count) = bytes(head, 8).map(u32::from_le_bytes) else {
        return cut("a snapshot with factor names");
    };
    if !(1..=MAX_FACTORS).contains(&count) {
        return refuse(Reason::Count, "1 to 512 factors", format!("count {count}"));
    }
    let (mut names, mut offsets, mut at) = (Vec::new(), Vec::new(), 12);
    let mut seen = HashSet::new();
    for _ in 0..count {
        let Some(length) = bytes(head, at).map(u16::from_le_bytes) else {
            return cut("another factor name");
        };
        at += 2;
        let end = at + usize::from(length);
        let Some(name) = head.get(at..end).filter(|_| end + 8 <= head.len()) else {
            return cut("a factor name and its value");
        };
        let text = String::from_utf8_lossy(name).into_owned();
        if !is_name(name) {
            let rule = "a letter and up to 62 letters, digits, '_', '.' or '-'";
            return refuse(Reason::Name, rule, format!("{text:?}"));
        }
        if !seen.insert(text.clone()) {
            return refuse(Reason::Name, "unique names", format!("{text:?} twice"));
        }
        names.push(text);
        offsets.push(end);
        at = end + 8;
    }
    Ok((names, offsets, at))
}

impl Layout {
    /// Checks the first bytes of a file of `file_size` bytes: [`HEAD_SIZE`] of them, or all.
    ///
    /// ```
    /// use dolphin_region::{Layout, Machine, Reason};
    ///
    /// let machine = Machine { boot_id: [0; 16], time_namespace: 0 };
    /// let refusal = Layout::check(&[0; 8192], 8192, &machine).unwrap_err();
    /// assert_eq!(refusal.reason, Reason::Count);
    /// ```
    ///
    /// # Errors
    ///
    /// The first rule of the layout that does not hold.
    pub fn check(head: &[u8], file_size: u64, machine: &Machine) -> Result<Self, Refusal> {
        if file_size > MAX_FILE_SIZE {
            return refuse(
                Reason::TooLarge,
                format!("at most {MAX_FILE_SIZE} bytes"),
                format!("{file_size}"),
            );
        }
        let (names, value_offsets, end) = names_of(head)?;
        let snapshot_size = end.next_multiple_of(PAGE);
        let Some(control) = head.get(snapshot_size..snapshot_size + CONTROL_FIELDS) else {
            return refuse(
                Reason::Truncated,
                format!("a control block at offset {snapshot_size}"),
                format!("{file_size} bytes"),
            );
        };
        let word = |at: usize| bytes(control, at).map_or(0, u64::from_le_bytes);
        let half = |at: usize| bytes(control, at).map_or(0, u32::from_le_bytes);
        if word(0) == MAGIC.swap_bytes() {
            let other = "big-endian ones, of another kind of machine";
            return refuse(Reason::ByteOrder, "little-endian numbers", other);
        }
        expect(Reason::Magic, &MAGIC, &word(0))?;
        expect(Reason::ByteOrder, &BYTE_ORDER, &half(12))?;
        expect(Reason::Version, &VERSION, &half(8))?;
        let capacity = half(36);
        let record_size = (RECORD_HEADER + 8 * names.len()).next_multiple_of(64);
        let whole = (snapshot_size + PAGE) as u64 + u64::from(capacity) * record_size as u64;
        if capacity < 2 || !capacity.is_power_of_two() || whole > MAX_FILE_SIZE {
            let rule = "a power of two of at least 2, in at most 256 MB";
            return refuse(Reason::Capacity, rule, format!("capacity {capacity}"));
        }
        expect(
            Reason::SnapshotSize,
            &(snapshot_size as u64),
            &u64::from(half(24)),
        )?;
        expect(
            Reason::FactorCount,
            &(names.len() as u64),
            &u64::from(half(28)),
        )?;
        expect(
            Reason::RecordSize,
            &(record_size as u64),
            &u64::from(half(32)),
        )?;
        let schema_hash = sha256::first_8_bytes(names.join("\n").as_bytes());
        expect(Reason::SchemaHash, &schema_hash, &word(40))?;
        expect(Reason::FileSize, &whole, &word(16))?;
        expect(Reason::FileSize, &whole, &file_size)?;
        if control.get(64..80) != Some(&machine.boot_id[..]) {
            let other = "one from before a reboot";
            return refuse(
                Reason::BootId,
                "a region of this boot of the machine",
                other,
            );
        }
        let (ours, theirs) = (machine.time_namespace, word(80));
        if ours != 0 && theirs != 0 {
            expect(Reason::TimeNamespace, &ours, &theirs)?;
        }
        let (first_sequence, published) = (word(56), word(PUBLISHED));
        let next = published.checked_add(1).filter(|&n| n <= MAX_SEQUENCE);
        if first_sequence == 0 || next.map_or(true, |n| first_sequence > n) {
            return refuse(
                Reason::Sequence,
                "a first sequence of at most published + 1",
                format!("{first_sequence} with {published} published"),
            );
        }
        let Ok(file_size) = usize::try_from(whole) else {
            return refuse(
                Reason::TooLarge,
                "a file that fits into memory",
                format!("{whole}"),
            );
        };
        Ok(Self {
            names,
            capacity,
            snapshot_size,
            record_size,
            file_size,
            schema_hash,
            stream_id: word(48),
            first_sequence,
            published,
            value_offsets,
        })
    }

    /// Returns where the ring lies.
    pub(crate) fn ring(&self) -> Ring {
        Ring {
            published: self.snapshot_size + PUBLISHED,
            start: self.snapshot_size + PAGE,
            record_size: self.record_size,
            capacity: self.capacity,
            values: self.names.len(),
        }
    }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
