//! The entries of a Kconfig file (`Documentation/kbuild/kconfig-language.rst`). In: its
//! text. Out: where each entry and its attributes stand, and inside which blocks.

use std::ops::Range;

/// What stands around an entry: `menu`, `if` and `choice` lines, outermost first.
pub type Blocks = Vec<String>;

/// An entry: `config NAME` with its attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The option, without `CONFIG_`.
    pub name: String,
    /// The bytes of its first line.
    pub line: Range<usize>,
    /// Its attribute lines without the help text, trimmed, in order.
    pub attributes: Vec<String>,
    /// Where the line behind the last attribute begins.
    pub attributes_end: usize,
    /// See [`Blocks`].
    pub blocks: Blocks,
}

impl Entry {
    /// Whether it selects `option` under no condition.
    pub fn selects(&self, option: &str) -> bool {
        self.attributes.iter().any(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some("select") && words.next() == Some(option) && words.next().is_none()
        })
    }
}

/// What opens a block, and what closes one.
const OPENS: [&str; 3] = ["menu", "if", "choice"];
const CLOSES: [&str; 3] = ["endmenu", "endif", "endchoice"];

/// The entries of `text`, in order; `None` where it is not laid out as Kconfig files of the
/// kernel are: what is no attribute begins in the first column.
pub fn entries(text: &str) -> Option<Vec<Entry>> {
    let mut found: Vec<Entry> = Vec::new();
    let mut blocks = Blocks::new();
    let (mut inside, mut help) = (false, None);
    let mut at = 0;
    for whole in text.split_inclusive('\n') {
        let line = at..at + whole.len();
        at = line.end;
        let bare = whole.trim();
        let indent = whole.len() - whole.trim_start().len();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        // A help text ends where a line is indented less than its first.
        match help {
            Some(None) if indent > 0 => {
                help = Some(Some(indent));
                continue;
            }
            Some(Some(first)) if indent >= first => continue,
            _ => help = None,
        }
        let mut words = bare.split_whitespace();
        let word = words.next().unwrap_or_default();
        if indent > 0 {
            if OPENS[..2].contains(&word) || CLOSES.contains(&word) || word == "config" {
                return None;
            }
            if matches!(word, "help" | "---help---") {
                help = Some(None);
            } else if let Some(entry) = found.last_mut().filter(|_| inside) {
                entry.attributes.push(bare.to_owned());
                entry.attributes_end = line.end;
            }
            continue;
        }
        inside = matches!(word, "config" | "menuconfig");
        if inside {
            found.push(Entry {
                name: words.next().unwrap_or_default().to_owned(),
                attributes_end: line.end,
                line,
                attributes: Vec::new(),
                blocks: blocks.clone(),
            });
        } else if OPENS.contains(&word) {
            blocks.push(bare.to_owned());
        } else if CLOSES.contains(&word) {
            blocks.pop()?;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# a file\nmenu \"One\"\n\tdepends on X\n\nconfig A\n\ttristate \"a\"\n\tdepends on B && \\\n\t\tC\n\thelp\n\t  config of\n\n\t  if you want\n\nconfig N\n\ttristate\n\nif B\nmenuconfig D\n\tbool \"d\"\n\tselect N\n\tselect M if A\nendif\nendmenu\nconfig E\n\thelp\n\t  e\n";

    #[test]
    fn entries_have_their_attributes_and_the_blocks_around_them() {
        let found = entries(TEXT).expect("it can be read");
        let names: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["A", "N", "D", "E"]);
        assert_eq!(found[0].attributes, ["tristate \"a\"", "depends on B && \\", "C"]);
        assert!(TEXT[found[0].attributes_end..].starts_with("\thelp\n\t  config of"));
        assert_eq!(found[0].blocks, ["menu \"One\""]);
        assert_eq!(found[2].blocks, ["menu \"One\"", "if B"]);
        assert!(found[2].selects("N") && !found[2].selects("M") && !found[1].selects("N"));
        assert_eq!(&TEXT[found[3].line.clone()], "config E\n");
        assert_eq!((found[3].blocks.len(), found[3].attributes.len()), (0, 0));
    }

    #[test]
    fn what_is_laid_out_otherwise_is_not_read() {
        assert_eq!(entries("if X\n\tconfig A\n\ttristate\nendif\n"), None);
        assert_eq!(entries("endif\n"), None);
        assert_eq!(entries(""), Some(Vec::new()));
    }
}
