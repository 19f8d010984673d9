//! One group or proposal in full: the members, their holes, the plan, the diff and
//! the verdict.

use super::message::message;
use super::source::{printable_line, shortened};
use super::{Outcome, contract_name, counted, diff, group, heading, side_by_side, verified};
use crate::detect::{CloneGroup, Hole, Member};
use crate::store::Proposal;
use crate::tree::KernelTree;
use codespan_reporting::term::termcolor::WriteColor;
use std::collections::BTreeMap;
use std::io;

/// Members whose text is printed; all with `-v`.
const PRINTED_MEMBERS: usize = 4;
/// Members named for each value of a hole.
const NAMED_MEMBERS: usize = 4;
const VALUE_WIDTH: usize = 40;

/// What there is to show.
pub struct Shown {
    /// The tree.
    pub tree: KernelTree,
    /// The group; `None` when the tree no longer has it.
    pub group: Option<CloneGroup>,
    /// The proposal for it and the bytes of its patch.
    pub proposal: Option<(Proposal, Vec<u8>)>,
    /// What planning made of the group, where it is known.
    pub outcome: Option<Outcome>,
}

/// How much of it, and how wide.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Columns of the terminal.
    pub width: usize,
    /// Print every member.
    pub all_members: bool,
}

/// Writes everything there is about the group.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn WriteColor, shown: &Shown, layout: Layout) -> io::Result<()> {
    if let Some(group) = &shown.group {
        write_group(out, shown, group, layout)?;
    }
    match (&shown.proposal, &shown.outcome) {
        (Some((proposal, patch)), _) => write_proposal(out, proposal, patch),
        (None, Some(Outcome::Refusal(refusal))) => {
            heading(out, &format!("Refused: {}", refusal.reason))?;
            writeln!(out, "  {}", printable_line(&refusal.detail))?;
            writeln!(out, "  at {}", printable_line(&refusal.at))
        }
        (None, _) => writeln!(out, "No proposal is stored for it: `drvdedup plan` makes them."),
    }
}

fn write_group(
    out: &mut dyn WriteColor,
    shown: &Shown,
    group: &CloneGroup,
    layout: Layout,
) -> io::Result<()> {
    heading(out, &format!("Group {}: {}", group.id, group::title(group)))?;
    for member in &group.members {
        writeln!(out, "  {}", member_text(member))?;
    }
    writeln!(out)?;
    let limit = if layout.all_members { usize::MAX } else { PRINTED_MEMBERS };
    side_by_side::write(out, &shown.tree.root, group, layout.width, limit)?;
    if group.members.len() > limit {
        let more = counted((group.members.len() - limit) as u64, "more member");
        writeln!(out, "… and {more}; `-v` prints them all\n")?;
    }
    write_holes(out, group)
}

fn member_text(member: &Member) -> String {
    let function = &member.function;
    let text = format!(
        "{}:{}-{} {}() in {}, {}",
        member.file,
        function.start_line,
        function.end_line,
        member.name,
        member.driver,
        member.class
    );
    printable_line(&text)
}

fn write_holes(out: &mut dyn WriteColor, group: &CloneGroup) -> io::Result<()> {
    if group.holes.is_empty() {
        return Ok(());
    }
    heading(out, "Holes")?;
    for (number, hole) in group.holes.iter().enumerate() {
        let places = counted(hole.tokens.len() as u64, "place");
        writeln!(out, "  {} ({}), {places}", number + 1, contract_name(hole.kind))?;
        for (value, names) in members_by_value(group, hole) {
            let value = shortened(&printable_line(value), VALUE_WIDTH);
            writeln!(out, "    {value:<20} {}", printable_line(&names_text(&names)))?;
        }
    }
    writeln!(out)
}

fn members_by_value<'g>(group: &'g CloneGroup, hole: &'g Hole) -> BTreeMap<&'g str, Vec<&'g str>> {
    let mut by_value: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (value, member) in hole.values.iter().zip(&group.members) {
        by_value.entry(value).or_default().push(&member.name);
    }
    by_value
}

