//! Feeds a consumer's loop: one thread reads the region losslessly and sends each record through a
//! channel, as market data come to an engine; the loop reacts to records and to its own timer.
//!
//! ```text
//! cargo run --release --example consumer -- /dev/shm/dolphin_exf 5
//! ```
use dolphin_region::{Error, Read, Record, Region};
use std::sync::mpsc::{sync_channel, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

/// What the loop is told.
enum Event {
    Names(Vec<String>),
    Factors { record: Record, lost: u64 },
    Ended(Error),
}

fn follow(path: &str, events: &SyncSender<Event>) -> Result<(), Error> {
    let mut region = Region::open(path)?;
    let mut is_open = events.send(Event::Names(region.names().to_vec())).is_ok();
    let mut record = region.record();
    while is_open {
        match region.read_next(&mut record)? {
            Read::Record => {
                let lost = region.lost();
                let record = record.clone();
                is_open = events.send(Event::Factors { record, lost }).is_ok();
            }
            Read::Moved => {
                region.reattach()?;
                is_open = events.send(Event::Names(region.names().to_vec())).is_ok();
            }
            Read::Overtaken => {}
            Read::Nothing => {
                region.wait(Duration::from_millis(100))?;
            }
        }
    }
    Ok(())
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(seconds)) = (
        arguments.next(),
        arguments.next().and_then(|text| text.parse().ok()),
    ) else {
        eprintln!("usage: consumer PATH SECONDS");
        std::process::exit(2);
    };
    // Bounded: a loop that is slow makes the reader fall behind, which counts what it loses.
    let (sender, events) = sync_channel(1024);
    thread::spawn(move || {
        if let Err(error) = follow(&path, &sender) {
            let _ = sender.send(Event::Ended(error));
        }
    });
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut records, mut newest, mut all_lost, mut timers) = (0u64, 0, 0, 0u64);
    while Instant::now() < end {
        match events.recv_timeout(Duration::from_millis(50)) {
            Ok(Event::Names(names)) => println!("{} factors from now on", names.len()),
            Ok(Event::Factors { record, lost }) => {
                records += 1;
                newest = record.sequence;
                all_lost = lost;
            }
            Ok(Event::Ended(error)) => {
                eprintln!("{error}");
                std::process::exit(1);
            }
            Err(RecvTimeoutError::Timeout) => timers += 1,
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    println!("{records} records, the newest {newest}, {all_lost} lost, {timers} timers");
}
