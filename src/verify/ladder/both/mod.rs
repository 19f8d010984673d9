//! One text that has every function that a patch changes several times: as it was, under
//! another name, and as it is. All else the file has once, so that one compile shows what
//! two would, and headers are most of a compile.
//!
//! It is for texts in which what a patch moved is inlined, and which differ in nothing but
//! functions of the file, and in what is inlined or declared, of it or of a header. What
//! all share means the same in it as in each: its order is kept, and directives are the
//! same. A function that the patch takes away is there under its own name, for those that
//! called it. A call of a changed function goes to the new one from wherever it is, and
//! that is the old one if the two are the same code, too.

mod merge;

use super::includers::{includes, is_header};
use super::links::Symbols;
use super::roles::Texts;
use super::shop::{Bill, Shop};
use crate::tree::TreePath;
use crate::verify::Files;
use crate::verify::build::{BuildError, Compile, Compiled, Level, Mode};
use crate::verify::object::{Object, Unit as OneFile, compare_functions};
use crate::verify::unit::Unit;
use merge::{Changed, ENDINGS, Merge, Side, heads};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// That every function that the patch changes is the same code before and after.
pub(super) struct Same {
    /// Whether that took constants in the place of parameters.
    pub constants: bool,
    /// The object that shows it; `None` where both texts are one but for what they declare.
    pub compiled: Option<Arc<Compiled>>,
}

/// Whether `texts` are the same by one compile, or where they are not, `put`: what they
/// are with constants in the place of parameters. `None` says nothing.
pub(super) fn same(
    shop: &Shop<'_>,
    (texts, put): (&Texts, Option<&Texts>),
    compile: &Compile,
    bill: &mut Bill,
) -> Result<Option<Same>, BuildError> {
    let source = &compile.source;
    let both = Both::of(texts, put, source).or_else(|| Both::of(texts, None, source));
    let Some(both) = both else { return Ok(None) };
    if both.changed.is_empty() {
        return Ok(Some(Same { constants: false, compiled: None }));
    }
    let mode = Mode::Comparable { level: Level::O2, debug: false };
    let compiled = shop.shared(compile, &both.files, mode, bill)?;
    let Some(object) = compiled.object.as_deref().and_then(|it| Object::read(it).ok()) else {
        return Ok(None);
    };
    let is_pair = |before: &str, after: &str| {
        // Who else sees it is part of what it was.
        let is_seen_alike = object.is_global(before) == object.is_global(after);
        let differences = compare_functions(&object, before, &object, after, OneFile::Same);
        before == after || is_seen_alike && differences.is_ok_and(|it| it.is_empty())
    };
    let mut constants = false;
    for (name, [before, before_put, after_put]) in &both.changed {
        if !is_pair(before, name) {
            if !both.has_put || !is_pair(before_put, after_put) {
                return Ok(None);
            }
            constants = true;
        }
    }
    Ok(Some(Same { constants, compiled: Some(compiled.clone()) }))
}

/// What a file needed and gave before, by what an object of [`same`] does.
pub(super) fn as_before(symbols: Symbols) -> Symbols {
    symbols.without(|name| ENDINGS.iter().any(|ending| name.ends_with(ending)))
}

/// See the module.
struct Both {
    files: Files,
    /// Whether the texts with constants are among them.
    has_put: bool,
    changed: Changed,
}

impl Both {
    /// `None` where the texts differ in more.
    fn of(texts: &Texts, put: Option<&Texts>, source: &TreePath) -> Option<Both> {
        let mut both =
            Both { files: texts.after.clone(), has_put: put.is_some(), changed: Changed::new() };
        let put = put.map(|put| [&put.before, &put.after]);
        let others: Vec<&Files> =
            [&texts.before].into_iter().chain(put.into_iter().flatten()).collect();
        let heads = heads(others.iter().copied().chain([&texts.after]));
        let mut declared = Declared::default();
        for (path, after) in &texts.after {
            if path != source && !is_header(path) {
                // Another file of the driver, if it is none that this one includes.
                let name = path.rsplit('/').next().unwrap_or_default();
                if texts.after.get(source).is_none_or(|text| includes(text, name)) {
                    return None;
                }
                continue;
            }
            let versions: Option<Vec<Unit<'_>>> =
                others.iter().map(|files| Some(Unit::new("", files.get(path)?))).collect();
            let (versions, base) = (versions?, Unit::new("", after));
            let mut merge = Merge::new(Side::new(&base, &heads)?);
            for (version, unit) in versions.iter().enumerate() {
                merge.add(&Side::new(unit, &heads)?, version)?;
            }
            declared.add(&merge);
            let (text, changed) = merge.finish()?;
            if path != source && !changed.is_empty() {
                return None;
            }
            both.files.insert(path.clone(), text);
            both.changed.extend(changed);
        }
        let is_whole = others.iter().all(|files| files.keys().eq(texts.after.keys()));
        (is_whole && declared.is_kept()).then_some(both)
    }
}

