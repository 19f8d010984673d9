//! Functions of drivers that the kernel already offers to them.

use super::{Maker, buckets};
use crate::detect::facts::FunctionFacts;
use crate::detect::group::{Candidate, Form, Found, free_names, named};
use crate::detect::memo::Step;
use crate::detect::normalise::Code;
use crate::detect::renaming::Renaming;
use crate::detect::roles::Role;
use crate::detect::world::{Id, World};
use crate::detect::{Kind, holes};
use crate::tree;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

/// Fewest tokens of a function that a driver could have taken from the kernel: less
/// is found in too many places to be a copy.
const TELLING_TOKENS: u32 = 24;

/// Fewest tokens of its body.
const TELLING_BODY: usize = 10;

/// Fewest tokens of an original of which a copy may differ.
const FEWEST_TOKENS: usize = 60;

fn is_telling(facts: &FunctionFacts) -> bool {
    facts.function.token_count >= TELLING_TOKENS && !facts.function.macro_defined
}

impl Maker<'_> {
    /// *reimplements*: functions that are the same as one that the kernel offers, or the
    /// core of their class.
    pub fn reimplements(&mut self, world: &mut World) -> Found {
        let telling = |id: Id| is_telling(world.facts(id)).then(|| (world.facts(id).core, id));
        let offered: Vec<(u64, Id)> = world.offered().filter_map(telling).collect();
        let cores: FxHashSet<u64> = offered.iter().map(|(core, _)| *core).collect();
        let offers: FxHashSet<Id> = offered.iter().map(|(_, id)| *id).collect();
        let copies = world.free().filter_map(telling).filter(|(core, _)| cores.contains(core));
        let copies: Vec<(u64, Id)> = copies.filter(|(_, id)| !offers.contains(id)).collect();
        let wanted: FxHashSet<u64> = copies.iter().map(|(core, _)| *core).collect();
        let originals = offered.into_par_iter().filter(|(core, _)| wanted.contains(core));
        let lists = buckets(originals.chain(copies));
        let is_offered = |id: &Id| offers.contains(id);
        self.make(world, Step::Reimplements, &lists, |this, list| {
            this.reimplementations(list, &is_offered)
        })
    }

    fn reimplementations(
        &self,
        list: &[Candidate],
        is_offered: &(dyn Fn(&Id) -> bool + Sync),
    ) -> Found {
        let forms = Form::all_cores(list);
        let (originals, mut copies): (Vec<&Form>, Vec<&Form>) =
            forms.iter().partition(|form| is_offered(&form.candidate.id));
        let mut found = Found::default();
        // What is the same is sure; what is only like an original may be more like another.
        for near in [false, true] {
            for original in &originals {
                let is_copy = |copy: &&Form| {
                    sees(original, copy)
                        && if near {
                            self.is_near(original, copy)
                        } else {
                            self.same(original, copy)
                        }
                };
                let of_this: Vec<&Form> = copies.extract_if(.., |copy| is_copy(copy)).collect();
                if of_this.is_empty() {
                    continue;
                }
                let members: Vec<&Form> = std::iter::once(*original).chain(of_this).collect();
                let mut group = self.plain_group(Kind::Reimplements, &members);
                if near {
                    group.holes = holes::find(&members, self.loops).1;
                }
                found.push(group, &members);
            }
        }
        found
    }

    /// Whether the two differ in their own names and the names of their locals at most.
    fn same(&self, original: &Form, copy: &Form) -> bool {
        if copy.tokens.len() != original.tokens.len() {
            return false;
        }
        let (roles, other) = (&original.roles(self.loops).roles, &copy.roles(self.loops).roles);
        let local = |at: usize| roles[at] == Role::Local && other[at] == Role::Local;
        let own = |at: usize| [original, copy].iter().all(|it| it.codes[at] == Code::OwnName);
        let mut renaming = Renaming::default();
        (0..original.tokens.len()).all(|at| {
            let (x, y) = (original.text(at), copy.text(at));
            own(at) || if local(at) { renaming.pair(x, y) } else { x == y }
        })
    }

    /// Whether the two are long enough, and differ in types and in half of their constants
    /// at most: what calls other functions, or reads other fields, does something else.
    fn is_near(&self, original: &Form, copy: &Form) -> bool {
        if original.tokens.len() < FEWEST_TOKENS || !original.same_shape(copy) {
            return false;
        }
        let free = free_names(original, self.loops);
        let (a, b) = (named(original, &free), named(copy, &free));
        a.deeds == b.deeds && a.has_mostly_the_constants_of(&b)
    }
}

/// Whether the copy could call the original: it has another name, since a file with a
/// function of that name does not see the kernel's, it is more than a line, and of a
/// class's core only the drivers of the class know.
fn sees(original: &Form, copy: &Form) -> bool {
    let name = |form: &Form| form.function.name(&form.candidate.text).to_vec();
    let served = tree::serves(&original.candidate.file).is_none_or(|folder| {
        copy.candidate.file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    });
    served
        && name(original) != name(copy)
        && original.candidate.file != copy.candidate.file
        && original.tokens.len() - original.body() >= TELLING_BODY
}
