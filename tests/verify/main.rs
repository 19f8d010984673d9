//! `verify` on a kernel of one driver, compiled by the system's compiler through a
//! Makefile that does what of Kbuild is relied on.

mod batch;
#[path = "../common/mod.rs"]
mod common;
mod results;
mod tables;

use common::{Run, fails, program, tree, write};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Kbuild goes to the build folder and keeps the lists; so does this.
const MAKEFILE: &str = r#"
VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 7
ifeq ($(srctree),)
drivers/%.o: FORCE
	@mkdir -p $(O)/$(@D)
	@$(MAKE) -s -C $(O) -f $(CURDIR)/Makefile srctree=$(CURDIR) $@
olddefconfig:
prepare modules_prepare:
	@mkdir -p $(O)/include/config
	@echo 6.1.7-one > $(O)/include/config/kernel.release
.PHONY: FORCE olddefconfig prepare modules_prepare
FORCE:
else
squote := '
escsq = $(subst $(squote),'\$(squote)',$1)
real-obj-m := drivers/hwmon/alpha.o
rule_cc_o_c = @exit 1
drivers/hwmon/%.o: $(srctree)/drivers/hwmon/%.c
	$(rule_cc_o_c)
cmd_cc_o_c = $(CC) -Wp,-MMD,$@.d -I$(srctree)/include -O2 -mcmodel=kernel -fno-pic -fno-asynchronous-unwind-tables -fcf-protection=none -mno-sse -c -o $@ $(srctree)/$(@:.o=.c)
endif
"#;

/// The driver's tree, a configuration for it, and a compiler.
struct One {
    tree: TempDir,
    work: TempDir,
}

impl One {
    /// `None` where the system's compiler makes no objects that are compared.
    fn new(makefile: &str) -> Option<One> {
        let machine = Command::new("cc").arg("-dumpmachine").output();
        if !machine.as_ref().is_ok_and(|it| it.stdout.starts_with(b"x86_64")) {
            eprintln!("skipped: cc does not compile for x86-64 ({machine:?})");
            return None;
        }
        let one = One { tree: tree(), work: TempDir::new().expect("a folder for the test") };
        write(one.tree.path(), "Makefile", makefile);
        write(one.tree.path(), "include/linux/device.h", "struct alpha;\n");
        write(one.tree.path(), "include/linux/printk.h", "");
        let config = "# Linux/x86 6.1.7 Kernel Configuration\nCONFIG_64BIT=y\n";
        write(one.work.path(), "build/.config", config);
        one.compiler("exec cc \"$@\"\n");
        one.script("bin/clang", "exit 1\n");
        one.ok(&["plan", "-q"]);
        Some(one)
    }

    /// Makes a shell script the compiler.
    fn compiler(&self, script: &str) {
        self.script("cc", script);
    }

    fn script(&self, path: &str, script: &str) {
        write(self.work.path(), path, &format!("#!/bin/sh\n{script}"));
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.work.path().join(path), mode).expect("a mode");
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = program(self.tree.path(), args);
        command.env("XDG_CACHE_HOME", self.work.path().join("cache"));
        command.env("CC", self.work.path().join("cc")).env_remove("LLVM");
        // What is first in the path stands in for clang.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", self.work.path().join("bin").display()));
        command
    }

    fn run(&self, args: &[&str]) -> Run {
        let output = self.command(args).output().expect("the program starts");
        Run {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn ok(&self, args: &[&str]) -> String {
        let run = self.run(args);
        assert_eq!(run.code, Some(0), "{args:?}: {}", run.stderr);
        run.stdout
    }

    fn verify(&self, args: &[&str]) -> Run {
        let build = self.work.path().join("build").to_string_lossy().into_owned();
        self.run(&[&["verify", "--all", "--kernel-build", build.as_str()], args].concat())
    }

    fn planned(&self) -> Value {
        serde_json::from_str(&self.ok(&["plan", "--format", "json"])).expect("it is JSON")
    }

    fn verdict(&self) -> String {
        let plan = self.planned();
        plan["proposals"][0]["verdict"].as_str().unwrap_or_default().to_owned()
    }
}

/// Complains of the text after the patch, in which one body is left.
const COMPLAINS: &str = r#"
for source; do case $source in *alpha.c)
	[ "$(grep -c 'ret \* 8' "$source")" = 1 ] && echo "$source:5:2: warning: odd [-Wodd]" >&2
