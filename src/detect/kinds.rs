//! The kinds of groups, each made from what is free when its turn comes: the strongest
//! likeness first, so that no function is in two groups.

use super::blocks::{self, Block, Sort};
use super::facts::FunctionFacts;
use super::gapped::{self, Item};
use super::group::{Candidate, Form, Found, clone_group, group_shape};
use super::level::{Placement, level};
use super::normalise::{Code, Normaliser, storage_words};
use super::roles::Role;
use super::sequence;
use super::world::{Id, World};
use super::wrapped::Role as Wrapped;
use super::{CloneGroup, Hole, HoleKind, Kind, Member, holes};
use crate::syntax::{LoopMacros, TokenKind, line_at};
use crate::tree::TreePath;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::hash::Hash;

/// What making groups needs beside the functions.
pub struct Maker<'m> {
    /// Where files belong.
    pub placement: &'m (dyn Placement + Sync),
    /// Macros that are loops.
    pub loops: &'m LoopMacros,
    /// Files that could not be read again.
    pub unreadable: Vec<(TreePath, String)>,
}

/// Lists of functions with one key, of two members and more, in the order of their
/// first.
fn buckets<K: Hash + Eq>(keyed: impl Iterator<Item = (K, Id)>) -> Vec<Vec<Id>> {
    let mut by_key: FxHashMap<K, Vec<Id>> = FxHashMap::default();
    for (key, id) in keyed {
        by_key.entry(key).or_default().push(id);
    }
    let mut lists: Vec<Vec<Id>> = by_key.into_values().filter(|list| list.len() > 1).collect();
    for list in &mut lists {
        list.sort_unstable();
    }
    lists.sort_unstable();
    lists
}

/// Most functions whose texts are in memory at a time.
const BATCH: usize = 1 << 15;

/// The lists in parts of about [`BATCH`] functions.
fn batches(lists: &[Vec<Id>]) -> impl Iterator<Item = &[Vec<Id>]> {
    let mut rest = lists;
    std::iter::from_fn(move || {
        let mut functions = 0;
        let full = rest.iter().position(|list| {
            functions += list.len();
            functions >= BATCH
        });
        let (batch, others) = rest.split_at(full.map_or(rest.len(), |at| at + 1));
        rest = others;
        (!batch.is_empty()).then_some(batch)
    })
}

