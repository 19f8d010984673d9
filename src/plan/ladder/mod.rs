//! A ladder from constants to constants becomes an array that is indexed by the key, or one
//! of keys and values that is searched.
//!
//! In: a run of arms. Out: a plan for the whole ladder that they lie in, or why it stays. It
//! is a `switch`, a chain of `if`, or one of `?:`. A key is read several times where it was
//! read once, so that it must be a variable that nobody else can change; and every key that
//! had no arm must come to where it came before.

mod arms;
mod chain;
mod keys;
mod search;
mod switch;
mod table;

pub use arms::{Form, statements};
pub use search::Search;
pub use table::{Element, Row};

use super::align::{self, AlignedMember, lossy};
use super::file::FileContext;
use super::refusal::{Reason, Refusal};
use super::{OpenFile, Plan, Remedy, RemedyKind, Rule, is_plain, rules, tables};
use crate::detect::{CloneGroup, Kind, Member};
use crate::syntax::{LoopMacros, lexer};
use arms::Ladder;
use keys::Access;
use std::ops::Range;

/// What takes the place of a ladder.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// How the ladder is written.
    pub form: Form,
    /// The array.
    pub table: String,
    /// What it is an array of, or its values.
    pub element: Element,
    /// Its rows, in the order of the arms.
    pub rows: Vec<Row>,
    /// The line before which it is declared.
    pub insert_at: usize,
    /// What is behind it is no declaration.
    pub blank_below: bool,
    /// The line before which variables are declared: behind all declarations.
    pub declare_at: usize,
    /// The bytes of the ladder.
    pub replaces: Range<usize>,
    /// A blank line follows.
    pub blank_behind: bool,
    /// The variable that is looked up.
    pub key: String,
    /// That is new, and takes what the ladder was about.
    pub local: Option<Local>,
    /// The array has rows without a key, whose value is none of an arm's: 0.
    pub has_holes: bool,
    /// The array is searched for the key, which is no index.
    pub search: Option<Search>,
    /// What the value is assigned to; nothing where it is returned.
    pub sink: Option<String>,
    /// What is done for other keys.
    pub default: Option<Otherwise>,
    /// That is one statement.
    pub default_is_one: bool,
    /// That returns or jumps away.
    pub default_leaves: bool,
}

/// What is done for other keys.
#[derive(Clone, Debug)]
pub enum Otherwise {
    /// The statements of these bytes, without the white space around them.
    Statements(Range<usize>),
    /// A statement that was none by itself.
    New(String),
}

/// A variable that takes the value of a member: that is read once, as it was.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its type.
    pub ctype: String,
    /// The path to the member.
    pub value: String,
    /// Nothing is done before the ladder: it is initialised where it is declared.
    pub is_initialised: bool,
}

/// The rule for a group, if it is one of arms.
pub fn rule<'r>(rules: &'r [Rule], group: &CloneGroup) -> Option<&'r Rule> {
    rules::with_remedy(rules, RemedyKind::Lookup, group).filter(|_| group.kind == Kind::Sequence)
}

/// Plans the ladder that the members of `group`, runs of one function of `open`, lie in;
/// `None` where they lie in none.
///
/// # Errors
/// What stands against it.
pub fn plan(
    open: &OpenFile,
    group: &CloneGroup,
    rule: &Rule,
    loops: &LoopMacros,
) -> Option<Result<Plan, Refusal>> {
    let file = &open.context;
    let whole = tables::whole(file, group)?;
    let function = file.tokens_of(&whole.function);
    let first = file.token_at(group.members[0].function.start);
    let is_label = matches!(file.text(first), b"case" | b"default");
    let found = match is_label {
        true => switch::read(file, switch::around(file, function, first)?),
        false => chain::around(file, function, first)?,
    };
    let planned = found.and_then(|found| plan_ladder(open, (group, whole), &found, rule, loops));
    match planned {
        Err(_) if chain::stands_alone(file, first) => None,
        planned => Some(planned),
    }
}

