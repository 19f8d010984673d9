//! Reads a `switch` that maps constants to constants: its key, its arms, where the values
//! go, and what is done for all other keys. Goes by the tokens.

use crate::plan::FileContext;
use crate::plan::align::is_ident;
use crate::plan::refusal::{Reason, Refusal};
use crate::plan::uses::closing;
use crate::syntax::TokenKind;
use std::ops::Range;

/// A `switch` each of whose arms gives one value.
#[derive(Clone, Debug)]
pub struct Switch {
    /// Token of the keyword.
    pub start: usize,
    /// Token of the brace that closes it.
    pub end: usize,
    /// The tokens of the variable that it is about, or of the path to a member.
    pub key: Range<usize>,
    /// Token of the brace that opens it.
    pub open: usize,
    /// Its arms, but the default one.
    pub arms: Vec<Arm>,
    /// What the values are assigned to; nothing where they are returned.
    pub sink: Option<Range<usize>>,
    /// What is done for all other keys, without the `break` at its end; `None` where
    /// there is no default arm.
    pub default: Option<Range<usize>>,
}

/// Keys and the value for all of them.
#[derive(Clone, Debug)]
pub struct Arm {
    /// The tokens between each `case` and its colon.
    pub labels: Vec<Range<usize>>,
    /// The tokens of the value.
    pub value: Range<usize>,
    /// All its tokens, from the first `case` to the end of its last statement.
    pub tokens: Range<usize>,
}

/// The innermost `switch` around `token` in the function whose tokens are `function`.
pub fn around(file: &FileContext, function: Range<usize>, token: usize) -> Option<usize> {
    let mut depth = 0usize;
    for at in (function.start..token).rev() {
        match file.text(at) {
            b"}" => depth += 1,
            b"{" if depth > 0 => depth -= 1,
            b"{" => {
                let keyword = opener(file, at);
                return keyword.filter(|&at| file.text(at) == b"switch");
            }
            _ => {}
        }
    }
    None
}

