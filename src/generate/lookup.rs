//! The text of a table, and of what looks a key up in it.

use super::Edit;
use super::layout;
use super::repeat;
use super::templates::{TemplateError, Templates};
use crate::plan::ladder::{Element, Lookup, Otherwise, Row, Search};
use crate::plan::{FileContext, Rule, sequence};
use serde::Serialize;
use std::ops::Range;

/// What the template of a table is given.
#[derive(Serialize)]
struct TableData {
    /// The type of its elements, with their `const`.
    element: String,
    /// Its name.
    name: String,
    /// Its rows, and the comments above them, indented.
    lines: Vec<String>,
    /// A blank line stands below.
    blank: bool,
}

/// What the template of a lookup is given.
#[derive(Serialize)]
struct LookupData {
    /// The variable that is looked up.
    key: String,
    /// The table's name.
    table: String,
    /// Rows without a key are 0, and no value is.
    has_holes: bool,
    /// What stands before the element: `return `, or `x = `.
    gives: String,
    /// What the element is assigned to; or empty.
    sink: String,
    /// What counts the rows of a table that is searched, and the members of a row; or empty.
    index: String,
    key_field: String,
    value_field: String,
    /// The one statement that other keys leave by, in front of the lookup; or empty.
    early: String,
    /// The one statement for other keys; or empty.
    other: String,
    /// The place of the statements for other keys behind the lookup; or empty.
    behind: String,
}

/// The edits that put the table and the lookup in the place of a ladder.
///
/// # Errors
/// A template that cannot be rendered.
pub(super) fn edits(
    lookup: &Lookup,
    file: &FileContext,
    rule: &Rule,
    templates: &Templates,
) -> Result<Vec<Edit>, TemplateError> {
    let insert = |at: usize, text: String| Edit { range: at..at, text: text.into_bytes() };
    let mut table = match &lookup.search {
        Some(search) => searched(lookup, search, rule, templates)?,
        None => indexed(lookup, rule, templates)?,
    };
    let declared = declared(lookup);
    let mut edits = Vec::new();
    match lookup.declare_at == lookup.insert_at {
        true => table.push_str(&declared),
        false => edits.push(insert(lookup.declare_at, declared)),
    }
    edits.push(insert(lookup.insert_at, table));
    edits.push(replaced(lookup, file, rule, templates)?);
    Ok(edits)
}

/// The variables that are new, with a blank line where statements follow.
fn declared(lookup: &Lookup) -> String {
    let mut text = String::new();
    if let Some(local) = &lookup.local {
        let value =
            if local.is_initialised { format!(" = {}", local.value) } else { String::new() };
        text.push_str(&format!("\t{} {}{value};\n", local.ctype, lookup.key));
    }
    if let Some(search) = &lookup.search {
        text.push_str(&format!("\tint {};\n", search.index));
    }
    if lookup.blank_below && !text.is_empty() {
        text.push('\n');
    }
    text
}

/// A table whose rows are found by their index.
fn indexed(lookup: &Lookup, rule: &Rule, templates: &Templates) -> Result<String, TemplateError> {
    let data = TableData {
        element: match &lookup.element {
            Element::Strings(pointer) => format!("{pointer} const"),
            Element::Numbers(number) => format!("const {number}"),
        },
        name: lookup.table.clone(),
        lines: lines(&lookup.rows),
        blank: lookup.blank_below && lookup.local.is_none(),
    };
    Ok(indented(&templates.render(&rule.templates.helper, &data)?, "\t"))
}

/// A table of keys and values.
fn searched(
    lookup: &Lookup,
    search: &Search,
    rule: &Rule,
    templates: &Templates,
) -> Result<String, TemplateError> {
    let row = |row: &Row| sequence::Row {
        values: vec![row.key.clone(), row.value.clone()],
        comment: row.comment.clone(),
        above: row.above.clone(),
    };
    let rows: Vec<sequence::Row> = lookup.rows.iter().map(row).collect();
    let element = repeat::element(Some(&search.tag), &search.fields);
    let name = (lookup.table.as_str(), "");
    Ok(indented(&repeat::table(element, name, &rows, (&rule.templates.rows, templates))?, "\t"))
}

