//! The rung *identical-object* where a patch moves what a function does into another file:
//! nothing can be inlined from there, and to paste it here would give it the types of this
//! file and hide that two structs of one tag are different ones.
//!
//! In: a file whose members go or become thin, and the file that has what does their work
//! (*home*, its function the *target*). Three comparisons, of which the second and the
//! third are with a text *between*: the file as it was, with members that do nothing but
//! call the target.
//!
//! 1. What the member did is what the target does. In the file before, a function calls
//!    the member; in home after, one of the same signature calls the target as the thin
//!    member does, or as the callers of the member do now. Both with that call inlined are
//!    the same code: strings and constants by contents, other functions and variables by
//!    name, static functions by their code; a static variable that can change is never the
//!    same, since each file has its own. So home's types, macros and enumerators do in the
//!    target what this file's did in the member.
//! 2. The call is the same call from here. The thin member is compiled in the text between,
//!    where the target is only declared, and what stood for it in home, where the target is
//!    not inlined this time: the same registers, conversions and constants. So the
//!    declaration that this file sees is one of the function that home defines, and the
//!    constants are those that 1 was shown for.
//! 3. The rest of the file, between and after, is the same code, as in the one-file case.
//!
//! Constants are given to home by the value that this file has for them, which 2 confirms;
//! a type that home does not know leaves the patch unproved. The second engine, clang's IR,
//! is asked for the third comparison and for home alone.
//!
//! Where the target does a part of what members did, a step comes first: that the part may be
//! a function of its own ([`Split`]); then this function is the member.
//!
//! By 1 and 2 the member in the text before may be taken for the thin one of the text
//! between, by 3 that text is the one after. Home itself is compared as in the one-file
//! case; a header that all include is no home, what it has is inlined in each file.

mod between;
mod compare;
mod form;
mod parts;

use super::roles::Texts;
use super::same;
use super::shop::{Bill, Shop};
use super::{Candidate, Found, Way, force, lines};
use crate::syntax::LoopMacros;
use crate::tree::TreePath;
use crate::verify::build::{BuildError, Compile, Level, Mode};
use crate::verify::object::{Difference, Object, Subject};
use crate::verify::unit::Unit;
use crate::verify::{Claim, Files};
use compare::Side;
use form::{Form, NoForm};
pub(super) use parts::Split;
use std::collections::BTreeSet;

/// A candidate with the objects of its files.
#[derive(Clone, Copy)]
pub(super) struct Case<'c> {
    pub shop: &'c Shop<'c>,
    pub candidate: &'c Candidate,
    /// The same in two steps, where parts of functions move.
    pub split: Option<&'c Split>,
    pub built: &'c [&'c Compile],
    pub loops: &'c LoopMacros,
}

/// Why an object is not shown to be the same.
pub(super) enum Unproved<'c> {
    /// The first difference, and the texts that it is between.
    ///
    /// Also why that could not be found out by running it; empty where nothing can be
    /// run.
    Differs(Box<Difference>, Side<'c>, Side<'c>, String),
    /// What differs was run, and does something else.
    Wrong(String),
    /// The texts do not compile so, or are no objects that can be read.
    Not(String),
}

/// How the object of `compile` is the same, or why it is not and where.
pub(super) fn check(
    case: Case<'_>,
    compile: &Compile,
    bill: &mut Bill,
) -> Result<Result<Way, Found>, BuildError> {
    let (first, before, after, not_run) = match prove(case, compile, bill)? {
        Ok(way) => return Ok(Ok(way)),
        Err(Unproved::Not(why)) => return Ok(Err(Found::Unknown(why))),
        Err(Unproved::Wrong(why)) => return Ok(Err(Found::Fault(why))),
        Err(Unproved::Differs(first, before, after, not_run)) => (first, before, after, not_run),
    };
    let mut of = |side: Side<'_>, only: Difference| {
        let texts = Texts { before: side.files.clone(), after: side.files };
        lines::of(case.shop, &texts, side.compile, Level::O2, &only, bill)
    };
    let lines = lines::Lines {
        before: of(before, Difference { after: None, ..(*first).clone() })?.before,
        after: of(after, Difference { before: None, ..(*first).clone() })?.after,
    };
    Ok(Err(Found::Difference(first, lines, not_run)))
}

