//! Which thing of one object is which of the other.

use super::content::Scope;
use super::elf::{Home, Symbol};
use super::layout::Object;
use super::names;
use super::place::Place;
use super::{Merged, Unit};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How two places differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// Bytes of contents, or fields at other places.
    Bytes,
    /// Another instruction.
    Opcode,
    /// Another step of the same function.
    Jump,
    /// Another function.
    Callee,
    /// Another string.
    Text { before: Vec<u8>, after: Vec<u8> },
    /// One variable where there were two, or two where there was one.
    State(String),
    /// Other data, or a place that is no such thing on one side.
    Place,
}

/// A one-to-one relation between numbers of the two objects.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pub before: BTreeMap<usize, usize>,
    pub after: BTreeMap<usize, usize>,
}

impl Pairs {
    /// Whether `before` is paired with `after`; `None` while both are free.
    fn get(&self, before: usize, after: usize) -> Option<bool> {
        let (is, was) = (self.before.get(&before), self.after.get(&after));
        (is.is_some() || was.is_some()).then(|| is == Some(&after) && was == Some(&before))
    }

    fn insert(&mut self, before: usize, after: usize) {
        self.before.insert(before, after);
        self.after.insert(after, before);
    }
}

/// Two things that must be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Root {
    /// By the numbers of the functions.
    Functions(usize, usize),
    /// By the numbers of the symbols.
    Data(usize, usize),
}

/// A comparison under way: what was found to stand for what, and what of it is
/// still to be compared.
pub(super) struct Session<'o, 'a> {
    pub before: &'o Object<'a>,
    pub after: &'o Object<'a>,
    pub unit: Unit,
    /// The names of one function and another of another name that are compared: a
    /// variable of the one cannot become one of the other's.
    pub renamed: Option<(String, String)>,
    pub merged: Merged,
    pub functions: Pairs,
    /// Data by its symbols.
    pub data: Pairs,
    pub queue: VecDeque<Root>,
    /// All that was ever queued: each pair is compared once.
    queued: BTreeSet<Root>,
}

impl<'o, 'a> Session<'o, 'a> {
    /// A comparison in which nothing is known yet.
    pub fn new(before: &'o Object<'a>, after: &'o Object<'a>, unit: Unit) -> Session<'o, 'a> {
        let (functions, data) = (Pairs::default(), Pairs::default());
        Session {
            before,
            after,
            unit,
            renamed: None,
            merged: Merged::default(),
            functions,
            data,
            queue: VecDeque::new(),
            queued: BTreeSet::new(),
        }
    }

    /// Takes two functions for each other, whatever they are called.
    pub fn identify(&mut self, before: usize, after: usize) {
        self.functions.insert(before, after);
        self.enqueue(Root::Functions(before, after));
    }

    /// Takes two data symbols for each other.
    pub fn identify_data(&mut self, before: usize, after: usize) {
        self.data.insert(before, after);
        self.enqueue(Root::Data(before, after));
    }

    fn enqueue(&mut self, root: Root) {
        if self.queued.insert(root) {
            self.queue.push_back(root);
        }
    }

    /// Whether two functions may stand for each other; the first use decides
    /// between several of one name.
    fn same_function(&mut self, before: usize, after: usize) -> Result<(), Clash> {
        if self.is_itself(before, after) {
            return Ok(());
        }
        match self.functions.get(before, after) {
            Some(true) => Ok(()),
            _ if self.merges(before, after) => {
                self.functions.before.insert(before, after);
                self.enqueue(Root::Functions(before, after));
                Ok(())
            }
            Some(false) => Err(Clash::Callee),
            None if self.share_a_name(before, after) => {
                self.identify(before, after);
                Ok(())
            }
            None => Err(Clash::Callee),
        }
    }

