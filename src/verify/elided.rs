//! The rung *expands* for functions that go. Wrappers: each does no more than call one
//! function with what it is given, that function is of the wrapper's own type, and in its
//! file nothing has changed but that the wrapper is gone and the other name stands for it.
//! Functions that nothing names: in their file nothing has changed but that they are gone.

use super::definition::Definition;
use super::expands::directive_words;
use super::facts;
use super::macros::{Macros, Reach};
use super::signature;
use super::unit::{Item, Unit, shown};
use super::{Claim, Files, Problem, Scope, Verdict};
use crate::syntax::decl::{self, DefinitionKind, FunctionDeclaration};
use crate::syntax::lexer::{contains_word, is_keyword};
use crate::syntax::{LoopMacros, TokenKind};
use std::collections::BTreeSet;

/// Checks the files before and after the patch against the claim.
pub(super) fn check(
    before: &Files,
    after: &Files,
    claim: &Claim,
    (loops, scope): (&LoopMacros, Option<&dyn Scope>),
) -> Result<(), Problem> {
    let problem = |path: &str, line: u32, detail: String| {
        let (rung, after_line) = (Verdict::Expands, None);
        Problem { rung, path: path.to_owned(), line, after_line, detail }
    };
    let files: BTreeSet<&String> = claim.members.iter().map(|(path, _)| path).collect();
    let callee = claim.merged_into.as_deref();
    let Some(scope) = scope else {
        let path = files.first().map_or("", |path| path.as_str());
        return Err(problem(path, 1, "what names mean is not known".to_owned()));
    };
    let all = before.keys().chain(after.keys());
    let mut others = all.filter(|path| !files.contains(path));
    if let Some(path) = others.find(|path| before.get(*path) != after.get(*path)) {
        return Err(problem(path, 1, "the file changed, but no member is in it".to_owned()));
    }
    for path in files {
        let (Some(old), Some(new)) = (before.get(path), after.get(path)) else {
            return Err(problem(path, 1, "the file is missing on one side".to_owned()));
        };
        let (old, new) = (Unit::new(path, old), Unit::new(path, new));
        let names =
            claim.members.iter().filter(|(it, _)| it == path).map(|(_, name)| name.as_str());
        let file = Elided {
            before: &old,
            after: &new,
            macros: &Macros::new(&old),
            loops,
            names: &scope.unit(path, old.source),
            scope,
            wrappers: names.collect(),
            callee,
        };
        file.check().map_err(|(at, detail)| problem(path, old.line(at), detail))?;
    }
    Ok(())
}

struct Elided<'a, 's> {
    before: &'a Unit<'s>,
    after: &'a Unit<'s>,
    macros: &'a Macros<'s>,
    loops: &'a LoopMacros,
    names: &'a decl::Unit,
    scope: &'a dyn Scope,
    wrappers: BTreeSet<&'a str>,
    /// What is called instead; nothing, where the members are not used.
    callee: Option<&'a str>,
}

/// Where in the file before, and what is wrong there.
type Wrong = (usize, String);

