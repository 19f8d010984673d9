//! Why two functions differ, as far as the instructions tell.

use super::Cause;
use super::code::{Slot, Step};
use super::content::Spot;
use super::layout::Object;
use super::pairing::{Clash, Session};
use super::place::Place;
use iced_x86::{ConditionCode, Instruction, Mnemonic, OpKind, Register};
use std::collections::BTreeMap;

/// How two steps differ in their form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Same,
    Register,
    /// The offset of a slot on the stack.
    Frame,
    /// A condition that is the other's with its operands exchanged.
    Exchanged,
    Immediate,
    Displacement,
    Width,
    Other,
}

/// The cause of a difference at step `index` of two functions.
pub(super) fn of_steps(
    session: &Session<'_, '_>,
    (before, after): (usize, usize),
    index: usize,
    clash: &Clash,
) -> Option<Cause> {
    match clash {
        Clash::Text { .. } | Clash::State(_) => return of_data(session.before, clash),
        _ => {}
    }
    let (old, new) = (session.before.functions.get(before)?, session.after.functions.get(after)?);
    let left: Vec<&Step> = old.steps().map(|(_, step)| step).collect();
    let right: Vec<&Step> = new.steps().map(|(_, step)| step).collect();
    let (was, is) = (calls(session.before, &left), calls(session.after, &right));
    let named = was.keys().chain(is.keys()).find(|name| was.get(*name) != is.get(*name));
    if let Some(callee) = named {
        let count = |calls: &BTreeMap<String, usize>| calls.get(callee).copied().unwrap_or(0);
        let (before, after) = (count(&was), count(&is));
        return Some(Cause::Calls { callee: callee.clone(), before, after });
    }
    let forms: Vec<Form> = left.iter().zip(&right).map(|(one, other)| form(one, other)).collect();
    let free =
        |form: &Form| matches!(form, Form::Same | Form::Register | Form::Frame | Form::Exchanged);
    if *clash == Clash::Opcode && left.len() == right.len() && forms.iter().all(free) {
        return Some(Cause::AllocationOnly);
    }
    match (forms.get(index), clash) {
        (Some(Form::Immediate), _) => Some(Cause::Constant),
        (Some(Form::Displacement), _) => Some(Cause::Member),
        (Some(Form::Width), _) => Some(Cause::Width),
        (_, Clash::Callee) => Some(Cause::OtherCallee),
        _ if mnemonics(&left) == mnemonics(&right) => Some(Cause::Reordered),
        _ => None,
    }
}

/// The cause of a difference in contents that `spot` of the object before is in.
pub(super) fn of_contents(object: &Object<'_>, spot: Spot, clash: &Clash) -> Option<Cause> {
    match clash {
        Clash::Bytes if object.names_a_function(spot.section) => Some(Cause::FunctionName),
        _ => of_data(object, clash),
    }
}

/// The cause of a difference in data.
pub(super) fn of_data(object: &Object<'_>, clash: &Clash) -> Option<Cause> {
    match clash {
        Clash::Text { before, .. } => {
            let names = object.function_names();
            let named = names.iter().any(|name| name.as_bytes() == before);
            Some(if named { Cause::FunctionName } else { Cause::Text })
        }
        Clash::State(name) => Some(Cause::StaticState { name: name.clone() }),
        Clash::Jump => Some(Cause::JumpTable),
        Clash::Callee => Some(Cause::OtherCallee),
        Clash::Bytes | Clash::Opcode | Clash::Place => Some(Cause::Contents),
    }
}

/// How often each function is called by name.
fn calls(object: &Object<'_>, steps: &[&Step]) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for step in steps {
        for reference in step.references.iter().filter(|found| found.slot == Slot::Branch) {
            let place = object.place(reference.target);
            if matches!(place, Place::External { .. } | Place::Code { step: 0, .. }) {
                *calls.entry(object.place_text(place)).or_default() += 1;
            }
        }
    }
    calls
}

fn mnemonics(steps: &[&Step]) -> Vec<Mnemonic> {
    let mut all: Vec<Mnemonic> = steps.iter().map(|step| step.canonical.mnemonic()).collect();
    all.sort_unstable();
    all
}