/// How functions are declared in places where only some of the texts declare them.
#[derive(Default)]
struct Declared {
    before: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
    after: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
}

impl Declared {
    fn add(&mut self, merge: &Merge<'_, '_>) {
        for (place, prototypes) in [(&mut self.before, &merge.gone), (&mut self.after, &merge.new)]
        {
            for (name, text) in prototypes {
                place.entry(name.clone()).or_default().insert(text.clone());
            }
        }
    }

    /// Whether none is declared otherwise than before.
    fn is_kept(&self) -> bool {
        self.after.iter().all(|(name, is)| self.before.get(name).is_none_or(|was| was == is))
    }
}

#[cfg(test)]
mod tests {
    use super::super::force;
    use super::*;

    /// The text of both, where `b` goes and `m` does its work, and that of `a`.
    fn both(before: &str, after: &str) -> Option<String> {
        let files = |text: &str| {
            let text = force::inlined(text.as_bytes(), &["b", "m"].map(str::to_owned).into());
            Files::from([("d/a.c".to_owned(), text)])
        };
        let texts = Texts { before: files(before), after: files(after) };
        let both = Both::of(&texts, None, &"d/a.c".to_owned())?;
        let names: Vec<String> = both.changed.into_keys().collect();
        let text = both.files.into_values().next().expect("a file");
        Some(String::from_utf8(text).expect("text") + "// " + &names.join(" "))
    }

    const KEPT: &str = "__attribute__((__noinline__, __noclone__, __used__)) ";
    const INLINED: &str = "inline __attribute__((__always_inline__)) ";

    #[test]
    fn what_changes_is_there_as_it_was_and_as_it_is_and_all_else_once() {
        let found = both(
            "#define X 1\nstatic int b(int x);\nstatic int a(int x) { return f(x, X); }\nint s(void) { return b(0); }\nstatic int b(int x) { return f(x, 2); }\nint c(void) { return a(3) + b(4); }\n",
            "#define X 1\nstatic int m(int x, int y);\nstatic int a(int x) { return m(x, X); }\nint s(void) { return m(0, 2); }\nstatic int m(int x, int y) { return f(x, y); }\nint c(void) { return a(3) + m(4, 2); }\n",
        );
        let expected = format!(
            "#define X 1\nstatic int m(int x, int y);\nstatic int b(int x);\n\
             {KEPT}static int a__before(int x) {{ return f(x, X); }}\n{KEPT}static int a(int x) {{ return m(x, X); }}\n\
             {KEPT}int s__before(void) {{ return b(0); }}\n{KEPT}int s(void) {{ return m(0, 2); }}\n\
             {INLINED}static int m(int x, int y) {{ return f(x, y); }}\n\
             {INLINED}static int b(int x) {{ return f(x, 2); }}\n\
             {KEPT}int c__before(void) {{ return a(3) + b(4); }}\n{KEPT}int c(void) {{ return a(3) + m(4, 2); }}\n// a c s"
        );
        assert_eq!(found.as_deref(), Some(&expected[..]));
    }

    #[test]
    fn a_function_that_is_the_same_in_several_texts_is_there_once() {
        let text = |rest: &str| format!("int s(int x);\n{rest}\nint c(void) {{ return a(3); }}\n");
        let file = |rest: &str| Files::from([("d/a.c".to_owned(), text(rest).into_bytes())]);
        let texts = Texts {
            before: file("int a(int x) { return f(x, 1); }"),
            after: file(&format!(
                "{INLINED}static int m(int x, int y) {{ return f(x, y); }}\nint a(int x) {{ return m(x, 1); }}"
            )),
        };
        let put = Texts {
            before: file(&format!(
                "{INLINED}static int a__body(int x) {{ return f(x, 1); }}\nint a(int x) {{ return a__body(x); }}"
            )),
            after: file(&format!(
                "{INLINED}static int m(int x, int y) {{ return f(x, y); }}\n{INLINED}static int m__0(int x) {{ return f(x, 1); }}\nint a(int x) {{ return m__0(x); }}"
            )),
        };
        let both = Both::of(&texts, Some(&put), &"d/a.c".to_owned()).expect("one text");
        let expected = text(&format!(
            "{INLINED}static int m(int x, int y) {{ return f(x, y); }}\n\
             {KEPT}int a__before(int x) {{ return f(x, 1); }}\n\
             {INLINED}static int a__body(int x) {{ return f(x, 1); }}\n\
             {KEPT}int a__before_put(int x) {{ return a__body(x); }}\n\
             {INLINED}static int m__0(int x) {{ return f(x, 1); }}\n\
             {KEPT}int a__after_put(int x) {{ return m__0(x); }}\n\
             {KEPT}int a(int x) {{ return m(x, 1); }}"
        ));
        let found = both.files.into_values().next().expect("a file");
        assert_eq!(String::from_utf8(found).expect("text"), expected);
        let names = ["a__before", "a__before_put", "a__after_put"].map(str::to_owned);
        assert_eq!(both.changed, Changed::from([("a".to_owned(), names)]));

        let same = Both::of(&texts, Some(&texts), &"d/a.c".to_owned()).expect("one text");
        let names = ["a__before", "a__before", "a"].map(str::to_owned);
        assert_eq!(same.changed, Changed::from([("a".to_owned(), names)]));
    }

