//! A reader's position in a region, and what it reads there.

use crate::error::Error;
use crate::layout::{Layout, PUBLISHED, RECORD_HEADER, STATE};
use crate::mapped_file::MappedFile;
use crate::record::{Read, Record, Snapshot};
use crate::status::State;
use crate::waiter::Waiter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{fence, Ordering};

const ATTEMPTS: u32 = 8;
const SNAPSHOT_ATTEMPTS: u32 = 10_000;

/// Takes a word as the signed number that the writer stored.
fn signed(word: u64) -> i64 {
    i64::from_le_bytes(word.to_le_bytes())
}

/// A reader at a position: the sequence of the last record that it has handed out.
///
/// A new one stands just before the newest record. The records published since then are exactly
/// `delivered + conflated + lost` and those still to come.
pub struct Region {
    pub(crate) path: PathBuf,
    pub(crate) trusted_uids: Vec<u32>,
    pub(crate) file: MappedFile,
    pub(crate) layout: Layout,
    pub(crate) position: u64,
    delivered: u64,
    conflated: u64,
    lost: u64,
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
            position: before_newest.max(layout.first_sequence - 1),
            file,
            layout,
            delivered: 0,
            conflated: 0,
            lost: 0,
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
        self.position
    }

    /// Goes on after another record; 0 or any other before this file's first: all that it has.
    pub fn set_position(&mut self, sequence: u64) {
        self.position = sequence.max(self.layout.first_sequence - 1);
    }

    /// Returns how many records were handed out.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Returns how many records were skipped because a newer one was there.
    #[must_use]
    pub fn conflated(&self) -> u64 {
        self.conflated
    }

    /// Returns how many records the ring no longer held when they were to be read.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
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

    /// Loads the newest sequence; the record is visible then.
    pub(crate) fn published(&self) -> u64 {
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
        let mut previous = None;
        for _ in 0..ATTEMPTS {
            let n = self.published();
            if n == self.position {
                return Ok(self.nothing_or_moved());
            }
            if n < self.position || previous == Some(n) {
                return Err(self.contradiction(n));
            }
            if self.copy(n, record) {
                self.conflated += n - self.position - 1;
                self.position = n;
                self.delivered += 1;
                return Ok(Read::Record);
            }
            previous = Some(n);
        }
        Ok(Read::Overtaken)
    }

    /// Copies the first record after the position that the ring still holds; those that it no
    /// longer holds are counted as lost.
    ///
    /// # Errors
    ///
    /// [`Error::Contradiction`] if the region does not hold what it announces.
    pub fn read_next(&mut self, record: &mut Record) -> Result<Read, Error> {
        let capacity = u64::from(self.layout.capacity);
        let (mut previous, mut skip) = (None, 0);
        for _ in 0..ATTEMPTS {
            let n = self.published();
            if n == self.position {
                return Ok(self.nothing_or_moved());
            }
            if n < self.position || previous == Some(n) {
                return Err(self.contradiction(n));
            }
            let mut next = self.position + 1;
            // The writer may be inside the slot of record n + 1 - capacity.
            if n - self.position >= capacity {
                next = n - capacity + 2 + skip;
            }
            if self.copy(next, record) {
                self.lost += next - self.position - 1;
                self.position = next;
                self.delivered += 1;
                return Ok(Read::Record);
            }
            previous = Some(n);
            // Overtaken while copying: leave the writer some room before the next try.
            skip = capacity / 8;
        }
        Ok(Read::Overtaken)
    }

    /// Copies record `n` if its slot holds it from the first word to the last.
    fn copy(&self, n: u64, record: &mut Record) -> bool {
        let at = self.layout.slot(n);
        if self.file.word(at) == n {
            let mut header = [0; 4];
            self.file.words(at + 8, &mut header, |word| word);
            record.values.resize(self.layout.names.len(), f64::NAN);
            self.file
                .words(at + RECORD_HEADER, &mut record.values, f64::from_bits);
            if self.file.word(at) == n {
                record.sequence = n;
                record.ts_event = signed(header[0]);
                record.published_wall_ns = signed(header[1]);
                record.published_mono_ns = signed(header[2]);
                record.writer_id = header[3];
                return true;
            }
        }
        // So that `published` is seen to have moved; else a sound region would look damaged.
        fence(Ordering::Acquire);
        false
    }

    pub(crate) fn nothing_or_moved(&self) -> Read {
        if self.state() == State::Superseded && self.published() == self.position {
            Read::Moved
        } else {
            Read::Nothing
        }
    }

    fn contradiction(&self, published: u64) -> Error {
        let what = format!(
            "expected a record after {} of {published} published, found another in its slot",
            self.position
        );
        Error::Contradiction(self.path.clone(), what)
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
            layout.stream_id == self.layout.stream_id && layout.published >= self.position;
        if continues {
            self.lost += before_first.saturating_sub(self.position);
            self.position = self.position.max(before_first);
        } else {
            if self.file.is_whole() {
                self.lost += self.published().saturating_sub(self.position);
            }
            self.position = before_first;
        }
        self.file = file;
        self.layout = layout;
        self.waiter = None;
        Ok(())
    }
}
