//! Statements of one shape in a row become a table of their constants, and a loop.
//!
//! In: a run of repetitions in one function. Out: a plan for them, or why they stay. Each
//! turn of the loop does what one repetition did, in their order, and leaves the function
//! where that did; what differs is constant, so that it does not matter when it is read.
//! Which expressions may be told by a row, and of what type it is, is asked as for the
//! parameters of a helper.

mod names;
mod rows;

use super::align::{self, AlignedMember, Alignment, lossy};
use super::file::FileContext;
use super::holes::{self, Holes, Parameter, Subject};
use super::ladder;
use super::refusal::{Reason, Refusal};
use super::text::{self, Saving};
use super::traps;
use super::words;
use super::{OpenFile, Plan, Remedy, RemedyKind, Rule, is_plain, rules, tables};
use crate::detect::{CloneGroup, Kind, Member};
use crate::syntax::{LoopMacros, TokenKind, lexer};
use names::Names;
use std::ops::Range;

/// What takes the place of repeated statements.
#[derive(Clone, Debug)]
pub struct Loop {
    /// The array.
    pub table: String,
    /// The tag of its elements, where they have several members.
    pub tag: Option<String>,
    /// That is there already.
    pub is_known: bool,
    /// The type and the name of each member.
    pub fields: Vec<(String, String)>,
    /// A row for each repetition: the value of each member.
    pub rows: Vec<Row>,
    /// The array is only there while the function is initialised.
    pub is_init: bool,
    /// The line before which it is declared.
    pub insert_at: usize,
    /// That is above the function, not in it.
    pub is_above: bool,
    /// The function has no declarations.
    pub is_first: bool,
    /// The line before which the index is declared: behind all declarations.
    pub index_at: usize,
    /// The index.
    pub index: String,
    /// The bytes of the repetitions.
    pub replaces: Range<usize>,
    /// The bytes of the first, and what in it a member takes the place of.
    pub first: Range<usize>,
    /// Bytes in the first repetition, and the number of the member; none where the number of
    /// the row stands there.
    pub spans: Vec<(Range<usize>, Option<usize>)>,
    /// A blank line follows.
    pub blank_behind: bool,
    /// A repetition is more than one statement.
    pub is_block: bool,
    /// What the code is smaller by.
    pub saving: Saving,
}

/// The values of one repetition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// In the order of the members.
    pub values: Vec<String>,
    /// A comment behind it.
    pub comment: Option<String>,
    /// Comments on lines of their own above it.
    pub above: Vec<String>,
}

/// Most lines between the beginning of a function, where the table is declared, and the
/// loop over it.
const FARTHEST: u32 = 80;

/// Fewest rows of a table that may stand above the function: one that is worth a name.
const LARGE: usize = 16;

/// The rule for a group, if it is one of repetitions.
pub fn rule<'r>(rules: &'r [Rule], group: &CloneGroup) -> Option<&'r Rule> {
    rules::with_remedy(rules, RemedyKind::Loop, group)
        .filter(|rule| group.kind == Kind::Sequence && rule.limits.members <= group.members.len())
}

/// Plans the repetitions that are the members of `group`; `None` where they lie in several
/// functions.
///
/// # Errors
/// What stands against it.
pub fn plan(
    open: &OpenFile,
    group: &CloneGroup,
    rule: &Rule,
    loops: &LoopMacros,
) -> Option<Result<Plan, Refusal>> {
    let whole = tables::whole(&open.context, group)?;
    Some(plan_run(open, (group, whole), rule, loops))
}

fn plan_run(
    open: &OpenFile,
    (group, whole): (&CloneGroup, Member),
    rule: &Rule,
    loops: &LoopMacros,
) -> Result<Plan, Refusal> {
    let file = &open.context;
    is_plain(file, &whole)?;
    let parsed = align::read(file, &whole, loops)?;
    let aligned = repetitions(file, group, &parsed)?;
    let members = group.members.iter().map(|it| {
        let mut member = it.clone();
        member.function.body = member.function.start;
        member.function.name = whole.function.name.clone();
        member
    });
    let run = CloneGroup { members: members.collect(), ..group.clone() };
    let mut alignment = Alignment { members: aligned, sites: Vec::new(), renamed_locals: false };
    align::find_sites(&run, &mut alignment)?;
    let subject = Subject { file, group: &run, alignment: &alignment };
    traps::check(&run, &alignment, RemedyKind::Loop)?;
    let holes = holes::plan(&subject, &rule.limits)?;
    let planned = looped(open, &subject, &parsed, &holes, rule)?;
    let claims = [planned.replaces.clone(), planned.insert_at..planned.insert_at];
    Plan::of_one(open, (group, whole), parsed, rule, (Remedy::Loop(Box::new(planned)), &claims))
}

