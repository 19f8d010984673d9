//! `drvdedup export`: what it writes goes through `git am` and gives what `apply` gives.

mod common;
#[path = "support/copies.rs"]
mod copies;

use common::{Run, fails, program, write};
use copies::{fixture_tree, read_below};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The tree that comes along, planned, in a git repository of its own.
struct Project {
    folder: TempDir,
}

impl Project {
    fn new() -> Project {
        let folder = TempDir::new().expect("a folder for the test");
        fixture_tree(&folder.path().join("tree"));
        let project = Project { folder };
        project.git(&["init", "-q", "-b", "main"]);
        project.git(&["config", "core.autocrlf", "false"]);
        project.commit("all");
        project.drvdedup(&["plan", "-q"]);
        project
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn git(&self, args: &[&str]) -> String {
        let output = git(&self.root(), args);
        assert!(output.status.success(), "git {args:?}: {}", said(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn commit(&self, subject: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", subject]);
    }

    fn drvdedup(&self, args: &[&str]) -> Run {
        let run = self.try_drvdedup(args);
        assert_eq!(run.code, Some(0), "{args:?}: {}", run.stderr);
        run
    }

    /// Runs the program with an author and a clock of the test's.
    fn try_drvdedup(&self, args: &[&str]) -> Run {
        let mut command = program(&self.root(), args);
        environment(&mut command).env("SOURCE_DATE_EPOCH", "1700000000");
        let Output { status, stdout, stderr } = command.output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("it is UTF-8");
        Run { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    fn export(&self, args: &[&str]) -> Run {
        let output = self.output();
        let output = output.to_str().expect("it is UTF-8");
        self.drvdedup(&[&["export", "-o", output], args].concat())
    }

    /// Ids of all proposals, by subject.
    fn ids(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root().join(".drvdedup/proposals")).expect("it is planned");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut ids: Vec<String> = names
            .filter_map(|name| Some(name.to_str()?.strip_suffix(".json")?.to_owned()))
            .collect();
        ids.sort();
        ids
    }

    /// The bytes of every file of the tree but git's and the store's.
    fn sources(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = read_below(&self.root());
        files.retain(|path, _| !path.starts_with(".git") && !path.starts_with(".drvdedup"));
        files
    }

    /// The mails by name.
    fn mails(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        read_below(&self.output())
    }

    fn mail(&self, name: &str) -> String {
        let mails = self.mails();
        let found = mails.iter().find(|(path, _)| path.to_string_lossy().contains(name));
        let (_, text) = found.unwrap_or_else(|| panic!("no {name} in {:?}", mails.keys()));
        String::from_utf8_lossy(text).into_owned()
    }

    /// Takes all mails, series by series, with `git am`.
    fn git_am(&self) {
        let mails = self.mails();
        for (path, _) in mails.iter().filter(|(path, _)| !is_cover(path)) {
            let path = self.output().join(path);
            self.git(&["am", "-q", path.to_str().expect("it is UTF-8")]);
        }
    }
}

fn is_cover(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "0000-cover-letter.patch")
}

fn environment(command: &mut Command) -> &mut Command {
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Jörg Doe")
        .env("GIT_AUTHOR_EMAIL", "joerg@example.org")
        .env("GIT_COMMITTER_NAME", "C")
        .env("GIT_COMMITTER_EMAIL", "c@example.org")
}

fn git(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("git");
    environment(command.args(args).current_dir(folder)).output().expect("git starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn git_am_takes_every_mail_and_the_tree_is_what_apply_makes_of_it() {
    let applied = Project::new();
    let exported = Project::new();
    assert!(applied.ids().len() > 5, "{:?}", applied.ids());
    assert_eq!(applied.ids(), exported.ids());
    exported.export(&["--all"]);
    let before = exported.sources();
    exported.git_am();
    applied.drvdedup(&["apply", "--all"]);
    assert_ne!(exported.sources(), before);
    assert_eq!(exported.sources(), applied.sources());
    assert_eq!(exported.git(&["status", "--porcelain"]), "");

    let log = exported.git(&["log", "--format=%an <%ae> %ad|%B", "--date=unix", "HEAD~1..HEAD"]);
    assert!(log.starts_with("Jörg Doe <joerg@example.org> 1700000000|"), "{log}");
    assert!(log.contains("\nFound and rewritten by drvdedup ") && log.contains(", rule "), "{log}");
    assert!(!log.contains("Signed-off-by"), "{log}");
}

#[test]
fn git_am_takes_a_whole_series_with_its_cover_letter() {
    let project = Project::new();
    let ids: Vec<String> = project.ids().into_iter().take(3).collect();
    let named: Vec<&str> = ids.iter().map(String::as_str).collect();
    let said = project.export(&named).stdout;
    assert!(said.contains("git am --empty=drop "), "{said}");
    let mails: Vec<String> = project
        .mails()
        .keys()
        .map(|path| project.output().join(path).to_str().expect("it is UTF-8").to_owned())
        .collect();
    let mails: Vec<&str> = mails.iter().map(String::as_str).collect();
    project.git(&[&["am", "-q", "--empty=drop"], &mails[..]].concat());
    let commits = project.git(&["rev-list", "--count", "HEAD"]);
    assert_eq!(commits.trim(), (mails.len()).to_string(), "the cover letter is no commit");
}

#[test]
fn the_mails_have_what_those_of_git_format_patch_have() {
    let project = Project::new();
    let ids: Vec<String> = project.ids().into_iter().take(2).collect();
    let named: Vec<&str> = ids.iter().map(String::as_str).collect();
    project.export(&named);
    let head = project.git(&["rev-parse", "HEAD"]);
    let cover = project.mail("0000-cover-letter");
    let first = project.mail("0001-");
    let id = cover.lines().find_map(|line| line.strip_prefix("Message-ID: ")).expect("it has one");
    assert!(first.contains(&format!("\nIn-Reply-To: {id}\nReferences: {id}\n")), "{first}");
    assert!(first.contains("\nFrom: =?UTF-8?q?J=C3=B6rg_Doe?= <joerg@example.org>\n"), "{first}");
    assert!(first.contains("\nDate: Tue, 14 Nov 2023 22:13:20 +0000\n"), "{first}");
    assert!(first.contains("\nSubject: [PATCH 1/2] "), "{first}");
    assert!(cover.contains("\nSubject: [PATCH 0/2] "), "{cover}");
    assert!(cover.contains(&format!("\nbase-commit: {}\n-- \ndrvdedup ", head.trim())), "{cover}");
    assert!(first.ends_with(concat!("\n-- \ndrvdedup ", env!("CARGO_PKG_VERSION"), "\n\n")));

    // The rest is compared with what git makes of the commit that it becomes.
    project.git_am();
    let theirs =
        project.git(&["format-patch", "-1", "--histogram", "--no-numbered", "--stdout", "HEAD~1"]);
    let stat = |text: &str| {
        let from = text.find("\n---\n").expect("it begins");
        text[from..text.find("\ndiff --git").expect("it ends")].to_owned()
    };
    assert_eq!(stat(&first), stat(&theirs));
    let hunks = |text: &str| {
        let from = text.find("\n--- a/").expect("it begins");
        text[from..text.rfind("\n-- \n").expect("it ends")].to_owned()
    };
    assert_eq!(hunks(&first).lines().next(), hunks(&theirs).lines().next());
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let project = Project::new();
    project.export(&["--all"]);
    let first = project.mails();
    project.export(&["--all", "-j", "1"]);
    assert_eq!(project.mails(), first);
}

#[test]
fn more_than_fifteen_patches_are_a_series_for_each_subsystem() {
    let project = Project::new();
    project.export(&["--all"]);
    let mails = project.mails();
    assert!(project.ids().len() > 15, "{} proposals", project.ids().len());
    let mut by_series: BTreeMap<&Path, usize> = BTreeMap::new();
    for path in mails.keys() {
        *by_series.entry(path.parent().expect("it has one")).or_default() += 1;
    }
    assert!(by_series.len() > 1, "{by_series:?}");
    assert!(by_series.values().all(|&mails| (2..=16).contains(&mails)), "{by_series:?}");
}

#[test]
fn only_what_is_accepted_is_exported_unless_it_is_named() {
    let project = Project::new();
    let nothing = project.export(&[]);
    assert!(nothing.stderr.contains("nothing is accepted"), "{}", nothing.stderr);
    assert!(!project.output().exists());
    let id = &project.ids()[0];
    let decision =
        format!("{{\"schema\": 1, \"decisions\": {{\"{id}\": {{\"choice\": \"accepted\"}}}}}}");
    write(&project.root(), ".drvdedup/decisions.json", &decision);
    let json = project.export(&["--format", "json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["series"][0]["patches"][0]["proposal"], id.as_str());
    assert_eq!(json["series"][0]["patches"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_log_of_a_file_says_how_subjects_begin() {
    let project = Project::new();
    let id = project.ids()[0].clone();
    let json = project.root().join(format!(".drvdedup/proposals/{id}.json"));
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(json).expect("it is there")).expect("it is JSON");
    let file = json["files"][0].as_str().expect("it has one");
    let path = project.root().join(file);
    let text = fs::read(&path).expect("it is there");
    for subject in ["Our: way: fix it", "treewide: Use x", "Our: way: add it"] {
        fs::write(&path, [&text[..], subject.as_bytes()].concat()).expect("a file");
        project.commit(subject);
        fs::write(&path, &text).expect("a file");
        project.commit("back");
    }
    project.export(&[&id]);
    let subject = project.mail("0001-");
    assert!(subject.contains("\nSubject: [PATCH 1/1] Our: way: "), "{subject}");
    let what = subject.split("Our: way: ").nth(1).and_then(|what| what.chars().next());
    assert!(what.is_some_and(char::is_lowercase), "{subject}");
}

#[test]
fn a_folder_with_other_files_is_refused_and_an_earlier_export_replaced() {
    let project = Project::new();
    let id = project.ids()[0].clone();
    project.export(&["--all"]);
    project.export(&[&id]);
    assert_eq!(project.mails().len(), 2);
    write(&project.output(), "notes.txt", "mine");
    let output = project.output();
    let run = project.try_drvdedup(&["export", "--all", "-o", output.to_str().expect("UTF-8")]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("notes.txt, which is no patch of an earlier"), "{}", run.stderr);
    assert_eq!(project.mails().len(), 3);
}

#[test]
fn without_an_author_it_says_how_to_set_one() {
    let project = Project::new();
    let output = project.output();
    let mut command =
        program(&project.root(), &["export", "--all", "-o", output.to_str().expect("UTF-8")]);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for name in ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "EMAIL"] {
        command.env_remove(name);
    }
    let output = command.output().expect("the program starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("git config --global user.name"), "{}", said(&output));
    assert!(!project.output().exists());
}

#[test]
fn what_is_stale_or_not_committed_is_not_exported() {
    let project = Project::new();
    let id = project.ids()[0].clone();
    let json = fs::read(project.root().join(format!(".drvdedup/proposals/{id}.json")));
    let json: serde_json::Value =
        serde_json::from_slice(&json.expect("it is there")).expect("it is JSON");
    let file = project.root().join(json["files"][0].as_str().expect("it has one"));
    let text = fs::read(&file).expect("it is there");
    fs::write(&file, [&text[..], b"/* mine */\n"].concat()).expect("a file");
    let all = project.export(&["--all"]);
    assert!(all.stderr.contains("left out, stale: ") && all.stderr.contains(&id), "{}", all.stderr);
    let output = project.output();
    let output = output.to_str().expect("UTF-8");
    let named = project.try_drvdedup(&["export", "-o", output, &id]);
    assert_eq!(named.code, Some(2), "{}", named.stderr);
    assert!(named.stderr.contains("changed since proposal"), "{}", named.stderr);

    // Planned anew it is not stale, but git has no such text.
    project.drvdedup(&["plan", "-q"]);
    let named = project.try_drvdedup(&["export", "-o", output, &id]);
    assert_eq!(named.code, Some(2), "{}", named.stderr);
    assert!(named.stderr.contains("not as in the last commit"), "{}", named.stderr);
}

#[test]
fn what_does_not_reach_the_rung_is_left_out_or_if_named_an_error() {
    let project = Project::new();
    let output = project.output();
    let output = output.to_str().expect("UTF-8");
    let all = ["export", "-o", output, "--require", "compiles", "--all"];
    let left_out = project.drvdedup(&all);
    assert!(left_out.stderr.contains("left out, below compiles"), "{}", left_out.stderr);
    let id = project.ids()[0].clone();
    let named = project.try_drvdedup(&["export", "-o", output, "--require", "compiles", &id]);
    assert_eq!(named.code, Some(1), "{}", named.stderr);
    assert!(!project.output().exists());
}

#[test]
fn other_bytes_and_carriage_returns_come_through() {
    let project = Project::new();
    let id = project.ids()[0].clone();
    let json = fs::read(project.root().join(format!(".drvdedup/proposals/{id}.json")));
    let json: serde_json::Value =
        serde_json::from_slice(&json.expect("it is there")).expect("it is JSON");
    let file = project.root().join(json["files"][0].as_str().expect("it has one"));
    let plain = fs::read(&file).expect("it is there");
    let comment = b"/* caf\xe9 */\n";
    let latin1: Vec<u8> = plain
        .split_inclusive(|&byte| byte == b'\n')
        .flat_map(|line| match line {
            b"}\n" => [b"}\n\n", &comment[..]].concat(),
            line => line.to_vec(),
        })
        .collect();
    let dos = String::from_utf8_lossy(&plain).replace('\n', "\r\n").into_bytes();
    for (text, header) in [(latin1, "ISO-8859-1"), (dos, "quoted-printable")] {
        fs::write(&file, &text).expect("a file");
        project.commit("other bytes");
        project.drvdedup(&["plan", "-q"]);
        project.export(&[&id]);
        assert!(project.mail("0001-").contains(header), "{}", project.mail("0001-"));
        project.git_am();
        let sent = project.sources();
        project.git(&["reset", "-q", "--hard", "HEAD~1"]);
        project.drvdedup(&["apply", &id]);
        assert_eq!(project.sources(), sent);
        project.drvdedup(&["undo"]);
    }
}

#[test]
fn outside_a_repository_there_is_no_base_and_the_subjects_are_ours() {
    let project = Project::new();
    fs::remove_dir_all(project.root().join(".git")).expect("it can go");
    project.export(&["--all"]);
    for (path, text) in project.mails().iter().filter(|(path, _)| is_cover(path)) {
        let text = String::from_utf8_lossy(text);
        assert!(!text.contains("base-commit"), "{}: {text}", path.display());
    }
}

#[test]
fn before_the_first_plan_there_is_nothing_to_export() {
    let dir = common::tree();
    let out = dir.path().join("out");
    let args = ["export", "--all", "-o", out.to_str().expect("UTF-8")];
    fails(dir.path(), &args, "run `drvdedup plan` first");
}
