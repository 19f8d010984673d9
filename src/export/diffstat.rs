//! The statistics of a patch, letter for letter as `git format-patch` writes them.

use std::fmt::Write;

/// Columns that `git format-patch` gives them.
const WIDTH: usize = 72;
/// Columns that the graph has at least.
const LEAST_GRAPH: usize = 6;

/// A file and how many of its lines come and go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The file, as the diff names it.
    pub path: String,
    /// Lines that come.
    pub added: usize,
    /// Lines that go.
    pub removed: usize,
    /// Whether the patch makes the file.
    pub is_new: bool,
}

/// A line a file, the sums, and a line for each file that is new. `stats` are sorted by
/// path, each path once.
pub fn diffstat(stats: &[Stat]) -> String {
    let most = stats.iter().map(Stat::changed).max().unwrap_or(0);
    let number = most.to_string().len();
    let longest = stats.iter().map(|stat| stat.path.chars().count()).max().unwrap_or(0);
    let (name, graph) = widths(longest, number, most);
    let mut text = String::new();
    for stat in stats {
        let path = fitted(&stat.path, name);
        let (plus, minus) = stat.scaled(graph, most);
        let signs = "+".repeat(plus) + &"-".repeat(minus);
        let line = format!(" {path:<name$} | {:>number$} {signs}", stat.changed());
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text += &sums(stats);
    for stat in stats.iter().filter(|stat| stat.is_new) {
        let _ = writeln!(text, " create mode 100644 {}", stat.path);
    }
    text
}

impl Stat {
    fn changed(&self) -> usize {
        self.added + self.removed
    }

    /// Signs for the lines that come and go, at most `graph` of them.
    fn scaled(&self, graph: usize, most: usize) -> (usize, usize) {
        if graph > most {
            return (self.added, self.removed);
        }
        let scale = |lines: usize| if lines == 0 { 0 } else { 1 + lines * (graph - 1) / most };
        let mut total = scale(self.changed());
        if total < 2 && self.added > 0 && self.removed > 0 {
            total = 2;
        }
        if self.added < self.removed {
            let added = scale(self.added);
            (added, total - added)
        } else {
            let removed = scale(self.removed);
            (total - removed, removed)
        }
    }
}

/// Columns of the names and of the graph, as `show_stats()` of git's diff.c shares them.
fn widths(longest: usize, number: usize, most: usize) -> (usize, usize) {
    let (mut name, mut graph) = (longest, most);
    if name + number + 6 + graph > WIDTH {
        graph = graph.min((WIDTH * 3 / 8).saturating_sub(number + 6).max(LEAST_GRAPH));
        let left = WIDTH.saturating_sub(number + 6 + graph);
        if name > left {
            name = left;
        } else {
            graph = WIDTH - number - 6 - name;
        }
    }
    (name, graph)
}

/// The end of a path that is too long, from a folder on if there is one.
fn fitted(path: &str, width: usize) -> String {
    let length = path.chars().count();
    if length <= width {
        return path.to_owned();
    }
    let kept = width.saturating_sub(3);
    let end: String = path.chars().skip(length - kept).collect();
    let end = end.find('/').map_or(end.as_str(), |at| &end[at..]);
    format!("...{end}")
}

fn sums(stats: &[Stat]) -> String {
    let plural = |number: usize| if number == 1 { "" } else { "s" };
    let files = stats.len();
    let added: usize = stats.iter().map(|stat| stat.added).sum();
    let removed: usize = stats.iter().map(|stat| stat.removed).sum();
    let mut text = format!(" {files} file{} changed", plural(files));
    if added > 0 || removed == 0 {
        let _ = write!(text, ", {added} insertion{}(+)", plural(added));
    }
    if removed > 0 || added == 0 {
        let _ = write!(text, ", {removed} deletion{}(-)", plural(removed));
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn stat(path: &str, added: usize, removed: usize) -> Stat {
        Stat { path: path.to_owned(), added, removed, is_new: false }
    }

    /// What git makes of files that change so.
    fn of_git(stats: &[Stat]) -> String {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let git = |args: &[&str]| {
            let mut command = Command::new("git");
            command.args(["-c", "user.name=T", "-c", "user.email=t@example.org"]).args(args);
            command.env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(folder.path());
            let output = command.output().expect("git starts");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).expect("git writes UTF-8")
        };
        let write = |stat: &Stat, lines: usize, what: &str| {
            let path = folder.path().join(&stat.path);
            std::fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            std::fs::write(path, format!("{what}\n").repeat(lines)).expect("a file");
        };
        git(&["init", "-q"]);
        stats.iter().filter(|stat| !stat.is_new).for_each(|s| write(s, s.removed, "old"));
        git(&["add", "-A"]);
        git(&["commit", "-q", "--allow-empty", "-m", "one"]);
        stats.iter().for_each(|stat| write(stat, stat.added, "new"));
        git(&["add", "-A"]);
        git(&["commit", "-q", "-m", "two"]);
        let patch = git(&["format-patch", "-1", "--stdout"]);
        let from = patch.find("---\n").expect("it begins") + 4;
        let to = patch.find("\ndiff --git").expect("it ends");
        patch[from..to].to_owned()
    }

    #[test]
    fn it_is_what_git_writes() {
        let long = "drivers/gpu/drm/amd/display/dc/dml/dcn31/display_rq_dlg_calc_31_with_more.c";
        let new = Stat { is_new: true, ..stat("drivers/new/file.c", 9, 0) };
        for stats in [
            vec![stat("a.c", 1, 0)],
            vec![stat("a.c", 3, 12), stat("drivers/b.c", 200, 7)],
            vec![stat("a.c", 1, 1), stat(long, 1000, 999)],
            vec![stat(long, 2, 3)],
            vec![stat("a.c", 0, 3), new],
            vec![stat("a.c", 40, 41), stat("drivers/hwmon/some_long_name.c", 1, 300)],
        ] {
            assert_eq!(diffstat(&stats), of_git(&stats), "{stats:?}");
        }
    }
}
