//! One run of the real binary, in an environment that is empty but for what a test puts there.

use std::ffi::OsStr;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The program.
pub(crate) const SIGNAL: &str = env!("CARGO_BIN_EXE_heliograph-signal");
/// After this a run counts as stuck, on a machine however busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// How a run ended, and what it said.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    /// Standard error, which is where the log goes.
    pub(crate) log: String,
    pub(crate) took: Duration,
}

impl Run {
    /// Fails, with the log, unless the run ended with this exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Run {
        assert_eq!(self.code, code, "exit code; the log was:\n{}", self.log);
        self
    }

    /// Fails unless the log holds this text.
    #[track_caller]
    pub(crate) fn logs(self, text: &str) -> Run {
        assert!(
            self.log.contains(text),
            "expected {text:?} in the log:\n{}",
            self.log
        );
        self
    }

    /// Fails if the log holds this text.
    #[track_caller]
    pub(crate) fn keeps_quiet_about(self, text: &str) -> Run {
        assert!(
            !self.log.contains(text),
            "{text:?} must not be in the log:\n{}",
            self.log
        );
        self
    }

    /// Fails if anything was worth a warning.
    #[track_caller]
    pub(crate) fn has_no_complaint(self) -> Run {
        let complaints = self.complaints();
        assert!(complaints.is_empty(), "nothing is wrong, yet: {complaints:#?}");
        self
    }

    /// The lines of warnings and errors.
    pub(crate) fn complaints(&self) -> Vec<&str> {
        let complains = |line: &&str| line.contains(" WARN ") || line.contains(" ERROR ");
        self.log.lines().filter(complains).collect()
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "no JSON on standard output: {error}\n{}\n{}",
                self.stdout, self.log
            )
        })
    }
}

/// The binary, with these arguments and nothing in its environment.
pub(crate) fn signal<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(SIGNAL);
    command.args(arguments).env_clear();
    command
}

/// Runs a command to its end.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Run {
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let stdout = gather(child.stdout.take());
    let log = gather(child.stderr.take());
    let text = |text: mpsc::Receiver<String>, child: &mut Child| {
        text.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            let _ = child.kill();
            panic!("{command:?} did not end within {PATIENCE:?}");
        })
    };
    let log = text(log, &mut child);
    let stdout = text(stdout, &mut child);
    let status = child.wait().unwrap();
    let code = status
        .code()
        .unwrap_or_else(|| panic!("{command:?} was killed: {status}\n{log}"));
    Run {
        code,
        stdout,
        log,
        took: begun.elapsed(),
    }
}

/// Reads a stream to its end on a thread of its own, so that no pipe fills up.
fn gather<R: Read + Send + 'static>(stream: Option<R>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}
