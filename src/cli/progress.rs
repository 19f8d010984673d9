//! A bar on standard error for long work; nothing where nobody watches.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `length` steps, or one that does nothing unless `shown`.
pub fn bar(shown: bool, what: &'static str, length: u64) -> ProgressBar {
    if !shown {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg:>10} [{bar:30}] {human_pos}/{human_len} {eta}");
    let bar = ProgressBar::new(length).with_message(what);
    match style {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}
