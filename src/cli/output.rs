//! Standard output: buffered, coloured or not, and at ease with a closed pipe.

use codespan_reporting::term::termcolor::{Ansi, NoColor, WriteColor};
use std::io::{self, BufWriter, Write};

/// What an error of writing is introduced with.
pub const CANNOT_WRITE: &str = "cannot write the output";

/// Standard output. Flush it at the end: a full disk shows only then.
pub fn stdout(colour: bool) -> Box<dyn WriteColor + Send> {
    let out = BufWriter::new(PipeTolerant { inner: io::stdout(), closed: false });
    if colour { Box::new(Ansi::new(out)) } else { Box::new(NoColor::new(out)) }
}

/// Swallows what is written after the reader has gone (`drvdedup scan | head`):
/// what was asked for has been delivered, and the work that is left, such as
/// storing proposals, must still be done.
struct PipeTolerant<W> {
    inner: W,
    closed: bool,
}

impl<W: Write> PipeTolerant<W> {
    fn tolerate<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(instead)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for PipeTolerant<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        let written = self.inner.write(bytes);
        self.tolerate(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let flushed = self.inner.flush();
        self.tolerate(flushed, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes `room` writes, then fails with `kind`.
    struct Failing {
        room: usize,
        kind: io::ErrorKind,
    }

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.room.checked_sub(1) {
                Some(room) => self.room = room,
                None => return Err(self.kind.into()),
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.write(b"").map(|_| ())
        }
    }

    #[test]
    fn a_closed_pipe_takes_everything() {
        let inner = Failing { room: 1, kind: io::ErrorKind::BrokenPipe };
        let mut out = PipeTolerant { inner, closed: false };
        for _ in 0..3 {
            assert!(out.write_all(b"text").is_ok());
        }
        assert!(out.flush().is_ok() && out.closed);
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let inner = Failing { room: 0, kind: io::ErrorKind::StorageFull };
        assert!(PipeTolerant { inner, closed: false }.write_all(b"text").is_err());
        let inner = Failing { room: 0, kind: io::ErrorKind::StorageFull };
        assert!(PipeTolerant { inner, closed: false }.flush().is_err());
    }
}
