//! Ends what runs when the user has had enough: compilers that have a process group of
//! their own would not hear of it, and scratch folders would stay.

use std::sync::atomic::{AtomicBool, Ordering};

static CAME: AtomicBool = AtomicBool::new(false);
/// Signals are somebody else's business now.
static HELD: AtomicBool = AtomicBool::new(false);

/// From now on SIGINT, SIGTERM and SIGHUP no longer end the program at once, but whatever
/// it runs; a second one does.
///
/// # Errors
/// Where no handler can be installed.
pub fn watch() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        if !HELD.load(Ordering::Relaxed) && CAME.swap(true, Ordering::Relaxed) {
            // As a shell says of a program that SIGINT ended.
            std::process::exit(130);
        }
    })
}

/// Runs what takes the signals itself, an editor in the same terminal: they mean nothing
/// here meanwhile.
pub fn leave_to<T>(run: impl FnOnce() -> T) -> T {
    HELD.store(true, Ordering::Relaxed);
    let result = run();
    HELD.store(false, Ordering::Relaxed);
    result
}

/// Whether one came.
pub fn came() -> bool {
    CAME.load(Ordering::Relaxed)
}
