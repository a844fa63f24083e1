//! A Chromium without a window, and a log of what it wants of any host but this one.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use heliograph_fleet::skip::skipped;
use rustix::process::{Pid, Signal, geteuid, kill_process_group, test_kill_process_group};
use tempfile::TempDir;

/// Hosts that a Chromium asks on its own account, whatever page it shows. What the page may reach is ruled by its policy.
const ITS_OWN: [&str; 4] = [".google.com", ".googleapis.com", ".gstatic.com", ".gvt1.com"];

/// How long processes that were killed may take to be gone.
const END: Duration = Duration::from_secs(10);

/// A running browser; ended when it is dropped.
pub(crate) struct Chromium {
    child: Child,
    trap: Trap,
    _profile: TempDir,
}

/// Where everything goes that is not for this host: the browser takes it for its proxy. It answers nothing, so that nothing
/// leaves this host.
struct Trap {
    address: SocketAddr,
    wanted: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
}

/// What a browser is like.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    /// Whether it says Do Not Track.
    pub(crate) do_not_track: bool,
}

impl Chromium {
    /// Opens a page. `None`, said loudly, where there is no browser.
    pub(crate) fn open(url: &str) -> Option<Chromium> {
        Chromium::open_as(url, &Setup::default())
    }

    /// The same in a browser like this.
    pub(crate) fn open_as(url: &str, setup: &Setup) -> Option<Chromium> {
        let profile = TempDir::new().unwrap();
        if setup.do_not_track {
            let folder = profile.path().join("Default");
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("Preferences"), r#"{"enable_do_not_track":true}"#).unwrap();
        }
        let trap = Trap::start();
        let mut command = Command::new("chromium");
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
            .arg(format!("--proxy-server=http://{}", trap.address))
            // What it leaves behind when it is killed.
            .env("HOME", profile.path())
            .env("TMPDIR", profile.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if geteuid().is_root() {
            command.arg("--no-sandbox");
        }
        match command.arg(url).spawn() {
            Ok(child) => Some(Chromium {
                child,
                trap,
                _profile: profile,
            }),
            Err(error) => {
                skipped(&format!("chromium can't be started: {error}"));
                None
            }
        }
    }

    /// What it wanted of other hosts until now, but for its own makers': `CONNECT …`, `GET http://…`.
    pub(crate) fn elsewhere(&self) -> Vec<String> {
        let wanted = self.trap.wanted.lock().unwrap();
        let foreign = wanted.iter().filter(|line| {
            let target = line.split(' ').nth(1).unwrap_or_default();
            let host = target.trim_start_matches("http://");
            let host = host.split(['/', ':']).next().unwrap_or_default();
            !ITS_OWN.iter().any(|own| host.ends_with(own))
        });
        foreign.cloned().collect()
    }

    /// Whether it is still there.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Chromium {
    /// Ends it with all that it started, so that nobody writes to its profile any more.
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

impl Trap {
    fn start() -> Trap {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let trap = Trap {
            address: listener.local_addr().unwrap(),
            wanted: Arc::default(),
            stop: Arc::default(),
        };
        let (wanted, stop) = (trap.wanted.clone(), trap.stop.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let wanted = wanted.clone();
                thread::spawn(move || {
                    let mut line = String::new();
                    // Some connections are opened to be used later.
                    if BufReader::new(client)
                        .read_line(&mut line)
                        .is_ok_and(|read| read > 0)
                    {
                        wanted.lock().unwrap().push(line.trim_end().to_owned());
                    }
                });
            }
        });
        trap
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}
