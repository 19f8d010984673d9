//! Files with a checksum, written at once or not at all.

use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::path::Path;
use std::time::SystemTime;
use xxhash_rust::xxh3::xxh3_128;

/// What a file begins with, and the version of its form.
const MAGIC: &[u8; 8] = b"drvddc01";

/// Magic, build, checksum.
const HEAD: usize = 8 + 8 + 16;

/// What became of an attempt to read one.
pub enum Read {
    /// Its payload.
    Sound(Vec<u8>),
    /// There is none, or another program's.
    Missing,
    /// It is not what was written.
    Damaged,
}

/// Reads what `build` wrote at `path`.
pub fn read(path: &Path, build: u64) -> Read {
    let Ok(mut file) = File::open(path) else { return Read::Missing };
    let mut head = [0; HEAD];
    let mut payload = Vec::new();
    if file.read_exact(&mut head).is_err() || &head[..8] != MAGIC {
        return Read::Damaged;
    }
    if head[8..16] != build.to_le_bytes() {
        return Read::Missing;
    }
    let size = file.metadata().map_or(0, |data| data.len() as usize);
    payload.reserve(size.saturating_sub(HEAD) + 1);
    if file.read_to_end(&mut payload).is_err() || head[16..] != xxh3_128(&payload).to_le_bytes() {
        return Read::Damaged;
    }
    // What is used stays.
    let _ = file.set_modified(SystemTime::now());
    Read::Sound(payload)
}

/// Writes `payload` to `path`, through another file beside it: who reads meanwhile sees
/// the old one or the new one.
///
/// # Errors
/// Where it cannot be written.
pub fn write(path: &Path, build: u64, payload: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(MAGIC)?;
    file.write_all(&build.to_le_bytes())?;
    file.write_all(&xxh3_128(payload).to_le_bytes())?;
    file.write_all(payload)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
