//! A small kernel tree in a folder of its own, and the program run in it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Functions that differ only in a register, and some that differ from those.
const ALPHA: &str = "\
#include <linux/device.h>
int alpha_read(struct alpha *alpha, int reg);
static int alpha_read_input(struct alpha *alpha, int channel, long *value)
{
	int ret;

	ret = alpha_read(alpha, 0x10 + channel);
	if (ret < 0)
		return ret;
	*value = ret * 8;
	return 0;
}

static int alpha_read_limit(struct alpha *alpha, int channel, long *value)
{
	int ret;

	ret = alpha_read(alpha, 0x20 + channel);
	if (ret < 0)
		return ret;
	*value = ret * 8;
	return 0;
}

int alpha_show(struct alpha *alpha, int channel, long *value)
{
	if (channel > 3)
		return alpha_read_limit(alpha, channel - 4, value);
	return alpha_read_input(alpha, channel, value);
}
";

/// A kernel tree with one driver.
pub fn tree() -> TempDir {
    let dir = TempDir::new().expect("a folder for the test");
    write(dir.path(), "Makefile", "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\nEXTRAVERSION =\n");
    write(dir.path(), "Kconfig", "");
    write(dir.path(), "drivers/hwmon/Makefile", "obj-$(CONFIG_ALPHA) += alpha.o\n");
    write(dir.path(), "drivers/hwmon/alpha.c", ALPHA);
    dir
}

/// Writes a file below `root`, with the folders above it.
pub fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder for the test");
    fs::write(path, text).expect("a file for the test");
}

/// The program, to be run in `folder`.
pub fn program(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drvdedup"));
    command.args(args).current_dir(folder).stdin(Stdio::null());
    command.env_remove("NO_COLOR").env_remove("COLUMNS").env("TERM", "xterm");
    // Not the user's own.
    command.env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/caches"));
    command
}

/// What became of a run.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the program in `folder`.
pub fn run(folder: &Path, args: &[&str]) -> Run {
    let Output { status, stdout, stderr } =
        program(folder, args).output().expect("the program starts");
    Run {
        code: status.code(),
        stdout: String::from_utf8(stdout).expect("the output is UTF-8"),
        stderr: String::from_utf8(stderr).expect("messages are UTF-8"),
    }
}

/// Runs the program and expects it to fail with wrong usage or input.
pub fn fails(folder: &Path, args: &[&str], message: &str) {
    let run = run(folder, args);
    assert_eq!(run.code, Some(2), "{args:?}: {}", run.stderr);
    assert!(run.stderr.contains(message), "{args:?}: {}", run.stderr);
    assert!(run.stderr.starts_with("drvdedup: error: "), "{args:?}: {}", run.stderr);
}
