//! Where the helper stands: after what it uses, before its users, and compiled
//! whenever they are.

use super::definition::{Definition, Role};
use super::facts;
use super::names::{Declared, FileNames, NameKind};
use super::substitution::{OneFile, macro_state};
use super::unit::{Branch, Difference, Unit, shown};

/// Checks the place of `helper` in the file after the patch, for members that
/// stood at `members` (in order) before it.
pub fn check(
    file: &OneFile,
    helper: &Definition,
    members: &[&Definition],
) -> Result<(), Difference> {
    let Some(first) = members.iter().min_by_key(|member| member.name) else { return Ok(()) };
    before_its_users(file.after, helper, first)?;
    declared(file, helper, members)
}

/// As [`check`] for a helper that a header declares: where its users stand is no matter.
pub fn declared(
    file: &OneFile,
    helper: &Definition,
    members: &[&Definition],
) -> Result<(), Difference> {
    let Some(first) = members.iter().min_by_key(|member| member.name) else { return Ok(()) };
    declared_as_defined(file, helper, first)?;
    let after_names = FileNames::new(file.after);
    after_what_it_uses(file, &after_names, helper, first)?;
    let reached = file.macros.reached(helper.words());
    for word in reached {
        let now = macro_state(&after_names, word, helper.name);
        let changed = members.iter().find(|m| macro_state(file.names, word, m.name) != now);
        if let Some(member) = changed {
            let detail = format!("`{}` is defined otherwise where the helper stands", shown(word));
            return Err(Difference::new(member.name, helper.name, detail));
        }
    }
    Ok(())
}

/// Whether everything in `inner` is also under the conditionals `outer`.
fn encloses(outer: &[Branch], inner: &[Branch]) -> bool {
    inner.starts_with(outer)
}

fn before_its_users(
    after: &Unit,
    helper: &Definition,
    first: &Definition,
) -> Result<(), Difference> {
    let name = after.text(helper.name);
    let conditions = after.items.get(helper.item).map_or(&[][..], |i| &i.conditions);
    let mut declared = false;
    for (index, item) in after.items.iter().enumerate() {
        if index == helper.item || after.is_prototype_of(item, name) {
            declared |= index == helper.item || encloses(&item.conditions, conditions);
            continue;
        }
        let uses = |&at: &usize| after.text(at) == name && !after.is_member_access(at);
        let Some(at) = item.tokens.clone().find(uses) else { continue };
        let detail = if !declared {
            "the helper is used before it is declared"
        } else if !encloses(conditions, &item.conditions) {
            "the helper stands under an #if that its user does not stand under"
        } else {
            continue;
        };
        return Err(Difference::new(first.name, at, detail));
    }
    Ok(())
}

/// Prototypes of the helper must repeat its signature, unless they were there
/// before (a surviving copy keeps its own).
fn declared_as_defined(
    file: &OneFile,
    helper: &Definition,
    first: &Definition,
) -> Result<(), Difference> {
    let after = file.after;
    let name = after.text(helper.name);
    let words = |tokens: std::ops::Range<usize>| -> Vec<&[u8]> {
        let texts = after.texts(tokens).into_iter();
        texts.filter(|text| !facts::is_linkage(text) && *text != b";").collect()
    };
    let signature = words(helper.head.start..helper.body.start);
    let prototypes = after.items.iter().filter(|item| after.is_prototype_of(item, name));
    let old = file.before.items.iter().filter(|item| file.before.is_prototype_of(item, name));
    let old: Vec<Vec<&[u8]>> = old.map(|item| file.before.texts(item.tokens.clone())).collect();
    for item in prototypes {
        if old.contains(&after.texts(item.tokens.clone())) {
            continue;
        }
        if words(item.tokens.clone()) != signature {
            let detail = "the helper is declared otherwise than defined";
            return Err(Difference::new(first.name, item.tokens.start, detail));
        }
    }
    Ok(())
}

/// What the file declared before the first member must be declared before the
/// helper, under no narrower conditional.
fn after_what_it_uses(
    file: &OneFile,
    after_names: &FileNames,
    helper: &Definition,
    first: &Definition,
) -> Result<(), Difference> {
    let conditions = |unit: &Unit, item: usize| {
        unit.items.get(item).map(|item| item.conditions.clone()).unwrap_or_default()
    };
    let here = conditions(file.after, helper.item);
    let there = conditions(file.before, first.item);
    for at in helper.head.start..helper.body.end {
        let own = matches!(helper.role(at), Role::Param(_) | Role::Local | Role::Label)
            || helper.params.iter().any(|param| param.name == at);
        if !file.after.is_word(at) || own || file.after.is_member_access(at) || at == helper.name {
            continue;
        }
        let name = file.after.text(at);
        let was_visible = |d: &&Declared| {
            d.token < first.name && encloses(&conditions(file.before, d.item), &there)
        };
        let Some(old) = file.names.of(name).iter().find(was_visible) else { continue };
        let is_visible = |d: &Declared| {
            let is_use = d.kind == NameKind::MacroArgument && old.kind != d.kind;
            !is_use
                && d.token < helper.head.start
                && encloses(&conditions(file.after, d.item), &here)
        };
        if !after_names.of(name).iter().any(is_visible) {
            let detail = format!("the helper uses `{}` where it is not declared", shown(name));
            return Err(Difference::new(old.token, at, detail));
        }
    }
    Ok(())
}