impl Maker<'_> {
    /// Loads each list and makes groups of it, then takes their members.
    fn make(
        &mut self,
        world: &mut World,
        lists: &[Vec<Id>],
        make: impl Fn(&Self, &[Candidate]) -> Found + Sync,
    ) -> Found {
        let mut found = Found::default();
        for lists in batches(lists) {
            let candidates = world.load(lists, &mut self.unreadable);
            let this = &*self;
            let made: Vec<Found> = candidates.par_iter().map(|list| make(this, list)).collect();
            made.into_iter().for_each(|some| found.append(some));
        }
        world.take(found.ids.iter().copied());
        found
    }

    /// *identical*, *constant-only* and *renamed*.
    pub fn exact(&mut self, world: &mut World) -> Found {
        let large = world.free().filter(|&id| world.facts(id).large);
        let lists = buckets(large.map(|id| (world.facts(id).shape, id)));
        self.make(world, &lists, |this, list| group_shape(list, this.placement, this.loops))
    }

    /// *reimplements*: functions that are the same as one that the kernel offers.
    pub fn reimplements(&mut self, world: &mut World) -> Found {
        let offered: FxHashSet<u64> = world
            .offered()
            .filter(|&id| is_telling(world.facts(id)))
            .map(|id| world.facts(id).core)
            .collect();
        let same = |id: &Id| offered.contains(&world.facts(*id).core);
        let copies = world.free().filter(|id| is_telling(world.facts(*id))).filter(same);
        let copies: Vec<(u64, Id)> = copies.map(|id| (world.facts(id).core, id)).collect();
        let wanted: FxHashSet<u64> = copies.iter().map(|(core, _)| *core).collect();
        let originals = world.offered().filter(|&id| is_telling(world.facts(id)));
        let originals = originals
            .map(|id| (world.facts(id).core, id))
            .filter(|(core, _)| wanted.contains(core));
        let first_offered = world.entries.partition_point(|entry| !entry.offered) as u32;
        let lists = buckets(originals.chain(copies.iter().copied()));
        self.make(world, &lists, |this, list| this.reimplementations(list, first_offered))
    }

    fn reimplementations(&self, list: &[Candidate], first_offered: u32) -> Found {
        let mut normaliser = Normaliser::default();
        let forms: Vec<Form> = list.iter().map(|c| Form::new(c, &mut normaliser)).collect();
        let (originals, copies): (Vec<&Form>, Vec<&Form>) =
            forms.iter().partition(|form| form.candidate.id.0 >= first_offered);
        let mut found = Found::default();
        let mut done: FxHashSet<Id> = FxHashSet::default();
        for original in originals {
            let same = |copy: &&&Form| {
                !done.contains(&copy.candidate.id) && self.does_the_same(original, copy)
            };
            let of_this: Vec<&Form> = copies.iter().filter(same).copied().collect();
            if of_this.is_empty() {
                continue;
            }
            done.extend(of_this.iter().map(|copy| copy.candidate.id));
            let members: Vec<&Form> = std::iter::once(original).chain(of_this).collect();
            let group = self.plain_group(Kind::Reimplements, &members);
            found.push(group, &members);
        }
        found
    }

    /// Whether the two differ in their own names, their storage class and the names of
    /// their locals at most.
    fn does_the_same(&self, original: &Form, copy: &Form) -> bool {
        // A file with a function of that name does not see the kernel's.
        let name = |form: &Form| form.function.name(&form.candidate.text).to_vec();
        let body = original.tokens.partition_point(|t| t.start < original.function.body);
        if name(original) == name(copy) || original.tokens.len() - body < TELLING_BODY {
            return false;
        }
        let skip = |form: &Form| storage_words(&form.candidate.text, &form.tokens);
        let (a, b) = (skip(original), skip(copy));
        let length = original.tokens.len() - a;
        if copy.tokens.len() - b != length {
            return false;
        }
        let (roles, other) = (&original.roles(self.loops).roles, &copy.roles(self.loops).roles);
        let local = |at: usize| roles[a + at] == Role::Local && other[b + at] == Role::Local;
        let own = |at: usize| {
            original.codes[a + at] == Code::OwnName && copy.codes[b + at] == Code::OwnName
        };
        let mut there: FxHashMap<&[u8], &[u8]> = FxHashMap::default();
        let mut back: FxHashMap<&[u8], &[u8]> = FxHashMap::default();
        (0..length).all(|at| {
            let (x, y) = (original.text(a + at), copy.text(b + at));
            own(at)
                || match local(at) {
                    true => *there.entry(x).or_insert(y) == y && *back.entry(y).or_insert(x) == x,
                    false => x == y,
                }
        })
    }

    /// A group of these functions without holes.
    fn plain_group(&self, kind: Kind, members: &[&Form]) -> CloneGroup {
        let members: Vec<Member> = members.iter().map(|form| form.member()).collect();
        let level = level(&members, self.placement);
        CloneGroup {
            id: String::new(),
            kind,
            level,
            members,
            holes: Vec::new(),
            adds_nothing: false,
        }
    }

    /// *wrapper*: a family around one callee in one driver, then what several drivers
    /// have written again around access to the device. A service of the kernel is too
    /// common to say anything beyond one driver.
    pub fn wrappers(&mut self, world: &mut World) -> Found {
        let own: FxHashSet<(u32, u32)> = world
            .entries
            .iter()
            .flat_map(|entry| entry.facts.functions.iter().map(|f| (entry.place.1, f.name)))
            .collect();
        let family = |id: Id, service: bool| {
            let wrapper = world.facts(id).wrapper?;
            let driver = world.entry(id).place.1;
            let known = match wrapper.role {
                None => !service && own.contains(&(driver, wrapper.callee)),
                Some(Wrapped::Io) => !service,
                Some(_) => service,
            };
            known.then_some(((wrapper.form, driver), id))
        };
        let families = buckets(world.free().filter_map(|id| family(id, false)));
        let services = buckets(world.free().filter_map(|id| family(id, true)));
        let mut found = self.make_wrappers(world, &families, Shared::Callees);
        found.append(self.make_wrappers(world, &services, Shared::Names));
        let rewritten = world.free().filter_map(|id| {
            let wrapper = world.facts(id).wrapper?;
            (wrapper.role == Some(Wrapped::Io)).then_some((wrapper.form, id))
        });
        let rewritten = buckets(rewritten);
        found.append(self.make_wrappers(world, &rewritten, Shared::Constants));
        found
    }

    fn make_wrappers(&mut self, world: &mut World, lists: &[Vec<Id>], shared: Shared) -> Found {
        let adds_nothing = |id: &&Id| world.facts(**id).wrapper.is_some_and(|w| w.adds_nothing);
        let nothing: FxHashSet<Id> = lists.iter().flatten().filter(adds_nothing).copied().collect();
        self.make(world, lists, |this, list| this.wrappers_of(list, &nothing, shared))
    }

    /// The groups of a list of wrappers of one form.
    fn wrappers_of(&self, list: &[Candidate], nothing: &FxHashSet<Id>, shared: Shared) -> Found {
        let mut normaliser = Normaliser::default();
        let forms: Vec<Form> = list.iter().map(|c| Form::new(c, &mut normaliser)).collect();
        let mut alike: Vec<Vec<&Form>> = Vec::new();
        for form in &forms {
            match alike.iter_mut().find(|some| same_wrapper(some[0], form, shared)) {
                Some(some) => some.push(form),
                None => alike.push(vec![form]),
            }
        }
        let mut found = Found::default();
        for members in alike.into_iter().filter(|members| members.len() > 1) {
            let mut group = clone_group(&members, self.placement, self.loops, &mut found.gaps);
            group.kind = Kind::Wrapper;
            group.adds_nothing = members.iter().all(|form| nothing.contains(&form.candidate.id));
            found.push(group, &members);
        }
        found
    }

    /// *gapped*.
    pub fn gapped(&mut self, world: &mut World) -> Found {
        let compared = |id: &Id| {
            let facts = world.facts(*id);
            facts.large && facts.statements.len() >= gapped::FEWEST_STATEMENTS
        };
        let ids: Vec<Id> = world.free().filter(compared).collect();
        let items: Vec<Item> = ids
            .iter()
            .map(|&id| {
                let (entry, facts) = (world.entry(id), world.facts(id));
                Item {
                    statements: entry.facts.statements_of(facts),
                    names: entry.facts.names_of(facts),
                    shape: facts.shape,
                    class: entry.place.0,
                    driver: entry.place.1,
                }
            })
            .collect();
        let groups = gapped::groups(&items);
        let lists: Vec<Vec<Id>> =
            groups.iter().map(|group| group.iter().map(|&at| ids[at]).collect()).collect();
        self.make(world, &lists, |this, list| {
            let mut normaliser = Normaliser::default();
            let forms: Vec<Form> = list.iter().map(|c| Form::new(c, &mut normaliser)).collect();
            let members: Vec<&Form> = forms.iter().collect();
            let mut found = Found::default();
            if members.len() > 1 {
                let mut group = this.plain_group(Kind::Gapped, &members);
                group.holes = holes::of_gapped(&members);
                found.push(group, &members);
            }
            found
        })
    }

    /// *sequence*: runs inside functions.
    pub fn sequences(&mut self, world: &mut World) -> Found {
        let with_runs = world.free().filter(|&id| world.facts(id).has_run);
        let lists: Vec<Vec<Id>> = with_runs.map(|id| vec![id]).collect();
        self.make(world, &lists, |this, list| {
            let mut found = Found::default();
            let Some(candidate) = list.first() else { return found };
            let form = Form::new(candidate, &mut Normaliser::default());
            let body = form.tokens.partition_point(|token| token.start < form.function.body);
            for run in sequence::runs(&candidate.text, &form.tokens, body) {
                found.groups.push(this.sequence(&form, &run));
                found.ids.push(candidate.id);
            }
            found
        })
    }

    /// *sequence*, too: blocks of statements that several functions of one driver repeat.
    pub fn blocks(&mut self, world: &mut World) -> Found {
        let large = world.free().filter(|&id| world.facts(id).statements.len() >= blocks::FEWEST);
        let drivers = buckets(large.map(|id| (world.entry(id).place.1, id)));
        let candidates: Vec<(Vec<Id>, Vec<usize>, usize)> = drivers
            .par_iter()
            .flat_map_iter(|ids| {
                let of = |id: &Id| world.entry(*id).facts.statements_of(world.facts(*id));
                let hashes: Vec<&[u32]> = ids.iter().map(of).collect();
                let found = blocks::candidates(&hashes).into_iter();
                found.map(|candidate| {
                    let places = candidate.places.into_iter();
                    let (ids, starts) = places.map(|(at, start)| (ids[at], start)).unzip();
                    (ids, starts, candidate.length)
                })
            })
            .collect();
        let lists: Vec<Vec<Id>> = candidates.iter().map(|(ids, _, _)| ids.clone()).collect();
        let mut found = Found::default();
        let mut done = 0;
        for lists in batches(&lists) {
            let loaded = world.load(lists, &mut self.unreadable);
            let this = &*self;
            let made: Vec<Found> = loaded
                .par_iter()
                .zip(&candidates[done..])
                .map(|(list, (ids, starts, length))| {
                    // One that could not be read again leaves the others without a place.
                    let whole = list.len() == ids.len();
                    if whole { this.block(list, starts, *length) } else { Found::default() }
                })
                .collect();
            done += lists.len();
            made.into_iter().for_each(|some| found.append(some));
        }
        world.take(found.ids.iter().copied());
        found
    }

    fn block(&self, list: &[Candidate], starts: &[usize], length: usize) -> Found {
        let mut normaliser = Normaliser::default();
        let forms: Vec<Form> = list.iter().map(|c| Form::new(c, &mut normaliser)).collect();
        let blocks = blocks::verified(&forms, starts, length);
        let mut found = Found::default();
        if !blocks.is_empty() {
            found.groups.push(self.parts(&blocks));
            found.ids.extend(blocks.iter().map(|block| block.form.candidate.id));
        }
        found
    }

    fn sequence(&self, form: &Form, run: &sequence::Run) -> CloneGroup {
        let parts = run.repetitions.iter().map(|tokens| Block { form, tokens: tokens.clone() });
        self.parts(&parts.collect::<Vec<_>>())
    }

    /// A group of parts of functions that have the same tokens but for constants and
    /// the names of locals.
    fn parts(&self, parts: &[Block]) -> CloneGroup {
        let members: Vec<Member> = parts.iter().map(part).collect();
        let first = &parts[0];
        let differs = |offset: &usize| {
            let text = first.form.text(first.tokens.start + offset);
            parts.iter().any(|part| part.form.text(part.tokens.start + offset) != text)
        };
        let hole = |offset: usize| {
            let at = |part: &Block| part.tokens.start + offset;
            let is_name = |part: &Block| part.form.tokens[at(part)].kind == TokenKind::Ident;
            let kind = match blocks::sort_of(first.form, at(first)) {
                Sort::Text => HoleKind::String,
                Sort::Constant if parts.iter().any(is_name) => HoleKind::Constant,
                Sort::Constant => HoleKind::Integer,
                Sort::Name | Sort::Fixed => return None,
            };
            let value =
                |part: &Block| String::from_utf8_lossy(part.form.text(at(part))).into_owned();
            let values = parts.iter().map(value).collect();
            Some(Hole { kind, values, tokens: vec![offset as u32] })
        };
        let holes = (0..first.tokens.len()).filter(differs).filter_map(hole).collect();
        let level = level(&members, self.placement);
        let kind = Kind::Sequence;
        CloneGroup { id: String::new(), kind, level, members, holes, adds_nothing: false }
    }
}

