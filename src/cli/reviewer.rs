//! What a review in the terminal asks for, done: answers saved, patches edited and
//! checked, helpers named.

use super::options::Options;
use super::pipeline;
use super::planning::{self, Asked};
use super::project::Project;
use crate::generate::unidiff;
use crate::plan::rules::Measure;
use crate::report::{Outcome, contract_name};
use crate::review::edit::{self, HINTS};
use crate::review::{Candidate, Changed, Desk};
use crate::store::{Decision, Proposal, Store};
use crate::syntax::LoopMacros;
use crate::syntax::decl::Universe;
use crate::tree::Drivers;
use crate::verify::build::interrupt;
use crate::verify::{self, Climb, Files, TreeScope, Verdict, parses};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// See the module.
pub struct Reviewer<'p> {
    project: &'p Project,
    options: Options,
    store: Store,
    /// What was typed and could not be taken, by the proposal's id.
    drafts: BTreeMap<String, Vec<u8>>,
}

impl<'p> Reviewer<'p> {
    /// For the store of a project.
    pub fn new(project: &'p Project, options: &Options, store: Store) -> Reviewer<'p> {
        // The screen is the review's: nobody else writes to it meanwhile.
        let options = Options { quiet: true, progress: false, verbose: false, ..options.clone() };
        Reviewer { project, options, store, drafts: BTreeMap::new() }
    }

    /// The files that a proposal is about, without those that it makes.
    fn before(&self, proposal: &Proposal) -> Result<Files, String> {
        let read = |file: &String| {
            let text = self.project.tree.read(file);
            Ok((file.clone(), text.map_err(|error| format!("{file}: {error}"))?))
        };
        proposal.base.keys().map(read).collect()
    }

    /// How far up the ladder a proposal comes without a kernel, and why not further.
    fn rung(
        &self,
        proposal: &Proposal,
        before: &Files,
        after: &Files,
    ) -> (Verdict, Option<String>) {
        let tree = &self.project.tree;
        let loops = LoopMacros::new(&tree.loop_macros);
        let files: Vec<&String> = after.keys().collect();
        let drivers = Drivers::read(tree, &files);
        let universe = Arc::new(Universe::new(tree.root.clone()));
        let scope = TreeScope { tree, universe, drivers: &drivers };
        let climb = match &proposal.claim {
            Some(claim) => verify::climb(before, after, claim, (&loops, Some(&scope))),
            None => match parses::check(before, after, &loops) {
                Ok(()) => Climb { verdict: Verdict::Parses, problem: None },
                Err(problem) => Climb { verdict: Verdict::Failed, problem: Some(problem) },
            },
        };
        match climb.problem {
            None => (climb.verdict, None),
            Some(problem) => {
                let verdict = match problem.rung {
                    Verdict::Parses => Verdict::Applies,
                    _ => Verdict::Parses,
                };
                (verdict, Some(problem.to_string()))
            }
        }
    }

    /// Stores a candidate's new proposal.
    fn keep(&mut self, candidate: Candidate, said: String) -> Result<Changed, String> {
        let new = (candidate.proposal.clone(), candidate.patch.clone());
        self.store.replace_proposals(&|_| false, &[new]).map_err(|error| error.to_string())?;
        Ok(Changed { candidate: Box::new(candidate), said })
    }
}

impl Desk for Reviewer<'_> {
    fn decide(&mut self, ids: &[String], decision: Option<&Decision>) -> Result<(), String> {
        self.store.decide(&[(ids, decision.cloned())]).map_err(|error| error.to_string())
    }

    fn leave_at(&mut self, id: Option<&str>) {
        // Where it goes on is a courtesy: no answer is lost without it.
        let _ = self.store.set_place(id);
    }

