//! The remedy *helper*: a new function that does the members' work, with what differs as
//! parameters. In: the members side by side, and a rule. Out: the plan.

use super::holes::{self, Holes, Subject};
use super::sharing::{self, Sharing};
use super::{
    Helper, OpenFile, Parameter, Plan, Reason, Refusal, Remedy, Rule, callers, comments, fate,
    names, notes, traps, wrapper,
};
use crate::tree::TreePath;

/// Constants that have the same value in all members are parameters although nothing differs:
/// each file has one of its own, or, where what they share is `elsewhere`, only they know it.
/// With many of them, nobody sees what the function is for.
fn own_constants(
    subject: &Subject<'_>,
    holes: &Holes,
    (is_elsewhere, most): (bool, usize),
) -> Result<(), Refusal> {
    let value = |(member, text): (usize, &String)| {
        let constant = subject.file_of(member).unit.constant(text).ok()?;
        Some((constant.value?, constant.ctype))
    };
    let is_own = |it: &&Parameter| {
        let mut values = it.arguments.iter().enumerate().map(value);
        let first = values.next().flatten();
        is_elsewhere && it.arguments.iter().all(|value| *value == it.arguments[0])
            || first.is_some() && values.all(|value| value == first)
    };
    let own: Vec<&str> =
        holes.parameters.iter().filter(is_own).map(|it| it.arguments[0].as_str()).collect();
    if own.len() <= most {
        return Ok(());
    }
    let at = subject.group.members[0].function.start;
    let detail = format!("each file has its own {}, and they are the same today", own.join(", "));
    Err(subject.file.refuse(Reason::MacroDiffers, at, detail))
}

/// Two parameters of one name and a number: nobody sees which is which at a call in another
/// file.
fn told_apart(subject: &Subject<'_>, holes: &Holes) -> Result<(), Refusal> {
    let stem = |name: &str| {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        (stem.len() < name.len()).then(|| stem.trim_end_matches('_').to_owned())
    };
    let names = || holes.parameters.iter().map(|it| it.name.as_str());
    let twins = names().find_map(|name| {
        let stem = stem(name)?;
        names().any(|other| other == stem).then_some((stem, name))
    });
    let Some((stem, name)) = twins else { return Ok(()) };
    let at = subject.group.members[0].function.start;
    let detail = format!("nothing but a number tells `{name}` from `{stem}`");
    Err(subject.file.refuse(Reason::TooManyParameters, at, detail))
}

