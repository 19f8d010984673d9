use super::*;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A tree of these files; a file that is no makefile is empty.
fn drivers(files: &[(&str, &str)]) -> (TempDir, Drivers) {
    let (dir, tree) = tree(files);
    let walk = tree.walk(&[], &[]).expect("a walk");
    let drivers = Drivers::read(&tree, &walk.files);
    (dir, drivers)
}

fn tree(files: &[(&str, &str)]) -> (TempDir, KernelTree) {
    let dir = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let root = fs::canonicalize(dir.path()).expect("a path");
    (dir, KernelTree { root, kernel: None, loop_macros: Vec::new() })
}

/// The modules that a Makefile in `d` makes of the sources, as `name: files`.
fn check(makefile: &str, sources: &[&str], expected: &[&str]) {
    let mut files: Vec<(&str, &str)> = sources.iter().map(|source| (*source, "")).collect();
    files.push(("d/Makefile", makefile));
    let (_dir, drivers) = drivers(&files);
    let modules: Vec<String> =
        drivers.modules().iter().map(|it| format!("{}: {}", it.name, it.files.join(" "))).collect();
    assert_eq!(modules, expected, "{makefile}");
}

#[test]
fn an_object_without_a_list_is_a_module_of_one_file() {
    check(
        "obj-$(CONFIG_A) += a.o\nobj-y += b.o\nobj-m += c.o\nlib-y += e.o",
        &["d/a.c", "d/b.c", "d/c.c", "d/e.c"],
        &["a: d/a.c", "b: d/b.c", "c: d/c.c", "e: d/e.c"],
    );
}

#[test]
fn every_kind_of_list_adds_its_files() {
    let makefile =
        "obj-$(CONFIG_M) += m.o\nm-y := a.o\nm-$(CONFIG_B) += b.o\nm-objs += c.o\nm-m += e.o";
    check(
        makefile,
        &["d/a.c", "d/b.c", "d/c.c", "d/e.c", "d/m.c"],
        &["m: d/a.c d/b.c d/c.c d/e.c"],
    );
}

#[test]
fn lists_nest_and_may_name_themselves() {
    let makefile = "obj-m += m.o\nm-y := a.o core.o\ncore-y := b.o core2.o\ncore2-y := core.o c.o";
    check(makefile, &["d/a.c", "d/b.c", "d/c.c"], &["m: d/a.c d/b.c d/c.c"]);
    check("obj-m += m.o\nm-y := m.o a.o", &["d/m.c", "d/a.c"], &["m: d/a.c d/m.c"]);
}

#[test]
fn a_part_with_a_source_of_its_own_is_that_source() {
    let makefile = "obj-m += snd.o misc.o\nsnd-y := misc.o\nmisc-objs := a.o";
    check(makefile, &["d/misc.c", "d/a.c"], &["misc: d/a.c", "snd: d/misc.c"]);
}

#[test]
fn objects_without_source_are_dropped() {
    check("obj-m += m.o gone.o\nm-y := a.o made.o", &["d/a.c"], &["m: d/a.c"]);
}

#[test]
fn objects_by_another_path_are_found() {
    let makefile =
        "P = ../other\nobj-m += m.o\nm-y := $(P)/a.o sub/b.o\nobj-m += sub/c.o\nobj-y += /etc/x.o";
    check(
        makefile,
        &["other/a.c", "d/sub/b.c", "d/sub/c.c"],
        &["c: d/sub/c.c", "m: d/sub/b.c other/a.c"],
    );
}

#[test]
fn a_folder_of_one_is_claimed_by_a_neighbour_that_is_not_walked() {
    let files = [
        ("drm/Makefile", "obj-$(CONFIG_AMD) += amd/amdgpu/\nobj-y += other/"),
        ("drm/amd/amdgpu/Makefile", "obj-m += amdgpu.o\namdgpu-y := drv.o ../display/dc/dc.o"),
        ("drm/amd/amdgpu/drv.c", ""),
        ("drm/amd/display/dc/dc.c", ""),
        ("drm/other/Makefile", "obj-m += o.o"),
        ("drm/other/o.c", ""),
    ];
    let (_dir, tree) = tree(&files);
    let walk = tree.walk(&["drm/amd/display".into()], &[]).expect("a walk");
    let drivers = Drivers::read(&tree, &walk.files);
    assert_eq!(drivers.modules_of("drm/amd/display/dc/dc.c"), ["amdgpu"]);
    assert_eq!(drivers.files_of("amdgpu"), ["drm/amd/amdgpu/drv.c", "drm/amd/display/dc/dc.c"]);
    assert_eq!(drivers.files_of("o"), [""; 0]);
}