    fn edit(&mut self, candidate: &Candidate) -> Result<Option<Changed>, String> {
        let id = candidate.proposal.id.clone();
        let draft = self.drafts.get(&id).unwrap_or(&candidate.patch).clone();
        let text = in_editor(&id, &[HINTS.as_bytes(), &draft].concat())?;
        let plain = edit::without_hints(&text);
        if plain.trim_ascii().is_empty() || plain == candidate.patch {
            self.drafts.remove(&id);
            return Ok(None);
        }
        self.drafts.insert(id.clone(), plain.clone());
        let before = self.before(&candidate.proposal)?;
        let old = unidiff::parse(&candidate.patch).map_err(|error| error.to_string())?;
        let makes: Vec<String> =
            old.into_iter().filter(|it| it.creates.is_some()).map(|it| it.path).collect();
        let (patch, after) =
            edit::edited(&plain, &before, &makes).map_err(|error| error.to_string())?;
        let (verdict, problem) = self.rung(&candidate.proposal, &before, &after);
        let mut proposal = Proposal {
            files: patch.files.clone(),
            lines_added: patch.lines_added,
            lines_removed: patch.lines_removed,
            verdict,
            proof: None,
            edited: true,
            ..candidate.proposal.clone()
        };
        proposal.notes.retain(|note| !note.starts_with(EDITED));
        let rung = contract_name(verdict);
        let note = match &problem {
            Some(problem) => format!("{EDITED}; {problem}"),
            None => EDITED.to_owned(),
        };
        proposal.notes.push(note);
        let said = match problem {
            Some(problem) => format!("saved, {rung}: {problem}"),
            None => format!("saved, {rung}"),
        };
        let changed = Candidate { proposal, patch: patch.text, ..candidate.clone() };
        let changed = self.keep(changed, said)?;
        self.drafts.remove(&id);
        Ok(Some(changed))
    }

    fn rename(&mut self, candidate: &Candidate, name: &str) -> Result<Changed, String> {
        let old = candidate.proposal.claim.as_ref().and_then(|claim| claim.helper.as_deref());
        check_name(name, old)?;
        if candidate.proposal.edited {
            return Err("it was edited: name the helper in the editor".to_owned());
        }
        let planned = self.planned_with(candidate, name).map_err(|error| format!("{error:#}"))?;
        let (new, patch) = planned?;
        if new.claim.as_ref().and_then(|claim| claim.helper.as_deref()) != Some(name) {
            return Err("its helper cannot be given a name".to_owned());
        }
        let proposal = Proposal { named: true, ..new };
        let said = format!("{name}(): planned anew, {}", contract_name(proposal.verdict));
        self.keep(Candidate { proposal, patch, ..candidate.clone() }, said)
    }
}

/// What a note on an edited patch begins with.
const EDITED: &str = "edited by hand";

impl Reviewer<'_> {
    /// Plans the files of a candidate anew; its proposal with that name, or why there is
    /// none.
    fn planned_with(
        &self,
        candidate: &Candidate,
        name: &str,
    ) -> anyhow::Result<Result<(Proposal, Vec<u8>), String>> {
        let Candidate { proposal, .. } = candidate;
        let files = proposal.files.iter().filter(|file| file.ends_with(".c"));
        let files = files.map(|file| self.project.tree.root.join(file));
        let files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
        let scanned = pipeline::scan_paths(self.project, &self.options, &files)?;
        let adds_lines = proposal.lines_added >= proposal.lines_removed;
        let asked = Asked {
            new_library: proposal.files.iter().any(|file| file.ends_with("/Kconfig")),
            by: adds_lines.then_some(Measure::Text),
            names: [(proposal.group.clone(), name.to_owned())].into(),
        };
        let planned = planning::plan_groups(self.project, &self.options, &scanned, asked)?;
        let found = planned.proposals.into_iter().find(|(it, _)| it.id == proposal.id);
        Ok(found.ok_or_else(|| match planned.outcomes.get(&proposal.group) {
            Some(Outcome::Refusal(refusal)) => refusal.detail.clone(),
            _ => "planned anew, it is another proposal; `drvdedup plan` first".to_owned(),
        }))
    }
}

/// Refuses what is no new name of a function.
fn check_name(name: &str, old: Option<&str>) -> Result<(), String> {
    planning::check_name(name)?;
    match old == Some(name) {
        true => Err("it is called so already".to_owned()),
        false => Ok(()),
    }
}

/// What the person makes of a text in the editor of the environment.
fn in_editor(id: &str, text: &[u8]) -> Result<Vec<u8>, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let path = folder.path().join(format!("{id}.patch"));
    let named = |error: std::io::Error| format!("{}: {error}", path.display());
    fs::write(&path, text).map_err(named)?;
    run_editor(&path)?;
    fs::read(&path).map_err(named)
}

fn run_editor(path: &Path) -> Result<(), String> {
    let set = |name: &str| env::var(name).ok().filter(|editor| !editor.trim().is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    // As git does: the setting may have arguments of its own.
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{editor} \"$@\""), &editor]).arg(path);
    let status = interrupt::leave_to(|| command.status())
        .map_err(|error| format!("cannot start `{editor}`: {error}"))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("`{editor}` failed ({status}); set VISUAL or EDITOR to another")),
    }
}
