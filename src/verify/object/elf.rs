//! The ELF file as sections, symbols and relocations, with every bound checked.

use object::elf;
use object::endian::LittleEndian;
use object::read::elf::{FileHeader, Rela, SectionHeader, Sym};

type Header = elf::FileHeader64<LittleEndian>;

/// Why an object could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// Not an ELF file, or one whose tables lead outside it.
    #[error("not a readable ELF object: {0}; build it again")]
    Malformed(String),
    /// An object for another machine; the number is ELF's `e_machine`.
    #[error(
        "an object for ELF machine {0}, and only x86-64 (62) is compared: build for x86-64, or stay at the rung below"
    )]
    Machine(u16),
    /// Linked already: what symbols its code refers to is gone.
    #[error("an ELF file of type {0} where a relocatable object (1) is expected: pass the .o file")]
    NotRelocatable(u16),
    /// No function of this name, in a comparison that was asked for by name.
    #[error("no function {0} in the object: was it inlined everywhere, or renamed?")]
    NoFunction(String),
}

impl From<object::read::Error> for ObjectError {
    fn from(error: object::read::Error) -> Self {
        ObjectError::Malformed(error.to_string())
    }
}

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// Machine code.
    Code,
    /// Data with contents.
    Data,
    /// Data that begins as zeros.
    Zeros,
    /// Not loaded, or the file's own tables.
    Unloaded,
}

/// One section.
#[derive(Clone, Debug)]
pub(super) struct Section<'a> {
    pub name: String,
    pub storage: Storage,
    pub writable: bool,
    /// Mergeable: holds constants or strings that stand for their contents.
    pub merge: bool,
    /// Strings that end with a zero of `entry_size` bytes.
    pub strings: bool,
    /// Bytes of an entry, 0 when it has none of a fixed size.
    pub entry_size: u64,
    pub align: u64,
    /// Contents; empty for [`Storage::Zeros`].
    pub data: &'a [u8],
    /// Bytes when loaded.
    pub size: u64,
    /// In the order of their offsets.
    pub relocations: Vec<Relocation>,
}

/// How a relocated field is computed from its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Field {
    /// The address itself, in so many bytes.
    Absolute(u8),
    /// The distance from the field, in so many bytes.
    Relative(u8),
    /// The distance to an entry of the global offset table.
    GotRelative,
    /// Any other type, by its ELF number.
    Other(u32),
}

impl Field {
    fn new(kind: u32) -> Field {
        match elf::RelocationType(kind) {
            elf::R_X86_64_64 => Field::Absolute(8),
            elf::R_X86_64_32 | elf::R_X86_64_32S => Field::Absolute(4),
            elf::R_X86_64_16 => Field::Absolute(2),
            elf::R_X86_64_8 => Field::Absolute(1),
            // A call through the procedure linkage table goes to the function.
            elf::R_X86_64_PC32 | elf::R_X86_64_PLT32 => Field::Relative(4),
            elf::R_X86_64_PC64 => Field::Relative(8),
            elf::R_X86_64_PC16 => Field::Relative(2),
            elf::R_X86_64_PC8 => Field::Relative(1),
            elf::R_X86_64_GOTPCREL | elf::R_X86_64_GOTPCRELX | elf::R_X86_64_REX_GOTPCRELX => {
                Field::GotRelative
            }
            _ => Field::Other(kind),
        }
    }

    /// Bytes that the linker overwrites.
    pub fn size(self) -> u64 {
        match self {
            Field::Absolute(size) | Field::Relative(size) => u64::from(size),
            Field::GotRelative => 4,
            Field::Other(_) => 8,
        }
    }

    /// Whether the field holds a distance from itself.
    pub fn is_relative(self) -> bool {
        matches!(self, Field::Relative(_) | Field::GotRelative)
    }
}

/// A field that the linker fills in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Relocation {
    /// Byte in the section.
    pub offset: u64,
    pub field: Field,
    /// Index of the symbol.
    pub symbol: usize,
    pub addend: i64,
}

/// What kind of thing a symbol names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SymbolKind {
    Function,
    Object,
    /// Named in assembly, without a type.
    Label,
    Section,
    /// The source file's name, and everything that names no place.
    Nothing,
}

/// Where a symbol stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// In another object.
    Undefined,
    Absolute,
    /// To be given room by the linker.
    Common,
    Section(usize),
}

/// One symbol.
#[derive(Clone, Debug)]
pub(super) struct Symbol {
    pub name: String,
    pub kind: SymbolKind,
    pub home: Home,
    /// Byte in its section.
    pub address: u64,
    /// Bytes, 0 when not said.
    pub size: u64,
    /// Seen by other objects.
    pub global: bool,
    pub weak: bool,
}

/// The tables of the file, before anything is made of them.
#[derive(Clone, Debug)]
pub(super) struct Tables<'a> {
    /// By ELF section number.
    pub sections: Vec<Section<'a>>,
    /// By ELF symbol number.
    pub symbols: Vec<Symbol>,
}

