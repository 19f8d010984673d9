//! Proposals as mails for `git am`. In: stored proposals. Out: a folder with one series
//! or several, each a cover letter and its patches. It never writes to the tree, and
//! never a sign-off.
//!
//! ```text
//! parts     a proposal as one patch, or one for each driver
//! series    which patches go together
//! subject   how a file's log begins its subjects
//! git       who sends, what it is based on, the log
//! cover     the cover letter
//! diffstat  lines by file, as git counts them
//! mail      headers and encoding
//! folder    puts all in place, or nothing
//! ```

mod cover;
mod diffstat;
mod error;
mod folder;
mod git;
mod mail;
mod parts;
mod series;
mod subject;

pub use error::ExportError;

use crate::generate::Patch;
use crate::generate::message::{enumeration, fill, looked_at, prefix};
use crate::generate::templates::Templates;
use crate::report::message::{checked, message};
use crate::store::{Proposal, SequenceStep, StepFile, Store};
use crate::tree::{Drivers, KernelTree, TreePath, class_of, content_hash};
use crate::verify::Verdict;
use crate::verify::unit::Unit;
use cover::{Cover, Told};
use diffstat::{Stat, diffstat};
use folder::{Files, SIGNATURE};
use mail::{Mail, Sender};
use parts::{Part, Role, parts};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What to export, and with what.
pub struct Request<'r> {
    /// The tree.
    pub tree: &'r KernelTree,
    /// The store of the tree.
    pub store: &'r Store,
    /// Ids of the proposals, each once.
    pub ids: &'r [String],
    /// The templates of the messages.
    pub templates: &'r Templates,
    /// Seconds since 1970 that the mails bear; now, where there are none.
    pub source_date: Option<i64>,
}

/// A series as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Series {
    /// Its folder below the one asked for; empty for that one itself.
    pub folder: String,
    /// The series that must be applied before, by its folder.
    pub after: Option<String>,
    /// Its patches in order.
    pub patches: Vec<Exported>,
}

/// A patch as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Its file below the folder asked for.
    pub file: String,
    /// Its subject without `[PATCH n/m]`.
    pub subject: String,
    /// The proposal that it is of.
    pub proposal: String,
}

/// A patch before it has a number.
struct Draft<'s> {
    proposal: String,
    told: Told,
    /// Its message without the subject.
    message: String,
    diff: Vec<u8>,
    /// Its files.
    files: Vec<&'s StepFile>,
}

/// Writes the series into `folder`.
///
/// # Errors
/// What stands in the way; nothing was written then.
pub fn export(request: &Request<'_>, folder: &Path) -> Result<Vec<Series>, ExportError> {
    let root = request.tree.root.as_path();
    let sender = git::sender(root, request.source_date)?;
    let repository = git::Repository::of(root)?;
    let steps = request.store.sequence(&in_order(request)?)?;
    let files: Vec<TreePath> =
        steps.iter().flat_map(|step| &step.files).map(|file| file.path.clone()).collect();
    if let Some(repository) = &repository {
        let known = files.iter().filter(|file| root.join(file).exists()).cloned();
        repository.check_committed(&known.collect::<Vec<_>>())?;
    }
    let drivers = Drivers::read(request.tree, &files);
    let drafts: Vec<Vec<Draft<'_>>> = steps
        .par_iter()
        .map(|step| drafts(request, repository.as_ref(), step, &drivers))
        .collect::<Result<_, _>>()?;
    let sizes: Vec<(usize, Vec<TreePath>)> = steps
        .iter()
        .zip(&drafts)
        .map(|(step, drafts)| (drafts.len(), step.files.iter().map(|f| f.path.clone()).collect()))
        .collect();
    let base = repository.as_ref().map(|repository| repository.head.as_str());
    let mut texts = Files::new();
    let mut written = Vec::new();
    for batch in series::batches(&sizes) {
        let of_batch: Vec<&Draft<'_>> =
            batch.steps.iter().filter_map(|&at| drafts.get(at)).flatten().collect();
        written.push(write_series(&batch, &of_batch, &sender, base, &mut texts));
    }
    folder::write(folder, &texts)?;
    Ok(written)
}

/// The ids in the order of the series: by file, those of one file by id.
fn in_order(request: &Request<'_>) -> Result<Vec<String>, ExportError> {
    let mut keys = Vec::new();
    for id in request.ids {
        let proposal = request.store.proposal(id)?;
        keys.push((proposal.files, proposal.id));
    }
    keys.sort();
    keys.dedup();
    Ok(keys.into_iter().map(|(_, id)| id).collect())
}

