//! What to do about a clone group. In: a [`CloneGroup`] and the files that its
//! members lie in. Out: a [`Plan`] or a [`Refusal`]; every group gets one of the
//! two. It writes no C text and never guesses: what it cannot establish, it
//! refuses.

pub mod align;
pub mod callees;
pub mod callers;
pub mod calls;
pub mod comments;
pub mod context;
pub mod declare;
pub mod early;
pub mod elide;
pub mod family;
pub mod fate;
pub mod file;
mod helper;
pub mod holes;
pub mod host;
pub mod kernel;
pub mod ladder;
pub mod library;
pub mod names;
mod notes;
pub mod paths;
pub mod preamble;
pub mod refusal;
pub mod reuse;
pub mod rules;
pub mod sequence;
pub mod sharing;
mod tables;
pub mod text;
pub mod traps;
pub mod types;
mod unpack;
pub mod unused;
pub mod uses;
pub mod wording;
pub mod words;
pub mod wrapper;

pub use family::Family;
pub use fate::{Fate, MemberPlan};
pub use file::FileContext;
pub use holes::{Parameter, Span};
pub use host::Host;
pub use library::Library;
pub use preamble::Preamble;
pub use refusal::{Reason, Refusal};
pub use rules::{RemedyKind, Rule};
pub use sharing::Sharing;

use crate::detect::{CloneGroup, Kind, Member};
use crate::syntax::LoopMacros;
use crate::tree::TreePath;
use holes::{Holes, Subject};
use rules::Measure;
use rustc_hash::{FxHashMap, FxHashSet};
use std::ops::Range;
use text::Saving;

/// What a proposal would do, in terms of the file as it stands.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The rule that made it.
    pub rule: Rule,
    /// The group's id.
    pub group: String,
    /// The files of the members, each once, and that of a helper where it is none of
    /// theirs.
    pub files: Vec<TreePath>,
    /// The helper is an inline function of a header, which is the last file then.
    pub is_inline: bool,
    /// The helper stands in a file of no member, which is the last one then.
    pub is_hosted: bool,
    /// The line that exports the helper, where its file is of another module.
    pub export: Option<String>,
    /// The module of its own that has the helper, whose header declares it.
    pub library: Option<Library>,
    /// Where a header declares what the files share; `None` where they share nothing,
    /// or what is declared already.
    pub declaration: Option<Declaration>,
    /// The helper, or the member that stays.
    pub remedy: Remedy,
    /// The rows that name the members, where these go and the helper is named in their place.
    pub family: Option<Box<Family>>,
    /// The members, in the order of the group.
    pub members: Vec<MemberPlan>,
    /// What a reviewer should know.
    pub notes: Vec<String>,
    /// What else is seen to change by who runs the code: it belongs into the message.
    pub visible: Option<String>,
    /// The members are parts of the functions that they are called after.
    pub is_of_parts: bool,
    /// Why the plan may not be carried out, although it can be written: it only
    /// serves to find out whether the group would get shorter at all.
    pub objection: Option<Refusal>,
}

impl Plan {
    /// A plan that changes nothing but the files of the members.
    fn new(subject: &Subject<'_>, rule: &Rule, remedy: Remedy, members: Vec<MemberPlan>) -> Plan {
        Plan {
            rule: rule.clone(),
            group: subject.group.id.clone(),
            files: subject.paths().into_iter().cloned().collect(),
            is_hosted: false,
            library: None,
            export: None,
            declaration: None,
            notes: Vec::new(),
            visible: None,
            is_of_parts: false,
            is_inline: false,
            objection: None,
            family: None,
            remedy,
            members,
        }
    }

