//! What one sees: on a phone, at night.

use super::chromium::{Browser, DESK, NIGHT, PHONE, Window};
use super::tree::Planned;
use serde_json::Value;

/// Whether text stands out from what is behind it, as WCAG 2.1 measures it; 4.5 is what it
/// asks of small text.
const CONTRASTS: &str = r##"
(() => {
    const part = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const channels = colour => colour.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    const behind = element => {
        for (; element; element = element.parentElement) {
            const colour = channels(getComputedStyle(element).backgroundColor);
            if (colour.length === 3 || colour[3] === 1)
                return colour;
        }
        return [255, 255, 255];
    };
    const weak = [];
    for (const element of document.querySelectorAll("main *, header *")) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (!own || element.offsetParent === null || element.disabled || element.closest("#map-cells, select"))
            continue;
        const [a, b] = [light(channels(getComputedStyle(element).color)), light(behind(element))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5)
            weak.push(element.tagName + "." + element.className + " " + contrast.toFixed(2));
    }
    return [...new Set(weak)];
})()"##;

fn assert_legible(browser: &mut Browser, what: &str) {
    let weak = browser.eval(CONTRASTS);
    assert_eq!(weak, serde_json::json!([]), "{what}");
}

fn proposal(planned: &Planned) -> String {
    planned.group(|group| group["outcome"].get("proposal").is_some())
}

fn hashes(planned: &Planned) -> [String; 3] {
    let gapped = planned.group(|group| group["kind"] == "gapped");
    [String::new(), format!("#g={}", proposal(planned)), format!("#g={gapped}")]
}

#[test]
#[ignore = "needs a browser"]
fn nothing_is_wider_than_a_phone() {
    let planned = Planned::new();
    let mut browser = Browser::start();
    for (nth, hash) in hashes(&planned).iter().enumerate() {
        for width in [PHONE.width, 320] {
            browser.open(&planned.page, hash, Window { width, ..PHONE });
            let wide = browser.number("document.documentElement.scrollWidth");
            assert!(wide <= f64::from(width), "{hash}: {wide} of {width}");
            let window = browser.number("innerWidth");
            assert!(window <= f64::from(width), "{hash}: zoomed out to {window}");
        }
        browser.picture(&format!("phone-{nth}"));
    }
    browser.assert_content();
}

#[test]
#[ignore = "needs a browser"]
fn a_finger_can_reach_what_it_taps() {
    let planned = Planned::new();
    let mut browser = Browser::start();
    browser.open(&planned.page, "", PHONE);
    let small = browser.eval(
        "[...document.querySelectorAll('#filters input, #filters select, #pages button')]\
         .filter(it => it.getBoundingClientRect().height < 24).map(it => it.outerHTML)",
    );
    assert_eq!(small, serde_json::json!([]));
}

#[test]
#[ignore = "needs a browser"]
fn by_day_and_by_night_all_text_stands_out() {
    let planned = Planned::new();
    let mut browser = Browser::start();
    let mut grounds = Vec::new();
    for (name, window) in [("day", DESK), ("night", NIGHT)] {
        for (nth, hash) in hashes(&planned).iter().enumerate() {
            browser.open(&planned.page, hash, window);
            browser.picture(&format!("{name}-{nth}"));
            assert_legible(&mut browser, &format!("{name} {hash}"));
        }
        grounds.push(browser.text("getComputedStyle(document.documentElement).backgroundColor"));
    }
    assert_ne!(grounds[0], grounds[1]);
    browser.assert_content();
}

#[test]
#[ignore = "needs a browser"]
fn what_can_be_clicked_has_a_name_and_tables_have_titles() {
    let planned = Planned::new();
    let mut browser = Browser::start();
    for hash in hashes(&planned) {
        browser.open(&planned.page, &hash, DESK);
        let nameless: Value = browser.eval(
            "[...document.querySelectorAll('button, a, input, select')].filter(it => \
             !(it.textContent.trim() || it.getAttribute('aria-label') || it.labels?.length))\
             .map(it => it.outerHTML)",
        );
        assert_eq!(nameless, serde_json::json!([]));
        let tables = "document.querySelectorAll('main table')";
        let bare = browser.number(&format!("[...{tables}].filter(it => !it.caption).length"));
        assert_eq!(bare, 0.0);
        let headless = browser.number(&format!(
            "[...{tables}].filter(it => !it.matches('.code') && \
             !it.querySelector('thead th[scope=col]')).length"
        ));
        assert_eq!(headless, 0.0);
    }
}
