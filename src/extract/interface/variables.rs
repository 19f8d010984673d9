//! What becomes of the variables that a run mentions.

use super::{Declared, Interface, Outcome, Place, Variable};
use crate::plan::uses::enclosing_calls;
use crate::plan::{FileContext, Refusal};
use crate::syntax::{NodeId, TokenKind, lexer};
use std::ops::Range;

impl Place<'_> {
    /// The parameters and top-level locals of the function that the run mentions, in the
    /// order in which it does.
    pub(super) fn variables(&self) -> Result<Vec<Variable>, Refusal> {
        let file = self.file();
        let mut found: Vec<Variable> = Vec::new();
        for at in self.run.clone() {
            let name = file.text(at);
            let is_known = |it: &Variable| it.name == name;
            if !self.is_use(at) || found.iter().any(is_known) {
                continue;
            }
            if let Some(variable) = self.variable(name, at)? {
                found.push(variable);
            }
        }
        Ok(found)
    }

    /// Whether token `at` is a word that may stand for a local.
    pub(super) fn is_use(&self, at: usize) -> bool {
        let file = self.file();
        let before = file.text(at.saturating_sub(1));
        file.tokens[at].kind == TokenKind::Ident
            && self.member.locals.contains(file.text(at))
            && !matches!(before, b"." | b"->" | b"goto" | b"struct" | b"union" | b"enum")
    }

    /// The variable of the whole function that is called `name`; `None` for one of a block
    /// inside the run, or for a label.
    fn variable(&self, name: &[u8], at: usize) -> Result<Option<Variable>, Refusal> {
        let (file, tree) = (self.file(), &self.member.tree);
        let own = crate::plan::align::parameters(file, tree);
        let parameter = own.iter().find(|it| it.name.as_deref() == Some(name));
        let spelled = |range: &Range<u32>| {
            let text = &file.bytes[range.start as usize..range.end as usize];
            crate::generate::helper::one_line(text)
        };
        let mut all: Vec<(NodeId, NodeId)> = Vec::new();
        for declaration in tree.of_kind("declaration") {
            let declarators =
                tree.children(declaration).filter(|&id| tree.node(id).field == "declarator");
            all.extend(
                declarators.filter(|&id| self.declares(id, name)).map(|id| (declaration, id)),
            );
        }
        let is_top = |declaration: NodeId| {
            let block = tree.node(declaration).parent;
            tree.node(block).range.start == self.function.body
        };
        let detail = || format!("`{}` is declared more than once", String::from_utf8_lossy(name));
        let (declaration, declarator) = match (parameter, all.as_slice()) {
            (Some(parameter), []) => {
                let declaration = crate::generate::helper::one_line(&parameter.text);
                self.by_value(&declaration, at)?;
                let name = name.to_vec();
                let initialiser = String::new();
                return Ok(Some(Variable { name, declaration, initialiser, declared: None }));
            }
            (None, [one]) => *one,
            (None, []) => return Ok(None),
            _ => return Err(self.refuse(at, detail())),
        };
        let whole = tree.node(declaration).range.clone();
        let tokens = file.token_at(whole.start)..file.token_at(whole.end);
        if self.run.contains(&tokens.start) {
            // It moves with the run, which nobody else may know of.
            let outside = self.mentions(name).find(|at| !self.run.contains(at));
            return match outside {
                Some(at) => Err(self.refuse(at, "it declares what others use")),
                None => Ok(None),
            };
        }
        if !is_top(declaration) {
            return Err(self.refuse(at, detail()));
        }
        let all: Vec<NodeId> =
            tree.children(declaration).filter(|&id| tree.node(id).field == "declarator").collect();
        let first = tree.node(all[0]).range.start;
        let specifiers = spelled(&(whole.start..first));
        let is_initialised = tree.node(declarator).kind == "init_declarator";
        let bare = match is_initialised {
            true => tree.child_by_field(declarator, "declarator").unwrap_or(declarator),
            false => declarator,
        };
        let bare_text = spelled(&tree.node(bare).range);
        let declaration = format!("{specifiers} {bare_text}");
        let words = ["static", "register", "volatile", "extern", "__attribute__", "__aligned"];
        let odd = |word: &&str| {
            specifiers.split(|c: char| !c.is_alphanumeric() && c != '_').any(|it| it == *word)
        };
        if let Some(word) = words.iter().find(|word| odd(word)) {
            return Err(self.refuse(tokens.start, format!("a local of it is {word}")));
        }
        let bytes = |range: &Range<u32>| range.start as usize..range.end as usize;
        let declared = Declared {
            whole: bytes(&whole),
            own: bytes(&tree.node(declarator).range),
            bare: bytes(&tree.node(bare).range),
            all: all.iter().map(|&id| bytes(&tree.node(id).range)).collect(),
            initialised: is_initialised,
        };
        Ok(Some(Variable {
            name: name.to_vec(),
            declaration,
            initialiser: String::new(),
            declared: Some(declared),
        }))
    }

    fn declares(&self, declarator: NodeId, name: &[u8]) -> bool {
        let (file, tree) = (self.file(), &self.member.tree);
        let end = tree.node(declarator).subtree_end;
        (declarator..end).any(|id| {
            let node = tree.node(id);
            node.kind == "identifier"
                && tree.declares_local(id, &file.bytes)
                && file.bytes[node.range.start as usize..node.range.end as usize] == *name
        })
    }

    /// # Errors
    /// Arrays and structures are not handed on by value.
    fn by_value(&self, declaration: &str, at: usize) -> Result<(), Refusal> {
        let is_pointer = declaration.contains('*');
        let is_whole = !is_pointer
            && declaration.split_whitespace().any(|word| matches!(word, "struct" | "union"));
        if declaration.contains(['[', '(', ':']) || is_whole {
            return Err(self.stays_outside(declaration, at));
        }
        Ok(())
    }

    fn stays_outside(&self, declaration: &str, at: usize) -> Refusal {
        self.refuse(at, format!("it uses `{declaration}`, which stays outside"))
    }

    /// The tokens of the body that mention a variable, those apart that declare it.
    pub(super) fn mentions(&self, name: &[u8]) -> impl Iterator<Item = usize> {
        let body = self.body();
        let all = self.file().occurrences(name).iter().copied();
        all.filter(move |at| body.contains(at) && self.is_use(*at))
    }

    /// What becomes of a variable.
    pub(super) fn sort(
        &self,
        mut variable: Variable,
        found: &mut Interface,
        moved: &mut Vec<Declared>,
    ) -> Result<(), Refusal> {
        let file = self.file();
        let shown = String::from_utf8_lossy(&variable.name).into_owned();
        let is_declarator = |at: usize| {
            let start = file.tokens[at].start as usize;
            let own = variable.declared.as_ref().map(|it| it.own.clone());
            own.is_some_and(|own| {
                // The name, and not its use in the initialiser.
                own.contains(&start) && self.mentions(&variable.name).next() == Some(at)
            })
        };
        let uses: Vec<usize> =
            self.mentions(&variable.name).filter(|&at| !is_declarator(at)).collect();
        let inside = || uses.iter().copied().filter(|at| self.run.contains(at));
        let before = uses.iter().any(|&at| at < self.run.start);
        let after: Vec<usize> = uses.iter().copied().filter(|&at| at >= self.run.end).collect();
        let Some(first) = inside().next() else { return Ok(()) };
        let declared = variable.declared.clone();
        let declared = declared.as_ref();
        let initialised = declared.is_some_and(|it| it.initialised);
        let starts_anew = self.starts_anew(&variable.name, first);
        let has_value = declared.is_none() || initialised || before;
        let is_written = inside().any(|at| self.is_written(at));
        let is_read_after = after.first().is_some_and(|&at| !self.starts_anew(&variable.name, at));
        let shared = |at: &usize| self.is_address(*at);
        if let Some(&at) = uses.iter().filter(|at| !self.run.contains(at)).find(|at| shared(at)) {
            return Err(self.refuse(at, format!("the address of `{shown}` is taken outside")));
        }
        if !self.is_end
            && let Some(at) = inside().find(shared)
        {
            return Err(self.refuse(at, format!("the address of `{shown}` may outlive it")));
        }
        let gives = !self.is_end && is_written && is_read_after;
        // What it begins with is nobody else's business, and can be said in the part.
        let begins = declared.filter(|it| {
            !before && !starts_anew && (gives || after.is_empty()) && self.is_literal(it)
        });
        let takes = has_value && !starts_anew && begins.is_none();
        // A typedef does not say that it is of a structure, but what is done with it does.
        let by_value = match uses.iter().any(|&at| file.text(at + 1) == b".") {
            true => Err(self.stays_outside(&variable.declaration, first)),
            false => self.by_value(&variable.declaration, first),
        };
        let is_aggregate = by_value.is_err();
        if takes || gives {
            by_value?;
        }
        if gives {
            if !matches!(found.result, Outcome::Nothing) {
                return Err(self.refuse(first, "it gives more than one value"));
            }
            if !takes && !starts_anew && begins.is_none() {
                return Err(self.refuse(first, format!("it may leave `{shown}` as it was")));
            }
            found.result = Outcome::Value(variable.clone());
        }
        if takes {
            found.parameters.push(variable);
            return Ok(());
        }
        if is_aggregate && !self.is_end {
            return Err(self.refuse(first, format!("`{shown}` may outlive it")));
        }
        if let Some(declared) = begins {
            let text = &file.bytes[declared.bare.end..declared.own.end];
            variable.initialiser = String::from_utf8_lossy(text).into_owned();
        }
        let is_status = matches!(&found.result, Outcome::Status(it, _) if it.name == variable.name);
        if !before && after.is_empty() && !is_status {
            moved.extend(variable.declared.clone());
        } else if let Some(declared) = begins.filter(|_| !is_status) {
            found.declarations.push((declared.bare.end..declared.own.end, String::new()));
        }
        found.locals.push(variable);
        Ok(())
    }

    /// Whether the initialiser is a number, or nothing.
    fn is_literal(&self, declared: &Declared) -> bool {
        let file = self.file();
        let mut tokens = (file.token_at(declared.bare.end as u32)..).take_while(|&at| {
            file.tokens.get(at).is_some_and(|it| (it.end as usize) <= declared.own.end)
        });
        declared.initialised
            && tokens.all(|at| {
                file.tokens[at].kind == TokenKind::Number
                    || matches!(file.text(at), b"=" | b"-" | b"NULL" | b"true" | b"false")
            })
    }

    /// Whether the statement at `at` gives the variable a value whatever it had: `v = …;`,
    /// `for (v = …;` or `if (…) v = …; else v = …;`, on the top level, or first in a block
    /// that is always run: a bare one, or that of `do`.
    pub(super) fn starts_anew(&self, name: &[u8], at: usize) -> bool {
        let file = self.file();
        let from_for = at >= 2 && file.text(at - 1) == b"(" && file.text(at - 2) == b"for";
        let start = if from_for { at - 2 } else { at };
        let Some(end) = self.assigned_until(name, at) else { return false };
        let is_top = |at: usize| self.statements.contains(&at);
        let in_block = start >= 2 && file.text(start - 1) == b"{";
        let is_run = || is_top(start - 1) || file.text(start - 2) == b"do" && is_top(start - 2);
        if is_top(start) || in_block && is_run() {
            return true;
        }
        let before = &self.statements[..self.statements.partition_point(|&it| it < at)];
        let is_if = |&open: &usize| {
            file.text(open) == b"if"
                && crate::plan::uses::closing(file, open + 1).is_some_and(|close| close + 1 == at)
        };
        before.last().is_some_and(is_if)
            && file.text(end + 1) == b"else"
            && file.text(end + 2) == name
            && self.assigned_until(name, end + 2).is_some()
    }

    /// The `;` of `v = …;` at `at`, the variable not among what is assigned.
    fn assigned_until(&self, name: &[u8], at: usize) -> Option<usize> {
        let file = self.file();
        let end = (at + 2..self.body().end).find(|&it| file.text(it) == b";")?;
        let assigns = file.text(at + 1) == b"="
            && !(at + 2..end).any(|it| self.is_use(it) && file.text(it) == name);
        assigns.then_some(end)
    }

    /// Whether the variable at `at` may have another value afterwards.
    pub(super) fn is_written(&self, at: usize) -> bool {
        let file = self.file();
        let (before, next) = (file.text(at - 1), file.text(self.behind_members(at)));
        let assigns = next.ends_with(b"=") && !matches!(next, b"==" | b"!=" | b"<=" | b">=");
        assigns
            || matches!(next, b"++" | b"--")
            || matches!(before, b"++" | b"--")
            || self.is_address(at)
            || self.is_written_by_macro(at)
    }

    /// The token behind a variable and what is taken of it: who writes a member of it writes
    /// the variable.
    fn behind_members(&self, at: usize) -> usize {
        let file = self.file();
        let mut next = at + 1;
        while file.text(next) == b"." || next > at + 1 && file.text(next) == b"[" {
            next = match file.text(next) {
                b"[" => crate::plan::uses::closing(file, next).unwrap_or(next) + 1,
                _ => next + 2,
            };
        }
        next
    }

    /// Whether the address of the variable at `at` is taken.
    fn is_address(&self, at: usize) -> bool {
        let file = self.file();
        let operand = at >= 2
            && (matches!(file.text(at - 2), b")" | b"]")
                || matches!(file.tokens[at - 2].kind, TokenKind::Number)
                || file.tokens[at - 2].kind == TokenKind::Ident
                    && !lexer::is_keyword(file.text(at - 2)));
        file.text(at - 1) == b"&" && !operand && !matches!(file.text(at + 1), b"->" | b"[")
    }

    /// Whether a macro may assign it: where it takes the address for that, it does not keep
    /// it.
    fn is_written_by_macro(&self, at: usize) -> bool {
        let file = self.file();
        let calls = enclosing_calls(file, at, self.body().start);
        calls.iter().any(|call| {
            let name = String::from_utf8_lossy(file.text(call.name)).into_owned();
            let facts = file.unit.macro_facts(&name).filter(|facts| facts.function_like);
            facts.is_some_and(|facts| facts.argument(call.argument).any(|it| it.written.is_some()))
        })
    }
}

