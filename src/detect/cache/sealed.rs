//! Files with a checksum, written at once or not at all. Behind what the checksum covers
//! there may be more, of which only parts are read: who wrote it checks those.

use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::SystemTime;
use xxhash_rust::xxh3::xxh3_128;

/// What a file begins with, and the version of its form.
const MAGIC: &[u8; 8] = b"drvddc02";

/// Magic, build, checksum, length of the payload.
const HEAD: usize = 8 + 8 + 16 + 8;

/// What became of an attempt to read one.
pub enum Read {
    /// Its payload, and what stands behind it.
    Sound(Vec<u8>, Tail),
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
    let length = head.last_chunk().map_or(0, |length| u64::from_le_bytes(*length));
    let size = file.metadata().map_or(0, |data| data.len()).saturating_sub(HEAD as u64);
    // A damaged length must not reserve more than there is.
    if length > size {
        return Read::Damaged;
    }
    payload.reserve(length as usize + 1);
    let read = (&mut file).take(length).read_to_end(&mut payload);
    if read.is_err() || head[16..32] != xxh3_128(&payload).to_le_bytes() {
        return Read::Damaged;
    }
    // What is used stays.
    let _ = file.set_modified(SystemTime::now());
    Read::Sound(payload, Tail { file, start: HEAD as u64 + length, length: size - length })
}

/// What stands behind a payload. Nothing tells whether it is sound.
pub struct Tail {
    file: File,
    start: u64,
    /// In bytes.
    pub length: u64,
}

impl Tail {
    /// The bytes in a range of it, if there are so many.
    pub fn read(&self, range: Range<u64>) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_into(range, &mut bytes)?;
        Some(bytes)
    }

    /// As [`Tail::read`], into `bytes`, whose memory is used again.
    pub fn read_into(&self, range: Range<u64>, bytes: &mut Vec<u8>) -> Option<()> {
        let length = range.end.checked_sub(range.start).filter(|_| range.end <= self.length)?;
        bytes.resize(length as usize, 0);
        self.file.read_exact_at(bytes, self.start + range.start).ok()
    }
}

/// Writes `payload` to `path`, the pieces of `tail` behind it, through another file beside
/// it: who reads meanwhile sees the old one or the new one.
///
/// # Errors
/// Where it cannot be written.
pub fn write(path: &Path, build: u64, payload: &[u8], tail: &[impl AsRef<[u8]>]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(MAGIC)?;
    file.write_all(&build.to_le_bytes())?;
    file.write_all(&xxh3_128(payload).to_le_bytes())?;
    file.write_all(&(payload.len() as u64).to_le_bytes())?;
    file.write_all(payload)?;
    tail.iter().try_for_each(|piece| file.write_all(piece.as_ref()))?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
