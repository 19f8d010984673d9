//! What `scan -v` says of how much of the code it could read.

/// The two counts.
#[derive(Debug)]
pub struct Census {
    found: u64,
    /// Functions that a regular expression finds.
    pub by_text: u64,
    parsed: u64,
    long: u64,
}

impl Census {
    /// Reads the lines `N of the M that a regular expression finds` and
    /// `N of the M of six lines and more parse`.
    pub fn read(stderr: &[u8]) -> Census {
        let text = String::from_utf8_lossy(stderr);
        let (found, by_text) = counts(&text, "that a regular expression finds");
        let (parsed, long) = counts(&text, "of six lines and more parse");
        Census { found, by_text, parsed, long }
    }

    /// Of the functions that a regular expression finds.
    pub fn share_found(&self) -> f64 {
        self.found as f64 / self.by_text as f64
    }

    /// Of the functions of six lines and more.
    pub fn share_parsed(&self) -> f64 {
        self.parsed as f64 / self.long as f64
    }
}

fn counts(text: &str, what: &str) -> (u64, u64) {
    let line = text.lines().find(|line| line.contains(what));
    let line = line.unwrap_or_else(|| panic!("scan -v says nothing `{what}`:\n{text}"));
    let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [part, whole, ..] if whole > 0 => (part, whole),
        _ => panic!("not two counts: {line}"),
    }
}
