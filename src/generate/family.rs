//! The text of the rows by which one function is reached, of the local in it that takes what
//! they hold, and of the table where that is a place in one.

use super::helper::declared;
use super::repeat::lines;
use super::templates::{TemplateError, Templates};
use super::{Edit, layout, rewrite};
use crate::plan::family::{Declared, Declarer, Family, Local};
use crate::plan::sequence::Row;
use crate::plan::{Helper, Plan, Rule};
use serde::Serialize;
use std::borrow::Cow;

/// What the template of the table is given.
#[derive(Serialize)]
struct RowsData {
    element: String,
    name: String,
    attribute: String,
    lines: Vec<String>,
}

/// What the helper's body has in the place of a parameter: its name, or what a row has.
pub(super) fn name_of<'h>(plan: &Plan, helper: &'h Helper, parameter: usize) -> Cow<'h, str> {
    let name = &helper.parameters[parameter].name;
    match plan.family.as_ref().filter(|family| family.table.is_some()) {
        Some(family) => format!("{}->{name}", family.local.name).into(),
        None => name.into(),
    }
}

/// The lines of the local's declaration.
pub(super) fn local(local: &Local) -> String {
    let mut text = format!("\t{}\n", local.text());
    if layout::column_after(text.trim_end().as_bytes(), 0) > layout::WIDTH {
        text = format!("\t{}{} =\n\t\t{};\n", local.ctype, local.name, local.value);
    }
    if local.blank_below {
        text.push('\n');
    }
    text
}

/// The edits of the rows, of what names them, and of what the file includes.
pub(super) fn edits(family: &Family) -> Vec<Edit> {
    let row = |(range, row): &(_, Declared)| Edit {
        range: Clone::clone(range),
        text: layout::wrap(&(declaration(family, row) + "\n")).trim_end().as_bytes().to_vec(),
    };
    let mut edits: Vec<Edit> = family.rows.iter().map(row).collect();
    edits.extend(
        family
            .uses
            .iter()
            .map(|(range, text)| Edit { range: range.clone(), text: text.clone().into_bytes() }),
    );
    edits.extend(family.include.as_ref().map(rewrite::preamble));
    edits
}

/// A row's declaration, by the shortest macro for it.
fn declaration(family: &Family, row: &Declared) -> String {
    if let Some(form) = &family.kind.writes {
        let text = filled(form, row);
        let is_wide = text.lines().any(|it| layout::column_after(it.as_bytes(), 0) > layout::WIDTH);
        // What the row holds goes to a line of its own, before the rest is broken.
        return if is_wide { text.replace("), (", "),\n\t(") } else { text };
    }
    let called = family.declarers.iter().find_map(|it| call(it, row));
    called.unwrap_or_default()
}

/// The call of a macro that declares `row`; `None` where it declares none such.
fn call(declarer: &Declarer, row: &Declared) -> Option<String> {
    // What a macro makes of the attribute's name alone fits one of several by chance.
    let by_name = |form: &Option<String>| form.as_ref().is_some_and(|it| it.contains("{name}"));
    if by_name(&declarer.show) || by_name(&declarer.store) {
        return None;
    }
    let mut func: Option<&str> = None;
    let mut fits = |form: &Option<String>, what: &str, function: &'_ str| {
        if declarer.arguments.iter().any(|it| it == what) {
            return Some(());
        }
        let Some(form) = form else { return (function == "NULL").then_some(()) };
        let name = function.strip_suffix(form.strip_prefix("{func}")?)?;
        // It lives as long as the row.
        let at = row.show.find(name).map(|at| &row.show[at..at + name.len()]);
        let at = at.or_else(|| row.store.find(name).map(|at| &row.store[at..at + name.len()]))?;
        match func {
            Some(known) if known != at => None,
            _ => {
                func = Some(at);
                Some(())
            }
        }
    };
    fits(&declarer.show, "show", &row.show)?;
    fits(&declarer.store, "store", &row.store)?;
    if declarer.mode.as_ref().is_some_and(|mode| *mode != row.mode) {
        return None;
    }
    let argument = |what: &String| match what.as_str() {
        "name" => Some(row.name.as_str()),
        "mode" => Some(row.mode.as_str()),
        "show" => Some(row.show.as_str()),
        "store" => Some(row.store.as_str()),
        "data" => row.data.as_deref(),
        "func" => func,
        _ => None,
    };
    let arguments: Vec<&str> = declarer.arguments.iter().map(argument).collect::<Option<_>>()?;
    Some(format!("static {}({});", declarer.name, arguments.join(", ")))
}

fn filled(form: &str, row: &Declared) -> String {
    let data = row.data.as_deref().unwrap_or_default();
    let is_simple = data.starts_with('&')
        || data.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let data = if is_simple { data.to_owned() } else { format!("({data})") };
    let parts = [
        ("{name}", &row.name),
        ("{mode}", &row.mode),
        ("{show}", &row.show),
        ("{store}", &row.store),
        ("{data}", &data),
    ];
    parts.iter().fold(form.to_owned(), |text, (what, is)| text.replace(what, is))
}

/// The table with a blank line behind it; empty where there is none.
///
/// # Errors
/// A template that cannot be rendered.
pub(super) fn table(
    family: &Family,
    helper: &Helper,
    rule: &Rule,
    templates: &Templates,
) -> Result<String, TemplateError> {
    let Some(table) = &family.table else { return Ok(String::new()) };
    let fields =
        helper.parameters.iter().map(|it| format!("\t{};\n", declared(&it.ctype, &it.name)));
    let row = |index: usize| Row {
        values: helper.parameters.iter().map(|it| it.arguments[index].clone()).collect(),
        comment: None,
        above: Vec::new(),
    };
    let rows: Vec<Row> = (0..family.rows.len()).map(row).collect();
    let lines = match helper.parameters.len() {
        // A row is a structure even where it has one member.
        1 => rows.iter().map(|row| format!("\t{{ {} }},", row.values.join(", "))).collect(),
        _ => lines(&rows),
    };
    let data = RowsData {
        element: format!("struct {} {{\n{}}}", table.tag, fields.collect::<String>()),
        name: table.name.clone(),
        attribute: String::new(),
        lines,
    };
    Ok(templates.render(&rule.templates.thin, &data)? + "\n")
}
