//! Whether names mean the same in two translation units: the question that a text must
//! be asked before it may move from one file to another.
//!
//! A name means the same where both units see the same definition at the same place, and
//! where all that this definition refers to means the same, too: a macro of a common
//! header still means two things if the files define what it expands to in two ways.
//! A function or an object that is not static is one, whoever declares it; macros of the
//! files themselves are one where their texts are. Two structs of one tag, each of a file
//! of its own, are two types, equal layout or not (C11 6.2.7 makes them compatible, but
//! the next change of one of them does not).
//!
//! Members of structs are no names of file scope. What `x->m` means depends on the type
//! of `x`, which the text need not mention: so every struct that can be reached from the
//! text over the members that it names is compared, too.

use super::index::{Definition, DefinitionKind, EntryKind, FileIndex, TagKind};
use super::lexeme::{Lexeme, lexemes};
use super::references::{References, add_types, refer};
use super::spelled::{Call, spell};
use super::unit::{Unit, never_compiled};
use crate::syntax::lexer::TokenKind;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::sync::Arc;

/// What a name is that means two things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApartKind {
    /// A macro.
    Macro,
    /// An enumerator.
    Constant,
    /// A struct, union, enum or typedef.
    Type,
    /// A function.
    Function,
    /// An object of file scope.
    Object,
    /// It is declared nowhere in one of the units.
    Unknown,
    /// A macro spells names that are not known.
    Spelled,
}

/// A name that means two things, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apart {
    /// The name.
    pub name: String,
    /// What it is where it is known.
    pub kind: ApartKind,
    /// `file:line` of what the first unit means by it; `None` where it knows none.
    pub first: Option<String>,
    /// The same of the second.
    pub second: Option<String>,
}

impl fmt::Display for Apart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |place: &Option<String>| place.clone().unwrap_or_else(|| "nowhere".to_owned());
        if OF_MODULE.contains(&self.name.as_str()) {
            return write!(f, "`{}` is another one in each module", self.name);
        }
        let (first, second) = (place(&self.first), place(&self.second));
        write!(f, "`{}` is declared at {first} for one file, at {second} for the other", self.name)
    }
}

/// What compilers define and no file does.
const PREDEFINED: [&str; 8] = [
    "KBUILD_MODNAME",
    "KBUILD_MODFILE",
    "KBUILD_BASENAME",
    "__FILE__",
    "__LINE__",
    "__func__",
    "__FUNCTION__",
    "__COUNTER__",
];

/// What each module has for itself (`linux/export.h`, `scripts/Makefile.lib`).
const OF_MODULE: [&str; 5] =
    ["KBUILD_MODNAME", "KBUILD_MODFILE", "THIS_MODULE", "__this_module", "MODULE"];

/// What only says where a debug message stands, in the record that switches it on.
const DEBUG_RECORD: &str = "DEFINE_DYNAMIC_DEBUG_METADATA";

/// Names as two units see them. Answers are kept.
pub struct Meanings<'u> {
    first: &'u Unit,
    second: &'u Unit,
    /// They are linked into different modules.
    apart: bool,
    /// The text comes to stand in the second: it must see the members that are named.
    moves: bool,
    ordinary: RefCell<FxHashMap<String, Result<Arc<References>, Apart>>>,
    own_macros: OnceCell<FxHashSet<String>>,
}

/// Members of a struct that are declared together.
type Members = Vec<Vec<Lexeme>>;

/// What some headers define once more for those who have not got it yet.
const NULL: &str = "NULL";

impl<'u> Meanings<'u> {
    /// Of these two units.
    pub fn new(first: &'u Unit, second: &'u Unit) -> Self {
        let (ordinary, own_macros) = Default::default();
        Self { first, second, apart: false, moves: false, ordinary, own_macros }
    }

    /// The text of the first unit comes to stand in the second, which has not compiled
    /// such a text before: what it asks of a struct must be known there.
    pub fn moving(self) -> Self {
        Self { moves: true, ..self }
    }

