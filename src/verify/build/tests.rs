//! The whole way on a kernel of a few lines, whose Makefile does what of Kbuild is
//! relied on, with shell scripts as compilers.

use super::*;
use crate::tree::KernelTree;
use crate::verify::Files;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Kbuild goes to the build folder and keeps the lists; so does this.
const MAKEFILE: &str = r#"
VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 0
ifeq ($(srctree),)
drivers/%.o: FORCE
	@mkdir -p $(O)/$(@D)
	@$(MAKE) -s -C $(O) -f $(CURDIR)/Makefile srctree=$(CURDIR) $@
olddefconfig:
	@echo 'CONFIG_NEW=y' >> $(O)/.config
prepare modules_prepare:
	@mkdir -p $(O)/include/config
	@echo 6.1.0-few > $(O)/include/config/kernel.release
.PHONY: FORCE olddefconfig prepare modules_prepare
FORCE:
else
squote := '
escsq = $(subst $(squote),'\$(squote)',$1)
real-obj-m := drivers/a/hot.o drivers/a/cold.o
rule_cc_o_c = @echo compiled by make >&2; exit 1
drivers/a/%.o: $(srctree)/drivers/a/%.c
	$(rule_cc_o_c)
cmd_cc_o_c = $(CC) -Wp,-MMD,$@.d -I$(srctree)/include -DNAME='"hot plug"' -c -o $@ $(srctree)/$(@:.o=.c)   ; ./tools/objtool/objtool $@
endif
"#;

/// Copies the source and the header to the object and complains about both.
const COMPILER: &str = r#"#!/bin/sh
[ "$1" = --version ] && { echo "few 1.0"; exit; }
while [ $# -gt 0 ]; do
	case $1 in
	-I*) include=${1#-I} ;;
	-Wp,-MMD,*) deps=${1#-Wp,-MMD,} ;;
	-DNAME=*) name=$1 ;;
	-o) shift; object=$1 ;;
	*.c) source=$1 ;;
	esac
	shift
done
echo "$source:2:1: warning: odd [-Wodd]" >&2
echo "x.o: $source $include/few.h" > $deps
{ echo "$name"; cat $include/few.h $source; } > $object
"#;

struct Few {
    folder: tempfile::TempDir,
    said: Mutex<Vec<String>>,
}

impl Few {
    fn new(compiler: &str) -> Few {
        let few = Few { folder: tempfile::tempdir().expect("a folder"), said: Mutex::default() };
        few.write("tree/Makefile", MAKEFILE);
        few.write("tree/Kconfig", "");
        few.write("tree/include/few.h", "few\n");
        for name in ["hot", "cold", "off"] {
            few.write(&format!("tree/drivers/a/{name}.c"), &format!("{name}\n"));
        }
        few.write("tree/drivers/a/a.h", "");
        few.write("build/.config", "# Linux/x86 6.1.0 Kernel Configuration\nCONFIG_64BIT=y\n");
        few.write("cc", compiler);
        fs::set_permissions(few.path("cc"), fs::Permissions::from_mode(0o755)).expect("a mode");
        few
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn open(&self) -> Result<Kernel, BuildError> {
        let root = self.path("tree");
        let tree = KernelTree { root, kernel: Some("6.1.0".to_owned()), loop_macros: Vec::new() };
        let cc = self.path("cc").to_string_lossy().into_owned();
        let environment = |name: &str| (name == "CC").then(|| cc.clone());
        let say = |line: &str| self.said.lock().expect("no panic").push(line.to_owned());
        Kernel::open_with(environment, &tree, &self.path("build"), &self.path("cache"), &say)
    }

    fn said(&self) -> Vec<String> {
        std::mem::take(&mut self.said.lock().expect("no panic"))
    }

    /// Names and contents below a folder.
    fn contents(&self, folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let walk = ignore::WalkBuilder::new(self.path(folder)).standard_filters(false).build();
        let files =
            walk.map(|entry| entry.expect("readable").into_path()).filter(|it| it.is_file());
        let mut files: Vec<_> =
            files.map(|it| (it.clone(), fs::read(it).expect("readable"))).collect();
        files.sort_unstable();
        files
    }
}

fn no_say(_: &str) {}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("drivers/a/{name}")).collect()
}

