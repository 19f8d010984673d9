//! What is asked of the `git` program, in the folder that is the tree's top.

use super::diff::{self, FileDiff};
use crate::tree::TreePath;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Why git could not tell what changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangesError {
    /// The program is not there.
    #[error("`git` is not installed, or not in PATH: without it nobody knows what changed")]
    NoGit,
    /// The program does not start.
    #[error("cannot run git in {}", root.display())]
    CannotRun {
        /// Where it was to run.
        root: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The tree lies in no working tree of git's.
    #[error(
        "{}: no git repository, so nobody knows what changed; name a tree that git knows with --tree",
        root.display()
    )]
    NoRepository {
        /// Top of the tree.
        root: PathBuf,
    },
    /// A revision is none.
    #[error(
        "`{revision}` names no commit of the git repository {}; `git log --oneline` lists them, \
         and `git fetch` gets more",
        root.display()
    )]
    UnknownRevision {
        /// The revision as it was given.
        revision: String,
        /// Top of the tree.
        root: PathBuf,
    },
    /// Two commits without a common ancestor.
    #[error("{from} and {to} have no common ancestor; name a range with two dots, not three")]
    NoMergeBase {
        /// The one.
        from: String,
        /// The other.
        to: String,
    },
    /// Git said no to something that should work.
    #[error("`git {arguments}` in {} failed: {message}", root.display())]
    Failed {
        /// What was asked.
        arguments: String,
        /// Top of the tree.
        root: PathBuf,
        /// What git said.
        message: String,
    },
    /// What git printed is no diff.
    #[error(
        "line {line} of what `git diff` printed is no diff: is `git` a program of another kind?"
    )]
    NoDiff {
        /// The line, from one.
        line: usize,
    },
}

/// A revision, or two, as typed. An end that is left out is `HEAD`.
#[derive(Debug, PartialEq, Eq)]
pub enum Revisions<'r> {
    /// `REV`: up to the working tree.
    One(&'r str),
    /// `A..B`, or with `from_base` `A...B`: since the last common ancestor.
    Range {
        /// Where it begins.
        from: &'r str,
        /// Where it ends.
        to: &'r str,
        /// See above.
        from_base: bool,
    },
}

impl<'r> Revisions<'r> {
    /// What `text` names.
    pub fn parse(text: &'r str) -> Self {
        let Some((from, to)) = text.split_once("..") else { return Revisions::One(text) };
        let or_head = |end: &'r str| if end.is_empty() { "HEAD" } else { end };
        let base = to.strip_prefix('.');
        Revisions::Range {
            from: or_head(from),
            to: or_head(base.unwrap_or(to)),
            from_base: base.is_some(),
        }
    }
}

/// Settings of the environment that would change what git prints.
const UNSET: [&str; 6] = [
    "GIT_DIFF_OPTS",
    "GIT_EXTERNAL_DIFF",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
];

/// A diff without context, whatever the user's configuration says.
const DIFF: [&str; 13] = [
    "diff",
    "--unified=0",
    "--inter-hunk-context=0",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--text",
    "--find-renames",
    "--ignore-submodules=all",
    "--submodule=short",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    // The tree's top may be a folder of the repository: names are seen from there.
    "--relative",
];

/// Files that can hold a function.
const SOURCES: [&str; 2] = ["--", "*.c"];

/// Files that one command line names: a thousand paths stay far below what the system
/// lets pass.
const FILES_AT_ONCE: usize = 1000;

/// A git repository, asked from a tree in it.
pub struct Git<'t> {
    root: &'t Path,
}

impl<'t> Git<'t> {
    /// Git in that folder, which need lie in no repository.
    pub fn at(root: &'t Path) -> Self {
        Git { root }
    }

    /// The repository that the tree at `root` lies in.
    pub fn open(root: &'t Path) -> Result<Self, ChangesError> {
        let git = Git { root };
        match git.run(&["rev-parse", "--is-inside-work-tree"])? {
            Ok(answer) if answer.trim_ascii() == b"true" => Ok(git),
            Err(message) if !message.contains("not a git repository") => {
                Err(git.failed(&["rev-parse"], message))
            }
            _ => Err(ChangesError::NoRepository { root: root.to_owned() }),
        }
    }