/// Reads sections, symbols and relocations of a relocatable x86-64 object.
pub(super) fn read(bytes: &[u8]) -> Result<Tables<'_>, ObjectError> {
    check_class(bytes)?;
    let header = Header::parse(bytes)?;
    let endian = header.endian()?;
    if header.e_machine(endian) != elf::EM_X86_64 {
        return Err(ObjectError::Machine(header.e_machine(endian).0));
    }
    if header.e_type(endian) != elf::ET_REL {
        return Err(ObjectError::NotRelocatable(header.e_type(endian).0));
    }
    let headers = header.sections(endian, bytes)?;
    let table = headers.symbols(endian, bytes, elf::SHT_SYMTAB)?;
    let mut sections = Vec::with_capacity(headers.len());
    for header in headers.iter() {
        let name = String::from_utf8_lossy(headers.section_name(endian, header)?).into_owned();
        sections.push(section(name, header, bytes)?);
    }
    let mut symbols = Vec::with_capacity(table.len());
    for (index, symbol) in table.enumerate() {
        let section = table.symbol_section(endian, symbol, index)?.map(|section| section.0);
        if section.is_some_and(|section| section >= sections.len()) {
            return Err(malformed("a symbol in a section that is not there"));
        }
        let name = String::from_utf8_lossy(table.symbol_name(endian, symbol)?).into_owned();
        symbols.push(self::symbol(name, symbol, section));
    }
    for header in headers.iter() {
        relocations(header, bytes, &mut sections, symbols.len())?;
    }
    Ok(Tables { sections, symbols })
}

/// Bytes of all sections of an object that are executed; `None` for what is no object.
pub fn text_size(bytes: &[u8]) -> Option<u64> {
    let header = Header::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, bytes).ok()?;
    let is_text = |section: &&elf::SectionHeader64<LittleEndian>| {
        section.sh_flags(endian).0 & elf::SHF_EXECINSTR.0 != 0
    };
    Some(sections.iter().filter(is_text).map(|section| section.sh_size(endian)).sum())
}

/// Refuses what is not 64-bit and little-endian, by the machine that it is for:
/// its number stands at the same place in every ELF file.
fn check_class(bytes: &[u8]) -> Result<(), ObjectError> {
    let Some([0x7f, b'E', b'L', b'F', class, order]) = bytes.get(..6) else { return Ok(()) };
    if (*class, *order) == (2, 1) {
        return Ok(());
    }
    let Some([first, second]) = bytes.get(18..20) else {
        return Err(malformed("cut short"));
    };
    let number = [*first, *second];
    let big = *order == 2;
    Err(ObjectError::Machine(if big {
        u16::from_be_bytes(number)
    } else {
        u16::from_le_bytes(number)
    }))
}

fn malformed(what: &str) -> ObjectError {
    ObjectError::Malformed(what.to_owned())
}

/// Adds the relocations of a section that holds some to the section that they
/// are for.
fn relocations(
    header: &elf::SectionHeader64<LittleEndian>,
    bytes: &[u8],
    sections: &mut [Section<'_>],
    symbols: usize,
) -> Result<(), ObjectError> {
    let endian = LittleEndian;
    let kind = header.sh_type(endian);
    if kind != elf::SHT_RELA && kind != elf::SHT_REL {
        return Ok(());
    }
    let Some(section) = sections.get_mut(header.sh_info(endian) as usize) else {
        return Err(malformed("relocations of a section that is not there"));
    };
    let Some((relas, _)) = header.rela(endian, bytes)? else {
        return Err(malformed("relocations without addends, which x86-64 does not use"));
    };
    for rela in relas {
        let symbol = rela.r_sym(endian, false) as usize;
        if symbol >= symbols {
            return Err(malformed("a relocation by a symbol that is not there"));
        }
        let kind = rela.r_type(endian, false);
        if kind != elf::R_X86_64_NONE {
            section.relocations.push(Relocation {
                offset: rela.r_offset(endian),
                field: Field::new(kind.0),
                symbol,
                addend: rela.r_addend(endian),
            });
        }
    }
    section.relocations.sort_by_key(|relocation| relocation.offset);
    Ok(())
}

fn section<'a>(
    name: String,
    header: &elf::SectionHeader64<LittleEndian>,
    bytes: &'a [u8],
) -> Result<Section<'a>, ObjectError> {
    let flags = header.sh_flags(LittleEndian).0;
    let kind = header.sh_type(LittleEndian);
    let has = |flag: elf::SectionFlags| flags & flag.0 != 0;
    let storage = if !has(elf::SHF_ALLOC) {
        Storage::Unloaded
    } else if kind == elf::SHT_NOBITS {
        Storage::Zeros
    } else if has(elf::SHF_EXECINSTR) {
        Storage::Code
    } else {
        Storage::Data
    };
    let data = match storage {
        Storage::Code | Storage::Data => header.data(LittleEndian, bytes)?,
        Storage::Zeros | Storage::Unloaded => &[],
    };
    Ok(Section {
        name,
        storage,
        writable: has(elf::SHF_WRITE),
        merge: has(elf::SHF_MERGE),
        strings: has(elf::SHF_STRINGS),
        entry_size: header.sh_entsize(LittleEndian),
        align: header.sh_addralign(LittleEndian),
        data,
        size: header.sh_size(LittleEndian),
        relocations: Vec::new(),
    })
}

fn symbol(name: String, symbol: &elf::Sym64<LittleEndian>, section: Option<usize>) -> Symbol {
    let shndx = symbol.st_shndx(LittleEndian);
    let home = match section {
        Some(section) => Home::Section(section),
        None if shndx == elf::SHN_ABS => Home::Absolute,
        None if shndx == elf::SHN_COMMON => Home::Common,
        None => Home::Undefined,
    };
    let kind = match symbol.st_type() {
        elf::STT_FUNC | elf::STT_GNU_IFUNC => SymbolKind::Function,
        elf::STT_OBJECT | elf::STT_TLS | elf::STT_COMMON => SymbolKind::Object,
        elf::STT_NOTYPE => SymbolKind::Label,
        elf::STT_SECTION => SymbolKind::Section,
        _ => SymbolKind::Nothing,
    };
    Symbol {
        name,
        kind,
        home,
        address: symbol.st_value(LittleEndian),
        size: symbol.st_size(LittleEndian),
        global: symbol.st_bind() != elf::STB_LOCAL,
        weak: symbol.st_bind() == elf::STB_WEAK,
    }
}
