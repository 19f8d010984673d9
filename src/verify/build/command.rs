//! Kbuild's command for one object, taken apart into words.

use super::error::BuildError;
use crate::tree::{TreePath, file_name, stem};

/// How Kbuild compiles one object of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compile {
    /// The C file.
    pub source: TreePath,
    /// The object from the top of the build folder, as Kbuild spells it: where a
    /// driver is built from another folder with `..` in it.
    pub object: String,
    /// Compiler and arguments, without the output, the dependency file and the
    /// source.
    pub(super) words: Vec<String>,
    /// The source as the command spells it.
    pub(super) spelled_source: String,
    /// The command that checks the kernel-doc comments; empty where there is none.
    pub(super) doc: Vec<String>,
}

impl Compile {
    /// Takes the command line of an object apart; what comes after it (objtool) is
    /// left out. `doc` may be empty.
    ///
    /// # Errors
    /// [`BuildError::Command`]: the shell would do more than split words, or the
    /// command does not compile `source`.
    pub(super) fn parse(
        source: &str,
        object: &str,
        line: &str,
        doc: &str,
    ) -> Result<Self, BuildError> {
        let not_understood =
            |reason: String| BuildError::Command { object: object.to_owned(), reason };
        let mut words = Vec::new();
        let mut spelled = None;
        let mut rest = split(line).map_err(not_understood)?.into_iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "-c" => {}
                "-o" | "-MF" => drop(rest.next()),
                it if it.starts_with("-Wp,-MMD,") || it.starts_with("-Wp,-MD,") => {}
                // What stands for -include and -I is never a C file.
                it if !it.starts_with('-') && it.ends_with(".c") && !words.is_empty() => {
                    spelled = Some(word);
                }
                _ => words.push(word),
            }
        }
        let spelled_source =
            spelled.ok_or_else(|| not_understood("it names no C file".to_owned()))?;
        if file_name(&spelled_source) != file_name(source) {
            return Err(not_understood(format!("it compiles {spelled_source}, not {source}")));
        }
        let doc = split(doc).map_err(not_understood)?;
        let (source, object) = (source.to_owned(), object.to_owned());
        Ok(Self { source, object, words, spelled_source, doc })
    }

    /// How a file beside this one would be compiled, as a module of its own.
    pub fn like(&self, source: &str) -> Compile {
        let new = stem(source);
        let beside = |path: &str, file: String| match path.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{file}"),
            None => file,
        };
        let of_name = new.replace('-', "_");
        // What scripts/Makefile.lib says of a file and its module.
        let word = |word: &String| match word.split_once('=') {
            Some((name @ ("-DKBUILD_BASENAME" | "-DKBUILD_MODNAME"), _)) => {
                format!("{name}=\"{of_name}\"")
            }
            Some((name @ "-DKBUILD_MODFILE", value)) => {
                let path = beside(value.trim_matches('"'), new.to_owned());
                format!("{name}=\"{path}\"")
            }
            Some((name @ "-D__KBUILD_MODNAME", _)) => format!("{name}=kmod_{of_name}"),
            _ => word.clone(),
        };
        let spelled_source = beside(&self.spelled_source, format!("{new}.c"));
        let doc = |word: &String| match *word == self.spelled_source {
            true => spelled_source.clone(),
            false => word.clone(),
        };
        Compile {
            source: source.to_owned(),
            object: beside(&self.object, format!("{new}.o")),
            words: self.words.iter().map(word).collect(),
            doc: self.doc.iter().map(doc).collect(),
            spelled_source,
        }
    }

    /// The compiler's name or path.
    pub fn compiler(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

/// Splits the first command of a line as a POSIX shell does; a second one after it
/// is left out.
fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            ';' | '|' | '&' => break,
            '\'' => quoted(&mut letters, word.get_or_insert_default())?,
            '"' => double_quoted(&mut letters, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().extend(letters.next().filter(|it| *it != '\n')),
            '$' | '`' | '<' | '>' | '(' | ')' => return Err(format!("`{letter}` in {line}")),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(letters: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), String> {
    for letter in letters {
        if letter == '\'' {
            return Ok(());
        }
        word.push(letter);
    }
    Err("an open quote".to_owned())
}

fn double_quoted(letters: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), String> {
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return Ok(()),
            '$' | '`' => return Err(format!("`{letter}` between quotes")),
            '\\' => match letters.next() {
                Some(escaped @ ('"' | '\\' | '$' | '`')) => word.push(escaped),
                Some('\n') => {}
                Some(other) => word.extend(['\\', other]),
                None => break,
            },
            _ => word.push(letter),
        }
    }
    Err("an open quote".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[&str]) {
        assert_eq!(split(line).expect("it can be split"), expected, "{line}");
    }

    #[test]
    fn words_are_split_as_by_a_shell() {
        check("gcc  -c\ta.c \n", &["gcc", "-c", "a.c"]);
        check(r#"-DN='"lm75"' -DM="a b\"c\d" ''"#, &["-DN=\"lm75\"", "-DM=a b\"c\\d", ""]);
        check(r"a\ b \'c \\", &["a b", "'c", "\\"]);
        check("-DF='it'\\''s'", &["-DF=it's"]);
        check("", &[]);
    }

    #[test]
    fn a_second_command_is_left_out() {
        check("gcc -c a.c   ; ./tools/objtool/objtool --orc a.o", &["gcc", "-c", "a.c"]);
        check("gcc -c a.c&& x", &["gcc", "-c", "a.c"]);
        check("gcc '-DX=;' a.c", &["gcc", "-DX=;", "a.c"]);
    }

    #[test]
    fn what_needs_a_shell_is_an_error() {
        for line in ["gcc $(x) a.c", "gcc `x`", "gcc \"$X\"", "gcc a.c > b", "gcc 'a", "gcc \"a\\"]
        {
            assert!(split(line).is_err(), "{line}");
        }
    }

    fn parse(line: &str) -> Result<Compile, BuildError> {
        Compile::parse("drivers/a/b.c", "drivers/a/b.o", line, "/src/kernel-doc -none /src/b.c")
    }

    #[test]
    fn outputs_and_source_are_taken_out_of_a_command() {
        let line = "gcc -Wp,-MMD,drivers/a/.b.o.d -I/src/include -include /src/x.h -O2 \
                    -c -o drivers/a/b.o /src/drivers/a/b.c   ; ./objtool drivers/a/b.o";
        let compile = parse(line).expect("a command of Kbuild");
        assert_eq!(compile.words, ["gcc", "-I/src/include", "-include", "/src/x.h", "-O2"]);
        assert_eq!(compile.spelled_source, "/src/drivers/a/b.c");
        assert_eq!(compile.doc, ["/src/kernel-doc", "-none", "/src/b.c"]);
    }

    #[test]
    fn a_command_for_something_else_is_an_error() {
        assert!(parse("gcc -c -o drivers/a/b.o /src/drivers/a/b.S").is_err());
        assert!(parse("gcc -c -o drivers/a/b.o /src/drivers/a/c.c").is_err());
        assert!(parse("").is_err());
    }
}
