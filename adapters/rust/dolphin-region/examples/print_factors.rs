//! Prints every record of a region, from its first on, and ends after COUNT of them:
//!
//! ```text
//! cargo run --release --example print_factors -- /dev/shm/dolphin_exf 10
//! ```
use dolphin_region::{Error, Read, Region};
use std::io::{BufWriter, Write as _};
use std::time::Duration;

fn print_names(out: &mut impl std::io::Write, region: &Region) -> std::io::Result<()> {
    writeln!(out, "names {}", region.names().join(" "))
}

fn run(path: &str, count: u64) -> Result<(), Box<dyn std::error::Error>> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut region = Region::open(path)?;
    region.set_position(0);
    print_names(&mut out, &region)?;
    let mut record = region.record();
    while region.delivered() < count {
        match region.read_next(&mut record)? {
            Read::Record => {
                write!(out, "{} {}", record.sequence, record.ts_event)?;
                for value in &record.values {
                    write!(out, " {value:?}")?;
                }
                writeln!(out)?;
            }
            Read::Moved => {
                region.reattach()?;
                print_names(&mut out, &region)?;
            }
            Read::Overtaken => {}
            Read::Nothing => {
                out.flush()?;
                if !region.wait(Duration::from_millis(200))? && !region.is_current() {
                    match region.reattach() {
                        Err(Error::NotReady(_)) => {} // its producer makes it again
                        other => other?,
                    }
                }
            }
        }
    }
    out.flush()?;
    eprintln!("{} lost", region.lost());
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (path, count) = match &arguments[..] {
        [path] => (path, Ok(u64::MAX)),
        [path, count] => (path, count.parse()),
        _ => {
            eprintln!("usage: print_factors PATH [COUNT]");
            std::process::exit(2);
        }
    };
    let Ok(count) = count else {
        eprintln!("COUNT: expected a whole number, found {}", arguments[1]);
        std::process::exit(2);
    };
    if let Err(error) = run(path, count) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
