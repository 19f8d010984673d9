//! The program as a whole process beside a plain parse of the same files, and at one,
//! two and four times the size: prints the table of `benches/README.md`.
//!
//! `DRVDEDUP_KERNEL` names a kernel's source. It is only read: what is changed is a copy
//! made of links, in `DRVDEDUP_KERNEL_WORK` or beside it, and removed at the end.

use rayon::prelude::*;
use std::cell::RefCell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The folders that are read.
const PARTS: [&str; 2] = ["drivers", "sound"];
/// The kinds that compare whole functions and wrappers.
const EXACT: &str = "identical,constant-only,renamed,wrapper";

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    if let Some("--parse-only") = arguments.next().as_deref() {
        return parse_only(Path::new(&arguments.next().unwrap_or_default()));
    }
    let Some(kernel) = std::env::var_os("DRVDEDUP_KERNEL").map(PathBuf::from) else {
        println!("DRVDEDUP_KERNEL names no kernel: nothing to measure");
        return Ok(());
    };
    let beside = kernel.parent().unwrap_or(Path::new(".")).to_owned();
    let work = std::env::var_os("DRVDEDUP_KERNEL_WORK").map_or(beside, PathBuf::from);
    let work = tempfile::tempdir_in(work)?;
    let tree = work.path().join("tree");
    link(&kernel, &tree)?;
    whole(&tree, &work.path().join("caches"))?;
    sizes(&kernel, work.path())
}

/// The table of one tree.
fn whole(tree: &Path, caches: &Path) -> io::Result<()> {
    let me = std::env::current_exe()?;
    let scan = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drvdedup"));
        command.arg("--tree").arg(tree).args(["scan", "-q"]).args(arguments);
        command.env("XDG_CACHE_HOME", caches);
        command
    };
    // Into the page cache, for all alike.
    run(&mut scan(&["--no-cache", "--kind", "identical"]))?;
    let parse = run(Command::new(me).arg("--parse-only").arg(tree))?;
    println!("| run | time | to a plain parse | memory |\n|---|---|---|---|");
    let row = |name: &str, run: &Run| {
        let ratio = run.time.as_secs_f64() / parse.time.as_secs_f64();
        let (time, memory) = (run.time.as_secs_f64(), run.memory >> 20);
        println!("| {name} | {time:.2} s | {ratio:.3} | {memory} MB |");
    };
    row("plain parse of the same files", &parse);
    row(
        "cold scan: identical, constant-only, renamed, wrapper",
        &best(|| run(&mut scan(&["--no-cache", "--kind", EXACT])))?,
    );
    row("cold scan: all kinds", &best(|| run(&mut scan(&["--no-cache"])))?);
    // The stamps of files that have just been made are not trusted.
    std::thread::sleep(Duration::from_secs(4));
    row("scan that fills the cache", &run(&mut scan(&[]))?);
    row("warm scan", &best(|| run(&mut scan(&[])))?);
    row("warm scan, JSON", &best(|| run(&mut scan(&["--format", "json"])))?);
    let file = "drivers/hwmon/lm75.c";
    row("warm scan --focus of a file", &best(|| run(&mut scan(&["--focus", file])))?);
    let mut turn = 0;
    let mut changed = |arguments: &[&str]| {
        best(|| {
            turn += 1;
            change(&tree.join(file), turn)?;
            run(&mut scan(arguments))
        })
    };
    row("scan after one file changed", &changed(&[])?);
    row("scan after one file changed, JSON", &changed(&["--format", "json"])?);
    Ok(())
}

/// The kernel's drivers once, twice and four times under other names.
fn sizes(kernel: &Path, work: &Path) -> io::Result<()> {
    println!("\n| size | cold scan, all kinds | memory |\n|---|---|---|");
    let top = work.join("sizes");
    let mut copies = 0;
    for size in [1, 2, 4] {
        while copies < size {
            for part in PARTS {
                link(&kernel.join(part), &top.join(format!("copy{copies}")).join(part))?;
            }
            copies += 1;
        }
        let mut scan = Command::new(env!("CARGO_BIN_EXE_drvdedup"));
        scan.arg("--tree").arg(&top).args(["scan", "-q", "--no-cache"]);
        let run = run(&mut scan)?;
        println!("| {size} × | {:.2} s | {} MB |", run.time.as_secs_f64(), run.memory >> 20);
    }
    Ok(())
}

struct Run {
    time: Duration,
    /// Most bytes in memory at a time.
    memory: u64,
}

/// The fastest of three.
fn best(mut measure: impl FnMut() -> io::Result<Run>) -> io::Result<Run> {
    let runs: io::Result<Vec<Run>> = (0..3).map(|_| measure()).collect();
    Ok(runs?.into_iter().min_by_key(|run| run.time).expect("three runs"))
}

fn run(command: &mut Command) -> io::Result<Run> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes =
            peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
        memory = memory.max(kilobytes.unwrap_or(0) << 10);
        if let Some(ended) = child.try_wait()? {
            assert!(ended.success(), "{command:?}: {ended}");
            return Ok(Run { time: start.elapsed(), memory });
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// tree-sitter on whole files as they are, on all threads.
fn parse_only(tree: &Path) -> io::Result<()> {
    thread_local! {
        static PARSER: RefCell<tree_sitter::Parser> = RefCell::default();
    }
    let mut files = Vec::new();
    for part in PARTS {
        sources(&tree.join(part), &mut files)?;
    }
    let language = tree_sitter_c::LANGUAGE.into();
    let nodes: usize = files
        .par_iter()
        .map(|file| {
            let text = fs::read(file).expect("the tree does not change");
            PARSER.with_borrow_mut(|parser| {
                parser.set_language(&language).expect("the grammar fits the library");
                parser.parse(text, None).map_or(0, |tree| tree.root_node().descendant_count())
            })
        })
        .sum();
    println!("{nodes} nodes");
    Ok(())
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sources(&entry.path(), found)?;
        } else if entry.file_type()?.is_file() && entry.path().extension().is_some_and(|e| e == "c")
        {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// A copy of a folder whose files are the same files.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            link(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::hard_link(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Another file in place of the linked one, with a comment more.
fn change(path: &Path, turn: u32) -> io::Result<()> {
    let mut text = fs::read(path)?;
    text.extend_from_slice(format!("/* {turn} */\n").as_bytes());
    fs::remove_file(path)?;
    fs::write(path, text)
}
