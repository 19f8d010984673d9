//! The mutants of `tests/recall.rs`, made of real driver functions: chosen by a seed
//! among all of drivers and sound.

use crate::mutate::{Class, Random};
use crate::planting::{self, Base, Original};
use crate::workspace::folder_of;
use drvdedup::syntax::LoopMacros;
use drvdedup::tree::SourceFile;
use std::sync::LazyLock;

/// How many functions are chosen: more than there are mutants of a class, because not
/// every mutation is possible for every function.
const SAMPLE: usize = 2000;

static BASE: LazyLock<Base> = LazyLock::new(base);

fn base() -> Base {
    let tree = planting::open(&folder_of("DRVDEDUP_KERNEL"));
    let loops = LoopMacros::new(&tree.loop_macros);
    let files = tree.walk(&[], &[]).expect("the kernel can be walked").files;
    let mut ends = Vec::with_capacity(files.len());
    let bytes = files.iter().fold(0, |sum, file| {
        ends.push(sum + file.size());
        sum + file.size()
    });
    let mut random = Random::from_environment();
    let mut originals: Vec<Original> = Vec::new();
    while originals.len() < SAMPLE {
        // By its bytes, so that a function of a long file is chosen as often as others.
        let byte = (random.next() << 31 | random.next()) % bytes;
        let file: &SourceFile = &files[ends.partition_point(|&end| end <= byte)];
        let source = tree.read(&file.path).expect("the kernel can be read");
        let mut found = planting::originals(&file.path, &source, &loops);
        if found.is_empty() {
            continue;
        }
        let chosen = found.swap_remove(random.below(found.len()));
        if originals.iter().all(|other| other.place != chosen.place) {
            originals.push(chosen);
        }
    }
    Base::new(&tree.root, originals, Vec::new())
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn functions_of_another_layout_are_identical() {
    planting::check(&BASE, Class::Layout, 100);
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn functions_with_other_locals_are_renamed() {
    planting::check(&BASE, Class::Locals, 100);
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn functions_with_other_constants_are_constant_only() {
    planting::check(&BASE, Class::Constants, 100);
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn functions_that_call_another_function_are_renamed() {
    planting::check(&BASE, Class::Callee, 100);
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn functions_of_another_type_are_renamed() {
    planting::check(&BASE, Class::Type, 100);
}

/// What takes the kind *gapped* to be found: `cargo test gapped::` runs these alone.
mod gapped {
    use super::{BASE, Class, planting};

    #[test]
    #[ignore = "needs a kernel: see CONTRIBUTING.md"]
    fn functions_with_a_statement_more_are_gapped() {
        planting::check(&BASE, Class::Inserted, 98);
    }

    #[test]
    #[ignore = "needs a kernel: see CONTRIBUTING.md"]
    fn functions_with_two_statements_less_are_gapped() {
        planting::check(&BASE, Class::Deleted, 98);
    }

    #[test]
    #[ignore = "needs a kernel: see CONTRIBUTING.md"]
    fn functions_with_two_statements_exchanged_are_gapped() {
        planting::check(&BASE, Class::Exchanged, 98);
    }

    #[test]
    #[ignore = "needs a kernel: see CONTRIBUTING.md"]
    fn functions_changed_in_two_ways_are_what_the_stronger_change_makes_them() {
        planting::check(&BASE, Class::Mixture, 95);
    }
}

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn mutants_differ_from_their_originals_in_what_their_class_says() {
    planting::check_mutants(&BASE);
}
