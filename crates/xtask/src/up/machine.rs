//! This machine's own units, where it has a systemd: told by heliograph-diagnostics, started for that.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use super::program;

/// What every machine has that was started by systemd.
const SYSTEMD: &str = "/run/systemd/system";
const NODE: &str = "/system/health/v1";
/// How often, and how long after another, it is asked whether it knows its units.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(200);

/// The daemon as a child; it ends with this value.
pub(super) struct Machine {
    child: Child,
    address: String,
    /// How many units it looks at.
    pub(super) units: usize,
}

impl Machine {
    /// Starts to look at this machine's systemd.
    ///
    /// # Errors
    /// It has none, or it does not answer.
    pub(super) fn start() -> anyhow::Result<Machine> {
        if !Path::new(SYSTEMD).exists() {
            bail!("{SYSTEMD} is missing");
        }
        let mut child = Command::new(program("heliograph-diagnostics"))
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
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}
