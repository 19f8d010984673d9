//! A module of its own for what drivers share that no module has in common: a source file,
//! a header, a line in the Kbuild file, and an option that the drivers select. In: the
//! texts of their folder's Kbuild and Kconfig files, and of theirs. Out: where each of the
//! changes comes to stand, and what the new things are called. It reads no file.

use super::file::FileContext;
use super::preamble::Preamble;
use crate::tree::kconfig::{Entry, entries};
use crate::tree::{Module, TreePath, file_name, stem};

/// What the files of such modules are called behind what the drivers have in common.
const ENDINGS: [&str; 3] = ["common", "lib", "helpers"];

/// Letters of the shortest beginning of names that says whose they are.
const TELLING: usize = 2;

/// See the module.
#[derive(Clone, Debug)]
pub struct Library {
    /// The module, as the Kbuild file spells it.
    pub module: String,
    /// What its functions' names begin with.
    pub prefix: String,
    /// The option, without `CONFIG_`.
    pub option: String,
    /// The new source file.
    pub source: TreePath,
    /// The new header.
    pub header: TreePath,
    /// The folder whose drivers share it.
    pub folder: TreePath,
    /// The licence, as the first line of the users' files says it.
    pub licence: String,
    /// Who holds rights to the text, one line each.
    pub copyrights: Vec<String>,
    /// The Kbuild file, where the line comes to stand, and the line of the first user.
    pub kbuild: (TreePath, usize, String),
    /// The Kconfig file, where the entry comes to stand, and where users select it.
    pub kconfig: (TreePath, usize, Vec<usize>),
    /// The users' files, with the line that includes the header.
    pub includes: Vec<(TreePath, Preamble)>,
}

/// A driver that is to use it.
pub struct User<'u> {
    /// The module.
    pub module: &'u Module,
    /// The file of the function.
    pub file: &'u FileContext,
}

/// The texts of a folder.
pub struct Folder<'f> {
    /// Its path.
    pub path: &'f str,
    /// The Kbuild file.
    pub kbuild: (TreePath, &'f str),
    /// The Kconfig file.
    pub kconfig: (TreePath, &'f str),
    /// Whether a file of that path is there.
    pub has: &'f dyn Fn(&str) -> bool,
}

impl Library {
    /// The module for what `users` share, all drivers of `folder`.
    ///
    /// # Errors
    /// Why there can be none, in words.
    pub fn find(users: &[User<'_>], folder: &Folder<'_>) -> Result<Library, String> {
        let option_of = |user: &User<'_>| {
            let no_option = || format!("{} depends on more than one option", user.module.name);
            user.module.option.clone().ok_or_else(no_option)
        };
        let options = users.iter().map(option_of).collect::<Result<Vec<_>, _>>()?;
        let (makefile, kbuild) = (folder.kbuild.0.clone(), folder.kbuild.1);
        let listed = options.iter().filter_map(|option| line_of(kbuild, option));
        let (listed_at, like) = listed
            .min_by_key(|(at, _)| *at)
            .ok_or_else(|| format!("{makefile} does not name the drivers plainly"))?;
        let kconfig = &folder.kconfig.0;
        let all = entries(folder.kconfig.1)
            .ok_or_else(|| format!("{kconfig} is not laid out as such files are"))?;
        let of_users = options.iter().map(|option| entry_of(&all, option));
        let of_users = of_users
            .collect::<Option<Vec<&Entry>>>()
            .ok_or_else(|| format!("{kconfig} does not have the options of all drivers"))?;
        let first = of_users.iter().min_by_key(|it| it.line.start).ok_or("no driver")?;
        if of_users.iter().any(|entry| entry.blocks != first.blocks) {
            return Err(format!("{kconfig} has the options of the drivers in different blocks"));
        }
        if let Some(bool) = of_users.iter().find(|entry| !is_tristate(entry)) {
            return Err(format!("{} of {kconfig} is no tristate", bool.name));
        }
        let own = common_name(users, folder.path);
        let named = ENDINGS.iter().find_map(|ending| {
            let separator = separator(users);
            let module = format!("{own}{separator}{ending}");
            let option = option_name(&options, &own, ending);
            let path = |end: &str| format!("{}/{module}{end}", folder.path);
            let is_free = ![".c", ".h"].iter().any(|end| (folder.has)(&path(end)))
                && !kbuild.contains(&format!("{module}.o"))
                && !folder.kconfig.1.contains(&option);
            is_free.then(|| (module.clone(), option, path(".c"), path(".h")))
        });
        let (module, option, source, header) =
            named.ok_or_else(|| format!("no name is free in {}", folder.path))?;
        let (licence, copyrights) = rights(users)?;
        let included = format!("\"{module}.h\"");
        let include = |user: &User<'_>| {
            let path = &user.file.path;
            let line = Preamble::include(user.file, included.clone());
            Ok((path.clone(), line.ok_or_else(|| format!("{path} includes nothing"))?))
        };
        let mut includes = users.iter().map(include).collect::<Result<Vec<_>, String>>()?;
        includes.sort_by(|one, other| one.0.cmp(&other.0));
        includes.dedup();
        let mut selects: Vec<usize> = of_users.iter().map(|it| it.attributes_end).collect();
        selects.sort_unstable();
        selects.dedup();
        Ok(Library {
            prefix: own.replace('-', "_"),
            module,
            option,
            source,
            header,
            folder: folder.path.to_owned(),
            licence,
            copyrights,
            kbuild: (makefile, listed_at, like),
            kconfig: (kconfig.clone(), first.line.start, selects),
            includes,
        })
    }
}