esac; done
exec cc "$@"
"#;

fn contents(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let walk = ignore::WalkBuilder::new(folder).standard_filters(false).build();
    let files = walk.map(|entry| entry.expect("readable").into_path()).filter(|it| it.is_file());
    let outside = files.filter(|it| !it.to_string_lossy().contains(".drvdedup"));
    let mut files: Vec<_> =
        outside.map(|it| (it.clone(), fs::read(it).expect("readable"))).collect();
    files.sort_unstable();
    files
}

#[test]
fn a_proposal_is_proved_once_and_a_plan_keeps_the_proof() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let before = (contents(one.tree.path()), contents(&one.work.path().join("build")));
    let run = one.verify(&["--require", "identical-object"]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains(" identical-object "), "{}", run.stdout);
    assert_eq!((contents(one.tree.path()), contents(&one.work.path().join("build"))), before);

    one.compiler("case $1 in --version) exec cc --version;; esac; exit 1\n");
    let again = one.verify(&["--require", "identical-object"]);
    assert_eq!((again.code, again.stdout), (Some(0), run.stdout), "it compiles again");
    assert_eq!(one.verdict(), "identical-object");
    let proposals = one.planned();
    let id = proposals["proposals"][0]["id"].as_str().expect("an id");
    let shown = one.ok(&["show", id]);
    assert!(shown.contains("proved   the same machine code at -O2"), "{shown}");
    assert!(shown.contains("x86_64 6.1.7-one, configuration "), "{shown}");
    one.ok(&["apply", "--check", "--require", "identical-object", id]);
}

#[test]
fn a_new_warning_fails_the_proposal_and_the_plan_leaves_it_out() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let id = one.planned()["proposals"][0]["id"].as_str().expect("an id").to_owned();
    one.compiler(COMPLAINS);
    let run = one.verify(&["--require", "compiles"]);
    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains(" failed "), "{}", run.stdout);
    let message = "drivers/hwmon/alpha.c: new: drivers/hwmon/alpha.c:5:2: warning: odd [-Wodd]\n        int offset)\n";
    assert!(run.stdout.contains(message), "{}", run.stdout);
    assert!(run.stderr.contains("1 proposal below compiles"), "{}", run.stderr);

    let plan = one.planned();
    assert_eq!(plan["proposals"], json!([]));
    assert_eq!(plan["groups"][0]["outcome"]["refusal"]["reason"], "not-proved");
    let named = one.run(&["apply", "--check", &id]);
    assert_eq!(named.code, Some(1), "{}", named.stderr);
    assert!(named.stderr.contains(&format!("below expands: {id} (failed)")), "{}", named.stderr);
    let all = one.run(&["apply", "--all"]);
    assert_eq!(all.code, Some(0), "{}", all.stderr);
    assert!(all.stderr.contains("left out"), "{}", all.stderr);
}

