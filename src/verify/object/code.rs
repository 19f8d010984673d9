//! Machine code as steps: one instruction each, with everything that depends on
//! where the code lies taken out and kept as a reference to what it means.

use super::elf::{Field, Relocation, Section};
use iced_x86::{Code, ConstantOffsets, Decoder, DecoderOptions, Instruction, Mnemonic, OpKind};

/// Where in an instruction a reference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// The displacement of its memory operand.
    Displacement,
    Immediate,
    /// The target of a call or jump.
    Branch,
    /// So many bytes from its start, in no operand.
    Elsewhere(u64),
}

/// From where a target is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Base {
    Symbol(usize),
    Section(usize),
}

/// A place that code or data refers to, before it is known what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub base: Base,
    /// Bytes; negative where the compiler folded an index's bias into it.
    pub offset: i64,
}

/// A field of an instruction that stands for a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    pub slot: Slot,
    pub field: Field,
    pub target: Target,
}

/// One instruction that does something.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Byte in the section.
    pub offset: u64,
    /// As it stands, for the reader.
    pub instruction: Instruction,
    /// Without what the references hold and without the width of its jump: equal
    /// for two steps that do the same to what they refer to.
    pub canonical: Instruction,
    pub references: Vec<Reference>,
}

/// A stretch of code without gaps.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub section: usize,
    /// First byte in the section.
    pub start: u64,
    /// First byte behind it.
    pub end: u64,
    pub steps: Vec<Step>,
    /// Every instruction's byte in the section and the step that runs when it is
    /// jumped to: a no-op is no step, its number is that of the next one.
    starts: Vec<(u64, usize)>,
}

impl Block {
    /// Decodes `start..end` of a section. Bytes that are no instruction become
    /// steps of one byte, so that nothing is passed over.
    pub fn decode(section: &Section<'_>, number: usize, start: u64, end: u64) -> Block {
        let mut block =
            Block { section: number, start, end, steps: Vec::new(), starts: Vec::new() };
        let from = usize::try_from(start).unwrap_or(usize::MAX);
        let to = usize::try_from(end).unwrap_or(usize::MAX).min(section.data.len());
        let bytes = section.data.get(from..to).unwrap_or_default();
        let mut decoder = Decoder::with_ip(64, bytes, start, DecoderOptions::NONE);
        while decoder.can_decode() {
            let position = decoder.position();
            let offset = decoder.ip();
            let mut instruction = decoder.decode();
            if instruction.code() == Code::INVALID {
                let Some(byte) = bytes.get(position) else { break };
                instruction.set_immediate8(*byte);
                instruction.set_len(1);
                instruction.set_next_ip(offset.wrapping_add(1));
                decoder.set_ip(offset.wrapping_add(1));
                if decoder.set_position(position + 1).is_err() {
                    break;
                }
            }
            block.starts.push((offset, block.steps.len()));
            // Alignment inside a function depends on what lies before it in the
            // section; that a no-op is a site to be patched, the tables say.
            if instruction.mnemonic() != Mnemonic::Nop {
                let constants = decoder.get_constant_offsets(&instruction);
                block.steps.push(step(section, number, offset, instruction, &constants));
            }
        }
        block.drop_padding();
        block
    }

    /// The breakpoints that fill up to the next function.
    fn drop_padding(&mut self) {
        while self.steps.last().is_some_and(|step| step.instruction.mnemonic() == Mnemonic::Int3) {
            self.steps.pop();
        }
        for (_, step) in &mut self.starts {
            *step = (*step).min(self.steps.len());
        }
    }

    /// The step that stands at a byte of the section, and how many bytes into its
    /// instruction that is. The end of the block is the step behind the last.
    pub fn position(&self, offset: u64) -> Option<(usize, u64)> {
        if offset < self.start || offset > self.end {
            return None;
        }
        if offset == self.end {
            return Some((self.steps.len(), 0));
        }
        let at = self.starts.partition_point(|(start, _)| *start <= offset).checked_sub(1)?;
        let (start, step) = self.starts.get(at)?;
        Some((*step, offset - start))
    }
}

