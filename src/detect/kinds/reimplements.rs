//! Functions of drivers that the kernel already offers to them.

use super::{Maker, buckets};
use crate::detect::Kind;
use crate::detect::facts::FunctionFacts;
use crate::detect::group::{Candidate, Form, Found};
use crate::detect::memo::Step;
use crate::detect::normalise::{Code, storage_words};
use crate::detect::renaming::Renaming;
use crate::detect::roles::Role;
use crate::detect::world::{Id, World};
use rustc_hash::FxHashSet;

/// Fewest tokens of a function that a driver could have taken from the kernel: less
/// is found in too many places to be a copy.
const TELLING_TOKENS: u32 = 24;

/// Fewest tokens of its body.
const TELLING_BODY: usize = 10;

fn is_telling(facts: &FunctionFacts) -> bool {
    facts.function.token_count >= TELLING_TOKENS && !facts.function.macro_defined
}

impl Maker<'_> {
    /// *reimplements*: functions that are the same as one that the kernel offers.
    pub fn reimplements(&mut self, world: &mut World) -> Found {
        let telling = |id: Id| is_telling(world.facts(id)).then(|| (world.facts(id).core, id));
        let offered: FxHashSet<u64> =
            world.offered().filter_map(telling).map(|(core, _)| core).collect();
        let copies: Vec<(u64, Id)> =
            world.free().filter_map(telling).filter(|(core, _)| offered.contains(core)).collect();
        let wanted: FxHashSet<u64> = copies.iter().map(|(core, _)| *core).collect();
        let originals =
            world.offered().filter_map(telling).filter(|(core, _)| wanted.contains(core));
        let first_offered = world.entries.partition_point(|entry| !entry.offered) as u32;
        let lists = buckets(originals.chain(copies.iter().copied()));
        let step = Step::Reimplements;
        self.make(world, step, &lists, |this, list| this.reimplementations(list, first_offered))
    }

    fn reimplementations(&self, list: &[Candidate], first_offered: u32) -> Found {
        let forms = Form::all(list);
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
        if name(original) == name(copy) || original.tokens.len() - original.body() < TELLING_BODY {
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
        let mut renaming = Renaming::default();
        (0..length).all(|at| {
            let (x, y) = (original.text(a + at), copy.text(b + at));
            own(at)
                || match local(at) {
                    true => renaming.pair(x, y),
                    false => x == y,
                }
        })
    }
}
