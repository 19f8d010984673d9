//! Small functions around one call.

use super::{Maker, buckets};
use crate::detect::Kind;
use crate::detect::group::{Candidate, Form, Found, clone_group};
use crate::detect::memo::Step;
use crate::detect::normalise::Code;
use crate::detect::world::{Id, World};
use crate::detect::wrapped::Role;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

/// The functions that drivers have and call in wrappers: the number of the driver, and the
/// hash of the name.
fn own_callees(world: &World) -> FxHashSet<(u32, u32)> {
    let called = world.free().filter_map(|id| {
        let wrapper = world.facts(id).wrapper.filter(|wrapper| wrapper.role.is_none())?;
        Some((world.entry(id).place.1, wrapper.callee))
    });
    let called: FxHashSet<(u32, u32)> = called.collect();
    let all = world.entries.par_iter().flat_map_iter(|entry| {
        entry.facts.functions.iter().map(|function| (entry.place.1, function.name))
    });
    all.filter(|function| called.contains(function)).collect()
}

impl Maker<'_> {
    /// *wrapper*: a family around one callee in one driver, then what several drivers
    /// have written again around access to the device. A service of the kernel is too
    /// common to say anything beyond one driver.
    pub fn wrappers(&mut self, world: &mut World) -> Found {
        let own = own_callees(world);
        let family = |id: Id, service: bool| {
            let wrapper = world.facts(id).wrapper?;
            let driver = world.entry(id).place.1;
            let known = match wrapper.role {
                None => !service && own.contains(&(driver, wrapper.callee)),
                Some(Role::Io) => !service,
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
            (wrapper.role == Some(Role::Io)).then_some((wrapper.form, id))
        });
        let rewritten = buckets(rewritten);
        found.append(self.make_wrappers(world, &rewritten, Shared::Constants));
        found
    }

    fn make_wrappers(&mut self, world: &mut World, lists: &[Vec<Id>], shared: Shared) -> Found {
        let adds_nothing = |id: &&Id| world.facts(**id).wrapper.is_some_and(|w| w.adds_nothing);
        let nothing: FxHashSet<Id> = lists.iter().flatten().filter(adds_nothing).copied().collect();
        let step = match shared {
            Shared::Callees => Step::Families,
            Shared::Names => Step::Services,
            Shared::Constants => Step::Rewritten,
        };
        self.make(world, step, lists, |this, list| this.wrappers_of(list, &nothing, shared))
    }

    /// The groups of a list of wrappers of one form.
    fn wrappers_of(&self, list: &[Candidate], nothing: &FxHashSet<Id>, shared: Shared) -> Found {
        let forms = Form::all(list);
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