    #[test]
    fn headers_may_declare_more_and_no_function_otherwise() {
        let check = |before: [&str; 2], after: [&str; 2], is_one: bool| {
            let files = |[source, header]: [&str; 2]| {
                let home = "int s(int x)\n{\n\treturn x;\n}\n";
                let named = ["d/a.c", "d/a.h", "d/b.c"].map(str::to_owned);
                let named = named.into_iter().zip([source, header, home]);
                named.map(|(path, text)| (path, text.as_bytes().to_vec())).collect::<Files>()
            };
            let texts = Texts { before: files(before), after: files(after) };
            let both = Both::of(&texts, None, &"d/a.c".to_owned());
            assert_eq!(both.is_some_and(|it| it.changed.is_empty()), is_one, "{after:?}");
        };
        let c = "int c(void) { return s(3); }\n";
        check(["int s(int x);\nint c(void) { return s(3); }\n", ""], [c, "int s(int x);\n"], true);
        check(
            ["int s(int x);\nint c(void) { return s(3); }\n", ""],
            [c, "int s(long x);\n"],
            false,
        );
        check([c, "int t;\n"], [c, "int t;\nint s(int x);\n"], true);
        check([c, "int t;\n"], [c, "long t;\nint s(int x);\n"], false);
        check([c, ""], [c, "#define s 1\n"], false);
        check([c, ""], [c, "static DEFINE_MUTEX(lock);\n"], false);
        check([c, ""], ["int c(void) { return s(4); }\n", ""], false);
    }

    #[test]
    fn what_changes_more_than_functions_is_not_put_together() {
        let before =
            "int t = 1;\nstatic int b(int x) { return f(x, 1); }\nint c(void) { return b(2); }\n";
        let after = "int t = 1;\nstatic int m(int x, int y) { return f(x, y); }\nint c(void) { return m(2, 1); }\n";
        assert!(both(before, after).is_some());
        for (one, other) in [
            ("int t = 1;", "int t = 2;"),
            ("int t = 1;", "int t = 1;\nint u;"),
            ("int t = 1;", ""),
            ("int t = 1;", "#define f(x, y) x\nint t = 1;"),
            ("int t = 1;", "int t = 1;\nint n(void) { return 0; }"),
            ("static int m", "int m"),
            ("int c(void)", "static inline int c(void)"),
            ("int t = 1;", "int t = 1;\nstatic DEFINE_MUTEX(lock);"),
            ("int t = 1;", "int t = 1;\nstatic int m(int x, int y) __pure;"),
            ("int t = 1;", "int t = 1;\nstatic __cold int m(int x, int y);"),
            ("int c(void)", "unsigned int c(void)"),
            ("int c(void)", "int __pure c(void)"),
            ("int c(void)", "static int c(void);\nint c(void)"),
            ("return m(2, 1);", "return m(2, 1) + b(2);"),
            ("return m(2, 1);", "\n#define T 1\n\treturn m(2, T);"),
        ] {
            assert!(both(before, &after.replace(one, other)).is_none(), "{one} became {other}");
        }
        for (one, other) in [
            ("static int b", "int b"),
            ("int t = 1;", "int t = 1;\nstatic int m(int x) { return 0; }"),
            ("int t = 1;", "int t = 1;\nstatic int n(int x) { return 0; }"),
            ("int t = 1;", "#include <t.h>\nint t = 1;"),
            ("int t = 1;", "static DEVICE_ATTR_RO(t);\nint t = 1;"),
            ("{ return f(x, 1);", "{\n#define T 1\n\treturn f(x, T);"),
        ] {
            assert!(both(&before.replace(one, other), after).is_none(), "{one} became {other}");
        }
    }
}
