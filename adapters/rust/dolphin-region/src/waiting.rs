//! Waiting for the next record: spinning, or asleep until the writer wakes this reader.

use crate::error::Error;
use crate::layout::{PUBLISHED, STATE};
use crate::reading::SharedWords as _;
use crate::record::Read;
use crate::region::Region;
use crate::waiter::{Folder, Waiter};
use std::time::{Duration, Instant};

const SPINS_PER_CLOCK_READ: u32 = 32;
/// A writer that is killed between taking a request back and waking leaves neither.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);

impl Region {
    /// Watches for a record without sleeping; returns whether a reading will find something: a
    /// record, or that the region has moved.
    #[must_use]
    pub fn spin(&self, limit: Duration) -> bool {
        let begin = Instant::now();
        loop {
            for _ in 0..SPINS_PER_CLOCK_READ {
                if self.published() != self.cursor.position {
                    return true;
                }
                std::hint::spin_loop();
            }
            if begin.elapsed() >= limit {
                return self.nothing_or_moved() == Read::Moved;
            }
        }
    }

    /// Sleeps until the writer wakes this reader; returns as [`Region::spin`] does.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`]; why the folder beside the region is not used; or
    /// [`Error::NoPlace`].
    pub fn wait(&mut self, limit: Duration) -> Result<bool, Error> {
        let waiter = if let Some(waiter) = self.waiter.take() {
            waiter
        } else {
            let folder = Folder::open(&self.path, &self.trusted_uids)?;
            Waiter::take_place(folder, &self.path)?
        };
        let waiter = self.waiter.insert(waiter);
        let begin = Instant::now();
        loop {
            // Before the request, or its wake-up would be discarded with the earlier ones.
            waiter.drain();
            waiter.ask();
            let at = self.layout.snapshot_size;
            let is_there = self.file.word(at + PUBLISHED) != self.cursor.position
                || self.file.word(at + STATE) == 2;
            let left = limit.saturating_sub(begin.elapsed());
            if is_there || left.is_zero() {
                waiter.take_back();
                return Ok(is_there);
            }
            waiter.sleep(left.min(LONGEST_SLEEP));
            if !self.file.is_whole() {
                waiter.take_back();
                return Err(Error::Truncated(self.path.clone()));
            }
        }
    }
}
