//! The rows before and after: each that named a member names the one function, holds the
//! member's constants, and is else what it was; and so is the rest of the file.

use super::between::One;
use super::expand::{self, declares};
use super::reads::{HANDED, Slot};
use super::{Form, Wrong};
use crate::syntax::decl;
use crate::verify::constant;
use crate::verify::expands::directive_words;
use crate::verify::unit::{Unit, shown};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What a row's members are given, by the paths to them.
type Members = BTreeMap<String, Vec<String>>;

/// An object that a file declares with an initialiser.
struct Row {
    item: usize,
    tag: String,
    members: Members,
}

/// A row before and after.
pub(super) struct Pair {
    /// Its items.
    pub items: (usize, usize),
    /// It is of the same type before and after.
    pub is_of_one_type: bool,
    /// The functions that it named before.
    pub functions: Vec<String>,
    /// Those that all other rows of the file named.
    pub of_others: Vec<String>,
}

/// The objects that `unit` declares for itself, by their names; one that is declared twice is
/// none.
fn declared(unit: &Unit<'_>, names: &decl::Unit) -> BTreeMap<String, Row> {
    let mut found: BTreeMap<String, Option<Row>> = BTreeMap::new();
    for (item, it) in unit.items.iter().enumerate() {
        if it.function.is_some() || unit.text(it.tokens.start) != b"static" {
            continue;
        }
        let tokens = expand::texts(unit.spelling(it.tokens.start + 1..it.tokens.end));
        let Some(tokens) = expand::expanded(&tokens, names, declares) else { continue };
        let [word, tag, variable, equals, value @ .., end] = tokens.as_slice() else { continue };
        if word != "struct" || equals != "=" || end != ";" {
            continue;
        }
        let Some(members) = expand::members(value) else { continue };
        let members = in_order(members, tag, names);
        let row = Row { item, tag: tag.clone(), members };
        let known = found.contains_key(variable);
        found.insert(variable.clone(), Some(row).filter(|_| !known));
    }
    found.into_iter().filter_map(|(name, row)| Some((name, row?))).collect()
}

/// With the names of members that are given by their place.
fn in_order(members: Members, tag: &str, names: &decl::Unit) -> Members {
    let order = names.layout(&format!("struct {tag}")).ok().and_then(|it| it.names());
    let name = |path: String| {
        let Some(rest) = path.strip_prefix('#') else { return path };
        let (number, rest) = rest.split_once('.').map_or((rest, None), |(a, b)| (a, Some(b)));
        let name = number.parse::<usize>().ok().zip(order.as_ref()).and_then(|(at, it)| it.get(at));
        let Some(name) = name else { return path };
        rest.map_or_else(|| name.clone(), |rest| format!("{name}.{rest}"))
    };
    members.into_iter().map(|(path, value)| (name(path), value)).collect()
}

