//! The texts of a module of its own for what drivers share: its files without the function,
//! and what changes in the Kbuild and Kconfig files.

use super::Edit;
use super::layout::{TAB, column_after};
use super::templates::{TemplateError, Templates};
use crate::plan::Library;
use crate::tree::{TreePath, file_name};
use serde::Serialize;

/// What the templates of a new module are given.
#[derive(Serialize)]
struct LibraryData<'l> {
    licence: &'l str,
    folder: &'l str,
    copyrights: &'l [String],
    /// What stands behind `#include`, one for each header.
    includes: &'l [String],
    /// The same of the folder's own headers.
    own_includes: &'l [String],
    /// The name of its header.
    header: &'l str,
    /// The macro that guards it.
    guard: String,
    /// Tags of structures that it announces.
    tags: &'l [String],
    option: &'l str,
}

/// A new file, and where in it something comes to stand.
pub struct NewFile {
    /// Its text.
    pub text: String,
    /// The beginning of a line.
    pub insert_at: usize,
}

impl LibraryData<'_> {
    fn of<'l>(
        library: &'l Library,
        (includes, own_includes): (&'l [String], &'l [String]),
        tags: &'l [String],
    ) -> LibraryData<'l> {
        let header = file_name(&library.header);
        let upper = header.to_uppercase();
        let guard = upper.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        LibraryData {
            licence: &library.licence,
            folder: &library.folder,
            copyrights: &library.copyrights,
            includes,
            own_includes,
            header,
            guard: format!("_{guard}"),
            tags,
            option: &library.option,
        }
    }
}

/// The source file that includes some headers of all and some of its folder, before it has
/// a function.
///
/// # Errors
/// A template that cannot be rendered.
pub fn source(
    library: &Library,
    includes: (&[String], &[String]),
    templates: &Templates,
) -> Result<NewFile, TemplateError> {
    let data = LibraryData::of(library, includes, &[]);
    let text = templates.render("library.hbs", &data)?;
    // Behind the last line that is followed by a blank one.
    let insert_at = text.rfind("\n\n").map_or(text.len(), |at| at + 1);
    Ok(NewFile { text, insert_at })
}

/// The header, before it declares a function: it announces the structures `tags`.
///
/// # Errors
/// A template that cannot be rendered.
pub fn header(
    library: &Library,
    tags: &[String],
    templates: &Templates,
) -> Result<NewFile, TemplateError> {
    let data = LibraryData::of(library, (&[], &[]), tags);
    let text = templates.render("library-header.hbs", &data)?;
    let insert_at = text.rfind("\n#endif").unwrap_or(text.len());
    Ok(NewFile { text, insert_at })
}

/// What changes in the Kbuild file and in the Kconfig file.
///
/// # Errors
/// A template that cannot be rendered.
pub fn edits(
    library: &Library,
    templates: &Templates,
) -> Result<Vec<(TreePath, Edit)>, TemplateError> {
    let mut edits = Vec::new();
    let (path, at, like) = &library.kbuild;
    let text = listed(library, like).into_bytes();
    edits.push((path.clone(), Edit { range: *at..*at, text }));
    let (path, at, selects) = &library.kconfig;
    let data = LibraryData::of(library, (&[], &[]), &[]);
    let text = templates.render("kconfig-entry.hbs", &data)?.into_bytes();
    edits.push((path.clone(), Edit { range: *at..*at, text }));
    edits.extend(selects.iter().map(|at| {
        let text = format!("\tselect {}\n", library.option).into_bytes();
        (path.clone(), Edit { range: *at..*at, text })
    }));
    Ok(edits)
}

/// The line of the Kbuild file, its `+=` below or above that of the line `like`.
fn listed(library: &Library, like: &str) -> String {
    let list = format!("obj-$(CONFIG_{})", library.option);
    let column = like.find("+=").map_or(0, |at| column_after(&like.as_bytes()[..at], 0));
    let gap = match () {
        () if column <= list.len() => " ".to_owned(),
        () if like.contains('\t') => "\t".repeat((column - list.len()).div_ceil(TAB)),
        () => " ".repeat(column - list.len()),
    };
    format!("{list}{gap}+= {}.o\n", library.module)
}
