//! Formats that print a word: `f("%s error\n", "read")` does what `f("read error\n")`
//! did. Decided from the text of the call alone.

use super::definition::{Definition, Role};
use super::unit::Unit;
use crate::syntax::TokenKind;
use std::ops::Range;

/// More words than this in one format are not looked for.
const MOST_WORDS: usize = 4;

/// An argument of the helper's call that a `%s` of its format prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The comma before it.
    pub comma: usize,
    /// The argument, the name of a parameter of the helper.
    pub name: usize,
    /// Index of that parameter.
    pub parameter: usize,
}

/// The arguments whose text, put in for their `%s`, makes the literal at token
/// `format` of the helper the original's `literal`. `value` gives what a parameter of
/// the helper is called with. `None` if there are no such, or the call does not print.
pub fn taken_up<'v, 's: 'v>(
    helper: &Definition<'_, 's>,
    format: usize,
    literal: &[u8],
    value: impl Fn(usize) -> Option<&'v [&'s [u8]]>,
) -> Option<Vec<Printed>> {
    let unit = helper.unit;
    let text = quoted(unit.text(format))?;
    let literal = quoted(literal)?;
    let open = call_around(unit, format, helper.body.start)?;
    if !prints(unit.text(open - 1)) {
        return None;
    }
    let (arguments, _) = unit.list(open)?;
    let at = arguments.iter().position(|argument| argument.contains(&format))?;
    let printed = arguments.get(at + 1..)?;
    let own = arguments.get(at)?;
    let level = own.len() == 2 && unit.text(own.start).starts_with(b"KERN_");
    let pieces = pieces(text)?;
    // One argument for each conversion: what else takes its arguments so?
    if own.end != format + 1 || !(own.len() == 1 || level) || pieces.len() != printed.len() + 1 {
        return None;
    }
    let word = |index: usize| -> Option<(Printed, &'v [u8])> {
        let argument = printed.get(index)?;
        let Role::Param(parameter) = helper.role(argument.start) else { return None };
        let is_s = pieces.get(index + 1)?.0 == b"%s";
        let [word] = value(parameter)? else { return None };
        let word = quoted(word)?;
        let name = argument.start;
        (argument.len() == 1 && is_s && is_plain(word))
            .then_some((Printed { comma: name - 1, name, parameter }, word))
    };
    let words: Vec<Option<(Printed, &[u8])>> = (0..printed.len()).map(word).collect();
    let candidates: Vec<usize> = (0..words.len()).filter(|&i| words[i].is_some()).collect();
    if candidates.len() > MOST_WORDS {
        return None;
    }
    (1..1u32 << candidates.len()).find_map(|chosen| {
        let is_chosen = |index: usize| {
            candidates.iter().position(|&c| c == index).is_some_and(|bit| chosen >> bit & 1 == 1)
        };
        let mut whole = Vec::new();
        let mut taken = Vec::new();
        for (index, (conversion, plain)) in pieces.iter().enumerate() {
            let word = index.checked_sub(1).filter(|&i| is_chosen(i)).and_then(|i| words[i]);
            match word {
                Some((printed, word)) => {
                    whole.extend_from_slice(word);
                    taken.push(printed);
                }
                None => whole.extend_from_slice(conversion),
            }
            whole.extend_from_slice(plain);
        }
        (whole == literal).then_some(taken)
    })
}

/// A format with words in the place of `%s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The literals in the format's place.
    pub literal: Vec<u8>,
    /// The arguments that are no longer printed, each with the comma before it.
    pub arguments: Vec<Range<usize>>,
}