    /// A plan that changes some lines of one function, `whole`, in which the runs of `group`
    /// lie: those of `claims`, by bytes.
    ///
    /// # Errors
    /// `comments-differ` where they are no text, `overlaps-proposal`.
    fn of_one(
        open: &OpenFile,
        (group, whole): (&CloneGroup, Member),
        parsed: align::AlignedMember<'_>,
        rule: &Rule,
        (remedy, claims): (Remedy, &[Range<usize>]),
    ) -> Result<Plan, Refusal> {
        let file = &open.context;
        // What becomes rows is put together as text.
        if claims.iter().any(|range| std::str::from_utf8(&file.bytes[range.clone()]).is_err()) {
            let detail = format!("a comment or a string in {} is no UTF-8", whole.name);
            return Err(file.refuse(Reason::CommentsDiffer, whole.function.start, detail));
        }
        if claims.iter().any(|range| open.claimed.touches(range)) {
            let detail = format!("{} is rewritten by another proposal", whole.name);
            return Err(file.refuse(Reason::Overlaps, whole.function.start, detail));
        }
        let group = CloneGroup { members: vec![whole], ..group.clone() };
        let (sites, renamed_locals) = (Vec::new(), false);
        let alignment = align::Alignment { members: vec![parsed], sites, renamed_locals };
        let subject = Subject { file, group: &group, alignment: &alignment };
        let member = fate::member_plan(&subject, 0, &group.members[0], open);
        let members = vec![MemberPlan { fate: Fate::Survives, ..member }];
        Ok(Plan::new(&subject, rule, remedy, members))
    }

    /// What a table makes the code smaller by.
    pub fn saving(&self) -> Option<Saving> {
        match &self.remedy {
            Remedy::Loop(planned) => Some(planned.saving),
            _ => None,
        }
    }

    /// Whether it saves as many bytes of text as its rule asks for, where these count.
    pub fn is_smaller(&self) -> bool {
        let least = self.rule.limits.text_saved.filter(|_| self.rule.by == Measure::Text);
        least.zip(self.saving()).is_some_and(|(least, saving)| saving.text - saving.data >= least)
    }

    /// What is to be told of the size of the code, where that counts.
    pub fn size_note(&self) -> Option<String> {
        let Saving { text, data } = self.saving().filter(|_| self.rule.by == Measure::Text)?;
        Some(format!(
            "about {text} bytes of text less and {data} of read-only data more, estimated for \
             x86-64; `drvdedup verify --kernel-build` measures it"
        ))
    }

    /// Whether several files share what does the members' work.
    pub fn is_shared(&self) -> bool {
        self.files.len() > 1
    }

    /// The place among the files of that of what does the members' work.
    pub fn home_index(&self) -> usize {
        match &self.remedy {
            Remedy::Helper(_) if self.is_hosted || self.is_inline => self.files.len() - 1,
            Remedy::Helper(_) => 0,
            Remedy::Merge(survivor) => self.members[*survivor].file,
            Remedy::Elide(_) | Remedy::Delete | Remedy::Lookup(_) | Remedy::Loop(_) => 0,
        }
    }

    /// Whether what does the members' work was there before, and stays as it is and where
    /// it is: the first member.
    pub fn is_reuse(&self) -> bool {
        self.rule.remedy == RemedyKind::Reuse
    }

    /// The file whose driver the patch is for: that of what does the members' work, or of
    /// the first copy of what stays as it is and where it is.
    pub fn concerns(&self) -> &TreePath {
        let copy = self.members.iter().find(|member| member.fate != Fate::Survives);
        match copy.filter(|_| self.is_reuse()) {
            Some(copy) => &self.files[copy.file],
            None => self.home(),
        }
    }

    /// The file of what does the members' work.
    pub fn home(&self) -> &TreePath {
        &self.files[self.home_index()]
    }
}

/// Where a prototype comes to stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The header.
    pub header: TreePath,
    /// The byte before which it is inserted: the beginning of a line.
    pub insert_at: usize,
    /// A blank line stands before it: it has nothing to do with what is declared above.
    pub is_apart: bool,
    /// What the header gets above it.
    pub preambles: Vec<Preamble>,
    /// The files that do not include the header yet, with the line that does.
    pub includes: Vec<(TreePath, Preamble)>,
}

/// See [`Plan`].
#[derive(Clone, Debug)]
pub enum Remedy {
    /// A new helper.
    Helper(Helper),
    /// The member of this index stays as it is and serves for all.
    Merge(usize),
    /// The function of this name, which is there already, is called instead.
    Elide(String),
    /// Nothing is called instead: nothing called the members.
    Delete,
    /// An array takes the place of a ladder in the one member.
    Lookup(Box<ladder::Lookup>),
    /// A loop over a table takes the place of statements in the one member.
    Loop(Box<sequence::Loop>),
}

