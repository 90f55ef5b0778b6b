//! Reading records: the position, the copy, and the orders of the loads, over any shared words.
//!
//! Each load is relaxed. Where an order is needed an acquire fence stands behind it: the same
//! guarantee as an acquire load, and `adapters/shm/native/orderings.h` says of each what it is for.

use crate::layout::RECORD_HEADER;
use crate::record::{Read, Record};
use std::fmt;

const ATTEMPTS: u32 = 8;

/// Words that another process writes meanwhile: of a mapped file, or of a model of one.
pub(crate) trait SharedWords {
    /// Loads the word at an offset, relaxed.
    fn word(&self, at: usize) -> u64;

    /// Loads consecutive words, relaxed.
    fn words<T>(&self, at: usize, into: &mut [T], convert: impl Fn(u64) -> T);

    /// An acquire fence: what is loaded after it is at least as new as what was loaded before.
    fn fence(&self, place: Fence);
}

/// Why a fence stands where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fence {
    /// Behind `published`: the record that it announces is visible.
    Published,
    /// Behind a copy: a word of a later record shows that record's mark in the slot.
    Copied,
    /// Behind a slot with another record: `published` shows that the writer went on.
    Overtaken,
}

/// Where the ring lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ring {
    /// Offset of the word with the newest sequence.
    pub(crate) published: usize,
    /// Offset of the first slot.
    pub(crate) start: usize,
    pub(crate) record_size: usize,
    pub(crate) capacity: u32,
    /// Values of a record.
    pub(crate) values: usize,
}

impl Ring {
    /// Returns where the slot of record `n` lies.
    pub(crate) fn slot(&self, n: u64) -> usize {
        // Below the capacity, which is a u32.
        #[allow(clippy::cast_possible_truncation)]
        let slot = (n & u64::from(self.capacity - 1)) as usize;
        self.start + slot * self.record_size
    }
}

/// The region announces a record that its slot does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contradiction {
    position: u64,
    published: u64,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected a record after {} of {} published, found another in its slot",
            self.position, self.published
        )
    }
}

/// The sequence of the last record that was handed out, and what became of the others.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cursor {
    pub(crate) position: u64,
    pub(crate) delivered: u64,
    pub(crate) conflated: u64,
    pub(crate) lost: u64,
}

impl Cursor {
    pub(crate) fn at(position: u64) -> Self {
        Self {
            position,
            ..Self::default()
        }
    }

    pub(crate) fn read_latest(
        &mut self,
        words: &impl SharedWords,
        ring: &Ring,
        record: &mut Record,
    ) -> Result<Read, Contradiction> {
        let mut previous = None;
        for _ in 0..ATTEMPTS {
            let n = published(words, ring);
            if n == self.position {
                return Ok(Read::Nothing);
            }
            if n < self.position || previous == Some(n) {
                return Err(self.contradiction(n));
            }
            if copy(words, ring, n, record) {
                self.conflated += n - self.position - 1;
                self.position = n;
                self.delivered += 1;
                return Ok(Read::Record);
            }
            previous = Some(n);
        }
        Ok(Read::Overtaken)
    }

    pub(crate) fn read_next(
        &mut self,
        words: &impl SharedWords,
        ring: &Ring,
        record: &mut Record,
    ) -> Result<Read, Contradiction> {
        let capacity = u64::from(ring.capacity);
        let (mut previous, mut skip) = (None, 0);
        for _ in 0..ATTEMPTS {
            let n = published(words, ring);
            if n == self.position {
                return Ok(Read::Nothing);
            }
            if n < self.position || previous == Some(n) {
                return Err(self.contradiction(n));
            }
            let mut next = self.position + 1;
            // The writer may be inside the slot of record n + 1 - capacity.
            if n - self.position >= capacity {
                next = n - capacity + 2 + skip;
            }
            if copy(words, ring, next, record) {
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

    fn contradiction(&self, published: u64) -> Contradiction {
        Contradiction {
            position: self.position,
            published,
        }
    }
}

/// Loads the newest sequence; the record is visible then.
pub(crate) fn published(words: &impl SharedWords, ring: &Ring) -> u64 {
    let n = words.word(ring.published);
    words.fence(Fence::Published);
    n
}

/// Takes a word as the signed number that the writer stored.
fn signed(word: u64) -> i64 {
    i64::from_le_bytes(word.to_le_bytes())
}

/// Copies record `n` if its slot holds it from the first word to the last.
fn copy(words: &impl SharedWords, ring: &Ring, n: u64, record: &mut Record) -> bool {
    let at = ring.slot(n);
    if words.word(at) == n {
        let mut header = [0; 4];
        words.words(at + 8, &mut header, |word| word);
        record.values.resize(ring.values, f64::NAN);
        words.words(at + RECORD_HEADER, &mut record.values, f64::from_bits);
        words.fence(Fence::Copied);
        if words.word(at) == n {
            record.sequence = n;
            record.ts_event = signed(header[0]);
            record.published_wall_ns = signed(header[1]);
            record.published_mono_ns = signed(header[2]);
            record.writer_id = header[3];
            return true;
        }
    }
    // So that `published` is seen to have moved; else a sound region would look damaged.
    words.fence(Fence::Overtaken);
    false
}

#[cfg(all(test, loom))]
#[path = "reading_model.rs"]
mod model;