/// How the object of `compile` is the same, or why it is not.
pub(super) fn prove<'c>(
    case: Case<'c>,
    compile: &'c Compile,
    bill: &mut Bill,
) -> Result<Result<Way, Unproved<'c>>, BuildError> {
    // What a patch makes was nothing before; what is in it is compared with the members.
    if case.candidate.makes(&compile.source) {
        return Ok(Ok(Way::plain(Level::O2)));
    }
    let Some(home) = home(&case.candidate.claim, compile, case.candidate) else {
        return in_one_file(case, case.candidate, compile, bill);
    };
    let Some(home) = case.built.iter().find(|it| it.source == *home) else {
        return Ok(Err(Unproved::Not(format!("{home} is not compiled"))));
    };
    let Some(split) = case.split else {
        return Crossing { case, compile, home }.prove(bill);
    };
    let mut weakest = None;
    for lifted in split.lifted(&compile.source) {
        match in_one_file(case, lifted, compile, bill)? {
            Ok(way) => weakest = weakest.max(Some(way)),
            Err(why) => return Ok(Err(why)),
        }
    }
    let case = Case { candidate: &split.moved, split: None, ..case };
    let moved = Crossing { case, compile, home }.prove(bill)?;
    Ok(moved.map(|way| weakest.map_or(way, |weakest| weakest.max(way))))
}

/// The members whose files are not compiled, in words.
pub(super) fn uncovered(candidate: &Candidate, built: &[&Compile]) -> Option<String> {
    let is_built = |path: &TreePath| built.iter().any(|it| it.source == *path);
    let open = candidate.claim.members.iter().find(|(path, _)| !is_built(path));
    open.map(|(path, name)| format!("{name} of {path} is in no object that is compiled"))
}

/// The C file that does the work of this one's members, where that is another one.
fn home<'c>(claim: &'c Claim, compile: &Compile, candidate: &Candidate) -> Option<&'c TreePath> {
    // What is called instead of a wrapper is called from the same file as before.
    let home = claim.target().and(claim.target_path()).filter(|_| !claim.is_elision)?;
    let crosses = home.ends_with(".c")
        && compile.source != *home
        && candidate.after.contains_key(&compile.source);
    crosses.then_some(home)
}

fn in_one_file<'c>(
    case: Case<'c>,
    candidate: &Candidate,
    compile: &'c Compile,
    bill: &mut Bill,
) -> Result<Result<Way, Unproved<'c>>, BuildError> {
    let proved = same::prove(case.shop, candidate, compile, case.loops, bill)?;
    Ok(proved.map_err(|why| match why {
        same::Unproved::Not(why) => Unproved::Not(why),
        same::Unproved::Wrong(why) => Unproved::Wrong(why),
        same::Unproved::Differs(first, texts, not_run) => {
            let side = |files| Side { compile, files };
            Unproved::Differs(first, side(texts.before), side(texts.after), not_run)
        }
    }))
}

/// A file whose members' work another one does after the patch.
struct Crossing<'c> {
    case: Case<'c>,
    compile: &'c Compile,
    home: &'c Compile,
}

