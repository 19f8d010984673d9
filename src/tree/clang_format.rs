//! The loop macros that a tree declares in its `.clang-format`.

/// The names under `ForEachMacros`, in the order of the file and each once. Reads
/// the two list notations of YAML that clang-format files are written in: one
/// `- 'name'` a line, and `[a, b]`, which may span lines.
pub(super) fn loop_macros(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut lines = text.lines().skip_while(|line| !line.starts_with(KEY));
    let first = lines.next().and_then(|line| line.strip_prefix(KEY)).unwrap_or_default();
    let rest = lines
        .take_while(|line| line.starts_with([' ', '\t', '-', '#', ']']) || line.trim().is_empty());
    for line in std::iter::once(first).chain(rest) {
        let line = line.split_once('#').map_or(line, |(before, _)| before);
        for entry in line.split([',', '[', ']']) {
            let entry = entry.trim();
            let entry = entry.strip_prefix('-').unwrap_or(entry).trim();
            let name = entry.trim_matches(['\'', '"']);
            if !name.is_empty() && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

const KEY: &str = "ForEachMacros:";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(loop_macros(text), expected, "{text}");
    }

    #[test]
    fn a_list_of_lines_ends_at_the_next_key() {
        check(
            "Tab: 8\n\n# taken from\nForEachMacros:\n  - 'for_each_a'\n  # why\n\n  - \"for_each_b\"\n- for_each_c\nOther:\n  - 'no'\n",
            &["for_each_a", "for_each_b", "for_each_c"],
        );
    }

    #[test]
    fn a_bracketed_list_may_span_lines() {
        check("ForEachMacros: [ a, 'b',\n   c ]\nOther: [d]\n", &["a", "b", "c"]);
    }

    #[test]
    fn no_list_is_an_empty_list() {
        check("", &[]);
        check("SpaceBeforeParens: ControlStatementsExceptForEachMacros\n", &[]);
        check("ForEachMacros:\nOther: 1\n", &[]);
    }
}
