//! Reads every record until COUNT are published, and checks each value of each. Made for the
//! benchmark `throughput`, whose writer's record n holds value i = 128 n + i:
//!
//! ```text
//! cargo run --release --example follower -- /dev/shm/dolphin_exf 10000000
//! ```
//! Prints what it received, lost and found torn as JSON.
use dolphin_region::{Read, Record, Region};
use std::time::{Duration, Instant};

const VALUES_APART: u64 = 128;
const SILENCE_LIMIT: Duration = Duration::from_secs(5);

#[allow(clippy::cast_precision_loss)] // exact below 2^53, which is 1,000,000 records/s for 2 years
fn is_whole(record: &Record) -> bool {
    let first = record.sequence * VALUES_APART;
    let mut wrong = 0;
    for (i, &value) in (0..).zip(&record.values) {
        wrong += u64::from(value.to_bits() != ((first + i) as f64).to_bits());
    }
    wrong == 0
}

/// Returns how often the kernel has taken the core from this process.
fn preemptions() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status
        .lines()
        .find_map(|line| line.strip_prefix("nonvoluntary_ctxt_switches:"));
    found.and_then(|n| n.trim().parse().ok()).unwrap_or(0)
}

fn follow(region: &mut Region, count: u64) -> Result<(), String> {
    let mut record = region.record();
    // From the next record on.
    while region.read_next(&mut record).map_err(|e| e.to_string())? == Read::Record {}
    let end = region.position() + count;
    let (received_before, lost_before) = (region.delivered(), region.lost());
    println!("ready");
    let (mut torn, mut misplaced, mut worst_lag) = (0, 0, 0);
    let mut worst_pause = Duration::ZERO;
    let mut looked = Instant::now();
    let mut heard = looked;
    let mut has_begun = false;
    while region.position() < end {
        let (position, lost) = (region.position(), region.lost());
        let result = region.read_next(&mut record).map_err(|e| e.to_string())?;
        let now = Instant::now();
        if has_begun {
            worst_pause = worst_pause.max(now - looked);
        }
        looked = now;
        match result {
            Read::Record => {
                has_begun = true;
                heard = now;
                torn += u64::from(!is_whole(&record));
                misplaced += u64::from(record.sequence != position + 1 + (region.lost() - lost));
                worst_lag = worst_lag.max(region.published() - region.position());
            }
            Read::Moved => return Err("the region has moved".to_owned()),
            Read::Nothing if has_begun && now - heard > SILENCE_LIMIT => {
                return Err("no record for 5 s".to_owned());
            }
            Read::Overtaken | Read::Nothing => {}
        }
    }
    println!(
        "{{\"received\": {}, \"lost\": {}, \"torn\": {torn}, \"misplaced\": {misplaced}, \
         \"worst_lag\": {worst_lag}, \"worst_pause_us\": {}, \"preempted\": {}}}",
        region.delivered() - received_before,
        region.lost() - lost_before,
        worst_pause.as_micros(),
        preemptions()
    );
    Ok(())
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(count)) = (
        arguments.next(),
        arguments.next().and_then(|text| text.parse().ok()),
    ) else {
        eprintln!("usage: follower PATH COUNT");
        std::process::exit(2);
    };
    let followed = Region::open(path)
        .map_err(|error| error.to_string())
        .and_then(|mut region| follow(&mut region, count));
    if let Err(error) = followed {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
