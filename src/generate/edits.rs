//! Edits as byte ranges: collected, put in order, and laid on a file's bytes.

use super::{Edit, EditSet};
use crate::tree::TreePath;
use std::ops::Range;

/// Why edits cannot be laid on a file's bytes. Either is a fault of whoever made
/// the edits, or the file is not the one that they were made for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// An edit reaches past the end of the file, or ends before it begins.
    #[error("{path}: an edit of bytes {range:?} does not fit a file of {size} bytes; plan again")]
    OutOfBounds {
        /// The file.
        path: TreePath,
        /// The bytes that should go.
        range: Range<usize>,
        /// Size of the file in bytes.
        size: usize,
    },
    /// Two edits want the same bytes, or are not in order.
    #[error("{path}: the edits of bytes {first:?} and {second:?} overlap or are out of order")]
    Overlap {
        /// The file.
        path: TreePath,
        /// The bytes of the edit that stands first.
        first: Range<usize>,
        /// The bytes of the one after it.
        second: Range<usize>,
    },
}

impl Edit {
    /// Whether both want the same bytes, or one inserts strictly inside what the
    /// other replaces. Edits that only touch, and insertions at one point, do not.
    pub fn overlaps(&self, other: &Edit) -> bool {
        self.range.start < other.range.end && other.range.start < self.range.end
    }
}

impl EditSet {
    /// Puts `text` before the byte `at` of `path`; after what was inserted there
    /// earlier.
    pub fn insert(&mut self, path: &str, at: usize, text: impl Into<Vec<u8>>) -> &mut Self {
        self.replace(path, at..at, text)
    }

    /// Puts `text` in the place of the bytes `range` of `path`.
    pub fn replace(
        &mut self,
        path: &str,
        range: Range<usize>,
        text: impl Into<Vec<u8>>,
    ) -> &mut Self {
        let edits = self.files.entry(path.to_owned()).or_default();
        let key = (range.start, range.end);
        let place = edits.partition_point(|e| (e.range.start, e.range.end) <= key);
        edits.insert(place, Edit { range, text: text.into() });
        self
    }

    /// Takes the bytes `range` out of `path`.
    pub fn delete(&mut self, path: &str, range: Range<usize>) -> &mut Self {
        self.replace(path, range, Vec::new())
    }

    /// The text of `path` with its edits; `bytes` itself where there are none.
    ///
    /// # Errors
    /// When the edits do not fit `bytes`, are not sorted or overlap.
    pub fn apply(&self, path: &str, bytes: &[u8]) -> Result<Vec<u8>, EditError> {
        let edits = self.files.get(path).map_or(&[][..], Vec::as_slice);
        apply_edits(path, bytes, edits)
    }

    /// Whether some edit of the one overlaps an edit of the other, so that only
    /// one of the two sets can be applied. Insertions at one point do not.
    pub fn conflicts_with(&self, other: &EditSet) -> bool {
        self.files.iter().any(|(path, mine)| {
            other
                .files
                .get(path)
                .is_some_and(|theirs| mine.iter().any(|m| theirs.iter().any(|t| m.overlaps(t))))
        })
    }
}

/// Lays sorted edits on `bytes`. `path` only names the file in an error.
///
/// # Errors
/// When an edit does not fit `bytes`, or begins before the end of the one before.
pub fn apply_edits<'e>(
    path: &str,
    bytes: &[u8],
    edits: impl IntoIterator<Item = &'e Edit>,
) -> Result<Vec<u8>, EditError> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut last = 0..0;
    for Edit { range, text } in edits {
        if range.start < last.end {
            return Err(EditError::Overlap {
                path: path.to_owned(),
                first: last,
                second: range.clone(),
            });
        }
        let kept = bytes.get(last.end..range.start);
        let (Some(kept), Some(_)) = (kept, bytes.get(range.clone())) else {
            return Err(EditError::OutOfBounds {
                path: path.to_owned(),
                range: range.clone(),
                size: bytes.len(),
            });
        };
        out.extend_from_slice(kept);
        out.extend_from_slice(text);
        last = range.clone();
    }
    out.extend_from_slice(bytes.get(last.end..).unwrap_or_default());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(edits: &[(Range<usize>, &str)]) -> EditSet {
        let mut set = EditSet::default();
        for (range, text) in edits {
            set.replace("a.c", range.clone(), *text);
        }
        set
    }

    #[test]
    fn edits_are_applied_in_the_order_of_the_file_however_they_were_added() {
        let set = set(&[(6..6, "!"), (0..1, "J"), (3..5, "")]);
        assert_eq!(set.apply("a.c", b"hello?").unwrap(), b"Jel?!");
        assert_eq!(set.apply("other.c", b"hello?").unwrap(), b"hello?");
    }

    #[test]
    fn insertions_at_one_point_keep_the_order_in_which_they_were_made() {
        let mut edits = EditSet::default();
        edits.insert("a.c", 1, "1").insert("a.c", 1, "2").delete("a.c", 1..2);
        assert_eq!(edits.apply("a.c", b"abc").unwrap(), b"a12c");
    }

    #[test]
    fn an_edit_past_the_end_is_an_error_that_names_the_file() {
        let error = set(&[(4..9, "")]).apply("a.c", b"hello").unwrap_err();
        assert!(error.to_string().starts_with("a.c: an edit of bytes 4..9"), "{error}");
        let backwards = Range { start: 3, end: 2 };
        assert!(set(&[(backwards, "")]).apply("a.c", b"hello").is_err());
    }

    #[test]
    fn overlapping_edits_are_an_error() {
        let error = set(&[(0..3, "x"), (2..4, "y")]).apply("a.c", b"hello").unwrap_err();
        assert!(matches!(error, EditError::Overlap { .. }), "{error}");
    }

    #[test]
    fn sets_conflict_only_where_they_want_the_same_bytes() {
        let check = |a: Range<usize>, b: Range<usize>, expected: bool| {
            let (one, other) = (set(&[(a.clone(), "x")]), set(&[(b.clone(), "y")]));
            assert_eq!(one.conflicts_with(&other), expected, "{a:?} {b:?}");
            assert_eq!(other.conflicts_with(&one), expected, "{b:?} {a:?}");
        };
        check(0..3, 2..4, true);
        check(0..3, 0..3, true);
        check(0..5, 2..2, true);
        check(0..3, 3..4, false);
        check(0..3, 3..3, false);
        check(3..3, 3..6, false);
        check(2..2, 2..2, false);
    }
}
