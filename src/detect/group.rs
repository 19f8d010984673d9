//! Groups the functions of one hash, strictest first. Nothing is taken from the
//! hash: every member is compared token by token.

use super::holes;
use super::level::{Placement, level, level_of};
use super::names::{Named, clusters, shared_percent};
use super::normalise::{Code, Normaliser, storage_words};
use super::roles::{Role, Roles, roles};
use super::scan::Gap;
use super::statements::{Statement, statements};
use super::world::Id;
use super::{CloneGroup, Member};
use crate::syntax::{Function, LoopMacros, Token, lexer, line_at};
use crate::tree::TreePath;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// A function whose hash at least one other has.
pub struct Candidate {
    pub id: Id,
    pub file: TreePath,
    pub driver: String,
    pub class: String,
    pub function: Function,
    pub ordinal: u32,
    /// The bytes of the definition, and nothing else of its file.
    pub text: Vec<u8>,
}

/// A candidate with its tokens and its normal form.
pub struct Form<'a> {
    pub candidate: &'a Candidate,
    /// The function, as if its text were a file.
    pub function: Function,
    pub tokens: Vec<Token>,
    /// One a token.
    pub codes: Vec<Code>,
    /// The names that [`Code::Name`] counts.
    pub names: Vec<&'a [u8]>,
    roles: OnceCell<Roles>,
}

