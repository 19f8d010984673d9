//! What a run of statements takes from the function that it stands in, and what it gives
//! back: the parameters, the locals and the result of the function that it becomes.
//!
//! By value only: a run that shares a variable with what stays, by its address or because
//! both change it, stays where it is.

mod control;
mod variables;

use crate::plan::align::AlignedMember;
use crate::plan::{FileContext, Reason, Refusal};
use crate::syntax::Function;
use std::ops::Range;

/// A variable of the function that the run mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: Vec<u8>,
    /// Its declaration without an initialiser: `struct foo *bar`.
    pub declaration: String,
    /// Its initialiser with the `=`, where the run is what needs it: ` = 0`.
    pub initialiser: String,
    /// Where it is declared; `None` for a parameter.
    declared: Option<Declared>,
}

/// Where a local is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Declared {
    /// The declaration up to its `;`.
    whole: Range<usize>,
    /// The declarator with its initialiser.
    own: Range<usize>,
    /// The declarator without it.
    bare: Range<usize>,
    /// All declarators of the declaration.
    all: Vec<Range<usize>>,
    initialised: bool,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// What it takes, in the order of their first use.
    pub parameters: Vec<Variable>,
    /// What it declares for itself.
    pub locals: Vec<Variable>,
    /// What becomes of the function's declarations of which the run alone needed some: the
    /// bytes that go, and those that come.
    pub declarations: Vec<(Range<usize>, String)>,
    /// What it gives back.
    pub result: Outcome,
}

/// What the function of a run gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What the whole function does: the run is the end of it.
    Whole,
    /// Nothing.
    Nothing,
    /// The value of this variable.
    Value(Variable),
    /// Zero where it comes to its end, else what the function returns at once: the error
    /// that this variable holds.
    Status(Variable, Guard),
}

/// What tells an error from success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// It is not zero.
    Nonzero,
    /// It is below zero.
    Negative,
}

/// A run of a member's statements.
pub struct Place<'a> {
    /// The member.
    pub member: &'a AlignedMember<'a>,
    /// Its function.
    pub function: &'a Function,
    /// The tokens of the run.
    pub run: Range<usize>,
    /// First tokens of the statements of the body that stand on its top level.
    pub statements: &'a [usize],
    /// No statement follows.
    pub is_end: bool,
}

/// What the run takes and gives.
///
/// # Errors
/// `not-separable` at the first thing that ties the run to what is around it.
pub fn interface(place: &Place<'_>) -> Result<Interface, Refusal> {
    place.control_stays_inside()?;
    let status = place.status()?;
    let mut found = Interface {
        parameters: Vec::new(),
        locals: Vec::new(),
        declarations: Vec::new(),
        result: if place.is_end { Outcome::Whole } else { Outcome::Nothing },
    };
    let mut moved = Vec::new();
    for variable in place.variables()? {
        match &status {
            Some((name, guard)) if *name == variable.name => {
                place.check_status(&variable)?;
                found.result = Outcome::Status(variable.clone(), *guard);
            }
            _ => {}
        }
        place.sort(variable, &mut found, &mut moved)?;
    }
    found.declarations.extend(variables::without(place, &moved));
    found.locals.sort_by_key(|it| it.declared.as_ref().map(|it| it.own.start));
    Ok(found)
}

impl<'a> Place<'a> {
    fn file(&self) -> &'a FileContext {
        self.member.file
    }

    fn refuse(&self, at: usize, detail: impl Into<String>) -> Refusal {
        let file = self.file();
        file.refuse(Reason::NotSeparable, file.tokens[at].start, detail)
    }

    fn body(&self) -> Range<usize> {
        self.file().token_at(self.function.body)..self.file().token_at(self.function.end)
    }
}
