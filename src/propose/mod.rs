//! The middle of the pipeline: takes every group through plan, generate and
//! verify, file by file and then driver by driver, so that the proposals of one file
//! compose.
//!
//! In: clone groups. Out: for each, in the same order, a [`Proposal`] with its
//! patch, or a [`Refusal`]. It writes nothing.
//!
//! `across` plans groups whose members lie in several files, for which `hosts` finds
//! modules that all of them depend on, `extracts` those of which only a part is common,
//! `unused` those of which nothing names some members; `carry` makes a patch of a plan and
//! checks it.

mod across;
mod carry;
mod extracts;
mod families;
mod hosts;
mod unused;

use crate::detect::{CloneGroup, Kind};
use crate::generate::templates::{TemplateError, Templates};
use crate::plan::family::Carriers;
use crate::plan::uses::Pastes;
use crate::plan::{self, Claimed, FileContext, OpenFile, Plan, Reason, Refusal, Rule};
use crate::store::Proposal;
use crate::syntax::decl::Universe;
use crate::syntax::{Globals, Lexer, LoopMacros, TokenKind, lexer};
use crate::tree::{Drivers, KernelTree, TreePath};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// What becomes of a group.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A patch on offer, with the bytes of its diff.
    Proposal(Box<Proposal>, Vec<u8>),
    /// The named reason for which there is none.
    Refusal(Refusal),
}

/// Everything that planning needs beside the groups.
pub struct Proposer<'a> {
    /// The tree.
    pub tree: &'a KernelTree,
    /// Its drivers, for the folders that their files are compiled with.
    pub drivers: &'a Drivers,
    /// Its loop macros.
    pub loops: &'a LoopMacros,
    /// The rules in force.
    pub rules: &'a [Rule],
    /// Which objects can hold a constant for their functions.
    pub carriers: &'a Carriers,
    /// The templates in force.
    pub templates: &'a Templates,
    /// What names mean.
    pub universe: Arc<Universe>,
    /// Source files that another source file includes.
    pub included: FxHashSet<TreePath>,
    /// All C files of the tree, sorted.
    pub sources: Vec<TreePath>,
    /// The functions that they define for all; read when somebody asks.
    pub globals: OnceLock<Globals>,
    /// Whether drivers that have no module in common may get one.
    pub new_library: bool,
}

/// Outcomes by the number of the group.
type Outcomes = Vec<(usize, Outcome)>;

