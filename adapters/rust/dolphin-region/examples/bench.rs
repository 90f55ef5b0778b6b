//! Measures this reader beside a live writer, which another process is:
//!
//! ```text
//! cargo run --release --example bench -- /dev/shm/dolphin_exf 5
//! ```
//! For SECONDS it reads losslessly, then it copies the newest record again and again.
use dolphin_region::{Read, Record, Region};
use std::hint::black_box;
use std::time::{Duration, Instant};

const BATCH: u32 = 100;

fn percentile(sorted: &[f64], share: f64) -> f64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss
    )]
    let at = ((sorted.len() - 1) as f64 * share) as usize;
    sorted[at]
}

fn lossless(
    region: &mut Region,
    record: &mut Record,
    seconds: u64,
) -> Result<(), dolphin_region::Error> {
    let begin = Instant::now();
    let (mut sum, start) = (0.0, region.delivered());
    while begin.elapsed() < Duration::from_secs(seconds) {
        for _ in 0..BATCH {
            if region.read_next(record)? == Read::Record {
                sum += record.values[0];
            } else {
                std::hint::spin_loop();
            }
        }
    }
    let n = region.delivered() - start;
    #[allow(clippy::cast_precision_loss)]
    let rate = n as f64 / begin.elapsed().as_secs_f64();
    println!(
        "lossless: n {n}, {rate:.0} records/s, {} lost",
        region.lost()
    );
    black_box(sum);
    Ok(())
}

/// Copies the newest record again and again, also where the writer has none that is newer.
fn newest(
    region: &mut Region,
    record: &mut Record,
    rounds: u32,
) -> Result<(), dolphin_region::Error> {
    let (mut each_ns, mut copies) = (Vec::new(), 0u64);
    for _ in 0..rounds {
        let begin = Instant::now();
        for _ in 0..BATCH {
            region.set_position(region.position() - 1);
            copies += u64::from(region.read_latest(record)? == Read::Record);
            black_box(&record.values);
        }
        each_ns.push(begin.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH));
    }
    each_ns.sort_by(f64::total_cmp);
    println!(
        "newest record: n {copies} copies of {} factors, in batches of {BATCH}: ns p50 {:.1}, p99 {:.1}, p99.9 {:.1}, max {:.1}",
        record.values.len(),
        percentile(&each_ns, 0.5),
        percentile(&each_ns, 0.99),
        percentile(&each_ns, 0.999),
        percentile(&each_ns, 1.0),
    );
    Ok(())
}

fn main() -> Result<(), dolphin_region::Error> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(seconds)) = (
        arguments.next(),
        arguments.next().and_then(|text| text.parse().ok()),
    ) else {
        eprintln!("usage: bench PATH SECONDS");
        std::process::exit(2);
    };
    let mut region = Region::open(path)?;
    let mut record = region.record();
    while region.read_next(&mut record)? != Read::Record {
        let _ = region.spin(Duration::from_millis(100));
    }
    lossless(&mut region, &mut record, seconds)?;
    newest(&mut region, &mut record, 100_000)
}
