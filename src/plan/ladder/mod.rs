//! A `switch` from constants to constants becomes an array that is indexed by the key.
//!
//! In: a run of arms. Out: a plan for the whole `switch` that they lie in, or why it stays.
//! A key is read several times where it was read once, so that it must be a variable that
//! nobody else can change; and every key that had no arm must come to where it came before.

pub mod switch;
mod table;

pub use table::{Element, Row};

use super::align::{self, AlignedMember, lossy};
use super::file::FileContext;
use super::refusal::{Reason, Refusal};
use super::{OpenFile, Plan, Remedy, RemedyKind, Rule, is_plain, rules, tables};
use crate::detect::{CloneGroup, Kind, Member};
use crate::syntax::{LoopMacros, lexer};
use std::ops::Range;
use switch::Switch;

/// What takes the place of a `switch`.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The array.
    pub table: String,
    /// What it is an array of.
    pub element: Element,
    /// Its rows, in the order of the arms.
    pub rows: Vec<Row>,
    /// The line before which it is declared.
    pub insert_at: usize,
    /// What is behind it is no declaration.
    pub blank_below: bool,
    /// The bytes of the `switch`.
    pub replaces: Range<usize>,
    /// A blank line follows.
    pub blank_behind: bool,
    /// The variable that is looked up.
    pub key: String,
    /// That is new, and takes what the switch was about.
    pub local: Option<Local>,
    /// The array has rows without a key, whose value is none of an arm's: 0.
    pub has_holes: bool,
    /// What the value is assigned to; nothing where it is returned.
    pub sink: Option<String>,
    /// The bytes of what is done for other keys, without the white space around them.
    pub default: Option<Range<usize>>,
    /// That is one statement.
    pub default_is_one: bool,
    /// That returns or jumps away.
    pub default_leaves: bool,
}

/// A variable that takes the value of a member: that is read once, as it was.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its type.
    pub ctype: String,
    /// The path to the member.
    pub value: String,
    /// The line before which it is declared: behind all declarations.
    pub declare_at: usize,
    /// Nothing is done before the switch: it is initialised where it is declared.
    pub is_initialised: bool,
}

/// The rule for a group, if it is one of arms.
pub fn rule<'r>(rules: &'r [Rule], group: &CloneGroup) -> Option<&'r Rule> {
    rules::with_remedy(rules, RemedyKind::Lookup, group).filter(|_| group.kind == Kind::Sequence)
}

/// Plans the `switch` that the members of `group`, runs of one function of `open`, lie in;
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
    let first = file.token_at(group.members[0].function.start);
    let start = switch::around(file, file.tokens_of(&whole.function), first)?;
    let is_label = matches!(file.text(first), b"case" | b"default");
    is_label.then(|| plan_switch(open, (group, whole), start, rule, loops))
}

fn plan_switch(
    open: &OpenFile,
    (group, whole): (&CloneGroup, Member),
    start: usize,
    rule: &Rule,
    loops: &LoopMacros,
) -> Result<Plan, Refusal> {
    let file = &open.context;
    is_plain(file, &whole)?;
    let found = switch::read(file, start)?;
    let parsed = align::read(file, &whole, loops)?;
    let lookup = lookup(open, &found, &parsed, rule)?;
    let declare_at = lookup.local.as_ref().map_or(lookup.insert_at, |local| local.declare_at);
    let claims =
        [lookup.replaces.clone(), lookup.insert_at..lookup.insert_at, declare_at..declare_at];
    Plan::of_one(open, (group, whole), parsed, rule, (Remedy::Lookup(Box::new(lookup)), &claims))
}

