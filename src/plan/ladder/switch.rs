//! Reads a `switch` that maps constants to constants: its key, its arms, where the values
//! go, and what is done for all other keys. Goes by the tokens.

use super::arms::{Arm, Form, Given, Ladder, given, leaves, path};
use crate::plan::FileContext;
use crate::plan::refusal::{Reason, Refusal};
use crate::plan::uses::closing;
use crate::syntax::TokenKind;
use std::ops::Range;

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
pub fn read(file: &FileContext, start: usize) -> Result<Ladder, Refusal> {
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

    fn switch(&mut self) -> Result<Ladder, Refusal> {
        let start = self.at;
        self.at = start + 2;
        let key = path(self.file, self.at).filter(|key| self.file.text(key.end) == b")");
        let Some(key) = key else {
            return self.refuse(Reason::LadderKey, "the key is no plain variable");
        };
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
        let mut switch = Ladder {
            form: Form::Switch,
            start,
            end,
            key,
            inside: self.file.tokens[open].end as usize,
            arms: Vec::new(),
            sink: None,
            default: None,
        };
        while self.at < end {
            self.arm(&mut switch)?;
        }
        if switch.arms.is_empty() {
            return self.refuse(Reason::LadderArms, "no arm gives a value");
        }
        Ok(switch)
    }

    /// One arm with all its labels.
    fn arm(&mut self, switch: &mut Ladder) -> Result<(), Refusal> {
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
        let Given { sink, value } = self.gives(switch.end)?;
        if !switch.arms.is_empty() && !switch.is_sink(self.file, &sink) {
            return self
                .refuse(Reason::LadderArms, "the arms give their values to different places");
        }
        switch.sink = sink;
        switch.arms.push(Arm { labels, value, tokens: start..self.at });
        Ok(())
    }

    /// `return value;`, or `sink = value; break;`.
    fn gives(&mut self, end: usize) -> Result<Given, Refusal> {
        const MORE: &str = "an arm does more than give a value";
        let given = match given(self.file, self.at) {
            Ok(given) => given,
            Err((at, why)) => {
                self.at = at;
                return self.refuse(Reason::LadderArms, why);
            }
        };
        self.at = given.value.end + 1;
        let breaks = self.takes(b"break");
        if breaks {
            self.takes(b";");
        }
        // Some people write it behind a `return`.
        if !breaks && given.sink.is_some() && self.at < end {
            return self.refuse(Reason::LadderArms, MORE);
        }
        Ok(given)
    }

    /// The statements of the default arm.
    fn default(&mut self, switch: &mut Ladder) -> Result<(), Refusal> {
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