/// The line of a Kbuild file that puts modules into the list of `option`, and its place.
fn line_of(kbuild: &str, option: &str) -> Option<(usize, String)> {
    let list = format!("obj-$(CONFIG_{option})");
    let mut at = 0;
    kbuild.split_inclusive('\n').find_map(|line| {
        let start = at;
        at += line.len();
        line.starts_with(&list).then(|| (start, line.trim_end().to_owned()))
    })
}

/// The only entry of an option.
fn entry_of<'e>(entries: &'e [Entry], option: &str) -> Option<&'e Entry> {
    let mut found = entries.iter().filter(|entry| entry.name == option);
    found.next().filter(|_| found.next().is_none())
}

fn is_tristate(entry: &Entry) -> bool {
    let mut words = entry.attributes.iter().filter_map(|line| line.split_whitespace().next());
    words.any(|word| matches!(word, "tristate" | "def_tristate"))
}

/// What the names of the users' files begin with, without a number that is cut in two; the
/// folder's name where they have nothing in common.
fn common_name(users: &[User<'_>], folder: &str) -> String {
    let mut stems = users.iter().map(|user| stem(&user.file.path));
    let first = stems.next().unwrap_or_default();
    let common = stems.fold(first, |common, stem| {
        let letters = common.bytes().zip(stem.bytes()).take_while(|(one, other)| one == other);
        common.get(..letters.count()).unwrap_or_default()
    });
    let separators: &[char] = &['-', '_'];
    let whole = common.trim_end_matches(|c: char| c.is_ascii_digit());
    // `snd-soc-a` of `snd-soc-abc` and `snd-soc-axy` says `snd-soc`.
    let is_cut = users.iter().any(|user| {
        let rest = stem(&user.file.path).get(whole.len()..).unwrap_or_default();
        rest.starts_with(|c: char| c.is_ascii_lowercase())
    });
    let own = match is_cut {
        true => whole.rsplit_once(separators).map_or("", |(own, _)| own),
        false => whole,
    };
    let own = own.trim_matches(separators);
    match own.len() >= TELLING {
        true => own.to_owned(),
        false => file_name(folder).to_owned(),
    }
}

/// What stands between the words of the users' file names.
fn separator(users: &[User<'_>]) -> char {
    let names = || users.iter().flat_map(|user| stem(&user.file.path).chars());
    let count = |wanted: char| names().filter(|letter| *letter == wanted).count();
    if count('_') > count('-') { '_' } else { '-' }
}

/// The words that all options begin with, then those of the module that are not said yet.
fn option_name(options: &[String], own: &str, ending: &str) -> String {
    let mut words: Vec<&str> =
        options.first().map(|it| it.split('_').collect()).unwrap_or_default();
    for option in options {
        let same = words.iter().zip(option.split('_')).take_while(|(one, other)| *one == other);
        let same = same.count();
        words.truncate(same);
    }
    let own = own.to_uppercase().replace('-', "_");
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    let more = own.split('_').map(str::to_owned).chain([ending.to_uppercase()]);
    for word in more {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join("_")
}

/// The licence of the users' files, and who holds rights to the first.
fn rights(users: &[User<'_>]) -> Result<(String, Vec<String>), String> {
    const MARK: &str = "SPDX-License-Identifier:";
    let licence = |file: &FileContext| {
        let end = file.line_end(0);
        let line = String::from_utf8_lossy(file.bytes.get(..end)?).into_owned();
        let (_, licence) = line.split_once(MARK)?;
        Some(licence.trim().trim_end_matches("*/").trim().to_owned())
    };
    let licences: Option<Vec<String>> = users.iter().map(|user| licence(user.file)).collect();
    let licences = licences.filter(|all| all.iter().all(|it| it.contains("GPL-2.0")));
    let licences = licences.ok_or("a file does not say a licence of the kernel at its top")?;
    // All grant what the narrowest of them does.
    let first = match licences.iter().all(|other| *other == licences[0]) {
        true => licences[0].clone(),
        false => "GPL-2.0-only".to_owned(),
    };
    let file = users[0].file;
    let head = file.tokens.first().map_or(file.bytes.len(), |it| it.start as usize);
    let head = String::from_utf8_lossy(file.bytes.get(..head).unwrap_or_default()).into_owned();
    let lines = head.lines().filter(|line| line.contains("Copyright"));
    let around: &[char] = &['/', '*', ' ', '\t'];
    Ok((first, lines.map(|line| line.trim_matches(around).to_owned()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_says_each_word_once() {
        let options = ["SND_SOC_RT5616", "SND_SOC_RT5640"].map(str::to_owned);
        assert_eq!(option_name(&options, "rt", "common"), "SND_SOC_RT_COMMON");
        let options = ["LEDS_A", "LEDS_B"].map(str::to_owned);
        assert_eq!(option_name(&options, "leds", "lib"), "LEDS_LIB");
        assert_eq!(option_name(&["A".to_owned(), "B".to_owned()], "x-y", "lib"), "X_Y_LIB");
    }

    #[test]
    fn the_line_of_an_option_is_found_as_a_whole() {
        let text = "# x\nobj-$(CONFIG_AB) += ab.o\nobj-$(CONFIG_A)\t+= a.o\n";
        let found = line_of(text, "A").expect("it is there");
        assert_eq!(found, (29, "obj-$(CONFIG_A)\t+= a.o".to_owned()));
        assert_eq!(line_of(text, "B"), None);
    }
}
