//! Aligns the members of a group token by token (anti-unification of texts of
//! one shape): the common body, and the sites at which the members differ.

use super::file::FileContext;
use super::refusal::{Reason, Refusal};
use crate::detect::{CloneGroup, Member};
use crate::syntax::{FunctionTree, LoopMacros, NodeId, TokenKind};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ops::Range;
use std::sync::Arc;

/// One member, lexed and parsed.
pub struct AlignedMember<'f> {
    /// The file that it stands in.
    pub file: &'f FileContext,
    /// Its tokens, as indices into the file's.
    pub tokens: Range<usize>,
    /// Its syntax tree, free of gaps.
    pub tree: Arc<FunctionTree>,
    /// Its parameters, locals and labels.
    pub locals: Arc<FxHashSet<Vec<u8>>>,
}

/// A token at which the members differ, and may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Token index from the start of the member; the same in every member.
    pub token: usize,
    /// The text in each member.
    pub values: Vec<Vec<u8>>,
}

/// The members side by side.
pub struct Alignment<'f> {
    /// In the order of the group.
    pub members: Vec<AlignedMember<'f>>,
    /// Where they differ, in order. The function's own name and consistently
    /// renamed locals are no sites.
    pub sites: Vec<Site>,
    /// Some local has another name in another member.
    pub renamed_locals: bool,
}

impl Alignment<'_> {
    /// The token index, in the file of `member`, of its token `relative`.
    pub fn token(&self, member: usize, relative: usize) -> usize {
        self.members[member].tokens.start + relative
    }

    /// The text of token `relative` of `member`.
    pub fn text(&self, member: usize, relative: usize) -> &[u8] {
        self.members[member].file.text(self.token(member, relative))
    }

    /// Number of tokens, the same in every member.
    pub fn len(&self) -> usize {
        self.members.first().map_or(0, |m| m.tokens.len())
    }

    /// Never: a group has members and a member has tokens.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Parses and aligns the members of `group`, each of which lies in the one of `files`
/// at its place.
///
/// # Errors
/// `parse-gap` when a member has no complete syntax tree, `operator-differs` when
/// the members do not have one shape.
pub fn align<'f>(
    files: &[&'f FileContext],
    group: &CloneGroup,
    loops: &LoopMacros,
) -> Result<Alignment<'f>, Refusal> {
    let members = group.members.iter().zip(files);
    let members: Result<Vec<_>, Refusal> =
        members.map(|(member, file)| read(file, member, loops)).collect();
    let members = members?;
    let mut alignment = Alignment { members, sites: Vec::new(), renamed_locals: false };
    find_sites(group, &mut alignment)?;
    Ok(alignment)
}

/// Parses one member, which lies in `file`.
///
/// # Errors
/// `parse-gap` when it has no complete syntax tree.
pub fn read<'f>(
    file: &'f FileContext,
    member: &Member,
    loops: &LoopMacros,
) -> Result<AlignedMember<'f>, Refusal> {
    let tree = FunctionTree::parse(&file.bytes, &member.function, loops);
    if let Some(gap) = &tree.gap {
        let detail = format!("{} does not parse here", member.name);
        return Err(file.refuse(Reason::ParseGap, gap.offset, detail));
    }
    let locals = locals(file, &tree);
    let tokens = file.tokens_of(&member.function);
    Ok(AlignedMember { file, tokens, tree: Arc::new(tree), locals: Arc::new(locals) })
}

