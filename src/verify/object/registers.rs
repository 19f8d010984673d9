//! What one instruction does to registers and memory, as far as a function that is a map
//! of its arguments may do it.

use super::code::{Slot, Step};
use iced_x86::{
    ConditionCode, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind,
    Register, UsedMemory, UsedRegister,
};
use std::collections::BTreeSet;

/// Instructions that compute with general registers, and jumps. None of them reaches a
/// device, the time, or the state of the processor.
const PLAIN: &[Mnemonic] = &[
    Mnemonic::Adc,
    Mnemonic::Add,
    Mnemonic::And,
    Mnemonic::Bsf,
    Mnemonic::Bsr,
    Mnemonic::Bswap,
    Mnemonic::Bt,
    Mnemonic::Call,
    Mnemonic::Cbw,
    Mnemonic::Cdq,
    Mnemonic::Cdqe,
    Mnemonic::Cmp,
    Mnemonic::Cqo,
    Mnemonic::Cwd,
    Mnemonic::Cwde,
    Mnemonic::Dec,
    Mnemonic::Div,
    Mnemonic::Endbr64,
    Mnemonic::Idiv,
    Mnemonic::Imul,
    Mnemonic::Inc,
    Mnemonic::Jmp,
    Mnemonic::Lea,
    Mnemonic::Mov,
    Mnemonic::Movsx,
    Mnemonic::Movsxd,
    Mnemonic::Movzx,
    Mnemonic::Mul,
    Mnemonic::Neg,
    Mnemonic::Not,
    Mnemonic::Or,
    Mnemonic::Pop,
    Mnemonic::Push,
    Mnemonic::Ret,
    Mnemonic::Rol,
    Mnemonic::Ror,
    Mnemonic::Sar,
    Mnemonic::Sbb,
    Mnemonic::Shl,
    Mnemonic::Shld,
    Mnemonic::Shr,
    Mnemonic::Shrd,
    Mnemonic::Sub,
    Mnemonic::Test,
    Mnemonic::Xor,
];

/// What the registers of a function may hold, and how large its stack is.
pub(super) struct Addresses {
    /// Registers that may hold the address of a constant somewhere in the function.
    holders: BTreeSet<Register>,
    /// Bytes below the return address that it makes room for.
    frame: u64,
}

impl Addresses {
    /// Of a function with these steps.
    pub fn of(steps: &[&Step], factory: &mut InstructionInfoFactory) -> Addresses {
        let rooms = steps.iter().map(|step| room(step));
        let mut addresses =
            Addresses { holders: BTreeSet::new(), frame: rooms.fold(0, u64::saturating_add) };
        loop {
            let before = addresses.holders.len();
            steps.iter().for_each(|step| addresses.note(step, factory));
            if addresses.holders.len() == before {
                return addresses;
            }
        }
    }

    /// Registers that `step` may put an address into.
    fn note(&mut self, step: &Step, factory: &mut InstructionInfoFactory) {
        let instruction = &step.instruction;
        let refers = |slot| step.references.iter().any(|it| it.slot == slot);
        let is_lea = instruction.mnemonic() == Mnemonic::Lea;
        let info = factory.info(instruction);
        let reads = |it: &UsedRegister| is_read(it.access()) && self.is_holder(it.register());
        let loads = instruction.mnemonic() == Mnemonic::Mov
            && instruction.op1_kind() == OpKind::Memory
            && instruction.op0_register().is_gpr64();
        let passes = info.used_registers().iter().any(reads)
            && (is_lea || instruction.op1_kind() != OpKind::Memory);
        let takes = refers(Slot::Immediate) || is_lea && refers(Slot::Displacement);
        if takes || loads || passes {
            let written = info.used_registers().iter().filter(|it| is_write(it.access()));
            let written: Vec<Register> = written.map(|it| it.register().full_register()).collect();
            self.holders.extend(written.into_iter().filter(|it| *it != Register::RSP));
        }
    }

    fn is_holder(&self, register: Register) -> bool {
        self.holders.contains(&register.full_register())
    }

    /// Whether an operand is on the stack that the function made room for, or in the 128
    /// bytes below that the ABI leaves to a function which calls none.
    fn is_own_stack(&self, memory: &UsedMemory) -> bool {
        let start = memory.displacement() as i64;
        let end = start.saturating_add(memory.memory_size().size() as i64);
        memory.base() == Register::RSP
            && memory.index() == Register::None
            && start >= -128
            && u64::try_from(end.max(0)).is_ok_and(|end| end <= self.frame)
    }
}