/// The word in front of the parenthesis that a block at `brace` follows.
fn opener(file: &FileContext, brace: usize) -> Option<usize> {
    let close = brace.checked_sub(1).filter(|&at| file.text(at) == b")")?;
    let mut depth = 0usize;
    for at in (0..=close).rev() {
        match file.text(at) {
            b")" => depth += 1,
            b"(" => {
                depth -= 1;
                if depth == 0 {
                    return at.checked_sub(1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Reads the `switch` at token `start`.
///
/// # Errors
/// `ladder-key`, `ladder-arms`, `directive-in-body`.
pub fn read(file: &FileContext, start: usize) -> Result<Switch, Refusal> {
    Reader { file, at: start }.switch()
}

struct Reader<'f> {
    file: &'f FileContext,
    at: usize,
}

impl<'f> Reader<'f> {
    fn text(&self) -> &'f [u8] {
        self.file.text(self.at)
    }

    fn refuse<T>(&self, reason: Reason, detail: &str) -> Result<T, Refusal> {
        let offset = self.file.tokens.get(self.at).map_or(0, |token| token.start);
        Err(self.file.refuse(reason, offset, detail))
    }

    fn takes(&mut self, text: &[u8]) -> bool {
        let found = self.text() == text;
        self.at += usize::from(found);
        found
    }

    fn switch(&mut self) -> Result<Switch, Refusal> {
        let start = self.at;
        self.at = start + 2;
        let is_separator = |at: usize| matches!(self.file.text(at), b"." | b"->");
        let mut last = self.at;
        while is_separator(last + 1) && is_ident(self.file, last + 2) {
            last += 2;
        }
        let key = self.at..last + 1;
        if !is_ident(self.file, key.start) || self.file.text(key.end) != b")" {
            return self.refuse(Reason::LadderKey, "the key is no plain variable");
        }
        let open = key.end + 1;
        let end = closing(self.file, open);
        let Some(end) = end.filter(|_| self.file.text(open) == b"{") else {
            return self.refuse(Reason::LadderArms, "its braces do not balance");
        };
        if let Some(at) = (open..end).find(|&at| self.file.tokens[at].kind == TokenKind::Directive)
        {
            self.at = at;
            return self.refuse(Reason::DirectiveInBody, "a directive stands between the arms");
        }
        self.at = open + 1;
        let mut switch =
            Switch { start, end, key, open, arms: Vec::new(), sink: None, default: None };
        while self.at < end {
            self.arm(&mut switch)?;
        }
        if switch.arms.is_empty() {
            return self.refuse(Reason::LadderArms, "no arm gives a value");
        }
        Ok(switch)
    }

    /// One arm with all its labels.
    fn arm(&mut self, switch: &mut Switch) -> Result<(), Refusal> {
        let start = self.at;
        let mut labels = Vec::new();
        let mut is_default = false;
        loop {
            if self.takes(b"case") {
                let from = self.at;
                while self.text() != b":" {
                    if matches!(self.text(), b";" | b"{" | b"}" | b"?") {
                        return self.refuse(Reason::LadderArms, "a label cannot be read");
                    }
                    self.at += 1;
                }
                labels.push(from..self.at);
                self.at += 1;
            } else if self.text() == b"default" && self.file.text(self.at + 1) == b":" {
                is_default = true;
                self.at += 2;
            } else if !labels.is_empty() && self.text() == b"fallthrough" {
                self.at += 2;
            } else {
                break;
            }
        }
        if is_default {
            if !labels.is_empty() {
                return self.refuse(Reason::LadderArms, "a key is named beside the default arm");
            }
            return self.default(switch);
        }
        if labels.is_empty() {
            return self.refuse(Reason::LadderArms, "a statement has no label");
        }
        let (sink, value) = self.gives(switch.end)?;
        let same = |sink: &Option<Range<usize>>| match (sink, &switch.sink) {
            (Some(one), Some(other)) => self.texts(one) == self.texts(other),
            (None, None) => true,
            _ => false,
        };
        if !switch.arms.is_empty() && !same(&sink) {
            return self
                .refuse(Reason::LadderArms, "the arms give their values to different places");
        }
        switch.sink = sink;
        switch.arms.push(Arm { labels, value, tokens: start..self.at });
        Ok(())
    }

    fn texts(&self, range: &Range<usize>) -> Vec<&'f [u8]> {
        range.clone().map(|at| self.file.text(at)).collect()
    }

    /// `return value;`, or `sink = value; break;`.
    fn gives(&mut self, end: usize) -> Result<(Option<Range<usize>>, Range<usize>), Refusal> {
        const MORE: &str = "an arm does more than give a value";
        if self.takes(b"return") {
            let value = self.value()?;
            // What some people write behind it.
            if self.takes(b"break") {
                self.takes(b";");
            }
            return Ok((None, value));
        }
        let from = self.at;
        while is_ident(self.file, self.at) || matches!(self.text(), b"." | b"->") {
            self.at += 1;
        }
        let sink = from..self.at;
        if sink.is_empty() || !self.takes(b"=") {
            return self.refuse(Reason::LadderArms, MORE);
        }
        let value = self.value()?;
        if !(self.takes(b"break") && self.takes(b";")) && self.at < end {
            return self.refuse(Reason::LadderArms, MORE);
        }
        Ok((Some(sink), value))
    }

    /// The tokens up to a semicolon, which is passed over.
    fn value(&mut self) -> Result<Range<usize>, Refusal> {
        let from = self.at;
        while self.text() != b";" {
            if matches!(self.text(), b"{" | b"}" | b"=" | b"?" | b",") {
                return self.refuse(Reason::LadderArms, "a value is no constant");
            }
            self.at += 1;
        }
        let value = from..self.at;
        self.at += 1;
        if value.is_empty() {
            return self.refuse(Reason::LadderArms, "a value is missing");
        }
        Ok(value)
    }

    /// The statements of the default arm.
    fn default(&mut self, switch: &mut Switch) -> Result<(), Refusal> {
        let from = self.at;
        let mut depth = 0usize;
        let mut last = from;
        while self.at < switch.end && !(depth == 0 && matches!(self.text(), b"case" | b"default")) {
            match self.text() {
                b"{" => depth += 1,
                b"}" => depth -= 1,
                b";" if depth == 0 => last = self.at + 1,
                _ => {}
            }
            self.at += 1;
        }
        let mut to = self.at;
        let words = |range: Range<usize>| range.map(|at| self.file.text(at)).collect::<Vec<_>>();
        let ends_in_break = to >= from + 2 && words(to - 2..to) == [&b"break"[..], b";"];
        if ends_in_break {
            to -= 2;
        }
        let is_last = self.at == switch.end;
        let breaks =
            words(from..to).iter().any(|it| matches!(*it, b"break" | b"case" | b"default"));
        let leaves = ends_in_break || leaves(self.file, from..to);
        if breaks || !is_last && !leaves || last != self.at && to > from && !is_last {
            return self.refuse(Reason::LadderArms, "the default arm does not end at its end");
        }
        switch.default = Some(from..to);
        Ok(())
    }
}

/// Whether the last of some statements is a `return` or a `goto`.
pub fn leaves(file: &FileContext, tokens: Range<usize>) -> bool {
    let Some(last) = tokens.end.checked_sub(1).filter(|at| tokens.contains(at)) else {
        return false;
    };
    if file.text(last) != b";" {
        return false;
    }
    let before = (tokens.start..last).rev().find(|&at| matches!(file.text(at), b";" | b"{" | b"}"));
    let first = before.map_or(tokens.start, |at| at + 1);
    matches!(file.text(first), b"return" | b"goto")
}

/// The number of statements at the top of `tokens`.
pub fn statements(file: &FileContext, tokens: Range<usize>) -> usize {
    let mut at = tokens.start;
    let (mut depth, mut count) = (0usize, 0);
    while at < tokens.end {
        match file.text(at) {
            b"(" => at = closing(file, at).unwrap_or(at),
            b"{" => depth += 1,
            b"}" => {
                depth = depth.saturating_sub(1);
                count += usize::from(depth == 0);
            }
            b";" if depth == 0 => count += 1,
            _ => {}
        }
        at += 1;
    }
    count
}
