//! The facts about a macro that the planner asks for, and how they are added up.

use std::collections::BTreeMap;

/// A set of things that happen to a parameter.
pub(super) type Flags = u16;
pub(super) const STRINGIFIED: Flags = 1;
pub(super) const PASTED: Flags = 2;
pub(super) const NEEDS_CONSTANT: Flags = 4;
pub(super) const TESTS_CONSTANT: Flags = 8;
pub(super) const JOINED: Flags = 16;
pub(super) const NAME: Flags = 32;
pub(super) const MEASURED: Flags = 64;
/// Its value takes part in the macro's: not only the operand of `sizeof`.
pub(super) const VALUE: Flags = 128;
/// It is assigned, counted up or down, or its address is taken.
pub(super) const WRITTEN: Flags = 256;

/// Where a fact about a macro comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Names of macros from the one asked about to the one whose body shows it.
    pub via: Vec<String>,
    /// Only definitions below `include/` or `arch/` show it.
    pub in_include: bool,
}

impl Fact {
    /// The macros behind the first, for a message: ` (through b, c)`, or nothing.
    pub fn through(&self) -> String {
        match self.via.as_slice() {
            [] | [_] => String::new(),
            [_, inner @ ..] => format!(" (through {})", inner.join(", ")),
        }
    }
}

/// What happens to one parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParamFacts {
    /// Its name in the first visible definition that has it.
    pub name: String,
    /// Operand of `#`.
    pub stringified: Option<Fact>,
    /// Operand of `##` (the GNU comma before the variadic parameter apart).
    pub pasted: Option<Fact>,
    /// Stands where C or a compile-time check wants a constant.
    pub needs_constant: Option<Fact>,
    /// Asked for with `__builtin_constant_p`; works either way.
    pub tests_constant: Option<Fact>,
    /// Stands beside a string literal or another parameter: must be a literal.
    pub joined_to_string: Option<Fact>,
    /// Stands for a type, a tag, a member, a label or a declared name.
    pub is_type_or_name: Option<Fact>,
    /// Operand of `sizeof` or `typeof`: a string literal is not its pointer.
    pub measured: Option<Fact>,
    /// Its value takes part in the result.
    pub value_used: Option<Fact>,
    /// It is assigned, counted up or down, or its address is taken: the argument may
    /// have another value afterwards.
    pub written: Option<Fact>,
}

/// What a macro does, by all its visible definitions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MacroFacts {
    /// Parameters by position; the variadic one is the last of its definition.
    pub params: Vec<ParamFacts>,
    /// Smallest position of a variadic parameter.
    pub variadic_from: Option<usize>,
    /// A visible definition is function-like.
    pub function_like: bool,
    /// Names the function that it is expanded in (`__func__`).
    pub names_function: Option<Fact>,
    /// Names the place that it is expanded at (`__LINE__`, `_THIS_IP_`).
    pub names_place: Option<Fact>,
    /// Declares a static object that is not const.
    pub static_state: Option<Fact>,
    /// Contains `return`, `goto`, or a `break` or `continue` of an outer loop.
    pub returns_or_jumps: Option<Fact>,
    /// Names that are neither parameters, nor declared in the expansion, nor of
    /// file scope: captured locals of the function that it stands in.
    pub free_names: BTreeMap<String, Fact>,
}

/// All flags that a parameter can have.
pub(super) const FLAGS: [Flags; 9] =
    [STRINGIFIED, PASTED, NEEDS_CONSTANT, TESTS_CONSTANT, JOINED, NAME, MEASURED, VALUE, WRITTEN];

impl ParamFacts {
    pub(super) fn slot(&mut self, flag: Flags) -> &mut Option<Fact> {
        match flag {
            STRINGIFIED => &mut self.stringified,
            PASTED => &mut self.pasted,
            NEEDS_CONSTANT => &mut self.needs_constant,
            TESTS_CONSTANT => &mut self.tests_constant,
            JOINED => &mut self.joined_to_string,
            NAME => &mut self.is_type_or_name,
            MEASURED => &mut self.measured,
            WRITTEN => &mut self.written,
            _ => &mut self.value_used,
        }
    }

    pub(super) fn get(&self, flag: Flags) -> &Option<Fact> {
        match flag {
            STRINGIFIED => &self.stringified,
            PASTED => &self.pasted,
            NEEDS_CONSTANT => &self.needs_constant,
            TESTS_CONSTANT => &self.tests_constant,
            JOINED => &self.joined_to_string,
            NAME => &self.is_type_or_name,
            MEASURED => &self.measured,
            WRITTEN => &self.written,
            _ => &self.value_used,
        }
    }
}

impl MacroFacts {
    /// What happens to argument number `argument`: the facts of the parameters
    /// that it may belong to.
    pub fn argument(&self, argument: usize) -> impl Iterator<Item = &ParamFacts> {
        let variadic = self.variadic_from.filter(|from| argument >= *from);
        self.params
            .iter()
            .enumerate()
            .filter(move |(i, _)| *i == argument || variadic.is_some_and(|from| *i >= from))
            .map(|(_, facts)| facts)
    }
}

/// A callee's fact as one of its caller.
pub(super) fn through(own: &Fact, inner: &Fact) -> Fact {
    Fact { via: [own.via.as_slice(), &inner.via].concat(), in_include: inner.in_include }
}

/// Adds a fact; one from a driver's own definition takes the place of one from a
/// shared header. Otherwise the first stays, so that growing comes to an end.
pub(super) fn add(slot: &mut Option<Fact>, fact: &Fact) {
    if slot.as_ref().is_none_or(|old| old.in_include && !fact.in_include) {
        *slot = Some(fact.clone());
    }
}

pub(super) fn add_free(facts: &mut MacroFacts, name: &str, fact: &Fact) {
    match facts.free_names.get_mut(name) {
        Some(old) if old.in_include && !fact.in_include => *old = fact.clone(),
        Some(_) => {}
        None => {
            facts.free_names.insert(name.to_string(), fact.clone());
        }
    }
}
