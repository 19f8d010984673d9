//! Functions that became one, which takes what they differed in from the row by which it is
//! reached. Two comparisons: of the text before with one between, in which the members call
//! the one function with their constants, as for a helper; and of the text before with that
//! after, in which nothing differs but the members, the one function, and the rows, each of
//! which names it, holds the constant where the function reads it, and is else what it was.

use super::compiles::complaint;
use super::roles::{Compared, Roles, Texts};
use super::same::Unproved;
use super::shop::{Bill, Shop};
use super::{Candidate, Way};
use crate::tree::TreePath;
use crate::verify::build::{BuildError, Compile, Level, Mode};
use crate::verify::family;
use crate::verify::object::{Held, Object, Row, Subject, compare_rows};
use std::fmt::Write;

/// What constants are called that are put into the text after, to be read from the object.
const PREFIX: &str = "drvdedup_row_";

/// The candidate up to the text between, where the claim is one of rows.
pub(super) fn between(candidate: &Candidate, source: &TreePath) -> Option<Candidate> {
    let Candidate { before, after, claim } = candidate;
    let text = family::between_of(before.get(source)?, after.get(source)?, claim)?;
    let mut between = candidate.clone();
    between.after.insert(source.clone(), text);
    between.claim = family::claim_between(claim);
    Some(between)
}

/// Whether nothing but the rows differs between before and after.
pub(super) fn prove(
    shop: &Shop<'_>,
    candidate: &Candidate,
    compile: &Compile,
    way: Way,
    bill: &mut Bill,
) -> Result<Result<Way, Unproved>, BuildError> {
    let Candidate { before, after, claim } = candidate;
    let source = &compile.source;
    let not = |why: String| Ok(Err(Unproved::Not(format!("{source} cannot be compared: {why}"))));
    let Some(rows) = &claim.rows else { return not("the claim has no rows".to_owned()) };
    let mut texts = Texts { before: before.clone(), after: after.clone() };
    if let Some(text) = texts.after.get_mut(source) {
        text.extend_from_slice(measures(rows).as_bytes());
    }
    let mode = Mode::Comparable { level: Level::O2, debug: false };
    let old = shop.shared(compile, &texts.before, mode, bill)?;
    let new = shop.once(compile, &texts.after, mode, bill)?;
    let (Some(one), Some(other)) = (&old.object, &new.object) else {
        return match old.object {
            None => not(complaint(&old, &texts.before)),
            Some(_) => not(complaint(&new, &texts.after)),
        };
    };
    let (one, other) = match (Object::read(one), Object::read(other)) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(error), _) | (_, Err(error)) => return not(error.to_string()),
    };
    let Some(pairs) = pairs(candidate, rows, &other) else {
        return not("the rows cannot be measured".to_owned());
    };
    let mut comparison = match compare_rows(&one, &other, &pairs) {
        Ok(comparison) => comparison,
        Err(why) => return Ok(Err(Unproved::Wrong(why))),
    };
    // What a table has was told by its text; only the rows lead to it.
    let table = rows.table.as_ref().filter(|_| rows.points);
    let is_ours = |it: &Subject| matches!(it, Subject::Data(name) if name.starts_with(PREFIX) || table == Some(name));
    comparison.new.retain(|subject| !is_ours(subject));
    let proved = claim.helper.iter().cloned().collect();
    let roles = Roles::of(candidate, source);
    Ok(match roles.judge_but(comparison, Some(&other), &proved) {
        Compared::Same => Ok(way),
        Compared::Differs { first, .. } => Err(Unproved::Differs(first, texts, String::new())),
        Compared::Not(why) => Err(Unproved::Not(why)),
    })
}

/// Constants from which the places of the members, and the values of what they hold, are read.
fn measures(rows: &family::Rows) -> String {
    let family::Rows { tag, attribute, slot, .. } = rows;
    let mut text = String::new();
    let mut add = |name: &str, value: &str| {
        let _ = write!(text, "\nconst long long {PREFIX}{name} = (long long)({value});");
    };
    add("attribute", &format!("__builtin_offsetof(struct {tag}, {attribute})"));
    add("slot", &format!("__builtin_offsetof(struct {tag}, {slot})"));
    add("width", &format!("sizeof(((struct {tag} *)0)->{slot})"));
    for (number, constants) in rows.constants.iter().enumerate() {
        match (&rows.table, constants.as_slice()) {
            (Some(table), _) if rows.points => {
                add(&format!("value_{number}"), &format!("{number} * sizeof({table}[0])"));
            }
            (None, [one]) => add(&format!("value_{number}"), one),
            _ => add(&format!("value_{number}"), &number.to_string()),
        }
    }
    text.push('\n');
    text
}

/// The rows with what the object after says of their places and values.
fn pairs(candidate: &Candidate, rows: &family::Rows, new: &Object<'_>) -> Option<Vec<Row>> {
    let number = |name: &str| new.integer(&format!("{PREFIX}{name}"));
    let place = |name: &str| u64::try_from(number(name)?).ok();
    let (attribute, start, width) = (place("attribute")?, place("slot")?, place("width")?);
    let one = candidate.claim.helper.clone()?;
    let members = candidate.claim.members.iter().map(|(_, member)| member);
    let pair = |(at, (member, (before, after))): (usize, (&String, &(String, String)))| {
        // Of one type before and after where the variable already was that of a row.
        let shift = if rows.is_of_one_type { 0 } else { attribute };
        Some(Row {
            variables: (before.clone(), after.clone()),
            functions: (member.clone(), one.clone()),
            shift,
            slot: start..start.checked_add(width)?,
            held: match rows.table.clone().filter(|_| rows.points) {
                Some(table) => Held::Place(table, number(&format!("value_{at}"))?),
                None => Held::Value(number(&format!("value_{at}"))?),
            },
        })
    };
    members.zip(&rows.variables).enumerate().map(pair).collect()
}