    /// Of units of two modules: what names its module means two things.
    pub fn of_modules(first: &'u Unit, second: &'u Unit) -> Self {
        Self { apart: true, ..Self::new(first, second) }
    }

    /// Whether everything that a text with these references means is the same in both.
    ///
    /// # Errors
    /// The first name that is not.
    pub fn agree(&self, references: &References) -> Result<(), Apart> {
        let mut names: Vec<String> = references.ordinary.clone();
        let mut tags = references.tags.clone();
        let mut members: FxHashSet<String> = references.members.iter().cloned().collect();
        let (mut seen, mut seen_tags) = (FxHashSet::default(), FxHashSet::default());
        // Those of which the second sees no members, with what is then to be said.
        let mut structs: Vec<(Members, Option<Apart>)> = Vec::new();
        for call in &references.calls {
            self.spelled(call)?;
        }
        // A name that no file declares may be one that a macro defines in each of them.
        let parts = self.parts_of_names(references);
        let is_unknown = |name: &&String| !parts.contains(*name) && self.is_unknown(name);
        if let Some(unknown) = names.iter().find(is_unknown) {
            return Err(self.apart(unknown, ApartKind::Unknown));
        }
        loop {
            while let Some(name) = names.pop() {
                if !seen.insert(name.clone()) {
                    continue;
                }
                let found = self.name(&name)?;
                names.extend(found.ordinary.iter().cloned());
                tags.extend(found.tags.iter().cloned());
                members.extend(found.members.iter().cloned());
                if !found.untagged.is_empty() {
                    structs.push((found.untagged.clone(), None));
                }
            }
            while let Some((kind, tag)) = tags.pop() {
                if seen_tags.insert(tag.clone()) {
                    let (members, unseen) = self.tag(kind, &tag)?;
                    match unseen {
                        Some(apart) if references.sizes => return Err(apart),
                        unseen => structs.push((members, unseen)),
                    }
                }
            }
            // A member that is named leads to its type; each declaration is followed once.
            let mut more = References::default();
            for (declarations, unseen) in &mut structs {
                // `struct m *x` declares no member of the name of its tag.
                let is_tag = |tokens: &[Lexeme], at: usize| {
                    let before = at.checked_sub(1).map(|at| &tokens[at]);
                    before.is_some_and(|it| it.is("struct") || it.is("union") || it.is("enum"))
                };
                let is_named = |tokens: &mut Vec<Lexeme>| {
                    let named = |at: &usize| members.contains(&*tokens[*at].text);
                    (0..tokens.len()).any(|at| named(&at) && !is_tag(tokens, at))
                };
                for tokens in declarations.extract_if(.., is_named) {
                    if let Some(apart) = unseen.take() {
                        return Err(apart);
                    }
                    add_types(&mut more, &tokens);
                }
            }
            if more == References::default() {
                return Ok(());
            }
            names.extend(more.ordinary);
            tags.extend(more.tags);
        }
    }

    fn name(&self, name: &str) -> Result<Arc<References>, Apart> {
        if let Some(known) = self.ordinary.borrow().get(name) {
            return known.clone();
        }
        let found = self.find(name).map(Arc::new);
        self.ordinary.borrow_mut().insert(name.to_owned(), found.clone());
        found
    }