fn hot(kernel: &Kernel) -> Compile {
    let mut commands = kernel.commands(&names(&["hot.c"]), None, &no_say).expect("make works");
    commands.remove("drivers/a/hot.c").expect("an answer").expect("it is built")
}

#[test]
fn a_configuration_is_prepared_once_and_tree_and_build_folder_are_left_alone() {
    let few = Few::new(COMPILER);
    let before = (few.contents("tree"), few.contents("build"));
    let kernel = few.open().expect("it opens");
    let said = few.said();
    assert!(
        said.iter().any(|line| line.ends_with("ARCH=x86 W=1 prepare modules_prepare")),
        "{said:?}"
    );
    assert!(
        said.iter().any(|line| line.contains("change 1 options of it (CONFIG_NEW)")),
        "{said:?}"
    );
    let identity = kernel.identity();
    assert_eq!((identity.compiler.as_str(), identity.release.as_str()), ("few 1.0", "6.1.0-few"));
    assert_eq!((identity.architecture.as_str(), identity.configuration.len()), ("x86_64", 64));
    hot(&kernel);
    assert_eq!(few.open().expect("it opens again").identity(), identity);
    assert_eq!(few.said(), [""; 0], "nothing is left to do");
    assert_eq!((few.contents("tree"), few.contents("build")), before);
}

#[test]
fn only_what_the_configuration_lists_has_a_command() {
    let few = Few::new(COMPILER);
    let kernel = few.open().expect("it opens");
    let wanted = names(&["off.c", "hot.c", "none.c", "a.h"]);
    let commands = kernel.commands(&wanted, None, &no_say).expect("make works");
    let answers: Vec<String> = commands
        .values()
        .map(|answer| match answer {
            Ok(compile) => compile.object.clone(),
            Err(not_built) => not_built.to_string(),
        })
        .collect();
    let [header, hot, none, off] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(header, "not built here: drivers/a/a.h is no C file");
    assert_eq!(hot, "drivers/a/hot.o");
    assert!(none.contains("does not get to drivers/a/none.o: "), "{none}");
    assert!(none.contains("No rule to make target"), "{none}");
    assert_eq!(off, "not built here: this configuration does not build drivers/a/off.o");
}

#[test]
fn a_text_is_compiled_in_the_place_of_a_file_and_a_header() {
    let few = Few::new(COMPILER);
    let kernel = few.open().expect("it opens");
    let compile = hot(&kernel);
    let mut overlay = Files::new();
    let mut object = |path: &str, text: &str| {
        overlay.insert(path.to_owned(), text.as_bytes().to_vec());
        let compiled = kernel.compile(&compile, &overlay, Mode::AsIs, COMPILE_LIMIT);
        let compiled = compiled.expect("it starts");
        let shown: Vec<String> = compiled.diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["drivers/a/hot.c:2:1: warning: odd [-Wodd]"]);
        assert_eq!((compiled.killed, compiled.bypassed.as_slice()), (false, [].as_slice()));
        String::from_utf8(compiled.object.expect("an object")).expect("text")
    };
    assert_eq!(object("drivers/a/hot.c", "new\n"), "-DNAME=\"hot plug\"\nfew\nnew\n");
    assert_eq!(object("include/few.h", "more\n"), "-DNAME=\"hot plug\"\nmore\nnew\n");
    assert_eq!(fs::read(few.path("tree/include/few.h")).expect("the header"), b"few\n");
}

#[test]
fn a_header_that_was_read_from_the_tree_all_the_same_is_named() {
    let around = COMPILER.replace("$include/few.h\" >", "@TREE@/include/few.h\" >");
    let few = Few::new("");
    let tree = few.path("tree").canonicalize().expect("a folder");
    few.write("cc", &around.replace("@TREE@", &tree.to_string_lossy()));
    let kernel = few.open().expect("it opens");
    let overlay = Files::from([("include/few.h".to_owned(), b"more\n".to_vec())]);
    let compiled = kernel.compile(&hot(&kernel), &overlay, Mode::AsIs, COMPILE_LIMIT);
    assert_eq!(compiled.expect("it starts").bypassed, ["include/few.h"]);
}