fn form(before: &Step, after: &Step) -> Form {
    let (old, new) = (&before.canonical, &after.canonical);
    if old == new {
        return Form::Same;
    }
    if old.mnemonic() != new.mnemonic() {
        return if old.condition_code() != ConditionCode::None
            && exchanged(old.condition_code()) == new.condition_code()
        {
            Form::Exchanged
        } else if moves(old) && moves(new) && same_operands(old, new) {
            Form::Width
        } else {
            Form::Other
        };
    }
    let sizes = |step: &Instruction| -> Vec<usize> {
        (0..step.op_count()).map(|operand| operand_size(step, operand)).collect()
    };
    let memory = |step: &Instruction| step.op_kinds().any(|kind| kind == OpKind::Memory);
    let unlike = memory(old) && memory(new) && old.memory_size() != new.memory_size();
    if sizes(old) != sizes(new) || unlike {
        return if same_operands(old, new) { Form::Width } else { Form::Other };
    }
    if kinds(old) != kinds(new) {
        return Form::Other;
    }
    if old.memory_index_scale() != new.memory_index_scale() {
        return if old.mnemonic() == Mnemonic::Lea { Form::Immediate } else { Form::Other };
    }
    let immediate = |step: &Instruction| -> Vec<Option<u64>> {
        (0..step.op_count()).map(|operand| step.try_immediate(operand).ok()).collect()
    };
    if immediate(old) != immediate(new) {
        let stack = |step: &Instruction| step.op0_register() == Register::RSP;
        return if stack(old) && stack(new) { Form::Frame } else { Form::Immediate };
    }
    if old.memory_displacement64() != new.memory_displacement64() {
        let frame =
            |step: &Instruction| matches!(step.memory_base(), Register::RSP | Register::RBP);
        // No address has 32 bits: that is a sum.
        let sum = old.mnemonic() == Mnemonic::Lea && old.op0_register().size() < 8;
        return match (frame(old) && frame(new), sum) {
            (true, _) => Form::Frame,
            (false, true) => Form::Immediate,
            (false, false) => Form::Displacement,
        };
    }
    Form::Register
}

/// The kinds of the operands; how wide an immediate is written says nothing.
fn kinds(step: &Instruction) -> Vec<OpKind> {
    let immediate = |operand| step.try_immediate(operand).is_ok();
    let kind = |operand| step.try_op_kind(operand).unwrap_or(OpKind::Register);
    let kinds = (0..step.op_count())
        .map(|operand| if immediate(operand) { OpKind::Immediate64 } else { kind(operand) });
    kinds.collect()
}

/// Whether two steps work on the same registers and memory, whatever the width.
fn same_operands(before: &Instruction, after: &Instruction) -> bool {
    let registers = |step: &Instruction| -> Vec<Register> {
        let all = (0..step.op_count()).filter_map(|operand| step.try_op_register(operand).ok());
        all.map(Register::full_register).collect()
    };
    let memory = |step: &Instruction| {
        (step.memory_base(), step.memory_index(), step.memory_displacement64())
    };
    registers(before) == registers(after)
        && memory(before) == memory(after)
        && kinds(before) == kinds(after)
}

fn operand_size(step: &Instruction, operand: u32) -> usize {
    step.try_op_register(operand).map_or(0, |register| register.size())
}

/// Moves, with or without extension: among them only the width differs.
fn moves(step: &Instruction) -> bool {
    matches!(
        step.mnemonic(),
        Mnemonic::Mov | Mnemonic::Movzx | Mnemonic::Movsx | Mnemonic::Movsxd | Mnemonic::Cdqe
    )
}

/// The condition after the operands of the comparison are exchanged.
fn exchanged(condition: ConditionCode) -> ConditionCode {
    match condition {
        ConditionCode::b => ConditionCode::a,
        ConditionCode::a => ConditionCode::b,
        ConditionCode::ae => ConditionCode::be,
        ConditionCode::be => ConditionCode::ae,
        ConditionCode::l => ConditionCode::g,
        ConditionCode::g => ConditionCode::l,
        ConditionCode::ge => ConditionCode::le,
        ConditionCode::le => ConditionCode::ge,
        other => other,
    }
}
