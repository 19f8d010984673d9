//! Reading a file that a user may have put anything in place of.

use super::MAX_FILE_SIZE;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The bytes of a regular file, links followed.
///
/// # Errors
/// As [`fs::read`], and for what is no file: opening a FIFO would wait for ever.
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    regular_size(path)?;
    fs::read(path)
}

/// As [`read_regular`], for source text.
///
/// # Errors
/// Also for a file of more than [`MAX_FILE_SIZE`] bytes: offsets into it are held in
/// 32 bits, and no source is so long.
pub fn read_source(path: &Path) -> io::Result<Vec<u8>> {
    let size = regular_size(path)?;
    if size > MAX_FILE_SIZE {
        return Err(too_long(size));
    }
    fs::read(path)
}

/// As [`read_source`], into `text`, whose memory is used again.
///
/// # Errors
/// As [`read_source`].
pub fn read_source_into(path: &Path, text: &mut Vec<u8>) -> io::Result<()> {
    text.clear();
    let mut file = fs::OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path)?;
    let data = file.metadata()?;
    if !data.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let size = data.len();
    if size > MAX_FILE_SIZE {
        return Err(too_long(size));
    }
    // One byte more, so that the end is seen without another call.
    text.reserve(size as usize + 1);
    file.read_to_end(text)?;
    Ok(())
}

fn too_long(size: u64) -> io::Error {
    io::Error::other(format!("{size} bytes long; at most {MAX_FILE_SIZE} are read"))
}

/// `O_NONBLOCK`: opening a FIFO would wait for its other end for ever.
const NONBLOCK: i32 = 0o4000;

fn regular_size(path: &Path) -> io::Result<u64> {
    let data = fs::metadata(path)?;
    if data.is_file() { Ok(data.len()) } else { Err(io::Error::other("not a regular file")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_or_too_long_is_an_error() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.c");
        std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        assert_eq!(read_regular(&path).expect_err("no file").to_string(), "not a regular file");
        let path = dir.path().join("b.c");
        let huge = fs::File::create(&path).expect("a file");
        huge.set_len(MAX_FILE_SIZE + 1).expect("a sparse file");
        let error = read_source(&path).expect_err("too long").to_string();
        assert_eq!(error, "67108865 bytes long; at most 67108864 are read");
        let missing = read_regular(&dir.path().join("c.c")).expect_err("nothing there");
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
