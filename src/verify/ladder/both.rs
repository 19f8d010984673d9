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

use super::force;
use super::includers::{includes, is_header};
use super::links::Symbols;
use super::roles::Texts;
use super::shop::{Bill, Shop};
use crate::generate::Edit;
use crate::generate::edits::apply_edits;
use crate::syntax::split::Function;
use crate::tree::TreePath;
use crate::verify::Files;
use crate::verify::build::{BuildError, Compile, Compiled, Level, Mode};
use crate::verify::object::{Object, Unit as OneFile, compare_functions};
use crate::verify::unit::{Item, Unit};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the name of a function ends in as it was, and before and after the patch with
/// constants put in the place of parameters.
const ENDINGS: [&str; 3] = ["__before", "__before_put", "__after_put"];

/// What says that a function may have no code of its own.
const INLINE: [&[u8]; 5] =
    [b"inline", b"__inline", b"__inline__", b"__always_inline", b"__always_inline__"];

/// Directives that are over where the function is that they stand in.
const CONDITIONALS: [&[u8]; 6] = [b"if", b"ifdef", b"ifndef", b"else", b"elif", b"endif"];

/// In front of a function that has code of its own, whoever calls it.
const KEPT: &[u8] = b"__attribute__((__noinline__, __noclone__, __used__)) ";

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

/// By the name of each function that is not the same in all texts, its names in those that
/// [`ENDINGS`] are of.
type Changed = BTreeMap<String, [String; 3]>;

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
            for (unit, ending) in versions.iter().zip(ENDINGS) {
                merge.add(Side::new(unit, &heads)?, ending)?;
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

/// What stands before the names of functions, by these.
type Heads = BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>;

/// Those of all functions that some text defines.
fn heads<'t>(texts: impl Iterator<Item = &'t Files>) -> Heads {
    let mut heads = Heads::new();
    for source in texts.flat_map(Files::values) {
        let unit = Unit::new("", source);
        for item in &unit.items {
            let Some(function) = &item.function else { continue };
            let name = unit.first_token_at(function.name.start);
            let words = unit.texts(item.tokens.start..name).into_iter().map(<[u8]>::to_vec);
            heads.entry(function.name(source).to_vec()).or_default().extend(words);
        }
    }
    heads
}

/// A text with its functions by their names.
struct Side<'u, 's> {
    unit: &'u Unit<'s>,
    heads: &'u Heads,
    functions: BTreeMap<&'s [u8], usize>,
}

impl<'u, 's> Side<'u, 's> {
    /// `None` where a name is defined twice.
    fn new(unit: &'u Unit<'s>, heads: &'u Heads) -> Option<Self> {
        let mut functions = BTreeMap::new();
        for (at, item) in unit.items.iter().enumerate() {
            let Some(function) = &item.function else { continue };
            if functions.insert(function.name(unit.source), at).is_some() {
                return None;
            }
        }
        Some(Self { unit, heads, functions })
    }

