//! What a region shows of its writer.

use crate::error::Error;
use crate::layout::{HEARTBEAT, WRITER_PID};
use crate::region::Region;
use crate::waiter::Folder;

/// What the region shows of its writer's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A writer has opened the file; it may have died since.
    Live,
    /// The stream goes on in another file at the same path.
    Superseded,
    /// The writer has closed the region, or a new file has none yet.
    Closed,
    /// A number that this layout does not have.
    Unknown(u64),
}

/// The state of a region's writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Whether a process holds the writer's lock.
    pub alive: bool,
    /// What the region shows.
    pub state: State,
    /// The writer's process id, as it sees itself.
    pub writer_pid: u64,
    /// `CLOCK_MONOTONIC` nanoseconds of the last record or heartbeat.
    pub heartbeat_mono_ns: u64,
    /// Sequence of the newest record.
    pub published: u64,
}

impl Region {
    /// Returns the state of the writer.
    ///
    /// # Errors
    ///
    /// If the folder beside the region cannot be used.
    pub fn status(&self) -> Result<Status, Error> {
        let folder = Folder::open(&self.path, &self.trusted_uids)?;
        Ok(Status {
            alive: folder.has_writer()?,
            state: self.state(),
            writer_pid: self.control(WRITER_PID),
            heartbeat_mono_ns: self.control(HEARTBEAT),
            published: self.published(),
        })
    }
}