impl<'s> Elided<'_, 's> {
    fn check(&self) -> Result<(), Wrong> {
        let mut gone = BTreeSet::new();
        for name in &self.wrappers {
            gone.insert(self.wrapper(name)?);
        }
        let all = 0..self.before.tokens.len();
        for at in all.filter(|&at| self.before.directive(at).is_some()) {
            let words = directive_words(self.before.text(at));
            if let Some(name) = self.wrappers.iter().find(|it| words.contains(&it.as_bytes())) {
                return Err((at, format!("a directive names `{name}`")));
            }
        }
        self.no_captures(&gone)?;
        self.rest(&gone)
    }

    /// The item that defines a wrapper, which only calls.
    fn wrapper(&self, name: &str) -> Result<usize, Wrong> {
        let unit = self.before;
        let read = |item| Definition::new(unit, item, self.macros, self.loops);
        let found = unit.function(name).and_then(|item| Ok((item, read(item)?)));
        let (item, wrapper) = found.map_err(|why| (0, format!("before the patch: {why}")))?;
        let at = wrapper.name;
        if !signature::is_static(&wrapper) {
            return Err((at, format!("`{name}` is deleted but not static")));
        }
        if self.macros.may_paste(name.as_bytes()) {
            return Err((at, format!("a macro may build the name of `{name}`")));
        }
        if self.after.function(name).is_ok() {
            return Err((at, format!("`{name}` is still there")));
        }
        match self.callee {
            Some(callee) => self.only_calls(&wrapper, name, callee)?,
            None => self.is_unwanted(name, at)?,
        }
        Ok(item)
    }

    /// A function that is deleted may not be wanted by what does not name it in this file.
    fn is_unwanted(&self, name: &str, at: usize) -> Result<(), Wrong> {
        let mut found = self.names.lookup(name).into_iter();
        let wanted = found.find(|it| match &it.kind {
            DefinitionKind::Function(it) => {
                !it.attributes.iter().all(|it| facts::may_be_unused(it))
            }
            _ => true,
        });
        if wanted.is_some() {
            return Err((at, format!("`{name}` may be wanted by what does not name it")));
        }
        if let Some((at, word)) = self.composed(name.as_bytes()) {
            return Err((at, format!("`{name}` may be made out of `{}`", shown(word))));
        }
        let named = |text: &[u8]| contains_word(text, name.as_bytes());
        let headers = self.names.headers();
        match headers.iter().find(|path| self.scope.text(path).is_none_or(|text| named(&text))) {
            Some(header) => Err((at, format!("{header} may name `{name}`"))),
            None => Ok(()),
        }
    }

    /// A word that the name begins or ends with, and that is handed to a macro that pastes,
    /// or to what is no function that is known.
    fn composed(&self, name: &[u8]) -> Option<(usize, &'s [u8])> {
        let unit = self.before;
        let called = (0..unit.tokens.len()).filter(|&at| {
            unit.is_word(at) && unit.text(at + 1) == b"(" && !is_keyword(unit.text(at))
        });
        called.filter_map(|at| Some((at, unit.list(at + 1)?.1))).find_map(|(at, close)| {
            let part = (at + 2..close).find(|&at| {
                let word = unit.text(at);
                let is_word = matches!(unit.kind(at), Some(TokenKind::Ident | TokenKind::Number));
                is_word && word != name && (name.starts_with(word) || name.ends_with(word))
            })?;
            let callee = std::str::from_utf8(unit.text(at)).unwrap_or_default();
            let is_known = !self.names.lookup(callee).is_empty();
            let may_paste = !is_known || Reach::of(self.names, callee).pastes;
            may_paste.then(|| (part, unit.text(part)))
        })
    }

    /// A wrapper hands on all that it is given, and nothing else.
    fn only_calls(
        &self,
        wrapper: &Definition<'_, 's>,
        name: &str,
        callee: &str,
    ) -> Result<(), Wrong> {
        let (unit, at) = (self.before, wrapper.name);
        let mut expected: Vec<&[u8]> = vec![b"{"];
        if !signature::returns_void(wrapper) {
            expected.push(b"return");
        }
        expected.extend([callee.as_bytes(), b"("]);
        for index in 0..wrapper.params.len() {
            if index > 0 {
                expected.push(b",");
            }
            expected.push(wrapper.param_name(index));
        }
        expected.extend([&b")"[..], b";", b"}"]);
        if unit.texts(wrapper.body.clone()) != expected {
            return Err((at, format!("`{name}` does more than call `{callee}`")));
        }
        if wrapper.own_names().contains(callee.as_bytes()) {
            return Err((at, format!("`{callee}` is a parameter of `{name}`")));
        }
        let (here, there) = (self.types_of(name), self.types_of(callee));
        if here.is_none() || here != there {
            return Err((at, format!("`{name}` has another type than `{callee}`")));
        }
        Ok(())
    }

    /// What a function returns and takes; nothing where it is not always that, or no
    /// function.
    fn types_of(&self, name: &str) -> Option<(String, Vec<String>)> {
        let types = |it: &FunctionDeclaration| {
            let params = it.params.iter().map(|param| param.type_text.clone()).collect();
            (!it.variadic).then(|| (it.return_type.clone(), params))
        };
        let mut found = self.names.lookup(name).into_iter().map(|it| match &it.kind {
            DefinitionKind::Function(function) => types(function),
            _ => None,
        });
        let first = found.next()??;
        found.all(|it| it.as_ref() == Some(&first)).then_some(first)
    }

    /// No function that names a wrapper has something of its own under either name.
    fn no_captures(&self, gone: &BTreeSet<usize>) -> Result<(), Wrong> {
        for (index, item) in self.before.items.iter().enumerate() {
            let named = |at: &usize| self.is_wrapper(*at);
            let Some(at) = item.tokens.clone().find(named) else { continue };
            if gone.contains(&index) || item.function.is_none() {
                continue;
            }
            let user = Definition::new(self.before, index, self.macros, self.loops);
            let user = user.map_err(|why| (at, why))?;
            let own = user.own_names();
            let both = self.wrappers.iter().chain(&self.callee);
            if let Some(name) = both.into_iter().find(|name| own.contains(name.as_bytes())) {
                return Err((at, format!("`{name}` is something else there")));
            }
        }
        Ok(())
    }

    fn is_wrapper(&self, at: usize) -> bool {
        let name = std::str::from_utf8(self.before.text(at)).unwrap_or_default();
        self.wrappers.contains(name) && !self.before.is_member_access(at)
    }

    /// Everything but the wrappers and their prototypes, with the callee's name for theirs.
    fn rest(&self, gone: &BTreeSet<usize>) -> Result<(), Wrong> {
        let is_prototype = |item: &Item| {
            self.wrappers.iter().any(|name| self.before.is_prototype_of(item, name.as_bytes()))
        };
        let kept = self.before.items.iter().enumerate();
        let kept = kept.filter(|(at, item)| !gone.contains(at) && !is_prototype(item));
        if self.callee.is_none() {
            let mut tokens = kept.clone().flat_map(|(_, item)| item.tokens.clone());
            if let Some(at) = tokens.find(|&at| self.is_wrapper(at)) {
                return Err((at, format!("`{}` is used", shown(self.before.text(at)))));
            }
        }
        let old = kept.flat_map(|(_, item)| item.tokens.clone()).map(|at| {
            let callee = self.callee.filter(|_| self.is_wrapper(at));
            (at, callee.map_or(self.before.text(at), str::as_bytes))
        });
        let new = self.after.items.iter().flat_map(|item| self.after.texts(item.tokens.clone()));
        let mut new = new.fuse();
        let mut last = 0;
        for (at, text) in old {
            last = at;
            match new.next() {
                Some(found) if found == text => {}
                found => {
                    let found = shown(found.unwrap_or_default());
                    return Err((at, format!("`{}` became `{found}`", shown(text))));
                }
            }
        }
        match new.next() {
            None => Ok(()),
            Some(more) => Err((last, format!("`{}` is new behind it", shown(more)))),
        }
    }
}
