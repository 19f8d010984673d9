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
pub mod fate;
pub mod file;
pub mod holes;
pub mod host;
pub mod kernel;
pub mod library;
pub mod names;
mod notes;
pub mod paths;
pub mod preamble;
pub mod refusal;
pub mod reuse;
pub mod rules;
pub mod sharing;
pub mod traps;
pub mod types;
mod unpack;
pub mod uses;
pub mod wording;
pub mod words;
pub mod wrapper;

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
use holes::Subject;
use rustc_hash::FxHashSet;
use std::ops::Range;

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
    /// The members, in the order of the group.
    pub members: Vec<MemberPlan>,
    /// What a reviewer should know.
    pub notes: Vec<String>,
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
            is_of_parts: false,
            is_inline: false,
            objection: None,
            remedy,
            members,
        }
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
            Remedy::Elide(_) => 0,
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

/// Where a parameter of a helper comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The members' own, by its index.
    Own(usize),
    /// One of the helper's more, by its index.
    New(usize),
}

impl Helper {
    /// The parameters in their order, where the members have so many of their own: what is
    /// taken from one that is dropped stands in its place.
    pub fn slots(&self, own: usize) -> Vec<Slot> {
        let new = |of: Option<usize>| {
            let is_here = move |base: Option<usize>| match of {
                Some(own) => base == Some(own),
                None => base.is_none_or(|base| !self.dropped.contains(&base)),
            };
            let all = self.parameters.iter().enumerate();
            all.filter(move |(_, it)| is_here(it.base)).map(|(index, _)| Slot::New(index))
        };
        let mut slots = Vec::new();
        for index in 0..own {
            match self.dropped.contains(&index) {
                true => slots.extend(new(Some(index))),
                false => slots.push(Slot::Own(index)),
            }
        }
        slots.extend(new(None));
        slots
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
            _ => helper(&subject, rule, open, sharing),
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
        let at = subject.alignment.members[0].tokens.start + site.token;
        let detail = format!("each file has a {} of its own", align::lossy(&site.values[0]));
        return Err(subject.file.refuse(
            Reason::MacroDiffers,
            subject.file.tokens[at].start,
            detail,
        ));
    }
    let (survivor, members) = fate::merge(subject, open, sharing)?;
    fate::gain(subject, &members, None, (rule.limits.lines_saved, sharing))?;
    traps::check(group, subject.alignment, rule.remedy)?;
    let mut declaration = None;
    if let Some(sharing) = sharing {
        sharing::agree(subject, &holes::Holes::default(), sharing)?;
        let is_global = members[survivor].uses.anchor == Some(uses::Anchor::Global);
        declaration = (!is_global)
            .then(|| sharing.declare(subject, survivor, &holes::Holes::default()))
            .transpose()?;
    }
    let notes = notes::accident(&members, survivor);
    let plan = Plan::new(subject, rule, Remedy::Merge(survivor), members);
    Ok(Plan { declaration, notes, ..plan })
}

/// Constants that have the same value in all members are parameters although nothing differs:
/// each file has one of its own, or, where what they share is `elsewhere`, only they know it.
/// With many of them, nobody sees what the function is for.
fn own_constants(
    subject: &Subject<'_>,
    holes: &holes::Holes,
    (is_elsewhere, most): (bool, usize),
) -> Result<(), Refusal> {
    let value = |(member, text): (usize, &String)| {
        let constant = subject.file_of(member).unit.constant(text).ok()?;
        Some((constant.value?, constant.ctype))
    };
    let is_own = |it: &&Parameter| {
        let mut values = it.arguments.iter().enumerate().map(value);
        let first = values.next().flatten();
        is_elsewhere && it.arguments.iter().all(|value| *value == it.arguments[0])
            || first.is_some() && values.all(|value| value == first)
    };
    let own: Vec<&str> =
        holes.parameters.iter().filter(is_own).map(|it| it.arguments[0].as_str()).collect();
    if own.len() <= most {
        return Ok(());
    }
    let at = subject.group.members[0].function.start;
    let detail = format!("each file has its own {}, and they are the same today", own.join(", "));
    Err(subject.file.refuse(Reason::MacroDiffers, at, detail))
}

/// Two parameters of one name and a number: nobody sees which is which at a call in another
/// file.
fn told_apart(subject: &Subject<'_>, holes: &holes::Holes) -> Result<(), Refusal> {
    let stem = |name: &str| {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        (stem.len() < name.len()).then(|| stem.trim_end_matches('_').to_owned())
    };
    let names = || holes.parameters.iter().map(|it| it.name.as_str());
    let twins = names().find_map(|name| {
        let stem = stem(name)?;
        names().any(|other| other == stem).then_some((stem, name))
    });
    let Some((stem, name)) = twins else { return Ok(()) };
    let at = subject.group.members[0].function.start;
    let detail = format!("nothing but a number tells `{name}` from `{stem}`");
    Err(subject.file.refuse(Reason::TooManyParameters, at, detail))
}