/// The declarations of the function without those that have `moved`.
pub(super) fn without(place: &Place<'_>, moved: &[Declared]) -> Vec<(Range<usize>, String)> {
    let file = place.file();
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for declared in moved {
        let goes = |own: &Range<usize>| moved.iter().any(|it| it.own == *own);
        let stays: Vec<String> = declared
            .all
            .iter()
            .filter(|own| !goes(own))
            .map(|own| String::from_utf8_lossy(&file.bytes[(*own).clone()]).into_owned())
            .collect();
        let edit = match (declared.all.first(), declared.all.last()) {
            (Some(first), Some(last)) if !stays.is_empty() => {
                (first.start..last.end, stays.join(", "))
            }
            _ => (whole_lines(file, &declared.whole), String::new()),
        };
        if !edits.contains(&edit) {
            edits.push(edit);
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    // Where no declaration is left, the blank line behind them has nothing to part.
    let mut at = file.line_end(place.function.body as usize);
    let mut last = None;
    for (index, (range, text)) in edits.iter().enumerate() {
        if range.start == at && text.is_empty() {
            (at, last) = (range.end, Some(index));
        }
    }
    let blank = |range: Range<usize>| file.is_blank(range);
    if let Some(last) = last {
        let end = file.line_end(at);
        if blank(at..end) {
            edits[last].0.end = end;
        }
    }
    // Of two blank lines that would meet one is enough.
    for (range, text) in &mut edits {
        let above = file.line_start(range.start.saturating_sub(1));
        let below = range.end..file.line_end(range.end);
        let is_line = text.is_empty() && file.line_start(range.end) == range.end;
        if is_line && above < range.start && blank(above..range.start) && blank(below.clone()) {
            range.end = below.end;
        }
    }
    edits
}

/// The range with the rest of its lines where that is blank.
fn whole_lines(file: &FileContext, range: &Range<usize>) -> Range<usize> {
    let (start, end) = (file.line_start(range.start), file.line_end(range.end - 1));
    let blank = |range: Range<usize>| file.is_blank(range);
    match blank(start..range.start) && blank(range.end..end) {
        true => start..end,
        false => range.clone(),
    }
}