#[test]
fn kbuild_goes_before_makefile_and_includes_are_read() {
    let (_dir, drivers) = drivers(&[
        ("d/Kbuild", "obj-m += m.o\ninclude $(src)/sub/Kbuild\ninclude $(src)/Kbuild $(src)/none"),
        ("d/Makefile", "obj-m += wrong.o"),
        ("d/sub/Kbuild", "m-y += sub/a.o"),
        ("d/sub/a.c", ""),
        ("d/wrong.c", ""),
    ]);
    assert_eq!(drivers.modules_of("d/sub/a.c"), ["m"]);
    assert_eq!(drivers.modules_of("d/wrong.c"), [""; 0]);
}

#[test]
fn a_file_of_no_module_is_its_own_driver() {
    let (_dir, drivers) = drivers(&[
        ("d/Makefile", "obj-m += b.o a.o\nb-y := x.o\na-y := x.o"),
        ("d/x.c", ""),
        ("d/y.z.c", ""),
    ]);
    assert_eq!((drivers.modules_of("d/x.c"), drivers.driver_of("d/x.c")), (vec!["a", "b"], "a"));
    assert_eq!((drivers.modules_of("d/y.z.c").len(), drivers.driver_of("d/y.z.c")), (0, "y.z"));
    assert!(
        drivers.in_one_driver("d/y.z.c", "d/y.z.c") && !drivers.in_one_driver("d/y.z.c", "d/x.c")
    );
}

#[test]
fn modules_of_one_name_in_two_folders_stay_apart() {
    let makefile = "obj-m += core.o\ncore-y := a.o b.o";
    let (_dir, drivers) = drivers(&[
        ("p/Makefile", makefile),
        ("q/Makefile", makefile),
        ("p/a.c", ""),
        ("p/b.c", ""),
        ("q/a.c", ""),
    ]);
    assert_eq!(drivers.driver_of("p/a.c"), drivers.driver_of("q/a.c"));
    assert!(drivers.in_one_driver("p/a.c", "p/b.c"));
    assert!(!drivers.in_one_driver("p/a.c", "q/a.c"));
}

#[test]
fn include_folders_come_from_the_builder_and_the_folders_above() {
    let (_dir, drivers) = drivers(&[
        ("Makefile", "subdir-ccflags-y := -I $(srctree)/common"),
        ("d/Makefile", "FULL=$(srctree)/$(src)/..\nsubdir-ccflags-y += -I$(FULL)/inc\nobj-y += e/"),
        (
            "d/e/Makefile",
            "obj-m += m.o\nm-y := a.o b.o ../../f/c.o\nccflags-$(CONFIG_X) := -DX -I$(src)/inc -I/usr/include -Inone\nCFLAGS_a.o := -I$(obj)\nEXTRA_CFLAGS += -I$(src)/../inc",
        ),
        ("common/x.h", ""),
        ("inc/x.h", ""),
        ("d/inc/x.h", ""),
        ("d/e/inc/x.h", ""),
        ("d/e/a.c", ""),
        ("d/e/b.c", ""),
        ("d/e/unclaimed.c", ""),
        ("f/c.c", ""),
    ]);
    let shared = ["common", "inc", "d/inc", "d/e/inc"];
    assert_eq!(drivers.include_dirs("d/e/b.c"), shared);
    assert_eq!(drivers.include_dirs("d/e/a.c"), [&shared[..], &["d/e"]].concat());
    assert_eq!(drivers.include_dirs("f/c.c"), shared);
    assert_eq!(drivers.include_dirs("d/e/unclaimed.c"), shared);
}

