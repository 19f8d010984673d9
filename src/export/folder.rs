//! The folder of an export, written whole or not at all.

use super::error::ExportError;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What every file of an export ends with.
pub const SIGNATURE: &str = concat!("-- \ndrvdedup ", env!("CARGO_PKG_VERSION"), "\n\n");
/// The signature of any version begins so, plain or as quoted-printable text.
const ANY_SIGNATURE: [&[u8]; 2] = [b"\n-- \ndrvdedup ", b"\n--=20\ndrvdedup "];

/// Texts by their path below the folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Puts `files` into `folder`, which is made if it is not there, in place of an earlier
/// export.
///
/// # Errors
/// When the folder holds anything else, and when the system refuses; it is then as it
/// was.
pub fn write(folder: &Path, files: &Files) -> Result<(), ExportError> {
    let folder = resolved(folder)?;
    check_replaceable(&folder)?;
    let parent = folder.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent).map_err(ExportError::io("create the folder", parent))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let staged = parent.join(format!(".{name}.drvdedup-{}", std::process::id()));
    let put = fill(&staged, files).and_then(|()| swap(&staged, &folder));
    // What stood in the folder before, or what could not be finished.
    let _ = fs::remove_dir_all(&staged);
    put
}

/// The folder without links, so that a rename replaces it and not a link to it.
fn resolved(folder: &Path) -> Result<PathBuf, ExportError> {
    match folder.canonicalize() {
        Ok(folder) => Ok(folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::path::absolute(folder).map_err(ExportError::io("find the folder", folder))
        }
        Err(error) => Err(ExportError::io("find the folder", folder)(error)),
    }
}

/// Refuses a folder that holds what no export wrote.
fn check_replaceable(folder: &Path) -> Result<(), ExportError> {
    if !folder.exists() {
        return Ok(());
    }
    for (path, name) in entries(folder)? {
        let is_ours = match path.is_dir() {
            true => entries(&path)?.iter().all(|(path, _)| is_patch_of_ours(path)),
            false => is_patch_of_ours(&path),
        };
        if !is_ours {
            return Err(ExportError::NotEmpty { folder: folder.to_owned(), name });
        }
    }
    Ok(())
}

/// What a folder holds, by name.
fn entries(folder: &Path) -> Result<Vec<(PathBuf, String)>, ExportError> {
    let error = |source| ExportError::io("read the folder", folder)(source);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let entry = entry.map_err(|source| ExportError::io("read the folder", folder)(source))?;
        names.push((entry.path(), entry.file_name().to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

fn is_patch_of_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_numbered = name.len() > 4 && name.bytes().take(4).all(|byte| byte.is_ascii_digit());
    let is_file = path.symlink_metadata().is_ok_and(|data| data.is_file());
    is_numbered
        && is_file
        && name.ends_with(".patch")
        && fs::read(path).is_ok_and(|text| {
            let from = text.len().saturating_sub(80);
            let ends = |sign| memchr::memmem::find(&text[from..], sign).is_some();
            ANY_SIGNATURE.into_iter().any(ends)
        })
}

fn fill(folder: &Path, files: &Files) -> Result<(), ExportError> {
    fs::create_dir(folder).map_err(ExportError::io("create the folder", folder))?;
    for (name, text) in files {
        let path = folder.join(name);
        let above = path.parent().unwrap_or(folder);
        fs::create_dir_all(above).map_err(ExportError::io("create the folder", above))?;
        fs::write(&path, text).map_err(ExportError::io("write the file", &path))?;
    }
    Ok(())
}

/// Puts the one folder in the place of the other, which stands at `staged` then.
fn swap(staged: &Path, folder: &Path) -> Result<(), ExportError> {
    let error = |source| ExportError::io("replace the folder", folder)(source);
    if !folder.exists() {
        return fs::rename(staged, folder).map_err(error);
    }
    if exchange(staged, folder).is_ok() {
        return Ok(());
    }
    // Where the system cannot exchange two, there is a moment without any.
    let old = staged.with_extension("old");
    fs::rename(folder, &old).map_err(error)?;
    let renamed = fs::rename(staged, folder);
    match renamed {
        Ok(()) => {
            let _ = fs::remove_dir_all(&old);
            Ok(())
        }
        Err(source) => {
            let _ = fs::rename(&old, folder);
            Err(ExportError::io("replace the folder", folder)(source))
        }
    }
}

#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Files {
        let text = |name: &&str| (name.to_string(), format!("{name}\n{SIGNATURE}").into_bytes());
        names.iter().map(text).collect()
    }

    fn names_below(folder: &Path) -> Vec<String> {
        entries(folder).expect("it can be read").into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn an_earlier_export_is_replaced_whole() {
        let parent = tempfile::tempdir().expect("a folder for the test");
        let folder = parent.path().join("new/out");
        write(&folder, &files(&["0000-cover-letter.patch", "0001-a.patch", "0002-b.patch"]))
            .expect("it is written");
        write(&folder, &files(&["hwmon/0000-cover-letter.patch"])).expect("it is replaced");
        assert_eq!(names_below(&folder), ["hwmon"]);
        write(&folder, &files(&["0001-a.patch"])).expect("it is replaced");
        assert_eq!(names_below(&folder), ["0001-a.patch"]);
        assert_eq!(names_below(folder.parent().expect("it has one")), ["out"]);
    }

    #[test]
    fn what_no_export_wrote_stays_and_is_named() {
        let parent = tempfile::tempdir().expect("a folder for the test");
        for (name, text) in
            [("notes.txt", "mine"), ("0001-mine.patch", "-- \n2.47.3\n"), ("d/x", "mine")]
        {
            let folder = parent.path().join("out");
            let path = folder.join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            fs::write(&path, text).expect("a file");
            let error = write(&folder, &files(&["0001-a.patch"])).expect_err("it is not empty");
            let first = name.split('/').next().unwrap_or_default();
            assert!(error.to_string().contains(&format!("holds {first},")), "{error}");
            assert_eq!(fs::read_to_string(&path).expect("it is there"), text);
            fs::remove_dir_all(&folder).expect("it can go");
        }
        assert!(names_below(parent.path()).is_empty());
    }

    #[test]
    fn a_link_to_a_folder_stays_a_link() {
        let parent = tempfile::tempdir().expect("a folder for the test");
        let (folder, link) = (parent.path().join("real"), parent.path().join("link"));
        fs::create_dir(&folder).expect("a folder");
        std::os::unix::fs::symlink("real", &link).expect("a link");
        write(&link, &files(&["0001-a.patch"])).expect("it is written");
        assert_eq!(names_below(&folder), ["0001-a.patch"]);
        assert!(link.is_symlink());
    }
}
