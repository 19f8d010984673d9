//! Files that are replaced as a whole: a reader sees the old text or the new one. In:
//! a path and what is written. Out: the file; nothing of it before [`Staged::finish`].

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file that is being written.
#[derive(Debug)]
pub struct Staged {
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Beside the file whose place it takes.
    Beside(NamedTempFile, PathBuf),
    /// A pipe or a device, which cannot be replaced.
    Straight(File),
}

impl Staged {
    /// Begins the text of the file at `path`. A link stays a link, a file that was there
    /// keeps its mode.
    ///
    /// # Errors
    /// When nothing can be written there: it is a folder, say, or there is none around it.
    pub fn create(path: &Path) -> io::Result<Staged> {
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let was = fs::metadata(path).ok();
        if was.as_ref().is_some_and(|was| !was.is_file()) {
            let straight = OpenOptions::new().write(true).open(path)?;
            return Ok(Staged { place: Place::Straight(straight) });
        }
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let file = tempfile::Builder::new()
            .prefix(".drvdedup-new-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder.unwrap_or(Path::new(".")))?;
        if let Some(was) = was {
            file.as_file().set_permissions(was.permissions())?;
        }
        Ok(Staged { place: Place::Beside(file, target) })
    }

    /// Puts the file in its place. One that is dropped without this leaves no trace.
    ///
    /// # Errors
    /// When the text does not reach the disk.
    pub fn finish(self) -> io::Result<()> {
        match self.place {
            Place::Straight(mut file) => file.flush(),
            Place::Beside(file, target) => {
                file.as_file().sync_all()?;
                file.persist(target).map(|_| ()).map_err(|error| error.error)
            }
        }
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.place {
            Place::Beside(file, _) => file.write(bytes),
            Place::Straight(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.place {
            Place::Beside(file, _) => file.flush(),
            Place::Straight(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        let mut staged = Staged::create(path).expect("it can be written");
        staged.write_all(text.as_bytes()).expect("it is a file");
        staged.finish().expect("the disk has room");
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode_and_its_link() {
        let dir = tempfile::tempdir().expect("a folder");
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "").expect("a file");
        fs::set_permissions(&file, Permissions::from_mode(0o640)).expect("it is ours");
        std::os::unix::fs::symlink("file", &link).expect("a link");
        write(&link, "new");
        assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "new");
        let mode = fs::metadata(&file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        let entries = fs::read_dir(dir.path()).expect("it is a folder").count();
        assert_eq!(entries, 2, "nothing is left beside it");
    }

    #[test]
    fn a_text_that_is_not_finished_changes_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("file");
        write(&file, "old");
        let mut staged = Staged::create(&file).expect("it can be written");
        staged.write_all(b"new").expect("it is a file");
        drop(staged);
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "old");
        assert_eq!(fs::read_dir(dir.path()).expect("it is a folder").count(), 1);
    }

    #[test]
    fn what_is_no_file_is_written_to_or_an_error() {
        write(Path::new("/dev/null"), "nothing");
        assert!(!fs::metadata("/dev/null").expect("Linux has it").is_file());
        let dir = tempfile::tempdir().expect("a folder");
        assert!(Staged::create(dir.path()).is_err());
        assert!(Staged::create(&dir.path().join("no/where")).is_err());
    }
}
