//! Puts into a text what only other texts of the same file have: in its place, and under
//! another name where the text has a function of that name. In: texts, item by item in the
//! same order. Out: one text, and the names that its functions have in it.

use crate::generate::Edit;
use crate::generate::edits::apply_edits;
use crate::syntax::split::Function;
use crate::verify::Files;
use crate::verify::ladder::force;
use crate::verify::unit::{Item, Unit};
use std::collections::{BTreeMap, BTreeSet};

/// What the name of a function ends in as it was, and before and after the patch with
/// constants put in the place of parameters.
pub(super) const ENDINGS: [&str; 3] = ["__before", "__before_put", "__after_put"];

/// What says that a function may have no code of its own.
const INLINE: [&[u8]; 5] =
    [b"inline", b"__inline", b"__inline__", b"__always_inline", b"__always_inline__"];

/// Directives that are over where the function is that they stand in.
const CONDITIONALS: [&[u8]; 6] = [b"if", b"ifdef", b"ifndef", b"else", b"elif", b"endif"];

/// By the name of each function that is not the same in all texts, its names in those that
/// [`ENDINGS`] are of.
pub(super) type Changed = BTreeMap<String, [String; 3]>;

/// What stands before the names of functions, by these.
pub(super) type Heads = BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>;

/// Those of all functions that some text defines.
pub(super) fn heads<'t>(texts: impl Iterator<Item = &'t Files>) -> Heads {
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
pub(super) struct Side<'u, 's> {
    unit: &'u Unit<'s>,
    heads: &'u Heads,
    functions: BTreeMap<&'s [u8], usize>,
}

impl<'u, 's> Side<'u, 's> {
    /// `None` where a name is defined twice.
    pub fn new(unit: &'u Unit<'s>, heads: &'u Heads) -> Option<Self> {
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
pub(super) struct Merge<'u, 's> {
    base: Side<'u, 's>,
    edits: Vec<Edit>,
    slots: BTreeMap<String, Slot>,
    /// What was put in, functions by their names.
    functions: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Prototypes that the base lacks, and those that others lack: names and texts.
    pub gone: BTreeSet<(Vec<u8>, Vec<u8>)>,
    pub new: BTreeSet<(Vec<u8>, Vec<u8>)>,
}

impl<'u, 's> Merge<'u, 's> {
    pub fn new(base: Side<'u, 's>) -> Self {
        let (edits, slots, functions, gone, new) = Default::default();
        Self { base, edits, slots, functions, gone, new }
    }

    /// Puts in what only `other` has. `None` where that is too much.
    ///
    /// `version` is its place among [`ENDINGS`].
    pub fn add(&mut self, other: &Side<'_, '_>, version: usize) -> Option<()> {
        let base = self.base.unit;
        let (mut theirs, mut ours) =
            (other.unit.items.iter().peekable(), base.items.iter().peekable());
        loop {
            let at = ours.peek().map_or(base.source.len(), |item| self.base.start(item));
            match (theirs.peek(), ours.peek()) {
                (None, None) => return Some(()),
                (Some(one), Some(item)) if self.are_one(other, one, item) => {
                    if other.spelling(one) != self.base.spelling(item) {
                        self.add_version(other, one, item, version)?;
                    }
                    theirs.next();
                    ours.next();
                    continue;
                }
                _ => {}
            }
            if let Some(item) = ours.peek()
                && let Some(found) = self.base.dispensable(item, other)
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
        version: usize,
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
        let ending = ENDINGS.get(version)?;
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
            let text = [force::KEPT, head, ending.as_bytes(), rest, b"\n"].concat();
            self.edits.push(Edit { range: at..at, text });
        }
        Some(())
    }

    /// The base with all of it, and the functions that it has several times.
    pub fn finish(mut self) -> Option<(Vec<u8>, Changed)> {
        let marks = self
            .slots
            .values()
            .map(|slot| Edit { range: slot.at..slot.at, text: force::KEPT.to_vec() });
        self.edits.extend(marks);
        // In one place in their order: what a function calls stands before it.
        self.edits.sort_by_key(|edit| edit.range.start);
        let text = apply_edits("", self.base.unit.source, &self.edits).ok()?;
        Some((text, self.slots.into_iter().map(|(name, slot)| (name, slot.names)).collect()))
    }
}
