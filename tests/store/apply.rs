use super::*;
use drvdedup::store::StoreError;

#[test]
fn several_proposals_of_several_files_are_applied_together() {
    let tree = Tree::new(&[("d/a.c", "a\nb\nc\nd\ne\n"), ("d/b.c", "1\n2\n")]);
    tree.propose("00000001", &[("d/a.c", "a\n", "A\n"), ("d/b.c", "2\n", "")]);
    tree.propose("00000002", &[("d/a.c", "c\n", "c\nC\n"), ("d/new/n.h", "", "new\n")]);
    let applied = tree.store().apply(&ids(&["00000002", "00000001"])).unwrap();
    assert_eq!(tree.read("d/a.c"), "A\nb\nc\nC\nd\ne\n");
    assert_eq!(tree.read("d/b.c"), "1\n");
    assert_eq!(tree.read("d/new/n.h"), "new\n");
    assert_eq!(applied.proposals, ["00000001", "00000002"]);
    assert_eq!(applied.files, ["d/a.c", "d/b.c", "d/new/n.h"]);
    assert_eq!((applied.lines_added, applied.lines_removed), (3, 2));
}

#[test]
fn an_applied_proposal_is_not_offered_again_until_it_is_taken_back() {
    let tree = Tree::new(&[("a.c", "a\n")]);
    tree.propose("00000001", &[("a.c", "a", "b")]);
    let mut store = tree.store();
    store.accept(&ids(&["00000001"])).unwrap();
    store.apply(&store.accepted().unwrap()).unwrap();
    assert!(store.proposals().unwrap().is_empty());
    assert!(store.accepted().unwrap().is_empty());
    assert_eq!(store.applied().unwrap(), [["00000001"]]);
    store.undo().unwrap();
    assert_eq!(store.accepted().unwrap(), ["00000001"]);
}

#[test]
fn a_check_says_the_same_and_changes_nothing() {
    let tree = Tree::new(&[("a.c", "a\n")]);
    tree.propose("00000001", &[("a.c", "a", "b")]);
    let before = tree.sources_and_proposals();
    let mut store = tree.store();
    let checked = store.check(&ids(&["00000001"])).unwrap();
    assert_eq!(tree.sources_and_proposals(), before);
    assert_eq!(checked, store.apply(&ids(&["00000001"])).unwrap());
}

#[test]
fn undo_gives_back_every_byte_and_permission_and_can_be_repeated() {
    let tree = Tree::new(&[("a.c", "a\r\nb\n"), ("run.sh", "x\ny\nz\n")]);
    tree.set_mode("run.sh", 0o755);
    tree.set_mode("a.c", 0o640);
    tree.propose("00000001", &[("a.c", "b\n", "c"), ("new/deep/n.h", "", "n\n")]);
    tree.propose("00000002", &[("run.sh", "x", "X")]);
    let first = tree.sources_and_proposals();
    let mut store = tree.store();
    store.apply(&ids(&["00000001"])).unwrap();
    let second = tree.sources_and_proposals();
    assert_eq!(second["a.c"], (b"a\r\nc".to_vec(), 0o640));
    store.apply(&ids(&["00000002"])).unwrap();
    assert_eq!(tree.sources()["run.sh"], (b"X\ny\nz\n".to_vec(), 0o755));

    assert_eq!(store.undo().unwrap().proposals, ["00000002"]);
    assert_eq!(tree.sources_and_proposals(), second);
    store.undo().unwrap();
    assert_eq!(tree.sources_and_proposals(), first);
    assert!(!tree.path().join("new").exists());
    assert!(matches!(store.undo(), Err(StoreError::NothingToUndo { .. })));
}

#[test]
fn undo_refuses_when_a_file_changed_since_and_names_it() {
    let tree = Tree::new(&[("a.c", "a\n"), ("b.c", "b\n")]);
    tree.propose("00000001", &[("a.c", "a", "A"), ("b.c", "b", "B")]);
    let mut store = tree.store();
    store.apply(&ids(&["00000001"])).unwrap();
    tree.write("b.c", "B\nmine\n");
    let before = tree.sources_and_proposals();
    let error = store.undo().unwrap_err().to_string();
    assert!(error.contains("/b.c: changed since the apply"), "{error}");
    assert_eq!(tree.sources_and_proposals(), before);
}