    fn name(&self, item: &Item) -> Option<&'s [u8]> {
        item.function.as_ref().map(|it| it.name(self.unit.source))
    }

    /// All of the item, with what stands between its tokens: a macro may print that.
    fn spelling(&self, item: &Item) -> &'s [u8] {
        self.unit.spelling(item.tokens.clone())
    }

    /// What stands before the body of a function.
    fn head(&self, item: &Item, function: &Function) -> Vec<&'s [u8]> {
        self.unit.texts(item.tokens.start..self.unit.first_token_at(function.body))
    }

    /// Whether a word stands somewhere that names no member.
    fn has_word(&self, word: &[u8]) -> bool {
        let unit = self.unit;
        (0..unit.tokens.len()).any(|at| unit.text(at) == word && !unit.is_member_access(at))
    }

    /// Where the item starts.
    fn start(&self, item: &Item) -> usize {
        match &item.function {
            Some(function) => function.start as usize,
            None => self.unit.span(item.tokens.clone()).start,
        }
    }

    /// Whether a function has code of its own in the object, once it is marked so.
    fn can_be_kept(&self, item: &Item, function: &Function) -> bool {
        !function.disabled
            && !function.macro_defined
            && !self.defines_macros(item)
            && !self.head(item, function).iter().any(|word| INLINE.contains(word))
    }

    /// Whether a function changes what stands behind it.
    fn defines_macros(&self, item: &Item) -> bool {
        let directives = item.tokens.clone().filter_map(|at| self.unit.directive(at));
        directives.into_iter().any(|word| !CONDITIONALS.contains(&word))
    }

    /// What the other side may do without: a function that is inlined wherever it is
    /// called, or a declaration of a function.
    fn dispensable(&self, item: &Item, other: &Side<'_, '_>) -> Option<Dispensable> {
        let text = || self.unit.texts(item.tokens.clone()).join(&b' ');
        let Some(function) = &item.function else {
            return self.declares(item).map(|name| Dispensable::Prototype(name.to_vec(), text()));
        };
        let name = function.name(self.unit.source);
        let head = self.unit.slice(&(function.start..function.body));
        let is_inlined = head.starts_with(force::STATIC) && !self.defines_macros(item);
        (is_inlined && !other.functions.contains_key(name))
            .then(|| Dispensable::Function(name.to_vec(), text()))
    }

    /// The function that the item declares, where it does no more and says no more than
    /// its definition does.
    fn declares(&self, item: &Item) -> Option<&'s [u8]> {
        let unit = self.unit;
        let mut calls = item.tokens.clone().filter(|at| unit.text(at + 1) == b"(");
        let at = calls.find(|&at| {
            self.heads.contains_key(unit.text(at)) && unit.is_prototype_of(item, unit.text(at))
        })?;
        let head = self.heads.get(unit.text(at))?;
        let (_, close) = unit.list(at + 1)?;
        let is_known = |word: &[u8]| word == b"extern" || head.contains(word);
        let says_no_more = (item.tokens.start..at).all(|at| is_known(unit.text(at)))
            && (at..close).all(|at| unit.text(at) != b"__attribute__")
            && close + 2 == item.tokens.end;
        says_no_more.then(|| unit.text(at))
    }
}

/// Name and text of what not all texts have.
enum Dispensable {
    Function(Vec<u8>, Vec<u8>),
    Prototype(Vec<u8>, Vec<u8>),
}

/// A function that is not the same in all texts.
struct Slot {
    at: usize,
    /// Its name in each of the other texts.
    names: [String; 3],
    /// The other texts of it, by its name there.
    texts: Vec<(Vec<u8>, String)>,
}

/// The last of the texts, and what is put into it of others.
struct Merge<'u, 's> {
    base: Side<'u, 's>,
    edits: Vec<Edit>,
    slots: BTreeMap<String, Slot>,
    /// What was put in, functions by their names.
    functions: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Prototypes that the base lacks, and those that others lack: names and texts.
    gone: BTreeSet<(Vec<u8>, Vec<u8>)>,
    new: BTreeSet<(Vec<u8>, Vec<u8>)>,
}

impl<'u, 's> Merge<'u, 's> {
    fn new(base: Side<'u, 's>) -> Self {
        let (edits, slots, functions, gone, new) = Default::default();
        Self { base, edits, slots, functions, gone, new }
    }

