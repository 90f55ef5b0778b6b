//! A reader's place in the folder beside a region, through which the writer wakes it.

use crate::error::Error;
use crate::layout::PAGE;
use crate::mapped_file::{user, SAFE_FLAGS};
use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{fence, AtomicU64, Ordering};
use std::time::Duration;

const PLACES: usize = 64;

/// The folder `PATH.d`, open and trusted: mode 0700 and of our user.
pub(crate) struct Folder {
    path: PathBuf,
    file: File,
}

impl Folder {
    pub(crate) fn open(region: &Path, trusted_uids: &[u32]) -> Result<Self, Error> {
        let mut name = region.as_os_str().to_owned();
        name.push(".d");
        let path = PathBuf::from(name);
        let io = |error| Error::io(&path, error);
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_DIRECTORY | SAFE_FLAGS)
            .open(&path)
            .map_err(io)?;
        let found = file.metadata().map_err(io)?;
        let is_ours = found.uid() == user() || trusted_uids.contains(&found.uid());
        if !is_ours || found.mode() & 0o077 != 0 {
            let what = format!(
                "expected a folder of uid {} with mode 0700, found uid {}, mode {:04o}",
                user(),
                found.uid(),
                found.mode() & 0o777
            );
            return Err(Error::Untrusted(path, what));
        }
        Ok(Self { path, file })
    }

    /// Returns the path of an entry of the folder that was opened, whatever is at its path now.
    fn entry(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.file.as_raw_fd()))
    }

    fn open_entry(&self, name: &str, writes: bool) -> Result<File, Error> {
        OpenOptions::new()
            .read(true)
            .write(writes)
            .custom_flags(SAFE_FLAGS)
            .open(self.entry(name))
            .map_err(|error| Error::io(&self.path.join(name), error))
    }

    /// Returns whether a process holds the writer's lock.
    pub(crate) fn has_writer(&self) -> Result<bool, Error> {
        let lock = self.open_entry("lock", false)?;
        let mut asked = byte_lock(0);
        control_lock(lock.as_raw_fd(), libc::F_OFD_GETLK, &mut asked)
            .map_err(|error| Error::io(&self.path, error))?;
        Ok(asked.l_type != type_of(libc::F_UNLCK))
    }
}

#[allow(clippy::cast_possible_truncation)] // 0, 1 or 2
fn type_of(kind: i32) -> i16 {
    kind as i16
}

fn byte_lock(byte: i64) -> libc::flock {
    // SAFETY: a struct of integers, for which zeros are valid; its pid must be 0.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = type_of(libc::F_WRLCK);
    lock.l_start = byte;
    lock.l_len = 1;
    lock
}

fn control_lock(fd: RawFd, command: i32, lock: &mut libc::flock) -> io::Result<()> {
    // SAFETY: these commands read and write one `flock`, which is borrowed for the call.
    if unsafe { libc::fcntl(fd, command, lock as *mut libc::flock) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// One of the 64 places, freed by the kernel with this process, or on drop.
pub(crate) struct Waiter {
    folder: Folder,
    /// Carries the lock of the place.
    _page_file: File,
    /// The waiters page, mapped read-write until drop.
    page: *mut u64,
    slot: usize,
    fifo: File,
}

// SAFETY: the mapping belongs to this object alone and is not tied to a thread.
unsafe impl Send for Waiter {}
// SAFETY: through `&self` it is only changed atomically.
unsafe impl Sync for Waiter {}

impl Waiter {
    pub(crate) fn take_place(folder: Folder, region: &Path) -> Result<Self, Error> {
        let page_file = folder.open_entry("waiters", true)?;
        let at = folder.path.join("waiters");
        let found = page_file.metadata().map_err(|e| Error::io(&at, e))?;
        if !found.is_file() || found.size() < PAGE as u64 {
            return Err(Error::Untrusted(at, "expected a waiters page".to_owned()));
        }
        let slot = claim(&page_file)
            .map_err(|error| Error::io(&at, error))?
            .ok_or_else(|| Error::NoPlace(region.to_owned()))?;
        let fifo = make_fifo(&folder, slot)?;
        // SAFETY: a new mapping at a place of the kernel's choice touches no memory of ours.
        let page = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                PAGE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                page_file.as_raw_fd(),
                0,
            )
        };
        if page == libc::MAP_FAILED {
            return Err(Error::io(&at, io::Error::last_os_error()));
        }
        let waiter = Self {
            folder,
            _page_file: page_file,
            page: page.cast::<u64>(),
            slot,
            fifo,
        };
        waiter
            .word(9 + 2 * slot)
            .store(u64::from(std::process::id()), Ordering::Relaxed);
        // Last: from here on the writer opens the new FIFO, not that of a dead reader.
        waiter.word(8 + 2 * slot).fetch_add(1, Ordering::Release);
        Ok(waiter)
    }

    fn word(&self, index: usize) -> &AtomicU64 {
        assert!(index < PAGE / 8, "a word of the waiters page");
        // SAFETY: aligned and inside the page, which is mapped as long as `self` lives.
        unsafe { AtomicU64::from_ptr(self.page.add(index)) }
    }

    /// Asks for one wake-up; what is loaded after this call is looked at after the request, in one
    /// order with the writer's announcement and its look at the requests.
    pub(crate) fn ask(&self) {
        self.word(0).fetch_or(1 << self.slot, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// Takes the request back.
    pub(crate) fn take_back(&self) {
        self.word(0).fetch_and(!(1 << self.slot), Ordering::Relaxed);
    }

    /// Waits until the writer wakes this reader or the time is over.
    pub(crate) fn sleep(&self, limit: Duration) {
        let mut poll = libc::pollfd {
            fd: self.fifo.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let limit = i32::try_from(limit.as_millis().max(1)).unwrap_or(i32::MAX);
        // SAFETY: one `pollfd`, borrowed for the call. An error is a wake-up with no reason.
        unsafe { libc::poll(&mut poll, 1, limit) };
    }

    /// Empties the FIFO.
    pub(crate) fn drain(&self) {
        // It is not blocking, and an empty one is an error that says so.
        let _ = (&self.fifo).read(&mut [0; 4096]);
    }
}

/// Locks the first free place, and returns it.
fn claim(page: &File) -> io::Result<Option<usize>> {
    for (slot, byte) in (0..PLACES).zip(0..) {
        match control_lock(page.as_raw_fd(), libc::F_OFD_SETLK, &mut byte_lock(byte)) {
            Ok(()) => return Ok(Some(slot)),
            Err(e) if matches!(e.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(None)
}

fn make_fifo(folder: &Folder, slot: usize) -> Result<File, Error> {
    let name = format!("{slot}.fifo");
    let at = folder.entry(&name);
    let io = |error| Error::Io(folder.path.join(&name), error);
    match fs::remove_file(&at) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    let text = CString::new(at.as_os_str().as_encoded_bytes()).map_err(|e| io(e.into()))?;
    // SAFETY: a text that ends with 0, borrowed for the call.
    if unsafe { libc::mkfifo(text.as_ptr(), 0o600) } < 0 {
        return Err(io(io::Error::last_os_error()));
    }
    // Read and write, so that it never reports a hang-up when a writer leaves.
    folder.open_entry(&name, true)
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.take_back();
        let _ = fs::remove_file(self.folder.entry(&format!("{}.fifo", self.slot)));
        // SAFETY: this object made the mapping, and nothing borrows from it any more.
        unsafe { libc::munmap(self.page.cast(), PAGE) };
    }
}
