//! One page for people who would rather look: the tree as a map, the classes as a table,
//! the groups with their members side by side. In: a [`Report`]. Out: a file that needs
//! no other and no network.
//!
//! ```text
//! index     what the lists and the map need, of all groups; read when the page opens
//! details   the texts, in chunks; a chunk is read when one of its groups is opened
//! pack      how both are put into the page
//! ```
//!
//! Nothing of the tree stands in the page as itself: all of it is packed, and the script
//! makes text of it, never markup. The page's policy lets no other script run.

mod details;
mod index;
mod pack;

use super::Report;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use details::Chunks;
use pack::pack;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::io::{self, BufWriter, Write};

const PAGE: &str = include_str!("../../../templates/report/page.html");
const STYLE: &str = include_str!("../../../templates/report/style.css");
/// The parts of the script, in the order of their use.
const SCRIPTS: [&str; 6] = [
    include_str!("../../../templates/report/data.js"),
    include_str!("../../../templates/report/dom.js"),
    include_str!("../../../templates/report/map.js"),
    include_str!("../../../templates/report/list.js"),
    include_str!("../../../templates/report/group.js"),
    include_str!("../../../templates/report/main.js"),
];

/// Chunks made at a time: their texts are in memory together.
const BATCH: usize = 64;

/// Writes the page.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let script = SCRIPTS.concat();
    let [head, body, tail] = parts();
    write!(out, "{}", head.replace("{{policy}}", &policy(&script)))?;
    write!(out, "{STYLE}{body}")?;
    let chunks = Chunks::of(report);
    write_data(&mut out, "index", &pack(&index::index(report, &chunks)))?;
    for batch in chunks.ranges().chunks(BATCH) {
        let packed: Vec<String> =
            batch.par_iter().map(|range| pack(&chunks.details(range.clone()))).collect();
        for (range, text) in batch.iter().zip(&packed) {
            write_data(&mut out, &format!("chunk-{}", range.start), text)?;
        }
    }
    write!(out, "<script>{script}</script>{tail}")?;
    out.flush()
}

/// The page before the style, between style and data, and behind the script.
fn parts() -> [&'static str; 3] {
    let (head, rest) = PAGE.split_once("{{style}}").unwrap_or((PAGE, ""));
    let (body, tail) = rest.split_once("{{data}}").unwrap_or((rest, ""));
    [head, body, tail]
}

/// The page's own style and script, and nothing else.
fn policy(script: &str) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; script-src 'sha256-{}'; \
         style-src 'sha256-{}'",
        hash(script),
        hash(STYLE)
    )
}

/// Packed data as a block that no browser runs.
fn write_data(out: &mut dyn Write, id: &str, packed: &str) -> io::Result<()> {
    writeln!(out, "<script type=\"text/plain\" id=\"{id}\">{packed}</script>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Planned, sample};
    use serde_json::Value;

    fn page(planned: Option<Planned>) -> String {
        let root = tempfile::tempdir().expect("a folder for the test");
        let folder = root.path().join("drivers/hwmon");
        std::fs::create_dir_all(&folder).expect("it is ours");
        std::fs::write(folder.join("a.c"), sample::SOURCE).expect("a file for the test");
        let mut out = Vec::new();
        let report = sample::report(root.path(), planned);
        write(&mut out, &report).expect("a vector takes all");
        String::from_utf8(out).expect("a page is UTF-8")
    }

    /// The data block of this id.
    fn block(page: &str, id: &str) -> Value {
        let start = format!("id=\"{id}\">");
        let rest = page.split_once(&start).unwrap_or_else(|| panic!("no {id}")).1;
        pack::unpack(rest.split_once('<').expect("the block ends").0)
    }

    #[test]
    fn the_page_holds_the_groups_and_their_texts() {
        let page = page(Some(sample::proposed()));
        let index = block(&page, "index");
        assert_eq!(index["groups"]["id"], "0a0b0c0d");
        assert_eq!(index["classes"][0]["name"], "hwmon");
        let details = block(&page, "chunk-0");
        let texts = &details[0]["texts"];
        let first = &texts[0]["text"];
        assert_eq!(first[1], "0x10");
        assert_eq!(first[0], "static int a_get(struct a *a)\n{\n\treturn a_read(a, ");
        assert_eq!(texts[1]["holes"], serde_json::json!([0]));
        let patch = details[0]["proposal"]["patch"].as_str().expect("there is one");
        assert!(patch.contains("+\treturn a_get_reg(a, 0x10);"), "{patch}");
    }

    #[test]
    fn a_scan_has_no_outcomes() {
        let page = page(None);
        assert_eq!(block(&page, "index")["planned"], false);
        let details = block(&page, "chunk-0");
        assert_eq!((details[0].get("proposal"), details[0].get("refusal")), (None, None));
    }

    #[test]
    fn the_policy_names_the_script_and_the_style_as_they_stand() {
        let page = page(None);
        let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
        let between = |start: &str, end: &str| {
            let rest = page.split_once(start).unwrap_or_else(|| panic!("no {start}")).1;
            rest.split_once(end).unwrap_or_else(|| panic!("no {end}")).0.to_owned()
        };
        let style = hash(&between("<style>", "</style>"));
        let script = hash(&between("<script>", "</script>"));
        assert!(page.contains(&format!("style-src 'sha256-{style}'")));
        assert!(page.contains(&format!("script-src 'sha256-{script}'")));
        assert!(!page.contains("{{"), "all marks of the template are filled");
    }

    #[test]
    fn nothing_in_the_page_asks_the_network() {
        let text = [PAGE, STYLE, &SCRIPTS.concat()].concat();
        for word in ["http:", "https:", "src=", "url(", "@import", "fetch(", "innerHTML", "eval("] {
            assert!(!text.contains(word), "{word}");
        }
    }
}
