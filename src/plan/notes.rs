//! What a reviewer should know of a plan that the patch does not show.

use super::align::lossy;
use super::holes::Subject;
use super::{MemberPlan, Parameter, words};

/// What prints the name of the function that calls it, as its return address tells
/// (`drivers/gpu/drm/drm_print.c`), and not as its text does.
const NAME_THEIR_CALLER: [&str; 2] = ["DRM_ERROR", "DRM_DEBUG"];

/// Messages that begin with the name of the function which prints them begin otherwise.
pub(super) fn callers_named(subject: &Subject<'_>) -> Option<String> {
    let words = (0..subject.alignment.len()).map(|at| lossy(subject.alignment.text(0, at)));
    let is_it = |word: &String| NAME_THEIR_CALLER.iter().any(|it| word.starts_with(it));
    let word = words.into_iter().find(is_it)?;
    Some(format!("What {word}() prints begins with the name of its caller, now the helper's."))
}

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