/// The format at token `format` with each `%s` that prints a word replaced by it;
/// `word` gives the literal that an argument of one token stands for. `None` where
/// there is none, or the call around does not print.
pub fn joined<'w>(
    unit: &Unit<'_>,
    format: usize,
    floor: usize,
    word: impl Fn(usize) -> Option<&'w [u8]>,
) -> Option<Joined> {
    let open = call_around(unit, format, floor)?;
    let (arguments, _) = unit.list(open)?;
    let at = arguments.iter().position(|argument| argument.contains(&format))?;
    let (own, printed) = (arguments.get(at)?, arguments.get(at + 1..)?);
    let pieces = pieces(quoted(unit.text(format))?)?;
    let level = own.len() == 2 && unit.text(own.start).starts_with(b"KERN_");
    let whole = own.end == format + 1 && (own.len() == 1 || level);
    if !prints(unit.text(open - 1)) || !whole || pieces.len() != printed.len() + 1 {
        return None;
    }
    let (mut literal, mut taken) = (b"\"".to_vec(), Vec::new());
    for (index, (conversion, plain)) in pieces.iter().enumerate() {
        let argument = index.checked_sub(1).and_then(|index| printed.get(index));
        let argument = argument.filter(|it| it.len() == 1 && *conversion == b"%s");
        let text = argument.and_then(|it| quoted(word(it.start)?));
        match (argument, text.filter(|text| is_plain(text))) {
            (Some(argument), Some(text)) => {
                // Apart, so that no escape runs on into the word.
                literal.extend([b"\" \"", text, b"\" \""].concat());
                taken.push(argument.start - 1..argument.end);
            }
            _ => literal.extend_from_slice(conversion),
        }
        literal.extend_from_slice(plain);
    }
    literal.push(b'"');
    (!taken.is_empty()).then_some(Joined { literal, arguments: taken })
}

/// Whether a word prints as it is written.
fn is_plain(word: &[u8]) -> bool {
    !word.iter().any(|b| matches!(b, b'%' | b'\\' | b'"'))
}

/// What stands between the quotation marks of a plain string literal.
fn quoted(literal: &[u8]) -> Option<&[u8]> {
    literal.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// The `(` of the call whose argument list token `at` stands in.
fn call_around(unit: &Unit, at: usize, floor: usize) -> Option<usize> {
    let mut depth = 0;
    for index in (floor..at).rev() {
        match unit.text(index) {
            b")" | b"]" | b"}" => depth += 1,
            b"(" if depth == 0 => {
                return (unit.kind(index.checked_sub(1)?) == Some(TokenKind::Ident))
                    .then_some(index);
            }
            b"(" => depth -= 1,
            b"[" | b"{" | b";" if depth == 0 => return None,
            b"[" | b"{" => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether a function of this name prints by a format: its name says so.
fn prints(name: &[u8]) -> bool {
    const SAY_SO: &[&[u8]] = &[
        b"print", b"dbg", b"debug", b"err", b"warn", b"info", b"notice", b"crit", b"alert",
        b"emerg", b"log", b"emit",
    ];
    let lower = name.to_ascii_lowercase();
    let has = |word: &[u8]| memchr::memmem::find(&lower, word).is_some();
    SAY_SO.iter().any(|word| has(word)) && !has(b"scan")
}

/// The format as its conversions, each with the text behind it; the first has none.
/// `None` where a conversion has no end, or takes its width from an argument.
fn pieces(format: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut pieces: Vec<(&[u8], &[u8])> = Vec::new();
    let mut conversion: &[u8] = b"";
    let mut from = 0;
    let mut at = 0;
    while at < format.len() {
        if format[at] != b'%' {
            at += 1;
            continue;
        }
        if format.get(at + 1) == Some(&b'%') {
            at += 2;
            continue;
        }
        pieces.push((conversion, &format[from..at]));
        let start = at;
        at += 1;
        while matches!(format.get(at)?, b'-' | b'+' | b' ' | b'#' | b'.' | b'0'..=b'9')
            || matches!(format[at], b'h' | b'l' | b'L' | b'j' | b'z' | b'q' | b't')
        {
            at += 1;
        }
        if !format[at].is_ascii_alphabetic() {
            return None;
        }
        let pointer = format[at] == b'p';
        at += 1;
        while pointer && format.get(at).is_some_and(u8::is_ascii_alphanumeric) {
            at += 1;
        }
        conversion = &format[start..at];
        from = at;
    }
    pieces.push((conversion, &format[from..]));
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_its_conversions_and_the_text_between() {
        let found = pieces(b"a %s b 100%% %-5d%pOF!").unwrap();
        let expected: [(&[u8], &[u8]); 4] =
            [(b"", b"a "), (b"%s", b" b 100%% "), (b"%-5d", b""), (b"%pOF", b"!")];
        assert_eq!(found, expected);
        assert_eq!(pieces(b"%*d"), None);
        assert_eq!(pieces(b"open %"), None);
    }

    #[test]
    fn what_scans_does_not_print() {
        assert!(prints(b"dev_err") && prints(b"seq_printf") && prints(b"DPRINTK"));
        assert!(!prints(b"sscanf") && !prints(b"strcmp"));
    }
}