/// The rows of all members.
pub(super) fn pairs(
    (old, new): (&Unit<'_>, &Unit<'_>),
    (form, slot): (&Form<'_>, &Slot),
    names: &decl::Unit,
) -> Result<Vec<Pair>, Wrong> {
    let (before, after) = (declared(old, names), declared(new, names));
    let mut pairs = Vec::new();
    for (number, member) in form.members.iter().enumerate() {
        let (variable, becomes) = &form.rows.variables[number];
        let (was, is) = before.get(variable).zip(after.get(becomes)).ok_or_else(|| {
            Wrong::Before(0, format!("no row {variable} or {becomes} can be read"))
        })?;
        one_named(old, (member, was, variable), &before)?;
        same_but_for_it((old, new), (member, form, slot), (was, is), (number, names))?;
        let others = before.iter().filter(|(name, _)| *name != variable);
        let of_others = others.flat_map(|(_, row)| row.members.values()).flatten().cloned();
        pairs.push(Pair {
            items: (was.item, is.item),
            is_of_one_type: was.tag == is.tag,
            functions: functions(was),
            of_others: of_others.collect(),
        });
    }
    Ok(pairs)
}

/// The functions that a row names.
fn functions(row: &Row) -> Vec<String> {
    let is_one = |path: &&String| {
        let last = path.rsplit('.').next().unwrap_or_default();
        matches!(last, "show" | "store")
    };
    let paths = row.members.keys().filter(is_one);
    paths.filter_map(|path| row.members[path].first().cloned()).collect()
}

/// Whether nothing but the row names the member.
fn one_named(
    old: &Unit<'_>,
    (member, row, variable): (&str, &Row, &str),
    all: &BTreeMap<String, Row>,
) -> Result<(), Wrong> {
    let own = old.function(member).map_err(|why| Wrong::Before(0, why))?;
    let is_other = |at: &usize| {
        let inside = [own, row.item].iter().any(|item| old.items[*item].tokens.contains(at));
        !inside && old.text(*at) == member.as_bytes()
    };
    if let Some(at) = (0..old.tokens.len()).find(is_other) {
        return Err(Wrong::Before(at, format!("more than a row names {member}")));
    }
    let names_it = |other: &Row| other.members.values().flatten().any(|word| word == member);
    let other = all.iter().find(|(name, other)| *name != variable && names_it(other));
    match other {
        Some((name, _)) => Err(Wrong::Before(0, format!("{name} names {member}, too"))),
        None => Ok(()),
    }
}

/// What a member is that is not given.
fn or_nothing(value: Option<&Vec<String>>) -> Vec<String> {
    let value = value.cloned().unwrap_or_else(|| vec!["NULL".to_owned()]);
    // It checks its argument, and is that.
    match value.as_slice() {
        [name, open, inner @ .., close]
            if name == "VERIFY_OCTAL_PERMISSIONS" && open == "(" && close == ")" =>
        {
            inner.to_vec()
        }
        _ => value,
    }
}

fn same_but_for_it(
    (old, new): (&Unit<'_>, &Unit<'_>),
    (member, form, slot): (&str, &Form<'_>, &Slot),
    (was, is): (&Row, &Row),
    (number, names): (usize, &decl::Unit),
) -> Result<(), Wrong> {
    let at = new.items[is.item].tokens.start;
    let wrong = |why: String| Err(Wrong::After(at, why));
    let rows = form.rows;
    // What it was, by the paths of what it is.
    let prefix = match () {
        () if was.tag == rows.tag => String::new(),
        () if was.tag == HANDED => format!("{}.", rows.attribute),
        () => return Err(Wrong::Before(old.items[was.item].tokens.start, "no row".to_owned())),
    };
    if is.tag != rows.tag {
        return wrong(format!("it is no struct {}", rows.tag));
    }
    let were: Members = was
        .members
        .iter()
        .map(|(path, value)| (format!("{prefix}{path}"), value.clone()))
        .collect();
    let paths: BTreeSet<&String> = were.keys().chain(is.members.keys()).collect();
    let mut named = 0;
    for path in paths.into_iter().filter(|path| **path != rows.slot) {
        let (a, b) = (or_nothing(were.get(path)), or_nothing(is.members.get(path)));
        if a == [member] && b == [form.one] && is_function(path, rows) {
            named += 1;
        } else if a != b {
            return wrong(format!("{path} was {} and is {}", a.join(" "), b.join(" ")));
        }
    }
    if named != 1 {
        return wrong(format!("it does not name {} in the place of {member}", form.one));
    }
    let Some(value) = is.members.get(&rows.slot) else {
        return wrong("it holds no constant".to_owned());
    };
    let mut value = value.as_slice();
    if slot.is_pointer {
        match value {
            [a, b, c, d, rest @ ..] if [a, b, c, d].iter().copied().eq(["(", "void", "*", ")"]) => {
                value = rest;
            }
            _ => return wrong("the constant is not made a pointer".to_owned()),
        }
    }
    let constants = &rows.constants[number];
    let expected = match form.table {
        Some(table) if slot.points => expand::texts(format!("&{table}[{number}]").as_bytes()),
        Some(_) => vec![number.to_string()],
        None => expand::texts(constants.first().map_or(&[][..], |it| it.as_bytes())),
    };
    let found: Vec<&[u8]> = value.iter().map(|it| it.as_bytes()).collect();
    let expected_words: Vec<&[u8]> = expected.iter().map(|it| it.as_bytes()).collect();
    if !constant::spellings(&expected_words).contains(&found) {
        return wrong(format!("it holds {}, not {}", value.join(" "), expected.join(" ")));
    }
    if slot.points {
        return Ok(());
    }
    let text = expected.join(" ");
    let known = names.constant(&text).ok().and_then(|it| it.value);
    match known {
        Some(known) if slot.keeps.contains(&known) => Ok(()),
        Some(known) => wrong(format!("{} does not keep {known}", rows.slot)),
        None => wrong(format!("the value of {text} is not known")),
    }
}

/// Whether `path` is that of a function of what is handed.
fn is_function(path: &str, rows: &super::Rows) -> bool {
    let last = path.strip_prefix(&rows.attribute).and_then(|rest| rest.strip_prefix('.'));
    matches!(last, Some("show" | "store"))
}

/// Everything else in the file is what it was: but for the variables of the rows, which are
/// named by what holds them now.
pub(super) fn rest(
    (old, new): (&Unit<'_>, &Unit<'_>),
    (one, form): (&One, &Form<'_>),
    pairs: &[Pair],
    table: Option<Range<usize>>,
) -> Result<(), Wrong> {
    let members: BTreeSet<usize> =
        form.members.iter().filter_map(|member| old.function(member).ok()).collect();
    let is_table = |item: &usize| table.as_ref() == Some(&new.items[*item].tokens);
    let included = added_include(old, new);
    let left: Vec<usize> = (0..old.items.len()).filter(|item| !members.contains(item)).collect();
    let is_right = |item: &usize| *item != one.item && !is_table(item) && Some(*item) != included;
    let right: Vec<usize> = (0..new.items.len()).filter(is_right).collect();
    if table.is_some() && one.item.checked_sub(1).as_ref().is_none_or(|item| !is_table(item)) {
        let why = "the table does not stand above the function".to_owned();
        return Err(Wrong::After(one.value.start, why));
    }
    let first = members.first().copied().unwrap_or_default();
    let above = |items: &[usize], item: usize| items.partition_point(|it| *it < item);
    if above(&left, first) != above(&right, one.item) {
        let why = "it does not stand where the first of them stood".to_owned();
        return Err(Wrong::After(new.items[one.item].tokens.start, why));
    }
    for (was, is) in left.iter().zip(&right) {
        match pairs.iter().any(|pair| pair.items == (*was, *is)) {
            true => {}
            false => same_tokens((old, *was), (new, *is), (form, pairs))?,
        }
    }
    match left.len() == right.len() {
        true => Ok(()),
        false => Err(Wrong::Before(0, "something has come or gone".to_owned())),
    }
}

/// The item of a header that only the text after includes.
fn added_include(old: &Unit<'_>, new: &Unit<'_>) -> Option<usize> {
    let text =
        |unit: &Unit<'_>, item: usize| unit.spelling(unit.items[item].tokens.clone()).to_vec();
    let is_include = |unit: &Unit<'_>, item: usize| {
        unit.directive(unit.items[item].tokens.start) == Some(b"include")
    };
    let known: BTreeSet<Vec<u8>> =
        (0..old.items.len()).filter(|it| is_include(old, *it)).map(|it| text(old, it)).collect();
    let is_added = |item: &usize| is_include(new, *item) && !known.contains(&text(new, *item));
    (0..new.items.len()).find(is_added)
}

fn same_tokens(
    (old, was): (&Unit<'_>, usize),
    (new, is): (&Unit<'_>, usize),
    (form, pairs): (&Form<'_>, &[Pair]),
) -> Result<(), Wrong> {
    let (was, is) = (old.items[was].tokens.clone(), new.items[is].tokens.clone());
    let (mut at, mut to) = (was.start, is.start);
    let path = form.rows.attribute.as_bytes();
    while at < was.end && to < is.end {
        let (a, b) = (old.text(at), new.text(to));
        let mut moved = form.rows.variables.iter().zip(pairs).filter(|(_, it)| !it.is_of_one_type);
        if let Some(((_, variable), _)) = moved.find(|((name, _), _)| name.as_bytes() == a) {
            let is_it = [variable.as_bytes(), b".", path].into_iter().eq(new.texts(to..to + 3));
            if !is_it || old.text_before(at) != b"&" {
                return Err(Wrong::Before(at, format!("what names `{}` is another", shown(a))));
            }
            (at, to) = (at + 1, to + 3);
            continue;
        }
        if a != b {
            return Err(Wrong::Before(at, format!("`{}` became `{}`", shown(a), shown(b))));
        }
        (at, to) = (at + 1, to + 1);
    }
    match at == was.end && to == is.end {
        true => Ok(()),
        false => Err(Wrong::Before(at, "something has come or gone".to_owned())),
    }
}

/// The constants mean in the rows what they meant in the members: nothing behind the first of
/// these defines a word of theirs.
pub(super) fn keep_their_meaning(old: &Unit<'_>, form: &Form<'_>) -> Result<(), Wrong> {
    let words: BTreeSet<String> =
        form.rows.constants.iter().flatten().flat_map(|it| expand::texts(it.as_bytes())).collect();
    let first = form.members.iter().filter_map(|member| old.function(member).ok()).min();
    for item in old.items.iter().skip(first.unwrap_or_default()) {
        let at = item.tokens.start;
        if !matches!(old.directive(at), Some(b"define" | b"undef")) {
            continue;
        }
        let defined = directive_words(old.text(at)).get(1).map(|it| String::from_utf8_lossy(it));
        if let Some(word) = defined.filter(|word| words.contains(&**word)) {
            return Err(Wrong::Before(at, format!("{word} is defined behind a member")));
        }
    }
    Ok(())
}