#[test]
fn a_stale_file_stops_all_and_is_named_with_its_proposals() {
    let tree = Tree::new(&[("a.c", "a\n"), ("b.c", "b\n")]);
    tree.propose("00000001", &[("a.c", "a", "A")]);
    tree.propose("00000002", &[("b.c", "b", "B"), ("n.c", "", "n\n")]);
    tree.write("b.c", "other\n");
    tree.write("n.c", "other\n");
    let before = tree.sources_and_proposals();
    let mut store = tree.store();
    let error = store.apply(&ids(&["00000001", "00000002"])).unwrap_err().to_string();
    assert_eq!(
        error,
        "b.c: changed since proposal 00000002 was planned\n\
         n.c: proposal 00000002 makes it, but it is there now; plan again"
    );
    assert_eq!(tree.sources_and_proposals(), before);
    fs::remove_file(tree.path().join("b.c")).unwrap();
    let stale = store.stale(&store.proposal("00000002").unwrap()).unwrap().unwrap();
    assert_eq!(stale.to_string(), "b.c: gone since proposal 00000002 was planned");
    assert_eq!(store.stale(&store.proposal("00000001").unwrap()).unwrap(), None);
}

#[test]
fn two_proposals_that_change_one_line_conflict_and_both_are_named() {
    let tree = Tree::new(&[("a.c", "a\nb\nc\n")]);
    tree.propose("00000001", &[("a.c", "b", "B")]);
    tree.propose("00000002", &[("a.c", "b", "bb")]);
    let error = tree.store().apply(&ids(&["00000001", "00000002"])).unwrap_err().to_string();
    assert!(
        error.starts_with("a.c:2: proposals 00000001 and 00000002 both change this"),
        "{error}"
    );
    assert_eq!(tree.read("a.c"), "a\nb\nc\n");
}

#[test]
fn insertions_at_one_point_stand_in_the_order_of_the_ids() {
    let tree = Tree::new(&[("a.c", "a\nz\n")]);
    tree.propose("00000002", &[("a.c", "z", "two\nz")]);
    tree.propose("00000001", &[("a.c", "z", "one\nz")]);
    tree.store().apply(&ids(&["00000002", "00000001"])).unwrap();
    assert_eq!(tree.read("a.c"), "a\none\ntwo\nz\n");
}

#[test]
fn neighbouring_functions_can_be_taken_out_by_different_proposals() {
    let text = format!("#include <x.h>\n\n{}", ["f", "g", "h"].map(function).concat());
    let text = text.trim_end().to_owned() + "\n";
    let last = function("h").trim_end().to_owned() + "\n";
    let tree = Tree::new(&[("a.c", &text)]);
    tree.propose("00000001", &[("a.c", &function("f"), "")]);
    tree.propose("00000002", &[("a.c", &function("g"), "")]);
    tree.propose("00000003", &[("a.c", &format!("\n{last}"), "")]);
    let mut store = tree.store();
    store.apply(&ids(&["00000001", "00000002", "00000003"])).unwrap();
    assert_eq!(tree.read("a.c"), "#include <x.h>\n");
    store.undo().unwrap();
    assert_eq!(tree.read("a.c"), text);
}

#[test]
fn a_change_in_a_function_that_another_proposal_deletes_never_lands_in_its_neighbour() {
    let body = |name: &str| format!("static int {name}(void)\n{{\n\tx();\n\n\treturn 0;\n}}\n\n");
    let text = [body("f"), body("g")].concat();
    let tree = Tree::new(&[("a.c", &text)]);
    let changed = body("g").replace("\treturn 0;\n", "\ty();\n\treturn 0;\n");
    tree.propose("00000001", &[("a.c", &body("g"), "")]);
    tree.propose("00000002", &[("a.c", &body("g"), &changed)]);
    let error = tree.store().apply(&ids(&["00000001", "00000002"])).unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
}

#[test]
fn an_apply_of_nothing_is_no_error_and_leaves_nothing_to_undo() {
    let tree = Tree::new(&[("a.c", "a\n")]);
    let mut store = tree.store();
    assert!(store.apply(&[]).unwrap().files.is_empty());
    assert!(matches!(store.undo(), Err(StoreError::NothingToUndo { .. })));
}
