//! What stands for a member of one file after a patch that moves its work to another
//! file: the body of the thin function that is left, or the call that its callers make.

use crate::syntax::lexer::is_ident_byte;
use crate::syntax::{LoopMacros, TokenKind};
use crate::verify::Claim;
use crate::verify::definition::Definition;
use crate::verify::ladder::constants::constant;
use crate::verify::ladder::wrap;
use crate::verify::macros::Macros;
use crate::verify::signature::returns_void;
use crate::verify::unit::Unit;
use std::collections::BTreeSet;
use std::ops::Range;

/// Macros in macros that are resolved, so that a cycle ends.
const MACROS: usize = 8;

/// A member as the text before has it, and what does its work after the patch.
#[derive(Default)]
pub(super) struct Form {
    /// Its name.
    pub member: String,
    /// Whether the file still has it.
    pub kept: bool,
    /// Its definition with another body: one that calls what does its work. Empty for a
    /// copy that is gone, which is only another name of the survivor.
    pub thin: Vec<u8>,
    /// A function [`Form::name`] that calls the member.
    pub caller: Vec<u8>,
    /// A function [`Form::name`] that does what the thin one does, in words that another
    /// file understands once `constants` are macros there.
    pub stand_in: Vec<u8>,
    /// What the stand-in hands over and the other file may not know.
    pub constants: Vec<Constant>,
}

/// A constant that is made of words of the member's file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Constant {
    /// What it is called where it is handed over.
    pub name: String,
    /// As the member's file spells it after the patch.
    pub spelled: Vec<u8>,
    /// The same with the macros that the file defines itself resolved.
    pub resolved: Vec<u8>,
}

impl Form {
    /// What both functions that are compared are called.
    pub fn name(&self) -> String {
        format!("{}__across", self.member)
    }
}

/// The two texts of the member's file.
pub(super) struct Texts<'u, 's> {
    pub before: &'u Unit<'s>,
    pub after: &'u Unit<'s>,
    pub loops: &'u LoopMacros,
    pub claim: &'u Claim,
}

/// The arguments of a call.
#[derive(Default)]
struct Arguments {
    /// As the member's file spells them.
    spelled: Vec<Vec<u8>>,
    /// As another file understands them.
    understood: Vec<Vec<u8>>,
}

/// Why there is no form.
pub(super) enum NoForm {
    /// It cannot be read.
    Unread(String),
    /// Its calls became calls with different constants, where only one can be right.
    Calls(String),
}

impl Texts<'_, '_> {
    /// What stands for `member`.
    pub fn form(&self, member: &str) -> Result<Form, NoForm> {
        let (old, new) = (Macros::new(self.before), Macros::new(self.after));
        let item = self.before.function(member).map_err(NoForm::Unread)?;
        let definition = Definition::new(self.before, item, &old, self.loops);
        let definition = definition.map_err(NoForm::Unread)?;
        let called = call(&definition, member.as_bytes(), &names(&definition));
        let caller = function(&definition, &format!("{member}__across"), &called);
        if let Ok(item) = self.after.function(member) {
            let kept = Definition::new(self.after, item, &new, self.loops);
            let kept = kept.map_err(NoForm::Unread)?;
            let thin = self.after.spelling(kept.head.start..kept.body.end).to_vec();
            let mut abroad = Abroad::new(self, member, &new);
            let body = abroad.body(kept.body.clone());
            let stand_in = stand_in(&kept, member, &body);
            let (member, constants) = (member.to_owned(), abroad.constants);
            return Ok(Form { member, kept: true, thin, caller, stand_in, constants });
        }
        let mut abroad = Abroad::new(self, member, &new);
        let Arguments { spelled, understood } = self.called(&definition, &mut abroad)?;
        let constants = abroad.constants;
        let target = self.claim.target().unwrap_or_default().as_bytes();
        let body = call(&definition, target, &spelled);
        let head = self.before.spelling(definition.head.start..definition.body.start);
        let thin = match self.claim.helper {
            Some(_) => [head, b"\n", &body].concat(),
            None => Vec::new(),
        };
        let body = call(&definition, target, &understood);
        let stand_in = stand_in(&definition, member, &body);
        Ok(Form { member: member.to_owned(), kept: false, thin, caller, stand_in, constants })
    }