/// Finds where the members differ.
///
/// # Errors
/// `operator-differs`, `local-differs` where they do not have one shape.
pub fn find_sites(group: &CloneGroup, alignment: &mut Alignment<'_>) -> Result<(), Refusal> {
    let length = alignment.len();
    if let Some(other) = alignment.members.iter().position(|m| m.tokens.len() != length) {
        let (member, file) = (&group.members[other], alignment.members[other].file);
        let detail = format!("{} has another number of tokens", member.name);
        return Err(file.refuse(Reason::OperatorDiffers, member.function.start, detail));
    }
    let count = alignment.members.len();
    // Renaming of member k's locals to member 0's, both ways.
    let mut renaming: Vec<FxHashMap<Vec<u8>, Vec<u8>>> = vec![FxHashMap::default(); count];
    let mut inverse = renaming.clone();
    for relative in 0..length {
        let (file, first) = (alignment.members[0].file, alignment.token(0, relative));
        let own_name = file.tokens[first].start == group.members[0].function.name.start;
        let mut differs = false;
        for k in 1..count {
            let (a, b) = (file.text(first), alignment.text(k, relative));
            let member_name = relative > 0 && matches!(file.text(first - 1), b"." | b"->");
            let local = |m: usize, text: &[u8]| alignment.members[m].locals.contains(text);
            if !member_name && local(0, a) && local(k, b) {
                let consistent = *renaming[k].entry(b.to_vec()).or_insert(a.to_vec()) == a
                    && *inverse[k].entry(a.to_vec()).or_insert(b.to_vec()) == b;
                if !consistent {
                    let other = alignment.members[k].file;
                    let at = other.tokens[alignment.token(k, relative)].start;
                    let detail = format!("`{}` stands for another local", lossy(b));
                    return Err(other.refuse(Reason::LocalDiffers, at, detail));
                }
                alignment.renamed_locals |= a != b;
            } else {
                differs |= a != b;
            }
        }
        // The same word in every member, and yet another name in each.
        let named = is_function_name(file.text(first));
        if (differs || named) && !own_name {
            let values = (0..count).map(|k| alignment.text(k, relative).to_vec()).collect();
            alignment.sites.push(Site { token: relative, values });
        }
    }
    Ok(())
}

/// Whether the word is the name of the function that it stands in, C's own or an
/// older spelling of gcc's.
pub fn is_function_name(word: &[u8]) -> bool {
    matches!(word, b"__func__" | b"__FUNCTION__" | b"__PRETTY_FUNCTION__")
}

/// `text` for a message.
pub fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// The names that a function declares: parameters, locals and labels.
pub fn locals(file: &FileContext, tree: &FunctionTree) -> FxHashSet<Vec<u8>> {
    let mut found = FxHashSet::default();
    for id in 0..tree.nodes.len() as NodeId {
        let node = tree.node(id);
        let name = match node.kind {
            "identifier" if tree.declares_local(id, &file.bytes) => id,
            "statement_identifier" => id,
            _ => continue,
        };
        let range = tree.node(name).range.clone();
        found.insert(file.bytes[range.start as usize..range.end as usize].to_vec());
    }
    found
}

/// Names of the function's own parameters in order, with their byte ranges in
/// the declaration; `None` for one without a name.
pub fn parameters(file: &FileContext, tree: &FunctionTree) -> Vec<OwnParameter> {
    let Some(list) = tree.of_kind("parameter_list").next() else { return Vec::new() };
    let mut found = Vec::new();
    for id in tree.children(list) {
        let node = tree.node(id);
        if node.kind != "parameter_declaration" {
            continue;
        }
        let name = (id..node.subtree_end)
            .find(|&n| tree.node(n).kind == "identifier" && tree.declares_local(n, &file.bytes))
            .map(|n| {
                let range = tree.node(n).range.clone();
                file.bytes[range.start as usize..range.end as usize].to_vec()
            });
        let text = file.bytes[node.range.start as usize..node.range.end as usize].to_vec();
        if name.is_none() && text.trim_ascii() == b"void" {
            continue;
        }
        found.push(OwnParameter { node: id, text, name });
    }
    found
}

/// A parameter of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnParameter {
    /// Its node in the member's tree.
    pub node: NodeId,
    /// The whole declaration, for instance `struct device *dev`.
    pub text: Vec<u8>,
    /// Its name, `None` for an unnamed one.
    pub name: Option<Vec<u8>>,
}

/// Whether the token is an identifier by kind.
pub fn is_ident(file: &FileContext, token: usize) -> bool {
    file.tokens.get(token).is_some_and(|t| t.kind == TokenKind::Ident)
}