    fn find(&self, name: &str) -> Result<References, Apart> {
        let (first, second) = (seen_by(self.first, name), seen_by(self.second, name));
        let apart = |kind| self.apart(name, kind);
        if self.apart && OF_MODULE.contains(&name) {
            return Err(apart(ApartKind::Macro));
        }
        if self.apart && name.starts_with(DEBUG_RECORD) {
            return Ok(References::default());
        }
        // In a macro: a keyword of the compiler, a local, a part of a name.
        let Some(one) = first.first().or(second.first()) else {
            return Ok(References::default());
        };
        let kind = kind_of(&one.kind);
        if first.is_empty() || second.is_empty() {
            return Err(apart(kind));
        }
        let is_own = |d: &Definition| self.is_of_one(&d.file);
        let same_places = first.len() == second.len()
            && first.iter().zip(&second).all(|(a, b)| a.file == b.file && a.offset == b.offset);
        let both = || first.iter().chain(&second);
        // A typedef that is said once more is the same type, or the compiler would refuse it
        // (C11, 6.7, paragraph 3).
        let is_shared_type = || {
            let is_in = |some: &[Definition], a: &Definition| {
                some.iter().any(|b| a.file == b.file && a.offset == b.offset)
            };
            // Nor can a type's name be that of an object: what looks like one is a member of
            // a struct that an `#if` cuts in two.
            use DefinitionKind::{Typedef, Variable};
            let is_once_more =
                |it: &Definition| matches!(it.kind, Typedef { .. } | Variable { .. });
            let is_common_type = |it: &Definition| {
                is_in(&second, it)
                    && !matches!(it.kind, Variable { .. } | DefinitionKind::Function(_))
            };
            first.iter().any(is_common_type)
                && both().all(|it| is_in(&first, it) && is_in(&second, it) || is_once_more(it))
        };
        let same = (same_places || is_shared_type()) && !both().any(is_own)
            || name == NULL
            || both().all(is_global)
            || own_macro(&first).is_some_and(|text| own_macro(&second) == Some(text));
        if !same || both().any(|definition| self.depends_on_own(&definition.conditions)) {
            return Err(apart(kind));
        }
        let mut references = References::default();
        for definition in both() {
            refer(definition, &mut references);
        }
        if self.inline_uses_own(name) {
            return Err(apart(kind));
        }
        references.untagged = self.untagged(name).ok_or_else(|| apart(kind))?;
        Ok(references)
    }

    /// The declarations of the members of what only the name of a typedef names; `None` where
    /// an `#if` among them asks for what the two files define in two ways. The typedef is
    /// known to be the same in both.
    fn untagged(&self, name: &str) -> Option<Members> {
        let mut declarations = Members::new();
        let mut is_one = true;
        self.first.visit(name, |index, number| {
            let Some(entry) = index.entries.get(number as usize) else { return };
            let tokens = match entry.kind {
                EntryKind::Typedef => index.tokens(entry),
                _ => return,
            };
            let Some(open) = tokens.iter().position(|token| token.is("{")) else { return };
            let mut inside = tokens.iter().filter(|token| token.kind == TokenKind::Directive);
            is_one &= !inside.any(|token| self.mentions_own(&lexemes(&token.text.as_bytes()[1..])));
            declarations.extend(declarations_in(&tokens[open + 1..]));
        });
        is_one.then_some(declarations)
    }

    /// Whether the names that a call makes up are there, and mean the same.
    fn spelled(&self, call: &Call) -> Result<(), Apart> {
        let mut names = Vec::new();
        if !spell(self.first, call, 0, &mut names) {
            return Err(self.apart(&call.name, ApartKind::Spelled));
        }
        for name in names {
            if self.is_unknown(&name) {
                return Err(self.apart(&name, ApartKind::Spelled));
            }
            let mut alone = References::default();
            alone.ordinary.push(name);
            self.agree(&alone)?;
        }
        Ok(())
    }

    /// The words that calls paste to others: they name nothing by themselves.
    fn parts_of_names(&self, references: &References) -> FxHashSet<String> {
        let mut parts = FxHashSet::default();
        for call in &references.calls {
            let Some(facts) = self.first.macro_facts(&call.name) else { continue };
            let pasted = |index: usize| facts.argument(index).any(|it| it.pasted.is_some());
            let arguments = call.arguments.iter().enumerate().filter(|(at, _)| pasted(*at));
            let words = arguments.flat_map(|(_, tokens)| tokens).filter(|it| it.is_ident());
            parts.extend(words.map(|token| token.text.to_string()));
        }
        parts
    }

