//! Ends what runs when the user has had enough: compilers that have a process group of
//! their own would not hear of it, and scratch folders would stay.

use std::sync::atomic::{AtomicBool, Ordering};

static CAME: AtomicBool = AtomicBool::new(false);

/// From now on SIGINT, SIGTERM and SIGHUP no longer end the program at once, but whatever
/// it runs; a second one does.
///
/// # Errors
/// Where no handler can be installed.
pub fn watch() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        if CAME.swap(true, Ordering::Relaxed) {
            // As a shell says of a program that SIGINT ended.
            std::process::exit(130);
        }
    })
}

/// Whether one came.
pub fn came() -> bool {
    CAME.load(Ordering::Relaxed)
}
