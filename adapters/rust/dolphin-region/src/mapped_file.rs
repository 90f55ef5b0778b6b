//! A region's file: opened, checked, and mapped read-only; its words are loaded atomically.

use crate::error::Error;
use crate::layout::{Layout, HEAD_SIZE};
use crate::machine::Machine;
use crate::reading::{Fence, SharedWords};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{fence, AtomicU64, AtomicU8, Ordering};

pub(crate) const SAFE_FLAGS: i32 = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
const ATTEMPTS: u32 = 8;

pub(crate) struct MappedFile {
    path: PathBuf,
    file: File,
    /// Page-aligned, `size` bytes, mapped until drop. Loads are relaxed, with a fence behind them
    /// where an order is needed: Rust promises only of relaxed loads that they do not write, and a
    /// fence behind a relaxed load gives what an acquire load would.
    start: *mut u64,
    size: usize,
}

// SAFETY: the mapping belongs to this object alone and is not tied to a thread.
unsafe impl Send for MappedFile {}
// SAFETY: through `&self` it is only read, atomically.
unsafe impl Sync for MappedFile {}

impl MappedFile {
    pub(crate) fn open(path: &Path, trusted_uids: &[u32]) -> Result<(Self, Layout), Error> {
        refuse_open_parent(path)?;
        let file = open_trusted(path, trusted_uids)?;
        let io = |error| Error::io(path, error);
        let file_size = file.metadata().map_err(io)?.size();
        let mut head = vec![0; HEAD_SIZE];
        let mut length = 0;
        while length < head.len() {
            match file.read_at(&mut head[length..], length as u64) {
                Ok(0) => break,
                Ok(n) => length += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(io(error)),
            }
        }
        let machine = Machine::this().map_err(io)?;
        let layout = Layout::check(&head[..length], file_size, &machine)
            .map_err(|refusal| Error::Refused(path.to_owned(), refusal))?;
        let size = layout.file_size;
        // SAFETY: a new mapping at a place of the kernel's choice touches no memory of ours; the
        // descriptor is open.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                size,
                libc::PROT_READ,
                libc::MAP_SHARED | libc::MAP_POPULATE,
                file.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io(io::Error::last_os_error()));
        }
        let mapped = Self {
            path: path.to_owned(),
            file,
            start: start.cast::<u64>(),
            size,
        };
        Ok((mapped, layout))
    }

    /// Loads 8 bytes that need not be aligned, each relaxed.
    pub(crate) fn unaligned(&self, at: usize) -> [u8; 8] {
        assert!(at + 8 <= self.size, "a value in the file");
        let start = self.start.cast::<u8>();
        std::array::from_fn(|k| {
            // SAFETY: inside the mapping by the assertion; a byte is always aligned.
            unsafe { AtomicU8::from_ptr(start.add(at + k)) }.load(Ordering::Relaxed)
        })
    }

    /// Returns whether the file still has its size.
    pub(crate) fn is_whole(&self) -> bool {
        self.file
            .metadata()
            .is_ok_and(|m| m.size() == self.size as u64)
    }

    /// Returns whether the path still holds this file, whole.
    pub(crate) fn is_current(&self) -> bool {
        let Ok(at_path) = fs::symlink_metadata(&self.path) else {
            return false;
        };
        let ours = self.file.metadata();
        ours.is_ok_and(|m| identity(&m) == identity(&at_path)) && self.is_whole()
    }
}

impl SharedWords for MappedFile {
    fn word(&self, at: usize) -> u64 {
        assert!(at % 8 == 0 && at + 8 <= self.size, "a word in the file");
        // SAFETY: aligned and inside the mapping by the assertion, which lives as long as `self`;
        // a relaxed load of 8 bytes may be of read-only memory. Of a page that was truncated away
        // the kernel raises SIGBUS, as the crate's documentation says.
        unsafe { AtomicU64::from_ptr(self.start.add(at / 8)) }.load(Ordering::Relaxed)
    }

    fn words<T>(&self, at: usize, into: &mut [T], convert: impl Fn(u64) -> T) {
        assert!(
            at % 8 == 0 && at + 8 * into.len() <= self.size,
            "words in the file"
        );
        for (k, word) in into.iter_mut().enumerate() {
            // SAFETY: as in `word`, by the assertion above.
            let found = unsafe { AtomicU64::from_ptr(self.start.add(at / 8 + k)) };
            *word = convert(found.load(Ordering::Relaxed));
        }
    }

    fn fence(&self, _place: Fence) {
        fence(Ordering::Acquire);
    }
}

impl Drop for MappedFile {
    fn drop(&mut self) {
        // SAFETY: this object made the mapping, and nothing borrows from it any more. That unmapping
        // fails is impossible for a range that was mapped.
        unsafe { libc::munmap(self.start.cast(), self.size) };
    }
}

fn identity(found: &Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

/// Refuses a folder in which everybody may rename what is not theirs.
fn refuse_open_parent(path: &Path) -> Result<(), Error> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mode = fs::metadata(parent)
        .map_err(|error| Error::io(path, error))?
        .mode();
    if mode & 0o002 != 0 && mode & 0o1000 == 0 {
        let what = format!(
            "expected its folder with the sticky bit or not writable for others, found mode {:04o}",
            mode & 0o7777
        );
        return Err(Error::Untrusted(path.to_owned(), what));
    }
    Ok(())
}

/// Returns the effective user.
pub(crate) fn user() -> u32 {
    // SAFETY: it takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

fn open_trusted(path: &Path, trusted_uids: &[u32]) -> Result<File, Error> {
    for _ in 0..ATTEMPTS {
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(SAFE_FLAGS)
            .open(path);
        let file = match opened {
            Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
                let what = "expected a file, found a symbolic link".to_owned();
                return Err(Error::Untrusted(path.to_owned(), what));
            }
            other => other.map_err(|error| Error::io(path, error))?,
        };
        let found = file.metadata().map_err(|error| Error::io(path, error))?;
        let wrong = if !found.is_file() {
            Some("expected a regular file".to_owned())
        } else if found.nlink() > 1 {
            Some(format!(
                "expected one name, found {} hard links",
                found.nlink()
            ))
        } else if found.uid() != user() && !trusted_uids.contains(&found.uid()) {
            Some(format!(
                "expected uid {}, found uid {}",
                user(),
                found.uid()
            ))
        } else if found.mode() & 0o022 != 0 {
            let mode = found.mode() & 0o777;
            Some(format!(
                "expected that only its owner may write, found mode {mode:04o}"
            ))
        } else {
            None
        };
        if let Some(what) = wrong {
            return Err(Error::Untrusted(path.to_owned(), what));
        }
        // A second name that was removed in between would not show above.
        let at_path = fs::symlink_metadata(path);
        if at_path.is_ok_and(|m| identity(&m) == identity(&found) && m.nlink() == 1) {
            return Ok(file);
        }
    }
    let what = "it was replaced again and again while it was opened".to_owned();
    Err(Error::Untrusted(path.to_owned(), what))
}
