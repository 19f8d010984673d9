//! Asks Kbuild how it compiles objects, and whether the configuration has them.
//!
//! One make call goes through the Kbuild files as for a real build, but for the one
//! rule that compiles: in its place comes a rule that writes down the command, and
//! whether one of Kbuild's own lists names the object. Without that list there is no
//! telling: asked for by name, make builds an object also when its option is off.
//! Headers that an object needs generated are made as always.

use super::command::Compile;
use super::error::BuildError;
use super::kernel::{Kernel, Say, end_of};
use crate::tree::{Drivers, TreePath};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use thiserror::Error;

/// Bytes of object names in one call: Linux takes 128 KiB in one argument, and
/// Kbuild hands all of them on in one, to a shell.
const MAX_GOALS: usize = 64 << 10;

/// The rule in the place of `rule_cc_o_c` of scripts/Makefile.build: first line
/// what of the lists names the object, then its command, then that of the
/// kernel-doc check.
const RULE: &str = "rule_cc_o_c=@printf '%s\\n' \
    '$(filter $@,$(real-obj-y) $(real-obj-m) $(lib-y) $(extra-y) $(always-y))' \
    '$(call escsq,$(cmd_cc_o_c))' '$(call escsq,$(cmd_checkdoc))' \
    > $(dir $@).$(notdir $@).drvdedup";

/// Why there is no object of a file. It is no fault of the file, and no pass.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotBuilt {
    /// Not a C file: a header, a table that is included.
    #[error("not built here: {0} is no C file")]
    NoSource(TreePath),
    /// Kbuild could compile it, and none of its lists names it in this
    /// configuration: its option is off, or another file includes it.
    #[error("not built here: this configuration does not build {0}")]
    Off(String),
    /// Make would not get as far as the object.
    #[error("not built here: make does not get to {object}: {said}")]
    Unreached {
        /// The object.
        object: String,
        /// What make said of it, or the end of all that it said.
        said: String,
    },
}

/// The command for each file that was asked for, or why there is none.
pub type Commands = BTreeMap<TreePath, Result<Compile, NotBuilt>>;

impl Kernel {
    /// How this configuration compiles `sources`, at `W=1`; about 0.1 seconds of CPU
    /// for an object and one for each call. `drivers` knows the files that Kbuild
    /// reaches from another folder (`amdgpu/../display`).
    ///
    /// # Errors
    /// Make does not work at all, or a command is not understood.
    pub fn commands(
        &self,
        sources: &[TreePath],
        drivers: Option<&Drivers>,
        say: Say<'_>,
    ) -> Result<Commands, BuildError> {
        let mut commands = Commands::new();
        let mut wanted = BTreeMap::new();
        for source in sources {
            match object_of(source, drivers) {
                Some(object) => drop(wanted.insert(source.clone(), object)),
                None => {
                    let not_built = NotBuilt::NoSource(source.clone());
                    commands.insert(source.clone(), Err(not_built));
                }
            }
        }
        let mut wanted = wanted.into_iter().peekable();
        while wanted.peek().is_some() {
            let mut room = MAX_GOALS;
            let mut batch = Vec::new();
            while let Some((source, object)) = wanted.next_if(|(_, object)| object.len() < room) {
                room -= object.len() + 1;
                batch.push((source, object));
            }
            if batch.is_empty() {
                // A name as long as a whole call: no such file can exist.
                batch.extend(wanted.next());
            }
            self.ask(batch, &mut commands, say)?;
        }
        Ok(commands)
    }