/// The patches of a step.
fn drafts<'s>(
    request: &Request<'_>,
    repository: Option<&git::Repository<'_>>,
    step: &'s SequenceStep,
    drivers: &Drivers,
) -> Result<Vec<Draft<'s>>, ExportError> {
    let proposal = &step.proposal;
    let parts = parts(step, drivers);
    let has_helper = parts.iter().any(|part| part.role == Role::Helper);
    let mut drafts = Vec::new();
    for part in &parts {
        let files: Vec<(TreePath, &[u8], &[u8])> = part
            .files
            .iter()
            .map(|file| (file.path.clone(), file.before.as_slice(), file.after.as_slice()))
            .collect();
        let stats = stats(&files);
        let (subject, message) = part_message(request, step, (part, &stats), parts.len())?;
        let subject = match (repository, of_log(part)) {
            (Some(repository), Some(file)) => {
                let log = repository.subjects(file)?;
                let log: Vec<&str> = log.iter().map(String::as_str).collect();
                subject::in_manner_of(&log, &subject)
            }
            _ => subject,
        };
        let told = Told {
            subject,
            verdict: proposal.current_verdict(&step.stored_patch),
            holds_for: proposal
                .current_proof(&step.stored_patch)
                .filter(|proof| proof.verdict >= Verdict::Compiles)
                .map(|proof| proof.holds_for()),
            is_edited: proposal.edited,
            stats,
            rule: proposal.rewrite.clone(),
            part_of: has_helper.then(|| proposal.id.clone()),
        };
        let diff = Patch::between(&files).text;
        let (proposal, files) = (proposal.id.clone(), part.files.clone());
        drafts.push(Draft { proposal, told, message, diff, files });
    }
    tell_apart(&parts, &mut drafts);
    Ok(drafts)
}

/// Drivers that begin their subjects alike are named in those of their conversions.
fn tell_apart(parts: &[Part<'_>], drafts: &mut [Draft<'_>]) {
    let subjects: Vec<String> = drafts.iter().map(|draft| draft.told.subject.clone()).collect();
    for (part, draft) in parts.iter().zip(drafts) {
        let subject = &mut draft.told.subject;
        let alike = subjects.iter().filter(|it| *it == subject).count();
        if let Role::Conversion { driver, .. } = &part.role
            && alike > 1
        {
            *subject = subject::of_driver(subject, driver);
        }
    }
}

/// The file whose log tells how to begin the subject.
fn of_log<'p>(part: &'p Part<'_>) -> Option<&'p str> {
    let there = || part.files.iter().filter(|file| !file.before.is_empty());
    let source = there().find(|file| file.path.ends_with(".c"));
    source.or_else(|| there().next()).map(|file| file.path.as_str())
}

/// Subject and message of a part: the proposal's own, or for a conversion one that says
/// what that driver calls now.
fn part_message(
    request: &Request<'_>,
    step: &SequenceStep,
    (part, stats): (&Part<'_>, &[Stat]),
    parts: usize,
) -> Result<(String, String), ExportError> {
    let proposal = &step.proposal;
    let whole = message(proposal, &step.stored_patch);
    let (subject, body) = whole.split_once('\n').unwrap_or((&whole, ""));
    let body = body.trim().to_owned() + "\n";
    match &part.role {
        Role::Whole => Ok((subject.to_owned(), body)),
        Role::Helper => {
            let rest = parts.saturating_sub(1);
            let are = if rest == 1 {
                "patch converts its driver"
            } else {
                "patches convert a driver each"
            };
            // Of a driver that has it, callers are converted by this one.
            let loses = |stat: &Stat| stat.path.ends_with(".c") && stat.removed > 0;
            let only = match stats.iter().any(loses) {
                true => "",
                false => "This one only adds it. ",
            };
            Ok((subject.to_owned(), format!("{body}\n{only}The next {rest} {are}.\n")))
        }
        Role::Conversion { driver, target } => {
            let file = part.files.first().map_or("", |file| file.path.as_str());
            let folder = looked_at(&proposal.files);
            let subject = format!("{} Use {target}()", prefix(file, driver, class_of(file)));
            let text = converted(proposal, part, target);
            let (rule, version) = (proposal.rewrite.as_str(), env!("CARGO_PKG_VERSION"));
            let data = ConversionData { text: [fill(&text)], rule, version, file: &folder };
            let text = request.templates.render("conversion.hbs", &data)?;
            let checked = checked(proposal, &step.stored_patch);
            Ok((subject, format!("{}\n\n{checked}\n", text.trim())))
        }
    }
}

/// What becomes of the functions of a driver that calls `target` now.
fn converted(proposal: &Proposal, part: &Part<'_>, target: &str) -> String {
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for (of, name) in proposal.claim.iter().flat_map(|claim| &claim.members) {
        let Some(file) = part.files.iter().find(|file| file.path == *of) else { continue };
        let stays = Unit::new(&file.path, &file.after).function(name).is_ok();
        if stays { &mut kept } else { &mut gone }.push(format!("{name}()"));
    }
    let kept_is_empty = kept.is_empty();
    let own = if kept.len() == 1 { "its own" } else { "their own" };
    let kept = enumeration(&kept);
    let kept = format!("Make {kept} call {target}() instead of doing the same on {own}");
    match (kept_is_empty, gone.as_slice()) {
        (true, []) => format!("Call {target}() in place of code of its own."),
        (true, gone) => format!("Call {target}() in place of {}.", enumeration(gone)),
        (false, []) => format!("{kept}."),
        (false, gone) => format!("{kept}, and call it in place of {}.", enumeration(gone)),
    }
}

/// What the template of a conversion's message is given.
#[derive(Serialize)]
struct ConversionData<'c> {
    text: [String; 1],
    rule: &'c str,
    version: &'static str,
    file: &'c str,
}

