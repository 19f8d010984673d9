//! `drvdedup review` as a person uses it: in a terminal of the test's own, and without
//! one.

mod common;
#[path = "support/copies.rs"]
mod copies;

use common::{fails, program, run, write};
use copies::fixture_tree;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A busy machine may need long to plan anew.
const PATIENCE: Duration = Duration::from_secs(120);

fn planned() -> TempDir {
    let folder = TempDir::new().expect("a folder for the test");
    fixture_tree(folder.path());
    write(
        folder.path(),
        "MAINTAINERS",
        "HARDWARE MONITORING\nM:\tHw Mon <hw@example.org>\nL:\thwmon@example.org\nS:\tMaintained\n\
         F:\tdrivers/hwmon/\n",
    );
    let plan = run(folder.path(), &["plan", "-q", "--no-cache"]);
    assert_eq!(plan.code, Some(0), "{}", plan.stderr);
    folder
}

fn list(root: &Path) -> Vec<Value> {
    let list = run(root, &["review", "--list", "--format", "json"]);
    assert_eq!(list.stdout, run(root, &["review", "--json"]).stdout);
    assert_eq!(list.code, Some(0), "{}", list.stderr);
    let json: Value = serde_json::from_str(&list.stdout).expect("it is JSON");
    json["proposals"].as_array().expect("a list").clone()
}

fn ids(root: &Path) -> Vec<String> {
    list(root).iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect()
}

fn find(root: &Path, id: &str) -> Value {
    list(root).into_iter().find(|it| it["id"] == id).expect("it is there")
}

#[test]
fn everything_works_without_a_terminal() {
    let dir = planned();
    let root = dir.path();
    let ids = ids(root);
    let accepted = run(root, &["review", "--accept", &ids[0], &ids[1][..6]]);
    assert_eq!(accepted.code, Some(0), "{}", accepted.stderr);
    assert!(accepted.stderr.contains("2 proposals accepted"), "{}", accepted.stderr);
    run(root, &["review", "--reject", &ids[2], "--reason", "the copies will differ"]);
    let rejected = find(root, &ids[2]);
    assert_eq!(rejected["decision"], "rejected");
    assert_eq!(rejected["reason"], "the copies will differ");
    assert_eq!(find(root, &ids[1])["decision"], "accepted");
    assert_eq!(find(root, &ids[3])["decision"], Value::Null);
    run(root, &["review", "--forget", &ids[0], "--accept", &ids[3]]);
    assert_eq!(find(root, &ids[0])["decision"], Value::Null);

    let list = run(root, &["review", "--list"]).stdout;
    assert!(list.contains(&format!("{} rejected expands", ids[2])), "{list}");
    assert!(list.contains("    the copies will differ\n"), "{list}");
    assert!(list.contains("\n  accepted      2\n  rejected      1\n"), "{list}");
    let checked = run(root, &["apply", "--check"]);
    assert!(checked.stdout.starts_with("2 proposals would apply"), "{}", checked.stdout);
}

#[test]
fn answers_that_contradict_each_other_or_name_nothing_change_nothing() {
    let dir = planned();
    let root = dir.path();
    let ids = ids(root);
    fails(root, &["review", "--accept", &ids[0], "--reject", &ids[0]], "two answers for");
    fails(root, &["review", "--accept", &ids[0], "zzzz"], "no proposal `zzzz`");
    fails(root, &["review", "--reason", "why"], "--reject");
    assert!(list(root).iter().all(|it| it["decision"].is_null()));
}

#[test]
fn the_order_is_that_of_the_plan() {
    let dir = planned();
    let plan = run(dir.path(), &["plan", "--format", "json", "--no-cache"]);
    let plan: Value = serde_json::from_str(&plan.stdout).expect("it is JSON");
    let groups = plan["groups"].as_array().expect("a list");
    let in_order: Vec<&str> =
        groups.iter().filter_map(|group| group["outcome"]["proposal"].as_str()).collect();
    assert_eq!(ids(dir.path()), in_order);
}

#[test]
fn without_a_terminal_it_says_how_to_go_without() {
    let dir = planned();
    fails(dir.path(), &["review"], "there is no terminal to review on");
    let said = run(dir.path(), &["review"]).stderr;
    assert!(said.contains("`--list` lists") && said.contains("--accept ID"), "{said}");
}