fn plan_ladder(
    open: &OpenFile,
    (group, whole): (&CloneGroup, Member),
    found: &Ladder,
    rule: &Rule,
    loops: &LoopMacros,
) -> Result<Plan, Refusal> {
    let file = &open.context;
    is_plain(file, &whole)?;
    let parsed = align::read(file, &whole, loops)?;
    let lookup = lookup(open, found, &parsed, rule)?;
    let Lookup { insert_at, declare_at, .. } = lookup;
    let claims = [lookup.replaces.clone(), insert_at..insert_at, declare_at..declare_at];
    let mut rule = rule.clone();
    if lookup.search.is_some() {
        // It takes longer than the jumps that a compiler makes of a ladder.
        rule.limits.lines_saved *= 2;
    }
    Plan::of_one(open, (group, whole), parsed, &rule, (Remedy::Lookup(Box::new(lookup)), &claims))
}

fn lookup(
    open: &OpenFile,
    found: &Ladder,
    parsed: &AlignedMember<'_>,
    rule: &Rule,
) -> Result<Lookup, Refusal> {
    let file = &open.context;
    let offset = file.tokens[found.start].start;
    let refuse = |reason, detail: String| Err(file.refuse(reason, offset, detail));
    if found.arms.len() < rule.limits.members {
        let detail =
            format!("{} arms, {} asks for {}", found.arms.len(), rule.name, rule.limits.members);
        return refuse(Reason::LadderArms, detail);
    }
    let keys: usize = found.arms.iter().map(|arm| arm.labels.len()).sum();
    if 2 * keys > 3 * found.arms.len() {
        let detail = format!("{keys} keys of {} arms: the ladder groups them", found.arms.len());
        return refuse(Reason::LadderArms, detail);
    }
    if let Some(flag) = keys::flag(file, found) {
        let detail = format!("`{flag}` is a bit, and no index");
        return refuse(Reason::LadderKey, detail);
    }
    let (key, key_type, local) = key(open, found, parsed)?;
    if !keys::may_be_compared(file, &key_type) {
        let detail = format!("how {key}, a {key_type}, compares with a size is not known");
        return refuse(Reason::LadderKey, detail);
    }
    let is_switch = found.form == Form::Switch;
    if is_switch && found.default.is_none() && key_type.starts_with("enum ") {
        let detail = format!("the compiler says which of {key_type} has no arm");
        return refuse(Reason::LadderChecked, detail);
    }
    if !table::is_most_of_it(parsed, found) {
        let detail = "the function does more: the table would stand far from its use".to_owned();
        return refuse(Reason::LadderArms, detail);
    }
    let sink = found.sink.clone().map(|range| text_of(file, range));
    let element = table::element(parsed, found, sink.as_deref())?;
    let rows = table::rows(file, found)?;
    let default = found.default.clone().filter(|it| !it.is_empty());
    let default_is = |what: &dyn Fn(Range<usize>) -> bool| default.clone().is_some_and(what);
    let is_zero = default_is(&|it| keys::gives_zero(file, it, found));
    let access = keys::access(file, found, &element, (&key_type, is_zero))?;
    if file.unit.lookup("ARRAY_SIZE").is_empty() {
        return refuse(Reason::NameUnresolved, "ARRAY_SIZE is not known".to_owned());
    }
    let noun = table::noun(file, found, sink.as_deref());
    let table = noun.as_deref().and_then(|noun| tables::free_name(open, parsed, noun));
    let (Some(noun), Some(table)) = (noun, table) else {
        return refuse(Reason::NameWouldLie, "no name is free for the table".to_owned());
    };
    let search = match access {
        Access::Search => Some(Search::of(parsed, (&key, &key_type), (&noun, &element))?),
        Access::Index { .. } => None,
    };
    let Some((insert_at, blank_below)) = tables::place(parsed) else {
        return refuse(Reason::ParseGap, "the body does not begin a line".to_owned());
    };
    let declares = local.is_some() || search.is_some();
    let declare_at = if declares { tables::behind_declarations(parsed) } else { Some(insert_at) };
    let Some(declare_at) = declare_at else {
        return refuse(Reason::ParseGap, "the declarations do not end a line".to_owned());
    };
    let from = file.tokens[found.start].start as usize;
    if !file.is_blank(file.line_start(from)..from) {
        return refuse(Reason::CallNotEditable, "the ladder does not begin a line".to_owned());
    }
    let is_value = found.form == Form::Choices;
    let default_leaves = match is_value {
        true => sink.is_none(),
        false => default_is(&|it| arms::leaves(file, it)),
    };
    let never = is_switch && found.sink.is_none() && default_leaves;
    let end = if never { dead(file, found.end) } else { found.end };
    Ok(Lookup {
        form: found.form,
        table,
        element,
        rows,
        insert_at,
        blank_below,
        declare_at,
        replaces: from..file.tokens[end].end as usize,
        blank_behind: !tables::ends_block(file, end),
        key,
        local,
        has_holes: access == Access::Index { has_holes: true },
        search,
        default_is_one: is_value || default_is(&|it| arms::statements(file, it) == 1),
        default_leaves,
        default: default.map(|it| otherwise(file, found, (it, sink.as_deref()))),
        sink,
    })
}

