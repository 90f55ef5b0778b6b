//! Every test vector of the layout, as bytes and as files; see `adapters/shm/vectors/README.md`.

use dolphin_region::{Error, Layout, Machine, Read, Region, State, HEAD_SIZE};
use serde_json::Value;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const VECTORS: &str = "../../shm/vectors/v1/vectors.json";

fn vectors() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(VECTORS);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

/// Returns a 64-bit integer, which is a text of digits.
fn number(value: &Value, key: &str) -> u64 {
    text(value, key).parse().unwrap()
}

fn size(value: &Value, key: &str) -> usize {
    usize::try_from(value[key].as_u64().unwrap()).unwrap()
}

fn unhex(digits: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn bits(value: &Value, key: &str) -> Vec<u64> {
    let words = list(value, key).iter();
    words
        .map(|word| u64::from_str_radix(word.as_str().unwrap(), 16).unwrap())
        .collect()
}

fn bits_of(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Returns the bytes up to the last that is not 0, or to the end of a small file.
fn bytes_of(vector: &Value) -> Vec<u8> {
    let mut data = vec![0; size(vector, "size").min(HEAD_SIZE)];
    for piece in list(vector, "pieces") {
        let at = usize::try_from(piece[0].as_u64().unwrap()).unwrap();
        let bytes = unhex(piece[1].as_str().unwrap());
        if data.len() < at + bytes.len() {
            data.resize(at + bytes.len(), 0);
        }
        data[at..at + bytes.len()].copy_from_slice(&bytes);
    }
    data
}

fn machine_of(vectors: &Value) -> Machine {
    Machine {
        boot_id: unhex(text(vectors, "boot_id")).try_into().unwrap(),
        time_namespace: number(vectors, "time_namespace"),
    }
}

fn check(vector: &Value, machine: &Machine) -> Result<Layout, String> {
    let data = bytes_of(vector);
    let head = &data[..data.len().min(HEAD_SIZE)];
    Layout::check(head, size(vector, "size") as u64, machine)
        .map_err(|refusal| refusal.reason.code().to_owned())
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{name}_{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&path).unwrap();
        Self(path)
    }

    /// Lays a vector out as a region that this machine's readers may attach.
    fn lay_out(&self, vector: &Value, vectors: &Value) -> PathBuf {
        let (theirs, ours) = (machine_of(vectors), Machine::this().unwrap());
        let mut data = bytes_of(vector);
        let at = size(vector, "control_at");
        let mut put = |at: usize, old: &[u8], new: &[u8]| {
            if data.get(at..at + old.len()) == Some(old) {
                data[at..at + old.len()].copy_from_slice(new);
            }
        };
        put(at + 64, &theirs.boot_id, &ours.boot_id);
        let (old, new) = (theirs.time_namespace, ours.time_namespace);
        put(at + 80, &old.to_le_bytes(), &new.to_le_bytes());
        let path = self.0.join(text(vector, "name"));
        let folder = self.0.join(format!("{}.d", text(vector, "name")));
        DirBuilder::new().mode(0o700).create(&folder).unwrap();
        fs::write(folder.join("lock"), "").unwrap();
        fs::write(folder.join("waiters"), [0; 4096]).unwrap();
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .unwrap();
        file.write_all(&data).unwrap();
        file.set_len(size(vector, "size") as u64).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_refusal_has_its_reason_as_bytes() {
    let vectors = vectors();
    let machine = machine_of(&vectors);
    for vector in list(&vectors, "refused") {
        let found = check(vector, &machine);
        assert_eq!(
            found,
            Err(text(vector, "reason").to_owned()),
            "{}",
            text(vector, "name")
        );
    }
}

#[test]
fn every_layout_is_read_from_bytes() {
    let vectors = vectors();
    let machine = machine_of(&vectors);
    for vector in list(&vectors, "accepted") {
        let (layout, read) = (check(vector, &machine).unwrap(), &vector["read"]);
        assert_eq!(layout.names, list(read, "names"));
        assert_eq!(layout.capacity as usize, size(read, "capacity"));
        assert_eq!(layout.snapshot_size, size(read, "snapshot_size"));
        assert_eq!(layout.record_size, size(read, "record_size"));
        assert_eq!(layout.schema_hash, number(read, "schema_hash"));
        assert_eq!(layout.stream_id, number(read, "stream_id"));
        assert_eq!(layout.first_sequence, number(read, "first_sequence"));
        assert_eq!(layout.published, number(read, "published"));
    }
}

#[test]
fn every_refusal_has_its_reason_as_a_file() {
    let (vectors, folder) = (vectors(), Folder::new("dolphin_refused"));
    for vector in list(&vectors, "refused") {
        match Region::open(folder.lay_out(vector, &vectors)) {
            Err(Error::Refused(_, refusal)) => {
                assert_eq!(refusal.reason.code(), text(vector, "reason"));
            }
            Err(other) => panic!("{}: {other}", text(vector, "name")),
            Ok(_) => panic!("{} was accepted", text(vector, "name")),
        }
    }
}

#[test]
fn every_file_is_read() {
    let (vectors, folder) = (vectors(), Folder::new("dolphin_accepted"));
    for vector in list(&vectors, "accepted") {
        let (name, read) = (text(vector, "name"), &vector["read"]);
        let mut region = Region::open(folder.lay_out(vector, &vectors)).unwrap();
        let status = region.status().unwrap();
        let state = match text(read, "state") {
            "live" => State::Live,
            "superseded" => State::Superseded,
            _ => State::Closed,
        };
        assert_eq!((status.state, status.alive), (state, false), "{name}");
        assert_eq!(status.writer_pid, number(read, "writer_pid"), "{name}");
        assert_eq!(status.published, number(read, "published"), "{name}");
        let heartbeat = number(read, "heartbeat_mono_ns");
        assert_eq!(status.heartbeat_mono_ns, heartbeat, "{name}");

        let snapshot = region.snapshot();
        assert_eq!(snapshot.is_none(), read["snapshot"].is_null(), "{name}");
        if let Some(snapshot) = snapshot {
            let wanted = &read["snapshot"];
            assert_eq!(snapshot.timestamp, number(wanted, "timestamp"));
            assert_eq!(bits_of(&snapshot.values), bits(wanted, "values"), "{name}");
        }

        region.set_position(0);
        let mut record = region.record();
        for wanted in list(read, "records") {
            assert_eq!(region.read_next(&mut record).unwrap(), Read::Record);
            assert_eq!(record.sequence, number(wanted, "sequence"), "{name}");
            let times = [
                record.ts_event,
                record.published_wall_ns,
                record.published_mono_ns,
            ];
            let keys = ["ts_event", "published_wall_ns", "published_mono_ns"];
            assert_eq!(
                times.map(|ns| u64::try_from(ns).unwrap()),
                keys.map(|key| number(wanted, key))
            );
            assert_eq!(record.writer_id, number(wanted, "writer_id"));
            assert_eq!(bits_of(&record.values), bits(wanted, "values"), "{name}");
        }
        let end = match region.read_next(&mut record) {
            Ok(Read::Nothing) => "nothing",
            Ok(Read::Moved) => "moved",
            Err(Error::Contradiction(..)) => "contradiction",
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(end, text(read, "end"), "{name}");
        assert_eq!(region.lost(), number(read, "lost"), "{name}");
        assert_eq!(region.delivered(), list(read, "records").len() as u64);

        region.set_position(0);
        let newest = list(read, "records").last();
        match (region.read_latest(&mut record), newest) {
            (Err(Error::Contradiction(..)), _) => assert_eq!(end, "contradiction"),
            (Ok(Read::Record), Some(wanted)) => {
                assert_eq!(bits_of(&record.values), bits(wanted, "values"), "{name}");
            }
            (found, _) => assert!(matches!(found, Ok(Read::Nothing)), "{name}: {found:?}"),
        }
    }
}
