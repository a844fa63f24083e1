//! A Chromium without a window, and a log of what it wants of any host but this one.
//!
//! It opens a page that drives itself, or it is driven from here: a [`Tab`] goes to addresses, and says what is there.

mod pipe;
mod tab;
mod trap;

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, io};

use rustix::process::{Pid, Signal, geteuid, kill_process_group, test_kill_process_group};
use tempfile::TempDir;

use self::pipe::Pipe;
pub use self::tab::{Look, Tab};
use self::trap::Trap;
use crate::skip::skipped;

/// The program.
const PROGRAM: &str = "chromium";
/// Hosts that a Chromium asks on its own account, whatever page it shows. What the page may reach is ruled by its policy.
const ITS_OWN: [&str; 4] = [".google.com", ".googleapis.com", ".gstatic.com", ".gvt1.com"];
/// How long processes that were killed may take to be gone.
const END: Duration = Duration::from_secs(10);
/// Runs what follows with the descriptors 3 and 4 as its input and output, which is what it is driven by.
const DRIVEN: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#;

/// A running browser; ended when it is dropped.
#[derive(Debug)]
pub struct Chromium {
    child: Child,
    trap: Trap,
    _profile: TempDir,
}

/// What a browser is like.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setup {
    /// Whether it says Do Not Track.
    pub do_not_track: bool,
}

impl Chromium {
    /// Opens a page. `None`, said loudly, where there is no browser.
    #[must_use]
    pub fn open(url: &str) -> Option<Chromium> {
        Chromium::open_as(url, &Setup::default())
    }

    /// The same in a browser like this.
    #[must_use]
    pub fn open_as(url: &str, setup: &Setup) -> Option<Chromium> {
        let mut command = Command::new(PROGRAM);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        loudly(Chromium::start(command, &[url], setup))
    }

    /// A tab that is driven from here. `None`, said loudly, where there is no browser.
    #[must_use]
    pub fn drive() -> Option<Tab> {
        loudly(Chromium::try_drive())
    }

    /// The same, for who wants to say why there is none.
    ///
    /// # Errors
    /// When there is no browser, or it does not answer.
    pub fn try_drive() -> io::Result<Tab> {
        let mut command = Command::new("sh");
        command.args(["-c", DRIVEN, PROGRAM]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let more = ["--remote-debugging-pipe", "--hide-scrollbars"];
        let mut chromium = Chromium::start(command, &more, &Setup::default())?;
        let pipe = Pipe::of(&mut chromium.child)?;
        Tab::open(chromium, pipe)
    }

    fn start(mut command: Command, more: &[&str], setup: &Setup) -> io::Result<Chromium> {
        let profile = TempDir::new()?;
        if setup.do_not_track {
            let folder = profile.path().join("Default");
            fs::create_dir(&folder)?;
            fs::write(folder.join("Preferences"), r#"{"enable_do_not_track":true}"#)?;
        }
        let trap = Trap::start()?;
        command
            .args([
                "--headless",
                "--disable-gpu",
                "--disable-popup-blocking",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-default-apps",
                "--disable-domain-reliability",
                "--disable-features=NetworkTimeServiceQuerying,OptimizationHints,MediaRouter,DialMediaRouteProvider",
                "--disable-dev-shm-usage",
                "--disable-sync",
                "--no-default-browser-check",
                "--no-first-run",
                "--no-pings",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--proxy-server=http://{}", trap.address()))
            // What it leaves behind when it is killed.
            .env("HOME", profile.path())
            .env("TMPDIR", profile.path())
            .process_group(0)
            .stderr(Stdio::null());
        if geteuid().is_root() {
            command.arg("--no-sandbox");
        }
        Ok(Chromium {
            child: command.args(more).spawn()?,
            trap,
            _profile: profile,
        })
    }

    /// What it wanted of other hosts until now, but for its own makers': `CONNECT …`, `GET http://…`.
    #[must_use]
    pub fn elsewhere(&self) -> Vec<String> {
        let is_foreign = |line: &String| {
            let target = line.split(' ').nth(1).unwrap_or_default();
            let host = target.trim_start_matches("http://");
            let host = host.split(['/', ':']).next().unwrap_or_default();
            !ITS_OWN.iter().any(|own| host.ends_with(own))
        };
        self.trap.wanted().into_iter().filter(is_foreign).collect()
    }

    /// Whether it is still there.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Chromium {
    /// Ends it with all that it started, so that nobody writes to its profile any more.
    #[expect(clippy::disallowed_methods, reason = "real processes take real time to end")]
    fn drop(&mut self) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let _ = group.map(|group| kill_process_group(group, Signal::KILL));
        let _ = self.child.wait();
        let begun = Instant::now();
        while group.is_some_and(|group| test_kill_process_group(group).is_ok()) && begun.elapsed() < END {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

fn loudly<T>(started: io::Result<T>) -> Option<T> {
    match started {
        Ok(started) => Some(started),
        Err(error) => {
            skipped(&format!("chromium can't be started: {error}"));
            None
        }
    }
}