/// Plans a helper that takes what differs as parameters.
///
/// # Errors
/// The first thing that stands against it.
pub(super) fn plan(
    subject: &Subject<'_>,
    rule: &Rule,
    open: &[&OpenFile],
    sharing: Option<&Sharing<'_>>,
) -> Result<Plan, Refusal> {
    let (file, group) = (subject.file, subject.group);
    let first = &group.members[0].function;
    let comments = comments::inside(subject);
    let mut members = fate::helper(subject, open, sharing, comments.as_ref().ok())?;
    fate::gain(subject, &members, Some(0), (rule.limits.lines_saved, sharing))?;
    // What stands against it is kept until the patch is written: a group that would
    // not get shorter anyway is refused for that.
    let trap = traps::check(group, subject.alignment, rule.remedy).err();
    let holes =
        holes::plan(subject, &rule.limits).map_err(|refusal| trap.clone().unwrap_or(refusal))?;
    if callers::keep_unwritable(subject, &mut members, &holes) {
        fate::gain(subject, &members, Some(0), (rule.limits.lines_saved, sharing))?;
    }
    let mut objection = trap.or(wrapper::adds_something(subject, &holes).err());
    let dropped = fate::dropped_parameters(subject, &members, &holes);
    if holes.unpacked.iter().any(|it| !dropped.contains(&it.own)) {
        let detail = "a macro uses a parameter that is of another type in each member";
        return Err(file.refuse(Reason::TypeDiffers, first.start, detail));
    }
    let count = members[0].own.len() - dropped.len() + holes.parameters.len();
    if count > rule.limits.parameters {
        let detail = format!("{count} parameters, {} allowed", rule.limits.parameters);
        let refusal = file.refuse(Reason::TooManyParameters, first.start, detail);
        objection.get_or_insert(refusal);
    }
    let names: Vec<&str> = group.members.iter().map(|m| m.name.as_str()).collect();
    let comments = comments.unwrap_or_else(|refusal| {
        objection.get_or_insert(refusal);
        comments::Inside::none(members.len())
    });
    let insert_at = members[0]
        .comment
        .as_ref()
        .map_or_else(|| file.line_start(first.start as usize), |comment| comment.start);
    let mut notes = notes::formats(&holes.parameters);
    if holes.spans.iter().any(|span| span.wording.is_some()) {
        notes.push("a message is put together from its format and a word: who greps for the whole message no longer finds it".to_owned());
    }
    if holes.parameters.is_empty() {
        let names: Vec<String> = members.iter().map(|m| format!("{}()", m.name)).collect();
        notes.push(format!(
            "{} are the same today: are they meant to stay so?",
            names.join(" and ")
        ));
    }
    let parameters: Vec<&str> = holes.parameters.iter().map(|p| p.name.as_str()).collect();
    let mut declaration = None;
    let inline_at = sharing.and_then(|sharing| sharing.inline_at);
    if let Some(sharing) = sharing {
        // Nobody wants a message in one file and what prints it in another.
        if holes.parameters.iter().any(|parameter| parameter.is_format) {
            let detail = "a format would be handed from file to file";
            return Err(file.refuse(Reason::FormatString, first.start, detail));
        }
        sharing::agree(subject, &holes, sharing)?;
        if let Some(host) = &sharing.host {
            host.may_call(subject)?;
        }
        // A member's file would know them.
        let is_elsewhere = match &sharing.host {
            Some(host) => !host.is_spare,
            None => inline_at.is_some(),
        };
        let most = if is_elsewhere { rule.limits.own_constants } else { 0 };
        own_constants(subject, &holes, (is_elsewhere, most))?;
        told_apart(subject, &holes)?;
        if inline_at.is_none() {
            declaration = Some(sharing.declare(subject, 0, &holes)?);
        }
    }
    let called = sharing.and_then(|sharing| sharing.called);
    let given = rule.names.get(&group.id);
    let mut candidates = match (given, called) {
        (Some(given), _) => vec![given.clone()],
        (None, Some(called)) => called.to_vec(),
        (None, None) => names::helper(&names, &parameters),
    };
    if let Some(sharing) = sharing.filter(|_| names.len() < 3)
        && let Some(other) = sharing.of_the_same_stem(&names)
    {
        let detail = format!("{other}() is no member: a name for all would lie");
        return Err(file.refuse(Reason::NameWouldLie, first.start, detail));
    }
    if given.is_none() && (sharing.is_some_and(Sharing::is_across_modules) || inline_at.is_some()) {
        candidates.retain(|name| names::is_telling(name, &names));
        if candidates.is_empty() {
            let detail = "the members' names share no word for what they do";
            return Err(file.refuse(Reason::NameWouldLie, first.start, detail));
        }
    }
    let name = match sharing {
        None => {
            let claimed = &open[0].claimed.names;
            candidates.into_iter().find(|name| file.is_new_name(name) && !claimed.contains(name))
        }
        Some(sharing) => sharing.global_name(candidates),
    };
    let Some(name) = name else {
        let detail = match given {
            Some(given) => format!("{given}() is taken: another one of that name is seen here"),
            None => "no name is free that all files may use".to_owned(),
        };
        return Err(file.refuse(Reason::NoHome, first.start, detail));
    };
    let functions = file.functions.iter().map(|it| it.name(&file.bytes));
    if given.is_none() && called.is_none() && names::is_mute(&name, functions) {
        notes.push(format!(
            "{name}() says nothing of what it does: `plan --name {}=NAME` gives it another name",
            group.id
        ));
    }
    let has_word = |word: &str| {
        let aligned = &subject.alignment.members[0];
        aligned.tokens.clone().any(|at| aligned.file.text(at) == word.as_bytes())
    };
    if let Some(one) = names::confused(&parameters, has_word) {
        notes.push(format!("the parameter {one} needs another name, before it is sent"));
    }
    let host = sharing.and_then(|sharing| sharing.host.as_ref());
    let export = host.and_then(|host| host.export_of(&name));
    let insert_at = host.map_or(insert_at, |host| host.insert_at);
    let insert_at = inline_at.unwrap_or(insert_at);
    let mut files: Vec<TreePath> = subject.paths().into_iter().cloned().collect();
    files.extend(host.map(|host| host.file.path.clone()));
    let header = sharing.filter(|it| it.inline_at.is_some()).map(|it| it.header.path.clone());
    files.extend(header);
    let helper = Helper {
        name,
        parameters: holes.parameters,
        spans: holes.spans,
        dropped,
        insert_at,
        comments,
    };
    let (is_hosted, is_inline) = (host.is_some(), inline_at.is_some());
    let plan = Plan::new(subject, rule, Remedy::Helper(helper), members);
    let visible = notes::callers_named(subject);
    Ok(Plan { files, is_hosted, export, declaration, notes, visible, is_inline, objection, ..plan })
}
