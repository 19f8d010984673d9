//! Formats that differ in a word: `"read error\n"` and `"write error\n"` print what
//! `"%s error\n"` prints with that word as an argument. The format stays a literal,
//! so the compiler goes on checking it.

use super::align::{Site, lossy};
use super::calls;
use super::file::FileContext;
use super::holes::Subject;
use super::uses::{EnclosingCall, closing, enclosing_calls};
use crate::syntax::TokenKind;

/// The members' formats at one place, as one format and the words that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// Token of the literal, from the start of the member.
    pub token: usize,
    /// The literal that the helper has there, with `%s` where the members differ.
    pub format: String,
    /// What each member prints there, as string literals.
    pub words: Vec<String>,
    /// Token, from the start of the member, behind which the new argument goes.
    pub behind: usize,
}

/// Splits the formats at `site`; `None` where they are no formats of a `printf`-like
/// call, or do not differ in a word of a common sentence.
pub fn split(subject: &Subject<'_>, site: &Site) -> Option<Wording> {
    let file = subject.file;
    let literals: Vec<&str> =
        site.values.iter().map(|v| std::str::from_utf8(v).ok()).collect::<Option<_>>()?;
    let (prefix, suffix, words) = split_literals(&literals)?;
    let first = subject.first(site.token);
    let floor = file.token_at(subject.group.members[0].function.body);
    let call = enclosing_calls(file, first, floor).first().copied()?;
    if !prints(subject, &call) {
        return None;
    }
    let close = closing(file, call.open)?;
    let arguments = arguments_behind(file, first, close)?;
    let before = conversions(&prefix);
    let whole: Vec<String> = [before.clone(), conversions(&suffix)].concat();
    let consistent = whole.len() == arguments.len()
        && !whole.iter().any(|conversion| conversion.contains('*'))
        && is_whole_format(file, first, &call);
    if !consistent {
        return None;
    }
    let last = before.len().checked_sub(1).map_or(first, |index| arguments[index]);
    Some(Wording {
        token: site.token,
        format: format!("\"{prefix}%s{suffix}\""),
        words: words.iter().map(|word| format!("\"{word}\"")).collect(),
        behind: last - subject.alignment.members[0].tokens.start,
    })
}

/// Whether the argument that the call has there is what it prints by.
fn prints(subject: &Subject<'_>, call: &EnclosingCall) -> bool {
    const PRINT: &[&str] = &[
        "print", "dbg", "debug", "err", "warn", "info", "notice", "crit", "alert", "emerg", "log",
    ];
    let file = subject.file;
    let name = lossy(file.text(call.name));
    let reached = matches!(file.text(call.name - 1), b"." | b"->");
    if reached
        || name.contains("scanf")
        || subject.alignment.members[0].locals.contains(name.as_bytes())
    {
        return false;
    }
    let is_named_format = |name: Option<&str>| matches!(name, Some("fmt" | "format" | "f"));
    if let Some(facts) = file.unit.macro_facts(&name).filter(|facts| facts.function_like) {
        let parameter = facts.params.get(call.argument).map(|p| p.name.as_str());
        let lower = name.to_ascii_lowercase();
        return calls::is_format(&facts, call.argument)
            && (is_named_format(parameter) || PRINT.iter().any(|word| lower.contains(word)));
    }
    file.unit.function(&name).is_ok_and(|signature| {
        let parameter = signature.params.get(call.argument);
        signature.variadic
            && call.argument + 1 == signature.params.len()
            && is_named_format(parameter.and_then(|p| p.name.as_deref()))
    })
}

/// The last token of each argument behind the one that ends with token `format`;
/// `None` where that argument goes on.
fn arguments_behind(file: &FileContext, format: usize, close: usize) -> Option<Vec<usize>> {
    if !matches!(file.text(format + 1), b"," | b")") {
        return None;
    }
    let mut ends = Vec::new();
    let mut depth = 0;
    for index in format + 1..close {
        match file.text(index) {
            b"(" | b"[" | b"{" => depth += 1,
            b")" | b"]" | b"}" => depth -= 1,
            b"," if depth == 0 && index > format + 1 => ends.push(index - 1),
            _ => {}
        }
    }
    if close > format + 1 {
        ends.push(close - 1);
    }
    Some(ends)
}

/// Whether nothing but a log level (`KERN_ERR`) stands before the literal in its
/// argument.
fn is_whole_format(file: &FileContext, literal: usize, call: &EnclosingCall) -> bool {
    let before = file.text(literal - 1);
    let starts = |index: usize| index == call.open || file.text(index) == b",";
    let level = file.tokens[literal - 1].kind == TokenKind::Ident && before.starts_with(b"KERN_");
    // A printk() without a level is a line that no patch should write anew.
    let bare = file.text(call.name) == b"printk" && !level;
    !bare && (starts(literal - 1) || level && starts(literal - 2))
}

/// Longest part of a sentence, in bytes, that is handed over as a word of it.
const LONGEST: usize = 48;

