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
//! Every vector of `adapters/shm/vectors`, and beside a live writer in Python. The pure part, the check
//! of a file's first bytes, has no `unsafe`; by hand it runs under Miri too:
//! `cargo +nightly miri test --lib`.
#![deny(unsafe_op_in_unsafe_fn)]
#![warn(missing_docs)]

mod error;
mod layout;
mod machine;
mod mapped_file;
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