fn helper(
    subject: &Subject<'_>,
    rule: &Rule,
    open: &[&OpenFile],
    sharing: Option<&Sharing<'_>>,
) -> Result<Plan, Refusal> {
    let (file, group) = (subject.file, subject.group);
    let first = &group.members[0].function;
    let comments = comments::inside(subject);
    let mut members = fate::helper(subject, open, sharing, comments.as_ref().ok())?;
    fate::gain(subject, &members, Some(0), (rule.limits.lines_saved, sharing))?;
    // What stands against it is kept until the patch is written: a group that would
    // not get shorter anyway is refused for that.
    let trap = traps::check(group, subject.alignment, rule.remedy).err();
    let holes =
        holes::plan(subject, &rule.limits).map_err(|refusal| trap.clone().unwrap_or(refusal))?;
    if callers::keep_unwritable(subject, &mut members, &holes) {
        fate::gain(subject, &members, Some(0), (rule.limits.lines_saved, sharing))?;
    }
    let mut objection = trap.or(wrapper::adds_something(subject, &holes).err());
    let dropped = fate::dropped_parameters(subject, &members, &holes);
    if holes.unpacked.iter().any(|it| !dropped.contains(&it.own)) {
        let detail = "a macro uses a parameter that is of another type in each member";
        return Err(file.refuse(Reason::TypeDiffers, first.start, detail));
    }
    let count = members[0].own.len() - dropped.len() + holes.parameters.len();
    if count > rule.limits.parameters {
        let detail = format!("{count} parameters, {} allowed", rule.limits.parameters);
        let refusal = file.refuse(Reason::TooManyParameters, first.start, detail);
        objection.get_or_insert(refusal);
    }
    let names: Vec<&str> = group.members.iter().map(|m| m.name.as_str()).collect();
    let comments = comments.unwrap_or_else(|refusal| {
        objection.get_or_insert(refusal);
        comments::Inside::none(members.len())
    });
    let insert_at = members[0]
        .comment
        .as_ref()
        .map_or_else(|| file.line_start(first.start as usize), |comment| comment.start);
    let mut notes = notes::formats(&holes.parameters);
    notes.extend(notes::callers_named(subject));
    if holes.spans.iter().any(|span| span.wording.is_some()) {
        notes.push("a message is put together from its format and a word: who greps for the whole message no longer finds it".to_owned());
    }
    if holes.parameters.is_empty() {
        let names: Vec<String> = members.iter().map(|m| format!("{}()", m.name)).collect();
        notes.push(format!(
            "{} are the same today: are they meant to stay so?",
            names.join(" and ")
        ));
    }
    let parameters: Vec<&str> = holes.parameters.iter().map(|p| p.name.as_str()).collect();
    let mut declaration = None;
    let inline_at = sharing.and_then(|sharing| sharing.inline_at);
    if let Some(sharing) = sharing {
        // Nobody wants a message in one file and what prints it in another.
        if holes.parameters.iter().any(|parameter| parameter.is_format) {
            let detail = "a format would be handed from file to file";
            return Err(file.refuse(Reason::FormatString, first.start, detail));
        }
        sharing::agree(subject, &holes, sharing)?;
        if let Some(host) = &sharing.host {
            host.may_call(subject)?;
        }
        // A member's file would know them.
        let is_elsewhere = match &sharing.host {
            Some(host) => !host.is_spare,
            None => inline_at.is_some(),
        };
        let most = if is_elsewhere { rule.limits.own_constants } else { 0 };
        own_constants(subject, &holes, (is_elsewhere, most))?;
        told_apart(subject, &holes)?;
        if inline_at.is_none() {
            declaration = Some(sharing.declare(subject, 0, &holes)?);
        }
    }
    let called = sharing.and_then(|sharing| sharing.called);
    let mut candidates =
        called.map_or_else(|| names::helper(&names, &parameters), <[String]>::to_vec);
    if let Some(sharing) = sharing.filter(|_| names.len() < 3)
        && let Some(other) = sharing.of_the_same_stem(&names)
    {
        let detail = format!("{other}() is no member: a name for all would lie");
        return Err(file.refuse(Reason::NameWouldLie, first.start, detail));
    }
    if sharing.is_some_and(Sharing::is_across_modules) || inline_at.is_some() {
        candidates.retain(|name| names::is_telling(name, &names));
        if candidates.is_empty() {
            let detail = "the members' names share no word for what they do";
            return Err(file.refuse(Reason::NameWouldLie, first.start, detail));
        }
    }
    let name = match sharing {
        None => {
            let claimed = &open[0].claimed.names;
            candidates.into_iter().find(|name| file.is_new_name(name) && !claimed.contains(name))
        }
        Some(sharing) => sharing.global_name(candidates),
    };
    let Some(name) = name else {
        let detail = "no name is free that all files may use";
        return Err(file.refuse(Reason::NoHome, first.start, detail));
    };
    let host = sharing.and_then(|sharing| sharing.host.as_ref());
    let export = host.and_then(|host| host.export_of(&name));
    let insert_at = host.map_or(insert_at, |host| host.insert_at);
    let insert_at = inline_at.unwrap_or(insert_at);
    let mut files: Vec<TreePath> = subject.paths().into_iter().cloned().collect();
    files.extend(host.map(|host| host.file.path.clone()));
    let header = sharing.filter(|it| it.inline_at.is_some()).map(|it| it.header.path.clone());
    files.extend(header);
    let helper = Helper {
        name,
        parameters: holes.parameters,
        spans: holes.spans,
        dropped,
        insert_at,
        comments,
    };
    let (is_hosted, is_inline) = (host.is_some(), inline_at.is_some());
    let plan = Plan::new(subject, rule, Remedy::Helper(helper), members);
    Ok(Plan { files, is_hosted, export, declaration, notes, is_inline, objection, ..plan })
}
