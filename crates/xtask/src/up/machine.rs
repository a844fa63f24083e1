//! This machine's own units, where it has a systemd: told by heliograph-diagnostics, started for that.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

/// What every machine has that was started by systemd.
const SYSTEMD: &str = "/run/systemd/system";
const NODE: &str = "/system/health/v1";
/// How often, and how long after another, it is asked whether it knows its units.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(200);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The daemon as a child; it ends with this value.
pub(super) struct Machine {
    child: Child,
    address: String,
    /// How many units it looks at.
    pub(super) units: usize,
}

impl Machine {
    /// Starts this program to look at this machine's systemd.
    ///
    /// # Errors
    /// It has none, or it does not answer.
    pub(super) fn start(program: &Path) -> anyhow::Result<Machine> {
        Machine::start_at(Path::new(SYSTEMD), Command::new(program))
    }

    fn start_at(systemd: &Path, mut program: Command) -> anyhow::Result<Machine> {
        if !systemd.exists() {
            bail!("{} is missing", systemd.display());
        }
        let mut child = program
            // Not that of a daemon which may be installed here, and may look at a whole cluster.
            .args(["--config", "/dev/null"])
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("heliograph-diagnostics")?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let address = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("http://"));
        let mut machine = Machine {
            child,
            address: address.unwrap_or_default().to_owned(),
            units: 0,
        };
        machine.units = machine.wait()?;
        Ok(machine)
    }

    /// Where the report of this machine is.
    pub(super) fn url(&self) -> String {
        format!("http://{}{NODE}/report?cache=0", self.address)
    }

    /// What is said of it, or of why there is none.
    pub(super) fn told(started: &anyhow::Result<Machine>) -> String {
        match started {
            Ok(machine) => format!(
                "but the units are this machine's: heliograph-diagnostics asks its systemd about {} of them",
                machine.units
            ),
            Err(why) => format!(
                "this machine has no systemd that can be asked ({why:#}): the units are the emulated cluster's, too"
            ),
        }
    }

    /// Waits until it knows its units; how many there are.
    fn wait(&self) -> anyhow::Result<usize> {
        let mut problem = "it did not start".to_owned();
        for _ in 0..TRIES {
            let node = get(&self.address, NODE).unwrap_or_default();
            match (&node["problem"], node["units"].as_array()) {
                (Value::Null, Some(units)) if !units.is_empty() => return Ok(units.len()),
                (Value::Null, Some(_)) => "there are no units to look at".clone_into(&mut problem),
                (Value::String(said), _) => said.clone_into(&mut problem),
                _ => {}
            }
            thread::sleep(PAUSE);
        }
        bail!("{problem}")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(address: &str, path: &str) -> Option<Value> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use heliograph_fleet::sandbox::{Sandbox, Setup};
    use heliograph_fleet::skip::skipped;

    use super::*;

    /// The daemon as it is built for tests.
    fn diagnostics() -> Option<PathBuf> {
        let own = std::env::current_exe().unwrap();
        let program = own.parent()?.parent()?.join("heliograph-diagnostics");
        if !program.exists() {
            skipped(
                "the units of a machine: heliograph-diagnostics is not built (cargo build -p heliograph-diagnostics)",
            );
        }
        Some(program).filter(|program| program.exists())
    }

    /// What a machine with that systemd is found to have.
    fn start(sandbox: &Sandbox, bus: &str) -> Option<anyhow::Result<Machine>> {
        let mut program = Command::new(diagnostics()?);
        program
            .env("HELIOGRAPH_DIAGNOSTICS_BUS", bus)
            .env("HELIOGRAPH_DIAGNOSTICS_SYSTEMD_TIMEOUT", "1s")
            .env(
                "HELIOGRAPH_DIAGNOSTICS_UNIT_PATH",
                sandbox.root().join("etc/systemd/system"),
            );
        Some(Machine::start_at(
            &sandbox.root().join("run/systemd/system"),
            program,
        ))
    }

    #[test]
    fn without_a_systemd_that_is_said() {
        let started = Machine::start_at(Path::new("/nowhere/systemd"), Command::new("/nowhere/program"));
        assert_eq!(
            Machine::told(&started),
            "this machine has no systemd that can be asked (/nowhere/systemd is missing): the units are the emulated cluster's, too"
        );
    }

    #[test]
    fn with_one_its_units_are_told() {
        let Some(setup) = Setup::new() else { return };
        let sandbox = setup
            .unit("dcos.target", "[Unit]\nDescription=All units of the test\n")
            .wanted_by("sandbox.target", "dcos.target")
            .unit("one.service", "[Service]\nExecStart=/bin/sleep infinity\n")
            .wanted_by("dcos.target", "one.service")
            .unit("two.service", "[Service]\nExecStart=/bin/false\n")
            .wanted_by("dcos.target", "two.service")
            .start();
        let Some(started) = start(&sandbox, &sandbox.bus()) else {
            return;
        };
        let told = Machine::told(&started);
        assert!(told.ends_with("asks its systemd about 2 of them"), "{told}");
        let machine = started.unwrap();
        let url = machine.url();
        let report = url
            .strip_prefix("http://")
            .and_then(|rest| rest.strip_prefix(&machine.address));
        let report = get(&machine.address, report.unwrap()).unwrap();
        assert_eq!(report["Units"].as_object().unwrap().len(), 2, "{report:#}");
        drop(machine);

        // One that is there and does not answer.
        let started = start(&sandbox, "unix:path=/nowhere/bus").unwrap();
        let told = Machine::told(&started);
        assert!(
            told.contains("can't be reached") && told.ends_with("the emulated cluster's, too"),
            "{told}"
        );
    }
}
