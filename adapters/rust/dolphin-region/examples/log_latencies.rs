//! A reader of the project's latency measurement (`live/measure_latency.py --phase3`):
//!
//! ```text
//! log_latencies PATH LOG ROWS
//! ```
//! It prints `up`, opens the region at a line on its standard input, prints `ready`, and spins until the
//! last record, ROWS records or the end of its standard input. Then it writes LOG: for each record four
//! integers of 64 bits, little-endian, which are the instant at which its values were copied, that at which
//! its producer handed it over (`CLOCK_MONOTONIC`, ns), its number and its producer's.
use dolphin_region::{Read, Record, Region};
use std::fs::File;
use std::io::{BufRead as _, BufWriter, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

const NUMBER: usize = 0;
const STAMP: usize = 1;
const PRODUCER: usize = 2;
const LAST: usize = 3;
/// Looks at the region between two looks at the standard input's thread.
const LOOKS: u32 = 1000;

type Row = [i64; 4];

fn monotonic_ns() -> i64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a timespec of this frame, which the call fills.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

#[allow(clippy::cast_possible_truncation)]
fn row(record: &Record) -> Row {
    let whole = |i: usize| record.values[i] as i64;
    [monotonic_ns(), whole(STAMP), whole(NUMBER), whole(PRODUCER)]
}

fn follow(path: &str, rows: usize) -> Result<Vec<Row>, Box<dyn std::error::Error>> {
    let mut input = std::io::stdin().lock();
    println!("up");
    let mut line = String::new();
    input.read_line(&mut line)?;
    drop(input);
    let mut region = Region::open(path)?;
    let mut record = region.record();
    let mut log = Vec::with_capacity(rows);
    let ended = Arc::new(AtomicBool::new(line.is_empty()));
    let seen = Arc::clone(&ended);
    std::thread::spawn(move || {
        let mut line = String::new();
        while matches!(std::io::stdin().read_line(&mut line), Ok(1..)) {}
        ended.store(true, Ordering::Relaxed);
    });
    println!("ready");
    while log.len() < rows && !seen.load(Ordering::Relaxed) {
        for _ in 0..LOOKS {
            match region.read_next(&mut record)? {
                Read::Record => {
                    log.push(row(&record));
                    if log.len() == rows || record.values[LAST].to_bits() == 1f64.to_bits() {
                        return Ok(log);
                    }
                }
                Read::Moved => region.reattach()?,
                Read::Nothing | Read::Overtaken => std::hint::spin_loop(),
            }
        }
    }
    Ok(log)
}

fn save(path: &str, log: &[Row]) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for value in log.iter().flatten() {
        file.write_all(&value.to_le_bytes())?;
    }
    file.flush()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, log, rows] = &arguments[..] else {
        eprintln!("usage: log_latencies PATH LOG ROWS");
        std::process::exit(2);
    };
    let Ok(rows) = rows.parse() else {
        eprintln!("ROWS: expected a whole number, found {rows}");
        std::process::exit(2);
    };
    let result = follow(path, rows).and_then(|found| Ok(save(log, &found)?));
    if let Err(error) = result {
        eprintln!("{error}");
        std::process::exit(1);
    }
    println!("ended");
}
