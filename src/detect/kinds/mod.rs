//! The kinds of groups, each made from what is free when its turn comes: the strongest
//! likeness first, so that no function is in two groups. In: the functions that are free.
//! Out: groups, every member compared token by token; what they take is not free any more.

mod reimplements;
mod sequences;
mod wrappers;

use super::gapped::{self, Item};
use super::group::{Candidate, Form, Found, group_shape};
use super::level::{Placement, level};
use super::memo::{Memo, Step};
use super::world::{Id, World};
use super::{CloneGroup, Kind, Member, holes};
use crate::syntax::LoopMacros;
use crate::tree::TreePath;
use rayon::prelude::*;

/// What making groups needs beside the functions.
pub struct Maker<'m> {
    /// Where files belong.
    pub placement: &'m (dyn Placement + Sync),
    /// Macros that are loops.
    pub loops: &'m LoopMacros,
    /// Files that could not be read again.
    pub unreadable: Vec<(TreePath, String)>,
    /// What became of lists.
    pub memo: Memo,
}

/// Lists of functions with one key, of two members and more, in the order of their
/// first.
fn buckets<K: Ord + Send>(keyed: impl ParallelIterator<Item = (K, Id)>) -> Vec<Vec<Id>> {
    let mut keyed: Vec<(K, Id)> = keyed.collect();
    keyed.par_sort_unstable();
    let of_one_key = keyed.chunk_by(|a, b| a.0 == b.0).filter(|list| list.len() > 1);
    let mut lists: Vec<Vec<Id>> =
        of_one_key.map(|list| list.iter().map(|(_, id)| *id).collect()).collect();
    lists.sort_unstable();
    lists
}

/// Most functions whose texts are in memory at a time.
const BATCH: usize = 1 << 15;

/// The lists in parts of about [`BATCH`] functions.
fn batches<'l, 'i>(lists: &'l [&'i [Id]]) -> impl Iterator<Item = &'l [&'i [Id]]> {
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
    /// Makes groups of each list with its functions' texts, then takes their members. A
    /// function that cannot be read again is missing from its list.
    fn make(
        &mut self,
        world: &mut World,
        step: Step,
        lists: &[Vec<Id>],
        make: impl Fn(&Self, &[Candidate]) -> Found + Sync,
    ) -> Found {
        self.remember(world, step, lists, |this, world, lists| {
            this.read(world, lists, |this, _, list| make(this, list))
        })
    }

    /// Takes what is known of lists, and has `make` make something of each of the others.
    fn remember(
        &mut self,
        world: &mut World,
        step: Step,
        lists: &[Vec<Id>],
        make: impl FnOnce(&mut Self, &World, &[&[Id]]) -> Vec<Found>,
    ) -> Found {
        let keys = self.memo.keys(world, step, lists);
        let known = keys.par_iter().zip(lists).map(|(&key, list)| self.memo.get(key, list));
        let mut outcomes: Vec<Option<Found>> = known.collect();
        let unknown = outcomes.iter().zip(lists).filter(|(outcome, _)| outcome.is_none());
        let unknown: Vec<&[Id]> = unknown.map(|(_, list)| list.as_slice()).collect();
        let made = make(self, world, &unknown);
        let places = outcomes.iter_mut().filter(|outcome| outcome.is_none());
        places.zip(made).for_each(|(place, made)| *place = Some(made));
        let mut found = Found::default();
        for ((key, list), outcome) in keys.into_iter().zip(lists).zip(outcomes) {
            let outcome = outcome.unwrap_or_default();
            self.memo.note(key, list, &outcome);
            found.append(outcome);
        }
        world.take(found.ids.iter().copied());
        found
    }

    /// Reads the texts of each list and makes something of it, by its number.
    fn read(
        &mut self,
        world: &World,
        lists: &[&[Id]],
        make: impl Fn(&Self, usize, &[Candidate]) -> Found + Sync,
    ) -> Vec<Found> {
        let mut all = Vec::with_capacity(lists.len());
        for lists in batches(lists) {
            let candidates = world.load(lists, &mut self.unreadable);
            let (this, done) = (&*self, all.len());
            let made = candidates.par_iter().enumerate();
            let made: Vec<Found> = made.map(|(at, list)| make(this, done + at, list)).collect();
            all.extend(made);
        }
        all
    }

    /// *identical*, *constant-only* and *renamed*.
    pub fn exact(&mut self, world: &mut World) -> Found {
        let large = world.free().filter(|&id| world.facts(id).large);
        let lists = buckets(large.map(|id| (world.facts(id).shape, id)));
        let make = |this: &Self, list: &[Candidate]| group_shape(list, this.placement, this.loops);
        self.make(world, Step::Exact, &lists, make)
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

    /// *gapped*.
    pub fn gapped(&mut self, world: &mut World) -> Found {
        let compared = |id: &Id| {
            let facts = world.facts(*id);
            facts.large && facts.statements.len() >= gapped::FEWEST_STATEMENTS
        };
        let ids: Vec<Id> = world.free().filter(compared).collect();
        let items: Vec<Item> = ids
            .par_iter()
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
        self.make(world, Step::Gapped, &lists, |this, list| {
            let forms = Form::all(list);
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
}
