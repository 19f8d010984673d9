use super::*;
use crate::generate::edits::apply_edits;
use crate::generate::lines::line_edits;
use proptest::prelude::*;

fn owned(owner: &str, before: &str, after: &str) -> Vec<Owned> {
    let edits = line_edits(before.as_bytes(), after.as_bytes());
    edits.into_iter().map(|edit| Owned { owner: owner.to_owned(), edit }).collect()
}

/// The text that several owners' versions of one text make together, or the two
/// owners that cannot agree.
fn merged(before: &str, versions: &[&str]) -> Result<String, String> {
    let edits = versions.iter().zip(["a", "b", "c"]);
    let edits = edits.flat_map(|(after, owner)| owned(owner, before, after)).collect();
    let edits = merge(before.as_bytes(), edits)
        .map_err(|overlap| format!("{}{}:{}", overlap.first, overlap.second, overlap.line))?;
    let text = apply_edits("a.c", before.as_bytes(), edits.iter().map(|owned| &owned.edit));
    Ok(String::from_utf8(text.unwrap()).unwrap())
}

#[test]
fn changes_of_different_lines_are_laid_together() {
    let text = merged("1\n2\n3\n4\n", &["one\n2\n3\n4\n", "1\n2\n3\n", "1\n2\ntwo\n3\n4\n"]);
    assert_eq!(text.unwrap(), "one\n2\ntwo\n3\n");
}

#[test]
fn changes_of_one_line_conflict_even_when_they_are_the_same() {
    assert_eq!(merged("1\n2\n3\n", &["1\nx\n3\n", "1\nx\n3\n"]), Err("ab:2".to_owned()));
}

#[test]
fn an_insertion_inside_what_another_deletes_conflicts() {
    let result = merged("1\n2\n3\n4\n", &["1\n4\n", "1\n2\nx\n3\n4\n"]);
    assert_eq!(result, Err("ab:3".to_owned()));
}

#[test]
fn a_blank_line_that_two_deletions_share_is_given_to_one_of_them() {
    let before = "int a;\n\nint f;\n\nint g;\n";
    assert_eq!(merged(before, &["int a;\n\nint g;\n", "int a;\n\nint f;\n"]).unwrap(), "int a;\n");
}

#[test]
fn an_insertion_that_could_stand_on_either_side_of_a_changed_line_conflicts() {
    // Whether `x();` came before or after the one that is there, no diff can tell.
    let before = "\ta();\n\tx();\n\tb();\n";
    let result = merged(before, &["\ta();\n\tx();\n\tx();\n\tb();\n", "\ta();\n\ty();\n\tb();\n"]);
    assert!(result.is_err(), "{result:?}");
}

proptest! {
    #[test]
    fn edits_moved_onto_applied_ones_give_the_same_as_all_at_once(
        before in "([abcdefgh]\n){0,20}",
        mine in "([abcdefgh]\n){0,20}",
        theirs in "([abcdefgh]\n){0,20}",
    ) {
        let together = merged(&before, &[&mine, &theirs]);
        let edits = owned("a", &before, &mine).into_iter().map(|owned| owned.edit).collect();
        let moved = rebase(before.as_bytes(), "a", edits, &owned("b", &before, &theirs));
        prop_assert_eq!(together.is_ok(), moved.is_ok());
        if let (Ok(together), Ok(moved)) = (together, moved) {
            let text = apply_edits("a.c", theirs.as_bytes(), &moved).unwrap();
            prop_assert_eq!(String::from_utf8(text).unwrap(), together);
        }
    }
}