fn stats(files: &[(TreePath, &[u8], &[u8])]) -> Vec<Stat> {
    let stat = |file: &(TreePath, &[u8], &[u8])| {
        let patch = Patch::between(std::slice::from_ref(file));
        Stat {
            path: file.0.clone(),
            added: patch.lines_added as usize,
            removed: patch.lines_removed as usize,
            is_new: file.1.is_empty(),
        }
    };
    files.iter().filter(|(_, before, after)| before != after).map(stat).collect()
}

/// What the patches together do to each file, in which one may take back what another did.
fn of_all(drafts: &[&Draft<'_>]) -> Vec<Stat> {
    let mut all: BTreeMap<&TreePath, (&[u8], &[u8])> = BTreeMap::new();
    for StepFile { path, before, after } in
        drafts.iter().flat_map(|draft| draft.files.iter().copied())
    {
        all.entry(path).and_modify(|it| it.1 = after).or_insert((before, after));
    }
    let files: Vec<_> = all.into_iter().map(|(path, (a, b))| (path.clone(), a, b)).collect();
    stats(&files)
}

/// Writes the mails of a series into `texts`.
fn write_series(
    batch: &series::Batch,
    drafts: &[&Draft<'_>],
    sender: &Sender,
    base: Option<&str>,
    texts: &mut Files,
) -> Series {
    let told: Vec<Told> = drafts.iter().map(|draft| draft.told.clone()).collect();
    let cover = Cover {
        patches: &told,
        stats: &of_all(drafts),
        part: batch.part,
        author: &sender.name,
        after: batch.after.as_deref(),
        base,
    };
    let body = cover::body(&cover);
    let path = |name: String| match batch.name.as_str() {
        "" => name,
        folder => format!("{folder}/{name}"),
    };
    let number = numbering(drafts.len());
    let id_of = |kind: &str, text: &[u8]| {
        let hash: String = content_hash(text).chars().take(40).collect();
        format!("{kind}{hash}.{}.git.{}", sender.time, sender.email)
    };
    let cover_id = id_of("cover.", body.as_bytes());
    let mail = Mail {
        subject: format!("{} {}", number(0), cover::subject(&cover)),
        id: cover_id.clone(),
        answers: None,
        body: body.into_bytes(),
    };
    texts.insert(path("0000-cover-letter.patch".to_owned()), mail::written(&mail, sender));
    let mut patches = Vec::new();
    for (at, draft) in drafts.iter().enumerate() {
        let head = format!("{}---\n{}\n", draft.message, diffstat(&draft.told.stats));
        let body = [head.as_bytes(), &draft.diff, SIGNATURE.as_bytes()].concat();
        let mail = Mail {
            subject: format!("{} {}", number(at + 1), draft.told.subject),
            id: id_of("", &body),
            answers: Some(cover_id.clone()),
            body,
        };
        let file = path(subject::file_name(at + 1, &draft.told.subject));
        texts.insert(file.clone(), mail::written(&mail, sender));
        let (subject, proposal) = (draft.told.subject.clone(), draft.proposal.clone());
        patches.push(Exported { file, subject, proposal });
    }
    Series { folder: batch.name.clone(), after: batch.after.clone(), patches }
}

/// `[PATCH 03/12]`, with as many digits in each number.
fn numbering(patches: usize) -> impl Fn(usize) -> String {
    let digits = patches.to_string().len();
    move |number| format!("[PATCH {number:0digits$}/{patches}]")
}