/// The repetitions as members that are aligned, with nothing between them.
///
/// # Errors
/// `loop-body`, `directive-in-body`.
fn repetitions<'f>(
    file: &'f FileContext,
    group: &CloneGroup,
    parsed: &AlignedMember<'f>,
) -> Result<Vec<AlignedMember<'f>>, Refusal> {
    let mut aligned = Vec::new();
    let mut last: Option<usize> = None;
    for member in &group.members {
        let (start, end) = (member.function.start, member.function.end);
        let tokens = file.token_at(start)..file.token_at(end);
        let refuse = |reason, detail: &str| Err(file.refuse(reason, start, detail));
        if last.is_some_and(|last| last != tokens.start) {
            return refuse(Reason::LoopBody, "something stands between the repetitions");
        }
        last = Some(tokens.end);
        for at in tokens.clone() {
            if file.tokens[at].kind == TokenKind::Directive {
                return refuse(Reason::DirectiveInBody, "a directive stands between them");
            }
            let word = file.text(at);
            if matches!(word, b"break" | b"continue" | b"case" | b"default" | b"else")
                && !(word == b"else" && at > tokens.start)
            {
                let detail = format!("`{}` would mean something else in a loop", lossy(word));
                return refuse(Reason::LoopBody, &detail);
            }
        }
        let ends = matches!(file.text(tokens.end - 1), b";" | b"}");
        if !ends || file.text(tokens.end) == b"else" {
            return refuse(Reason::LoopBody, "a repetition is no whole statement");
        }
        aligned.push(AlignedMember {
            file,
            tokens,
            tree: parsed.tree.clone(),
            locals: parsed.locals.clone(),
        });
    }
    let first = &aligned[0].tokens;
    let before = first.start.checked_sub(1).map_or(&b""[..], |at| file.text(at));
    if !matches!(before, b";" | b"{" | b"}" | b":") {
        let detail = "the first repetition is part of another statement";
        return Err(file.refuse(Reason::LoopBody, file.tokens[first.start].start, detail));
    }
    Ok(aligned)
}

