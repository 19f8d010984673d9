use super::*;

fn three_functions() -> Tree {
    let text = ["f", "g", "h"].map(function).concat();
    Tree::new(&[("a.c", &text), ("b.c", "b\n")])
}

#[test]
fn a_neighbour_proposal_is_moved_onto_the_new_text() {
    let tree = three_functions();
    tree.propose("00000001", &[("a.c", &function("f"), "")]);
    tree.propose("00000002", &[("a.c", "d->h = 1", "set(d)"), ("b.c", "b", "B")]);
    let mut store = tree.store();
    let applied = store.apply(&ids(&["00000001"])).unwrap();
    assert_eq!(applied.rebased, ["00000002"]);
    assert!(applied.made_stale.is_empty());

    let patch = String::from_utf8(store.patch("00000002").unwrap()).unwrap();
    assert!(patch.contains("@@ -7,7 +7,7 @@"), "{patch}");
    let proposal = store.proposal("00000002").unwrap();
    assert_eq!(store.stale(&proposal).unwrap(), None);
    assert_eq!((proposal.lines_added, proposal.lines_removed), (2, 2));
    store.apply(&ids(&["00000002"])).unwrap();
    let expected = [function("g"), function("h").replace("d->h = 1", "set(d)")].concat();
    assert_eq!(tree.read("a.c"), expected);
}

#[test]
fn one_after_the_other_gives_the_same_as_all_at_once() {
    let changes: [(&str, [&str; 2]); 4] = [
        ("00000001", ["static int g", "static int one;\nstatic int g"]),
        ("00000002", ["static int g", "static int two;\nstatic int g"]),
        ("00000003", ["d->f = 1", "set(d)"]),
        ("00000004", ["d->h = 1;\n", ""]),
    ];
    let prepared = || {
        let tree = three_functions();
        for (id, [from, to]) in &changes {
            tree.propose(id, &[("a.c", from, to)]);
        }
        tree
    };
    let together = prepared();
    together.store().apply(&ids(&changes.map(|(id, _)| id))).unwrap();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let tree = prepared();
        for at in order {
            tree.store().apply(&ids(&[changes[at].0])).unwrap();
        }
        assert_eq!(tree.read("a.c"), together.read("a.c"), "{order:?}");
    }
}

#[test]
fn a_proposal_that_overlaps_becomes_stale_and_is_good_again_after_undo() {
    let tree = three_functions();
    tree.propose("00000001", &[("a.c", "d->g = 1", "set(d)")]);
    tree.propose("00000002", &[("a.c", &function("g"), "")]);
    let before = tree.sources_and_proposals();
    let mut store = tree.store();
    let applied = store.apply(&ids(&["00000001"])).unwrap();
    assert_eq!(applied.made_stale, ["00000002"]);
    assert!(store.apply(&ids(&["00000002"])).unwrap_err().to_string().contains("00000002"));
    store.undo().unwrap();
    assert_eq!(tree.sources_and_proposals(), before);
    store.apply(&ids(&["00000002"])).unwrap();
    assert_eq!(tree.read("a.c"), [function("f"), function("h")].concat());
}

#[test]
fn a_proposal_planned_after_the_apply_is_moved_back_by_undo() {
    let tree = three_functions();
    tree.propose("00000001", &[("a.c", &function("f"), "")]);
    let mut store = tree.store();
    store.apply(&ids(&["00000001"])).unwrap();
    tree.propose("00000002", &[("a.c", "d->h = 1", "set(d)")]);
    store.undo().unwrap();
    store.apply(&ids(&["00000001", "00000002"])).unwrap();
    let expected = [function("g"), function("h").replace("d->h = 1", "set(d)")].concat();
    assert_eq!(tree.read("a.c"), expected);
}

#[test]
fn a_proposal_that_was_stale_before_stays_as_it_is() {
    let tree = three_functions();
    tree.propose("00000002", &[("a.c", "d->h = 1", "set(d)")]);
    tree.write("a.c", &["x", "f", "g", "h"].map(function).concat());
    tree.propose("00000001", &[("a.c", &function("f"), "")]);
    let mut store = tree.store();
    let patch = store.patch("00000002").unwrap();
    let applied = store.apply(&ids(&["00000001"])).unwrap();
    assert!(applied.rebased.is_empty() && applied.made_stale.is_empty());
    assert_eq!(store.patch("00000002").unwrap(), patch);
}
