//! The lists and the groups: sorted, filtered, opened, left again.

use super::chromium::{Browser, DESK};
use super::tree::Planned;
use serde_json::{Value, json};

const ROWS: &str = "document.querySelectorAll('#groups tbody tr').length";

fn shown(browser: &mut Browser) -> String {
    browser.text("document.getElementById('count').textContent")
}

/// The numbers of a column of the groups.
fn column(browser: &mut Browser, key: &str) -> Vec<i64> {
    let values = browser.eval(&format!(
        "(() => {{ const at = [...document.querySelectorAll('#groups thead th')]\
         .findIndex(th => th.dataset.key === {key:?}); \
         return [...document.querySelectorAll('#groups tbody tr')]\
         .map(row => Number(row.children[at].textContent.replaceAll(',', ''))); }})()"
    ));
    values.as_array().into_iter().flatten().filter_map(Value::as_i64).collect()
}

fn order(browser: &mut Browser, key: &str) -> String {
    let title = format!("document.querySelector('#groups th[data-key={key}]')");
    browser.text(&format!("{title}.getAttribute('aria-sort')"))
}

#[test]
#[ignore = "needs a browser"]
fn the_page_lists_every_group_and_has_nothing_to_complain_of() {
    let planned = Planned::new();
    let mut browser = Browser::start();
    browser.open(&planned.page, "", DESK);
    let all = planned.groups().len();
    assert!(shown(&mut browser).starts_with(&format!("{all} groups, ")));
    assert_eq!(browser.number(ROWS), all.min(50) as f64);
    let redundant = planned.json["summary"]["redundant_lines"].to_string();
    let tiles = browser.text("document.getElementById('tiles').textContent");
    assert!(tiles.contains(&redundant), "{tiles}");
    let classes = planned.json["summary"]["classes"].as_array().expect("a table").len();
    let rows = browser.number("document.querySelectorAll('#classes tbody tr').length");
    assert_eq!(rows, classes as f64 + 1.0, "each class and their sum");
    let cells = browser.number("document.querySelectorAll('#map-cells button').length");
    assert!(cells > 3.0, "{cells} classes in the map");
    browser.picture("list");
    browser.assert_content();
}

#[test]
#[ignore = "needs a browser"]
fn a_title_sorts_by_mouse_and_by_keyboard() {
    let planned = Planned::new();
    let mut browser = Browser::start();
    browser.open(&planned.page, "", DESK);
    assert_eq!(order(&mut browser, "rank"), "ascending");
    browser.click("#groups th[data-key=lines] button");
    let lines = column(&mut browser, "lines");
    assert!(lines.len() > 3 && lines.is_sorted_by(|a, b| a >= b), "{lines:?}");
    assert_eq!(order(&mut browser, "lines"), "descending");
    assert_eq!(order(&mut browser, "rank"), "none");
    // The title keeps the focus, so that Enter turns the order.
    browser.press("Enter");
    let lines = column(&mut browser, "lines");
    assert!(lines.is_sorted(), "{lines:?}");
    assert_eq!(order(&mut browser, "lines"), "ascending");
    browser.click("#classes th[data-key=name] button");
    let names = browser.eval(
        "[...document.querySelectorAll('#classes tbody tr:not(.total) th')]\
         .map(th => th.textContent)",
    );
    let names: Vec<&str> =
        names.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert!(names.len() > 3 && names.is_sorted(), "{names:?}");
    browser.assert_content();
}

#[test]
#[ignore = "needs a browser"]
fn every_filter_leaves_the_groups_that_meet_it() {
    let planned = Planned::new();
    let mut browser = Browser::start();
    browser.open(&planned.page, "", DESK);
    let all = planned.groups().len();
    let mut check = |field: &str, value: &str, takes: &dyn Fn(&Value) -> bool| {
        browser.fill(&format!("#filter-{field}"), value);
        let left = planned.groups().iter().filter(|group| takes(group)).count();
        assert!(left > 0 && left < all, "{field} {value} says nothing");
        browser.wait(&format!("{ROWS} === {left}"));
        let text = shown(&mut browser);
        assert!(text.starts_with(&format!("{left} of {all} groups")), "{text}");
        let said = format!("new URLSearchParams(location.hash.slice(1)).get({field:?})");
        assert_eq!(browser.text(&said), value, "the address says so");
        browser.click("#filters button[type=reset]");
        browser.wait(&format!("{ROWS} === {}", all.min(50)));
    };
    let members = |group: &Value| group["members"].as_array().cloned().unwrap_or_default();
    // All members but the one that would stay: the kernel's own, or the longest.
    let lines = |group: &Value| -> u64 {
        let of = |it: &Value| it["end_line"].as_u64().zip(it["start_line"].as_u64());
        let lines: Vec<u64> =
            members(group).iter().filter_map(of).map(|(end, start)| end - start + 1).collect();
        let stays = match group["kind"] == "reimplements" {
            true => lines.first(),
            false => lines.iter().max(),
        };
        lines.iter().sum::<u64>() - stays.unwrap_or(&0)
    };
    check("kind", "identical", &|group| group["kind"] == "identical");
    check("level", "subset", &|group| group["level"] == "subset");
    check("class", "hwmon", &|group| members(group).iter().any(|it| it["class"] == "hwmon"));
    check("class", "net/ethernet", &|group| {
        members(group).iter().any(|it| it["class"] == "net/ethernet")
    });
    check("outcome", "expands", &|group| group["outcome"].get("proposal").is_some());
    check("outcome", "refusal", &|group| group["outcome"].get("refusal").is_some());
    check("min", "20", &|group| lines(group) >= 20);
    check("q", "axm75", &|group| {
        members(group).iter().any(|it| it["file"].to_string().contains("axm75"))
    });
    browser.assert_content();
}