    /// Whether neither file sees a declaration of the name, nor does the compiler.
    fn is_unknown(&self, name: &str) -> bool {
        !PREDEFINED.contains(&name)
            && !name.starts_with("__builtin_")
            && self.first.lookup(name).is_empty()
            && self.second.lookup(name).is_empty()
    }

    fn apart(&self, name: &str, kind: ApartKind) -> Apart {
        let place = |unit| seen_by(unit, name).first().map(place);
        let (first, second) = (place(self.first), place(self.second));
        Apart { name: name.to_owned(), kind, first, second }
    }

    /// Whether what stands at `path` is of one unit alone. A header that is looked at as a
    /// unit is what it is wherever it is included.
    fn is_of_one(&self, path: &str) -> bool {
        (path == self.first.path() || path == self.second.path()) && !path.ends_with(".h")
    }

    /// The members of the struct (or such) of that tag; none where no unit sees any. And
    /// what is to be said if one is named that the second must see, and does not.
    fn tag(&self, kind: TagKind, tag: &str) -> Result<(Members, Option<Apart>), Apart> {
        let (first, second) = (bodies(self.first, kind, tag), bodies(self.second, kind, tag));
        let places = |bodies: &[Body]| -> Vec<(Arc<str>, u32)> {
            bodies.iter().map(|body| (body.file.clone(), body.start)).collect()
        };
        let is_own = |body: &Body| self.is_of_one(&body.file);
        let both = || first.iter().chain(&second);
        // Who sees no members only hands the address on.
        let is_blind = first.is_empty() || second.is_empty();
        let differs = places(&first) != places(&second) && !is_blind
            || both().any(is_own)
            || both().any(|body| self.depends_on_own(&body.conditions));
        let place =
            |bodies: &[Body]| bodies.first().map(|body| format!("{}:{}", body.file, body.line));
        let apart = || {
            let (kind, name) = (ApartKind::Type, tag.to_owned());
            Apart { name, kind, first: place(&first), second: place(&second) }
        };
        if differs {
            return Err(apart());
        }
        let is_unseen = self.moves && second.is_empty() && !first.is_empty();
        let declarations = first.iter().flat_map(|body| declarations_in(&body.tokens));
        Ok((declarations.collect(), is_unseen.then(apart)))
    }

    /// Whether conditions ask for a macro that the two files define in two ways.
    fn depends_on_own(&self, conditions: &[String]) -> bool {
        conditions.iter().any(|condition| self.mentions_own(&lexemes(condition.as_bytes())))
    }

    fn mentions_own(&self, tokens: &[Lexeme]) -> bool {
        let own = self.own_macros();
        !own.is_empty() && tokens.iter().any(|token| own.contains(&*token.text))
    }

    /// Whether the name is a function with a body in a header, and that body mentions
    /// what the two files define in two ways.
    fn inline_uses_own(&self, name: &str) -> bool {
        let mut uses = false;
        self.first.visit(name, |index, number| {
            let Some(entry) = index.entries.get(number as usize) else { return };
            if entry.kind == EntryKind::Function && entry.extra > entry.end {
                let body = index.source.get(entry.end as usize..entry.extra as usize);
                uses |= *index.path != *self.first.path()
                    && self.mentions_own(&lexemes(body.unwrap_or_default()));
            }
        });
        uses
    }

    /// The macros that the two files define in two ways.
    fn own_macros(&self) -> &FxHashSet<String> {
        self.own_macros.get_or_init(|| {
            // Those of a header are its includer's, too.
            let own_macros = |unit: &'u Unit| match unit.path().ends_with(".h") {
                true => Default::default(),
                false => unit.own_macros(),
            };
            let (first, second) = (own_macros(self.first), own_macros(self.second));
            let differs = |name: &&String| first.get(*name) != second.get(*name);
            let mut own: FxHashSet<String> =
                first.keys().chain(second.keys()).filter(differs).cloned().collect();
            if self.apart {
                own.extend(OF_MODULE.map(str::to_owned));
            }
            own
        })
    }
}

