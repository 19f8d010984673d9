//! Which of the groups found are the ones asked for.

use super::args::WhatArgs;
use super::focus::Focus;
use crate::changes::Changes;
use crate::detect::{Groups, Member};
use crate::tree::KernelTree;

/// What the arguments ask for.
pub struct Selection<'a> {
    what: &'a WhatArgs,
    /// The lines that `--since` is about.
    changes: Option<Changes>,
    /// What `--focus` names.
    pub focus: Option<Focus>,
}

impl<'a> Selection<'a> {
    /// Asks git what changed, where that is of interest.
    pub fn new(tree: &KernelTree, what: &'a WhatArgs) -> anyhow::Result<Self> {
        let since = |revision: &String| Changes::since(tree, revision);
        let focus = |text: &String| Focus::new(tree, text);
        Ok(Selection {
            what,
            changes: what.since.as_ref().map(since).transpose()?,
            focus: what.focus.as_ref().map(focus).transpose()?,
        })
    }

    /// Leaves the groups that meet every filter.
    pub fn filter(&self, groups: &mut Groups) {
        groups.retain(|group| {
            let recent = self.changes.is_none() || group.members.iter().any(|it| self.is_new(it));
            let focused = self.focus.as_ref().is_none_or(|focus| focus.takes(group));
            focused && self.what.takes(group) && recent
        });
    }

    /// Whether the member has lines that `--since` is about; false without it.
    pub fn is_new(&self, member: &Member) -> bool {
        let function = &member.function;
        self.changes.as_ref().is_some_and(|changes| {
            changes.touch(&member.file, function.start_line, function.end_line)
        })
    }

    /// Leaves as many of the groups, which are ranked, as were asked for.
    pub fn cut(&self, groups: &mut Groups) {
        groups.truncate(self.what.top.map_or(usize::MAX, |top| top.get()));
    }
}
