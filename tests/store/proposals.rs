use super::*;
use drvdedup::store::{Choice, StoreError, below};

#[test]
fn a_plan_on_some_paths_replaces_only_what_lies_below_them() {
    let tree = Tree::new(&[("d/x/a.c", "a\n"), ("d/xy/b.c", "b\n"), ("e/c.c", "c\n")]);
    tree.propose("00000001", &[("d/x/a.c", "a", "A")]);
    tree.propose("00000002", &[("d/xy/b.c", "b", "B")]);
    tree.propose("00000003", &[("d/x/a.c", "a", "A"), ("e/c.c", "c", "C")]);
    let new = tree.proposal("00000004", &[("d/x/a.c", "a", "z")]);
    let mut store = tree.store();
    store.replace_proposals(&below(&ids(&["d/x"])), std::slice::from_ref(&new)).unwrap();
    let stored = store.proposals().unwrap();
    let names: Vec<&str> = stored.iter().map(|proposal| proposal.id.as_str()).collect();
    assert_eq!(names, ["00000002", "00000003", "00000004"]);
    assert_eq!(store.patch("00000004").unwrap(), new.1);
    let expected = Proposal { patch: ".drvdedup/proposals/00000004.patch".to_owned(), ..new.0 };
    assert_eq!(stored[2], expected);
    assert!(!tree.path().join(".drvdedup/proposals/00000001.patch").exists());

    store.replace_proposals(&below(&ids(&[""])), &[]).unwrap();
    assert!(store.proposals().unwrap().is_empty());
}

#[test]
fn the_beginning_of_an_id_is_enough_where_it_is_the_only_one() {
    let tree = Tree::new(&[("a.c", "a\n")]);
    tree.propose("12340001", &[("a.c", "a", "b")]);
    tree.propose("12350002", &[("a.c", "a", "c")]);
    let store = tree.store();
    assert_eq!(store.proposal("1235").unwrap().id, "12350002");
    let error = store.proposal("123").unwrap_err().to_string();
    assert_eq!(error, "`123` may be any of 12340001, 12350002; give more digits");
    let error = store.proposal("9").unwrap_err().to_string();
    assert_eq!(error, "no proposal `9` in the store");
}

#[test]
fn decisions_are_remembered_and_outlive_their_proposal() {
    let tree = Tree::new(&[("a.c", "a\n")]);
    tree.propose("00000001", &[("a.c", "a", "b")]);
    tree.propose("00000002", &[("a.c", "a", "c")]);
    let mut store = tree.store();
    store.accept(&ids(&["00000001"])).unwrap();
    store.reject(&ids(&["00000002"]), "not mine").unwrap();
    store.replace_proposals(&|_| true, &[]).unwrap();
    let decisions = tree.store().decisions().unwrap();
    assert_eq!(decisions["00000001"].choice, Choice::Accepted);
    assert_eq!(decisions["00000002"].choice, Choice::Rejected);
    assert_eq!(decisions["00000002"].reason, "not mine");
    assert!(store.accepted().unwrap().is_empty(), "it is not stored any more");
}

#[test]
fn one_unknown_id_and_nothing_is_decided() {
    let tree = Tree::new(&[("a.c", "a\n")]);
    tree.propose("00000001", &[("a.c", "a", "b")]);
    let mut store = tree.store();
    assert!(store.accept(&ids(&["00000001", "77"])).is_err());
    assert!(store.decisions().unwrap().is_empty());
}

#[test]
fn an_id_that_is_no_id_is_not_stored() {
    let tree = Tree::new(&[("a.c", "a\n")]);
    let (mut proposal, patch) = tree.proposal("00000001", &[("a.c", "a", "b")]);
    for id in ["../../x1", "", "0000000G", "123456789"] {
        id.clone_into(&mut proposal.id);
        let new = [(proposal.clone(), patch.clone())];
        let error = tree.store().replace_proposals(&|_| false, &new).unwrap_err();
        assert!(matches!(error, StoreError::BadId { .. }), "{error}");
    }
}

#[test]
fn the_store_hides_itself_from_git() {
    let tree = Tree::new(&[]);
    assert_eq!(tree.read(".drvdedup/.gitignore"), "*\n");
}
