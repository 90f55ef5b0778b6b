//! The reading as it is, over words that loom models, beside a writer with the orders of
//! `orderings.h`; and with one order taken away, which the model must notice:
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release --lib model
//! ```
//!
//! Loom tries all interleavings with at most three preemptions, and every value that a relaxed load
//! may return. It takes a sequentially consistent access for an acquiring and releasing one, so
//! that a lost wake-up cannot be told from a sound one here: requests and wake-ups are in the
//! explorations of `tests/proof/memory_model`, over the same orders in C.

use super::{Cursor, Fence, Ring, SharedWords};
use crate::layout::RECORD_HEADER;
use crate::record::{Read, Record};
use loom::sync::atomic::{fence, AtomicU64, Ordering};
use loom::sync::Arc;
use Ordering::{Relaxed, Release};

const PUBLISHED: usize = 0;
const START: usize = 64;
const RECORD_SIZE: usize = 128;
const RING: Ring = Ring {
    published: PUBLISHED,
    start: START,
    record_size: RECORD_SIZE,
    capacity: 2,
    values: 1,
};

/// The orders of the writer, and the fence that the reader lacks.
#[derive(Clone, Copy)]
struct Orders {
    mark: Ordering,
    word: Ordering,
    commit: Ordering,
    announce: Ordering,
    without: Option<Fence>,
}

const SOUND: Orders = Orders {
    mark: Release,
    word: Release,
    commit: Release,
    announce: Ordering::SeqCst,
    without: None,
};

/// `published`, and of each of two slots its sequence, `ts_event` and one value. The other words
/// of a record are as these two.
struct Memory {
    published: AtomicU64,
    slots: [[AtomicU64; 3]; 2],
    without: Option<Fence>,
}

impl Memory {
    fn at(&self, at: usize) -> Option<&AtomicU64> {
        if at == PUBLISHED {
            return Some(&self.published);
        }
        let slot = &self.slots[(at - START) / RECORD_SIZE];
        match (at - START) % RECORD_SIZE {
            0 => Some(&slot[0]),
            8 => Some(&slot[1]),
            RECORD_HEADER => Some(&slot[2]),
            _ => None,
        }
    }

    /// Writes record `n` as `region_publish` does.
    fn publish(&self, n: u64, orders: Orders) {
        let [sequence, ts_event, value] = &self.slots[usize::from(n % 2 == 1)];
        sequence.store(0, orders.mark);
        ts_event.store(10 * n, orders.word);
        value.store(f64::from_bits(n).to_bits(), orders.word);
        sequence.store(n, orders.commit);
        self.published.store(n, orders.announce);
    }
}

impl SharedWords for Memory {
    fn word(&self, at: usize) -> u64 {
        self.at(at).map_or(0, |word| word.load(Relaxed))
    }

    fn words<T>(&self, at: usize, into: &mut [T], convert: impl Fn(u64) -> T) {
        for (k, word) in into.iter_mut().enumerate() {
            *word = convert(self.word(at + 8 * k));
        }
    }

    fn fence(&self, place: Fence) {
        if self.without != Some(place) {
            fence(Ordering::Acquire);
        }
    }
}

/// Explores a writer of `last` records beside a reader that looks twice.
fn explore(orders: Orders, last: u64, reads_next: bool) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let memory = Arc::new(Memory {
            published: AtomicU64::new(0),
            slots: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
            without: orders.without,
        });
        let shared = memory.clone();
        let writer = loom::thread::spawn(move || {
            for n in 1..=last {
                shared.publish(n, orders);
            }
        });
        let mut cursor = Cursor::at(0);
        let mut record = Record::default();
        for _ in 0..2 {
            let before = cursor.position;
            let found = if reads_next {
                cursor.read_next(&*memory, &RING, &mut record)
            } else {
                cursor.read_latest(&*memory, &RING, &mut record)
            };
            match found {
                Ok(Read::Record) => {
                    let n = record.sequence;
                    assert!(before < n && n == cursor.position, "out of order");
                    assert_eq!(record.values[0].to_bits(), n, "torn");
                    assert_eq!(record.ts_event.unsigned_abs(), 10 * n, "torn");
                }
                Ok(_) => {}
                Err(contradiction) => panic!("{contradiction}"),
            }
            let sum = cursor.delivered + cursor.conflated + cursor.lost;
            assert_eq!(sum, cursor.position, "not counted");
        }
        writer.join().unwrap();
    });
}

#[test]
fn next_is_whole_in_order_and_counted() {
    explore(SOUND, 3, true);
}

#[test]
fn newest_is_whole_in_order_and_counted() {
    explore(SOUND, 3, false);
}

macro_rules! noticed {
    ($name:ident, $expected:literal, $orders:expr) => {
        #[test]
        #[should_panic(expected = $expected)]
        fn $name() {
            explore($orders, 3, true);
        }
    };
}

noticed!(
    an_announcement_that_releases_nothing_is_noticed,
    "found another in its slot",
    Orders {
        announce: Relaxed,
        ..SOUND
    }
);
noticed!(
    words_that_release_nothing_are_noticed,
    "torn",
    Orders {
        word: Relaxed,
        ..SOUND
    }
);
noticed!(
    a_mark_and_a_commit_that_release_nothing_are_noticed,
    "found another in its slot",
    Orders {
        mark: Relaxed,
        commit: Relaxed,
        ..SOUND
    }
);
noticed!(
    no_fence_behind_published_is_noticed,
    "found another in its slot",
    Orders {
        without: Some(Fence::Published),
        ..SOUND
    }
);
noticed!(
    no_fence_behind_the_copy_is_noticed,
    "torn",
    Orders {
        without: Some(Fence::Copied),
        ..SOUND
    }
);
noticed!(
    no_fence_where_it_was_overtaken_is_noticed,
    "found another in its slot",
    Orders {
        without: Some(Fence::Overtaken),
        ..SOUND
    }
);
