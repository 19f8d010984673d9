//! Whole scans of small sources. A path is `drivers/CLASS/DRIVER/FILE`.

use super::*;
use crate::syntax::LoopMacros;
use crate::tree::{SourceFile, Stamp};

mod exact;
mod kinds;

/// Classes of `drivers` drivers each.
struct Folders {
    drivers: usize,
}

impl Placement for Folders {
    fn driver<'a>(&'a self, path: &'a str) -> &'a str {
        path.split('/').nth(2).unwrap_or_default()
    }
    fn class<'a>(&'a self, path: &'a str) -> &'a str {
        path.split('/').nth(1).unwrap_or_default()
    }
    fn drivers_in_class(&self, _class: &str) -> usize {
        self.drivers
    }
}

const FILE: &str = "drivers/net/one/a.c";

fn source_file(path: &str, size: usize) -> SourceFile {
    let stamp = Stamp { size: size as u64, ..Stamp::default() };
    SourceFile { path: path.to_owned(), stamp }
}

/// The kinds that compare whole functions token by token.
fn exact() -> Options {
    let kinds = [Kind::Identical, Kind::ConstantOnly, Kind::Renamed];
    Options { kinds: kinds.into(), ..Options::default() }
}

/// [`exact`] for functions of any size.
fn small() -> Options {
    Options { min_lines: 1, min_tokens: 1, ..exact() }
}

fn scan_of(files: &[(&str, &str)]) -> Scan {
    scan_with(files, &small(), 100)
}

fn scan_with(files: &[(&str, &str)], options: &Options, drivers: usize) -> Scan {
    let root = tempfile::tempdir().unwrap();
    let mut listed = Vec::new();
    for (path, source) in files {
        let file = root.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, source).unwrap();
        listed.push(source_file(path, source.len()));
    }
    let loops = LoopMacros::default();
    scan(root.path(), &listed, &Folders { drivers }, &loops, options, &|_| ())
}

/// One line a group, `kind level: members`, and one a hole, `kind: values @tokens`.
fn report(scan: &Scan) -> Vec<String> {
    let mut lines = Vec::new();
    for group in &scan.groups {
        let names: Vec<_> = group.members.iter().map(|m| m.name.as_str()).collect();
        lines.push(format!("{:?} {:?}: {}", group.kind, group.level, names.join(" ")));
        for hole in &group.holes {
            lines.push(format!("  {:?}: {} @{:?}", hole.kind, hole.values.join(" "), hole.tokens));
        }
    }
    lines
}

#[track_caller]
fn check(source: &str, expected: &[&str]) {
    assert_eq!(report(&scan_of(&[(FILE, source)])), expected);
}

#[test]
fn the_level_tells_how_far_apart_the_members_are() {
    let level = |paths: &[&str], drivers: usize| {
        let files: Vec<_> = paths.iter().map(|p| (*p, "int f(void) { return a(); }")).collect();
        let found = scan_with(&files, &small(), drivers);
        found.groups[0].level
    };
    let net = ["drivers/net/a/f.c", "drivers/net/b/f.c", "drivers/net/c/f.c"];
    assert_eq!(level(&["drivers/net/a/f.c", "drivers/net/a/g.c"], 9), Level::Driver);
    assert_eq!(level(&net[..2], 2), Level::Subset);
    assert_eq!(level(&net, 7), Level::Subset);
    assert_eq!(level(&net, 6), Level::Class);
    assert_eq!(level(&["drivers/net/a/f.c", "drivers/rtc/a/f.c"], 2), Level::CrossClass);
}

#[test]
fn functions_below_the_thresholds_are_counted_but_not_compared() {
    let source = "int f(void)\n{\n\treturn a();\n}\nint g(void)\n{\n\treturn a();\n}\n";
    let groups = |min_lines, min_tokens| {
        let found = scan_with(&[(FILE, source)], &Options { min_lines, min_tokens, ..exact() }, 1);
        assert_eq!((found.functions, found.function_lines, found.lines), (2, 8, 8));
        found.groups.len()
    };
    assert_eq!(groups(4, 12), 1);
    assert_eq!(groups(5, 12), 0);
    assert_eq!(groups(4, 13), 0);
}