/// The program in a terminal.
struct Terminal {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// How the terminal was set before.
    before: String,
}

impl Terminal {
    fn new(root: &Path, (rows, cols): (u16, u16), editor: Option<&Path>) -> Terminal {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_drvdedup"));
        command.args(["review", "--no-cache"]);
        command.cwd(root);
        command.env("TERM", "xterm-256color");
        command.env_remove("COLUMNS");
        command.env_remove("NO_COLOR");
        command.env_remove("VISUAL");
        command.env("EDITOR", editor.unwrap_or(Path::new("false")));
        let before = settings(&*pair.master);
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let screen =
            Arc::new(Mutex::new(vt100::Parser::new(at_least_one(rows), at_least_one(cols), 0)));
        let mut reader = pair.master.try_clone_reader().expect("it can be read");
        let fed = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                fed.lock().unwrap_or_else(PoisonError::into_inner).process(&bytes[..count]);
            }
        });
        let keys = pair.master.take_writer().expect("it takes keys");
        Terminal { master: pair.master, child, keys, screen, before }
    }

    fn contents(&self) -> String {
        let parser = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        parser.screen().contents()
    }

    /// Waits until the screen has the text.
    #[track_caller]
    fn wait_for(&self, text: &str) -> String {
        let begun = Instant::now();
        loop {
            let contents = self.contents();
            if contents.contains(text) {
                return contents;
            }
            assert!(begun.elapsed() < PATIENCE, "no `{text}` on:\n{contents}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("it takes keys");
        self.keys.flush().expect("it takes keys");
    }

    fn resize(&self, rows: u16, cols: u16) {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        self.screen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .screen_mut()
            .set_size(at_least_one(rows), at_least_one(cols));
        self.master.resize(size).expect("it can be resized");
    }

    /// Waits for the end; the exit code. The terminal must be as it was.
    #[track_caller]
    fn end(mut self) -> u32 {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                let contents = self.contents();
                drop(self.child.kill());
                panic!("it does not end:\n{contents}");
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(settings(&*self.master), self.before, "the terminal is set otherwise");
        // What was written last may still be on its way.
        let begun = Instant::now();
        while self.is_alternate() && begun.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(!self.is_alternate(), "the screen of before is not back");
        status.exit_code()
    }

    fn is_alternate(&self) -> bool {
        let parser = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        parser.screen().alternate_screen() || parser.screen().hide_cursor()
    }
}

fn at_least_one(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("a terminal has rows and columns")
}

fn settings(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a terminal has settings"))
}

#[test]
fn a_person_decides_and_goes_on_another_day() {
    let dir = planned();
    let root = dir.path();
    let ids = ids(root);
    let mut terminal = Terminal::new(root, (24, 80), None);
    let first = terminal.wait_for("q quit");
    assert!(first.starts_with(&format!("1/{} {}", ids.len(), ids[0])), "{first}");
    terminal.press("a");
    terminal.wait_for(&format!("{} accepted", ids[0]));
    assert_eq!(find(root, &ids[0])["decision"], "accepted", "it is saved at once");
    terminal.press("r");
    terminal.wait_for("why (Enter rejects");
    terminal.press("not mine\r");
    terminal.wait_for(&format!("{} rejected", ids[1]));
    terminal.press("s");
    terminal.wait_for(&format!("4/{} {}", ids.len(), ids[3]));
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    assert_eq!(find(root, &ids[1])["reason"], "not mine");

    let mut again = Terminal::new(root, (24, 80), None);
    again.wait_for(&format!("4/{} {}", ids.len(), ids[3]));
    again.press("b");
    again.wait_for(&format!("3/{} {}", ids.len(), ids[2]));
    again.press("?");
    again.wait_for("Any key leads back");
    again.press("xq");
    assert_eq!(again.end(), 0);
}

#[test]
fn a_screen_of_eighty_columns_has_all_that_a_reviewer_asks() {
    let dir = planned();
    let terminal = Terminal::new(dir.path(), (24, 80), None);
    let screen = terminal.wait_for("q quit");
    insta::assert_snapshot!(screen, @r"
    1/18 65cb9d04 hwmon: (axm75) Factor out temp1_show_command()
    expands, procedural-abstraction, 13 lines less (+10 -23), 18 open
    HARDWARE MONITORING: Hw Mon; hwmon@example.org; Maintained
    ────────────────────────────────────────────────────────────────────────────────
    Group 4861082b: constant-only: 3 functions of one driver, 28 redundant lines
      drivers/hwmon/axm75.c:77-90 temp1_max_show() in axm75, hwmon
      drivers/hwmon/axm75.c:92-105 temp1_min_show() in axm75, hwmon
      drivers/hwmon/axm75.c:107-120 temp1_crit_show() in axm75, hwmon

    drivers/hwmon/axm75.c:77
    static ssize_t temp1_max_show(struct device *dev, struct device_attribute *attr,
                                  char *buf)
    {
            struct axm75_data *data = dev_get_drvdata(dev);
            int reg;

            mutex_lock(&data->lock);
            reg = i2c_smbus_read_word_swapped(data->client, AXM75_REG_MAX);
            mutex_unlock(&data->lock);
            if (reg < 0)
                    return reg;
    ────────────────────────────────────────────────────────────────────────────────
    132 more lines below
    a accept  r reject  s skip  b back  e edit  m name  A all  ? help  q quit
    ");
    drop(terminal.child.clone_killer().kill());
}

#[test]
fn members_stand_side_by_side_when_the_terminal_is_made_wider() {
    let dir = planned();
    let mut terminal = Terminal::new(dir.path(), (24, 80), None);
    assert!(!terminal.wait_for("q quit").contains(" │ "));
    terminal.resize(40, 140);
    terminal.wait_for(" │ ");
    terminal.resize(6, 20);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn all_of_a_driver_are_taken_at_once() {
    let dir = planned();
    let mut terminal = Terminal::new(dir.path(), (24, 80), None);
    terminal.wait_for("q quit");
    terminal.press("A");
    let asked = terminal.wait_for("accept all open of its");
    let number = asked.split("d driver (").nth(1).and_then(|rest| rest.split(')').next());
    let number: usize = number.and_then(|it| it.parse().ok()).expect("a number");
    terminal.press("d");
    terminal.wait_for("accepted");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    let accepted = list(dir.path()).iter().filter(|it| it["decision"] == "accepted").count();
    assert_eq!(accepted, number);
}

/// An editor that does what a line of sed says.
fn editor(folder: &Path, sed: &str) -> std::path::PathBuf {
    let path = folder.join("editor");
    fs::write(&path, format!("#!/bin/sh\nsed -i -e '{sed}' \"$1\"\n")).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    path
}

#[test]
fn an_edited_patch_is_checked_and_stays_through_another_plan() {
    let dir = planned();
    let tools = TempDir::new().expect("a folder for the test");
    let root = dir.path();
    let id = ids(root)[0].clone();
    let added = find(root, &id)["lines_added"].as_u64().expect("a number");
    let editor = editor(tools.path(), "0,/^+[^+]/s//+\\/* by hand *\\/\\n&/");
    let mut terminal = Terminal::new(root, (24, 80), Some(&editor));
    terminal.wait_for("q quit");
    terminal.press("e");
    terminal.wait_for("saved, ");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    let check = || {
        let proposal = find(root, &id);
        assert_eq!(proposal["lines_added"], added + 1, "{proposal}");
        let note = proposal["notes"].as_array().and_then(|notes| notes.last()).cloned();
        assert!(note.is_some_and(|it| it.to_string().contains("edited by hand")), "{proposal}");
        let shown = run(root, &["show", &id]).stdout;
        assert!(shown.contains("+/* by hand */"), "{shown}");
        assert!(shown.contains("The patch was changed by hand after that."), "{shown}");
    };
    check();
    run(root, &["plan", "-q", "--no-cache"]);
    check();
    let applied = run(root, &["apply", "--require", "applies", &id]);
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
}

#[test]
fn a_patch_that_does_not_apply_is_not_taken_and_what_was_typed_is_kept() {
    let dir = planned();
    let tools = TempDir::new().expect("a folder for the test");
    let root = dir.path();
    let id = ids(root)[0].clone();
    let patch = root.join(format!(".drvdedup/proposals/{id}.patch"));
    let before = fs::read(&patch).expect("it is there");
    let editor = editor(tools.path(), "s/^-/-x/;s/^-x-- /--- /");
    let mut terminal = Terminal::new(root, (24, 100), Some(&editor));
    terminal.wait_for("q quit");
    terminal.press("e");
    terminal.wait_for("not in the file");
    assert_eq!(fs::read(&patch).expect("it is there"), before);
    // The same editor takes it back: what was typed is what it is given.
    fs::write(tools.path().join("editor"), "#!/bin/sh\nsed -i -e 's/^-x/-/' \"$1\"\n")
        .expect("a file");
    terminal.press("e");
    terminal.wait_for("the patch is as it was");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn an_editor_that_fails_changes_nothing() {
    let dir = planned();
    let mut terminal = Terminal::new(dir.path(), (24, 80), None);
    terminal.wait_for("q quit");
    terminal.press("e");
    terminal.wait_for("`false` failed");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_helper_is_named_unless_the_name_is_taken() {
    let dir = planned();
    let root = dir.path();
    let subject = |it: &Value| it["subject"].as_str().is_some_and(|it| it.contains("Factor out"));
    let at = list(root).iter().position(subject).expect("one has a helper");
    let id = ids(root)[at].clone();
    let mut terminal = Terminal::new(root, (24, 100), None);
    terminal.wait_for("q quit");
    terminal.press(&"s".repeat(at));
    terminal.wait_for(&format!("{}/", at + 1));
    let erase = "\u{7f}".repeat(60);
    terminal.press("m");
    terminal.wait_for("name (Enter plans it anew");
    terminal.press(&format!("{erase}2nd\r"));
    terminal.wait_for("`2nd` is no name of a function");
    terminal.press(&format!("m{erase}my_own_helper\r"));
    terminal.wait_for("my_own_helper(): planned anew, expands");
    let proposal = find(root, &id);
    assert!(proposal["subject"].as_str().is_some_and(|it| it.contains("my_own_helper()")));
    // A member of the group is a function of that name already.
    let file = proposal["files"][0].as_str().expect("a file");
    let text = fs::read_to_string(root.join(file)).expect("it is there");
    let taken = text
        .lines()
        .filter(|line| line.starts_with("static ") && !line.contains(['=', '*', ';']))
        .find_map(|line| line.split('(').next()?.split(' ').next_back())
        .expect("the file has a function");
    terminal.press(&format!("m{erase}{taken}\r"));
    terminal.wait_for("is taken");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    run(root, &["plan", "-q", "--no-cache"]);
    assert_eq!(find(root, &id)["subject"], proposal["subject"], "another plan keeps it");
}

#[test]
fn whatever_ends_it_the_terminal_is_as_it_was() {
    let dir = planned();
    let mut terminal = Terminal::new(dir.path(), (24, 80), None);
    terminal.wait_for("q quit");
    terminal.press("rabc\u{3}");
    assert_eq!(terminal.end(), 2);
    for signal in ["TERM", "HUP", "INT"] {
        let terminal = Terminal::new(dir.path(), (24, 80), None);
        terminal.wait_for("q quit");
        let pid = terminal.child.process_id().expect("it runs").to_string();
        let kill = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(kill.expect("kill starts").success());
        assert_eq!(terminal.end(), 2, "SIG{signal}");
    }
}

#[test]
fn a_review_ends_when_its_terminal_is_closed() {
    let dir = planned();
    let terminal = Terminal::new(dir.path(), (24, 80), None);
    terminal.wait_for("q quit");
    let Terminal { master, mut child, keys, .. } = terminal;
    drop((master, keys));
    let begun = Instant::now();
    while child.try_wait().expect("it can be asked").is_none() {
        if begun.elapsed() > PATIENCE {
            drop(child.kill());
            panic!("it runs on without a terminal");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_terminal_that_can_do_nothing_is_none() {
    let dir = planned();
    let output = program(dir.path(), &["review"]).env("TERM", "dumb").output();
    assert_eq!(output.expect("it starts").status.code(), Some(2));
}

#[test]
fn before_the_first_plan_there_is_nothing_to_review() {
    fails(common::tree().path(), &["review", "--list"], "run `drvdedup plan` first");
}