#[test]
fn what_the_configuration_does_not_build_is_no_pass() {
    let Some(one) = One::new(&MAKEFILE.replace(":= drivers/hwmon/alpha.o", ":=")) else { return };
    let run = one.verify(&["--format", "json", "--require", "compiles"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let value: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
    let expected = json!({"proposals": 1, "by_verdict": {"expands": 1}, "not_built": 1});
    assert_eq!((&value["schema"], &value["summary"]), (&json!(1), &expected));
    let proof = &value["proposals"][0]["proof"];
    assert_eq!(proof["not_built"], json!(["drivers/hwmon/alpha.c"]));
    let detail = "not built here: this configuration does not build drivers/hwmon/alpha.o";
    assert_eq!(proof["detail"], detail);
}

#[test]
fn a_compiler_that_makes_other_code_of_the_patch_leaves_it_below_the_top_and_says_where() {
    let Some(one) = One::new(MAKEFILE) else { return };
    one.compiler(&format!("{OTHER_CODE}exec cc \"$@\"\n"));
    let run = one.verify(&[]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains(" compiles "), "{}", run.stdout);
    assert!(run.stdout.contains("the code differs in alpha_show()"), "{}", run.stdout);
}

/// As if the patch had another constant, for one compiler.
const OTHER_CODE: &str = r#"
for source; do case $source in *alpha.c)
	sed -i '/alpha_read_offset[_0-9]*(/,/^}/s/ret \* 8/ret * 9/' "$source"
esac; done
"#;

#[test]
fn what_one_compiler_makes_otherwise_a_second_one_may_show_to_be_the_same() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let has = |program| Command::new(program).arg("--version").output().is_ok();
    if !has("clang") || !has("llvm-diff") {
        eprintln!("skipped: no clang or no llvm-diff");
        return;
    }
    // The first in the path is ours.
    let real = "PATH=${PATH#*:}\n";
    one.compiler(&format!("{OTHER_CODE}exec cc \"$@\"\n"));
    one.script("bin/clang", &format!("{real}exec clang \"$@\"\n"));
    let run = one.verify(&["--require", "identical-object", "--format", "json"]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let value: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
    let proof = &value["proposals"][0]["proof"];
    assert_eq!(
        proof["detail"],
        "the same LLVM IR at -O2 with constant arguments in the place of parameters"
    );
    let engine = proof["engine"].as_str().expect("a text");
    assert!(
        engine.starts_with("LLVM IR of ") && engine.ends_with("by llvm-diff as well"),
        "{engine}"
    );

    one.script("bin/clang", &format!("{real}{OTHER_CODE}exec clang \"$@\"\n"));
    let run = one.verify(&["--again"]);
    assert!(run.stdout.contains(" compiles "), "{}", run.stdout);
    assert!(run.stdout.contains("the code differs in alpha_show()"), "{}", run.stdout);

    // Where either of them sees a difference there is one.
    one.script("bin/clang", &format!("{real}exec clang \"$@\"\n"));
    let differs = "case $1 in --version) exit 0; esac; echo 'in function alpha_show:'; exit 1\n";
    one.script("bin/llvm-diff", differs);
    let run = one.verify(&["--again"]);
    assert!(run.stdout.contains(" compiles "), "{}", run.stdout);
}

/// Takes a fault out again, but only where code is compared, and leaves a mark where no
/// code is.
const HIDES: &str = r#"
case " $* " in *__LINE__=0*)
	for source; do case $source in *alpha.c)
		grep -q ') + 1)' "$source" && mark=-fno-ident
		sed -i -E 's/\(\(([0-9a-zA-Z_]+)\) \+ 1\)/\1/g' "$source"
	esac; done
esac
exec cc "$@" $mark
"#;

#[test]
fn faults_in_what_was_proved_are_rejected_and_one_that_leaves_the_code_is_told() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let nothing = one.verify(&["--selftest", "--format", "json"]);
    assert_eq!(nothing.code, Some(0), "{}", nothing.stderr);
    let value: Value = serde_json::from_str(&nothing.stdout).expect("it is JSON");
    assert_eq!(value, json!({"schema": 1, "faults": {}}), "nothing is proved yet");
    assert!(nothing.stderr.contains("no faults in 0 proved proposals"), "{}", nothing.stderr);

    one.verify(&["--require", "identical-object"]);
    let run = one.verify(&["--selftest", "--format", "json"]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let value: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
    let faults = value["faults"].as_object().expect("an object");
    assert!(faults.contains_key("missing-statement"), "{value}");
    for row in faults.values() {
        assert_eq!(row["rejected_by_text"], row["planted"], "{value}");
        assert_eq!(row["rejected_by_code"], row["planted"], "{value}");
        assert_eq!(row["missed"], json!([]), "{value}");
    }

    one.compiler(HIDES);
    let run = one.verify(&["--selftest"]);
    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
    let line = "the same code with the fault (the text is rejected): ";
    assert!(run.stdout.contains(line), "{}", run.stdout);
    assert!(run.stderr.contains(" missed"), "{}", run.stderr);
}

