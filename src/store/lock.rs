//! One writer at a time.

use super::error::StoreError;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
#[cfg(target_os = "linux")]
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// What to do when another process is writing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenBusy {
    /// Say so and stop.
    #[default]
    Fail,
    /// Wait until it has ended.
    Wait,
}

/// The process that holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process id; `None` where it could not be read.
    pub pid: Option<u32>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid}"),
            None => f.write_str("another process"),
        }
    }
}

/// The right to write, held until it is dropped or the process ends.
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Closing the file would not do: a child that another thread has just started has
    /// it, too, until it is the other program.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl Lock {
    /// Takes the lock at `path` and writes the own process id into it.
    pub fn take(path: &Path, when_busy: WhenBusy) -> Result<Lock, StoreError> {
        // The lock is emptied and written to: never what a link leads to.
        refuse_unless(path, fs::FileType::is_file, "is no plain file")?;
        let mut open = OpenOptions::new();
        open.read(true).write(true).create(true).truncate(false);
        #[cfg(target_os = "linux")]
        open.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
        let mut file = open.open(path).map_err(StoreError::io("open the lock", path))?;
        match (file.try_lock(), when_busy) {
            (Ok(()), _) => {}
            (Err(TryLockError::WouldBlock), WhenBusy::Wait) => {
                file.lock().map_err(StoreError::io("wait for the lock", path))?;
            }
            (Err(TryLockError::WouldBlock), WhenBusy::Fail) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                let holder = Holder { pid: pid.trim().parse().ok() };
                return Err(StoreError::Busy { path: path.to_owned(), holder });
            }
            (Err(TryLockError::Error(source)), _) => {
                return Err(StoreError::Io { path: path.to_owned(), action: "lock", source });
            }
        }
        // Who holds it is a courtesy to others: on a full disk the lock still holds.
        let _ = file.set_len(0);
        let _ = file.rewind();
        let _ = writeln!(file, "{}", std::process::id());
        Ok(Lock { file })
    }
}

/// Refuses what stands at `path` unless it is what it should be, links not followed;
/// nothing at all is fine.
pub(super) fn refuse_unless(
    path: &Path,
    is_right: impl Fn(&fs::FileType) -> bool,
    problem: &'static str,
) -> Result<(), StoreError> {
    match path.symlink_metadata() {
        Ok(data) if !is_right(&data.file_type()) => {
            Err(StoreError::Unsafe { path: path.to_owned(), problem })
        }
        _ => Ok(()),
    }
}