#[test]
#[ignore = "needs a browser"]
fn a_group_opens_with_its_texts_its_holes_and_its_diff_and_closes_again() {
    let planned = Planned::new();
    let mut browser = Browser::start();
    browser.open(&planned.page, "", DESK);
    let id = planned.group(|group| {
        group["kind"] == "constant-only" && group["outcome"].get("proposal").is_some()
    });
    let group = planned.groups().iter().find(|group| group["id"] == *id).expect("it is there");
    browser.click(&format!("#groups a[href='#g={id}']"));
    browser.wait("document.querySelector('#code table') !== null");
    assert_eq!(browser.text("location.hash"), format!("#g={id}"));
    assert_eq!(browser.eval("document.getElementById('list').hidden"), true);
    assert_eq!(browser.text("document.activeElement.id"), "group-title");
    let marks =
        browser.eval("[...document.querySelectorAll('#code mark.hole')].map(it => it.textContent)");
    for value in group["holes"][0]["values"].as_array().into_iter().flatten().take(2) {
        assert!(marks.as_array().is_some_and(|marks| marks.contains(value)), "{value} {marks}");
    }
    for member in group["members"].as_array().into_iter().flatten() {
        let name = member["function"].as_str().expect("a name");
        let page = browser.text("document.getElementById('group').textContent");
        assert!(page.contains(&format!("{name}()")), "{name}");
    }
    let added = browser.text("document.querySelector('.diff .added').textContent");
    assert!(added.starts_with('+'), "{added}");
    browser.picture("group");
    browser.click("#back");
    browser.wait("!document.getElementById('list').hidden");
    let focused = browser.text("document.activeElement.getAttribute('href')");
    assert_eq!(focused, format!("#g={id}"), "one goes on where one was");
    browser.assert_content();
}

#[test]
#[ignore = "needs a browser"]
fn a_link_opens_its_group_and_an_old_one_says_that_it_is_gone() {
    let planned = Planned::new();
    let mut browser = Browser::start();
    let id = planned.group(|group| group["outcome"].get("refusal").is_some());
    browser.open(&planned.page, &format!("#g={id}"), DESK);
    let reason = planned.groups().iter().find(|group| group["id"] == *id).expect("it is there");
    let reason = reason["outcome"]["refusal"]["reason"].as_str().expect("a reason").to_owned();
    let text = browser.text("document.querySelector('#group .outcome h3').textContent");
    assert_eq!(text, format!("Refused: {reason}"));
    browser.eval("location.hash = '#g=00000000'");
    browser.wait("!document.getElementById('status').hidden");
    let text = browser.text("document.getElementById('status').textContent");
    assert_eq!(text, "There is no group 00000000 in this report.");
    assert_eq!(browser.eval("document.getElementById('list').hidden"), json!(false));
    browser.assert_content();
}

#[test]
#[ignore = "needs a browser"]
fn a_class_opens_in_the_map_and_in_the_list() {
    let planned = Planned::new();
    let mut browser = Browser::start();
    browser.open(&planned.page, "", DESK);
    browser.click("#map-cells button[aria-label^='hwmon:']");
    browser.wait("document.querySelector('#map-cells .driver') !== null");
    assert_eq!(browser.text("document.getElementById('filter-class').value"), "hwmon");
    let groups = planned.groups().iter().filter(|group| {
        let mut members = group["members"].as_array().into_iter().flatten();
        members.any(|member| member["class"] == "hwmon")
    });
    assert_eq!(browser.number(ROWS), groups.count() as f64);
    browser.click("#map-bar button");
    browser.wait("document.querySelector('#map-cells .driver') === null");
    assert_eq!(browser.number(ROWS), planned.groups().len().min(50) as f64);
    browser.assert_content();
}