#[test]
fn a_stale_proposal_is_named_and_not_verified() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let id = one.planned()["proposals"][0]["id"].as_str().expect("an id").to_owned();
    let path = one.tree.path().join("drivers/hwmon/alpha.c");
    let text = fs::read_to_string(&path).expect("the driver");
    fs::write(&path, text + "/* more */\n").expect("the driver");
    let build = one.work.path().join("build").to_string_lossy().into_owned();
    let run = one.run(&["verify", &id, "--kernel-build", &build]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("drivers/hwmon/alpha.c: changed since proposal"), "{}", run.stderr);
    let run = one.verify(&[]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""));
    assert!(run.stderr.contains("left out"), "{}", run.stderr);
}

#[test]
fn what_only_the_linker_would_miss_fails_the_proposal() {
    let Some(one) = One::new(MAKEFILE) else { return };
    // As if the patch made the compiler keep a call that it removed before.
    one.compiler(
        "for source; do case $source in *alpha.c)\n\
         grep -q alpha_read_offset \"$source\" && \
         sed -i -e '1i int wait_unknown(void);' -e 's/ret \\* 8/wait_unknown()/' \"$source\"\n\
         esac; done\nexec cc \"$@\"\n",
    );
    let run = one.verify(&[]);
    assert_eq!(one.verdicts(), ["alpha failed"], "{}{}", run.stdout, run.stderr);
    let why =
        "needs wait_unknown now, which the patch does not define and the tree does not export";
    assert!(run.stdout.contains(why), "{}", run.stdout);

    write(one.tree.path(), "lib/wait.c", "EXPORT_SYMBOL(wait_unknown);\n");
    let run = one.verify(&["--again"]);
    assert_ne!(one.verdicts(), ["alpha failed"], "{}{}", run.stdout, run.stderr);
}

/// A driver of other functions than those of `alpha.c`.
const BETA: &str = "\
struct beta { int last; };
int beta_wait(struct beta *beta, int line);
static int beta_lowest(struct beta *beta, int line, int *result)
{
	int turns = 0;

	while (beta_wait(beta, line) > 0x10)
		turns += beta->last;
	beta->last = line;
	*result = turns / 3;
	return turns;
}

static int beta_highest(struct beta *beta, int line, int *result)
{
	int turns = 0;

	while (beta_wait(beta, line) > 0x40)
		turns += beta->last;
	beta->last = line;
	*result = turns / 3;
	return turns;
}

int beta_show(struct beta *beta, int line, int *result)
{
	return beta_lowest(beta, line, result) + beta_highest(beta, line, result);
}
";

/// Notes each text that it compiles, and hangs on one driver's.
const HANGS: &str = r#"
for source; do case $source in
*beta.c) echo $$ >> "${0%/cc}/hangs"; sleep 600;;
*.c) echo "$source" >> "${0%/cc}/compiled";;
esac; done
exec cc "$@"
"#;

impl One {
    /// With a second driver, on which the compiler hangs.
    fn and_one_that_hangs() -> Option<One> {
        let one = One::new(&MAKEFILE.replace("alpha.o", "alpha.o drivers/hwmon/beta.o"))?;
        write(one.tree.path(), "drivers/hwmon/beta.c", BETA);
        let makefile = "obj-$(CONFIG_ALPHA) += alpha.o\nobj-$(CONFIG_BETA) += beta.o\n";
        write(one.tree.path(), "drivers/hwmon/Makefile", makefile);
        one.ok(&["plan", "-q"]);
        assert_eq!(one.verdicts(), ["alpha expands", "beta expands"]);
        one.compiler(HANGS);
        Some(one)
    }

