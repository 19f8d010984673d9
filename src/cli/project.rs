//! The tree and the settings that a command works on.

use super::options::Options;
use crate::config::{self, Config};
use crate::tree::KernelTree;
use anyhow::Context;
use std::env;

/// See the module.
pub struct Project {
    /// The tree.
    pub tree: KernelTree,
    /// The settings.
    pub config: Config,
}

impl Project {
    /// Finds the tree and reads the settings.
    pub fn open(options: &Options) -> anyhow::Result<Project> {
        let start = env::current_dir().context("cannot tell the current folder")?;
        let tree = KernelTree::discover(&start, options.tree.as_deref())?;
        let file = match &options.config {
            Some(file) => Some(file.clone()),
            None => config::find(&start, &tree.root),
        };
        let config = file.map_or_else(|| Ok(Config::default()), |file| Config::read(&file))?;
        Ok(Project { tree, config })
    }
}
