//! Small trees in memory for the tests of this folder.

use super::{Unit, Universe};
use std::sync::Arc;

/// The unit of the first of `files`, found under the include folder `-I`.
pub(super) fn unit(files: &[(&str, &str)]) -> Arc<Unit> {
    let [unit] = units(files, [files[0].0]);
    unit
}

/// The units of `sources`, which are among `files`.
pub(super) fn units<const N: usize>(files: &[(&str, &str)], sources: [&str; N]) -> [Arc<Unit>; N] {
    let tree: Vec<(String, Arc<[u8]>)> =
        files.iter().map(|(path, text)| (path.to_string(), text.as_bytes().into())).collect();
    let reader = move |path: &str| tree.iter().find(|(p, _)| p == path).map(|(_, t)| t.clone());
    let universe = Arc::new(Universe::with_reader(Box::new(reader)));
    sources.map(|path| universe.unit(path, &["-I".to_string()]).expect("the file is there"))
}