    /// Whether the function before is one of those that the one after stands for.
    fn merges(&self, before: usize, after: usize) -> bool {
        let named = |object: &Object<'_>, function: usize, fits: &dyn Fn(&str) -> bool| {
            let function = object.functions.get(function);
            let symbols = function.into_iter().flat_map(|function| &function.symbols);
            symbols.filter_map(|symbol| object.name(*symbol)).any(fits)
        };
        named(self.after, after, &|name| name == self.merged.into)
            && named(self.before, before, &|name| self.merged.functions.contains(name))
    }

    fn share_a_name(&self, before: usize, after: usize) -> bool {
        let symbols = |object: &'o Object<'a>, function: usize| {
            let function = object.functions.get(function);
            let symbols = function.into_iter().flat_map(|function| &function.symbols);
            symbols.filter_map(|symbol| object.symbols.get(*symbol))
        };
        symbols(self.before, before)
            .any(|old| symbols(self.after, after).any(|new| same_name(old, new)))
    }

    /// Whether two numbers, of functions or of symbols, are of one thing of one object.
    fn is_itself(&self, before: usize, after: usize) -> bool {
        before == after && std::ptr::eq(self.before, self.after)
    }

    /// Whether two data symbols may stand for each other.
    fn same_data(&mut self, before: usize, after: usize) -> Result<(), Clash> {
        if self.is_itself(before, after) {
            return Ok(());
        }
        let (Some(old), Some(new)) =
            (self.before.symbols.get(before), self.after.symbols.get(after))
        else {
            return Err(Clash::Place);
        };
        // What was taken for each other by somebody who knows better needs no name.
        if !same_name(old, new) && self.data.get(before, after) != Some(true) {
            return Err(Clash::Place);
        }
        let sizes = (self.before.data_size(before), self.after.data_size(after));
        let constant = |object: &Object<'_>, symbol: &Symbol| match symbol.home {
            Home::Section(section) => object.is_read_only(section),
            _ => false,
        };
        // Neither a constant nor an object of no size can hold state.
        let stateless = sizes == (0, 0) || constant(self.before, old) && constant(self.after, new);
        let own = self.renamed.is_some() && names::is_numbered(&old.name);
        let private = !old.global && (self.unit == Unit::Other || own);
        match self.data.get(before, after) {
            _ if private && !stateless => Err(Clash::State(old.name.clone())),
            Some(true) => Ok(()),
            Some(false) if !stateless => Err(Clash::State(old.name.clone())),
            _ => {
                // Constants of one name may stand for each other in any way.
                if self.data.get(before, after).is_none() {
                    self.data.insert(before, after);
                }
                self.enqueue(Root::Data(before, after));
                Ok(())
            }
        }
    }

    /// Whether two places are the same; contents without a name are left to `scope`.
    pub fn same_place(
        &mut self,
        before: Place,
        after: Place,
        scope: &mut Scope,
        step: usize,
    ) -> Result<(), Clash> {
        match (before, after) {
            (Place::Number(old), Place::Number(new)) if old == new => Ok(()),
            (
                Place::Code { function, step, within },
                Place::Code { function: other, step: index, within: inside },
            ) => {
                self.same_function(function, other)?;
                if (step, within) == (index, inside) { Ok(()) } else { Err(Clash::Jump) }
            }
            (Place::Stray(old), Place::Stray(new)) => {
                scope.require(old, new, step);
                Ok(())
            }
            (Place::Contents { area, bias }, Place::Contents { area: other, bias: offset })
                if bias == offset =>
            {
                scope.require(area, other, step);
                Ok(())
            }
            (Place::Named { symbol, offset }, Place::Named { symbol: other, offset: place })
                if offset == place =>
            {
                self.same_data(symbol, other)
            }
            (Place::Text { section, offset }, Place::Text { section: other, offset: place }) => {
                self.same_text((section, offset), (other, place))
            }
            (
                Place::Somewhere { section, offset },
                Place::Somewhere { section: other, offset: place },
            ) if offset == place
                && self.before.section_name(section) == self.after.section_name(other) =>
            {
                Ok(())
            }
            (Place::External { .. } | Place::Named { .. } | Place::Code { .. }, _) => {
                match (global_name(self.before, before), global_name(self.after, after)) {
                    (Some(old), Some(new)) if old == new => Ok(()),
                    _ => Err(Clash::Place),
                }
            }
            _ => Err(Clash::Place),
        }
    }

    fn same_text(&self, before: (usize, u64), after: (usize, u64)) -> Result<(), Clash> {
        let width = |object: &Object<'_>, section: usize| {
            object.sections.get(section).map(|section| section.entry_size)
        };
        let old = self.before.text(before.0, before.1);
        let new = self.after.text(after.0, after.1);
        match (old, new) {
            (Some(old), Some(new))
                if old == new && width(self.before, before.0) == width(self.after, after.0) =>
            {
                Ok(())
            }
            (Some(old), Some(new)) => {
                Err(Clash::Text { before: old.to_owned(), after: new.to_owned() })
            }
            _ => Err(Clash::Place),
        }
    }
}

/// Whether two symbols may name the same thing: exactly, if other objects see
/// it; without the compiler's numbers, if not.
fn same_name(before: &Symbol, after: &Symbol) -> bool {
    match (before.global, after.global) {
        (false, false) => names::normalise(&before.name) == names::normalise(&after.name),
        _ => before.name == after.name,
    }
}

/// The name by which all objects know a place, and the bytes from there.
fn global_name<'o>(object: &'o Object<'_>, place: Place) -> Option<(&'o str, i64)> {
    let (symbol, offset) = match place {
        Place::External { symbol, addend } => (object.symbols.get(symbol)?, addend),
        Place::Named { symbol, offset } => (object.symbols.get(symbol)?, offset),
        Place::Code { function, step: 0, within: 0 } => {
            let symbols = object.functions.get(function)?.symbols.iter();
            let mut symbols = symbols.filter_map(|symbol| object.symbols.get(*symbol));
            (symbols.find(|symbol| symbol.global)?, 0)
        }
        _ => return None,
    };
    symbol.global.then_some((symbol.name.as_str(), offset))
}
