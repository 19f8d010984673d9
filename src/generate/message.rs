//! The message of a patch: subject and body, from the rule's template.

use super::templates::{TemplateError, Templates};
use crate::detect::CloneGroup;
use crate::plan::{Fate, FileContext, Plan, Remedy};
use serde::Serialize;

/// A patch's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// One line of at most 75 characters.
    pub subject: String,
    /// The rest.
    pub body: String,
}

/// What the template of a message is given.
#[derive(Serialize)]
struct MessageData {
    subject: String,
    helper: String,
    merged: bool,
    functions: Vec<FunctionData>,
    parameters: Vec<String>,
    rows: Vec<String>,
    rule: String,
    file: String,
}

#[derive(Serialize)]
struct FunctionData {
    name: String,
    /// `removed`, `calls it`, or `kept`.
    fate: &'static str,
}

/// Longest subject (Documentation/process/submitting-patches.rst).
const SUBJECT: usize = 75;

/// Composes the message of `plan`.
///
/// # Errors
/// A template that cannot be rendered.
pub fn compose(
    plan: &Plan,
    group: &CloneGroup,
    file: &FileContext,
    templates: &Templates,
) -> Result<Message, TemplateError> {
    let (helper, merged) = match &plan.remedy {
        Remedy::Helper(helper) => (helper.name.clone(), false),
        Remedy::Merge(survivor) => (plan.members[*survivor].name.clone(), true),
    };
    let fate = |fate: Fate| match fate {
        Fate::Gone => "removed",
        Fate::Thin => "calls it",
        Fate::Survives => "kept",
    };
    let functions = plan
        .members
        .iter()
        .map(|m| FunctionData { name: m.name.clone(), fate: fate(m.fate) })
        .collect();
    let parameters = match &plan.remedy {
        Remedy::Helper(helper) => helper.parameters.iter().map(|p| p.name.clone()).collect(),
        Remedy::Merge(_) => Vec::new(),
    };
    let data = MessageData {
        subject: subject(group, &helper, merged),
        rows: rows(plan),
        helper,
        merged,
        functions,
        parameters,
        rule: plan.rule.name.clone(),
        file: file.path.clone(),
    };
    let text = templates.render(&plan.rule.templates.message, &data)?;
    let (subject, body) = text.split_once('\n').unwrap_or((&text, ""));
    Ok(Message { subject: subject.trim().to_owned(), body: body.trim().to_owned() + "\n" })
}

/// `subsystem: driver: what`.
fn subject(group: &CloneGroup, helper: &str, merged: bool) -> String {
    let member = &group.members[0];
    let subsystem = member.class.rsplit('/').next().unwrap_or(&member.class);
    let prefix = format!("{subsystem}: {}: ", member.driver);
    let verb = if merged { "Use" } else { "Add" };
    let whole = format!("{prefix}{verb} {helper}() for {} duplicates", group.members.len());
    match whole.chars().count() <= SUBJECT {
        true => whole,
        false => format!("{prefix}Remove duplicated code").chars().take(SUBJECT).collect(),
    }
}

/// A small table: what each function passes.
fn rows(plan: &Plan) -> Vec<String> {
    let Remedy::Helper(helper) = &plan.remedy else { return Vec::new() };
    let width = plan.members.iter().map(|m| m.name.len()).max().unwrap_or(0);
    let row = |(index, member): (usize, &crate::plan::MemberPlan)| {
        let values: Vec<&str> =
            helper.parameters.iter().map(|p| p.arguments[index].as_str()).collect();
        format!("{:width$}  {}", member.name, values.join(", "))
    };
    plan.members.iter().enumerate().map(row).collect()
}
