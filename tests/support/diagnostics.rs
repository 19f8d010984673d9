//! Warnings and errors of a compiler, compared without their places: a patch
//! moves every line below it.

use std::collections::BTreeMap;

/// How often each message of each file was given.
pub type Diagnostics = BTreeMap<(String, String), usize>;

/// Reads the output of gcc, clang or the kernel's own checks. `top` is taken off
/// the front of the paths.
pub fn read(output: &[u8], top: &str) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for line in String::from_utf8_lossy(output).lines() {
        let marks = [": warning: ", ": error: ", ": fatal error: "];
        let Some((place, message)) = marks.iter().find_map(|mark| line.split_once(mark)) else {
            continue;
        };
        let file = place.trim_end_matches(|byte: char| byte.is_ascii_digit() || byte == ':');
        let file = file.strip_prefix(top).unwrap_or(file).trim_start_matches(['/', '.']);
        *diagnostics.entry((file.to_owned(), message.to_owned())).or_default() += 1;
    }
    diagnostics
}

/// The messages of `after` that `before` does not have, one line each. A message
/// that two members gave and their helper gives once is not new.
pub fn new_ones(before: &Diagnostics, after: &Diagnostics) -> Vec<String> {
    let new = after.iter().filter(|(key, count)| before.get(key).is_none_or(|old| old < count));
    new.map(|((file, message), _)| format!("{file}: {message}")).collect()
}