/// What all literals begin with, what they end with, and what differs between: whole
/// words, and something said around them.
fn split_literals(literals: &[&str]) -> Option<(String, String, Vec<String>)> {
    let texts: Vec<&str> = literals
        .iter()
        .map(|literal| literal.strip_prefix('"')?.strip_suffix('"'))
        .collect::<Option<_>>()?;
    let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    let shortest = bytes.iter().map(|b| b.len()).min()?;
    let all = |test: &dyn Fn(&[u8]) -> bool| bytes.iter().all(|b| test(b));
    let any = |test: &dyn Fn(&[u8]) -> bool| bytes.iter().any(|b| test(b));
    let is_word = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');

    let mut start = (0..shortest).find(|&i| !all(&|b| b[i] == bytes[0][i])).unwrap_or(shortest);
    while start > 0
        && (bytes[0][start - 1] == b'\\'
            || is_word(bytes[0].get(start - 1)) && any(&|b| is_word(b.get(start))))
    {
        start -= 1;
    }
    // A blank belongs to the sentence, and so does what it divides from the words.
    if any(&|b| b.get(start) == Some(&b' ')) {
        start = texts[0].get(..start)?.rfind(' ').map_or(0, |blank| blank + 1);
    }
    let back = |b: &[u8], n: usize| b[b.len() - 1 - n];
    let mut length = (0..shortest - start)
        .find(|&n| !all(&|b| back(b, n) == back(bytes[0], n)))
        .unwrap_or(shortest - start);
    while length > 0
        && is_word(bytes[0].get(bytes[0].len() - length))
        && any(&|b| is_word((b.len() - length).checked_sub(1).and_then(|at| b.get(at))))
    {
        length -= 1;
    }
    let words: Vec<String> = texts
        .iter()
        .map(|text| text.get(start..text.len() - length).map(str::to_owned))
        .collect::<Option<_>>()?;
    let plain = |word: &String| {
        word.len() <= LONGEST
            && word.trim() == word
            && !word.is_empty()
            && !word.contains(['%', '\\', '"'])
    };
    let prefix = texts[0].get(..start)?.to_owned();
    let suffix = texts[0].get(texts[0].len() - length..)?.to_owned();
    // A conversion that is cut would swallow the `%s`.
    let around = [conversions(&prefix), conversions(&suffix)].concat();
    let whole = texts.iter().all(|text| conversions(text) == around);
    (whole && words.iter().all(plain) && says_something(&prefix, &suffix))
        .then_some((prefix, suffix, words))
}

/// Whether there is a word, or a value, left of the sentence around what differs.
fn says_something(prefix: &str, suffix: &str) -> bool {
    if !conversions(prefix).is_empty() || !conversions(suffix).is_empty() {
        return true;
    }
    let bare = [prefix, suffix].join(" ").replace("\\n", " ").replace("\\t", " ");
    bare.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word.len() >= 3)
}

/// The conversions of a `printf` format, `%%` left out, each with its flags, width
/// and the letters that the kernel's `%p` takes
/// (Documentation/core-api/printk-formats.rst).
pub fn conversions(format: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        rest = &rest[at + 1..];
        let end =
            rest.find(|c: char| c.is_ascii_alphabetic() && !"hlLjzqt".contains(c) || c == '%');
        let Some(end) = end else { break };
        let pointer = rest[end..].starts_with('p');
        let letters = rest[end + 1..].chars().take_while(|c| pointer && c.is_ascii_alphanumeric());
        let length = end + 1 + letters.count();
        if rest[end..].starts_with('%') && end == 0 {
            rest = &rest[1..];
            continue;
        }
        found.push(rest[..length].to_owned());
        rest = &rest[length..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: &str, expected: &[&str]) {
        assert_eq!(conversions(format), expected, "{format}");
    }

    #[test]
    fn conversions_are_read_as_printk_does() {
        check("\"plain\\n\"", &[]);
        check("\"%d of %lu, 100 %%\"", &["d", "lu"]);
        check("\"%-5.3s|%pOF at %*ph\"", &["-5.3s", "pOF", "*ph"]);
        check("\"open %\"", &[]);
    }

    fn split(literals: &[&str]) -> Option<(String, Vec<String>)> {
        split_literals(literals).map(|(prefix, suffix, words)| (prefix + "%s" + &suffix, words))
    }

    #[test]
    fn formats_are_split_at_whole_words() {
        let (format, words) = split(&["\"i2c write error\\n\"", "\"i2c read error\\n\""]).unwrap();
        assert_eq!(format, "i2c %s error\\n");
        assert_eq!(words, ["write", "read"]);
        let (format, words) =
            split(&["\"set FLAG_TIME_REG\\n\"", "\"set FLAG_MAX_REG\\n\""]).unwrap();
        assert_eq!(format, "set %s\\n");
        assert_eq!(words, ["FLAG_TIME_REG", "FLAG_MAX_REG"]);
    }

    #[test]
    fn what_is_no_word_of_a_sentence_is_not_split() {
        for literals in [
            ["\"low\\n\"", "\"high\\n\""],                    // nothing is left
            ["\"value %d here\"", "\"value %x here\""],       // a conversion differs
            ["\"failed badly\"", "\"failed\""],               // one has no word there
            ["\"a tab\\t here\"", "\"a tab\\n here\""],       // an escape differs
            ["\"the 5%% limit set\"", "\"the 6 limit set\""], // a percent sign would be printed
        ] {
            assert_eq!(split(&literals), None, "{literals:?}");
        }
    }
}