#[test]
fn disabled_functions_are_counted_but_not_compared() {
    let found = scan_of(&[(
        FILE,
        "int f(void) { return a(); }\n#if 0\nint g(void) { return a(); }\n#endif\n",
    )]);
    assert_eq!((found.functions, found.disabled_functions, found.groups.len()), (2, 1, 0));
}

#[test]
fn ids_survive_shifted_lines_and_depend_on_files_and_names_only() {
    let source = "int f(void) { return a(1); }\nint g(void) { return a(2); }\n";
    let id = |path: &str, source: &str| scan_of(&[(path, source)]).groups[0].id.clone();
    let base = id(FILE, source);
    assert_eq!(base.len(), 8);
    assert_eq!(id(FILE, &format!("\n/* moved */\n{source}")), base);
    assert_eq!(id(FILE, &source.replace('2', "3")), base);
    assert_ne!(id("drivers/net/one/b.c", source), base);
    assert_ne!(id(FILE, &source.replace('g', "h")), base);
}

#[test]
fn functions_of_one_name_in_one_file_are_told_apart() {
    let one = "int f(void) { return a(1, 2); }\n";
    let other = "int f(void) { return b(1) + c; }\n";
    let found = scan_of(&[(FILE, &format!("{one}{one}{other}{other}"))]);
    let ordinals: Vec<Vec<u32>> =
        found.groups.iter().map(|g| g.members.iter().map(|m| m.ordinal).collect()).collect();
    assert_eq!(ordinals.len(), 2);
    assert!(ordinals.contains(&vec![0, 1]) && ordinals.contains(&vec![2, 3]));
    assert_ne!(found.groups[0].id, found.groups[1].id);
}

#[test]
fn what_cannot_be_read_is_reported_and_the_rest_is_scanned() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("a.c"), "int f(void) { return \"x; }\nint g(void) {\n")
        .unwrap();
    let file = |path: &str| source_file(path, 0);
    let files = [file("gone.c"), file("a.c")];
    let loops = LoopMacros::default();
    let placement = Folders { drivers: 1 };
    let found = scan(root.path(), &files, &placement, &loops, &Options::default(), &|_| ());
    assert_eq!(found.files, 1);
    assert_eq!(found.unreadable[0].0, "gone.c");
    let problems: Vec<_> = found.problems.iter().map(Problem::to_string).collect();
    assert_eq!(
        problems,
        [
            "a.c:1: the body of this function has no closing brace",
            "a.c:1: a literal is not closed on its line"
        ]
    );
}

#[test]
fn members_that_do_not_parse_are_listed_as_gaps() {
    let broken = |name: &str| format!("int {name}(void)\n{{\n\treturn a( ;\n}}\n");
    let found = scan_of(&[(FILE, &(broken("f") + &broken("g")))]);
    let gaps: Vec<_> = found.gaps.iter().map(|g| (g.function.as_str(), g.line)).collect();
    assert_eq!(gaps, [("f", 3), ("g", 7)]);
}

#[test]
fn one_thread_and_several_find_the_same() {
    let sources: Vec<(String, String)> = (0..40)
        .map(|i| {
            let function = |name: &str| {
                format!(
                    "int {name}{i}(struct s{i} *p)\n{{\n\treturn a(p->x, {i}, b{}());\n}}\n",
                    i % 3
                )
            };
            (format!("drivers/net/d{}/f{i}.c", i % 4), function("f") + &function("g"))
        })
        .collect();
    let files: Vec<_> = sources.iter().map(|(p, s)| (p.as_str(), s.as_str())).collect();
    let in_pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let found = pool.install(|| scan_of(&files));
        let ids: Vec<_> = found.groups.iter().map(|g| g.id.clone()).collect();
        (report(&found), ids)
    };
    let one = in_pool(1);
    assert!(one.0.len() > 3);
    assert_eq!(one, in_pool(4));
}