fn looped(
    open: &OpenFile,
    subject: &Subject<'_>,
    parsed: &AlignedMember<'_>,
    holes: &Holes,
    rule: &Rule,
) -> Result<Loop, Refusal> {
    let file = subject.file;
    let refuse = |reason, detail: &str| Err(subject.refuse(reason, 0, detail));
    if holes.parameters.is_empty() || holes.parameters.len() > rule.limits.parameters {
        let detail = format!("a row would have {} members", holes.parameters.len());
        return Err(subject.refuse(Reason::TooManyParameters, 0, detail));
    }
    for span in &holes.spans {
        let parameter = &holes.parameters[span.parameter];
        let plain = span.wording.is_none() && span.form == holes::Form::Name;
        if !plain || parameter.is_format || parameter.base.is_some() {
            let detail = "what differs is no value of a row";
            return Err(subject.refuse(Reason::LoopBody, span.tokens.start, detail));
        }
        // An object's address, or a callee, is for a helper.
        let constant = parameter
            .arguments
            .iter()
            .all(|value| value.starts_with('"') || file.unit.constant(value).is_ok());
        if !constant {
            let detail = format!("`{}` is no constant", parameter.arguments[0]);
            return Err(subject.refuse(Reason::LoopBody, span.tokens.start, detail));
        }
    }
    let start_line = |at: u32| file.line_of(at as usize);
    let begin = start_line(parsed.file.tokens[parsed.tokens.start].start);
    let members = &subject.group.members;
    let is_far = start_line(members[0].function.start) - begin > FARTHEST;
    // One of the file is looked for above the function, whatever stands between.
    let is_above = is_far && members.len() >= LARGE;
    if is_far && !is_above {
        return refuse(Reason::LoopBody, "the table would stand far from its use");
    }
    if goes_on(subject) {
        return refuse(Reason::LoopBody, "the run goes on with what is no constant");
    }
    if file.unit.lookup("ARRAY_SIZE").is_empty() {
        return refuse(Reason::NameUnresolved, "ARRAY_SIZE is not known");
    }
    let (start, end) =
        (members[0].function.start as usize, members[members.len() - 1].function.end as usize);
    if !file.is_blank(file.line_start(start)..start) {
        return refuse(Reason::CallNotEditable, "the first repetition does not begin a line");
    }
    // What counts the rows is the index.
    let counts = |it: &Parameter| {
        it.ctype == "int"
            && it.arguments.iter().enumerate().all(|(row, value)| *value == row.to_string())
    };
    let mut columns: Vec<usize> =
        (0..holes.parameters.len()).filter(|&at| !counts(&holes.parameters[at])).collect();
    if columns.is_empty() {
        return refuse(Reason::LoopBody, "nothing but the number of the repetition differs");
    }
    let fields = columns.iter().map(|&at| &holes.parameters[at]);
    let mut fields: Vec<(String, String)> =
        fields.map(|it| (it.ctype.clone(), it.name.clone())).collect();
    let Some((body_at, is_first)) = tables::place(parsed) else {
        return refuse(Reason::ParseGap, "the body does not begin a line");
    };
    let function = file.function_at(members[0].function.start);
    let outside = function.filter(|_| is_above).map(|it| {
        let name = lossy(it.name(&file.bytes));
        let start = file.leading_comment(it.start, &name).map_or(it.start as usize, |it| it.start);
        (file.line_start(start), words::nouns(&name))
    });
    let Some(index_at) = tables::behind_declarations(parsed) else {
        return refuse(Reason::ParseGap, "the declarations do not end a line");
    };
    let insert_at = outside.as_ref().map_or(body_at, |(at, _)| *at);
    let mut known = None;
    if let Some(found) = rows::known(subject, &fields, insert_at, rule).filter(|_| fields.len() > 1)
    {
        columns = found.columns.iter().map(|&at| columns[at]).collect();
        fields = found.fields;
        known = Some((found.tag, found.size));
    }
    let is_known = known.is_some();
    let row = known.as_ref().map(|(_, size)| *size);
    let row = row.unwrap_or_else(|| text::of_row(fields.iter().map(|(ctype, _)| ctype.as_str())));
    let names = (known.map(|(tag, _)| tag), outside.as_ref().map(|it| &*it.1));
    let names = Names::of(open, (subject, parsed), &fields, names)?;
    let parameters: Vec<&Parameter> = columns.iter().map(|&at| &holes.parameters[at]).collect();
    let mut rows = rows::rows(subject, &parameters)?;
    let mut from = start;
    // Where others have comments of their own, what stands above the first is its own.
    if rows.iter().any(|row| !row.above.is_empty()) {
        let comments = rows::above(file, start)?;
        from = comments.first().map_or(start, |comment| comment.start);
        rows[0].above = comments.into_iter().map(|it| lossy(&file.bytes[it])).collect();
    }
    // So does what stands behind the last.
    let behind = lexer::comments(&file.bytes, end, file.line_end(end - 1));
    let end = behind.first().map_or(end, |comment| comment.end);
    let byte = |relative: usize| file.tokens[subject.first(relative)].start as usize;
    let spans = holes.spans.iter().map(|span| {
        let last = file.tokens[subject.first(span.tokens.end - 1)].end as usize;
        let column = columns.iter().position(|&at| at == span.parameter);
        (byte(span.tokens.start)..last, column)
    });
    let first = &subject.alignment.members[0].tokens;
    let name = file
        .token_at(file.function_at(members[0].function.start).map_or(0, |function| function.start));
    let is_init = (name..first.start)
        .take_while(|&at| file.text(at) != b"{")
        .any(|at| file.text(at) == b"__init");
    let Names { table, tag, index } = names;
    Ok(Loop {
        table,
        tag,
        rows,
        is_init,
        insert_at,
        is_known,
        is_above: outside.is_some(),
        is_first,
        saving: text::of_loop(members.len(), text::of_statements(file, first.clone()), row),
        fields,
        index_at,
        index,
        replaces: from..end,
        first: start..members[0].function.end as usize,
        spans: spans.collect(),
        blank_behind: !tables::ends_block(file, file.token_at(end as u32) - 1),
        is_block: ladder::statements(file, first.clone()) > 1 || file.text(first.start) == b"if",
    })
}

/// Whether what stands next to the run begins as its repetitions do: then a part of a
/// longer run would be a table, and the rest stay.
fn goes_on(subject: &Subject<'_>) -> bool {
    let (file, members) = (subject.file, &subject.alignment.members);
    let first = &members[0].tokens;
    let open = first.clone().find(|&at| file.text(at) == b"(").unwrap_or(first.end);
    let head: Vec<&[u8]> = (first.start..open).map(|at| file.text(at)).collect();
    if head.is_empty() {
        return false;
    }
    let begins = |at: usize| {
        let is_it = head.iter().enumerate().all(|(offset, word)| file.text(at + offset) == *word);
        is_it && file.text(at + head.len()) == b"("
    };
    let statements = ladder::statements(file, first.clone()).max(1);
    // A condition belongs to what it decides.
    if head == [b"if"] {
        return false;
    }
    let mut at = first.start;
    for _ in 0..statements {
        let Some(end) = at.checked_sub(1).filter(|&end| file.text(end) == b";") else { break };
        at = statement_start(file, end);
        if begins(at) {
            return true;
        }
    }
    begins(members[members.len() - 1].tokens.end)
}

/// The first token of the statement that ends with the semicolon at `end`.
fn statement_start(file: &FileContext, end: usize) -> usize {
    let mut depth = 0usize;
    for at in (0..end).rev() {
        match file.text(at) {
            b")" | b"]" => depth += 1,
            b"(" | b"[" => depth = depth.saturating_sub(1),
            b";" | b"{" | b"}" | b":" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    0
}