    /// The arguments of the call that stands for one of a member that is gone.
    fn called(
        &self,
        definition: &Definition<'_, '_>,
        abroad: &mut Abroad<'_>,
    ) -> Result<Arguments, NoForm> {
        let (member, params) = (abroad.member, names(definition));
        if self.claim.helper.is_none() {
            return Ok(Arguments { spelled: params.clone(), understood: params });
        }
        let pairs = self.pairs(member);
        let Some(first) = pairs.first() else {
            let why = format!("no call of {member} shows what is called instead");
            return Err(NoForm::Unread(why));
        };
        if pairs.iter().any(|pair| pair.after.len() != first.after.len()) {
            return Err(otherwise(member));
        }
        let mut used = BTreeSet::new();
        let mut arguments = Arguments::default();
        for place in 0..first.after.len() {
            let of = |param: &usize| pairs.iter().all(|pair| pair.hands_on(self, *param, place));
            let param = (0..params.len()).filter(|it| !used.contains(it)).find(of);
            let (spelled, understood) = match param.and_then(|it| params.get(it)) {
                Some(name) => (name.clone(), name.clone()),
                None => {
                    let range = self.constant(member, &pairs, place)?;
                    (self.after.spelling(range.clone()).to_vec(), abroad.argument(range))
                }
            };
            used.extend(param);
            arguments.spelled.push(spelled);
            arguments.understood.push(understood);
        }
        Ok(arguments)
    }

    /// The constant that all calls after have at `place`.
    fn constant(&self, member: &str, pairs: &[Pair], place: usize) -> Result<Range<usize>, NoForm> {
        let mut given = pairs.iter().map(|pair| pair.after.get(place).cloned().unwrap_or_default());
        let range = given.next().unwrap_or_default();
        if given.any(|other| self.after.texts(other) != self.after.texts(range.clone())) {
            return Err(otherwise(member));
        }
        let is_own_name = range.len() == 1 && is_own_name(self.after.text(range.start));
        if constant(self.after, &range).is_none() && !is_own_name {
            let shown = String::from_utf8_lossy(self.after.spelling(range));
            return Err(NoForm::Unread(format!("{member}: `{shown}` may be no constant")));
        }
        Ok(range)
    }

    /// The calls of `member`, each with the call that stands in its place after.
    fn pairs(&self, member: &str) -> Vec<Pair> {
        let members = &self.claim.members;
        let gone: Vec<&[u8]> = members
            .iter()
            .filter(|(path, name)| path == self.before.path && self.after.function(name).is_err())
            .map(|(_, name)| name.as_bytes())
            .collect();
        let target = [self.claim.target().unwrap_or_default().as_bytes()];
        let functions = self.after.items.iter().filter_map(|item| item.function.as_ref());
        let names = functions.map(|it| String::from_utf8_lossy(it.name(self.after.source)));
        let mut pairs = Vec::new();
        for name in names.collect::<BTreeSet<_>>() {
            let (old, new) = (calls(self.before, &name, &gone), calls(self.after, &name, &target));
            if old.len() != new.len() {
                continue;
            }
            let of_member = old.into_iter().zip(new).filter(|((called, _), _)| called == member);
            pairs.extend(of_member.map(|((_, before), (_, after))| Pair { before, after }));
        }
        pairs
    }
}

/// A member's text after the patch as another file understands it.
struct Abroad<'t> {
    unit: &'t Unit<'t>,
    target: &'t [u8],
    member: &'t str,
    macros: &'t Macros<'t>,
    /// What the other file may not know, by the names that stand for it.
    constants: Vec<Constant>,
}

