//! Whether a file may include one more header, behind all that it includes: whether all that
//! the file says still means what it meant, and whether what the header says is known there.
//!
//! What the header only declares hides nothing: a local of the name hides it. But a macro
//! changes every word that it is called after, also those that other macros expand to; and
//! what the file has for itself under a name that the header uses, too, is said twice.

use super::index::{Definition, DefinitionKind, TagKind};
use super::references::{References, refer};
use super::unit::Unit;
use crate::syntax::lexer::{Lexer, TokenKind, is_keyword};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// A word, and where it is said what it means: `file:line`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The word.
    pub name: String,
    /// The place.
    pub at: String,
}

/// The words of a text, those of its directives among them, each with the token before it.
fn words(text: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut add = |text: &[u8]| {
        let mut before = String::new();
        for token in Lexer::new(text) {
            let word = String::from_utf8_lossy(token.text(text)).into_owned();
            if token.kind == TokenKind::Ident && !is_keyword(word.as_bytes()) {
                found.push((before, word.clone()));
            }
            before = word;
        }
    };
    add(text);
    for token in Lexer::new(text).filter(|token| token.kind == TokenKind::Directive) {
        add(token.text(text).get(1..).unwrap_or_default());
    }
    found
}

/// The first word of `text`, which is that of the unit `file`, or of what its macros expand
/// to, that means something else if it includes `header`, too.
pub fn changed_by(file: &Unit, text: &[u8], header: &Unit) -> Option<Told> {
    let known: FxHashSet<Arc<str>> = file.headers().into_iter().collect();
    let is_new = |it: &Definition| !known.contains(&it.file) && *it.file != *file.path();
    let mut names: Vec<String> = words(text).into_iter().map(|(_, word)| word).collect();
    let mut seen = FxHashSet::default();
    while let Some(name) = names.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let own = file.lookup(&name);
        let new: Vec<Definition> = header.lookup(&name).into_iter().filter(is_new).collect();
        let is_harmless = |it: &Definition| match it.kind {
            DefinitionKind::Macro(_) => false,
            _ => own.is_empty() || is_prototype(it) && own.iter().all(is_function),
        };
        if let Some(told) = new.iter().find(|it| !is_harmless(it)) {
            return Some(Told { name, at: format!("{}:{}", told.file, told.line) });
        }
        let mut expands = References::default();
        let macros = own.iter().filter(|it| matches!(it.kind, DefinitionKind::Macro(_)));
        macros.for_each(|it| refer(it, &mut expands));
        names.extend(expands.ordinary);
        names.extend(expands.members);
    }
    None
}

fn is_prototype(it: &Definition) -> bool {
    matches!(&it.kind, DefinitionKind::Function(f) if !f.is_static && f.body.is_none())
}

fn is_function(it: &Definition) -> bool {
    matches!(&it.kind, DefinitionKind::Function(f) if !f.is_static)
}

/// The first word of the `text` of `header` that a file which includes it knows, as `user`
/// does, and that `file` would not know: neither what it includes nor the header says it.
pub fn unknown_in(file: &Unit, header: &Unit, text: &[u8], user: &Unit) -> Option<String> {
    let is_known = |units: &[&Unit], before: &str, word: &str| {
        let kind = match before {
            "struct" => TagKind::Struct,
            "union" => TagKind::Union,
            "enum" => TagKind::Enum,
            _ => return units.iter().any(|unit| !unit.lookup(word).is_empty()),
        };
        units.iter().any(|unit| !unit.lookup_tag(kind, word).is_empty())
    };
    let all = words(text).into_iter();
    let unknown = |(before, word): &(String, String)| {
        is_known(&[user], before, word) && !is_known(&[header, file], before, word)
    };
    let mut found = all.filter(|it| it.0 != "->" && it.0 != ".").filter(unknown);
    found.next().map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::super::testing::units;
    use super::*;

    fn included(own: &str, common: &str, header: &str) -> [Arc<Unit>; 3] {
        let own = format!("#include \"common.h\"\n{own}");
        let user = "#include \"common.h\"\n#include \"more.h\"\n#include \"h.h\"\n";
        let files = [
            ("d/a.c", own.as_str()),
            ("d/b.c", user),
            ("d/common.h", common),
            ("d/more.h", "typedef int more; struct m { int x; };\n"),
            ("d/h.h", header),
        ];
        units(&files, ["d/a.c", "d/h.h", "d/b.c"])
    }

    fn changed(own: &str, common: &str, header: &str) -> Option<String> {
        let [file, header, _] = included(own, common, header);
        changed_by(&file, own.as_bytes(), &header).map(|told| told.name)
    }

    #[test]
    fn a_macro_changes_every_word_that_it_is_called_after() {
        assert_eq!(changed("int f(void) { return x; }", "", "#define y 1"), None);
        assert_eq!(changed("int f(int x) { return x; }", "", "#define x 1"), Some("x".into()));
        assert_eq!(changed("#ifdef X\n#endif\n", "", "#define X 1"), Some("X".into()));
        assert_eq!(changed("int i = M;", "#define M N\n", "#define N 1"), Some("N".into()));
        assert_eq!(changed("int i = M;", "#define M 2\n", "#include \"common.h\"\n"), None);
    }

    #[test]
    fn what_is_said_twice_is_said_by_both() {
        let own = "static int f(void) { return 0; }";
        assert_eq!(changed(own, "", "int f(void);"), Some("f".into()));
        assert_eq!(changed("int f(void) { return 0; }", "", "int f(void);"), None);
        assert_eq!(changed("enum { A };", "", "extern int A;"), Some("A".into()));
        assert_eq!(changed("int f(int A) { return A; }", "", "extern int A;"), None);
    }

    #[test]
    fn a_header_that_asks_for_another_is_not_known() {
        let unknown = |own: &str, text: &str| {
            let [file, header, user] = included(own, "", text);
            unknown_in(&file, &header, text.as_bytes(), &user)
        };
        assert_eq!(unknown("", "int f(more x);"), Some("more".into()));
        assert_eq!(unknown("#include \"more.h\"\n", "int f(more x);"), None);
        assert_eq!(unknown("", "#include \"more.h\"\nint f(more x);"), None);
        assert_eq!(unknown("", "int f(struct m *m);"), Some("m".into()));
        assert_eq!(unknown("", "struct m;\nint f(struct m *m);"), None);
    }
}
