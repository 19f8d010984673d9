//! How long each stage takes, beside a plain parse of the same files.
//!
//! Every benchmark reads the files itself, on all threads, as the program does, so
//! that the rows can be set against each other. The corpus `fixtures` is the tree
//! in `fixtures/tree`; with `DRVDEDUP_KERNEL` naming a kernel's source there is
//! `kernel`, its `drivers` and `sound`.

use divan::Bencher;
use divan::counter::BytesCount;
use drvdedup::detect::{self, Placement};
use drvdedup::syntax::{FunctionTree, LoopMacros, split};
use drvdedup::tree::{KernelTree, SourceFile, class_of};
use rayon::prelude::*;
use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

fn main() {
    divan::main();
}

/// The files of one tree.
struct Corpus {
    name: &'static str,
    tree: KernelTree,
    loops: LoopMacros,
    files: Vec<SourceFile>,
}

impl fmt::Display for Corpus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

impl Corpus {
    fn open(name: &'static str, root: &Path) -> Corpus {
        let tree = KernelTree::discover(root, Some(root)).expect("a kernel tree");
        let paths: Vec<PathBuf> = vec![root.join("drivers"), root.join("sound")];
        let files = tree.walk(&paths, &[]).expect("its drivers can be read").files;
        let loops = LoopMacros::new(&tree.loop_macros);
        Corpus { name, tree, loops, files }
    }

    /// Times `work` on the text of every file.
    fn bench_texts(&self, bencher: Bencher, work: impl Fn(&[u8]) -> usize + Sync) {
        bencher.counter(self.bytes()).bench(|| {
            let results = self.files.par_iter().map(|file| {
                let text = self.tree.read(&file.path).expect("the corpus does not change");
                work(&text)
            });
            results.sum::<usize>()
        });
    }

    fn bytes(&self) -> BytesCount {
        BytesCount::new(self.files.iter().map(|file| file.size()).sum::<u64>())
    }
}

static CORPORA: LazyLock<Vec<Corpus>> = LazyLock::new(|| {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tree");
    let kernel = std::env::var_os("DRVDEDUP_KERNEL").map(PathBuf::from);
    let fixtures = Corpus::open("fixtures", &fixtures);
    std::iter::once(fixtures).chain(kernel.map(|root| Corpus::open("kernel", &root))).collect()
});

/// Only reads the files: the floor below which nothing can go.
#[divan::bench(args = &*CORPORA, sample_size = 1, sample_count = 20, max_time = 10)]
fn read(bencher: Bencher, corpus: &Corpus) {
    corpus.bench_texts(bencher, <[u8]>::len);
}

/// Tier 1 without its hashes: tokens, and where functions begin and end.
#[divan::bench(args = &*CORPORA, sample_size = 1, sample_count = 20, max_time = 10)]
fn lex_and_split(bencher: Bencher, corpus: &Corpus) {
    corpus.bench_texts(bencher, |text| split::functions(text).0.len());
}

/// Tier 2 on every function. A scan does it to members of groups only.
#[divan::bench(args = &*CORPORA, sample_size = 1, sample_count = 20, max_time = 10)]
fn mask_and_parse(bencher: Bencher, corpus: &Corpus) {
    corpus.bench_texts(bencher, |text| {
        let (functions, _) = split::functions(text);
        let trees =
            functions.iter().map(|function| FunctionTree::parse(text, function, &corpus.loops));
        trees.map(|tree| tree.nodes.len()).sum()
    });
}

/// The baseline: tree-sitter on whole files as they are.
#[divan::bench(args = &*CORPORA, sample_size = 1, sample_count = 20, max_time = 10)]
fn parse_only(bencher: Bencher, corpus: &Corpus) {
    thread_local! {
        static PARSER: RefCell<tree_sitter::Parser> = RefCell::default();
    }
    let language = tree_sitter_c::LANGUAGE.into();
    corpus.bench_texts(bencher, |text| {
        PARSER.with_borrow_mut(|parser| {
            parser.set_language(&language).expect("the grammar fits the library");
            parser.parse(text, None).map_or(0, |tree| tree.root_node().descendant_count())
        })
    });
}

/// The whole of `detect`.
#[divan::bench(args = &*CORPORA, sample_size = 1, sample_count = 20, max_time = 10)]
fn scan(bencher: Bencher, corpus: &Corpus) {
    let Corpus { tree, files, loops, .. } = corpus;
    let options = detect::Options::default();
    bencher.counter(corpus.bytes()).bench(|| {
        detect::scan(&tree.root, files, &ByFolder, loops, &options, &|_| {}).groups.len()
    });
}

/// A driver is a file: reading the makefiles is no part of the stage.
struct ByFolder;

impl Placement for ByFolder {
    fn driver<'a>(&'a self, path: &'a str) -> &'a str {
        path
    }

    fn class<'a>(&'a self, path: &'a str) -> &'a str {
        class_of(path)
    }

    fn drivers_in_class(&self, _class: &str) -> usize {
        usize::MAX
    }
}