    fn ask(
        &self,
        batch: Vec<(TreePath, String)>,
        commands: &mut Commands,
        say: Say<'_>,
    ) -> Result<(), BuildError> {
        for (_, object) in &batch {
            let path = self.record(object);
            match fs::remove_file(&path) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(BuildError::Io { path, source });
                }
                _ => {}
            }
        }
        let mut goals: Vec<String> = ["-k", "W=1", RULE].map(str::to_owned).to_vec();
        goals.extend(batch.iter().map(|(_, object)| object.clone()));
        let (output, success) = self.make(&goals, say)?;
        let said = String::from_utf8_lossy(&output);
        let mut reached = success;
        let mut answers = Vec::new();
        for (source, object) in batch {
            let path = self.record(&object);
            let of_object = said.lines().find(|line| {
                line.contains("No rule to make target") && line.contains(&format!("'{object}'"))
            });
            let answer = match fs::read(&path) {
                Ok(record) => read_record(&source, &object, &String::from_utf8_lossy(&record))?,
                Err(_) => Err(NotBuilt::Unreached {
                    object,
                    said: of_object.map_or_else(|| end_of(&output), |line| line.trim().to_owned()),
                }),
            };
            reached |= of_object.is_some() || !matches!(answer, Err(NotBuilt::Unreached { .. }));
            answers.push((source, answer));
        }
        if !reached {
            let command = "make of the touched objects".to_owned();
            let folder = self.folder.clone();
            return Err(BuildError::Make { folder, command, said: end_of(&output) });
        }
        commands.extend(answers);
        Ok(())
    }

    /// Where [`RULE`] writes.
    fn record(&self, object: &str) -> PathBuf {
        let (folder, name) = object.rsplit_once('/').unwrap_or(("", object));
        self.folder.join(folder).join(format!(".{name}.drvdedup"))
    }
}

fn read_record(
    source: &str,
    object: &str,
    record: &str,
) -> Result<Result<Compile, NotBuilt>, BuildError> {
    let mut lines = record.lines();
    let mut next = || lines.next().unwrap_or_default();
    let (listed, command, doc) = (next(), next(), next());
    if listed.trim().is_empty() {
        return Ok(Err(NotBuilt::Off(object.to_owned())));
    }
    Compile::parse(source, object, command, doc).map(Ok)
}

/// The object of a C file, as Kbuild spells it: relative to the folder whose Kbuild
/// file lists it, where that is not one above it.
fn object_of(source: &str, drivers: Option<&Drivers>) -> Option<String> {
    let stem = source.strip_suffix(".c")?;
    let lists = |folder: &str| folder.is_empty() || stem.starts_with(&format!("{folder}/"));
    let folders: Vec<&str> = drivers.map(|it| it.folders_of(source)).unwrap_or_default();
    match folders.as_slice() {
        [first, ..] if !folders.iter().any(|folder| lists(folder)) => {
            Some(format!("{first}/{}.o", from_folder(first, stem)))
        }
        _ => Some(format!("{stem}.o")),
    }
}

/// `path` as a relative path from `folder`.
fn from_folder(folder: &str, path: &str) -> String {
    let (folder, path): (Vec<&str>, Vec<&str>) =
        (folder.split('/').collect(), path.split('/').collect());
    let common = folder.iter().zip(&path).take_while(|(a, b)| a == b).count();
    let up = folder.iter().skip(common).map(|_| "..");
    let words: Vec<&str> = up.chain(path.iter().skip(common).copied()).collect();
    words.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_spelled_as_from_the_folder_that_lists_it() {
        assert_eq!(
            from_folder("drivers/gpu/amdgpu", "drivers/gpu/display/dc/x"),
            "../display/dc/x"
        );
        assert_eq!(from_folder("a/b/c", "a/d"), "../../d");
        assert_eq!(object_of("drivers/a/b.c", None).as_deref(), Some("drivers/a/b.o"));
        assert_eq!(object_of("drivers/a/b.h", None), None);
    }

    #[test]
    fn a_record_says_whether_the_configuration_has_the_object() {
        let read =
            |record: &str| read_record("d/a.c", "d/a.o", record).expect("a command of Kbuild");
        let command = "gcc -O2 -c -o d/a.o /s/d/a.c";
        let built = read(&format!("d/a.o\n{command}\n\n"));
        assert_eq!(built.expect("it is listed").words, ["gcc", "-O2"]);
        assert_eq!(read(&format!("\n{command}\n\n")), Err(NotBuilt::Off("d/a.o".to_owned())));
        assert!(read_record("d/a.c", "d/a.o", "d/a.o\ngcc $(x)\n").is_err());
    }
}