fn step(
    section: &Section<'_>,
    number: usize,
    offset: u64,
    instruction: Instruction,
    constants: &ConstantOffsets,
) -> Step {
    let mut canonical = instruction;
    canonical.as_near_branch();
    let mut references = Vec::new();
    for relocation in within(&section.relocations, offset, instruction.next_ip()) {
        let place = relocation.offset - offset;
        let slot = slot(&instruction, constants, place);
        references.push(reference(relocation, slot, instruction.next_ip()));
        clear(&mut canonical, slot);
    }
    let has = |references: &[Reference], slot| references.iter().any(|found| found.slot == slot);
    let here = |offset: u64| Target { base: Base::Section(number), offset: offset as i64 };
    if instruction.op0_kind() == OpKind::NearBranch64 && !has(&references, Slot::Branch) {
        let target = here(instruction.near_branch64());
        references.push(Reference { slot: Slot::Branch, field: Field::Relative(4), target });
        clear(&mut canonical, Slot::Branch);
    }
    if instruction.is_ip_rel_memory_operand() && !has(&references, Slot::Displacement) {
        let target = here(instruction.ip_rel_memory_address());
        references.push(Reference { slot: Slot::Displacement, field: Field::Relative(4), target });
        clear(&mut canonical, Slot::Displacement);
    }
    Step { offset, instruction, canonical, references }
}

/// The relocations at `start..end`.
pub(super) fn within(relocations: &[Relocation], start: u64, end: u64) -> &[Relocation] {
    let first = relocations.partition_point(|relocation| relocation.offset < start);
    let last = relocations.partition_point(|relocation| relocation.offset < end);
    relocations.get(first..last).unwrap_or_default()
}

fn slot(instruction: &Instruction, constants: &ConstantOffsets, place: u64) -> Slot {
    let is = |has: bool, offset: usize| has && offset as u64 == place;
    if is(constants.has_displacement(), constants.displacement_offset()) {
        Slot::Displacement
    } else if is(constants.has_immediate(), constants.immediate_offset()) {
        if instruction.op0_kind() == OpKind::NearBranch64 { Slot::Branch } else { Slot::Immediate }
    } else {
        Slot::Elsewhere(place)
    }
}

/// What a relocated field refers to. A relative field of an instruction counts
/// from the instruction's end, which the addend makes good (-4, or -8 with an
/// immediate behind it).
fn reference(relocation: &Relocation, slot: Slot, next: u64) -> Reference {
    let behind = next.wrapping_sub(relocation.offset) as i64;
    let offset = match (slot, relocation.field.is_relative()) {
        (Slot::Displacement | Slot::Branch, true) => relocation.addend.wrapping_add(behind),
        _ => relocation.addend,
    };
    let target = Target { base: Base::Symbol(relocation.symbol), offset };
    Reference { slot, field: relocation.field, target }
}

/// Takes out what the linker overwrites.
fn clear(instruction: &mut Instruction, slot: Slot) {
    match slot {
        Slot::Displacement => instruction.set_memory_displacement64(0),
        Slot::Branch => instruction.set_near_branch64(0),
        Slot::Immediate => {
            for operand in 0..instruction.op_count() {
                if instruction.try_immediate(operand).is_ok() {
                    clear_immediate(instruction, operand);
                }
            }
        }
        Slot::Elsewhere(_) => {}
    }
}

fn clear_immediate(instruction: &mut Instruction, operand: u32) {
    match instruction.try_op_kind(operand) {
        Ok(OpKind::Immediate8) => instruction.set_immediate8(0),
        Ok(OpKind::Immediate16) => instruction.set_immediate16(0),
        Ok(OpKind::Immediate32) => instruction.set_immediate32(0),
        Ok(OpKind::Immediate64) => instruction.set_immediate64(0),
        Ok(OpKind::Immediate32to64) => instruction.set_immediate32to64(0),
        Ok(OpKind::Immediate8to16) => instruction.set_immediate8to16(0),
        Ok(OpKind::Immediate8to32) => instruction.set_immediate8to32(0),
        Ok(OpKind::Immediate8to64) => instruction.set_immediate8to64(0),
        _ => {}
    }
}
