//! What hostile pages send costs no more memory than its bytes, however long it has to wait.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::host::{Host, batch, until, view};

/// Requests that wait at once.
const WAITING: usize = 60;
/// Most that the relay may have taken of memory, in KiB; parsed at once, the requests would take six times as much.
const MOST: u64 = 96 << 10;

fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn what_waits_takes_no_more_memory_than_it_is_long() {
    let host = Host::new("enabled = true", &[("CLIENT_BURST", "1000"), ("TIMEOUT", "60")]);
    assert_eq!(host.post(&batch(&[view(1)])).status, 200);
    // While another holds the spool, the keeper waits, and so does all that comes.
    let lock = File::options()
        .write(true)
        .open(host.path("state/spool/lock"))
        .unwrap();
    lock.lock().unwrap();
    let many = format!("{{\"type\":\"page\",\"a\":[{}0]}}", "0,".repeat(15_000));
    let body = format!("{{\"batch\":[{}{many}]}}", format!("{many},").repeat(15));
    let mut streams: Vec<TcpStream> = (0..WAITING)
        .map(|_| {
            let mut stream = TcpStream::connect(host.address()).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            let head = format!(
                "POST /telemetry/v1/batch HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body.as_bytes()).unwrap();
            stream
        })
        .collect();
    // All have been read when one that came later is answered.
    until("it answers meanwhile", || {
        host.ask("GET", "/telemetry/ui-config", &[], b"").status == 200
    });
    lock.unlock().unwrap();
    for stream in &mut streams {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let peak = peak(host.process());
    assert!(peak < MOST, "{peak} KiB");
}
