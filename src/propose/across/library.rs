//! Groups of drivers that have no module in common: one of its own for what they share,
//! where the user asks for that. In: such groups, and what other proposals claim. Out: an
//! outcome for each that may have one.

use super::prefixes::common_folder;
use super::{Room, not_one_file};
use crate::detect::{CloneGroup, Level};
use crate::generate::library as texts;
use crate::generate::templates::TemplateError;
use crate::plan::align::lossy;
use crate::plan::library::{Folder, User};
use crate::plan::{self, Claimed, FileContext, Host, Library, OpenFile, Reason, Refusal, Sharing};
use crate::propose::carry::Carried;
use crate::propose::{Outcome, Outcomes, Proposer};
use crate::syntax::TokenKind;
use crate::syntax::decl::TagKind;
use crate::tree::{Module, TreePath, parent};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What every module includes for what it says of itself and exports.
const OF_MODULES: &str = "<linux/module.h>";

/// A header that a file includes.
struct Include {
    /// As the file spells it, with its brackets or quotes.
    spelled: String,
    /// The files that come with it.
    headers: Vec<Arc<str>>,
}

impl Include {
    /// Whether it is the file at `path` itself.
    fn is(&self, path: &str) -> bool {
        let bare = self.spelled.trim_matches(['<', '>', '"']);
        path.strip_suffix(bare).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    }

    fn brings(&self, path: &str) -> bool {
        self.headers.iter().any(|header| **header == *path)
    }
}