/// Bytes that an instruction takes from the stack.
fn room(step: &Step) -> u64 {
    let instruction = &step.instruction;
    let of_stack =
        instruction.op0_kind() == OpKind::Register && instruction.op0_register() == Register::RSP;
    match instruction.mnemonic() {
        Mnemonic::Push => 8,
        // gcc gives 128 bytes back by taking -128.
        Mnemonic::Sub if of_stack => match instruction.try_immediate(1) {
            Ok(bytes) if bytes < 1 << 16 => bytes,
            _ => 0,
        },
        _ => 0,
    }
}

/// Why an instruction is not allowed: it is not plain, or it uses memory that is neither
/// the function's stack nor, to be read, a constant.
pub(super) fn check(
    step: &Step,
    addresses: &Addresses,
    factory: &mut InstructionInfoFactory,
) -> Result<(), &'static str> {
    let instruction = &step.instruction;
    let mnemonic = instruction.mnemonic();
    let refers = |slot| step.references.iter().any(|it| it.slot == slot);
    if !is_plain(instruction) {
        return Err("is not plain arithmetic");
    }
    let jumps = matches!(mnemonic, Mnemonic::Call | Mnemonic::Jmp);
    let by_table = mnemonic == Mnemonic::Jmp
        && instruction.op0_kind() == OpKind::Memory
        && refers(Slot::Displacement);
    if (jumps || instruction.is_jcc_short_or_near()) && !refers(Slot::Branch) && !by_table {
        return Err("goes where a register says");
    }
    let stack = matches!(mnemonic, Mnemonic::Push | Mnemonic::Pop | Mnemonic::Call | Mnemonic::Ret);
    // By a constant: what is taken is given back.
    let fixed = matches!(mnemonic, Mnemonic::Add | Mnemonic::Sub)
        && instruction.op0_kind() == OpKind::Register
        && instruction.try_immediate(1).is_ok();
    let info = factory.info(instruction);
    for used in info.used_registers() {
        let register = used.register().full_register();
        let moves_stack = register == Register::RSP && is_write(used.access());
        let is_known = register.is_gpr() || register.is_segment_register();
        if !is_known || moves_stack && !stack && !fixed {
            return Err("uses a register that is no plain one");
        }
    }
    for memory in info.used_memory() {
        let implied = stack
            && memory.base() == Register::RSP
            && (instruction.op0_kind() != OpKind::Memory || is_write(memory.access()));
        let constant = refers(Slot::Displacement)
            || addresses.is_holder(memory.base())
            || addresses.is_holder(memory.index());
        let own = implied || !refers(Slot::Displacement) && addresses.is_own_stack(memory);
        match memory.access() {
            OpAccess::NoMemAccess | OpAccess::None => {}
            OpAccess::Read | OpAccess::CondRead if own || constant => {}
            OpAccess::Read | OpAccess::CondRead => return Err("reads what is no constant"),
            _ if own => {}
            _ => return Err("writes to memory"),
        }
    }
    Ok(())
}

fn is_plain(instruction: &Instruction) -> bool {
    let prefixed = instruction.has_lock_prefix()
        || instruction.has_rep_prefix()
        || instruction.has_repne_prefix()
        || instruction.segment_prefix() != Register::None;
    let has_memory = instruction.op0_kind() == OpKind::Memory;
    let mnemonic = instruction.mnemonic();
    let by_flags = instruction.is_jcc_short_or_near()
        || instruction.condition_code() != ConditionCode::None
            && instruction.flow_control() == FlowControl::Next;
    let odd = match mnemonic {
        // A bit of memory may lie far behind its address.
        Mnemonic::Bt | Mnemonic::Pop => has_memory || instruction.op0_register() == Register::RSP,
        Mnemonic::Ret => instruction.op_count() != 0,
        _ => false,
    };
    !prefixed && !odd && (by_flags || PLAIN.contains(&mnemonic))
}

fn is_read(access: OpAccess) -> bool {
    matches!(
        access,
        OpAccess::Read | OpAccess::CondRead | OpAccess::ReadWrite | OpAccess::ReadCondWrite
    )
}

fn is_write(access: OpAccess) -> bool {
    !matches!(access, OpAccess::None | OpAccess::Read | OpAccess::CondRead | OpAccess::NoMemAccess)
}