    /// Drivers and how far their proposals came.
    fn verdicts(&self) -> Vec<String> {
        let folder = self.tree.path().join(".drvdedup/proposals");
        let files = fs::read_dir(folder).expect("proposals").map(|it| it.expect("a file").path());
        let kept = files.filter(|path| path.extension().is_some_and(|it| it == "json"));
        let verdict = |path: std::path::PathBuf| {
            let text = fs::read_to_string(path).expect("a proposal");
            let value: Value = serde_json::from_str(&text).expect("it is JSON");
            let file = value["files"][0].as_str().expect("a file").to_owned();
            let driver = file.trim_start_matches("drivers/hwmon/").trim_end_matches(".c");
            format!("{driver} {}", value["verdict"].as_str().expect("a verdict"))
        };
        let mut verdicts: Vec<String> = kept.map(verdict).collect();
        verdicts.sort();
        verdicts
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.work.path().join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

#[test]
fn a_compiler_that_hangs_is_killed_and_only_its_proposal_stays_below() {
    let Some(one) = One::and_one_that_hangs() else { return };
    let run = one.verify(&["--timeout", "2"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(one.verdicts(), ["alpha identical-object", "beta expands"]);
    assert!(run.stdout.contains("the compiler was killed at its time limit"), "{}", run.stdout);
    for process in one.lines("hangs") {
        assert!(!Path::new("/proc").join(&process).exists(), "{process} is still there");
    }
}

#[test]
fn what_was_proved_before_an_interrupt_is_not_proved_again() {
    for signal in ["INT", "KILL"] {
        let Some(one) = One::and_one_that_hangs() else { return };
        let before = contents(one.tree.path());
        let scratch = one.work.path().join("scratch");
        fs::create_dir(&scratch).expect("a folder");
        let build = one.work.path().join("build").to_string_lossy().into_owned();
        let mut command = one.command(&["verify", "--all", "--kernel-build", build.as_str()]);
        command.env("TMPDIR", &scratch).stdout(Stdio::null()).stderr(Stdio::piped());
        let verify = command.spawn().expect("the program starts");
        let deadline = Instant::now() + Duration::from_secs(60);
        while one.lines("hangs").is_empty()
            || one.verdicts() != ["alpha identical-object", "beta expands"]
        {
            assert!(Instant::now() < deadline, "{signal}: {:?}", one.verdicts());
            std::thread::sleep(Duration::from_millis(20));
        }
        let kill = Command::new("kill").args(["-s", signal, &verify.id().to_string()]).status();
        assert!(kill.is_ok_and(|it| it.success()), "{signal}");
        let ended = verify.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success(), "{signal}: {said}");
        if signal == "INT" {
            assert_eq!(ended.status.code(), Some(2), "{said}");
            assert!(
                said.contains("interrupted") && said.contains("what was proved is kept"),
                "{said}"
            );
            assert_eq!(fs::read_dir(&scratch).expect("a folder").count(), 0, "scratch is left");
            for process in one.lines("hangs") {
                assert!(!Path::new("/proc").join(&process).exists(), "{process} is still there");
            }
        }
        assert_eq!(contents(one.tree.path()), before, "{signal}");

        let compiled = one.lines("compiled");
        one.compiler("echo again >> \"${0%/cc}/compiled\"\nexec cc \"$@\"\n");
        let run = one.verify(&[]);
        assert_eq!(run.code, Some(0), "{signal}: {}", run.stderr);
        assert!(run.stderr.contains("1 proposal verified before"), "{signal}: {}", run.stderr);
        assert_eq!(one.verdicts(), ["alpha identical-object", "beta identical-object"]);
        assert!(compiled.iter().all(|it| it.ends_with("alpha.c")), "{compiled:?}");
        // Those that hung go with the test.
        for process in one.lines("hangs") {
            let _ =
                Command::new("kill").args(["-s", "KILL", &process]).stderr(Stdio::null()).status();
        }
    }
}

#[test]
fn without_a_configured_kernel_the_way_to_one_is_told() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let run = one.run(&["verify", "--all"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("--kernel-build DIR") && run.stderr.contains("--prepare"));
    fails(one.tree.path(), &["verify", "--require", "high"], "possible values: applies, parses");
    let nothing = one.run(&["verify"]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(0), ""));
    assert!(nothing.stderr.contains("nothing is accepted"), "{}", nothing.stderr);
}