impl Proposer<'_> {
    /// Whether a group that was refused may get a module of its own.
    fn may_have_library(&self, group: &CloneGroup, outcome: &Outcome) -> bool {
        let Outcome::Refusal(refusal) = outcome else { return false };
        let drivers: BTreeSet<&str> =
            group.members.iter().map(|member| member.driver.as_str()).collect();
        let least = self.whole_rules().filter(|rule| rule.takes(group));
        let least = least.map(|rule| rule.limits.members_across_modules).min();
        matches!(refusal.reason, Reason::NotOneFile | Reason::NoHome)
            && group.level != Level::CrossClass
            && least.is_some_and(|least| drivers.len() >= least)
    }

    /// New outcomes of those groups that may get a module of their own. `claimed` is what
    /// the proposals so far claim.
    pub(super) fn propose_libraries(
        &self,
        groups: &[CloneGroup],
        done: &mut Outcomes,
        claimed: FxHashMap<TreePath, Claimed>,
    ) -> Result<(), TemplateError> {
        let mut room = Room { claimed, ..Room::default() };
        done.sort_by_key(|(index, _)| *index);
        for (index, outcome) in done {
            let group = &groups[*index];
            if self.may_have_library(group, outcome) {
                *outcome = self.plan_library(&mut room, group)?.into_outcome();
            }
        }
        Ok(())
    }

    /// The module that a group may get; opens the files that this changes.
    ///
    /// # Errors
    /// Why there is none.
    fn library_for(&self, room: &mut Room, group: &CloneGroup) -> Result<Library, Refusal> {
        let refuse = |reason, detail| Err(Refusal { reason, detail, ..not_one_file(group) });
        let folder = common_folder(group);
        let module_of = |path: &TreePath| {
            let mut modules = self.drivers.modules_with(path);
            modules.next().filter(|it| it.folder == folder && modules.next().is_none())
        };
        let modules: Option<Vec<&Module>> =
            group.members.iter().map(|member| module_of(&member.file)).collect();
        let Some(modules) = modules else {
            return refuse(Reason::NoHome, format!("{folder} does not build all of the drivers"));
        };
        let names = ["Kbuild", "Makefile"].map(|name| format!("{folder}/{name}"));
        let makefile = names.into_iter().find(|path| self.tree.read(path).is_ok());
        let kconfig = format!("{folder}/Kconfig");
        let Some(makefile) = makefile.filter(|_| self.tree.read(&kconfig).is_ok()) else {
            return refuse(Reason::NoHome, format!("{folder} has no Kbuild and Kconfig file"));
        };
        for path in group.members.iter().map(|it| &it.file).chain([&makefile, &kconfig]) {
            if let Err((reason, detail)) = self.open_in(room, path) {
                let (reason, detail) = (*reason, detail.clone());
                return refuse(reason, detail);
            }
        }
        let file = |path: &TreePath| room.open.get(path).and_then(|file| file.as_ref().ok());
        let open: Vec<&OpenFile> = group.members.iter().filter_map(|it| file(&it.file)).collect();
        let text = |path: &TreePath| file(path).map_or(&[][..], |it| &it.context.bytes[..]);
        // Places in a text are places in its bytes.
        let texts = [&makefile, &kconfig].map(|path| std::str::from_utf8(text(path)));
        let [Ok(kbuild), Ok(options)] = texts else {
            return refuse(Reason::NoHome, format!("{makefile} or {kconfig} is not UTF-8"));
        };
        let users: Vec<User<'_>> = modules
            .into_iter()
            .zip(&open)
            .map(|(module, open)| User { module, file: &open.context })
            .collect();
        let is_made = |path: &str| room.open.get(path).is_some_and(|it| it.is_ok());
        let place = Folder {
            path: folder,
            kbuild: (makefile.clone(), kbuild),
            kconfig: (kconfig.clone(), options),
            has: &|path| is_made(path) || self.tree.root.join(path).exists(),
        };
        Library::find(&users, &place).or_else(|detail| refuse(Reason::NoHome, detail))
    }

    fn plan_library(&self, room: &mut Room, group: &CloneGroup) -> Result<Carried, TemplateError> {
        let library = match self.library_for(room, group) {
            Ok(library) => library,
            Err(refusal) => return Ok(Carried::Refused(refusal)),
        };
        let file = |path: &TreePath| room.open.get(path).and_then(|file| file.as_ref().ok());
        let open: Vec<&OpenFile> = group.members.iter().filter_map(|it| file(&it.file)).collect();
        let function = &group.members[0].function;
        let signature = function.start..function.body;
        let (angled, own) = self.includes(&open[0].context, function.start..function.end);
        let source = texts::source(&library, (&angled, &own), self.templates)?;
        let tags = tags(&open[0].context, signature);
        let header = texts::header(&library, &tags, self.templates)?;
        let new = |path: &TreePath, text: &str| {
            let file = self.open_text(path, Arc::from(text.as_bytes()));
            OpenFile { is_new: true, ..file }
        };
        let (source_file, header_file) =
            (new(&library.source, &source.text), new(&library.header, &header.text));
        let neighbours = self.neighbours_in(&library.folder);
        let nothing = |_: &str| false;
        let host = Host::of_a_library(&source_file.context, source.insert_at, &nothing);
        let sharing = Sharing {
            home_prefix: None,
            homes: vec![false; group.members.len()],
            header: &header_file.context,
            called: None,
            includes: Vec::new(),
            is_last_resort: false,
            circular: Vec::new(),
            declare_at: Some(header.insert_at),
            claimed: &header_file.claimed,
            globals: self.globals(),
            neighbours: &neighbours,
            defined: &room.defined,
            prefixes: std::slice::from_ref(&library.prefix),
            reserved: &room.reserved,
            host: Some(host),
            inline_at: None,
        };
        let planned = plan::plan(&open, group, self.rules, self.loops, Some(&sharing));
        let plan = match planned {
            Ok(plan) => plan::Plan { library: Some(library.clone()), ..plan },
            Err(refusal) => return Ok(Carried::Refused(refusal)),
        };
        room.open.insert(library.source.clone(), Ok(source_file));
        room.open.insert(library.header.clone(), Ok(header_file));
        let carried = self.carry_in_room(room, group, &plan)?;
        if let Carried::Refused(_) = carried {
            room.open.remove(&library.source);
            room.open.remove(&library.header);
        }
        Ok(carried)
    }

    /// The C files of a folder with their texts.
    fn neighbours_in(&self, folder: &str) -> plan::sharing::Neighbours {
        let here = self.sources.iter().filter(|path| parent(path) == Some(folder));
        let read = |path: &TreePath| Some((path.clone(), self.tree.read(path).ok()?.into()));
        here.filter_map(read).collect()
    }

    /// The headers that a text between two bytes of a file needs, of those that the file
    /// includes: in angle brackets and in quotes. What declares a name itself comes before
    /// what brings it along.
    fn includes(
        &self,
        file: &FileContext,
        text: std::ops::Range<u32>,
    ) -> (Vec<String>, Vec<String>) {
        let known: Vec<Include> = file
            .includes()
            .map(|(_, spelled)| {
                let line = format!("#include {spelled}\n");
                let unit = self.open_text(&file.path, Arc::from(line.as_bytes())).context.unit;
                Include { headers: unit.headers(), spelled: spelled.to_owned() }
            })
            .collect();
        let tokens = file.token_at(text.start)..file.token_at(text.end);
        let names: BTreeSet<String> = tokens
            .filter(|&at| file.tokens[at].kind == TokenKind::Ident)
            .map(|at| lossy(file.text(at)))
            .collect();
        let kinds = [TagKind::Struct, TagKind::Union, TagKind::Enum];
        let wanted: BTreeSet<Arc<str>> = names
            .iter()
            .flat_map(|name| {
                let tags = kinds.iter().flat_map(|kind| file.unit.lookup_tag(*kind, name));
                file.unit.lookup(name).into_iter().chain(tags).map(|it| it.file.clone())
            })
            .collect();
        let mut chosen: BTreeSet<&str> = BTreeSet::from([OF_MODULES]);
        let direct = known.iter().filter(|it| wanted.iter().any(|path| it.is(path)));
        chosen.extend(direct.map(|it| it.spelled.as_str()));
        for path in &wanted {
            let brings = |it: &&Include| it.brings(path);
            let is_there = known.iter().filter(brings).any(|it| chosen.contains(&*it.spelled));
            if !is_there && let Some(first) = known.iter().find(brings) {
                chosen.insert(&first.spelled);
            }
        }
        chosen.into_iter().map(str::to_owned).partition(|it| it.starts_with('<'))
    }
}

/// The tags of the structures that a signature names, sorted.
fn tags(file: &FileContext, signature: std::ops::Range<u32>) -> Vec<String> {
    let tokens = file.token_at(signature.start)..file.token_at(signature.end);
    let tags = tokens.filter(|&at| at > 0 && file.text(at - 1) == b"struct");
    let tags: BTreeSet<String> = tags.map(|at| lossy(file.text(at))).collect();
    tags.into_iter().collect()
}
