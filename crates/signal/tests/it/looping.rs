//! `run`, the loop, while a test looks at it.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// After this a test no longer waits for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running loop; killed when it is dropped.
pub(crate) struct Looping {
    child: Child,
    log: PathBuf,
}

/// How it ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) log: String,
    /// From the signal to the end.
    pub(crate) took: Duration,
}

impl Looping {
    /// Starts a command whose log goes to a file.
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> Looping {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            // strace and what it traces are told together; strace itself does not listen.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Looping { child, log }
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until something holds; fails with the log when it does not within a minute.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(
                begun.elapsed() < PATIENCE,
                "not seen: {what}; the log was:\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it logged a text.
    #[track_caller]
    pub(crate) fn wait_for_log(&self, text: &str) {
        self.wait_for(text, || self.log().contains(text));
    }

    /// Sends it SIGTERM, and waits for its end.
    #[track_caller]
    pub(crate) fn terminate(mut self) -> Ended {
        let begun = Instant::now();
        self.send(Signal::TERM);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let log = self.log();
                let code = status
                    .code()
                    .unwrap_or_else(|| panic!("it did not end by itself: {status}\n{log}"));
                return Ended {
                    code,
                    log,
                    took: begun.elapsed(),
                };
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it does not end; the log was:\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn send(&self, signal: Signal) {
        if let Some(group) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Looping {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.send(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}
