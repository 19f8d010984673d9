//! What a series takes from git: who sends it, what it is based on, and how the log of
//! a file speaks.

use super::error::ExportError;
use super::mail::Sender;
use crate::changes::ChangesError;
use crate::changes::git::Git;
use crate::tree::TreePath;
use std::path::Path;

/// Commits of a file that are asked how their subjects begin.
const LOG: &str = "-n20";

/// Who sends: the author of git's configuration, now, or at the time `source_date` in
/// seconds since 1970.
///
/// # Errors
/// When git is not installed, and when it knows no name and address.
pub fn sender(root: &Path, source_date: Option<i64>) -> Result<Sender, ExportError> {
    let date = source_date.map(|time| format!("@{time} +0000"));
    let date = date.as_deref().map(|date| ("GIT_AUTHOR_DATE", date));
    let arguments = ["-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT"];
    let answer = Git::at(root).run_with(&arguments, date.as_slice())?;
    let Ok(identity) = answer else { return Err(ExportError::NoAuthor) };
    let identity = String::from_utf8_lossy(&identity).trim().to_owned();
    read_identity(&identity).ok_or(ExportError::NoAuthor)
}

/// Reads `Jo Doe <jo@example.org> 1700000000 +0100`.
fn read_identity(text: &str) -> Option<Sender> {
    let (name, rest) = text.split_once(" <")?;
    let (email, when) = rest.split_once("> ")?;
    let (time, zone) = when.split_once(' ')?;
    let sender = Sender {
        name: name.to_owned(),
        email: email.to_owned(),
        time: time.parse().ok()?,
        zone: zone.to_owned(),
    };
    Some(sender).filter(|sender| !sender.name.is_empty() && !sender.email.is_empty())
}

/// The repository of a tree, if its top is the tree's.
pub struct Repository<'t> {
    git: Git<'t>,
    /// Full name of the last commit.
    pub head: String,
}

impl<'t> Repository<'t> {
    /// `None` outside a repository, below the top of one, and before the first commit.
    ///
    /// # Errors
    /// When there is a repository and git does not read it.
    pub fn of(root: &'t Path) -> Result<Option<Repository<'t>>, ExportError> {
        let git = match Git::open(root) {
            Err(ChangesError::NoRepository { .. } | ChangesError::NoGit) => return Ok(None),
            git => git?,
        };
        let prefix = git.answer(&["rev-parse", "--show-prefix"])?;
        match git.commit("HEAD") {
            Err(ChangesError::UnknownRevision { .. }) => Ok(None),
            head => {
                Ok(Some(Repository { head: head?, git }).filter(|_| prefix.trim_ascii().is_empty()))
            }
        }
    }

    /// Refuses files that are not as in the last commit: what is made for them would
    /// not fit it.
    ///
    /// # Errors
    /// [`ExportError::NotCommitted`] with such a file.
    pub fn check_committed(&self, files: &[TreePath]) -> Result<(), ExportError> {
        let diffs = self.git.diff_of(&self.head, files)?;
        let names = diffs.into_iter().filter_map(|diff| diff.new.or(diff.old));
        match names.min() {
            Some(file) => Err(ExportError::NotCommitted { file }),
            None => Ok(()),
        }
    }

    /// The subjects of the last commits that changed a file, the newest first.
    ///
    /// # Errors
    /// When git does not tell.
    pub fn subjects(&self, file: &str) -> Result<Vec<String>, ExportError> {
        let file = format!(":(literal){file}");
        let log = ["log", "--no-merges", "--format=%s", LOG, "--", &file];
        let answer = self.git.answer(&log)?;
        let text = String::from_utf8_lossy(&answer);
        Ok(text.lines().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_has_name_address_time_and_zone() {
        let sender = read_identity("Jo van Doe <jo@example.org> 1700000000 +0100");
        let sender = sender.expect("it is one");
        assert_eq!((sender.name.as_str(), sender.email.as_str()), ("Jo van Doe", "jo@example.org"));
        assert_eq!((sender.time, sender.zone.as_str()), (1_700_000_000, "+0100"));
        assert_eq!(read_identity(" <jo@example.org> 1 +0000"), None);
        assert_eq!(read_identity("jo"), None);
    }
}