fn names_text(names: &[&str]) -> String {
    let named = names.iter().take(NAMED_MEMBERS).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED_MEMBERS) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn write_proposal(out: &mut dyn WriteColor, proposal: &Proposal, patch: &[u8]) -> io::Result<()> {
    heading(out, &format!("Proposal {}", proposal.id))?;
    let rows = [
        ("group", proposal.group.clone()),
        (
            "rule",
            match proposal.rewrite == proposal.strategy {
                true => proposal.rewrite.clone(),
                false => format!("{} ({})", proposal.rewrite, proposal.strategy),
            },
        ),
        ("lines", format!("+{} -{}", proposal.lines_added, proposal.lines_removed)),
        ("patch", proposal.patch.clone()),
        ("verdict", contract_name(proposal.current_verdict(patch))),
    ];
    let rows = rows.into_iter().chain(verified::proof_rows(proposal, patch));
    for (name, value) in rows.filter(|(_, value)| !value.is_empty()) {
        writeln!(out, "  {name:<8} {}", printable_line(&value))?;
    }
    for note in &proposal.notes {
        writeln!(out, "  note     {}", printable_line(note))?;
    }
    writeln!(out)?;
    heading(out, "Message")?;
    for line in message(proposal, patch).lines() {
        let indent = if line.is_empty() { "" } else { "  " };
        writeln!(out, "{indent}{}", printable_line(line))?;
    }
    writeln!(out)?;
    diff::write(out, patch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use codespan_reporting::term::termcolor::NoColor;

    fn rendered(proposal: Option<(Proposal, Vec<u8>)>, outcome: Option<Outcome>) -> String {
        let root = tempfile::tempdir().expect("a folder for the test");
        std::fs::write(root.path().join("a.c"), sample::SOURCE).expect("a file for the test");
        let group = Some(sample::group("a.c"));
        let shown = Shown { tree: sample::tree(root.path()), group, proposal, outcome };
        let mut out = NoColor::new(Vec::new());
        let layout = Layout { width: 80, all_members: false };
        write(&mut out, &shown, layout).expect("a vector takes all");
        String::from_utf8(out.into_inner()).expect("only text is written")
    }

    #[test]
    fn a_proposal_shows_members_holes_plan_and_diff() {
        let proposal = sample::proposed().proposals.remove(0);
        let patch = b"--- a/a.c\n+++ b/a.c\n".to_vec();
        insta::assert_snapshot!(rendered(Some((proposal, patch)), None), @r"
        Group 0a0b0c0d: constant-only: 2 functions of one driver, 4 redundant lines
          a.c:1-4 a_get() in a, hwmon
          a.c:7-10 b_get() in a, hwmon

        a.c:1
        static int a_get(struct a *a)
        {
                return a_read(a, «0x10»);
        }
        a.c:7
        static int b_get(struct a *a)
        {
                return a_read(a, «0x20»);
        }

        Holes
          1 (integer), 1 place
            0x10                 a_get
            0x20                 b_get

        Proposal 11112222
          group    0a0b0c0d
          rule     extract-helper (procedural-abstraction)
          lines    +6 -8
          patch    .drvdedup/proposals/11112222.patch
          verdict  expands
          note     a_get() stays: its address is taken

        Message
          hwmon: a: Share a helper

          Checked by expanding the new code: it is the code before, token by token
          but for the names of locals. Not compiled.

        --- a/a.c
        +++ b/a.c
        ");
    }

    #[test]
    fn a_refused_group_shows_reason_and_place() {
        let outcome = sample::refused().outcomes.remove("0a0b0c0d");
        let text = rendered(None, outcome);
        assert!(
            text.contains("Refused: constant-context\n  the value is a case label\n"),
            "{text}"
        );
        assert!(text.contains("  at drivers/hwmon/a.c:3\n"), "{text}");
    }

    #[test]
    fn a_group_without_a_plan_says_how_to_get_one() {
        assert!(rendered(None, None).contains("`drvdedup plan` makes them"));
    }

    #[test]
    fn many_members_of_one_value_are_counted() {
        assert_eq!(names_text(&["a", "b", "c", "d", "e", "f"]), "a, b, c, d and 2 more");
        assert_eq!(names_text(&["a"]), "a");
    }
}