fn lookup(
    open: &OpenFile,
    found: &Switch,
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
    let (key, key_type, local) = key(open, found, parsed)?;
    if !table::may_be_compared(file, &key_type) {
        let detail = format!("how {key}, a {key_type}, compares with a size is not known");
        return refuse(Reason::LadderKey, detail);
    }
    if found.default.is_none() && key_type.starts_with("enum ") {
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
    let is_zero = default_is(&|it| table::gives_zero(file, it, found));
    let has_holes = table::has_holes(file, found, &element, is_zero)?;
    if file.unit.lookup("ARRAY_SIZE").is_empty() {
        return refuse(Reason::NameUnresolved, "ARRAY_SIZE is not known".to_owned());
    }
    let table = table::name(open, parsed, found, sink.as_deref()).ok_or_else(|| {
        file.refuse(Reason::NameWouldLie, offset, "no name is free for the table")
    })?;
    let (insert_at, blank_below) = tables::place(parsed)
        .ok_or_else(|| file.refuse(Reason::ParseGap, offset, "the body does not begin a line"))?;
    let from = file.tokens[found.start].start as usize;
    if !file.is_blank(file.line_start(from)..from) {
        return refuse(Reason::CallNotEditable, "the switch does not begin a line".to_owned());
    }
    let default_leaves = default_is(&|it| switch::leaves(file, it));
    let never = found.sink.is_none() && default_leaves;
    let end = if never { dead(file, found.end) } else { found.end };
    let bytes = |range: Range<usize>| {
        file.tokens[range.start].start as usize..file.tokens[range.end - 1].end as usize
    };
    Ok(Lookup {
        table,
        element,
        rows,
        insert_at,
        blank_below,
        replaces: from..file.tokens[end].end as usize,
        blank_behind: !tables::ends_block(file, end),
        key,
        local,
        has_holes,
        sink,
        default_is_one: default_is(&|it| switch::statements(file, it) == 1),
        default_leaves,
        default: default.map(bytes),
    })
}

/// The variable that is looked up and its type; where the switch is about a member, a new one.
///
/// # Errors
/// `ladder-key`, `name-would-lie`, `parse-gap`.
fn key(
    open: &OpenFile,
    found: &Switch,
    parsed: &AlignedMember<'_>,
) -> Result<(String, String, Option<Local>), Refusal> {
    let file = &open.context;
    let refuse = |reason, detail: String| {
        Err(file.refuse(reason, file.tokens[found.key.start].start, detail))
    };
    let value = text_of(file, found.key.clone());
    if found.key.len() == 1 {
        return match table::declared(parsed, value.as_bytes()) {
            Some(ctype) => Ok((value, ctype, None)),
            None => {
                refuse(Reason::LadderKey, format!("{value} is no variable of the function's own"))
            }
        };
    }
    let ctype = match table::of_member(parsed, found.key.clone()) {
        Ok(ctype) => ctype,
        Err(why) => return refuse(Reason::LadderKey, why),
    };
    let name = lossy(file.text(found.key.end - 1)).to_lowercase();
    let is_taken = |at: usize| {
        let before = at.checked_sub(1).map_or(&b""[..], |at| file.text(at));
        file.text(at) == name.as_bytes() && !matches!(before, b"." | b"->")
    };
    let is_in_macros = |at: usize| {
        let text = super::uses::expansion(file, &lossy(file.text(at)));
        align::is_ident(file, at) && lexer::contains_word(text.as_bytes(), name.as_bytes())
    };
    let is_free = !file.is_macro_or_type(&name)
        && !lexer::is_keyword(name.as_bytes())
        && !file.is_function(&name)
        && !file.is_object(&name)
        && !parsed.tokens.clone().any(|at| is_taken(at) || is_in_macros(at));
    if !is_free {
        return refuse(Reason::NameWouldLie, format!("{name} is the name of something else"));
    }
    let Some(declare_at) = tables::behind_declarations(parsed) else {
        return refuse(Reason::ParseGap, "the declarations do not end a line".to_owned());
    };
    let is_initialised = table::is_first(parsed, found);
    Ok((name, ctype.clone(), Some(Local { ctype, value, declare_at, is_initialised })))
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