#[test]
fn a_makefile_that_is_no_text_or_no_file_does_no_harm() {
    let (dir, tree) = tree(&[("d/a.c", ""), ("e/Makefile", ""), ("e/b.c", ""), ("f/c.c", "")]);
    fs::create_dir(dir.path().join("d/Makefile")).expect("a folder");
    fs::write(dir.path().join("e/Makefile"), b"\xff\xfe\0 := $(\nobj-m += b.o\n").expect("a file");
    let huge = fs::File::create(dir.path().join("f/Makefile")).expect("a file");
    huge.set_len(2 << 20).expect("a sparse file");
    let walk = tree.walk(&[], &[]).expect("a walk");
    let drivers = Drivers::read(&tree, &walk.files);
    assert_eq!(drivers.driver_of("d/a.c"), "a");
    assert_eq!(drivers.modules_of("e/b.c"), ["b"]);
    let reasons: Vec<&str> = drivers.unreadable().iter().map(|it| it.path.as_str()).collect();
    assert_eq!(reasons, ["f/Makefile"]);
}

/// Drivers as they are kept, and a tree in which something may have changed since.
struct Kept {
    dir: TempDir,
    tree: KernelTree,
    kept: Vec<u8>,
}

const WALKED: [&str; 2] = ["d/a.c", "d/e/b.c"];

impl Kept {
    fn new() -> Kept {
        let makefile = "obj-y += a.o g.o e/\nccflags-y := -Id/x -Id/y\ninclude d/more.mk\n";
        let (dir, tree) = tree(&[
            ("d/Makefile", makefile),
            ("d/more.mk", "a-y := a.o ../far/c.o\n"),
            ("d/e/Makefile", "obj-m += b.o\n"),
            ("d/a.c", ""),
            ("d/e/b.c", ""),
            ("far/c.c", ""),
            ("d/x/x.h", ""),
        ]);
        let drivers = Drivers::read(&tree, &WALKED);
        assert_eq!(drivers.files_of("a"), ["d/a.c", "far/c.c"]);
        let kept = postcard::to_allocvec(&drivers).expect("they are encoded");
        Kept { dir, tree, kept }
    }

    fn hold(&self, files: &[&str]) -> bool {
        let drivers: Drivers = postcard::from_bytes(&self.kept).expect("they are decoded");
        drivers.hold(&self.tree, files)
    }

    /// Asserts that what was kept holds no more once `change` is done, and not before.
    #[track_caller]
    fn check(change: impl Fn(&Path)) {
        let kept = Kept::new();
        assert!(kept.hold(&WALKED), "nothing has changed");
        change(kept.dir.path());
        assert!(!kept.hold(&WALKED), "something has changed");
    }
}

#[test]
fn kept_drivers_hold_until_something_changes_that_they_were_read_from() {
    Kept::check(|top| fs::write(top.join("d/e/Makefile"), "obj-m += bb.o\n").unwrap());
    Kept::check(|top| fs::write(top.join("d/more.mk"), "a-y := a.o ../far/d.o\n").unwrap());
    Kept::check(|top| fs::write(top.join("d/e/Kbuild"), "obj-m += b.o\n").unwrap());
    Kept::check(|top| fs::write(top.join("Makefile"), "").unwrap());
    Kept::check(|top| fs::remove_file(top.join("d/more.mk")).unwrap());
    Kept::check(|top| fs::remove_file(top.join("far/c.c")).unwrap());
    Kept::check(|top| fs::write(top.join("d/g.c"), "").unwrap());
    Kept::check(|top| fs::create_dir(top.join("d/y")).unwrap());
    Kept::check(|top| fs::remove_dir_all(top.join("d/x")).unwrap());
}

#[test]
fn kept_drivers_hold_for_their_files_only_and_whatever_these_say() {
    let kept = Kept::new();
    fs::write(kept.dir.path().join("d/a.c"), "int x;").expect("a file");
    fs::write(kept.dir.path().join("d/x/y.h"), "int x;").expect("a file");
    assert!(kept.hold(&WALKED));
    assert!(!kept.hold(&["d/a.c"]));
    assert!(!kept.hold(&["d/a.c", "d/e/b.c", "far/c.c"]));
}

#[test]
fn drivers_are_kept_once_their_makefiles_have_come_to_rest() {
    let (_dir, tree) = tree(&[("d/Makefile", "obj-y += a.o\n"), ("d/a.c", "")]);
    assert!(!Drivers::read(&tree, &["d/a.c"]).may_be_kept());
    std::thread::sleep(std::time::Duration::from_millis(3100));
    assert!(Drivers::read(&tree, &["d/a.c"]).may_be_kept());
}