fn replaced(
    lookup: &Lookup,
    file: &FileContext,
    rule: &Rule,
    templates: &Templates,
) -> Result<Edit, TemplateError> {
    const BEHIND: &str = "{\u{1}}";
    let Range { start, end } = lookup.replaces.clone();
    let indent = String::from_utf8_lossy(&file.bytes[file.line_start(start)..start]);
    let one = lookup.default.as_ref().map(|default| match default {
        Otherwise::Statements(range) => {
            String::from_utf8_lossy(&file.bytes[range.clone()]).into_owned()
        }
        Otherwise::New(text) => text.clone(),
    });
    let one = one.filter(|text| lookup.default_is_one && !text.contains('\n'));
    let (mut early, mut other, mut behind) = (String::new(), String::new(), String::new());
    let mut is_block = false;
    match (&lookup.default, &lookup.sink) {
        (None, _) => {}
        (Some(_), None) => behind = BEHIND.to_owned(),
        (Some(_), Some(_)) => {
            is_block = one.is_none();
            let statement = one.unwrap_or_else(|| BEHIND.to_owned());
            // What leaves does so first, unless the search has to end before that.
            match lookup.default_leaves && lookup.search.is_none() {
                true => early = statement,
                false => other = statement,
            }
        }
    }
    let search = |of: &dyn Fn(&Search) -> &str| {
        lookup.search.as_ref().map(|search| of(search).to_owned()).unwrap_or_default()
    };
    let data = LookupData {
        key: lookup.key.clone(),
        table: lookup.table.clone(),
        has_holes: lookup.has_holes,
        gives: match &lookup.sink {
            Some(sink) => format!("{sink} = "),
            None => "return ".to_owned(),
        },
        sink: lookup.sink.clone().unwrap_or_default(),
        index: search(&|it| &it.index),
        key_field: search(&|it| &it.fields[0].1),
        value_field: search(&|it| &it.fields[1].1),
        early,
        other,
        behind,
    };
    let template = match &lookup.search {
        Some(_) => &rule.templates.search,
        None => &rule.templates.thin,
    };
    let rendered = templates.render(template, &data)?;
    let rendered = if is_block { braced(&rendered, BEHIND) } else { rendered };
    let mut text = indented(rendered.trim_end(), &indent);
    if let Some(default) = &lookup.default
        && let Some(at) = text.find(BEHIND)
    {
        let from = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let column = layout::column_after(&text.as_bytes()[from..at], 0);
        let statements = match default {
            Otherwise::Statements(range) => moved(file, range, column),
            Otherwise::New(statement) => layout::indent(column) + statement,
        };
        text.replace_range(from..at + BEHIND.len(), statements.trim_end());
    }
    let blank = if lookup.blank_behind { "\n" } else { "" };
    let assigned = match &lookup.local {
        Some(local) if !local.is_initialised => {
            format!("{} = {};\n{indent}", lookup.key, local.value)
        }
        _ => String::new(),
    };
    let text = assigned + text.trim() + blank;
    Ok(Edit { range: start..end, text: text.into_bytes() })
}

/// Puts braces around the branch in which `mark` stands, and around the other one.
fn braced(text: &str, mark: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let Some(at) = lines.iter().position(|line| line.contains(mark)) else {
        return text.to_owned();
    };
    let head = at - 1;
    if lines[head] == "else" {
        lines[head] = "} else {".to_owned();
        if let Some(first) = lines.iter_mut().find(|line| line.starts_with("if (")) {
            first.push_str(" {");
        }
    } else {
        lines[head].push_str(" {");
    }
    lines.insert(at + 1, "}".to_owned());
    lines.join("\n") + "\n"
}

/// Statements with the first in this column, and the others as far to the right of it as
/// they were.
fn moved(file: &FileContext, range: &Range<usize>, column: usize) -> String {
    let start = file.line_start(range.start);
    let text = String::from_utf8_lossy(&file.bytes[start..range.end]).into_owned();
    let white = |line: &str| line.len() - line.trim_start().len();
    let first = text
        .lines()
        .next()
        .map_or(0, |line| layout::column_after(&line.as_bytes()[..white(line)], 0));
    let mut moved = String::new();
    for line in text.lines() {
        let at = white(line);
        if line.len() > at {
            let was = layout::column_after(&line.as_bytes()[..at], 0);
            moved.push_str(&layout::indent((was + column).saturating_sub(first)));
            moved.push_str(&line[at..]);
        }
        moved.push('\n');
    }
    moved
}

/// One row a line, with the values in one column; comments beside their rows.
fn lines(rows: &[Row]) -> Vec<String> {
    let width = rows.iter().map(|row| row.key.len() + 2).max().unwrap_or(0);
    // Behind one tab, for the table is in a function.
    let column = (width + 1).next_multiple_of(layout::TAB);
    let one = |row: &Row, gap: &str| {
        let comment = row.comment.as_ref().map(|it| format!(" {it}")).unwrap_or_default();
        (format!("\t[{}]{gap}= {},{comment}", row.key, row.value), comment)
    };
    let fits = |line: &str| !layout::is_too_wide(format!("\t{line}").as_bytes());
    let tabs = |row: &Row| "\t".repeat((column - row.key.len() - 2).div_ceil(layout::TAB));
    let is_one_width = rows.iter().all(|row| row.key.len() + 2 == width);
    // In columns if all rows fit so.
    let in_columns = !is_one_width && rows.iter().all(|row| fits(&one(row, &tabs(row)).0));
    let mut lines = Vec::new();
    for row in rows {
        lines.extend(row.above.iter().map(|comment| format!("\t{comment}")));
        let gap = if in_columns { tabs(row) } else { " ".to_owned() };
        let (line, comment) = one(row, &gap);
        if fits(&line) {
            lines.push(line);
        } else {
            lines.push(format!("\t[{}] =", row.key));
            lines.push(format!("\t\t{},{comment}", row.value));
        }
    }
    lines
}

/// Each line of `text` that is not empty behind `indent`.
pub(super) fn indented(text: &str, indent: &str) -> String {
    let line = |line: &str| match line.is_empty() {
        true => "\n".to_owned(),
        false => format!("{indent}{line}\n"),
    };
    text.lines().map(line).collect()
}
