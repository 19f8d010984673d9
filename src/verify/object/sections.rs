//! Which sections carry meaning, and how they are to be read.

use super::elf::{Section, Storage};

/// How a section is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Not at all; [`role`] says why for each.
    Ignored,
    /// Function by function.
    Code,
    /// Strings without an order (`.modinfo`).
    ModuleInfo,
    /// Strings and constants that only stand for their contents: compared where
    /// they are referred to.
    Merged,
    /// Symbol by symbol.
    Data,
}

/// Sections of which every entry follows from the code that is compared, or
/// that no running kernel reads.
const IGNORED: [&str; 14] = [
    // How to unwind the stack at each byte, made by objtool from the code.
    ".orc_unwind",
    ".orc_unwind_ip",
    ".orc_header",
    // The same for debuggers, made by the compiler.
    ".eh_frame",
    ".sframe",
    // Every return, indirect jump, call and entry, listed by objtool.
    ".return_sites",
    ".retpoline_sites",
    ".call_sites",
    ".cfi_sites",
    ".ibt_endbr_seal",
    // Every function's entry, listed for the tracer.
    "__mcount_loc",
    "__patchable_function_entries",
    // What the file was built with.
    ".note",
    // Thrown away by the linker.
    ".discard",
];

/// What to do with a section.
pub(super) fn role(section: &Section<'_>) -> Role {
    // A name of the list, or one of its subsections.
    let begins = |name: &str| {
        let rest = section.name.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    match section.storage {
        Storage::Unloaded => Role::Ignored,
        _ if IGNORED.iter().any(|name| begins(name)) => Role::Ignored,
        Storage::Code => Role::Code,
        _ if section.name == ".modinfo" => Role::ModuleInfo,
        Storage::Data if section.merge => Role::Merged,
        Storage::Data | Storage::Zeros => Role::Data,
    }
}

/// Tables of the kernel whose entries belong to an instruction: their first
/// field is its address. Bytes of an entry, in the layouts of different kernels.
const RECORDS: [(&str, &[u64]); 6] = [
    ("__ex_table", &[12]),
    (".altinstructions", &[12, 14, 13]),
    ("__jump_table", &[16]),
    (".static_call_sites", &[8]),
    (".smp_locks", &[4]),
    (".parainstructions", &[16]),
];

/// Bytes of an entry of a table that has no symbols: the known ones, else the
/// shortest length after which the fields repeat. `None` when nothing repeats.
pub(super) fn record_size(section: &Section<'_>) -> Option<u64> {
    if section.relocations.is_empty() {
        return None;
    }
    let known = RECORDS.iter().find(|(name, _)| *name == section.name);
    if let Some((_, sizes)) = known {
        return sizes.iter().copied().find(|size| repeats(section, *size));
    }
    // The gap between the first field of two entries is one of the distances
    // from the first relocation; a single entry is the whole section.
    let first = section.relocations.first()?.offset;
    let mut sizes = section.relocations.iter().take(9).skip(1).map(|next| next.offset - first);
    sizes
        .find(|size| repeats(section, *size))
        .or_else(|| (first == 0 && section.relocations.len() < 9).then_some(section.size))
}

/// Whether every entry of `size` bytes has its relocations at the same places,
/// the first at its start.
fn repeats(section: &Section<'_>, size: u64) -> bool {
    if size == 0 || !section.size.is_multiple_of(size) {
        return false;
    }
    let entries = section.size / size;
    let relocations = &section.relocations;
    let (Ok(count), true) = (usize::try_from(entries), entries > 0) else { return false };
    if count > relocations.len() || !relocations.len().is_multiple_of(count) {
        return false;
    }
    let fields = relocations.len() / count;
    let pattern: Vec<u64> = relocations.iter().take(fields).map(|field| field.offset).collect();
    pattern.first() == Some(&0)
        && relocations.chunks(fields).zip(0u64..).all(|(chunk, entry)| {
            let starts = chunk.iter().map(|field| field.offset.checked_sub(entry * size));
            starts.eq(pattern.iter().map(|offset| Some(*offset)))
        })
}
