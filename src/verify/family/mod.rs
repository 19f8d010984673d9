//! The rung *expands* for functions that became one, which takes what they differed in from
//! the row by which it is reached.
//!
//! Two steps, with a text between ([`between`]): the file as it was, with members that do
//! nothing but call the one function with their constants. That the members did just that is
//! checked as for a helper. Then, from the text between to the text after, each row that
//! named a member names the one function and holds the member's constants, the function reads
//! them there, nobody else does, and nothing else has changed ([`rows`], [`reads`]).
//!
//! What the claim says of the rows is only where to look.

mod between;
mod expand;
mod reads;
mod rows;

use super::expands::one_file;
use super::tables::{self, Table, Wrong};
use super::unit::{Difference, Unit};
use super::unrolled;
use super::{Claim, Files, Problem, Scope, Verdict};
use crate::syntax::{LoopMacros, decl};
use between::One;
use serde::{Deserialize, Serialize};

/// What a claim says of the rows, in the order of its members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// The tag of the rows after the patch.
    pub tag: String,
    /// The member of theirs whose address the function is handed.
    pub attribute: String,
    /// The member of theirs that holds the constant, or the index of those in the table.
    pub slot: String,
    /// They were of this type before, too.
    #[serde(default)]
    pub is_of_one_type: bool,
    /// The local that takes it.
    pub local: String,
    /// The table, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The type and the name of each constant.
    pub columns: Vec<(String, String)>,
    /// The constants of each row.
    pub constants: Vec<Vec<String>>,
    /// It holds the address of the table's row, not its index.
    #[serde(default)]
    pub points: bool,
    /// The variables of the rows before and after.
    pub variables: Vec<(String, String)>,
}

/// What the check works with.
pub(super) struct Form<'c> {
    /// The one function.
    pub one: &'c str,
    /// The members, in order.
    pub members: Vec<&'c str>,
    /// See [`Rows`].
    pub rows: &'c Rows,
    pub local: &'c str,
    pub table: Option<&'c str>,
}

