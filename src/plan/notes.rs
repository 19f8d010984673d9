//! What a reviewer should know of a plan that the patch does not show.

use super::{MemberPlan, Parameter, words};

/// A doubt for the reviewer where the name that stays says something that another
/// name does not.
pub(super) fn accident(members: &[MemberPlan], survivor: usize) -> Vec<String> {
    let stays = &members[survivor].name;
    let other = members.iter().find(|m| !words::is_more_general(stays, &m.name));
    let note = |other: &MemberPlan| {
        format!("{stays}() and {}() are the same today: are they meant to stay so?", other.name)
    };
    other.map(note).into_iter().collect()
}

/// A format that is a parameter is no longer checked by the compiler.
pub(super) fn formats(parameters: &[Parameter]) -> Vec<String> {
    let note = |p: &Parameter| {
        format!(
            "`{}` is a format: all members' formats take the same arguments, but the compiler no longer checks them",
            p.name
        )
    };
    parameters.iter().filter(|p| p.is_format).map(note).collect()
}
