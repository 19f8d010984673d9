//! Arithmetic on [`TreePath`]s, without touching the disk.

use super::TreePath;
use std::path::Path;

/// `relative`, seen from `folder`, with `.` and `..` resolved by name only. `None`
/// where it is absolute or climbs out of the tree.
pub fn join(folder: &str, relative: &str) -> Option<TreePath> {
    if relative.starts_with('/') {
        return None;
    }
    // Nearly all are like this, and a tree has tens of thousands.
    let plain = |part| !matches!(part, "" | "." | "..");
    if relative.split('/').all(plain) && folder.split('/').all(|part| !part.is_empty()) {
        return Some([folder, "/", relative].concat());
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The folder that holds `path`; `None` for the top.
pub fn parent(path: &str) -> Option<&str> {
    match path.rsplit_once('/') {
        Some((folder, _)) => Some(folder),
        None if path.is_empty() => None,
        None => Some(""),
    }
}

/// The folders above `path`, nearest first, the top last.
pub(crate) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(path), |folder| parent(folder))
}

/// The last part of `path`.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The name of a file without its suffix.
pub(crate) fn stem(path: &str) -> &str {
    let name = file_name(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// `absolute` as a path in the tree at `root`; `None` where it lies elsewhere or
/// is not UTF-8.
pub(super) fn inside(root: &Path, absolute: &Path) -> Option<TreePath> {
    absolute.strip_prefix(root).ok()?.to_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_resolved_and_nothing_climbs_out() {
        let check = |folder, relative, expected: Option<&str>| {
            assert_eq!(join(folder, relative).as_deref(), expected, "{folder} + {relative}");
        };
        check("a/b", "../c/./d.c", Some("a/c/d.c"));
        check("", "./a//b/", Some("a/b"));
        check("a", "..", Some(""));
        check("a", "../..", None);
        check("a", "/etc", None);
    }

    #[test]
    fn ancestors_end_at_the_top() {
        assert_eq!(ancestors("a/b/c.c").collect::<Vec<_>>(), ["a/b", "a", ""]);
        assert_eq!(ancestors("").count(), 0);
    }
}
