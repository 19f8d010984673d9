//! Groups some of whose members nothing names. In: a group. Out: a patch that deletes
//! these, and leaves the others as they are.

use super::Proposer;
use crate::detect::CloneGroup;
use crate::plan::{FileContext, OpenFile, Plan, Reason, Refusal, Rule, unused};
use crate::syntax::lexer::contains_word;
use crate::tree::TreePath;

impl Proposer<'_> {
    /// The rule for a group's unused members, and the group of those that seem to be, by
    /// what `text` says that their files are; `None` where there are none.
    pub(super) fn unused<T: AsRef<[u8]>>(
        &self,
        group: &CloneGroup,
        text: impl Fn(&str) -> Option<T>,
    ) -> Option<(&Rule, CloneGroup)> {
        let rule = unused::rule(self.rules, group)?;
        let mut members = group.members.clone();
        members.retain(|it| text(&it.file).is_some_and(|text| unused::may_be(text.as_ref(), it)));
        (!members.is_empty()).then(|| (rule, CloneGroup { members, ..group.clone() }))
    }

    /// Plans that unused members go; `None` where all are used. `open` are their files.
    pub(super) fn plan_unused(
        &self,
        open: &[&OpenFile],
        group: &CloneGroup,
        rule: &Rule,
    ) -> Option<Result<Plan, Refusal>> {
        unused::plan(open, group, rule, self.loops, &|file, name| self.header_with(file, name))
    }

    /// A header that a file includes, however far away, in which a word stands.
    fn header_with(&self, file: &FileContext, word: &str) -> Option<TreePath> {
        let headers = file.unit.headers();
        let mut named = headers.iter().filter(|path| {
            self.tree.read(path).is_ok_and(|text| contains_word(&text, word.as_bytes()))
        });
        named.next().map(|path| path.to_string())
    }
}

/// What is said of a group one of whose members is not used: why that one may not go.
pub(super) fn better(refusal: Refusal, kept: Refusal) -> Refusal {
    if refusal.reason == Reason::UnusedMember { kept } else { refusal }
}