impl<'t> Abroad<'t> {
    fn new(texts: &Texts<'t, 't>, member: &'t str, macros: &'t Macros<'t>) -> Abroad<'t> {
        let target = texts.claim.target().unwrap_or_default().as_bytes();
        Abroad { unit: texts.after, target, member, macros, constants: Vec::new() }
    }

    /// The tokens of a body that calls the target.
    fn body(&mut self, range: Range<usize>) -> Vec<u8> {
        let calls = range.clone().filter(|&at| self.unit.is_call_of(self.target, at));
        let arguments: Vec<Range<usize>> =
            calls.filter_map(|at| self.unit.list(at + 1)).flat_map(|(list, _)| list).collect();
        let mut words = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let next = arguments.iter().find(|it| it.start == at && !it.is_empty());
            let part = next.cloned().unwrap_or(at..at + 1);
            at = part.end;
            words.push(match next {
                Some(_) if constant(self.unit, &part).is_some() => self.argument(part),
                _ => self.words(part),
            });
        }
        words.join(&b" "[..])
    }

    /// A constant that the target is given.
    fn argument(&mut self, range: Range<usize>) -> Vec<u8> {
        let resolved = self.words(range.clone());
        let mut words =
            resolved.chunk_by(|one, other| is_ident_byte(*one) == is_ident_byte(*other));
        let is_word = |word: &[u8]| word.first().is_some_and(|b| b.is_ascii_alphabetic());
        if resolved.contains(&b'"') || !words.any(is_word) || resolved == b"NULL" {
            return resolved;
        }
        // In capitals, as what is a constant to the rest of the ladder.
        let name = format!("{}__ACROSS_{}", self.member.to_uppercase(), self.constants.len());
        let spelled = self.unit.spelling(range).to_vec();
        self.constants.push(Constant { name: name.clone(), spelled, resolved });
        name.into_bytes()
    }

    /// Some tokens with what the file's own macros mean in their place: another file may
    /// have them for something else, or not at all.
    fn words(&self, range: Range<usize>) -> Vec<u8> {
        let words = range.map(|at| match self.unit.kind(at) {
            Some(TokenKind::Ident) if is_own_name(self.unit.text(at)) => {
                own_name(self.member).into_bytes()
            }
            Some(TokenKind::Ident) if !self.unit.is_member_access(at) => {
                resolved(self.unit.text(at), self.macros, MACROS)
            }
            _ => self.unit.text(at).to_vec(),
        });
        words.collect::<Vec<_>>().join(&b" "[..])
    }
}

/// That the calls of a member do not say one thing.
fn otherwise(member: &str) -> NoForm {
    NoForm::Calls(format!("calls of {member} became different calls"))
}

/// The arguments of a call before and of the one in its place.
struct Pair {
    before: Vec<Range<usize>>,
    after: Vec<Range<usize>>,
}

impl Pair {
    /// Whether the argument at `place` after is the one for the parameter `param` before.
    fn hands_on(&self, texts: &Texts<'_, '_>, param: usize, place: usize) -> bool {
        let (Some(old), Some(new)) = (self.before.get(param), self.after.get(place)) else {
            return false;
        };
        texts.before.texts(old.clone()) == texts.after.texts(new.clone())
    }
}

/// The calls of any of `callees` in the function `name`: the callee and its arguments.
fn calls(unit: &Unit<'_>, name: &str, callees: &[&[u8]]) -> Vec<(String, Vec<Range<usize>>)> {
    let Some(item) = unit.function(name).ok().and_then(|item| unit.items.get(item)) else {
        return Vec::new();
    };
    let calls = item.tokens.clone().filter_map(|at| {
        let callee = callees.iter().find(|callee| unit.is_call_of(callee, at))?;
        let (arguments, _) = unit.list(at + 1)?;
        Some((String::from_utf8_lossy(callee).into_owned(), arguments))
    });
    calls.collect()
}

/// The names of the parameters.
fn names(definition: &Definition<'_, '_>) -> Vec<Vec<u8>> {
    definition.params.iter().map(|it| definition.unit.text(it.name).to_vec()).collect()
}

