//! What a file is linked with whatever the configuration, since it uses something of it.

use super::{Room, is_of};
use crate::detect::{CloneGroup, Member};
use crate::plan::align::lossy;
use crate::plan::{FileContext, Reason, Refusal};
use crate::propose::Proposer;
use crate::syntax::{TokenKind, exports};
use crate::tree::{Module, TreePath};

impl Proposer<'_> {
    /// The first file of a member that needs nothing of the host's module, or only under a
    /// condition.
    pub(super) fn may_do_without<'g>(
        &self,
        room: &Room,
        group: &'g CloneGroup,
        host: &TreePath,
    ) -> Option<&'g TreePath> {
        group.members.iter().map(|member| &member.file).find(|path| !self.needs(room, path, host))
    }

    /// Whether a file uses, under no condition, what the module of `host` exports.
    fn needs(&self, room: &Room, path: &TreePath, host: &TreePath) -> bool {
        let modules: Vec<&Module> = self.drivers.modules_with(host).collect();
        let own = match room.open.get(host) {
            Some(Ok(open)) => exports(&open.context.bytes),
            _ => Default::default(),
        };
        let is_exported = |name: &str| {
            let exporter = self.globals().exporter(name);
            own.contains(&name.as_bytes()) || exporter.is_some_and(|it| is_of(&modules, it))
        };
        let is_needed = |file: &FileContext, at: usize| {
            let name = || lossy(file.text(at));
            let is_use = match file.text(at + 1) {
                b"(" => true,
                b"," | b"}" | b")" | b";" => {
                    matches!(file.text(at.saturating_sub(1)), b"=" | b"," | b"(")
                        && file.is_function(&name())
                }
                _ => false,
            };
            is_use
                && file.tokens[at].kind == TokenKind::Ident
                && is_exported(&name())
                && file.conditions_at(file.tokens[at].start).is_empty()
        };
        let Some(Ok(open)) = room.open.get(path) else { return false };
        (0..open.context.tokens.len()).any(|at| is_needed(&open.context, at))
    }

    /// Whether the function `name` of `home` is linked to the copy's file whatever the
    /// configuration.
    pub(super) fn comes_with(
        &self,
        room: &Room,
        (home, name): (&FileContext, &str),
        (file, copy): (&FileContext, &Member),
    ) -> Result<(), Refusal> {
        if !home.path.ends_with(".c") || self.drivers.builds_with(&home.path, &file.path) {
            return Ok(());
        }
        let refuse = |detail| Err(file.refuse(Reason::NoHome, copy.function.start, detail));
        if !exports(&home.bytes).contains(&name.as_bytes()) {
            return refuse(format!("{} does not export {name}()", home.path));
        }
        match self.needs(room, &file.path, &home.path) {
            true => Ok(()),
            false => refuse(format!("it may be there without {}", home.path)),
        }
    }
}
