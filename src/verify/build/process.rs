//! One child process with a limit: on its time, and on what is kept of its output.

use super::interrupt;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::io::{self, PipeReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Bytes of output that are kept; the rest is read and dropped, so that a process
/// that says too much does not wait for ever.
const MAX_OUTPUT: usize = 4 << 20;

/// How long an interrupt may go unnoticed.
const SLICE: Duration = Duration::from_millis(200);

/// How a process went.
#[derive(Debug)]
pub(super) struct Run {
    pub status: ExitStatus,
    /// stdout and stderr in the order in which they were written.
    pub output: Vec<u8>,
    /// User and system time of the process and of the children that it waited for,
    /// to a hundredth of a second; zero where the system does not tell.
    pub cpu: Duration,
    /// Whether it took longer than the limit and was killed.
    pub killed: bool,
}

/// A command whose messages are English, that reads nothing and that knows nothing
/// of a make or cargo around this program.
pub(super) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C").stdin(Stdio::null());
    // Kbuild takes LC_ALL away from what it runs.
    command.env("LANG", "C");
    for variable in ["LANGUAGE", "LC_CTYPE", "LC_MESSAGES"] {
        command.env_remove(variable);
    }
    for variable in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEFILES", "GNUMAKEFLAGS"] {
        command.env_remove(variable);
    }
    command
}

/// Runs `command` to its end. With a `limit` it has a process group of its own,
/// all of which is killed at the limit; without one it stays in ours, so that an
/// interrupt from the terminal ends it, too.
///
/// # Errors
/// The program cannot be started or watched, or the user interrupts.
pub(super) fn run(mut command: Command, limit: Option<Duration>) -> io::Result<Run> {
    if interrupt::came() {
        return Err(io::ErrorKind::Interrupted.into());
    }
    let (reader, writer) = io::pipe()?;
    rustix::io::ioctl_fionbio(&reader, true)?;
    command.stdout(writer.try_clone()?).stderr(writer);
    if limit.is_some() {
        command.process_group(0);
    }
    let mut child = command.spawn()?;
    // The command holds the writing end of the pipe.
    drop(command);
    let watched = watch(&child, reader, limit);
    if limit.is_some() {
        // Whoever outlived the leader; its number is not used again before `wait`.
        kill_group(&child);
    } else if watched.is_err() {
        child.kill().ok();
    }
    let cpu = cpu_of(child.id());
    let status = child.wait()?;
    let (output, killed) = watched?;
    Ok(Run { status, output, cpu: cpu.unwrap_or_default(), killed })
}

/// Reads what `child` says until it ends; kills its group at the limit.
fn watch(
    child: &Child,
    mut reader: PipeReader,
    limit: Option<Duration>,
) -> io::Result<(Vec<u8>, bool)> {
    let pid = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    let mut deadline = limit.map(|limit| Instant::now() + limit);
    let mut output = Vec::new();
    let mut open = true;
    let mut killed = false;
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            kill_group(child);
            (killed, deadline) = (true, None);
            continue;
        }
        if interrupt::came() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let wait = left.map_or(SLICE, |left| left.min(SLICE));
        let timeout = Timespec::try_from(wait).ok();
        let mut ready = [PollFd::new(&pid, PollFlags::IN), PollFd::new(&reader, PollFlags::IN)];
        let count = if open { 2 } else { 1 };
        match poll(&mut ready[..count], timeout.as_ref()) {
            Err(rustix::io::Errno::INTR) => continue,
            result => result?,
        };
        let ended = !ready[0].revents().is_empty();
        if open {
            // Also once after the end: what was said last.
            open = read_available(&mut reader, &mut output)?;
        }
        if ended {
            return Ok((output, killed));
        }
    }
}

/// Reads what is there; `false` at the end of the pipe.
fn read_available(reader: &mut PipeReader, output: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; 1 << 14];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(count) => {
                let room = MAX_OUTPUT.saturating_sub(output.len());
                output.extend(buffer.iter().take(count.min(room)));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// An error only says that nobody is left.
fn kill_group(child: &Child) {
    kill_process_group(Pid::from_child(child), Signal::KILL).ok();
}

/// From proc_pid_stat(5), which a process that nobody waited for yet still has.
fn cpu_of(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may hold spaces and parentheses. utime, stime, cutime and
    // cstime are fields 14 to 17, the first one after the name is number 3.
    let (_, fields) = stat.rsplit_once(')')?;
    let times = fields.split_whitespace().skip(11).take(4);
    let ticks: u64 = times.map(|ticks| ticks.parse::<u64>().unwrap_or(0)).sum();
    let a_second = rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_millis(ticks.saturating_mul(1000) / a_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Run {
        let mut sh = command("sh");
        sh.arg("-c").arg(script);
        run(sh, Some(limit)).expect("sh starts")
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn both_outputs_come_in_their_order() {
        let run = shell("echo one; echo two >&2; echo three; exit 3", LONG);
        assert_eq!(run.output, b"one\ntwo\nthree\n");
        assert_eq!((run.status.code(), run.killed), (Some(3), false));
    }

    #[test]
    fn a_process_that_hangs_is_killed_with_its_children() {
        let start = Instant::now();
        let run = shell("echo started $$; sleep 1000 & sleep 1000", Duration::from_millis(300));
        assert!(run.killed);
        assert!(!run.status.success());
        assert!(start.elapsed() < Duration::from_secs(20));
        let group = String::from_utf8(run.output).expect("text");
        let group = group.strip_prefix("started ").expect("it started").trim();
        assert!(nobody_is_left_of(group), "processes of group {group} are left");
    }

    #[test]
    fn what_a_process_leaves_behind_is_neither_waited_for_nor_left() {
        let start = Instant::now();
        let run = shell("echo started $$; sleep 1000 & exit 0", LONG);
        assert!(run.status.success() && !run.killed);
        assert!(start.elapsed() < Duration::from_secs(20));
        let group = String::from_utf8(run.output).expect("text");
        let group = group.strip_prefix("started ").expect("it started").trim();
        assert!(nobody_is_left_of(group), "processes of group {group} are left");
    }

    /// Whether no process that still runs has that group, soon.
    fn nobody_is_left_of(group: &str) -> bool {
        let alive = || {
            let stats = std::fs::read_dir("/proc").expect("/proc").flatten();
            let stats = stats.filter_map(|it| std::fs::read_to_string(it.path().join("stat")).ok());
            stats.filter_map(|stat| Some(stat.rsplit_once(')')?.1.to_owned())).any(|fields| {
                let fields: Vec<&str> = fields.split_whitespace().collect();
                fields.first() != Some(&"Z") && fields.get(2) == Some(&group)
            })
        };
        (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            !alive()
        })
    }

    #[test]
    fn a_flood_of_output_is_cut_and_does_not_stop_the_process() {
        let run = shell("head -c 6000000 /dev/zero; echo end", LONG);
        assert!(run.status.success());
        assert_eq!(run.output.len(), MAX_OUTPUT);
    }

    #[test]
    fn the_time_of_children_is_counted() {
        let busy = "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; exit 0";
        let run = shell(busy, LONG);
        assert!(run.cpu >= Duration::from_millis(20), "{:?}", run.cpu);
    }

    #[test]
    fn a_program_that_does_not_exist_is_an_error() {
        assert!(run(command("drvdedup-no-such-program"), None).is_err());
    }
}