impl<'c> Crossing<'c> {
    fn prove(&self, bill: &mut Bill) -> Result<Result<Way, Unproved<'c>>, BuildError> {
        let Candidate { before, after, claim } = self.case.candidate;
        let path = &self.compile.source;
        let text =
            |files: &'c Files, path: &TreePath| files.get(path).map_or(&[][..], Vec::as_slice);
        let (old, new) = (Unit::new(path, text(before, path)), Unit::new(path, text(after, path)));
        let texts = form::Texts { before: &old, after: &new, loops: self.case.loops, claim };
        let here = claim.members.iter().filter(|(file, _)| file == path);
        let mut forms = Vec::new();
        for (_, name) in here {
            match texts.form(name) {
                Ok(form) => forms.push(form),
                Err(NoForm::Unread(why)) => {
                    return Ok(Err(Unproved::Not(format!("{path} cannot be compared: {why}"))));
                }
                Err(NoForm::Calls(detail)) => return Ok(Err(self.otherwise(name, detail))),
            }
        }
        if let Some(why) = self.is_discarded(&old, &forms) {
            return Ok(Err(Unproved::Not(why)));
        }
        let prototype = between::prototype(after, path, claim.target().unwrap_or_default());
        let between = between::text(&old, &forms, claim, &prototype);
        let mut weakest = None;
        if !forms.is_empty() {
            let stand_ins = self.stand_ins(&forms, &between, bill)?;
            let work = match self.same_work(&forms, &stand_ins, bill)? {
                Ok(way) => way,
                Err(why) => return Ok(Err(why)),
            };
            match self.same_call(&forms, (&between, &stand_ins), bill)? {
                Ok(way) => weakest = Some(work.max(way)),
                Err(why) => return Ok(Err(why)),
            }
        }
        let rest = self.rest(&forms, between);
        let way = in_one_file(self.case, &rest, self.compile, bill)?;
        Ok(way.map(|way| weakest.map_or(way, |weakest| weakest.max(way))))
    }

    /// Whether the target lies in a section that is gone when a member is still called.
    fn is_discarded(&self, before: &Unit<'_>, forms: &[Form]) -> Option<String> {
        let home = self.case.candidate.after.get(&self.home.source)?;
        let home = Unit::new(&self.home.source, home);
        let there = form::sections(&home, self.target_name());
        let here = |form: &Form| form::sections(before, &form.member);
        let form = forms.iter().find(|form| !there.is_subset(&here(form)))?;
        let (target, path) = (self.target_name(), &self.compile.source);
        Some(format!("{} of {path} is not in the section of {target}", form.member))
    }

    /// The first comparison of the module's.
    fn same_work(
        &self,
        forms: &[Form],
        stand_ins: &[u8],
        bill: &mut Bill,
    ) -> Result<Result<Way, Unproved<'c>>, BuildError> {
        let Candidate { before, after, .. } = self.case.candidate;
        let own = with(before, &self.compile.source, |text| called(text, forms.iter()));
        let own = Side { compile: self.compile, files: own };
        let home =
            |text: &[u8]| with(after, &self.home.source, |_| force::inlined(text, &self.target()));
        let whole = self.stood_in(stand_ins);
        let there = Side { compile: self.home, files: home(&whole) };
        let put = super::constants::put(&whole, self.target_name(), self.case.loops);
        let put = put.map(|text| Side { compile: self.home, files: home(&text) });
        self.compare(forms, &own, &there, put.as_ref(), bill)
    }

    /// The second.
    fn same_call(
        &self,
        forms: &[Form],
        (between, stand_ins): (&[u8], &[u8]),
        bill: &mut Bill,
    ) -> Result<Result<Way, Unproved<'c>>, BuildError> {
        let Candidate { before, after, .. } = self.case.candidate;
        let merged = forms.iter().filter(|form| form.thin.is_empty());
        let merged: Vec<u8> = merged.flat_map(|form| form.stand_in.clone()).collect();
        let here = with(before, &self.compile.source, |_| {
            let thin = forms.iter().filter(|form| !form.thin.is_empty());
            [called(between, thin), merged].concat()
        });
        let home = with(after, &self.home.source, |_| {
            force::apart(&self.stood_in(stand_ins), &self.target())
        });
        let (here, home) =
            (Side { compile: self.compile, files: here }, Side { compile: self.home, files: home });
        self.compare(forms, &here, &home, None, bill)
    }

    /// The third, as a patch of one file.
    fn rest(&self, forms: &[Form], between: Vec<u8>) -> Candidate {
        let Candidate { before, after, .. } = self.case.candidate;
        let path = &self.compile.source;
        let members = forms.iter().map(|form| (path.clone(), form.member.clone()));
        let claim = Claim { members: members.collect(), ..Claim::default() };
        Candidate { before: with(before, path, |_| between), after: after.clone(), claim }
    }

    /// Home after the patch, with what stands for the members.
    fn stood_in(&self, stand_ins: &[u8]) -> Vec<u8> {
        let text = self.case.candidate.after.get(&self.home.source).cloned().unwrap_or_default();
        [&text, stand_ins].concat()
    }

    /// What stands for the members in home. Constants that home may not know are given by
    /// value, which the compiler says. A wrong one would be found by the second comparison.
    fn stand_ins(
        &self,
        forms: &[Form],
        between: &[u8],
        bill: &mut Bill,
    ) -> Result<Vec<u8>, BuildError> {
        let constants = || forms.iter().flat_map(|form| &form.constants);
        let asked = constants().flat_map(|it| {
            let head = format!("\nconst long long {} __attribute__((__used__)) = (", it.name);
            [head.as_bytes(), &it.spelled, b");\n"].concat()
        });
        let asked: Vec<u8> = asked.collect();
        let mut compiled = None;
        if !asked.is_empty() {
            let before = &self.case.candidate.before;
            let files = with(before, &self.compile.source, |_| [between, &asked].concat());
            let mode = Mode::Comparable { level: Level::O2, debug: false };
            compiled = Some(self.case.shop.once(self.compile, &files, mode, bill)?);
        }
        let bytes = compiled.as_ref().and_then(|it| it.object.as_deref());
        let object = bytes.and_then(|bytes| Object::read(bytes).ok());
        let known = constants().flat_map(|it| {
            let value = object.as_ref().and_then(|object| object.integer(&it.name));
            let meant = value.map_or_else(|| it.resolved.clone(), literal);
            [b"\n#define ", it.name.as_bytes(), b" ", &meant].concat()
        });
        let known: Vec<u8> = known.collect();
        let functions: Vec<u8> = forms.iter().flat_map(|form| form.stand_in.clone()).collect();
        Ok([&known[..], b"\n", &functions].concat())
    }

    fn target_name(&self) -> &str {
        self.case.candidate.claim.target().unwrap_or_default()
    }

    fn target(&self) -> BTreeSet<String> {
        [self.target_name().to_owned()].into()
    }

    fn compare(
        &self,
        forms: &[Form],
        before: &Side<'c>,
        after: &Side<'c>,
        put: Option<&Side<'c>>,
        bill: &mut Bill,
    ) -> Result<Result<Way, Unproved<'c>>, BuildError> {
        let names = forms.iter().map(Form::name).collect();
        match compare::functions(self.case.shop, names, before, (after, put), bill)? {
            compare::Outcome::Same(way) => Ok(Ok(way)),
            compare::Outcome::Not(why) => {
                let (path, home) = (&self.compile.source, &self.home.source);
                let why = format!("members of {path} cannot be compared in {home}: {why}");
                Ok(Err(Unproved::Not(why)))
            }
            compare::Outcome::Differs(mut first) => {
                self.name_members(&mut first, forms);
                Ok(Err(Unproved::Differs(first, before.clone(), after.clone(), String::new())))
            }
        }
    }

    /// Says which member a function of ours stands for.
    fn name_members(&self, difference: &mut Difference, forms: &[Form]) {
        let (path, home) = (&self.compile.source, &self.home.source);
        let is_of = |form: &&Form| matches!(&difference.subject, Subject::Function(name) if *name == form.name());
        let member = forms.iter().find(is_of).map(|form| form.member.clone());
        difference.detail = format!(
            "{} of {home} does not do the same for {path}: {}",
            self.target_name(),
            difference.detail
        );
        if let Some(member) = member {
            difference.subject = Subject::Function(member);
        }
    }

    /// That a member has become something else, without a place.
    fn otherwise(&self, member: &str, detail: String) -> Unproved<'c> {
        let subject = Subject::Function(member.to_owned());
        let first = Difference { subject, before: None, after: None, detail, cause: None };
        let side = |files: &Files| Side { compile: self.compile, files: files.clone() };
        let Candidate { before, after, .. } = self.case.candidate;
        Unproved::Differs(Box::new(first), side(before), side(after), String::new())
    }
}

/// A text with the members of `forms` inlined in functions that do nothing but call them.
fn called<'f>(text: &[u8], forms: impl Iterator<Item = &'f Form> + Clone) -> Vec<u8> {
    let members = forms.clone().map(|it| it.member.clone()).collect();
    let callers = forms.flat_map(|it| it.caller.clone()).collect::<Vec<u8>>();
    [force::inlined(text, &members), callers].concat()
}

/// A value as C spells it; what is read into a type without a sign is the same bits.
fn literal(value: i64) -> Vec<u8> {
    if value == i64::MIN {
        return b"(-0x7fffffffffffffffLL - 1)".to_vec();
    }
    let sign = if value < 0 { "-" } else { "" };
    format!("({sign}{:#x}LL)", value.unsigned_abs()).into_bytes()
}

/// The files with another text for one of them.
fn with(files: &Files, path: &TreePath, text: impl FnOnce(&[u8]) -> Vec<u8>) -> Files {
    let mut files = files.clone();
    let new = text(files.get(path).map_or(&[][..], Vec::as_slice));
    files.insert(path.clone(), new);
    files
}