/// A body that does nothing but call.
fn call(definition: &Definition<'_, '_>, callee: &[u8], arguments: &[Vec<u8>]) -> Vec<u8> {
    let returned: &[u8] = if returns_void(definition) { b"" } else { b"return " };
    [b"{ ", returned, callee, b"(", &arguments.join(&b", "[..]), b"); }"].concat()
}

/// A function of another name and body that all see.
fn function(definition: &Definition<'_, '_>, name: &str, body: &[u8]) -> Vec<u8> {
    let unit = definition.unit;
    let params = unit.spelling(definition.name + 1..definition.tail.start);
    [b"\n", &wrap::words(definition)[..], name.as_bytes(), params, b"\n", body, b"\n"].concat()
}

/// What stands for `member`; what that calls itself is an array of its own, as
/// `__func__` is.
fn stand_in(definition: &Definition<'_, '_>, member: &str, body: &[u8]) -> Vec<u8> {
    let name = own_name(member);
    let uses_name = body.windows(name.len()).any(|part| part == name.as_bytes());
    let array = format!("{{ static const char {name}[] = \"{member}\";");
    let body = match body.strip_prefix(b"{") {
        Some(rest) if uses_name => [array.as_bytes(), rest].concat(),
        _ => body.to_vec(),
    };
    function(definition, &format!("{member}__across"), &body)
}

/// Whether a word is the name of the function that it stands in, which is another one
/// where something stands for the function.
fn is_own_name(word: &[u8]) -> bool {
    matches!(word, b"__func__" | b"__FUNCTION__" | b"__PRETTY_FUNCTION__")
}

/// The array that has the name of a member where something stands for it.
fn own_name(member: &str) -> String {
    format!("{member}__across_name")
}

/// A word that may be a macro for other macros, up to `depth` of them.
fn resolved(word: &[u8], macros: &Macros<'_>, depth: usize) -> Vec<u8> {
    let meant = macros.literal(&[word]);
    if depth == 0 || matches!(meant.as_slice(), [same] if *same == word) {
        return word.to_vec();
    }
    let meant: Vec<Vec<u8>> = meant.into_iter().map(|it| resolved(it, macros, depth - 1)).collect();
    [b"(", &meant.join(&b" "[..])[..], b")"].concat()
}

/// The words of a function's head and tail that say in which section it lies: code for the
/// start, which is gone later, must not be called by code that stays.
pub(super) fn sections<'s>(unit: &Unit<'s>, function: &str) -> BTreeSet<&'s [u8]> {
    let item = unit.function(function).ok().and_then(|item| unit.items.get(item));
    let Some((item, body)) = item.and_then(|it| Some((it, it.function.as_ref()?.body))) else {
        return BTreeSet::new();
    };
    let head = unit.texts(item.tokens.start..unit.first_token_at(body)).into_iter();
    let says = |word: &&[u8]| SECTIONS.iter().any(|it| word.starts_with(it));
    head.filter(says).collect()
}

