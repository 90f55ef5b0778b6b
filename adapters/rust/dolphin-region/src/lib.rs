//! A reader of Dolphin's shared memory regions: factors that another process publishes, in
//! about the time of a copy. The layout and its rules are in `docs/region.md` of the project.
//!
//! ```no_run
//! use dolphin_region::{Read, Region};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), dolphin_region::Error> {
//! let mut region = Region::open("/dev/shm/dolphin_exf")?;
//! let mut record = region.record();
//! loop {
//!     match region.read_next(&mut record)? {
//!         Read::Record => println!("{} {:?}", record.sequence, record.values),
//!         Read::Moved => region.reattach()?, // other names: region.names() are new
//!         Read::Overtaken => {}
//!         Read::Nothing => {
//!             if !region.wait(Duration::from_secs(1))? && !region.is_current() {
//!                 region.reattach()?;
//!             }
//!         }
//!     }
//! }
//! # }
//! ```
//!
//! # A file that is truncated under the reader
//!
//! Only the owner of the region can do that, and no program of Dolphin does. The next access to a
//! page that is gone raises `SIGBUS`, which ends the process: it cannot go on with wrong data.
//! [`Region::wait`] compares the size every 100 ms and gives an error instead; a reader that
//! spins calls [`Region::is_current`] now and then. This crate installs no signal handler, since
//! that belongs to the program.
//!
//! # Checked how
//!
//! Every vector of `adapters/shm/vectors`, and beside a live writer in Python; the vectors also with
//! every mapped byte under the address sanitizer, which a stable compiler has too:
//!
//! ```text
//! RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address \
//!     cargo test --lib --tests --target x86_64-unknown-linux-gnu
//! ```
//!
//! **The orders of the loads** are explored by loom, in the code that reads (`reading.rs`), beside a
//! writer with the orders of `orderings.h`: `RUSTFLAGS="--cfg loom" cargo test --release --lib model`.
//! Six tests take one order or fence away, and the exploration must find what goes wrong then. Loom
//! takes a sequentially consistent access for an acquiring and releasing one, so requests and
//! wake-ups are not in it: those are in the project's `tests/proof/memory_model`, in C.
//!
//! **Miri** runs the pure part, the check of a file's first bytes, which has no `unsafe`:
//! `cargo +nightly miri test --lib layout`. The project's CI has no Miri, which only rustup installs:
//! it runs those tests under the sanitizer instead.
#![deny(unsafe_op_in_unsafe_fn)]
#![warn(missing_docs)]

mod error;
mod layout;
mod machine;
mod mapped_file;
mod reading;
mod record;
mod region;
mod sha256;
mod status;
mod waiter;
mod waiting;

pub use error::{Error, Reason, Refusal};
pub use layout::{Layout, HEAD_SIZE};
pub use machine::Machine;
pub use record::{Read, Record, Snapshot};
pub use region::Region;
pub use status::{State, Status};
