//! Parts of functions: runs of statements of one shape, and blocks that several functions
//! of one driver repeat.

use super::{Maker, buckets};
use crate::detect::blocks::{self, Block, Sort};
use crate::detect::group::{Candidate, Form, Found};
use crate::detect::level::level;
use crate::detect::memo::Step;
use crate::detect::sequence;
use crate::detect::world::{Id, World};
use crate::detect::{CloneGroup, Hole, HoleKind, Kind, Member};
use crate::syntax::{TokenKind, line_at};
use rayon::prelude::*;

/// Statements that are the same in several functions, by their hashes.
struct Repeated {
    /// The number of the driver.
    driver: usize,
    /// The functions.
    ids: Vec<Id>,
    /// The number of the first statement in each.
    starts: Vec<usize>,
    /// How many there are.
    length: usize,
}

impl Maker<'_> {
    /// *sequence*: runs inside functions.
    pub fn sequences(&mut self, world: &mut World) -> Found {
        let with_runs = world.free().filter(|&id| world.facts(id).has_run);
        let lists: Vec<Vec<Id>> = with_runs.map(|id| vec![id]).collect();
        self.make(world, Step::Sequences, &lists, |this, list| {
            let mut found = Found::default();
            for form in Form::all(list) {
                let text = &form.candidate.text;
                for run in sequence::runs(text, &form.tokens, form.body()) {
                    found.groups.push(this.sequence(&form, &run));
                    found.ids.push(form.candidate.id);
                }
            }
            found
        })
    }

    /// *sequence*, too: blocks of statements that several functions of one driver repeat.
    pub fn blocks(&mut self, world: &mut World) -> Found {
        let large = world.free().filter(|&id| world.facts(id).statements.len() >= blocks::FEWEST);
        let drivers = buckets(large.map(|id| (world.entry(id).place.1, id)));
        self.remember(world, Step::Blocks, &drivers, Self::blocks_of)
    }

    /// The blocks of each driver.
    fn blocks_of(&mut self, world: &World, drivers: &[&[Id]]) -> Vec<Found> {
        let of = |id: &Id| world.entry(*id).facts.statements_of(world.facts(*id));
        let in_driver = |(driver, ids): (usize, &&[Id])| {
            let hashes: Vec<&[u32]> = ids.iter().map(of).collect();
            let found = blocks::candidates(&hashes).into_iter();
            let placed = found.map(|candidate| {
                let places = candidate.places.into_iter();
                let (ids, starts) = places.map(|(at, start)| (ids[at], start)).unzip();
                Repeated { driver, ids, starts, length: candidate.length }
            });
            placed.collect::<Vec<_>>()
        };
        let repeated: Vec<Repeated> =
            drivers.par_iter().enumerate().flat_map_iter(in_driver).collect();
        let lists: Vec<&[Id]> = repeated.iter().map(|repeated| repeated.ids.as_slice()).collect();
        let made = self.read(world, &lists, |this, at, list| this.block(list, &repeated[at]));
        let mut of_drivers: Vec<Found> = drivers.iter().map(|_| Found::default()).collect();
        for (repeated, made) in repeated.iter().zip(made) {
            of_drivers[repeated.driver].append(made);
        }
        of_drivers
    }

    fn block(&self, list: &[Candidate], repeated: &Repeated) -> Found {
        let mut found = Found::default();
        // One that could not be read again leaves the others without a place.
        if list.len() != repeated.ids.len() {
            return found;
        }
        let forms = Form::all(list);
        let blocks = blocks::verified(&forms, &repeated.starts, repeated.length);
        if !blocks.is_empty() {
            found.groups.push(self.parts(&blocks));
            found.ids.extend(blocks.iter().map(|block| block.form.candidate.id));
        }
        found
    }

    fn sequence(&self, form: &Form, run: &sequence::Run) -> CloneGroup {
        let parts = run.repetitions.iter().map(|tokens| Block { form, tokens: tokens.clone() });
        self.parts(&parts.collect::<Vec<_>>())
    }

    /// A group of parts of functions that have the same tokens but for constants and
    /// the names of locals.
    fn parts(&self, parts: &[Block]) -> CloneGroup {
        let members: Vec<Member> = parts.iter().map(part).collect();
        let first = &parts[0];
        let differs = |offset: &usize| {
            let text = first.form.text(first.tokens.start + offset);
            parts.iter().any(|part| part.form.text(part.tokens.start + offset) != text)
        };
        let hole = |offset: usize| {
            let at = |part: &Block| part.tokens.start + offset;
            let is_name = |part: &Block| part.form.tokens[at(part)].kind == TokenKind::Ident;
            let kind = match blocks::sort_of(first.form, at(first)) {
                Sort::Text => HoleKind::String,
                Sort::Constant if parts.iter().any(is_name) => HoleKind::Constant,
                Sort::Constant => HoleKind::Integer,
                Sort::Name | Sort::Fixed => return None,
            };
            let value =
                |part: &Block| String::from_utf8_lossy(part.form.text(at(part))).into_owned();
            let values = parts.iter().map(value).collect();
            Some(Hole { kind, values, tokens: vec![offset as u32] })
        };
        let holes = (0..first.tokens.len()).filter(differs).filter_map(hole).collect();
        let level = level(&members, self.placement);
        let kind = Kind::Sequence;
        CloneGroup { id: String::new(), kind, level, members, holes, adds_nothing: false }
    }
}

/// A part of a function as a member: its place is the part's.
fn part(block: &Block) -> Member {
    let Block { form, tokens } = block;
    let mut member = form.member();
    let start = form.tokens[tokens.start].start;
    let end = form.tokens[tokens.end - 1].end;
    let whole = member.function.clone();
    let line = |offset: u32| whole.start_line + line_at(&form.candidate.text, offset as usize) - 1;
    member.function.start_line = line(start);
    member.function.end_line = line(end.saturating_sub(1));
    member.function.start = whole.start + start;
    member.function.body = member.function.start;
    member.function.end = whole.start + end;
    member.function.token_count = tokens.len() as u32;
    member
}