#[test]
fn a_compiler_that_hangs_is_killed_and_says_so() {
    let hangs = COMPILER.replace("while [", "sleep 1000 &\nsleep 1000\nwhile [");
    let few = Few::new(&hangs);
    let kernel = few.open().expect("it opens");
    let start = Instant::now();
    let limit = Duration::from_millis(300);
    let compiled = kernel.compile(&hot(&kernel), &Files::new(), Mode::AsIs, limit);
    let compiled = compiled.expect("it starts");
    assert!(compiled.killed && compiled.object.is_none());
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_compiler_that_fails_leaves_its_words() {
    let fails = COMPILER.replace("echo \"x.o", "echo \"internal trouble\" >&2; exit 4; echo \"x.o");
    let few = Few::new(&fails);
    let kernel = few.open().expect("it opens");
    let compiled = kernel.compile(&hot(&kernel), &Files::new(), Mode::AsIs, COMPILE_LIMIT);
    let compiled = compiled.expect("it starts");
    assert!(compiled.object.is_none() && !compiled.killed);
    assert!(compiled.said.ends_with("internal trouble"), "{}", compiled.said);
}

#[test]
fn names_that_are_made_of_line_numbers_get_numbers_of_their_own() {
    let pads = COMPILER.replace(
        "while [",
        "case \"$*\" in *-D__LINE__=0*) echo \"duplicate member 'pad0'\" >&2; exit 1; esac\nwhile [",
    );
    let few = Few::new(&pads);
    let kernel = few.open().expect("it opens");
    let mode = Mode::Comparable { level: Level::O2, debug: false };
    let compiled = kernel.compile(&hot(&kernel), &Files::new(), mode, COMPILE_LIMIT);
    let compiled = compiled.expect("it starts");
    assert!(compiled.object.is_some() && compiled.said.is_empty(), "{}", compiled.said);
    few.write("cc", &pads.replace("__LINE__=0*", "*"));
    let compiled = kernel.compile(&hot(&kernel), &Files::new(), mode, COMPILE_LIMIT);
    let compiled = compiled.expect("it starts");
    assert!(
        compiled.object.is_none() && compiled.said.ends_with("member 'pad0'"),
        "{}",
        compiled.said
    );
}

fn check_error(change: impl Fn(&Few), expected: &[&str]) {
    let few = Few::new(COMPILER);
    change(&few);
    let error = few.open().expect_err("it cannot be opened").to_string();
    for part in expected {
        assert!(error.contains(part), "`{part}` in: {error}");
    }
}

#[test]
fn errors_name_the_path_and_what_to_do() {
    let remove = |few: &Few| fs::remove_file(few.path("build/.config")).expect("it is there");
    check_error(remove, &["/build: ", "no .config", "allmodconfig"]);
    check_error(
        |few| few.write("tree/.config", ""),
        &["/tree: ", "not clean", ".config", "mrproper"],
    );
    check_error(
        |few| few.write("tree/arch/x86/include/generated/a.h", ""),
        &["not clean", "arch/x86/include/generated"],
    );
    check_error(
        |few| few.write("build/.config", "CONFIG_A=y\n"),
        &["/build/.config: ", "architecture"],
    );
    check_error(|few| fs::remove_file(few.path("cc")).expect("it is there"), &["/cc: ", "PATH"]);
}

#[test]
fn a_make_that_fails_leaves_no_finished_folder() {
    let few = Few::new(COMPILER);
    few.write(
        "tree/Makefile",
        &MAKEFILE.replace(
            "prepare modules_prepare:\n",
            "prepare modules_prepare:\n\t@echo no luck; exit 1\n",
        ),
    );
    // Without flex or bison on this machine, that is the better reason.
    let error = few.open().expect_err("it cannot be prepared").to_string();
    assert!(error.contains("no luck") || error.contains("apt install"), "{error}");
    few.write("tree/Makefile", MAKEFILE);
    few.said();
    few.open().expect("it opens now");
    assert!(!few.said().is_empty(), "it was prepared again");
    assert!(Path::new(&few.path("cache")).is_dir());
}