/// A helper that takes the members' differences as parameters. Its text is that
/// of the first member.
#[derive(Clone, Debug)]
pub struct Helper {
    /// Its name.
    pub name: String,
    /// The parameters that it takes beyond the members' own.
    pub parameters: Vec<Parameter>,
    /// Expressions of the first member that a parameter replaces.
    pub spans: Vec<Span>,
    /// Which of the members' own parameters it does without.
    pub dropped: Vec<usize>,
    /// Where it is inserted.
    pub insert_at: usize,
    /// What becomes of the comments inside the members.
    pub comments: comments::Inside,
}

impl Helper {
    /// What belongs to the members' `own` parameters and what to the `new` ones, in the order
    /// of the helper's: what is taken from one that is dropped stands in its place.
    pub fn arranged<T>(&self, own: Vec<T>, new: Vec<T>) -> Vec<T> {
        let (mut taken, mut last) = (FxHashMap::<usize, Vec<T>>::default(), Vec::new());
        for (parameter, it) in self.parameters.iter().zip(new) {
            match parameter.base.filter(|base| self.dropped.contains(base)) {
                Some(base) => taken.entry(base).or_default().push(it),
                None => last.push(it),
            }
        }
        let mut arranged = Vec::new();
        for (index, it) in own.into_iter().enumerate() {
            match self.dropped.contains(&index) {
                true => arranged.extend(taken.remove(&index).unwrap_or_default()),
                false => arranged.push(it),
            }
        }
        arranged.extend(last);
        arranged
    }
}

/// What other proposals of the same file have already claimed.
#[derive(Clone, Debug, Default)]
pub struct Claimed {
    /// Byte ranges that they rewrite.
    pub ranges: Vec<Range<usize>>,
    /// Names that they introduce.
    pub names: FxHashSet<String>,
}

impl Claimed {
    /// Whether some claimed range has a byte in common with `range`, or is the
    /// same insertion point. Ranges that merely meet do not touch.
    pub fn touches(&self, range: &Range<usize>) -> bool {
        self.ranges.iter().any(|r| r.start < range.end && range.start < r.end || r == range)
    }
}

/// A source file while plans are made for it.
pub struct OpenFile {
    /// The file.
    pub context: FileContext,
    /// Its macro calls that may make up names.
    pub pastes: uses::Pastes,
    /// What the plans made so far claim.
    pub claimed: Claimed,
    /// The tree does not have it: a proposal makes it.
    pub is_new: bool,
}

/// Plans a group whose members lie each in the one of `open` at its place: all in one
/// file, or in several that may share what `sharing` says.
///
/// # Errors
/// Why no rule can do anything about it.
pub fn plan(
    open: &[&OpenFile],
    group: &CloneGroup,
    rules: &[Rule],
    loops: &LoopMacros,
    sharing: Option<&Sharing<'_>>,
) -> Result<Plan, Refusal> {
    let file = &open[0].context;
    let at = group.members[0].function.start;
    let across_modules = sharing.is_some_and(Sharing::is_across_modules);
    let is_inline = sharing.is_some_and(|sharing| sharing.inline_at.is_some());
    let lines = group.members[0].function.lines();
    let fits = |rule: &&Rule| {
        matches!(rule.remedy, RemedyKind::Helper | RemedyKind::Merge)
            && rule.takes(group)
            && rule.limits.members(across_modules) <= group.members.len()
            && (!is_inline
                || rule.remedy == RemedyKind::Helper && lines <= rule.limits.inline_lines)
    };
    // Before the members are read: those of a kind without a rule need not align.
    if !rules.iter().any(|rule| fits(&rule)) {
        let (reason, detail) = no_rule(group);
        return Err(file.refuse(reason, at, detail));
    }
    preconditions(open, group)?;
    let conditions = file.conditions_at(at);
    if sharing.is_some() && !conditions.is_empty() {
        let detail = "what all files use may not depend on a condition";
        return Err(file.refuse(Reason::DifferentConditions, at, detail));
    }
    let files: Vec<&FileContext> = open.iter().map(|open| &open.context).collect();
    let mut alignment = align::align(&files, group, loops)?;
    if let Some(sharing) = sharing {
        sharing::open_constants(&mut alignment, group, sharing);
    }
    let subject = Subject { file, group, alignment: &alignment };
    let mut first_refusal = None;
    for rule in rules.iter().filter(fits) {
        let rule = &rule.for_members(group.members.len(), sharing.is_some());
        let planned = match rule.remedy {
            RemedyKind::Merge => merge(&subject, rule, open, sharing),
            _ => helper::plan(&subject, rule, open, sharing),
        };
        match planned {
            Ok(plan) if plan.objection.is_none() || first_refusal.is_none() => return Ok(plan),
            Ok(_) => {}
            // That no member may serve for all is no reason if a new helper might.
            Err(refusal) => match &first_refusal {
                Some(Refusal { reason: Reason::NoHome | Reason::MacroDiffers, .. }) | None => {
                    first_refusal = Some(refusal);
                }
                Some(_) => {}
            },
        }
    }
    Err(first_refusal.unwrap_or_else(|| {
        let (reason, detail) = no_rule(group);
        file.refuse(reason, at, detail)
    }))
}

