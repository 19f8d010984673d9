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
    let mut bytes = Vec::new();
    read_into(path, u64::MAX, &mut bytes)?;
    Ok(bytes)
}

/// As [`read_regular`], for source text.
///
/// # Errors
/// Also for a file of more than [`MAX_FILE_SIZE`] bytes: offsets into it are held in
/// 32 bits, and no source is so long.
pub fn read_source(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    read_source_into(path, &mut text)?;
    Ok(text)
}

/// As [`read_source`], into `text`, whose memory is used again.
///
/// # Errors
/// As [`read_source`].
pub fn read_source_into(path: &Path, text: &mut Vec<u8>) -> io::Result<()> {
    read_into(path, MAX_FILE_SIZE, text)
}

/// As [`read_source_into`], with another limit.
///
/// # Errors
/// As [`read_source`]; what is no file is [`io::ErrorKind::InvalidInput`].
pub(super) fn read_into(path: &Path, most: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.clear();
    let opened = fs::OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path);
    let mut file = opened.map_err(|error| match fs::metadata(path) {
        // A socket cannot even be opened.
        Ok(data) if !data.is_file() => not_a_file(),
        _ => error,
    })?;
    let data = file.metadata()?;
    if !data.is_file() {
        return Err(not_a_file());
    }
    let size = data.len();
    if size > most {
        return Err(io::Error::other(format!("{size} bytes long; at most {most} are read")));
    }
    // One byte more, so that the end is seen without another call.
    bytes.reserve(size as usize + 1);
    file.read_to_end(bytes)?;
    Ok(())
}

fn not_a_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

/// `O_NONBLOCK`: opening a FIFO would wait for its other end for ever.
const NONBLOCK: i32 = 0o4000;

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
