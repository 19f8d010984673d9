//! A function that is a map of its arguments, with all that it can reach, as bytes at
//! addresses. Nothing else of the object comes along. What is laid out so is never
//! written to, and between any two pieces there is a page of nothing, so that whoever
//! reads beyond a constant is found out.

use super::elf::{Field, Home, Relocation, Section, Storage};
use super::layout::Object;
use super::pure::Pure;
use std::collections::BTreeMap;
use std::ops::Range;

const PAGE: u64 = 4096;

/// What an image may take. It is for whoever chooses `base` that all of it is below
/// 2 GiB, where the kernel's memory model has its addresses.
const MOST: u64 = 1 << 24;

/// Where in its pages a constant lies: against which end there is nothing behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// A read before its first byte fails.
    Start,
    /// A read behind its last byte fails.
    End,
}

/// A section in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Address of its first page.
    pub page: u64,
    /// Bytes of its pages.
    pub length: u64,
    /// Address of its first byte.
    pub start: u64,
    /// Its contents.
    pub bytes: Vec<u8>,
    /// Whether it is code; else it is only read.
    pub is_code: bool,
}

/// A function that can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// In the order of their addresses.
    pub pieces: Vec<Piece>,
    /// Address of the function.
    pub entry: u64,
    /// Where strings lie that stand for their characters.
    pub texts: Vec<Range<u64>>,
}

impl Object<'_> {
    /// Lays out a function from `base` upward, which is the start of a page.
    ///
    /// # Errors
    /// There is no room, or a field cannot hold its address.
    pub fn image(&self, pure: &Pure, base: u64, flush: Flush) -> Result<Image, String> {
        let (mut image, mut page) =
            (Image { pieces: Vec::new(), entry: 0, texts: Vec::new() }, base);
        let mut starts = BTreeMap::new();
        for number in &pure.sections {
            let section = self.sections.get(*number).ok_or_else(no_room)?;
            let size = section.data.len() as u64;
            let length = size.max(1).next_multiple_of(PAGE);
            let is_code = section.storage == Storage::Code;
            let start = match flush {
                Flush::End if !is_code => page + length - size,
                _ => page,
            };
            let bytes = section.data.to_vec();
            image.pieces.push(Piece { page, length, start, bytes, is_code });
            if section.strings && section.entry_size == 1 {
                image.texts.push(start..start + size);
            }
            starts.insert(*number, start);
            page += length + PAGE;
            if page > base + MOST {
                return Err(no_room());
            }
        }
        for (number, piece) in pure.sections.iter().zip(&mut image.pieces) {
            let section = self.sections.get(*number).ok_or_else(no_room)?;
            self.relocate(section, piece, &starts)?;
        }
        let block = self.functions.get(pure.entry).and_then(|it| it.blocks.first());
        let block = block.ok_or_else(no_room)?;
        image.entry = starts.get(&block.section).ok_or_else(no_room)? + block.start;
        Ok(image)
    }

    fn relocate(
        &self,
        section: &Section<'_>,
        piece: &mut Piece,
        starts: &BTreeMap<usize, u64>,
    ) -> Result<(), String> {
        for field in &section.relocations {
            let address = self.address(field, starts);
            // Other functions of the section, which are not reached, may refer to more.
            let Some(address) = address else { continue };
            let here = piece.start.wrapping_add(field.offset) as i64;
            let value =
                if field.field.is_relative() { address.wrapping_sub(here) } else { address };
            let size = match field.field {
                Field::Absolute(size) | Field::Relative(size) => usize::from(size),
                _ => return Err(no_room()),
            };
            let fits = size == 8 || size == 4 && i32::try_from(value).is_ok();
            let at = usize::try_from(field.offset).ok();
            let place = at.and_then(|at| piece.bytes.get_mut(at..at.checked_add(size)?));
            let (Some(place), true) = (place, fits) else { return Err(no_room()) };
            place.copy_from_slice(value.to_le_bytes().get(..size).unwrap_or_default());
        }
        Ok(())
    }

    fn address(&self, field: &Relocation, starts: &BTreeMap<usize, u64>) -> Option<i64> {
        let symbol = self.symbols.get(field.symbol)?;
        let Home::Section(section) = symbol.home else { return None };
        let start = starts.get(&section)?.wrapping_add(symbol.address);
        Some((start as i64).wrapping_add(field.addend))
    }
}

fn no_room() -> String {
    "cannot be laid out to be run".to_owned()
}
