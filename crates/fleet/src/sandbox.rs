//! A real systemd for a test, on a machine whose first process is whatever it is: it is the first process of namespaces of its
//! own (processes, mounts, cgroups, network, names), with its own bus and journal. All of it ends with the [`Sandbox`], also
//! when the test fails; and with the test's process, should that be killed.
//!
//! Whatever goes wrong here is a test that can't go on: it panics, and says why.
//!
//! Its root is a folder, so a test reaches the bus, the journal and the units by their paths. `/usr` is this machine's, read-only.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking, and waits for real things"
)]

mod base;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::XattrFlags;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::skip::skipped;

/// How long anything that must happen may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// The first systemd that looks for what systemd-oomd has done to a unit.
const OOMD: u32 = 248;

/// The group of those who may read the journal, in the sandbox.
const JOURNAL_GROUP: u32 = 101;

/// A systemd that is not started yet.
pub struct Setup {
    directory: TempDir,
    hostname: String,
    netns: Option<String>,
    installing: bool,
    shown: Vec<(PathBuf, String)>,
}

/// A running systemd.
pub struct Sandbox {
    directory: TempDir,
    unshare: Child,
    init: Pid,
    cgroup: PathBuf,
}

impl Setup {
    /// One without units; `None`, said loudly, where there can be none.
    pub fn new() -> Option<Setup> {
        if let Err(why) = possible() {
            skipped(&format!("a real systemd: {why}"));
            return None;
        }
        // The paths of sockets may not be long.
        let directory = tempfile::Builder::new().prefix("hd").tempdir_in("/tmp").unwrap();
        let setup = Setup {
            directory,
            hostname: "sandbox".to_owned(),
            netns: None,
            installing: false,
            shown: Vec::new(),
        };
        let root = setup.root();
        for folder in base::FOLDERS {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for (path, text) in base::FILES {
            fs::write(root.join(path), text).unwrap();
        }
        for link in ["bin", "sbin", "lib", "lib64"] {
            symlink(format!("usr/{link}"), root.join(link)).unwrap();
        }
        symlink("/run", root.join("var/run")).unwrap();
        fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
        let journal = root.join("run/log/journal");
        chown(&journal, None, Some(JOURNAL_GROUP)).unwrap();
        fs::set_permissions(&journal, fs::Permissions::from_mode(0o2755)).unwrap();
        let id = fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap();
        fs::write(root.join("etc/machine-id"), id.replace('-', "")).unwrap();
        Some(setup)
    }

    /// Its root, as a folder of this machine.
    pub fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    /// Where its bus will be.
    pub fn bus(&self) -> String {
        bus(self.directory.path())
    }

    /// Adds a file.
    pub fn file(self, path: &str, text: &str) -> Setup {
        write(&self.root(), path, text);
        self
    }

    /// Adds a unit.
    pub fn unit(self, name: &str, text: &str) -> Setup {
        self.file(&format!("etc/systemd/system/{name}"), text)
    }

    /// Lets a target want a unit, be it there or not.
    pub fn wanted_by(self, target: &str, name: &str) -> Setup {
        want(&self.root(), target, name);
        self
    }

    /// Masks a unit.
    pub fn masked(self, name: &str) -> Setup {
        symlink("/dev/null", self.root().join("etc/systemd/system").join(name)).unwrap();
        self
    }

    /// Shows a file or folder of this machine inside, read-only.
    pub fn shown(mut self, outside: &Path, inside: &str) -> Setup {
        self.shown.push((outside.to_owned(), inside.to_owned()));
        self
    }

    /// Names the machine.
    pub fn hostname(mut self, name: &str) -> Setup {
        self.hostname = name.to_owned();
        self
    }

    /// Joins a network namespace, by its name, instead of having one without a network.
    pub fn netns(mut self, name: &str) -> Setup {
        self.netns = Some(name.to_owned());
        self
    }

    /// Lets Debian packages be installed: `/usr` can be written, without this machine's seeing it, and dpkg knows what is installed
    /// on this machine.
    pub fn installing(mut self) -> Setup {
        for part in ["upper", "work"] {
            fs::create_dir(self.directory.path().join(part)).unwrap();
        }
        let known = Command::new("cp")
            .args(["--archive", "/var/lib/dpkg"])
            .arg(self.root().join("var/lib/dpkg"))
            .status();
        assert!(known.unwrap().success(), "/var/lib/dpkg can't be copied");
        // It may name accounts that the sandbox has not got.
        fs::write(self.root().join("var/lib/dpkg/statoverride"), "").unwrap();
        self.installing = true;
        self
    }

    /// Starts it; returns when it has started its own units and answers on its bus.
    pub fn start(self) -> Sandbox {
        let root = self.root();
        let init = self.directory.path().join("init.sh");
        fs::write(&init, include_str!("sandbox/init.sh")).unwrap();
        let cgroup = make_cgroup();
        let console = File::create(self.directory.path().join("console")).unwrap();
        // Whatever is executed keeps the process and its place among cgroups; the new cgroup namespace begins at that place.
        let mut command = Command::new("sh");
        command.args(["-c", r#"echo $$ > "$0"; exec "$@""#]);
        command.arg(cgroup.join("cgroup.procs"));
        command.args(["setpriv", "--pdeathsig", "KILL"]);
        if let Some(name) = &self.netns {
            command.args(["nsenter", &format!("--net=/run/netns/{name}")]);
        }
        command.args([
            "unshare",
            "--fork",
            "--kill-child",
            "--pid",
            "--mount",
            "--uts",
            "--ipc",
            "--cgroup",
        ]);
        if self.netns.is_none() {
            command.arg("--net");
        }
        command.args(["--", "sh"]).arg(init).args([
            root.as_os_str(),
            self.hostname.as_ref(),
            systemd().unwrap().as_os_str(),
        ]);
        if self.installing {
            command.env("HELIOGRAPH_SANDBOX_UPPER", self.directory.path());
        }
        for (outside, inside) in &self.shown {
            command.arg(outside).arg(inside);
        }
        let unshare = command
            .stdin(Stdio::null())
            .stdout(console.try_clone().unwrap())
            .stderr(console)
            .process_group(0)
            .spawn()
            .unwrap();
        let mut sandbox = Sandbox {
            directory: self.directory,
            init: Pid::from_child(&unshare),
            unshare,
            cgroup,
        };
        sandbox.init = sandbox.wait_for("its first process", Sandbox::first_process);
        sandbox.wait_for("its units", |sandbox| {
            let output = sandbox.run(&["systemctl", "is-active", "sandbox.target", "dbus.service"]);
            output.status.success().then_some(())
        });
        sandbox
    }
}

impl Sandbox {
    /// Where its bus is, in D-Bus' words.
    pub fn bus(&self) -> String {
        bus(self.directory.path())
    }

    /// Where its journal is.
    pub fn journal(&self) -> PathBuf {
        self.root().join("run/log/journal")
    }

    /// Its root, as a folder of this machine.
    pub fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    /// Runs a command inside.
    pub fn run(&self, words: &[&str]) -> Output {
        Command::new("nsenter")
            .args(["--target", &self.init.as_raw_nonzero().to_string()])
            .args([
                "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd=/",
            ])
            .args(words)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs `systemctl` inside; it must succeed.
    pub fn systemctl(&self, words: &[&str]) {
        let output = self.run(&[&["systemctl"], words].concat());
        assert!(output.status.success(), "systemctl {words:?}: {output:?}");
    }

    /// Adds or replaces a unit; `daemon-reload` lets systemd know.
    pub fn unit(&self, name: &str, text: &str) {
        write(&self.root(), &format!("etc/systemd/system/{name}"), text);
    }

    /// Lets a target want a unit.
    pub fn want(&self, target: &str, name: &str) {
        want(&self.root(), target, name);
    }

    /// Ends a running service as systemd-oomd does where memory runs short: by a word at its cgroup, then by SIGKILL. (The kernel
    /// does it alone only where the memory controller is to be had, which a machine may have given to others.) Whether that is
    /// possible here; where not, it is said loudly.
    pub fn run_out_of_memory(&self, name: &str) -> bool {
        let show = |property: &str| {
            let output = self.run(&["systemctl", "show", "--value", "--property", property, name]);
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let begin = Instant::now();
        while show("SubState") != "running" {
            assert!(begin.elapsed() < PATIENCE, "{name} does not run");
            sleep(Duration::from_millis(50));
        }
        if self.version() < OOMD {
            skipped(&format!("out of memory: systemd is older than {OOMD}"));
            return false;
        }
        let cgroup = self.cgroup.join(show("ControlGroup").trim_start_matches('/'));
        for word in ["user.oomd_ooms", "user.oomd_kill"] {
            if let Err(error) = rustix::fs::setxattr(&cgroup, word, b"1", XattrFlags::empty()) {
                skipped(&format!(
                    "out of memory: this kernel's cgroups take no words: {error}"
                ));
                return false;
            }
        }
        self.systemctl(&["kill", "--signal=KILL", name]);
        true
    }

    /// systemd's version, 0 where it does not tell.
    fn version(&self) -> u32 {
        let output = self.run(&["systemctl", "--version"]);
        let text = String::from_utf8_lossy(&output.stdout);
        let number = text.split_whitespace().nth(1).and_then(|word| word.parse().ok());
        number.unwrap_or(0)
    }

    /// Sends systemd a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.init, signal).unwrap();
    }

    fn first_process(&self) -> Option<Pid> {
        let id = self.unshare.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        let child = children.split_whitespace().next()?.parse().ok()?;
        // Before it is another program, `unshare` itself has been forked.
        let name = fs::read_to_string(format!("/proc/{child}/comm")).ok()?;
        (name.trim() == "systemd").then_some(())?;
        Pid::from_raw(child)
    }

    fn wait_for<T>(&mut self, what: &str, look: impl Fn(&Sandbox) -> Option<T>) -> T {
        let begin = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            let ended = self.unshare.try_wait().unwrap();
            if ended.is_some() || begin.elapsed() > PATIENCE {
                let console = fs::read_to_string(self.directory.path().join("console"));
                panic!(
                    "the sandbox has not got {what}: {ended:?}\n{}",
                    console.unwrap_or_default()
                );
            }
            sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // With the first process all others of its namespace end.
        let _ = kill_process(self.init, Signal::KILL);
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
        for _ in 0..100 {
            match remove_cgroup(&self.cgroup) {
                Err(_) if self.cgroup.exists() => sleep(Duration::from_millis(20)),
                _ => break,
            }
        }
    }
}

fn bus(directory: &Path) -> String {
    format!(
        "unix:path={}",
        directory.join("root/run/dbus/system_bus_socket").display()
    )
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn want(root: &Path, target: &str, name: &str) {
    let folder = root.join(format!("etc/systemd/system/{target}.wants"));
    fs::create_dir_all(&folder).unwrap();
    symlink(format!("../{name}"), folder.join(name)).unwrap();
}

/// Why there can be no sandbox here, when there can't.
fn possible() -> Result<(), String> {
    if !rustix::process::geteuid().is_root() {
        return Err("only root may make one".to_owned());
    }
    systemd().ok_or("it is not installed (Debian: systemd)")?;
    for (program, package) in [
        ("dbus-daemon", "dbus"),
        ("journalctl", "systemd"),
        ("unshare", "util-linux"),
        ("setpriv", "util-linux"),
    ] {
        let found = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]
            .iter()
            .any(|folder| Path::new(folder).join(program).exists());
        if !found {
            return Err(format!("{program} is not installed (Debian: {package})"));
        }
    }
    cgroups().ok_or("no cgroup2 is mounted")?;
    // Containers often may not do what a machine may.
    let output = Command::new("unshare")
        .args([
            "--fork", "--pid", "--mount", "--uts", "--ipc", "--cgroup", "--net", "true",
        ])
        .output()
        .map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

fn systemd() -> Option<PathBuf> {
    ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"]
        .iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
}

/// Where the machine has its cgroup2.
fn cgroups() -> Option<PathBuf> {
    ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
        .iter()
        .map(PathBuf::from)
        .find(|path| path.join("cgroup.procs").exists() && path.join("cgroup.controllers").exists())
}

/// A cgroup for one sandbox. Those of tests that were killed are swept.
fn make_cgroup() -> PathBuf {
    const PREFIX: &str = "heliograph-test-";
    let base = cgroups().unwrap();
    for entry in fs::read_dir(&base).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if let Some(owner) = owner
            && !Path::new("/proc").join(owner).exists()
        {
            let _ = remove_cgroup(&entry.path());
        }
    }
    let id = std::process::id();
    let cgroup = (0..)
        .map(|number| base.join(format!("{PREFIX}{id}-{number}")))
        .find(|path| fs::create_dir(path).is_ok());
    cgroup.unwrap()
}

fn remove_cgroup(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)?.flatten() {
        if entry.file_type()?.is_dir() {
            remove_cgroup(&entry.path())?;
        }
    }
    fs::remove_dir(path)
}