/// What stands between the `;` and braces of a body.
fn declarations_in(tokens: &[Lexeme]) -> impl Iterator<Item = Vec<Lexeme>> {
    tokens.split(|token| token.is(";") || token.is("{")).map(<[Lexeme]>::to_vec)
}

/// A struct with its members.
struct Body {
    file: Arc<str>,
    start: u32,
    line: u32,
    conditions: Vec<String>,
    tokens: Vec<Lexeme>,
}

fn bodies(unit: &Unit, kind: TagKind, tag: &str) -> Vec<Body> {
    let wanted = match kind {
        TagKind::Struct => EntryKind::Struct,
        TagKind::Union => EntryKind::Union,
        TagKind::Enum => EntryKind::Enum,
    };
    let mut found: Vec<Body> = Vec::new();
    unit.visit(tag, |index: &FileIndex, number| {
        let entry = index.entries.get(number as usize);
        let Some(entry) = entry.filter(|it| it.kind == wanted && it.extra == 1) else { return };
        let mut conditions = index.conditions.texts(entry.condition);
        if never_compiled(&index.path, &conditions) {
            return;
        }
        let tokens = index.tokens(entry);
        // An `#if` among the members counts as one around them.
        let inside = tokens.iter().filter(|token| token.kind == TokenKind::Directive);
        conditions.extend(inside.map(|token| token.text.trim_start_matches('#').to_owned()));
        let (file, start, line) = (index.path.clone(), entry.start, entry.line);
        found.push(Body { file, start, line, conditions, tokens });
    });
    found.sort_by(|a, b| (&a.file, a.start).cmp(&(&b.file, b.start)));
    found
}

/// All definitions of `name`, but not the own ones of what a header declares for all.
fn seen_by(unit: &Unit, name: &str) -> Vec<Definition> {
    let mut found = unit.lookup(name);
    found.retain(|definition| !is_of_macros_alone(definition));
    let is_own = |d: &Definition| *d.file == *unit.path();
    if found.iter().any(|d| !is_own(d) && is_global(d)) {
        found.retain(|d| !(is_own(d) && is_global(d)));
    }
    found
}

/// Whether the name only stands in what exports it to modules, or is that of a trace event:
/// what that defines is called otherwise (`linux/tracepoint.h`).
fn is_of_macros_alone(definition: &Definition) -> bool {
    let DefinitionKind::MacroArgument { macro_name } = &definition.kind else { return false };
    let mut macros = ["EXPORT_SYMBOL", "TRACE_EVENT", "DEFINE_EVENT"].iter();
    macros.any(|it| macro_name.starts_with(it))
}

/// Whether the linker knows one thing of that name.
fn is_global(definition: &Definition) -> bool {
    match &definition.kind {
        DefinitionKind::Function(function) => !function.is_static && !function.is_inline,
        DefinitionKind::Variable { is_static, .. } => !is_static,
        _ => false,
    }
}

/// The text of the macro that all of `definitions` are.
fn own_macro(definitions: &[Definition]) -> Option<Vec<String>> {
    definitions.iter().map(macro_text).collect()
}

fn macro_text(definition: &Definition) -> Option<String> {
    let DefinitionKind::Macro(define) = &definition.kind else { return None };
    Some(format!("{:?} {:?} {}", define.params, define.variadic, define.body_text()))
}

fn kind_of(kind: &DefinitionKind) -> ApartKind {
    match kind {
        DefinitionKind::Macro(_) | DefinitionKind::Undef => ApartKind::Macro,
        DefinitionKind::Enumerator { .. } => ApartKind::Constant,
        DefinitionKind::Typedef { .. } | DefinitionKind::Tag { .. } => ApartKind::Type,
        DefinitionKind::Function(_) => ApartKind::Function,
        DefinitionKind::Variable { .. } | DefinitionKind::MacroArgument { .. } => ApartKind::Object,
    }
}

fn place(definition: &Definition) -> String {
    format!("{}:{}", definition.file, definition.line)
}

#[cfg(test)]
#[path = "meaning_tests.rs"]
mod tests;