impl<'a> Form<'a> {
    /// Reads the text of `candidate`.
    pub fn new(candidate: &'a Candidate, normaliser: &mut Normaliser) -> Form<'a> {
        Form::of(candidate, lexer::tokens(&candidate.text), normaliser)
    }

    fn of(candidate: &'a Candidate, tokens: Vec<Token>, normaliser: &mut Normaliser) -> Form<'a> {
        let text = &candidate.text;
        let function = from_zero(&candidate.function);
        let mut codes = Vec::with_capacity(tokens.len());
        normaliser.run(text, function.name(text), &tokens, |code, _| codes.push(code));
        let mut names = Vec::new();
        for (code, token) in codes.iter().zip(&tokens) {
            if *code == Code::Name(names.len() as u32) {
                names.push(token.text(text));
            }
        }
        Form { candidate, function, tokens, codes, names, roles: OnceCell::new() }
    }

    /// The text of each of `candidates` read, in their order.
    pub fn all(candidates: &'a [Candidate]) -> Vec<Form<'a>> {
        let mut normaliser = Normaliser::default();
        candidates.iter().map(|candidate| Form::new(candidate, &mut normaliser)).collect()
    }

    /// As [`Form::all`], without the words before each function that only say who may
    /// call it, and how.
    pub fn all_cores(candidates: &'a [Candidate]) -> Vec<Form<'a>> {
        let mut normaliser = Normaliser::default();
        let read = |candidate: &'a Candidate| {
            let mut tokens = lexer::tokens(&candidate.text);
            tokens.drain(..storage_words(&candidate.text, &tokens));
            Form::of(candidate, tokens, &mut normaliser)
        };
        candidates.iter().map(read).collect()
    }

    /// The index of the `{` of its body.
    pub fn body(&self) -> usize {
        self.tokens.partition_point(|token| token.start < self.function.body)
    }

    /// The statements of its body.
    pub fn statements(&self) -> Vec<Statement> {
        statements(&self.candidate.text, &self.tokens, self.body())
    }

    /// The text of the token at `at`.
    pub fn text(&self, at: usize) -> &'a [u8] {
        self.tokens.get(at).map_or(&[], |token| token.text(&self.candidate.text))
    }

    /// The tokens in this range on one line, braces of blocks left out at its ends.
    pub fn shown(&self, tokens: std::ops::Range<usize>) -> String {
        let words = tokens.clone().map(|at| String::from_utf8_lossy(self.text(at)));
        words.collect::<Vec<_>>().join(" ")
    }

    /// Whether the two are one function but for names and constants.
    pub fn same_shape(&self, other: &Form) -> bool {
        let same_text = |i: usize| self.codes[i] != Code::Text || self.text(i) == other.text(i);
        self.codes == other.codes && (0..self.codes.len()).all(same_text)
    }

    /// Reads the function the first time, and parses it where it must.
    pub fn roles(&self, loops: &LoopMacros) -> &Roles {
        let parse = || roles(&self.candidate.text, &self.function, &self.tokens, loops);
        self.roles.get_or_init(parse)
    }

    /// The function as a member of a group.
    pub fn member(&self) -> Member {
        let Candidate { file, driver, class, function, ordinal, text, .. } = self.candidate;
        Member {
            file: file.clone(),
            name: String::from_utf8_lossy(self.function.name(text)).into_owned(),
            function: function.clone(),
            ordinal: *ordinal,
            driver: driver.clone(),
            class: class.clone(),
        }
    }

    fn place(&self) -> (&'a str, &'a str) {
        (&self.candidate.class, &self.candidate.driver)
    }
}

/// `function` moved to the start of its text.
fn from_zero(function: &Function) -> Function {
    let by = function.start;
    Function {
        name: function.name.start - by..function.name.end - by,
        start: 0,
        body: function.body - by,
        end: function.end - by,
        ..function.clone()
    }
}

/// Groups, the functions that are in them, and the members that do not parse.
#[derive(Default)]
pub struct Found {
    pub groups: Vec<CloneGroup>,
    pub ids: Vec<Id>,
    pub gaps: Vec<Gap>,
}

impl Found {
    /// Adds a group of these functions.
    pub fn push(&mut self, group: CloneGroup, members: &[&Form]) {
        self.groups.push(group);
        self.ids.extend(members.iter().map(|form| form.candidate.id));
    }

    /// Puts all together, in their order.
    pub fn append(&mut self, mut other: Found) {
        self.groups.append(&mut other.groups);
        self.ids.append(&mut other.ids);
        self.gaps.append(&mut other.gaps);
    }
}

/// The groups among `candidates`, which are in the order of file and place, and
/// the members that do not parse.
pub fn group_shape(
    candidates: &[Candidate],
    placement: &dyn Placement,
    loops: &LoopMacros,
) -> Found {
    let forms = Form::all(candidates);
    let mut shapes: Vec<Vec<&Form>> = Vec::new();
    for form in &forms {
        match shapes.iter_mut().find(|shape| shape[0].same_shape(form)) {
            Some(shape) => shape.push(form),
            None => shapes.push(vec![form]),
        }
    }
    let mut found = Found::default();
    for shape in shapes.iter().filter(|shape| shape.len() > 1) {
        for members in partition(shape, placement, loops) {
            let group = clone_group(&members, placement, loops, &mut found.gaps);
            found.push(group, &members);
        }
    }
    found
}

/// Partitions functions of one shape into the members of groups: first those of
/// the same names, then those of similar names. The rest is dropped.
fn partition<'f, 'a>(
    shape: &[&'f Form<'a>],
    placement: &dyn Placement,
    loops: &LoopMacros,
) -> Vec<Vec<&'f Form<'a>>> {
    let mut by_names: BTreeMap<&[&[u8]], Vec<usize>> = BTreeMap::new();
    for (i, form) in shape.iter().enumerate() {
        by_names.entry(&form.names).or_default().push(i);
    }
    let (mut groups, singles): (Vec<_>, Vec<_>) =
        by_names.into_values().partition(|members| members.len() > 1);
    let mut singles: Vec<usize> = singles.into_iter().flatten().collect();
    singles.sort_unstable();
    if !singles.is_empty() {
        let free = free_names(shape[0], loops);
        let named: Vec<Named> = shape.iter().map(|form| named(form, &free)).collect();
        let exact = groups.len();
        let lone: Vec<Named> = singles.iter().map(|&i| named[i].clone()).collect();
        let found = clusters(&lone);
        groups.extend(found.iter().map(|c| c.iter().map(|&i| singles[i]).collect::<Vec<_>>()));
        for (at, &single) in singles.iter().enumerate() {
            if !found.iter().any(|cluster| cluster.binary_search(&at).is_ok()) {
                join(single, &mut groups[..exact], &named, placement);
            }
        }
    }
    for group in &mut groups {
        group.sort_unstable();
    }
    groups.sort_unstable();
    groups.iter().map(|group| group.iter().map(|&i| shape[i]).collect()).collect()
}

/// Adds `single` to the nearest of `groups` all of whose members are similar to it and
/// that lies no farther apart with it than without.
fn join(single: usize, groups: &mut [Vec<usize>], named: &[Named], placement: &dyn Placement) {
    let place = |&i: &usize| (named[i].class, named[i].driver);
    let takes = |group: &&mut Vec<usize>| {
        let with = group.iter().chain([&single]).map(place);
        group.iter().all(|&i| shared_percent(&named[i], &named[single]).1)
            && level_of(with, placement) == level_of(group.iter().map(place), placement)
    };
    let share = |group: &Vec<usize>| {
        group.iter().map(|&i| shared_percent(&named[i], &named[single]).0).min()
    };
    let nearest = groups.iter_mut().filter(takes).rev().max_by_key(|group| share(group));
    if let Some(group) = nearest {
        group.push(single);
    }
}

/// Which of the names of `form` are not its own business, and what they stand for: one
/// role a name.
pub fn free_names(form: &Form, loops: &LoopMacros) -> Vec<Option<Role>> {
    let mut free = vec![None; form.names.len()];
    for (code, role) in form.codes.iter().zip(&form.roles(loops).roles) {
        if let Code::Name(index) = *code
            && *role != Role::Local
        {
            free[index as usize] = Some(*role);
        }
    }
    free
}

pub fn named<'a>(form: &Form<'a>, free: &[Option<Role>]) -> Named<'a> {
    let (class, driver) = form.place();
    let names = form.names.iter().zip(free).filter_map(|(name, role)| Some((*name, (*role)?)));
    let deeds = names.clone().filter(|(_, role)| *role != Role::Type).map(|(name, _)| name);
    let constants = (0..form.codes.len())
        .filter(|&at| matches!(form.codes[at], Code::Constant | Code::Literal))
        .map(|at| form.text(at))
        .collect();
    let callees = names.clone().filter(|(_, role)| *role == Role::Callee).map(|(name, _)| name);
    let (deeds, callees, tokens) = (deeds.collect(), callees.collect(), form.tokens.len());
    let names = names.map(|(name, _)| name).collect();
    Named { class, driver, names, deeds, callees, constants, tokens }
}

/// The group of these functions, which have one shape.
pub fn clone_group(
    forms: &[&Form],
    placement: &dyn Placement,
    loops: &LoopMacros,
    gaps: &mut Vec<Gap>,
) -> CloneGroup {
    let members: Vec<Member> = forms.iter().map(|form| form.member()).collect();
    let (kind, holes) = holes::find(forms, loops);
    // Not parsed for this where the tokens tell all: such functions have no gaps. What
    // one member's syntax tree lacks, those of all of its shape lack.
    let _read = forms.first().map(|form| form.roles(loops));
    let gap = forms.iter().find_map(|form| {
        let offset = form.roles.get()?.gap?;
        Some(form.tokens.partition_point(|token| token.end <= offset))
    });
    if let Some(at) = gap {
        gaps.extend(forms.iter().zip(&members).map(|(form, member)| {
            let offset = form.tokens.get(at).map_or(0, |token| token.start);
            let line = line_at(&form.candidate.text, offset as usize);
            Gap {
                file: member.file.clone(),
                line: member.function.start_line + line - 1,
                function: member.name.clone(),
            }
        }));
    }
    let level = level(&members, placement);
    CloneGroup { id: String::new(), kind, level, members, holes, adds_nothing: false }
}
