//! What of a file a patch is about: the texts that are compared, and what may differ
//! between their objects.

use super::includers::is_header;
use super::{Candidate, constants, force, unroll, wrap};
use crate::syntax::LoopMacros;
use crate::tree::TreePath;
use crate::verify::Files;
use crate::verify::build::Compile;
use crate::verify::object::{Cause, Comparison, Difference, Merged, Object, Subject};
use crate::verify::tables;
use std::collections::BTreeSet;

/// A pair of texts that mean the same as the candidate's.
#[derive(PartialEq)]
pub(super) struct Texts {
    pub before: Files,
    pub after: Files,
}

/// What the names of the records of an exported symbol begin with (`linux/export.h`).
const EXPORT_RECORDS: [&str; 5] =
    ["__ksymtab_", "__kstrtab_", "__kstrtabns_", "__export_symbol_", "__UNIQUE_ID___addressable_"];

/// What one comparison came to.
pub(super) enum Compared {
    Same,
    Differs {
        first: Box<Difference>,
        /// Whether all variables are still there, one for one.
        state_kept: bool,
    },
    /// The texts do not compile so, or are no objects that can be read.
    Not(String),
}

/// Which functions of a file the patch is about.
pub(super) struct Roles {
    /// Members that the file no longer has.
    gone: BTreeSet<String>,
    /// Members that only call what does their work now.
    thin: BTreeSet<String>,
    /// What does their work, if it stands in this file.
    target: BTreeSet<String>,
    /// Tables that the patch adds to the file.
    tables: BTreeSet<String>,
    pub merged: Merged,
}

/// The header that has what does the members' work, where it is one.
fn header(candidate: &Candidate) -> Option<&[u8]> {
    let path = candidate.claim.target_path().filter(|path| is_header(path))?;
    candidate.after.get(path).map(Vec::as_slice)
}

impl Roles {
    pub fn of(candidate: &Candidate, source: &TreePath) -> Self {
        let claim = &candidate.claim;
        let text = |files: &Files| files.get(source).cloned().unwrap_or_default();
        let (old, new) = (text(&candidate.before), text(&candidate.after));
        let kept = force::defined(&new);
        let here = claim.members.iter().filter(|(path, _)| path == source).map(|(_, name)| name);
        let (mut thin, gone): (BTreeSet<String>, BTreeSet<String>) =
            here.cloned().partition(|name| kept.contains(name));
        thin.retain(|name| Some(name.as_str()) != claim.target());
        let header = header(candidate).map(force::defined).unwrap_or_default();
        let is_here = |name: &&str| kept.contains(*name) || header.contains(*name);
        let target = claim.target().filter(is_here).map(str::to_owned);
        let into = claim.merged_into.clone().unwrap_or_default();
        let merged = Merged { functions: gone.clone(), into };
        let tables = tables::names_of_added(&old, &new);
        Self { gone, thin, target: target.into_iter().collect(), tables, merged }
    }

    /// Both texts with what moved inlined. A survivor has more calls after the
    /// patch: those that it had before are inlined before, too.
    pub fn inlined(&self, candidate: &Candidate) -> Texts {
        let before = self.gone.union(&self.target).cloned().collect();
        let force = |files: &Files, names: &BTreeSet<String>| -> Files {
            let inlined =
                |(path, text): (&TreePath, &Vec<u8>)| (path.clone(), force::inlined(text, names));
            files.iter().map(inlined).collect()
        };
        Texts {
            before: force(&candidate.before, &before),
            after: force(&candidate.after, &self.target),
        }
    }

    /// As [`Roles::inlined`], with the bodies of thin functions behind calls before,
    /// and constants in the place of the helper's parameters after.
    pub fn with_constants(
        &self,
        candidate: &Candidate,
        compile: &Compile,
        loops: &LoopMacros,
    ) -> Option<Texts> {
        let source = &compile.source;
        let (before, after) = (candidate.before.get(source)?, candidate.after.get(source)?);
        let of_header =
            |target: &String| constants::put_from(after, header(candidate)?, target, loops);
        let put = self
            .target
            .iter()
            .find_map(|target| constants::put(after, target, loops).or_else(|| of_header(target)));
        let put = put.unwrap_or_else(|| after.clone());
        let wrapped = wrap::bodies(before, &self.thin, loops);
        if put == *after && wrapped == *before {
            return None;
        }
        let mut candidate = candidate.clone();
        candidate.before.insert(source.clone(), wrapped);
        candidate.after.insert(source.clone(), put);
        Some(self.inlined(&candidate))
    }

