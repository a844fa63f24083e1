//! The cluster's view of a master, of 500 nodes with 30 units each of which one is failing: how long its report takes, how large
//! it is, and how much memory the daemon needs. The daemon is the real one, in a process of its own; the nodes are in this one.
//! Then a node's own daemon, in `node`.
#![expect(clippy::print_stdout, reason = "the commands' own output")]
#![expect(clippy::disallowed_methods, reason = "a measurement asks for the time")]

mod node;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use heliograph_wire::summary::CONTENT_TYPE;
use serde_json::json;

use crate::run::{build_programs, target_folder};

const NODES: u32 = 500;
const UNITS: u32 = 30;
/// Lines of the journal about the one unit of each node that is failing: some 4 KB.
const LINES: usize = 50;
const TIMES: usize = 9;
/// The first node's address; all are this machine.
const FIRST: Ipv4Addr = Ipv4Addr::new(127, 1, 0, 1);
const REPORT: &str = "/system/health/v1/report";

/// What must hold: seconds, megabytes of JSON, MiB of memory.
const BOUNDS: (f64, f64, f64) = (0.5, 16.0, 80.0);

pub(crate) fn bench() -> anyhow::Result<()> {
    build_programs("release", &["heliograph-diagnostics"], &[])?;
    let port = nodes()?;
    let folder = tempfile::tempdir()?;
    let list = folder.path().join("nodes");
    let members =
        (0..NODES).map(|number| format!("agent={}:{port}\n", Ipv4Addr::from_bits(FIRST.to_bits() + number)));
    fs::write(&list, members.collect::<String>())?;
    let master = Master::start(folder.path(), &list)?;

    let begun = Instant::now();
    let cold = loop {
        if let Ok((_, body)) = master.get(REPORT, None) {
            break (begun.elapsed(), body);
        }
        if begun.elapsed() > Duration::from_secs(60) {
            bail!("there is no report after a minute");
        }
        thread::sleep(Duration::from_millis(20));
    };
    let resting = master.memory()?;
    let (report, size) = median(|| master.get(REPORT, None))?;
    let (refreshed, _) = median(|| {
        // What was learnt within a second counts as new.
        thread::sleep(Duration::from_millis(1100));
        master.get(&format!("{REPORT}?cache=0"), None)
    })?;
    let (summary, summary_size) = median(|| master.get(REPORT, Some(CONTENT_TYPE)))?;
    let (units, _) = median(|| master.get("/system/health/v1/units", None))?;
    let memory = master.memory()?;

    println!(
        "heliograph-diagnostics (release) looks at {NODES} nodes of {UNITS} units, one of them failing with {LINES} lines of journal ({} bytes).",
        journal().len()
    );
    println!(
        "The nodes answer from this process over loopback. Times are medians of {TIMES} requests by a Unix socket, from the"
    );
    println!("request to the last byte; memory is VmHWM of the daemon's process, after all of them.\n");
    println!("| | seconds | MB of JSON |");
    println!("|---|---|---|");
    println!(
        "| first report after the start | {:.3} | {:.2} |",
        cold.0.as_secs_f64(),
        megabytes(cold.1.len())
    );
    println!("| /report | {report:.3} | {:.2} |", megabytes(size));
    println!(
        "| /report?cache=0, all nodes asked anew | {refreshed:.3} | {:.2} |",
        megabytes(size)
    );
    println!("| the summary | {summary:.4} | {:.4} |", megabytes(summary_size));
    println!("| /units | {units:.4} | |");
    println!("\nmemory: {memory:.1} MiB at most; {resting:.1} MiB after the first report");
    println!(
        "the original 0.4.0, on 2 cores of another machine: 7.1 s from its cache, 16.6 s asked anew, 159.4 MB, 1061 MiB"
    );
    let (seconds, json, mib) = BOUNDS;
    if report > seconds || megabytes(size) > json || memory > mib {
        bail!("it must take at most {seconds} s, {json} MB and {mib} MiB");
    }
    node::bench()
}

