//! How control goes through a run: only its end leads out of it, or an error that the
//! function returns at once.

use super::{Guard, Place, Variable};
use crate::plan::Refusal;
use crate::syntax::{TokenKind, lexer};
use std::ops::Range;

/// The name of an error of `asm-generic/errno.h`, by its look.
fn is_errno(word: &[u8]) -> bool {
    word.len() > 2
        && word[0] == b'E'
        && word.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

impl Place<'_> {
    /// Nothing leaves the run but at its end, and nothing enters it but at its start.
    pub(super) fn control_stays_inside(&self) -> Result<(), Refusal> {
        let file = self.file();
        let labels = |range: Range<usize>| {
            range.filter(|&at| {
                file.tokens[at].kind == TokenKind::Ident
                    && file.text(at + 1) == b":"
                    && matches!(file.text(at - 1), b";" | b"{" | b"}" | b":" | b")")
                    && !matches!(file.text(at), b"default")
                    && self.member.locals.contains(file.text(at))
            })
        };
        let body = self.body();
        for at in self.run.clone() {
            let word = file.text(at);
            let is_member = matches!(file.text(at - 1), b"." | b"->");
            match word {
                b"goto" => {
                    let target = file.text(at + 1);
                    if !labels(self.run.clone()).any(|label| file.text(label) == target) {
                        return Err(self.refuse(at, "a goto leaves it"));
                    }
                }
                b"asm" | b"__asm__" | b"asm_volatile_goto" | b"va_start" | b"va_end" => {
                    let detail = format!("`{}` stands in it", String::from_utf8_lossy(word));
                    return Err(self.refuse(at, detail));
                }
                _ => {}
            }
            if file.tokens[at].kind != TokenKind::Ident || is_member || lexer::is_keyword(word) {
                continue;
            }
            let facts = std::str::from_utf8(word).ok().and_then(|it| file.unit.macro_facts(it));
            let Some(facts) = facts else { continue };
            if facts.returns_or_jumps.is_some() && !self.is_end {
                let detail = format!("`{}` may return", String::from_utf8_lossy(word));
                return Err(self.refuse(at, detail));
            }
            let own = |name: &&String| self.member.locals.contains(name.as_bytes());
            if let Some(name) = facts.free_names.keys().find(own) {
                let word = String::from_utf8_lossy(word);
                let detail = format!("`{word}` uses the local `{name}` behind the reader's back");
                return Err(self.refuse(at, detail));
            }
        }
        for label in labels(body.clone()) {
            let inside = self.run.contains(&label);
            let mut jumps = body
                .clone()
                .filter(|&at| file.text(at) == b"goto" && file.text(at + 1) == file.text(label));
            // Into the run, or back before it: then it is run more than once.
            let is_bad = |at: usize| match inside {
                true => !self.run.contains(&at),
                false => label < self.run.start && at >= self.run.start,
            };
            if let Some(at) = jumps.find(|&at| is_bad(at)) {
                return Err(self.refuse(at, "a goto leads into it, or runs it again"));
            }
        }
        Ok(())
    }

    /// The variable with which the function returns errors in the middle of the run, and how
    /// it tells them; `None` where it does not return there.
    pub(super) fn status(&self) -> Result<Option<(Vec<u8>, Guard)>, Refusal> {
        let file = self.file();
        let mut found: Option<(Vec<u8>, Guard)> = None;
        let mut first = None;
        for at in self.run.clone().filter(|&at| file.text(at) == b"return" && !self.is_end) {
            first.get_or_insert(at);
            let value: Vec<&[u8]> = (at + 1..self.run.end)
                .take_while(|&it| file.text(it) != b";")
                .map(|it| file.text(it))
                .collect();
            match value.as_slice() {
                [b"-", error] if is_errno(error) => {}
                [name] if self.member.locals.contains(*name) => {
                    let Some(guard) = self.guard(at, name) else {
                        return Err(self.refuse(at, "it may return success in the middle"));
                    };
                    match &mut found {
                        Some((known, _)) if known != name => {
                            return Err(self.refuse(at, "it returns more than one variable"));
                        }
                        Some((_, known)) if *known != guard => *known = Guard::Nonzero,
                        Some(_) => {}
                        None => found = Some((name.to_vec(), guard)),
                    }
                }
                _ => return Err(self.refuse(at, "a return stands in the middle of it")),
            }
        }
        match (first, found) {
            (Some(at), None) => Err(self.refuse(at, "a return stands in the middle of it")),
            (_, found) => Ok(found),
        }
    }

    /// What is known of the local `name` that is returned at `at`: `if (name) return name;`,
    /// also in a block in which it does not change.
    fn guard(&self, at: usize, name: &[u8]) -> Option<Guard> {
        let file = self.file();
        let mut close = at - 1;
        if file.text(close) != b")" {
            let mut depth = 0;
            let open = (self.run.start..at).rev().find(|&it| {
                depth += match file.text(it) {
                    b"}" => 1,
                    b"{" => -1,
                    _ => 0,
                };
                depth < 0
            })?;
            let changes =
                |it: usize| self.is_use(it) && file.text(it) == name && self.is_written(it);
            if (open..at).any(changes) {
                return None;
            }
            close = open.checked_sub(1)?;
        }
        let before: Vec<&[u8]> =
            (close.saturating_sub(5)..=close).map(|it| file.text(it)).collect();
        match before.as_slice() {
            [.., b"if", b"(", it, b")"] if *it == name => Some(Guard::Nonzero),
            [b"if", b"(", it, b"<", b"0", b")"] if *it == name => Some(Guard::Negative),
            _ => None,
        }
    }

    /// # Errors
    /// The function does not return an `int`, or what follows needs the variable.
    pub(super) fn check_status(&self, variable: &Variable) -> Result<(), Refusal> {
        let file = self.file();
        let name = file.token_at(self.function.name.start);
        let words = (file.token_at(self.function.start)..name).map(|at| file.text(at));
        let mut types = words.filter(|word| !matches!(*word, b"static" | b"inline"));
        let is_int = types.next() == Some(b"int") && types.next().is_none();
        let declared = variable.declaration.split_whitespace().next() == Some("int");
        if !is_int || !declared || variable.declaration.contains('*') {
            return Err(self.refuse(self.run.start, "what it returns in the middle is no int"));
        }
        let behind = self.mentions(&variable.name).find(|&at| at >= self.run.end);
        match behind.filter(|&at| !self.starts_anew(&variable.name, at)) {
            Some(at) => Err(self.refuse(at, "what it returned as an error is used behind it")),
            None => Ok(()),
        }
    }
}
