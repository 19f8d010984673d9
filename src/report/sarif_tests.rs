//! What stands in the log, on invented groups. Whether it is SARIF, tests/report asks the
//! schema.

use super::*;
use crate::report::sample;
use std::path::Path;

fn log(report: &Report, compared: Option<Compared>) -> Value {
    let mut out = Vec::new();
    write(&mut out, report, compared).expect("a vector takes all");
    serde_json::from_slice(&out).expect("it is JSON")
}

fn scanned() -> Report {
    sample::report(Path::new("/k b"), None)
}

/// A baseline of these lines.
fn baseline(lines: &str) -> Baseline {
    let file = tempfile::NamedTempFile::new().expect("a file for the test");
    std::fs::write(file.path(), lines).expect("it is ours");
    Baseline::read(file.path()).expect("it is a baseline")
}

#[test]
fn a_group_is_a_result_at_its_first_member_with_all_as_related_locations() {
    let log = log(&scanned(), None);
    let run = &log["runs"][0];
    let result = &run["results"][0];
    let region = json!({ "startLine": 1, "endLine": 4 });
    let place = json!({
        "artifactLocation": { "uri": "drivers/hwmon/a.c", "uriBaseId": "%SRCROOT%" },
        "region": region });
    assert_eq!(result["locations"][0]["physicalLocation"], place);
    assert_eq!(result["relatedLocations"][0]["physicalLocation"], place);
    assert_eq!(result["relatedLocations"][1]["id"], 2);
    assert_eq!(result["relatedLocations"][1]["message"]["text"], "b_get()");
    assert_eq!(result["relatedLocations"].as_array().map(Vec::len), Some(2));
    assert_eq!(result["partialFingerprints"], json!({ "drvdedupGroup/v1": "0a0b0c0d" }));
    let text = "constant-only: 2 functions of one driver, 4 redundant lines: \
        [a_get() in a.c](1), [b_get() in a.c](2).";
    assert_eq!(result["message"]["text"], text);
    assert_eq!((result.get("baselineState"), result["level"].as_str()), (None, Some("note")));
    assert_eq!(run["originalUriBaseIds"]["%SRCROOT%"]["uri"], "file:///k%20b/");
}

#[test]
fn the_rule_of_a_result_is_its_kind() {
    let log = log(&scanned(), None);
    let run = &log["runs"][0];
    let result = &run["results"][0];
    let index = result["ruleIndex"].as_u64().expect("a number") as usize;
    let rules = run["tool"]["driver"]["rules"].as_array().expect("there are rules");
    assert_eq!(rules[index]["id"], result["ruleId"]);
    assert_eq!(rules[index]["name"], "ConstantOnly");
    assert_eq!(rules.len(), 7);
}

#[test]
fn a_plan_says_what_came_of_the_group() {
    let report = sample::report(Path::new("/k"), Some(sample::proposed()));
    let result = log(&report, None)["runs"][0]["results"][0].take();
    let text = result["message"]["text"].as_str().expect("there is one");
    assert!(text.contains("\nproposal 11112222: extract-helper, drivers/hwmon/a.c, +6"), "{text}");
    assert_eq!(result["properties"]["verdict"], "expands");
    assert_eq!(result["properties"]["patch"], ".drvdedup/proposals/11112222.patch");

    let report = sample::report(Path::new("/k"), Some(sample::refused()));
    let result = log(&report, None)["runs"][0]["results"][0].take();
    assert_eq!(result["properties"]["outcome"]["refusal"]["reason"], "constant-context");
}

#[test]
fn what_is_new_unchanged_and_gone_is_marked() {
    let mut report = scanned();
    let new = CloneGroup { id: "00000001".into(), ..sample::group("b.c") };
    report.groups.make_mut().insert(0, new);
    let known = baseline(
        "0a0b0c0d constant-only driver drivers/hwmon/a.c:a_get drivers/hwmon/a.c:b_get\n\
         00000002 identical subset a.c:f a%20b.c:f\n",
    );
    let gone = known.gone(&report.groups, |_| true);
    let log = log(&report, Some(Compared { known: &known, gone: &gone }));
    let results = log["runs"][0]["results"].as_array().expect("there are results");
    let states: Vec<_> = results.iter().map(|it| it["baselineState"].as_str()).collect();
    assert_eq!(states, [Some("new"), Some("unchanged"), Some("absent")]);
    assert_eq!(results[2]["ruleId"], "identical");
    let place = &results[2]["relatedLocations"][1]["physicalLocation"]["artifactLocation"];
    assert_eq!(place["uri"], "a%20b.c");
}

#[test]
fn beyond_five_thousand_the_groups_are_counted() {
    let check = |groups: usize, results: usize, notified: bool| {
        let mut report = scanned();
        report.groups = vec![sample::group("a.c"); groups].into();
        let log = log(&report, None);
        let run = &log["runs"][0];
        assert_eq!(run["results"].as_array().map(Vec::len), Some(results));
        assert_eq!(run["properties"]["resultsLeftOut"], groups - results);
        let notifications = &run["invocations"][0]["toolExecutionNotifications"];
        let text = notifications[0]["message"]["text"].as_str();
        assert_eq!(text.is_some(), notified, "{text:?}");
        if let Some(text) = text {
            assert!(text.starts_with("2 more groups of 5002 left out:"), "{text}");
        }
    };
    check(5000, 5000, false);
    check(5002, 5000, true);
}

#[test]
fn names_make_neither_links_nor_other_paths() {
    let mut group = sample::group("a/%2e\u{e9} [x].c");
    group.members[0].name = "f](javascript:1)[\n".into();
    let mut report = scanned();
    report.groups = vec![group].into();
    let result = log(&report, None)["runs"][0]["results"][0].take();
    let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "a/%252e%C3%A9%20%5Bx%5D.c");
    let text = result["message"]["text"].as_str().expect("there is one");
    assert!(text.contains("[f\\](javascript:1)\\[ () in %2e\u{e9} \\[x\\].c](1)"), "{text}");
}
