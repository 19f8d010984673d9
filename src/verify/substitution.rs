//! Does a call of the helper do what the member did: the alignment of the two
//! bodies, and around it types, names that could be captured, and arguments that
//! must be constants.

use super::align::{self, Aligned, Binding, CallPair};
use super::constant;
use super::definition::{Definition, Role};
use super::early;
use super::facts;
use super::macros::Macros;
use super::names::{FileNames, NameKind};
use super::signature::{self, Linkage};
use super::unit::{Difference, Unit, shown};
use super::width;
use crate::syntax::LoopMacros;
use std::collections::BTreeSet;

/// The two versions of the one file, and what its text before says of names.
pub struct OneFile<'u, 's> {
    /// Before the patch.
    pub before: &'u Unit<'s>,
    /// After the patch.
    pub after: &'u Unit<'s>,
    /// Names of file scope before.
    pub names: &'u FileNames<'s>,
    /// Macros of the file before.
    pub macros: &'u Macros<'s>,
    /// Loop macros of the tree.
    pub loops: &'u LoopMacros,
    /// How the function that does the work must be linked.
    pub linkage: Linkage,
}

/// Proves that `call` of `helper` does what `original` did. `locals` are the names
/// that mean something else where the call stands.
pub fn proves<'s, C: CallPair>(
    file: &OneFile<'_, 's>,
    original: &Definition<'_, 's>,
    helper: &Definition<'_, 's>,
    call: &C,
    locals: &BTreeSet<&'s [u8]>,
) -> Result<Vec<Option<Binding>>, Difference> {
    stands_anywhere(file, original, helper, call)?;
    let aligned = align::align(original, helper, call)?;
    signature::agree(original, helper, &aligned.bindings, file.linkage)?;
    captures_nothing(file, original, helper, &aligned)?;
    for (index, binding) in aligned.bindings.iter().enumerate() {
        if matches!(binding, Some(Binding::Param(_))) {
            continue;
        }
        let argument = call.arguments().get(index).map_or(&[][..], Vec::as_slice);
        let fail = |detail: String| Difference::new(original.name, helper.name, detail);
        if *binding == Some(Binding::Path) {
            let places = aligned.paths.get(&index).map_or(&[][..], Vec::as_slice);
            let late = early::refuses(original, places, file.macros);
            late.or_else(|| order_matters(call)).map_or(Ok(()), Err).map_err(fail)?;
            continue;
        }
        may_be_argument(file, (helper, index), argument, locals).map_err(fail)?;
    }
    Ok(aligned.bindings)
}

/// Whether the constant `argument` may be handed on as the helper's parameter
/// `index`; the reason if not.
fn may_be_argument<'s>(
    file: &OneFile<'_, 's>,
    (helper, index): (&Definition<'_, 's>, usize),
    argument: &[&[u8]],
    locals: &BTreeSet<&'s [u8]>,
) -> Result<(), String> {
    if let Some(own) = argument.iter().find(|word| locals.contains(*word)) {
        let own = shown(own);
        return Err(format!("the argument `{own}` is a local where the call stands"));
    }
    // What a macro mentions is looked up where the macro is used.
    let reached = file.macros.reached(argument.iter().copied());
    if let Some(own) = reached.iter().find(|word| locals.contains(*word)) {
        let own = shown(own);
        return Err(format!("a macro in an argument mentions the local `{own}`"));
    }
    if let Some(reason) = constant::refuses(argument, file.names, file.macros) {
        return Err(reason);
    }
    let declared = helper.params.get(index).map(|p| signature::declared_type(helper.unit, p));
    let declared = declared.unwrap_or_default();
    let declared: Vec<&[u8]> = declared.iter().map(|&at| helper.unit.text(at)).collect();
    let is_function = declared.windows(2).any(|pair| pair == [b"(", b"*"]);
    if let Some(name) = argument.first().filter(|word| is_function && file.macros.contains(word)) {
        return Err(format!("`{}` is a macro, and no function to point to", shown(name)));
    }
    if let Some(reason) = width::refuses(&declared, argument, file.macros) {
        return Err(reason);
    }
    Ok(())
}

/// A path beside an argument that may change what it leads to.
fn order_matters(call: &impl CallPair) -> Option<String> {
    let acts = call.arguments().iter().find(|argument| !constant::is_pure(argument))?;
    let text = shown(&acts.join(&b' '));
    Some(format!("the argument `{text}` may change what another one reads"))
}

