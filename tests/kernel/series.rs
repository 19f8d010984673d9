//! Series for three subsystems as `export` writes them: what git, the kernel's own
//! scripts and the compiler say of each patch.

use crate::build::Build;
use crate::mutate::Random;
use crate::support::plan::Proposal;
use crate::workspace::{FOLDERS, Workspace, touched_files};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A series each.
const SUBSYSTEMS: [&str; 3] = ["drivers/hwmon", "drivers/power/supply", "drivers/gpio"];

/// So many proposals go into each series, chosen by the seed.
const EXPORTED: usize = 3;

#[test]
#[ignore = "needs a kernel: see CONTRIBUTING.md"]
fn git_takes_three_series_the_scripts_accept_them_and_every_patch_builds() {
    let mut workspace = Workspace::lock();
    let plan = workspace.plan();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let repository = Repository::of(&workspace, folder.path());
    let build = Build::prepare(&workspace);
    let mut random = Random::from_environment();
    for subsystem in SUBSYSTEMS {
        let of_subsystem: Vec<&Proposal> =
            plan.proposals.iter().filter(|it| it.files[0].starts_with(subsystem)).collect();
        let some: Vec<&Proposal> =
            random.some(&of_subsystem, EXPORTED).into_iter().copied().collect();
        let ids: Vec<&str> = some.iter().map(|proposal| proposal.id.as_str()).collect();
        let output = folder.path().join(subsystem.replace('/', "-"));
        let arguments = ["export", "-o", output.to_str().expect("it is UTF-8")];
        let mut program = Command::new(env!("CARGO_BIN_EXE_drvdedup"));
        repository.run(program.args(arguments).args(&ids));
        let mails = mails(&output);
        assert!(mails.len() >= ids.len(), "{subsystem}: {mails:?}");
        println!("{subsystem}: {} patches of {} proposals", mails.len(), ids.len());

        let files = touched_files(some.iter().copied());
        let before = build.objects(&files);
        assert!(!before.built.is_empty(), "{subsystem}: none of {files:?} is built");
        for mail in &mails {
            check_message(&workspace, mail);
            check_maintainers(&workspace, mail, subsystem);
            repository.git(&["am", "-q", mail.to_str().expect("it is UTF-8")]);
            let changed = repository.git(&["diff", "--name-only", "HEAD~1", "HEAD"]);
            let changed: Vec<String> = changed.lines().map(str::to_owned).collect();
            assert!(changed.iter().all(|file| files.contains(file)), "{changed:?}");
            let faults = build.objects(&files).faults(&before, &files);
            assert!(faults.is_empty(), "{}:\n{}", mail.display(), faults.join("\n"));
        }
    }
}

/// The patches of a series in their order.
fn mails(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the export made it");
    let mut mails: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    mails.sort();
    let cover = mails.remove(0);
    assert!(cover.ends_with("0000-cover-letter.patch"), "{}", cover.display());
    mails
}

/// What `checkpatch.pl` says of all but the lines that come, which have a test of their
/// own: many are the driver's old lines in another place.
fn check_message(workspace: &Workspace, mail: &Path) {
    let mut command = Command::new("perl");
    command.arg("scripts/checkpatch.pl").arg(mail).current_dir(workspace.source());
    command.args(["--strict", "--no-signoff", "--terse", "--no-summary", "--show-types"]);
    let output = command.arg("--color=never").output().expect("perl starts");
    let text = fs::read(mail).expect("it can be read");
    let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    let name = format!("{}:", mail.display());
    let said = String::from_utf8_lossy(&output.stdout);
    let of_message = said.lines().filter(|said| {
        let number = said.strip_prefix(&name).and_then(|said| said.split(':').next());
        let line = number.and_then(|it| it.parse::<usize>().ok()?.checked_sub(1));
        !line.and_then(|at| lines.get(at)).is_some_and(|line| line.starts_with(b"+"))
    });
    let of_message: Vec<&str> = of_message.filter(|said| !said.is_empty()).collect();
    assert!(of_message.is_empty(), "{}", of_message.join("\n"));
    assert!(output.status.code().is_some_and(|code| code <= 1), "{}", said_by(&output));
}

/// Whether `get_maintainer.pl` finds whom to send it to.
fn check_maintainers(workspace: &Workspace, mail: &Path, subsystem: &str) {
    let mut command = Command::new("perl");
    command.args(["scripts/get_maintainer.pl", "--no-git", "--no-git-fallback"]);
    let output = command.arg(mail).current_dir(workspace.source()).output().expect("perl starts");
    assert!(output.status.success(), "{}: {}", mail.display(), said_by(&output));
    let found = String::from_utf8_lossy(&output.stdout);
    let lists = found.lines().filter(|line| line.contains("list")).count();
    assert!(lists >= 2, "{subsystem}: no list but the kernel's own:\n{found}");
}

/// A git repository of the folders that the tests change, apart from the working copy:
/// a kernel in a repository calls itself otherwise and is built anew.
struct Repository {
    folder: PathBuf,
    source: PathBuf,
}

impl Repository {
    fn of(workspace: &Workspace, folder: &Path) -> Repository {
        let source = workspace.source().to_owned();
        let repository = Repository { folder: folder.join("git"), source };
        repository.git(&["init", "-q"]);
        // A distribution's tree may ignore whatever its packaging does not change.
        repository.git(&[&["add", "-f", "--"], &FOLDERS[..]].concat());
        repository.git(&["commit", "-q", "-m", "Linux"]);
        repository
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = self.run(Command::new("git").args(arguments));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a program that finds the repository.
    fn run(&self, command: &mut Command) -> Output {
        command
            .current_dir(&self.source)
            .env("GIT_DIR", &self.folder)
            .env("GIT_WORK_TREE", &self.source)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Jo Doe");
            command.env(format!("GIT_{who}_EMAIL"), "jo@example.org");
        }
        let output = command.output().expect("it starts");
        assert!(output.status.success(), "{command:?}: {}", said_by(&output));
        output
    }
}

fn said_by(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}