impl<'c> Form<'c> {
    pub(super) fn of(claim: &'c Claim) -> Option<Form<'c>> {
        let rows = claim.rows.as_ref()?;
        let members: Vec<&str> = claim.members.iter().map(|(_, name)| name.as_str()).collect();
        let count = members.len();
        let is_whole = rows.variables.len() == count
            && rows.constants.len() == count
            && rows.constants.iter().all(|it| it.len() == rows.columns.len());
        is_whole.then_some(())?;
        let (local, table) = (rows.local.as_str(), rows.table.as_deref());
        Some(Form { one: claim.helper.as_deref()?, members, rows, local, table })
    }
}

/// The claim of the text between: its helper takes the constants as parameters.
pub(super) fn claim_between(claim: &Claim) -> Claim {
    Claim { rows: None, ..claim.clone() }
}

/// Checks the files before and after the patch against the claim.
pub(super) fn check(
    before: &Files,
    after: &Files,
    claim: &Claim,
    (loops, scope): (&LoopMacros, Option<&dyn Scope>),
) -> Result<(), Problem> {
    let path = claim.target_path().cloned().unwrap_or_default();
    let problem = |line: u32, after_line: Option<u32>, detail: String| {
        let rung = Verdict::Expands;
        Problem { rung, path: path.clone(), line, after_line, detail }
    };
    let mut all = before.keys().chain(after.keys()).filter(|it| **it != path);
    if all.any(|it| before.get(it) != after.get(it)) {
        return Err(problem(1, None, "another file changed, too".to_owned()));
    }
    let (Some(old), Some(new), Some(scope)) = (before.get(&path), after.get(&path), scope) else {
        return Err(problem(1, None, "what names mean is not known".to_owned()));
    };
    let Some(form) = Form::of(claim) else {
        return Err(problem(1, None, "the claim does not say which rows".to_owned()));
    };
    let (old, new) = (Unit::new(&path, old), Unit::new(&path, new));
    let names = scope.unit(&path, new.source);
    let between = derived((&old, &new), &form, &names).map_err(|wrong| match wrong {
        Wrong::Before(at, detail) => problem(old.line(at), None, detail),
        Wrong::After(at, detail) => problem(new.line(at), Some(new.line(at)), detail),
    })?;
    let split = Unit::new(&path, &between);
    one_file(&old, &split, &claim_between(claim), loops).map_err(|difference| {
        let Difference { before, detail, .. } = difference;
        problem(before.map_or(1, |at| old.line(at)), None, detail)
    })
}

/// The text between, once all that leads from it to the text after is checked.
fn derived(
    (old, new): (&Unit<'_>, &Unit<'_>),
    form: &Form<'_>,
    names: &decl::Unit,
) -> Result<Vec<u8>, Wrong> {
    let one = One::read(new, form.one, form.local.as_bytes())?;
    let slot = reads::slot(new, (&one, form), names)?;
    let table = columns(new, (&one, form), names)?;
    let pairs = rows::pairs((old, new), (form, &slot), names)?;
    if pairs.iter().any(|pair| pair.is_of_one_type != form.rows.is_of_one_type) {
        return Err(Wrong::Before(0, "a row is of another type than claimed".to_owned()));
    }
    if form.rows.is_of_one_type {
        reads::nobody_else((old, new), (&one, form), &pairs, names)?;
    }
    rows::rest((old, new), (&one, form), &pairs, table.map(|table| table.tokens))?;
    rows::keep_their_meaning(old, form)?;
    between::text((old, new), &one, form)
}

/// Whether the constants are as claimed: the local takes one, or the rows of a table, which is
/// returned, have several.
fn columns(
    new: &Unit<'_>,
    (one, form): (&One, &Form<'_>),
    names: &decl::Unit,
) -> Result<Option<Table>, Wrong> {
    let at = one.declaration.start;
    let claimed = &form.rows.columns;
    let Some(name) = form.table else {
        let declared = new.texts(one.ctype.clone());
        let is_it = |(ctype, name): &(String, String)| {
            expand::texts(ctype.as_bytes()).iter().map(|it| it.as_bytes()).eq(declared.clone())
                && name == form.local
        };
        return match claimed.as_slice() {
            [one] if is_it(one) => Ok(None),
            _ => Err(Wrong::After(at, "the local is of another type".to_owned())),
        };
    };
    let mut tables = tables::of(new).into_iter().filter(|it| new.text(it.name) == name.as_bytes());
    let (Some(table), None) = (tables.next(), tables.next()) else {
        return Err(Wrong::After(at, format!("there is no table {name}")));
    };
    let fields = unrolled::fields(new, &table, names)?;
    // The rows are constant whatever their members say, and what these point to is not.
    let is_it = |(claimed, (words, name)): (&(String, String), &unrolled::Field)| {
        let mut type_words = expand::texts(claimed.0.as_bytes());
        type_words.retain(|it| it != "const");
        type_words.iter().map(|it| it.as_bytes()).eq(words.iter().map(Vec::as_slice))
            && claimed.1.as_bytes() == *name
    };
    let are_they = claimed.len() == fields.len() && claimed.iter().zip(&fields).all(is_it);
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| {
            let (values, _) = new.list(row.start).unwrap_or_default();
            let text = |value| String::from_utf8_lossy(new.spelling(value)).into_owned();
            values.into_iter().map(text).collect()
        })
        .collect();
    match are_they && rows == form.rows.constants {
        true => Ok(Some(table)),
        false => Err(Wrong::After(table.name, "the table has something else".to_owned())),
    }
}

/// The text between of a patch that came up to *expands*; `None` for another.
pub(in crate::verify) fn between_of(before: &[u8], after: &[u8], claim: &Claim) -> Option<Vec<u8>> {
    let form = Form::of(claim)?;
    let (old, new) = (Unit::new("", before), Unit::new("", after));
    let one = One::read(&new, form.one, form.local.as_bytes()).ok()?;
    between::text((&old, &new), &one, &form).ok()
}