    /// Puts in what only `other` has. `None` where that is too much.
    fn add(&mut self, other: Side<'_, '_>, ending: &str) -> Option<()> {
        let base = self.base.unit;
        let (mut theirs, mut ours) =
            (other.unit.items.iter().peekable(), base.items.iter().peekable());
        loop {
            let at = ours.peek().map_or(base.source.len(), |item| self.base.start(item));
            match (theirs.peek(), ours.peek()) {
                (None, None) => return Some(()),
                (Some(one), Some(item)) if self.are_one(&other, one, item) => {
                    if other.spelling(one) != self.base.spelling(item) {
                        self.add_version(&other, one, item, ending)?;
                    }
                    theirs.next();
                    ours.next();
                    continue;
                }
                _ => {}
            }
            if let Some(item) = ours.peek()
                && let Some(found) = self.base.dispensable(item, &other)
            {
                if let Dispensable::Prototype(name, text) = found {
                    self.new.insert((name, text));
                }
                ours.next();
            } else {
                let item = theirs.next()?;
                let is_new = match other.dispensable(item, &self.base)? {
                    Dispensable::Prototype(name, text) => self.gone.insert((name, text)),
                    Dispensable::Function(name, text) => match self.functions.get(&name) {
                        // Who names it now may mean another one.
                        _ if self.base.has_word(&name) => return None,
                        Some(known) if *known != text => return None,
                        Some(_) => false,
                        None => self.functions.insert(name, text).is_none(),
                    },
                };
                if is_new {
                    let text = [other.unit.spelling(item.tokens.clone()), b"\n"].concat();
                    self.edits.push(Edit { range: at..at, text });
                }
            }
        }
    }

    /// Whether two items are one, perhaps with another body.
    fn are_one(&self, other: &Side<'_, '_>, one: &Item, item: &Item) -> bool {
        match (other.name(one), self.base.name(item)) {
            (Some(one), Some(name)) => one == name,
            (None, None) => other.spelling(one) == self.base.spelling(item),
            _ => false,
        }
    }

    /// Puts in a function of the base as it is in another text.
    fn add_version(
        &mut self,
        other: &Side<'_, '_>,
        one: &Item,
        item: &Item,
        ending: &str,
    ) -> Option<()> {
        let (theirs, ours) = (one.function.as_ref()?, item.function.as_ref()?);
        // Who calls it is compared with neither.
        let is_called_alike = other.head(one, theirs) == self.base.head(item, ours);
        if !is_called_alike || !other.can_be_kept(one, theirs) || !self.base.can_be_kept(item, ours)
        {
            return None;
        }
        let name = String::from_utf8_lossy(ours.name(self.base.unit.source)).into_owned();
        let at = self.base.start(item);
        let slot = self.slots.entry(name.clone()).or_insert_with(|| Slot {
            at,
            names: [const { String::new() }; 3].map(|_| name.clone()),
            texts: Vec::new(),
        });
        let text = other.spelling(one).to_vec();
        let version = ENDINGS.iter().position(|it| *it == ending)?;
        let known =
            slot.texts.iter().find(|(known, _)| *known == text).map(|(_, name)| name.clone());
        let is_known = known.is_some();
        let known = known.unwrap_or_else(|| format!("{name}{ending}"));
        slot.names[version] = known.clone();
        if !is_known {
            slot.texts.push((text, known));
            let slice = |bytes| other.unit.slice(&bytes);
            let head = slice(theirs.start..theirs.name.end);
            let rest = slice(theirs.name.end..theirs.end);
            let text = [KEPT, head, ending.as_bytes(), rest, b"\n"].concat();
            self.edits.push(Edit { range: at..at, text });
        }
        Some(())
    }

    /// The base with all of it, and the functions that it has several times.
    fn finish(mut self) -> Option<(Vec<u8>, Changed)> {
        let marks =
            self.slots.values().map(|slot| Edit { range: slot.at..slot.at, text: KEPT.to_vec() });
        self.edits.extend(marks);
        // In one place in their order: what a function calls stands before it.
        self.edits.sort_by_key(|edit| edit.range.start);
        let text = apply_edits("", self.base.unit.source, &self.edits).ok()?;
        Some((text, self.slots.into_iter().map(|(name, slot)| (name, slot.names)).collect()))
    }
}

#[cfg(test)]
mod tests {
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