/// Arguments of the old call that the new one no longer has must do nothing.
pub fn may_drop(bindings: &[Option<Binding>], old: &[Vec<&[u8]>]) -> Result<(), Difference> {
    for (index, argument) in old.iter().enumerate() {
        let kept = bindings.contains(&Some(Binding::Param(index)));
        if !kept && !constant::is_pure(argument) {
            let text = shown(&argument.join(&b' '));
            let detail = format!("the argument `{text}` was evaluated and is dropped");
            return Err(Difference { before: None, after: None, detail });
        }
    }
    Ok(())
}

/// The macros of the arguments must have the same definition where the call
/// stands (token `at` before the patch) as in the member.
pub fn same_macros(
    file: &OneFile,
    member: &Definition,
    at: usize,
    arguments: &[Vec<&[u8]>],
) -> Result<(), String> {
    let words = arguments.iter().flatten().copied();
    for word in file.macros.reached(words) {
        if macro_state(file.names, word, member.name) != macro_state(file.names, word, at) {
            return Err(format!("`{}` is defined anew before the call", shown(word)));
        }
    }
    Ok(())
}

/// How often a macro `name` has been defined or undefined before token `at`.
pub fn macro_state(names: &FileNames, name: &[u8], at: usize) -> usize {
    let is_macro = |kind| kind == NameKind::Macro;
    names.of(name).iter().filter(|d| is_macro(d.kind) && d.token < at).count()
}

/// Whether the function means the same whatever it is called and however many
/// copies of it there are. One thing that does not may be handed to the helper by
/// the member itself: its name.
fn stands_anywhere(
    file: &OneFile,
    original: &Definition,
    helper: &Definition,
    call: &impl CallPair,
) -> Result<(), Difference> {
    let unit = original.unit;
    for at in original.body.clone() {
        let conditional = [&b"if"[..], b"ifdef", b"ifndef", b"else", b"elif", b"endif"].map(Some);
        if unit.directive(at).is_some() && !conditional.contains(&unit.directive(at)) {
            let text = shown(unit.text(at));
            return Err(Difference {
                before: Some(at),
                after: None,
                detail: format!("`{text}` inside a member"),
            });
        }
        let is_const = unit.text_before(at) == b"const" || unit.text(at + 1) == b"const";
        if unit.text(at) == b"static" && !is_const {
            let detail = "each member has a static local of its own".to_owned();
            return Err(Difference { before: Some(at), after: None, detail });
        }
    }
    let hands_on = call.stands_in_member()
        && call.arguments().iter().any(|argument| argument.as_slice() == [b"__func__"])
        && !helper.words().any(|word| word == b"__func__");
    let words = original.words().filter(|word| !(hands_on && *word == b"__func__"));
    let reached = file.macros.reached(words);
    let place = reached.iter().find(|word| facts::names_its_place(word));
    if let Some(word) = place {
        let detail = format!("`{}` depends on the function it stands in", shown(word));
        return Err(original.before(detail));
    }
    if let Some(word) = reached.iter().find(|word| facts::keeps_state(word)) {
        let detail = format!("`{}` keeps state for each place where it stands", shown(word));
        return Err(original.before(detail));
    }
    Ok(())
}

/// No name that the helper chose may have had a meaning in the original, not
/// even inside a macro that it uses.
fn captures_nothing(
    file: &OneFile,
    original: &Definition,
    helper: &Definition,
    aligned: &Aligned,
) -> Result<(), Difference> {
    let fail = |name: &[u8], detail: &str| {
        let detail = format!("`{}` {detail}", shown(name));
        Err(Difference::new(original.name, helper.name, detail))
    };
    for index in 0..helper.params.len() {
        let name = helper.param_name(index);
        if file.macros.contains(name) {
            return fail(name, "is a macro of the file and now a parameter");
        }
        let is_new = !matches!(aligned.bindings.get(index), Some(Some(Binding::Param(_))));
        let has_meaning =
            |at: usize| original.unit.text(at) == name && original.role(at) != Role::Fixed;
        if is_new && (original.own_names().contains(name) || original.body.clone().any(has_meaning))
        {
            return fail(name, "is a new parameter but had a meaning in the original");
        }
        let twice = helper.params.iter().filter(|p| helper.unit.text(p.name) == name).count() > 1;
        if twice {
            return fail(name, "is the name of two parameters");
        }
    }
    let free = |d: &Definition<'_, '_>| -> Vec<usize> {
        d.body.clone().filter(|&at| d.role(at) == Role::Free).collect()
    };
    let words = free(helper).into_iter().map(|at| helper.unit.text(at));
    let reached = file.macros.reached(words);
    match aligned.renamed.iter().find(|name| reached.contains(*name)) {
        Some(name) => fail(name, "is renamed but also used by a macro"),
        None => Ok(()),
    }
}
