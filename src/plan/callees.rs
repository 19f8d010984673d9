//! A hole over the function that is called: its parameter is a pointer to a function,
//! where all members call functions of one prototype.

use super::align::{Site, lossy};
use super::context::{self, Sort};
use super::file::FileContext;
use super::holes::{Place, Subject};
use super::refusal::{Reason, Refusal};
use super::words;
use crate::syntax::decl::{FunctionSig, Param};

/// A declaration that is longer, behind the indentation of a parameter, makes a line of
/// more than a hundred characters.
const LONGEST: usize = 56;

/// Whether what differs at `site` is called, by its name.
pub fn is_called(subject: &Subject<'_>, site: &Site) -> bool {
    let tree = &subject.alignment.members[0].tree;
    let Some(node) = subject.node(&(site.token..site.token + 1)) else { return false };
    let call = tree.node(tree.node(node).parent).kind == "call_expression"
        && tree.node(node).field == "function";
    call && !context::is_local(subject, site.token)
}

/// Checks that a pointer may stand for all functions that are called at `site`.
///
/// # Errors
/// `callee-differs`, and what keeps one of them from being called by a pointer.
pub fn check(subject: &Subject<'_>, site: &Site) -> Result<(), Refusal> {
    let shown = context::shown_values(&site.values);
    let refuse = |detail: String| {
        Err(subject.refuse(Reason::CalleeDiffers, site.token, format!("{shown}: {detail}")))
    };
    let names: Vec<String> = site.values.iter().map(|value| lossy(value)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if words::are_opposites(&names) {
        return refuse("they do opposite things, which a reader should see".to_owned());
    }
    let members: Vec<&str> = subject.group.members.iter().map(|m| m.name.as_str()).collect();
    if words::shared(&members) == 0 {
        return refuse("the members' names share no word that could name the helper".to_owned());
    }
    let mut first: Option<FunctionSig> = None;
    for value in &site.values {
        let signature = match signature(subject.file, &lossy(value)) {
            Ok(signature) => signature,
            Err(detail) => return refuse(detail),
        };
        match &first {
            None => first = Some(signature),
            Some(first) if prototype(first) == prototype(&signature) => {}
            Some(_) => return refuse("their prototypes differ".to_owned()),
        }
    }
    Ok(())
}

/// The signature of a function that may be called by a pointer.
fn signature(file: &FileContext, name: &str) -> Result<FunctionSig, String> {
    if file.unit.macro_facts(name).is_some() {
        return Err(format!("`{name}` is a macro"));
    }
    let signature = file.unit.function(name).map_err(|problem| problem.to_string())?;
    let unusual = |text: &str| text.contains(['(', '[', '{']) || text.is_empty();
    let params = signature.params.iter().any(|param| unusual(&param.type_text));
    match () {
        () if signature.macro_too => Err(format!("`{name}` may be a macro")),
        () if signature.is_inline => Err(format!("`{name}` is inline")),
        () if signature.variadic || params || unusual(&signature.return_type) => {
            Err(format!("the prototype of `{name}` is not plain"))
        }
        () => Ok(signature),
    }
}

/// What two functions that one pointer may point to have in common: the names of their
/// parameters, too, which say that they mean the same.
fn prototype(signature: &FunctionSig) -> (&str, &[Param], &[String]) {
    (&signature.return_type, &signature.params, &signature.attributes)
}

/// The type of the pointer, its name left out: `int (*)(struct device *dev, u8 reg)`.
///
/// # Errors
/// `callee-differs`, as [`check`].
pub fn ctype(subject: &Subject<'_>, name: &str, at: usize) -> Result<String, Refusal> {
    let signature = signature(subject.file, name)
        .map_err(|detail| subject.refuse(Reason::CalleeDiffers, at, detail))?;
    let declared = |ctype: &str, name: &str| match ctype.ends_with('*') {
        true => format!("{ctype}{name}"),
        false => format!("{ctype} {name}").trim_end().to_owned(),
    };
    let params = signature.params.iter();
    let params: Vec<String> =
        params.map(|p| declared(&p.type_text, p.name.as_deref().unwrap_or_default())).collect();
    let params = if params.is_empty() { "void".to_owned() } else { params.join(", ") };
    let ctype = format!("{}({params})", declared(&signature.return_type, "(*)"));
    if ctype.len() > LONGEST {
        let detail = format!("`{ctype}` does not fit on a line");
        return Err(subject.refuse(Reason::CalleeDiffers, at, detail));
    }
    Ok(ctype)
}

/// # Errors
/// `callee-differs` where the helper would take more pointers to functions than the
/// rule allows.
pub fn limit(
    subject: &Subject<'_>,
    grouped: &[(Vec<String>, Vec<Place>)],
    most: usize,
) -> Result<(), Refusal> {
    let mut called = grouped.iter().filter(|(_, places)| places[0].1 == Sort::Callee);
    let Some((values, places)) = called.nth(most) else { return Ok(()) };
    let values: Vec<Vec<u8>> = values.iter().map(|value| value.as_bytes().to_vec()).collect();
    let shown = context::shown_values(&values);
    let detail = match most {
        0 => shown,
        _ => format!("{shown}: a helper takes {most} pointer to a function at most"),
    };
    Err(subject.refuse(Reason::CalleeDiffers, places[0].0.start, detail))
}
