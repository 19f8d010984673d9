//! The parallel walk over what stands outside the members: token for token the
//! same, but for calls of deleted members, which must have become calls of the
//! helper that expand to the same.

use super::align::CallPair;
use super::definition::Definition;
use super::substitution::{self, OneFile};
use super::unit::Difference;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Calls nested in the arguments of calls are followed this deep; deeper ones
/// are taken to differ.
const MAX_NESTING: u32 = 8;

/// Which names have gone, and what stands for them.
pub struct Rewrites<'d, 'u, 's> {
    /// The function that does the members' work after the patch.
    pub target: &'d Definition<'u, 's>,
    /// Deleted members by name.
    pub gone: BTreeMap<&'s [u8], &'d Definition<'u, 's>>,
    /// Copies are merged: uses of a deleted member's name become the target's.
    pub merged: bool,
}

/// The names of a function's locals, or why they cannot be told.
type LocalNames<'s> = Result<BTreeSet<&'s [u8]>, String>;

/// Walks two token sequences of the files before and after.
pub struct Walker<'d, 'u, 's> {
    file: &'d OneFile<'u, 's>,
    rewrites: &'d Rewrites<'d, 'u, 's>,
    /// Names of the locals of functions after the patch, by item.
    locals: RefCell<BTreeMap<usize, LocalNames<'s>>>,
}

/// A call of a deleted member and the call of the helper in its place.
struct GoneCall<'w, 'd, 'u, 's> {
    walker: &'w Walker<'d, 'u, 's>,
    old: Vec<Range<usize>>,
    new: Vec<Range<usize>>,
    texts: Vec<Vec<&'s [u8]>>,
    nesting: u32,
}

impl CallPair for GoneCall<'_, '_, '_, '_> {
    fn arguments(&self) -> &[Vec<&[u8]>] {
        &self.texts
    }

    fn actual(&self, old: usize) -> Vec<&[u8]> {
        let old = self.old.get(old).cloned();
        old.map(|range| self.walker.file.before.texts(range)).unwrap_or_default()
    }

    fn same(&self, old: usize, new: usize) -> bool {
        let (Some(old), Some(new)) = (self.old.get(old), self.new.get(new)) else { return false };
        let (old, new): (Vec<_>, Vec<_>) = (old.clone().collect(), new.clone().collect());
        self.walker.walk(&old, &new, self.nesting + 1).is_ok()
    }

    fn stands_in_member(&self) -> bool {
        false
    }
}

impl<'d, 'u, 's> Walker<'d, 'u, 's> {
    /// A walker over the two versions of `file`.
    pub fn new(file: &'d OneFile<'u, 's>, rewrites: &'d Rewrites<'d, 'u, 's>) -> Self {
        Walker { file, rewrites, locals: RefCell::default() }
    }

    /// Compares tokens `before` of the old file with tokens `after` of the new.
    pub fn check(&self, before: &[usize], after: &[usize]) -> Result<(), Difference> {
        self.walk(before, after, 0)
    }

    fn walk(&self, before: &[usize], after: &[usize], nesting: u32) -> Result<(), Difference> {
        let (old, new) = (self.file.before, self.file.after);
        let (mut b, mut a) = (0, 0);
        while b < before.len() || a < after.len() {
            let end = |list: &[usize]| list.last().map_or(usize::MAX, |&last| last + 1);
            let at = before.get(b).copied().unwrap_or_else(|| end(before));
            let to = after.get(a).copied().unwrap_or_else(|| end(after));
            let differ = || Difference::tokens((old, at), (new, to));
            if b >= before.len() || a >= after.len() {
                return Err(differ());
            }
            let is_name = old.is_word(at) && !old.is_member_access(at);
            let member = is_name.then(|| self.rewrites.gone.get(old.text(at))).flatten();
            let Some(member) = member else {
                if old.text(at) != new.text(to) {
                    return Err(differ());
                }
                (b, a) = (b + 1, a + 1);
                continue;
            };
            if new.text(to) != self.target_name() {
                return Err(differ());
            }
            let (past_old, past_new) = if self.rewrites.merged {
                self.use_of_target(at, to)?;
                (1, 1)
            } else {
                self.call(member, at, to, nesting)?
            };
            (b, a) = (b + past_old, a + past_new);
        }
        Ok(())
    }

    fn target_name(&self) -> &'s [u8] {
        self.rewrites.target.unit.text(self.rewrites.target.name)
    }

    /// A use of the surviving copy's name: it must mean the function there.
    fn use_of_target(&self, at: usize, to: usize) -> Result<(), Difference> {
        let Some(item) = self.file.after.item_of(to) else { return Ok(()) };
        if self.file.after.items.get(item).is_none_or(|item| item.function.is_none()) {
            return Ok(());
        }
        let locals = self.locals_of(item).map_err(|reason| Difference::new(at, to, reason))?;
        if locals.contains(self.target_name()) {
            return Err(Difference::new(at, to, "a local hides the surviving function"));
        }
        Ok(())
    }

    /// A call of deleted `member` at token `at`, now a call of the helper at
    /// token `to`. Gives the numbers of tokens of both calls.
    fn call(
        &self,
        member: &Definition<'u, 's>,
        at: usize,
        to: usize,
        nesting: u32,
    ) -> Result<(usize, usize), Difference> {
        let (old_unit, new_unit) = (self.file.before, self.file.after);
        let fail = |detail: &str| Difference::new(at, to, detail);
        if nesting > MAX_NESTING {
            return Err(fail("calls are nested too deeply to be compared"));
        }
        let is_call = old_unit.text(at + 1) == b"(" && new_unit.text(to + 1) == b"(";
        let lists = is_call.then(|| old_unit.list(at + 1).zip(new_unit.list(to + 1))).flatten();
        let Some(((old, old_end), (new, new_end))) = lists else {
            return Err(fail("a deleted member is used without being called"));
        };
        if old.len() != member.params.len() {
            return Err(fail("the call has another number of arguments than the member"));
        }
        let texts = new.iter().map(|argument| new_unit.texts(argument.clone())).collect();
        let dropped: Vec<Vec<&[u8]>> = old.iter().map(|r| old_unit.texts(r.clone())).collect();
        let call = GoneCall { walker: self, old, new, texts, nesting };
        let caller = new_unit.item_of(to).ok_or_else(|| fail("the call stands nowhere"))?;
        let locals = self.locals_of(caller).map_err(|reason| fail(&reason))?;
        substitution::proves(self.file, member, self.rewrites.target, &call, &locals)
            .and_then(|bindings| substitution::may_drop(&bindings, &dropped))
            .map_err(|difference| at_call(difference, at, to))?;
        substitution::same_macros(self.file, member, at, call.arguments())
            .map_err(|detail| fail(&detail))?;
        Ok((old_end + 1 - at, new_end + 1 - to))
    }

    /// The names of the locals of the function that is `item` after the patch.
    fn locals_of(&self, item: usize) -> LocalNames<'s> {
        let read = || {
            let file = self.file;
            Definition::new(file.after, item, file.macros, file.loops).map(|d| d.own_names())
        };
        self.locals.borrow_mut().entry(item).or_insert_with(read).clone()
    }
}

/// A difference inside the expansion, with the call where it shows.
fn at_call(mut difference: Difference, at: usize, to: usize) -> Difference {
    difference.before.get_or_insert(at);
    difference.after.get_or_insert(to);
    difference
}
