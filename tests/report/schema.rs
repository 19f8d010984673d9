//! `--format json` against the schema that is published, docs/schema.json.

use super::common::tree;
use super::{faults, fixture, printed, read_json};
use drvdedup::report::json;
use drvdedup::report::verified::Verified;
use drvdedup::store::Store;
use drvdedup::tree::KernelTree;
use drvdedup::verify::Verdict;
use drvdedup::verify::ladder::Proof;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::path::Path;

/// The published schema as it describes what one command writes.
fn published(command: &str) -> Validator {
    validator(read_json("docs/schema.json"), command)
}

/// As [`published`], but a field that the schema does not name is a fault: what is added
/// to the output must be added to the schema.
fn strict(command: &str) -> Validator {
    let mut schema = read_json("docs/schema.json");
    close(&mut schema);
    validator(schema, command)
}

fn validator(mut schema: Value, command: &str) -> Validator {
    schema["anyOf"] = json!([{ "$ref": format!("#/$defs/{command}") }]);
    jsonschema::draft202012::new(&schema).expect("the schema is one")
}

/// Forbids all other fields of every object whose fields are listed.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(close);
            if object.contains_key("properties") && object.contains_key("required") {
                object.insert("additionalProperties".into(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// What the command writes, which is as the schema says.
fn check(folder: &Path, args: &[&str]) -> Value {
    let value = printed(folder, &[args, &["--format", "json"]].concat(), 0);
    assert_eq!(faults(&strict(args[0]), &value), [""; 0], "{args:?}");
    // A reader need not know the command.
    let any = jsonschema::draft202012::new(&read_json("docs/schema.json"));
    assert_eq!(faults(&any.expect("the schema is one"), &value), [""; 0], "{args:?}");
    value
}

#[test]
fn the_schema_is_one_of_its_draft() {
    let schema = read_json("docs/schema.json");
    assert!(jsonschema::meta::is_valid(&schema), "{:?}", jsonschema::meta::validate(&schema).err());
    assert_eq!(schema["$defs"]["version"]["const"], json::SCHEMA);
}

#[test]
fn every_command_writes_what_the_schema_says() {
    let dir = fixture();
    let scan = check(dir.path(), &["scan"]);
    assert_eq!(scan.get("proposals"), None);
    let plan = check(dir.path(), &["plan"]);
    let outcome = |name: &str| {
        let groups = plan["groups"].as_array().expect("there are groups");
        groups.iter().find(|group| group["outcome"].get(name).is_some()).expect("there is one")
    };
    let text = |value: &Value| value.as_str().expect("it is text").to_owned();
    check(dir.path(), &["show", &text(&outcome("proposal")["outcome"]["proposal"])]);
    check(dir.path(), &["show", &text(&outcome("refusal")["id"])]);
}

#[test]
fn outside_of_a_kernel_tree_the_schema_holds_too() {
    let dir = tree();
    std::fs::remove_file(dir.path().join("Kconfig")).expect("it is there");
    std::fs::remove_file(dir.path().join("Makefile")).expect("it is there");
    assert_eq!(check(dir.path(), &["scan"])["kernel"], Value::Null);
}

#[test]
fn verified_proposals_are_as_the_schema_says() {
    let dir = tree();
    check(dir.path(), &["plan"]);
    // Nothing is accepted, so no kernel is needed.
    check(dir.path(), &["verify"]);

    // What a kernel adds, by the same writer.
    let tree = KernelTree::discover(dir.path(), Some(dir.path())).expect("it is one");
    let store = Store::open(dir.path()).expect("there was a plan");
    let mut proposals = store.proposals().expect("it can be read");
    proposals[0] = proposals[0].proved(Proof {
        verdict: Verdict::IdenticalObject,
        detail: "the same machine code at -O2".to_owned(),
        level: Some("-O2".to_owned()),
        not_built: vec!["drivers/hwmon/alpha.c".to_owned()],
        configuration: "00".to_owned(),
        compiler: "gcc 12".to_owned(),
        architecture: "x86_64".to_owned(),
        engine: "x86-64 instructions".to_owned(),
        release: "6.1.0".to_owned(),
        of: "00".to_owned(),
    });
    let mut out = Vec::new();
    json::write_verified(&mut out, &Verified { tree, proposals }).expect("a vector takes all");
    let verified: Value = serde_json::from_slice(&out).expect("it is JSON");
    assert_eq!(verified["proposals"][0]["proof"]["level"], "-O2");
    assert_eq!(faults(&strict("verify"), &verified), [""; 0]);
}

#[test]
fn the_schema_refuses_what_the_program_does_not_write() {
    let dir = tree();
    let plan = check(dir.path(), &["plan"]);
    let refused = |change: fn(&mut Value)| {
        let mut wrong = plan.clone();
        change(&mut wrong);
        assert_ne!(wrong, plan);
        assert!(!published("plan").is_valid(&wrong), "{wrong:#}");
    };
    refused(|plan| plan["schema"] = json!(2));
    refused(|plan| plan["summary"]["files"] = json!(-1));
    refused(|plan| plan["summary"]["by_kind"] = json!({ "equal": 1 }));
    refused(|plan| plan["groups"][0]["kind"] = json!("equal"));
    refused(|plan| plan["groups"][0]["id"] = json!("0A0B0C0D"));
    refused(|plan| plan["groups"][0]["members"][0]["start_line"] = json!(0));
    refused(|plan| plan["groups"][0]["members"] = json!([]));
    refused(|plan| plan["groups"][0]["outcome"] = Value::Null);
    refused(|plan| plan["proposals"][0]["verdict"] = json!("proved"));
    refused(|plan| drop(plan.as_object_mut().map(|plan| plan.remove("proposals"))));
    refused(|plan| drop(plan["groups"][0].as_object_mut().map(|it| it.remove("outcome"))));
    // A field more is no fault: readers pass over it.
    let mut more = plan.clone();
    more["groups"][0]["more"] = json!(1);
    assert!(published("plan").is_valid(&more));
    assert!(!strict("plan").is_valid(&more));
}