/// All nodes: one port on all addresses of this machine's loopback. They go with this process.
fn nodes() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("0.0.0.0:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                // One that is left alone has nothing to say.
                let _ = answer(stream);
            });
        }
    });
    Ok(port)
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let number = match stream.local_addr()?.ip() {
        std::net::IpAddr::V4(ip) => ip.to_bits().wrapping_sub(FIRST.to_bits()),
        std::net::IpAddr::V6(_) => 0,
    };
    for line in BufReader::new(stream.try_clone()?).lines() {
        if line?.is_empty() {
            break;
        }
    }
    let body = document(number);
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn journal() -> String {
    let line = "2026-11-22 11:41:22.609402 +0000 UTC the service can't find its configuration";
    format!(
        "the service failed: exit code 3\n{}",
        format!("{line}\n").repeat(LINES)
    )
}

fn document(number: u32) -> String {
    let unit = |unit: u32| {
        let bad = unit == number % UNITS;
        json!({"id": format!("dcos-component-{unit:02}.service"), "health": u8::from(bad),
            "output": if bad { journal() } else { String::new() }, "description": "A component that does something for the cluster",
            "help": "", "name": format!("Component {unit}")})
    };
    let id = format!("6513270e-269e-4d37-a2a7-4de452e6b438-S{number}");
    json!({"units": (0..UNITS).map(unit).collect::<Vec<_>>(), "hostname": format!("ip-10-1-{}-{}.us-west-2.compute.internal", number / 256, number % 256),
        "ip": "", "dcos_version": "1.13", "node_role": "agent", "mesos_id": id, "dcos_diagnostics_version": "0.4.0"})
    .to_string()
}

/// The daemon as a child; it ends with this value.
struct Master {
    child: Child,
    socket: std::path::PathBuf,
}

impl Master {
    fn start(folder: &Path, list: &Path) -> anyhow::Result<Master> {
        let socket = folder.join("socket");
        let config = folder.join("diagnostics.toml");
        let settings = [
            format!("listen = [\"unix:{}\"]", socket.display()),
            format!("members = [\"file:{}\"]", list.display()),
            "journal_for = [\"socket\"]".to_owned(),
            "bus = \"unix:path=/nonexistent\"".to_owned(),
            "log = \"error\"".to_owned(),
        ];
        fs::write(&config, settings.join("\n"))?;
        let mut command = Command::new(target_folder().join("release/heliograph-diagnostics"));
        let mut child = command
            .arg("--config")
            .arg(&config)
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("heliograph-diagnostics")?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let master = Master { child, socket };
        if line.is_empty() {
            bail!("heliograph-diagnostics did not start");
        }
        Ok(master)
    }

    /// Asks for a path and waits for the last byte; seconds and body.
    fn get(&self, path: &str, accept: Option<&str>) -> anyhow::Result<(f64, Vec<u8>)> {
        let begun = Instant::now();
        let mut stream = UnixStream::connect(&self.socket)?;
        let accept = accept.map_or_else(String::new, |kind| format!("accept: {kind}\r\n"));
        // HTTP/1.0: the answer is not chunked.
        write!(stream, "GET {path} HTTP/1.0\r\nhost: x\r\n{accept}\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let took = begun.elapsed().as_secs_f64();
        let head = answer
            .windows(4)
            .position(|end| end == b"\r\n\r\n")
            .context("an answer")?;
        if !answer
            .get(..head)
            .is_some_and(|head| head.starts_with(b"HTTP/1.0 200") || head.starts_with(b"HTTP/1.1 200"))
        {
            bail!("{path}: {}", String::from_utf8_lossy(&answer));
        }
        Ok((took, answer.split_off(head + 4)))
    }

    /// The most memory that it had so far, in MiB.
    fn memory(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: f64 = line
            .and_then(|line| line.split_whitespace().next())
            .context("VmHWM")?
            .parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The median time of some requests, and the size of the last answer.
fn median(get: impl Fn() -> anyhow::Result<(f64, Vec<u8>)>) -> anyhow::Result<(f64, usize)> {
    let mut times = Vec::new();
    let mut size = 0;
    for _ in 0..TIMES {
        let (took, body) = get()?;
        serde_json::from_slice::<serde::de::IgnoredAny>(&body)?;
        size = body.len();
        times.push(took);
    }
    times.sort_by(f64::total_cmp);
    Ok((times[TIMES / 2], size))
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
