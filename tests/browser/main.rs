//! The page of `--format html` in a browser, driven as a person would. Ignored by default:
//! a Chromium must be installed, `chromium` or what `DRVDEDUP_BROWSER` names.
//!
//! ```sh
//! cargo test --release --test browser -- --ignored
//! ```
//!
//! `DRVDEDUP_SCREENSHOTS=DIR` keeps pictures of what the tests look at. No network is
//! needed, and a page that asks for any fails.

mod chromium;
mod hostile;
mod looks;
mod page;
mod size;
mod tree;