#[test]
fn a_file_is_sure_to_be_built_with_another_if_no_option_parts_them() {
    let makefile = "obj-$(CONFIG_M) += m.o\nm-y := a.o b.o\nm-$(CONFIG_X) += x.o y.o\nm-objs += $(OTHER)\nOTHER := o.o p.o\nifdef CONFIG_Z\nm-y += z.o\nendif\nobj-$(CONFIG_N) += n.o\nn-y := a.o s.o\n";
    let names = ["a", "b", "x", "y", "o", "p", "z", "s"].map(|name| format!("d/{name}.c"));
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    files.push(("d/Makefile", makefile));
    let (_dir, drivers) = drivers(&files);
    let sure = |file: &str, other: &str| {
        drivers.builds_with(&format!("d/{file}.c"), &format!("d/{other}.c"))
    };
    assert!(sure("a", "b") && sure("a", "x") && sure("x", "y") && sure("o", "p"));
    assert!(!sure("x", "a") && !sure("z", "a") && sure("o", "b") && !sure("a", "none"));
    // The other module that `a` is in has no `b`.
    assert!(!sure("b", "a") && sure("a", "s"));
}

#[test]
fn a_file_under_one_condition_is_not_sure_to_be_built_with_one_under_another() {
    let makefile = "obj-m += m.o\nm-y := a.o\nifneq ($(CONFIG_X),)\nm-y += b.o c.o\nelse\nm-y += e.o\nendif\n\
        ifneq ($(CONFIG_Y),)\nm-y += d.o\nendif\nifneq ($(CONFIG_X),)\nm-y += f.o\nendif\n";
    let names = ["a", "b", "c", "d", "e", "f"].map(|name| format!("d/{name}.c"));
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    files.push(("d/Makefile", makefile));
    let (_dir, drivers) = drivers(&files);
    let sure = |file: &str, other: &str| {
        drivers.builds_with(&format!("d/{file}.c"), &format!("d/{other}.c"))
    };
    assert!(sure("a", "b") && sure("b", "c") && sure("b", "f"));
    assert!(!sure("b", "d") && !sure("b", "e") && !sure("e", "b"));
}

#[test]
fn conditions_go_with_the_words_of_variables_and_the_makefiles_that_are_included() {
    let top = "obj-m += m.o\nPARTS = core\nifdef CONFIG_X\nPARTS += one two\nendif\n\
        ifdef CONFIG_Y\nPARTS += three\nendif\nPARTS += four\n\
        include $(addsuffix /Makefile, $(addprefix $(srctree)/d/,$(PARTS)))\nm-y := $(FILES)\n";
    let part = |name: &str| {
        format!(
            "OWN = $(addprefix {name}/,a.o b.o)\nFILES += $(OWN_{name})\nOWN_{name} := $(OWN)\nFILES += {name}/c.o\nFILES-$(CONFIG_Z) += {name}/z.o\nm-$(CONFIG_Z) += {name}/z.o\n"
        )
    };
    let names = ["core", "one", "two", "three", "four"];
    let mut files: Vec<(String, String)> = vec![("d/Makefile".to_owned(), top.to_owned())];
    for name in names {
        files.push((format!("d/{name}/Makefile"), part(name)));
        let own = ["a", "b", "c", "z"].map(|file| (format!("d/{name}/{file}.c"), String::new()));
        files.extend(own);
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    let (_dir, drivers) = drivers(&files);
    let sure = |file: &str, other: &str| {
        drivers.builds_with(&format!("d/{file}.c"), &format!("d/{other}.c"))
    };
    assert!(sure("one/c", "two/c") && sure("two/c", "one/a") && sure("core/c", "three/c"));
    assert!(sure("core/c", "four/c") && sure("four/c", "core/c") && sure("four/c", "one/z"));
    assert!(!sure("one/c", "core/c") && !sure("one/c", "three/c") && !sure("three/c", "one/c"));
    assert!(sure("one/c", "one/z") && !sure("one/z", "one/c") && !sure("core/z", "one/c"));
    assert!(sure("core/z", "one/z") && !sure("one/z", "core/z"));
}
