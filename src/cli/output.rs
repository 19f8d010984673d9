//! Standard output, buffered, coloured or not, and at ease with a closed pipe; or the
//! file that takes its place.

use crate::staged::Staged;
use anyhow::Context;
use codespan_reporting::term::termcolor::{Ansi, NoColor, WriteColor};
use std::io::{self, BufWriter, IntoInnerError, Write};
use std::path::{Path, PathBuf};

/// What an error of writing is introduced with.
pub const CANNOT_WRITE: &str = "cannot write the output";

/// Where a command writes.
pub enum Output {
    /// Standard output.
    Stdout(Box<dyn WriteColor + Send>),
    /// A file of this name.
    File(PathBuf, Box<NoColor<BufWriter<Staged>>>),
}

impl Output {
    /// The file of this name, without colours, or else standard output.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(file: Option<&Path>, colour: bool) -> anyhow::Result<Output> {
        let Some(path) = file else { return Ok(Output::Stdout(stdout(colour))) };
        let staged = Staged::create(path).with_context(|| cannot_write(path))?;
        let out = NoColor::new(BufWriter::new(staged));
        Ok(Output::File(path.to_owned(), Box::new(out)))
    }

    /// What is written to it.
    pub fn writer(&mut self) -> &mut (dyn WriteColor + Send) {
        match self {
            Output::Stdout(out) => &mut **out,
            Output::File(_, out) => &mut **out,
        }
    }

    /// Writes what is held back, and puts the file in its place.
    ///
    /// # Errors
    /// When it does not reach the disk: a full one shows only now.
    pub fn finish(self) -> anyhow::Result<()> {
        match self {
            Output::Stdout(mut out) => out.flush().context(CANNOT_WRITE),
            Output::File(path, out) => {
                let staged = out.into_inner().into_inner().map_err(IntoInnerError::into_error);
                staged.and_then(Staged::finish).with_context(|| cannot_write(&path))
            }
        }
    }
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

fn stdout(colour: bool) -> Box<dyn WriteColor + Send> {
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
