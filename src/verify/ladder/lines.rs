//! The lines of the source that a difference is in: one more compile of each side,
//! with debugging information, and `addr2line` of the compiler's own binutils.

use super::roles::Texts;
use super::shop::{Bill, Shop};
use crate::verify::Files;
use crate::verify::build::{BuildError, Compile, Level, Mode};
use crate::verify::object::{Difference, Excerpt};
use std::io::Write;
use std::process::{Command, Stdio};

/// What stands at the first unlike instruction before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// `file:line: text`
    pub before: Option<String>,
    /// The same of the patched text.
    pub after: Option<String>,
}

/// The lines of `difference`; none where they cannot be told.
pub(super) fn of(
    shop: &Shop<'_>,
    texts: &Texts,
    compile: &Compile,
    level: Level,
    difference: &Difference,
    bill: &mut Bill,
) -> Result<Lines, BuildError> {
    let mode = Mode::Comparable { level, debug: true };
    let mut line = |texts: &Files, excerpt: &Option<Excerpt>| {
        let Some(excerpt) = excerpt else { return Ok(None) };
        let compiled = shop.once(compile, texts, mode, bill)?;
        Ok::<_, BuildError>(compiled.object.and_then(|object| line_of(&object, excerpt, texts)))
    };
    Ok(Lines {
        before: line(&texts.before, &difference.before)?,
        after: line(&texts.after, &difference.after)?,
    })
}

fn line_of(object: &[u8], excerpt: &Excerpt, texts: &Files) -> Option<String> {
    let mut file = tempfile::NamedTempFile::new().ok()?;
    file.write_all(object).ok()?;
    let section = match excerpt.symbol.strip_suffix(".cold") {
        Some(parent) => format!(".text.unlikely.{parent}"),
        None => format!(".text.{}", excerpt.symbol),
    };
    let output = Command::new("addr2line")
        .args(["-j", &section, "-e"])
        .arg(file.path())
        .arg(format!("{:#x}", excerpt.offset))
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let place = String::from_utf8_lossy(&output.stdout).into_owned();
    let place = place.lines().next()?.split(" (discriminator").next()?.trim();
    let (path, line) = place.rsplit_once(':')?;
    let number: usize = line.parse().ok()?;
    let (path, text) = texts.iter().find(|(known, _)| path.ends_with(known.as_str()))?;
    let text = text.split(|byte| *byte == b'\n').nth(number.checked_sub(1)?)?;
    Some(format!("{path}:{number}: {}", String::from_utf8_lossy(text).trim()))
}
