//! Ids as typed become ids as stored.

use super::error::Hinted;

/// The one of `known` that begins with `typed`; `None` when there is none. Nothing at
/// all is the beginning of no id.
///
/// # Errors
/// When several do.
pub fn find<'k>(
    typed: &str,
    known: impl Iterator<Item = &'k str>,
) -> Result<Option<&'k str>, Hinted> {
    let typed = typed.to_ascii_lowercase();
    let begins = |id: &&str| !typed.is_empty() && id.starts_with(&typed);
    let mut matches: Vec<&str> = known.filter(begins).collect();
    matches.sort_unstable();
    matches.dedup();
    match matches.as_slice() {
        [] => Ok(None),
        [id] => Ok(Some(id)),
        [first, second, ..] if *first != typed => Err(Hinted::new(
            format!("`{typed}` is the beginning of {} ids: {first}, {second}, …", matches.len()),
            "type more of it",
        )),
        [id, ..] => Ok(Some(id)),
    }
}

/// The first ids of a list, and how many more there are.
pub fn first_few(ids: &[String]) -> String {
    const SHOWN: usize = 12;
    match ids.get(..SHOWN).filter(|shown| shown.len() < ids.len()) {
        Some(shown) => format!("{} and {} more", shown.join(", "), ids.len() - SHOWN),
        None => ids.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_an_id_is_enough_where_it_is_the_only_one() {
        let check = |typed: &str, expected: Option<&str>| {
            let known = ["3f9a1c02", "3f9a1c02", "3fff0000", "77c0aaaa"];
            assert_eq!(find(typed, known.into_iter()).expect("it is not ambiguous"), expected);
        };
        check("3f9", Some("3f9a1c02"));
        check("77C0", Some("77c0aaaa"));
        check("3f9a1c02", Some("3f9a1c02"));
        check("dead", None);
        check("", None);
    }

    #[test]
    fn a_beginning_of_several_ids_is_an_error() {
        let error = find("3", ["3b", "3a"].into_iter()).expect_err("it is ambiguous");
        assert_eq!(error.to_string(), "`3` is the beginning of 2 ids: 3a, 3b, …");
    }
}