/// How such words begin. Source: `linux/init.h`, `linux/memory_hotplug.h`.
const SECTIONS: [&[u8]; 6] =
    [b"__init", b"__exit", b"__meminit", b"__memexit", b"__section", b"noinstr"];

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "\
#define REG (BASE + 1)
#define BASE 0x10
static void __init m(struct d *d, int x)
{
	set(d, REG, x);
}
int f(struct d *d)
{
	m(d, 0);
	m(d, d->x);
	return 0;
}
";

    /// The form of `m`, or why there is none.
    fn form(after: &str, claim: &Claim) -> Result<Form, String> {
        let (before, after) =
            (Unit::new("b.c", BEFORE.as_bytes()), Unit::new("b.c", after.as_bytes()));
        let loops = LoopMacros::new([""; 0]);
        let texts = Texts { before: &before, after: &after, loops: &loops, claim };
        texts.form("m").map_err(|why| match why {
            NoForm::Unread(why) | NoForm::Calls(why) => why,
        })
    }

    fn claim() -> Claim {
        let members = vec![("b.c".to_owned(), "m".to_owned())];
        Claim { members, helper: Some("h".to_owned()), ..Claim::default() }
    }

    fn texts(form: &Form) -> [String; 3] {
        [&form.thin, &form.caller, &form.stand_in]
            .map(|text| String::from_utf8_lossy(text).trim().to_owned())
    }

    /// After the patch, with these calls in the place of the two of `m`.
    fn gone(first: &str, second: &str) -> String {
        let start = BEFORE.find("static").expect("the member");
        let end = BEFORE.find("int f").expect("its caller");
        let text = [&BEFORE[..start], &BEFORE[end..]].concat();
        text.replace("m(d, 0)", first).replace("m(d, d->x)", second)
    }

    #[test]
    fn what_is_called_for_a_member_that_is_gone_is_read_from_its_callers() {
        let found = form(&gone("h(d, REG, 0)", "h(d, REG, d->x)"), &claim());
        let head = "void __init m__across(struct d *d, int x)";
        assert_eq!(
            found.map(|it| texts(&it)),
            Ok([
                "static void __init m(struct d *d, int x)\n{ h(d, REG, x); }".to_owned(),
                format!("{head}\n{{ m(d, x); }}"),
                format!("{head}\n{{ h(d, (( (0x10) + 1 )), x); }}")
                    .replace("(( (0x10) + 1 ))", "((0x10) + 1)"),
            ])
        );
    }

    #[test]
    fn a_constant_that_the_other_file_may_not_know_is_asked_for_by_name() {
        let after = BEFORE.replace("set(d, REG, x);", "h(d, BASE + OTHER, x, __func__);");
        let found = form(&after, &claim()).map(|it| (texts(&it)[2].clone(), it.constants));
        let head = "void __init m__across(struct d *d, int x)";
        let constant = Constant {
            name: "M__ACROSS_0".to_owned(),
            spelled: b"BASE + OTHER".to_vec(),
            resolved: b"(0x10) + OTHER".to_vec(),
        };
        let stand_in = format!(
            "{head}\n{{ static const char m__across_name[] = \"m\"; h ( d , M__ACROSS_0 , x , m__across_name ) ; }}"
        );
        assert_eq!(found, Ok((stand_in, vec![constant])));
    }

    #[test]
    fn calls_with_different_constants_or_with_none_have_no_form() {
        let why = |first: &str, second: &str| form(&gone(first, second), &claim()).err();
        let differ = Some("calls of m became different calls".to_owned());
        assert_eq!(why("h(d, REG, 0)", "h(d, BASE, d->x)"), differ);
        assert_eq!(why("h(d, REG, 0)", "h(d, d->x)"), differ);
        assert_eq!(
            why("h(d, y, 0)", "h(d, y, d->x)"),
            Some("m: `y` may be no constant".to_owned())
        );
        let none = Some("no call of m shows what is called instead".to_owned());
        assert_eq!(why("", "h(d, REG, d->x)"), none);
    }

    #[test]
    fn a_thin_function_stands_for_itself_and_a_copy_for_the_survivor() {
        let thin = BEFORE.replace("set(d, REG, x);", "h(d, BASE, x);");
        let found = form(&thin, &claim()).map(|it| (it.kept, texts(&it)[2].clone()));
        let head = "void __init m__across(struct d *d, int x)";
        assert_eq!(found, Ok((true, format!("{head}\n{{ h ( d , (0x10) , x ) ; }}"))));

        let claim = Claim { helper: None, merged_into: Some("s".to_owned()), ..claim() };
        let found = form(&gone("s(d, 0)", "s(d, d->x)"), &claim);
        let expected =
            ["".to_owned(), format!("{head}\n{{ m(d, x); }}"), format!("{head}\n{{ s(d, x); }}")];
        assert_eq!(found.map(|it| texts(&it)), Ok(expected));
    }

    #[test]
    fn the_section_of_a_function_is_what_its_head_says() {
        let unit = Unit::new("b.c", BEFORE.as_bytes());
        assert_eq!(sections(&unit, "m"), [&b"__init"[..]].into());
        assert_eq!(sections(&unit, "f"), BTreeSet::new());
        assert_eq!(sections(&unit, "none"), BTreeSet::new());
    }
}