/// The statements of the tokens `default` of a ladder, which is one of its values, to `sink`,
/// in a chain of `?:`.
fn otherwise(
    file: &FileContext,
    found: &Ladder,
    (default, sink): (Range<usize>, Option<&str>),
) -> Otherwise {
    let value = || text_of(file, default.clone());
    match (found.form, sink) {
        (Form::Choices, Some(sink)) => Otherwise::New(format!("{sink} = {};", value())),
        (Form::Choices, None) => Otherwise::New(format!("return {};", value())),
        _ => {
            let (first, last) = (file.tokens[default.start], file.tokens[default.end - 1]);
            Otherwise::Statements(first.start as usize..last.end as usize)
        }
    }
}

/// The variable that is looked up and its type; where the ladder is about a member, a new one.
///
/// # Errors
/// `ladder-key`, `name-would-lie`, `parse-gap`.
fn key(
    open: &OpenFile,
    found: &Ladder,
    parsed: &AlignedMember<'_>,
) -> Result<(String, String, Option<Local>), Refusal> {
    let file = &open.context;
    let refuse = |reason, detail: String| {
        Err(file.refuse(reason, file.tokens[found.key.start].start, detail))
    };
    let value = text_of(file, found.key.clone());
    if found.key.len() == 1 {
        return match keys::declared(parsed, value.as_bytes()) {
            Some(ctype) => Ok((value, ctype, None)),
            None => {
                refuse(Reason::LadderKey, format!("{value} is no variable of the function's own"))
            }
        };
    }
    let ctype = match keys::of_member(parsed, found.key.clone()) {
        Ok(ctype) => ctype,
        Err(why) => return refuse(Reason::LadderKey, why),
    };
    let name = lossy(file.text(found.key.end - 1)).to_lowercase();
    let is_taken = |at: usize| {
        let before = at.checked_sub(1).map_or(&b""[..], |at| file.text(at));
        file.text(at) == name.as_bytes() && !matches!(before, b"." | b"->")
    };
    let is_free = !file.is_macro_or_type(&name)
        && !lexer::is_keyword(name.as_bytes())
        && !file.is_function(&name)
        && !file.is_object(&name)
        && !tables::is_in_macros(file, parsed.tokens.clone(), &name)
        && !parsed.tokens.clone().any(is_taken);
    if !is_free {
        return refuse(Reason::NameWouldLie, format!("{name} is the name of something else"));
    }
    let is_initialised = table::is_first(parsed, found);
    Ok((name, ctype.clone(), Some(Local { ctype, value, is_initialised })))
}

/// The last token of a `return` behind token `end` that ends its block, which is never
/// reached where all before it return; else `end`.
fn dead(file: &FileContext, end: usize) -> usize {
    if file.text(end + 1) != b"return" {
        return end;
    }
    let last = (end + 1..file.tokens.len()).find(|&at| file.text(at) == b";");
    last.filter(|&at| file.text(at + 1) == b"}" && !file.has_comment((end, at))).unwrap_or(end)
}

/// Tokens as they are spelled, on one line.
fn text_of(file: &FileContext, range: Range<usize>) -> String {
    let bytes = file.tokens[range.start].start as usize..file.tokens[range.end - 1].end as usize;
    lossy(&file.bytes[bytes]).split_whitespace().collect::<Vec<_>>().join(" ")
}
