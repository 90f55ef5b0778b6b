//! The check of a file's first bytes, over bytes that a test makes; runs under Miri.

use super::{Layout, MAGIC, PAGE};
use crate::error::Reason;
use crate::machine::Machine;
use crate::sha256;

const MACHINE: Machine = Machine {
    boot_id: [7; 16],
    time_namespace: 5,
};

/// Returns a region of these names, two slots and no record.
fn region(names: &[&str]) -> Vec<u8> {
    let mut file = vec![0; 8];
    let count = u32::try_from(names.len()).unwrap();
    file.extend(count.to_le_bytes());
    for name in names {
        file.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        file.extend(name.as_bytes());
        file.extend(1f64.to_le_bytes());
    }
    let snapshot = file.len().next_multiple_of(PAGE);
    let record = (64 + 8 * names.len()).next_multiple_of(64);
    let size = snapshot + PAGE + 2 * record;
    file.resize(size, 0);
    let mut put = |at: usize, bytes: &[u8]| {
        file[snapshot + at..][..bytes.len()].copy_from_slice(bytes);
    };
    put(0, &MAGIC.to_le_bytes());
    put(8, &1u32.to_le_bytes());
    put(12, &0x0102_0304_u32.to_le_bytes());
    put(16, &(size as u64).to_le_bytes());
    put(24, &u32::try_from(snapshot).unwrap().to_le_bytes());
    put(28, &count.to_le_bytes());
    put(32, &u32::try_from(record).unwrap().to_le_bytes());
    put(36, &2u32.to_le_bytes());
    put(
        40,
        &sha256::first_8_bytes(names.join("\n").as_bytes()).to_le_bytes(),
    );
    put(56, &1u64.to_le_bytes());
    put(64, &[7; 16]);
    file
}

#[test]
fn a_region_is_accepted_and_no_beginning_of_it_is() {
    let file = region(&["a", "b.c"]);
    let size = file.len() as u64;
    let layout = Layout::check(&file, size, &MACHINE).unwrap();
    assert_eq!(layout.names, ["a", "b.c"]);
    let ring = layout.ring();
    assert_eq!((ring.slot(1), ring.slot(2)), (8192 + 128, 8192));
    for length in [0, 1, 8, 11, 12, 13, 15, 22, 30, 4095, 4096, 4295] {
        let refusal = Layout::check(&file[..length], length as u64, &MACHINE).unwrap_err();
        assert_eq!(refusal.reason, Reason::Truncated, "{length}");
    }
}

#[test]
fn any_changed_byte_of_names_and_fixed_fields_is_refused() {
    let file = region(&["a"]);
    let size = file.len() as u64;
    let snapshot = (8..15).chain(4096..4096 + 48);
    for at in snapshot.chain(4096 + 56..4096 + 80) {
        let mut other = file.clone();
        other[at] ^= 0x80;
        assert!(Layout::check(&other, size, &MACHINE).is_err(), "byte {at}");
    }
}

#[test]
fn random_bytes_never_panic() {
    let mut state = 1u64;
    for round in 0..200 {
        let mut file = region(&["alpha", "beta"]);
        for _ in 0..=round % 8 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let at = usize::try_from(state >> 33).unwrap() % 4400;
            file[at] = state.to_le_bytes()[3];
        }
        let size = file.len() as u64;
        let _ = Layout::check(&file, size, &MACHINE);
    }
}
