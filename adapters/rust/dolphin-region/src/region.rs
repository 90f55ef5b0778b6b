//! A reader's position in a region, and what it reads there.

use crate::error::Error;
use crate::layout::{Layout, PUBLISHED, STATE};
use crate::mapped_file::MappedFile;
use crate::reading::{Contradiction, Cursor, SharedWords as _};
use crate::record::{Read, Record, Snapshot};
use crate::status::State;
use crate::waiter::Waiter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{fence, Ordering};

const SNAPSHOT_ATTEMPTS: u32 = 10_000;

/// A reader at a position: the sequence of the last record that it has handed out.
///
/// A new one stands just before the newest record. The records published since then are exactly
/// `delivered + conflated + lost` and those still to come.
pub struct Region {
    pub(crate) path: PathBuf,
    pub(crate) trusted_uids: Vec<u32>,
    pub(crate) file: MappedFile,
    pub(crate) layout: Layout,
    pub(crate) cursor: Cursor,
    pub(crate) waiter: Option<Waiter>,
}

impl Region {
    /// Attaches the region at a path, for example `/dev/shm/dolphin_exf`.
    ///
    /// # Errors
    ///
    /// [`Error::NotReady`] if there is nothing yet, else why the file is not used.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_trusting(path, &[])
    }

    /// Attaches a region that may also belong to one of these users.
    ///
    /// # Errors
    ///
    /// As [`Region::open`].
    pub fn open_trusting(path: impl AsRef<Path>, trusted_uids: &[u32]) -> Result<Self, Error> {
        let path = path.as_ref();
        let (file, layout) = MappedFile::open(path, trusted_uids)?;
        let before_newest = layout.published.saturating_sub(1);
        Ok(Self {
            path: path.to_owned(),
            trusted_uids: trusted_uids.to_vec(),
            cursor: Cursor::at(before_newest.max(layout.first_sequence - 1)),
            file,
            layout,
            waiter: None,
        })
    }

    /// Returns what was checked when the file was attached: names, capacity, stream.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Returns the factors' names, in the order of the values.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.layout.names
    }

    /// Returns the sequence of the last record that was handed out.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.cursor.position
    }

    /// Goes on after another record; 0 or any other before this file's first: all that it has.
    pub fn set_position(&mut self, sequence: u64) {
        self.cursor.position = sequence.max(self.layout.first_sequence - 1);
    }

    /// Returns how many records were handed out.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.cursor.delivered
    }

    /// Returns how many records were skipped because a newer one was there.
    #[must_use]
    pub fn conflated(&self) -> u64 {
        self.cursor.conflated
    }

    /// Returns how many records the ring no longer held when they were to be read.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.cursor.lost
    }

    /// Returns a record with room for this region's values.
    #[must_use]
    pub fn record(&self) -> Record {
        Record {
            values: vec![f64::NAN; self.layout.names.len()],
            ..Record::default()
        }
    }

    pub(crate) fn control(&self, field: usize) -> u64 {
        self.file.word(self.layout.snapshot_size + field)
    }

    /// Returns the sequence of the newest record, which is visible then.
    #[must_use]
    pub fn published(&self) -> u64 {
        let n = self.control(PUBLISHED);
        fence(Ordering::Acquire);
        n
    }

    pub(crate) fn state(&self) -> State {
        let state = match self.control(STATE) {
            1 => State::Live,
            2 => State::Superseded,
            3 => State::Closed,
            other => State::Unknown(other),
        };
        fence(Ordering::Acquire);
        state
    }

    /// Returns the newest values without the ring, or `None` if there is no whole snapshot: before
    /// the first record, and when a writer was killed inside.
    #[must_use]
    pub fn snapshot(&self) -> Option<Snapshot> {
        let mut values = vec![f64::NAN; self.layout.names.len()];
        for _ in 0..SNAPSHOT_ATTEMPTS {
            let before = self.file.word(0);
            fence(Ordering::Acquire);
            for (value, &at) in values.iter_mut().zip(&self.layout.value_offsets) {
                *value = f64::from_le_bytes(self.file.unaligned(at));
            }
            fence(Ordering::Acquire);
            if before != 0 && self.file.word(0) == before {
                return Some(Snapshot {
                    timestamp: before,
                    values,
                });
            }
            std::hint::spin_loop();
        }
        None
    }

    /// Copies the newest record and skips those before it.
    ///
    /// # Errors
    ///
    /// [`Error::Contradiction`] if the region does not hold what it announces.
    pub fn read_latest(&mut self, record: &mut Record) -> Result<Read, Error> {
        let found = self
            .cursor
            .read_latest(&self.file, &self.layout.ring(), record);
        self.answer(found)
    }

    /// Copies the first record after the position that the ring still holds; those that it no
    /// longer holds are counted as lost.
    ///
    /// # Errors
    ///
    /// [`Error::Contradiction`] if the region does not hold what it announces.
    pub fn read_next(&mut self, record: &mut Record) -> Result<Read, Error> {
        let found = self
            .cursor
            .read_next(&self.file, &self.layout.ring(), record);
        self.answer(found)
    }

    fn answer(&self, found: Result<Read, Contradiction>) -> Result<Read, Error> {
        match found {
            Ok(Read::Nothing) => Ok(self.nothing_or_moved()),
            Ok(found) => Ok(found),
            Err(found) => Err(Error::Contradiction(self.path.clone(), found.to_string())),
        }
    }

    pub(crate) fn nothing_or_moved(&self) -> Read {
        if self.state() == State::Superseded && self.published() == self.cursor.position {
            Read::Moved
        } else {
            Read::Nothing
        }
    }

    /// Returns whether the path still holds this file, whole. To be asked now and then, for example
    /// every 100 ms without a record: a file that is removed or truncated announces nothing.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.file.is_current()
    }

    /// Attaches the file that is at the path now, and goes on after the position if it continues
    /// the stream; in another stream, before its first record. What neither file has any more is
    /// counted as lost.
    ///
    /// # Errors
    ///
    /// As [`Region::open`]; the old file stays attached then.
    pub fn reattach(&mut self) -> Result<(), Error> {
        let (file, layout) = MappedFile::open(&self.path, &self.trusted_uids)?;
        let before_first = layout.first_sequence - 1;
        let continues =
            layout.stream_id == self.layout.stream_id && layout.published >= self.cursor.position;
        if continues {
            self.cursor.lost += before_first.saturating_sub(self.cursor.position);
            self.cursor.position = self.cursor.position.max(before_first);
        } else {
            if self.file.is_whole() {
                self.cursor.lost += self.published().saturating_sub(self.cursor.position);
            }
            self.cursor.position = before_first;
        }
        self.file = file;
        self.layout = layout;
        self.waiter = None;
        Ok(())
    }
}
