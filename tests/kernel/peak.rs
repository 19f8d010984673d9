//! Runs the program and watches how much memory it takes.

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// How a run went.
pub struct Run {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub elapsed: Duration,
    /// The most memory that it had at any time (VmHWM), in KiB.
    pub peak_kib: u64,
}

/// Runs the program on `tree`; one that takes longer than `limit` is ended.
pub fn run(tree: &Path, arguments: &[&str], limit: Duration) -> Run {
    let [output, errors] =
        [(); 2].map(|()| tempfile::NamedTempFile::new().expect("a temporary file"));
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_drvdedup"))
        .env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/caches"))
        .arg("--tree")
        .arg(tree)
        .args(arguments)
        .stdout(output.reopen().expect("a temporary file"))
        .stderr(errors.reopen().expect("a temporary file"))
        .spawn()
        .expect("the program starts");
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    let status = loop {
        // The kernel keeps the high-water mark itself; only what grows in the
        // last tenth of a second is lost.
        peak_kib = peak_kib.max(high_water_mark(&status_file).unwrap_or(0));
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            break status;
        }
        if start.elapsed() > limit {
            child.kill().expect("the program can be ended");
            break child.wait().expect("the program can be waited for");
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let [stdout, stderr] = [output, errors]
        .map(|file| std::fs::read(file.path()).expect("a temporary file can be read"));
    let stderr = String::from_utf8_lossy(&stderr).into_owned();
    assert!(peak_kib > 0, "{status_file} has no VmHWM: the memory was not measured");
    Run { status, stdout, stderr, elapsed: start.elapsed(), peak_kib }
}

fn high_water_mark(status_file: &str) -> Option<u64> {
    let status = std::fs::read_to_string(status_file).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