    /// As `texts`, with the loops unrolled that the patch added; `None` where it added
    /// none.
    pub fn unrolled(&self, texts: &Texts, source: &TreePath) -> Option<Texts> {
        let (before, after) = (texts.before.get(source)?, texts.after.get(source)?);
        let unrolled = unroll::loops(before, after)?;
        let mut texts = Texts { before: texts.before.clone(), after: texts.after.clone() };
        texts.after.insert(source.clone(), unrolled);
        Some(texts)
    }

    /// Whether a function is inlined where it is called.
    pub fn is_inlined(&self, name: &str) -> bool {
        self.gone.contains(name) || self.target.contains(name)
    }

    /// Nothing may be gone but members, and nothing new but what does their work, and
    /// tables that nobody uses: the loops over them are unrolled.
    pub fn judge(&self, comparison: Comparison, new: Option<&Object<'_>>) -> Compared {
        self.judge_but(comparison, new, &BTreeSet::new())
    }

    /// [`Roles::judge`] for all but the functions of `proved`, which are the same though
    /// their code is not, and the tables that only they use.
    pub fn judge_but(
        &self,
        mut comparison: Comparison,
        new: Option<&Object<'_>>,
        proved: &BTreeSet<String>,
    ) -> Compared {
        comparison.new.retain(|subject| !self.exports_target(subject));
        comparison.new.retain(|subject| {
            let users = new.and_then(|new| self.users(subject, new));
            !users.is_some_and(|users| users.is_subset(proved))
        });
        comparison
            .differences
            .retain(|it| !matches!(&it.subject, Subject::Function(name) if proved.contains(name)));
        let is_state = |subject: &Subject| !matches!(subject, Subject::Function(_));
        let merges = |it: &Difference| matches!(it.cause, Some(Cause::StaticState { .. }));
        let state_kept = !comparison.gone.iter().chain(&comparison.new).any(is_state)
            && !comparison.differences.iter().any(merges);
        let differences = comparison.differences.into_iter();
        // One in a function says more than one in the data that it refers to.
        let first = differences.min_by_key(|it| !matches!(it.subject, Subject::Function(_)));
        if let Some(first) = first {
            return Compared::Differs { first: Box::new(first), state_kept };
        }
        let is_in = |subject: &Subject, names: &BTreeSet<String>| matches!(subject, Subject::Function(name) if names.contains(name));
        let gone = comparison.gone.into_iter().find(|it| !is_in(it, &self.gone));
        let new = comparison.new.into_iter().find(|it| !is_in(it, &self.target));
        let odd = gone.map(|it| (it, "is gone")).or(new.map(|it| (it, "is new")));
        match odd {
            None => Compared::Same,
            Some((subject, what)) => {
                let detail = what.to_owned();
                let first = Difference { subject, before: None, after: None, detail, cause: None };
                Compared::Differs { first: Box::new(first), state_kept }
            }
        }
    }

    /// Whether what is new are the records by which modules find what does the members'
    /// work. That it is exported is what the patch says.
    fn exports_target(&self, subject: &Subject) -> bool {
        let Subject::Data(name) = subject else { return false };
        let rest = EXPORT_RECORDS.iter().find_map(|prefix| name.strip_prefix(prefix));
        rest.is_some_and(|rest| {
            let bare = rest.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            self.target.contains(rest) || self.target.contains(bare)
        })
    }

    /// The functions that use what is new, where that is a table that the patch adds
    /// and nothing else can see.
    fn users(&self, subject: &Subject, new: &Object<'_>) -> Option<BTreeSet<String>> {
        let Subject::Data(name) = subject else { return None };
        self.tables.contains(name).then(|| new.users_of_constant(name)).flatten()
    }
}