/// A part of a function as a member: its place is the part's.
fn part(block: &Block) -> Member {
    let Block { form, tokens } = block;
    let mut member = form.member();
    let start = form.tokens[tokens.start].start;
    let end = form.tokens[tokens.end - 1].end;
    let whole = member.function.clone();
    let line = |offset: u32| whole.start_line + line_at(&form.candidate.text, offset as usize) - 1;
    member.function.start_line = line(start);
    member.function.end_line = line(end.saturating_sub(1));
    member.function.start = whole.start + start;
    member.function.body = member.function.start;
    member.function.end = whole.start + end;
    member.function.token_count = tokens.len() as u32;
    member
}

/// Fewest tokens of a function that a driver could have taken from the kernel: less
/// is found in too many places to be a copy.
const TELLING_TOKENS: u32 = 24;

/// Fewest tokens of its body.
const TELLING_BODY: usize = 10;

fn is_telling(facts: &FunctionFacts) -> bool {
    facts.function.token_count >= TELLING_TOKENS && !facts.function.macro_defined
}

/// What must be the same in the wrappers of a group beside their callees.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shared {
    /// Nothing else: a family in one driver differs in constants, fields and types.
    Callees,
    /// The constants: another driver's copy does the same with its own structures.
    Constants,
    /// Fields and types: a service of the kernel is called on many things, only the same
    /// thing with another constant is a family.
    Names,
}

/// Whether two functions of one form call the same functions, and share what is asked.
fn same_wrapper(a: &Form, b: &Form, shared: Shared) -> bool {
    let same_text = |at: usize| {
        let called = a.tokens.get(at + 1).is_some_and(|t| t.is(&a.candidate.text, b"("));
        let before = at.checked_sub(1).map_or(&b""[..], |before| a.text(before));
        let free = matches!(before, b"." | b"->" | b"struct" | b"union" | b"enum");
        match a.codes[at] {
            Code::Text => true,
            Code::Name(_) => called || free && shared == Shared::Names,
            Code::Constant => shared == Shared::Constants,
            // A message says which one it is.
            Code::Literal => shared != Shared::Callees,
            Code::OwnName => false,
        }
    };
    a.codes == b.codes && (0..a.codes.len()).all(|at| !same_text(at) || a.text(at) == b.text(at))
}
