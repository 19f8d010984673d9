//! The handlebars templates: ours are embedded in the program, a user's folder
//! overrides them by file name. Strict, and nothing is escaped: the output is C.

use crate::overrides::user_files;
use handlebars::Handlebars;
use include_dir::{Dir, include_dir};
use serde::Serialize;
use std::path::{Path, PathBuf};
use thiserror::Error;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// A template that cannot be read or rendered.
#[derive(Debug, Error)]
pub enum TemplateError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Handlebars does not accept it.
    #[error("template {name}: {source}")]
    Parse {
        /// Its file.
        name: String,
        /// What is wrong, with the line.
        source: Box<handlebars::TemplateError>,
    },
    /// It names something that is not there.
    #[error("template {name}: {source}")]
    Render {
        /// Its file name.
        name: String,
        /// What is wrong.
        source: Box<handlebars::RenderError>,
    },
}

/// All templates in force, by file name.
pub struct Templates {
    engine: Handlebars<'static>,
    texts: std::collections::BTreeMap<String, String>,
}

impl Templates {
    /// Ours, overridden by the `.hbs` files in the subfolder `templates` of each of
    /// `folders`; the last one wins.
    ///
    /// # Errors
    /// A folder or template that cannot be read or parsed.
    pub fn load(folders: &[PathBuf]) -> Result<Templates, TemplateError> {
        let mut engine = Handlebars::new();
        engine.set_strict_mode(true);
        engine.register_escape_fn(handlebars::no_escape);
        let mut templates = Templates { engine, texts: Default::default() };
        for file in TEMPLATES.files() {
            templates.add(file.path(), file.contents_utf8().unwrap_or_default())?;
        }
        for folder in folders {
            let files = user_files(folder, "templates", "hbs")
                .map_err(|source| TemplateError::Read { path: folder.clone(), source })?;
            for (path, text) in files {
                templates.add(&path, &text)?;
            }
        }
        Ok(templates)
    }

    fn add(&mut self, path: &Path, text: &str) -> Result<(), TemplateError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.engine.register_template_string(&name, text).map_err(|source| {
            TemplateError::Parse { name: path.display().to_string(), source: Box::new(source) }
        })?;
        self.texts.insert(name, text.to_owned());
        Ok(())
    }

    /// The text of the template `name`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// Renders `name` with `data`.
    ///
    /// # Errors
    /// An unknown template, or one that asks for something that `data` lacks.
    pub fn render(&self, name: &str, data: &impl Serialize) -> Result<String, TemplateError> {
        self.engine.render(name, data).map_err(|source| TemplateError::Render {
            name: name.to_owned(),
            source: Box::new(source),
        })
    }
}