    /// The full name of the commit that `revision` names.
    pub fn commit(&self, revision: &str) -> Result<String, ChangesError> {
        let unknown = || ChangesError::UnknownRevision {
            revision: revision.to_owned(),
            root: self.root.to_owned(),
        };
        if revision.is_empty() || revision.starts_with('-') {
            return Err(unknown());
        }
        let commit = format!("{revision}^{{commit}}");
        let answer = self.run(&["rev-parse", "--verify", "--quiet", &commit])?;
        answer.map(|name| text(&name)).map_err(|_| unknown())
    }

    /// The last common ancestor of two commits.
    pub fn merge_base(&self, from: &str, to: &str) -> Result<String, ChangesError> {
        let answer = self.run(&["merge-base", from, to])?;
        answer
            .map(|name| text(&name))
            .map_err(|_| ChangesError::NoMergeBase { from: from.to_owned(), to: to.to_owned() })
    }

    /// What changed in the C files from one commit to another, or to the working tree.
    pub fn diff(&self, from: &str, to: Option<&str>) -> Result<Vec<FileDiff>, ChangesError> {
        let commits = std::iter::once(from).chain(to);
        self.diff_with(DIFF.into_iter().chain(commits).chain(SOURCES))
    }

    /// What changed in these files from a commit to the working tree.
    pub fn diff_of(&self, from: &str, files: &[TreePath]) -> Result<Vec<FileDiff>, ChangesError> {
        let mut diffs = Vec::new();
        for files in files.chunks(FILES_AT_ONCE) {
            let names: Vec<String> = files.iter().map(|file| format!(":(literal){file}")).collect();
            let names = names.iter().map(String::as_str);
            diffs.extend(self.diff_with(DIFF.into_iter().chain([from, "--"]).chain(names))?);
        }
        Ok(diffs)
    }

    fn diff_with<'a>(
        &self,
        arguments: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<FileDiff>, ChangesError> {
        let answer = self.answer(&arguments.collect::<Vec<_>>())?;
        diff::parse(&answer).map_err(|line| ChangesError::NoDiff { line })
    }

    /// The C files that git neither knows nor ignores. One whose name is not UTF-8 is
    /// never scanned and left out.
    pub fn untracked(&self) -> Result<Vec<TreePath>, ChangesError> {
        let arguments = ["ls-files", "--others", "--exclude-standard", "-z"];
        let arguments: Vec<&str> = arguments.into_iter().chain(SOURCES).collect();
        let answer = self.answer(&arguments)?;
        let names = answer.split(|&byte| byte == 0).filter(|name| !name.is_empty());
        Ok(names.filter_map(|name| String::from_utf8(name.to_vec()).ok()).collect())
    }

    /// What git prints.
    pub fn answer(&self, arguments: &[&str]) -> Result<Vec<u8>, ChangesError> {
        self.run(arguments)?.map_err(|message| self.failed(arguments, message))
    }

    fn run(&self, arguments: &[&str]) -> Result<Result<Vec<u8>, String>, ChangesError> {
        self.run_with(arguments, &[])
    }

    /// What git prints with some settings of the environment, or else what it complains
    /// of.
    pub fn run_with(
        &self,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Result<Vec<u8>, String>, ChangesError> {
        let mut command = Command::new("git");
        command.args(["--no-pager", "--no-optional-locks"]).args(arguments).current_dir(self.root);
        command.envs(environment.iter().copied());
        // Its complaints are recognised by their English words.
        command.env("LC_ALL", "C");
        for variable in UNSET {
            command.env_remove(variable);
        }
        let output = command.output().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ChangesError::NoGit,
            _ => ChangesError::CannotRun { root: self.root.to_owned(), source },
        })?;
        Ok(match output.status.success() {
            true => Ok(output.stdout),
            false => Err(text(&output.stderr)),
        })
    }

    fn failed(&self, arguments: &[&str], message: String) -> ChangesError {
        let arguments = arguments.first().copied().unwrap_or_default().to_owned();
        ChangesError::Failed { arguments, root: self.root.to_owned(), message }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.trim_ascii()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_two_ends_that_may_be_left_out() {
        let check = |text, from, to, from_base| {
            assert_eq!(Revisions::parse(text), Revisions::Range { from, to, from_base }, "{text}");
        };
        check("a..b", "a", "b", false);
        check("a...b", "a", "b", true);
        check("a..", "a", "HEAD", false);
        check("...b", "HEAD", "b", true);
        assert_eq!(Revisions::parse("v6.1-rc1"), Revisions::One("v6.1-rc1"));
    }
}
