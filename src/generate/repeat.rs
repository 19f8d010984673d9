//! The text of a table of constants, and of the loop over it.

use super::Edit;
use super::layout;
use super::lookup::indented;
use super::templates::{TemplateError, Templates};
use crate::plan::sequence::{Loop, Row};
use crate::plan::{FileContext, Rule};
use serde::Serialize;

/// What the template of the table is given.
#[derive(Serialize)]
struct RowsData {
    /// The type of a row, with its members where it has several.
    element: String,
    /// The table's name.
    name: String,
    /// What says when it is needed, with a leading blank; or empty.
    attribute: String,
    /// The rows, and the comments above them, indented.
    lines: Vec<String>,
}

/// What the template of the loop is given.
#[derive(Serialize)]
struct LoopData {
    index: String,
    table: String,
    /// More than one statement is repeated.
    is_block: bool,
    /// The place of what is repeated.
    body: String,
}

/// The edits that put the table and the loop in the place of the repetitions.
///
/// # Errors
/// A template that cannot be rendered.
pub(super) fn edits(
    plan: &Loop,
    file: &FileContext,
    rule: &Rule,
    templates: &Templates,
) -> Result<Vec<Edit>, TemplateError> {
    let name = (plan.table.as_str(), if plan.is_init { " __initconst" } else { "" });
    let element = match plan.tag.as_deref().filter(|_| plan.is_known) {
        Some(tag) => format!("struct {tag}"),
        None => element(plan.tag.as_deref(), &plan.fields),
    };
    let table = table(element, name, &plan.rows, (&rule.templates.helper, templates))?;
    let mut index = format!("\tint {};\n", plan.index);
    let table = match plan.is_above {
        true => table + "\n",
        false => indented(&table, "\t"),
    };
    let mut edits = Vec::new();
    if plan.is_first {
        index.push('\n');
    }
    if plan.index_at == plan.insert_at {
        edits.push(Edit {
            range: plan.index_at..plan.index_at,
            text: (table + &index).into_bytes(),
        });
    } else {
        for (at, text) in [(plan.index_at, index), (plan.insert_at, table)] {
            edits.push(Edit { range: at..at, text: text.into_bytes() });
        }
    }
    edits.push(repeated(plan, file, rule, templates)?);
    Ok(edits)
}

/// The table of a name and an attribute, in what `template` says.
///
/// # Errors
/// The template cannot be rendered.
pub(super) fn table(
    element: String,
    (name, attribute): (&str, &str),
    rows: &[Row],
    (template, templates): (&str, &Templates),
) -> Result<String, TemplateError> {
    let (name, attribute) = (name.to_owned(), attribute.to_owned());
    templates.render(template, &RowsData { element, name, attribute, lines: lines(rows) })
}

/// The type of a row. The row is constant by the `const` in front, but what it points to
/// where it is a pointer alone.
pub(super) fn element(tag: Option<&str>, fields: &[(String, String)]) -> String {
    let Some(tag) = tag else {
        let ctype = &fields[0].0;
        return match ctype.strip_prefix("const ") {
            Some(rest) if ctype.ends_with('*') => format!("{rest} const"),
            _ => ctype.clone(),
        };
    };
    let fields = fields.iter().map(|(ctype, name)| {
        let gap = if ctype.ends_with('*') { "" } else { " " };
        format!("\t{ctype}{gap}{name};\n")
    });
    format!("struct {tag} {{\n{}}}", fields.collect::<String>())
}

/// One row a line, each value in its column.
pub(super) fn lines(rows: &[Row]) -> Vec<String> {
    let count = rows.first().map_or(0, |row| row.values.len());
    let widths: Vec<usize> = (0..count)
        .map(|at| rows.iter().map(|row| row.values[at].chars().count()).max().unwrap_or(0))
        .collect();
    let mut lines = Vec::new();
    for row in rows {
        lines.extend(row.above.iter().map(|comment| format!("\t{comment}")));
        let mut text = String::from("\t");
        if let [only] = row.values.as_slice() {
            text.push_str(only);
        } else {
            text.push_str("{ ");
            for (at, value) in row.values.iter().enumerate() {
                text.push_str(value);
                if at + 1 < count {
                    text.push_str(", ");
                    let gap = widths[at] - value.chars().count();
                    text.push_str(&" ".repeat(gap));
                }
            }
            text.push_str(" }");
        }
        text.push(',');
        if let Some(comment) = &row.comment {
            text.push(' ');
            text.push_str(comment);
        }
        lines.push(text);
    }
    lines
}

fn repeated(
    plan: &Loop,
    file: &FileContext,
    rule: &Rule,
    templates: &Templates,
) -> Result<Edit, TemplateError> {
    const BODY: &str = "{\u{1}}";
    let data = LoopData {
        index: plan.index.clone(),
        table: plan.table.clone(),
        is_block: plan.is_block,
        body: BODY.to_owned(),
    };
    let start = plan.replaces.start;
    let indent = String::from_utf8_lossy(&file.bytes[file.line_start(start)..start]).into_owned();
    let deeper = format!("{indent}\t");
    let mut body = layout::wrap(&indented(&joined(plan, file, &indent), &deeper));
    if body.lines().any(|line| layout::is_too_wide(line.as_bytes())) {
        body = indented(&as_it_was(plan, file, &indent), &deeper);
    }
    let text = indented(&templates.render(&rule.templates.thin, &data)?, &indent);
    let text = text.replace(&format!("{indent}{BODY}\n"), &body);
    let blank = if plan.blank_behind { "\n" } else { "" };
    let text = text.trim().to_owned() + blank;
    Ok(Edit { range: plan.replaces.clone(), text: text.into_bytes() })
}

/// The first repetition with the members of a row in the place of its constants, in its
/// lines, without the white space that `indent` is.
fn as_it_was(plan: &Loop, file: &FileContext, indent: &str) -> String {
    let mut text = String::new();
    let mut at = plan.first.start;
    for (range, field) in &plan.spans {
        text.push_str(&String::from_utf8_lossy(&file.bytes[at..range.start]));
        match (field, &plan.tag) {
            (None, _) => text.push_str(&plan.index),
            (Some(_), None) => text.push_str(&format!("{}[{}]", plan.table, plan.index)),
            (Some(field), Some(_)) => {
                let name = &plan.fields[*field].1;
                text.push_str(&format!("{}[{}].{name}", plan.table, plan.index));
            }
        }
        at = range.end;
    }
    text.push_str(&String::from_utf8_lossy(&file.bytes[at..plan.first.end]));
    let line = |line: &str| line.strip_prefix(indent).unwrap_or(line).to_owned() + "\n";
    text.lines().map(line).collect()
}

/// As [`as_it_was`], but what is in parentheses is on one line.
fn joined(plan: &Loop, file: &FileContext, indent: &str) -> String {
    let text = as_it_was(plan, file, indent);
    let (mut joined, mut depth, mut skips) = (String::new(), 0usize, false);
    for c in text.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '\n' if depth > 0 => {
                joined.truncate(joined.trim_end().len());
                if !joined.ends_with(['(', '[', '.', '!', '~']) && !joined.ends_with("->") {
                    joined.push(' ');
                }
                skips = true;
                continue;
            }
            _ => {}
        }
        if skips && c.is_whitespace() {
            continue;
        }
        skips = false;
        joined.push(c);
    }
    joined
}