impl Proposer<'_> {
    /// The outcome of every group, in the order of `groups`. `progress` is called
    /// with the number of groups done.
    ///
    /// # Errors
    /// A template that cannot be rendered: the fault of a user's folder.
    pub fn propose(
        &self,
        groups: &[CloneGroup],
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Vec<Outcome>, TemplateError> {
        let mut by_file: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut outcomes: Vec<Option<Outcome>> = vec![None; groups.len()];
        let mut across = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            match group.in_one_file() {
                true => by_file.entry(&group.members[0].file).or_default().push(index),
                false => across.push(index),
            }
        }
        let files: Vec<(&str, Vec<usize>)> = by_file.into_iter().collect();
        let done: Result<Vec<(Outcomes, Option<Claimed>)>, TemplateError> = files
            .par_iter()
            .map(|(path, indices)| {
                let done = self.propose_in_file(path, groups, indices);
                progress(indices.len() as u64);
                done
            })
            .collect();
        let mut claimed: FxHashMap<TreePath, Claimed> = FxHashMap::default();
        for ((path, _), (done, of_file)) in files.iter().zip(done?) {
            claimed.extend(of_file.map(|claimed| ((*path).to_owned(), claimed)));
            for (index, outcome) in done {
                outcomes[index] = Some(outcome);
            }
        }
        for (index, outcome) in self.propose_across(groups, across, claimed, progress)? {
            outcomes[index] = Some(outcome);
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// The outcomes of groups of one file, and what their proposals claim of it.
    fn propose_in_file(
        &self,
        path: &str,
        groups: &[CloneGroup],
        indices: &[usize],
    ) -> Result<(Outcomes, Option<Claimed>), TemplateError> {
        let mut file = match self.open(path) {
            Ok(file) => file,
            Err((reason, detail)) => {
                let refusal = |&index: &usize| {
                    let line = groups[index].members[0].function.start_line;
                    let file = path.to_owned();
                    let refusal = Refusal { reason, detail: detail.clone(), file, line };
                    (index, Outcome::Refusal(refusal))
                };
                return Ok((indices.iter().map(refusal).collect(), None));
            }
        };
        let mut done = Vec::new();
        // Callers stand behind what they call. Taking the last group first, a
        // caller's text is settled before the function it calls may go.
        let mut order = indices.to_vec();
        order.sort_by_key(|&i| Reverse(groups[i].members[0].function.start));
        largest_first(groups, &mut order, |group| group.kind == Kind::Sequence);
        largest_first(groups, &mut order, |group| self.is_family(&file, group));
        for index in order {
            let group = &groups[index];
            let open: Vec<&OpenFile> = vec![&file; group.members.len()];
            let planned = self.plan_in_file(&open, group);
            let (plan, carried) = self.better((&file, group), planned)?;
            if let (Some(plan), carry::Carried::Out(out)) = (&plan, &carried) {
                carry::claim((&file.context.path, &mut file.claimed), plan, out);
            }
            done.push((index, carried.into_outcome()));
        }
        self.extract_in_file(&mut file, groups, &mut done)?;
        Ok((done, Some(file.claimed)))
    }

    /// Plans a group of one file, of whose members `open` has the file.
    fn plan_in_file(&self, open: &[&OpenFile], group: &CloneGroup) -> Result<Plan, Refusal> {
        let lookup = plan::ladder::rule(self.rules, group)
            .and_then(|rule| plan::ladder::plan(open[0], group, rule, self.loops));
        if let Some(planned) = lookup {
            return planned;
        }
        let looped = plan::sequence::rule(self.rules, group)
            .and_then(|rule| plan::sequence::plan(open[0], group, rule, self.loops));
        if let Some(planned) = looped {
            return planned;
        }
        let deleted = self
            .unused(group, |_| Some(&open[0].context.bytes))
            .and_then(|(rule, unused)| self.plan_unused(open, &unused, rule));
        let kept = match deleted {
            Some(Ok(plan)) => return Ok(plan),
            Some(Err(refusal)) => Some(refusal),
            None => None,
        };
        if let Some(rule) = plan::elide::rule(self.rules, group) {
            return plan::elide::plan(open, group, rule, self.loops);
        }
        plan::plan(open, group, self.rules, self.loops, None).map_err(|refusal| match kept {
            Some(kept) => unused::better(refusal, kept),
            None => refusal,
        })
    }

    /// Reads a file to make plans for it, or says why none can be made.
    fn open(&self, path: &str) -> Result<OpenFile, (Reason, String)> {
        if self.included.contains(path) {
            return Err((Reason::IncludedSource, "another file includes this one".to_owned()));
        }
        let bytes = self.tree.read(path);
        let bytes = bytes.map_err(|e| (Reason::ParseGap, format!("cannot read: {e}")))?;
        if let Some(notice) = kept_as_is(&bytes) {
            return Err((Reason::KeptAsIs, format!("the file says: {notice}")));
        }
        Ok(self.open_text(path, bytes.into()))
    }

    /// The file at `path`, of which nothing is claimed, as it is or would be with this text.
    fn open_text(&self, path: &str, bytes: Arc<[u8]>) -> OpenFile {
        let dirs = self.drivers.include_dirs(path);
        let unit = self.universe.unit_of(path, bytes.clone(), &dirs);
        let context = FileContext::new(path.to_owned(), bytes, unit);
        let pastes = Pastes::collect(&context);
        OpenFile { context, pastes, claimed: Claimed::default(), is_new: false }
    }
}

/// Gives the places of some groups among `order` to them by the lines that repeat another
/// member's: a function that has several runs has room for one table, and an attribute for
/// one constant.
fn largest_first(groups: &[CloneGroup], order: &mut [usize], is_one: impl Fn(&CloneGroup) -> bool) {
    let places: Vec<usize> = (0..order.len()).filter(|&at| is_one(&groups[order[at]])).collect();
    let mut found: Vec<usize> = places.iter().map(|&at| order[at]).collect();
    found.sort_by_key(|&index| Reverse(repeated(&groups[index])));
    for (at, index) in places.into_iter().zip(found) {
        order[at] = index;
    }
}

/// How much of a group repeats something: repetitions of a run, lines of functions.
fn repeated(group: &CloneGroup) -> u64 {
    let others = group.members.len().saturating_sub(1) as u64;
    match group.kind {
        Kind::Sequence => others,
        _ => others * u64::from(group.members[0].function.lines()),
    }
}

/// What the comments at the top of a file say against changing it, if they do.
fn kept_as_is(text: &[u8]) -> Option<&'static str> {
    const NOTICES: [&str; 7] = [
        "should remain as-is",
        "do not edit",
        "don't edit",
        "do not modify this file",
        "automatically generated",
        "auto-generated",
        "autogenerated",
    ];
    let mut tokens = Lexer::new(text);
    let first = tokens.find(|token| token.kind != TokenKind::Directive);
    let end = first.map_or(text.len(), |token| token.start as usize);
    let comments = lexer::comments(text, 0, end).into_iter();
    let said = comments.map(|range| String::from_utf8_lossy(&text[range]).to_ascii_lowercase());
    // A phrase may go on in the next line of the comment.
    let words = |said: String| {
        let words = said.split_whitespace().filter(|word| !matches!(*word, "*" | "//"));
        words.collect::<Vec<_>>().join(" ")
    };
    let said = said.map(words).collect::<Vec<_>>().join(" ");
    NOTICES.into_iter().find(|notice| said.contains(notice))
}

fn not_one_file(group: &CloneGroup) -> Refusal {
    let first = &group.members[0];
    let other = group.members.iter().find(|m| m.file != first.file).unwrap_or(first);
    Refusal {
        reason: Reason::NotOneFile,
        detail: format!("{} is in {}, {} in {}", first.name, first.file, other.name, other.file),
        file: first.file.clone(),
        line: first.function.start_line,
    }
}