/// Why no rule takes a group.
pub fn no_rule(group: &CloneGroup) -> (Reason, String) {
    match group.kind {
        // They are what a helper would leave of them.
        Kind::Wrapper => (Reason::AddsNothing, "each member does no more than one call".to_owned()),
        kind => (Reason::NoRule, format!("no rule takes groups of kind {kind:?}")),
    }
}

/// Largest body that is looked at, in bytes. What is larger is generated, or a table
/// in disguise, and would take the parser longer than all else together.
const LARGEST: u32 = 64 * 1024;

/// What holds for the members whatever the remedy.
///
/// # Errors
/// The first thing that makes a member no function to plan for.
pub fn preconditions(open: &[&OpenFile], group: &CloneGroup) -> Result<(), Refusal> {
    let conditions = open[0].context.conditions_at(group.members[0].function.start);
    for (member, open) in group.members.iter().zip(open) {
        let (file, function) = (&open.context, &member.function);
        is_plain(file, member)?;
        if file.conditions_at(function.start) != conditions {
            let detail = format!("{} stands under other conditions", member.name);
            return Err(file.refuse(Reason::DifferentConditions, function.start, detail));
        }
    }
    Ok(())
}

/// Whether a member is a function as people write them, and the only one of its name.
///
/// # Errors
/// What it is instead.
pub fn is_plain(file: &FileContext, member: &Member) -> Result<(), Refusal> {
    let function = &member.function;
    if file.too_deep {
        let detail = "the file nests its #ifs more than a hundred deep";
        return Err(file.refuse(Reason::TooLarge, function.start, detail));
    }
    if function.macro_defined {
        let detail = format!("a macro makes up the signature of {}", member.name);
        return Err(file.refuse(Reason::MacroDefined, function.start, detail));
    }
    if function.end - function.body > LARGEST {
        let detail = format!("{} has {} bytes", member.name, function.end - function.body);
        return Err(file.refuse(Reason::TooLarge, function.start, detail));
    }
    if function.unbalanced {
        let detail = format!("the braces of {} do not balance", member.name);
        return Err(file.refuse(Reason::ParseGap, function.start, detail));
    }
    if file.definitions_of(function.name(&file.bytes)) > 1 {
        let detail = format!("{} is defined more than once", member.name);
        return Err(file.refuse(Reason::AlternativeDefinitions, function.start, detail));
    }
    Ok(())
}

fn merge(
    subject: &Subject<'_>,
    rule: &Rule,
    open: &[&OpenFile],
    sharing: Option<&Sharing<'_>>,
) -> Result<Plan, Refusal> {
    let group = subject.group;
    // What each file has for itself is handed over, and a copy has no parameter for it.
    let mut own = subject.alignment.sites.iter();
    if let Some(site) = own.find(|site| !align::is_function_name(&site.values[0])) {
        let detail = format!("each file has a {} of its own", align::lossy(&site.values[0]));
        return Err(subject.refuse(Reason::MacroDiffers, site.token, detail));
    }
    let (survivor, members) = fate::merge(subject, open, sharing)?;
    fate::gain(subject, &members, None, (rule.limits.lines_saved, sharing))?;
    traps::check(group, subject.alignment, rule.remedy)?;
    let mut declaration = None;
    if let Some(sharing) = sharing {
        let none = Holes::default();
        sharing::agree(subject, &none, sharing)?;
        let is_global = members[survivor].uses.anchor == Some(uses::Anchor::Global);
        declaration =
            (!is_global).then(|| sharing.declare(subject, survivor, &none)).transpose()?;
    }
    let notes = notes::accident(&members, survivor);
    let plan = Plan::new(subject, rule, Remedy::Merge(survivor), members);
    Ok(Plan { declaration, notes, ..plan })
}
