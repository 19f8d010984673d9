//! A driver of two C files and a header in a small kernel tree, compiled by the system's
//! compiler through a Makefile that does what of Kbuild is relied on.

use drvdedup::syntax::LoopMacros;
use drvdedup::tree::{Drivers, KernelTree, TreePath};
use drvdedup::verify::Claim;
use drvdedup::verify::build::Kernel;
use drvdedup::verify::ladder::{Ascent, Candidate, Ladder, Outcome, planted};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;
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
real-obj-m := $(patsubst $(srctree)/%.c,%.o,$(wildcard $(srctree)/drivers/axf/*.c))
rule_cc_o_c = @exit 1
drivers/axf/%.o: $(srctree)/drivers/axf/%.c
	$(rule_cc_o_c)
cmd_cc_o_c = $(CC) -Wp,-MMD,$@.d -I$(srctree)/include -Wall -O2 -mcmodel=kernel -fno-pic -fno-asynchronous-unwind-tables -fcf-protection=none -mno-sse -c -o $@ $(srctree)/$(@:.o=.c)
endif
"#;

/// What every driver includes.
const KERNEL_H: &str = "\
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
unsigned int readl(const volatile void *address);
void writel(unsigned int value, volatile void *address);
void udelay(unsigned long turns);
int printk(const char *format, ...);
#define EIO 5
#define EBUSY 16
";

/// The folder of the driver.
pub const FOLDER: &str = "drivers/axf";

/// A tree, its files as they are and after a patch.
pub struct Driver {
    tree: TempDir,
    work: TempDir,
    before: Vec<(String, String)>,
    pub after: Vec<(String, String)>,
    pub claim: Claim,
}

impl Driver {
    /// With these files in the folder of the driver, and its Kbuild file; `None` where the system's compiler makes no objects that
    /// are compared.
    pub fn new(files: &[(&str, &str)], kbuild: &str) -> Option<Driver> {
        let machine = Command::new("cc").arg("-dumpmachine").output();
        if !machine.as_ref().is_ok_and(|it| it.stdout.starts_with(b"x86_64")) {
            eprintln!("skipped: cc does not compile for x86-64 ({machine:?})");
            return None;
        }
        let (tree, work) = (folder(), folder());
        write(tree.path(), "Makefile", MAKEFILE);
        write(tree.path(), "Kconfig", "");
        write(tree.path(), "include/linux/kernel.h", KERNEL_H);
        write(tree.path(), "include/linux/printk.h", "");
        write(tree.path(), &format!("{FOLDER}/Makefile"), kbuild);
        let config = "# Linux/x86 6.1.7 Kernel Configuration\nCONFIG_64BIT=y\n";
        write(work.path(), "build/.config", config);
        let owned = |(name, text): &(&str, &str)| (format!("{FOLDER}/{name}"), (*text).to_owned());
        let before: Vec<(String, String)> = files.iter().map(owned).collect();
        before.iter().for_each(|(path, text)| write(tree.path(), path, text));
        Some(Driver { tree, work, before, after: Vec::new(), claim: Claim::default() })
    }

    /// A file that no patch touches.
    pub fn also(&self, path: &str, text: &str) {
        write(self.tree.path(), path, text);
    }

    /// The patch puts `to` in the place of `from`, which stands once in a file.
    #[track_caller]
    pub fn patch(&mut self, name: &str, from: &str, to: &str) {
        let path = format!("{FOLDER}/{name}");
        let old = self.before.iter().find(|(it, _)| *it == path).expect("a file of the driver");
        if !self.after.iter().any(|(it, _)| *it == path) {
            self.after.push(old.clone());
        }
        let (_, text) = self.after.iter_mut().find(|(it, _)| *it == path).expect("just put there");
        assert_eq!(text.matches(from).count(), 1, "`{from}` must stand once in {text}");
        *text = text.replace(from, to);
    }

    /// What the patch claims.
    pub fn claims(&mut self, members: &[(&str, &str)], home: &str, claim: Claim) {
        let path = |name: &str| format!("{FOLDER}/{name}");
        let members = members.iter().map(|(file, name)| (path(file), (*name).to_owned()));
        self.claim = Claim { members: members.collect(), helper_path: Some(path(home)), ..claim };
    }

    fn candidate(&self) -> Candidate {
        let touched = |path: &String| self.after.iter().any(|(it, _)| it == path);
        let bytes = |(path, text): &(String, String)| (path.clone(), text.clone().into_bytes());
        Candidate {
            before: self.before.iter().filter(|(path, _)| touched(path)).map(bytes).collect(),
            after: self.after.iter().map(bytes).collect(),
            claim: self.claim.clone(),
        }
    }

    fn with_ladder<T>(&self, run: impl FnOnce(&Ladder<'_>, &LoopMacros) -> T) -> T {
        let tree = KernelTree::discover(self.tree.path(), None).expect("it is a kernel tree");
        let (build, cache) = (self.work.path().join("build"), self.work.path().join("cache"));
        let kernel = Kernel::open(&tree, &build, &cache, &|_| ()).expect("a configured kernel");
        let sources: BTreeSet<TreePath> = self.after.iter().map(|(path, _)| path.clone()).collect();
        let paths: Vec<_> = sources.iter().map(|path| tree.root.join(path)).collect();
        let files = tree.walk(&paths, &[]).expect("the files are there").files;
        let drivers = Drivers::read(&tree, &files);
        let loops = LoopMacros::default();
        let limit = Duration::from_secs(60);
        let ladder = Ladder::new(&kernel, &sources, Some(&drivers), &loops, limit, &|_| ());
        run(&ladder.expect("Kbuild answers"), &loops)
    }

    /// How far the patch comes.
    pub fn climb(&self) -> Ascent {
        let reached = Mutex::new(None);
        self.with_ladder(|ladder, _| {
            let keep = |_, ascent: &Ascent| *reached.lock().expect("free") = Some(ascent.clone());
            ladder.climb(&[self.candidate()], &keep).expect("the compiler runs");
        });
        reached.into_inner().expect("free").expect("one candidate, one ascent")
    }

    /// Files with a fault in them, the line, and what became of it.
    pub fn selftest(&self, most: usize) -> Vec<(String, String, Outcome)> {
        let right = self.candidate();
        self.with_ladder(|ladder, loops| {
            let faults = planted(&right, loops, most);
            let pairs: Vec<_> = faults.iter().map(|it| (&right, it)).collect();
            let trials = ladder.try_faults(&pairs, &|| ()).expect("the compiler runs");
            let of = faults.iter().zip(trials);
            of.map(|(it, trial)| (it.path.clone(), it.shown.clone(), trial.outcome)).collect()
        })
    }
}

fn folder() -> TempDir {
    TempDir::new().expect("a folder for the test")
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder for the test");
    fs::write(path, text).expect("a file for the test");
}
