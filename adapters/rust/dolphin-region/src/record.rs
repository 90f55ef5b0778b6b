//! What is read: records, snapshots, and how a reading ended.

/// One record, filled by a reader again and again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// Its number, contiguous from 1.
    pub sequence: u64,
    /// UNIX nanoseconds: the producer's instant.
    pub ts_event: i64,
    /// UNIX nanoseconds of the write.
    pub published_wall_ns: i64,
    /// `CLOCK_MONOTONIC` nanoseconds of the write.
    pub published_mono_ns: i64,
    /// The writer.
    pub writer_id: u64,
    /// The values in the order of the region's names; NaN: no value now.
    pub values: Vec<f64>,
}

/// The newest values, read without the ring.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// UNIX nanoseconds at which the writer published them.
    pub timestamp: u64,
    /// The values in the order of the region's names; NaN: no value now.
    pub values: Vec<f64>,
}

/// How a reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// A record was copied. After any other answer the record's content is undefined.
    Record,
    /// There is no record after the position.
    Nothing,
    /// There never will be one in this file: reattach.
    Moved,
    /// The writer was faster than several copies: try again.
    Overtaken,
}
