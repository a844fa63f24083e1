//! Faults of connections and answers, on the wire. Those of documents are in `defect`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use heliograph_fleet::flood::Flood;
use heliograph_fleet::{Emulation, Fault, Source};
use serde_json::Value;

use crate::client::{self, End, Wire, ask, ask_in_vain};
use crate::emulation::{get, recorded};

fn with(source: Source, fault: Fault) -> Emulation {
    Emulation::builder(recorded("dcos-1.10"))
        .fault(source, fault)
        .start()
        .unwrap()
}

pub(crate) fn answer(source: Source, fault: Fault) -> Wire {
    get(&with(source, fault), source)
}

pub(crate) fn good(source: Source) -> Vec<u8> {
    recorded("dcos-1.10").of(source).to_vec()
}

#[test]
fn every_fault_of_every_source_is_served_and_ends() {
    let begun = Instant::now();
    let emulation = Emulation::builder(recorded("dcos-1.8")).start().unwrap();
    for source in Source::ALL {
        for fault in Fault::all_for(source) {
            emulation.set_fault(source, fault).unwrap();
            let mut stream = match TcpStream::connect(emulation.addr(source)) {
                Ok(stream) => stream,
                Err(_) => {
                    assert_eq!(fault, Fault::Refused, "{source}");
                    continue;
                }
            };
            stream
                .write_all(&client::request(source.method(), source.path(), &[], b""))
                .unwrap();
            let silent = matches!(fault, Fault::Hang | Fault::Reset);
            let patience = if silent {
                Duration::from_millis(60)
            } else {
                Duration::from_secs(20)
            };
            stream.set_read_timeout(Some(patience)).unwrap();
            let answered = matches!(stream.read(&mut [0; 12]), Ok(12));
            assert_eq!(answered, !silent, "{source} {fault}");
        }
        emulation.set_fault(source, Fault::None).unwrap();
        assert!(get(&emulation, source).body() == &**emulation.documents().of(source));
    }
    drop(emulation);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn statuses() {
    for source in Source::ALL {
        let wire = answer(source, Fault::Status(503));
        assert_eq!(
            (wire.status(), wire.header("content-type").unwrap().as_str()),
            (Some(503), "text/plain; charset=utf-8")
        );
        assert!(serde_json::from_slice::<Value>(wire.body()).is_err());
        let wire = answer(source, Fault::StatusWithBody(500));
        assert_eq!(wire.status(), Some(500));
        assert!(wire.body() == good(source));
        let wire = answer(source, Fault::Status(204));
        assert_eq!(
            (wire.status(), wire.header("content-length"), wire.body()),
            (Some(204), None, &b""[..])
        );
    }
}

#[test]
fn endings_in_the_middle() {
    for source in Source::ALL {
        let good = good(source);
        let half = &good[..good.len() / 2];
        let length = Some(good.len().to_string());

        let wire = answer(source, Fault::Truncated);
        assert_eq!((wire.status(), wire.end), (Some(200), End::Closed));
        assert!(wire.header("content-length") == length && wire.body() == half);

        let wire = answer(source, Fault::TruncatedChunked);
        assert_eq!((wire.status(), wire.end), (Some(200), End::Closed));
        assert_eq!(wire.header("transfer-encoding").as_deref(), Some("chunked"));
        assert!(wire.unchunked() == (half.to_vec(), false));

        let wire = answer(source, Fault::ResetMidBody);
        assert_eq!((wire.status(), wire.end), (Some(200), End::Reset));
        assert!(half.starts_with(wire.body()), "a reset may overtake bytes");

        let emulation = with(source, Fault::HangAfterHead);
        let wire = ask_in_vain(emulation.addr(source), source.method(), source.path());
        assert_eq!(
            (wire.status(), wire.end, wire.body()),
            (Some(200), End::Silent, &b""[..])
        );
        assert_eq!(wire.header("content-length"), length);
    }
}

#[test]
fn no_answer_at_all() {
    for (fault, end) in [
        (Fault::Hang, End::Silent),
        (Fault::Reset, End::Reset),
        (Fault::Refused, End::Refused),
    ] {
        let emulation = with(Source::Cosmos, fault);
        let wire = ask_in_vain(emulation.addr(Source::Cosmos), "POST", "/package/list");
        assert_eq!((wire.end, wire.bytes.len()), (end, 0), "{fault}");
        assert_eq!(emulation.requests().len(), usize::from(fault != Fault::Refused));
    }
}

#[test]
fn a_refusing_source_keeps_its_port() {
    let emulation = with(Source::Cosmos, Fault::Refused);
    for _ in 0..50 {
        let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert_ne!(other.local_addr().unwrap(), emulation.addr(Source::Cosmos));
    }
}

#[test]
fn slowness() {
    let begun = Instant::now();
    let wire = answer(Source::Metrics, Fault::Slow(Duration::from_millis(60)));
    assert!(begun.elapsed() >= Duration::from_millis(60));
    assert!(wire.body() == good(Source::Metrics));

    let emulation = with(Source::Metrics, Fault::Drip(Duration::from_millis(10)));
    let mut stream = TcpStream::connect(emulation.addr(Source::Metrics)).unwrap();
    stream
        .write_all(&client::request("GET", "/metrics/snapshot", &[], b""))
        .unwrap();
    let begun = Instant::now();
    let mut got = Vec::new();
    let head = |got: &[u8]| {
        got.windows(4)
            .position(|four| four == b"\r\n\r\n")
            .map(|at| at + 4)
    };
    while head(&got).is_none_or(|head| got.len() < head + 5) {
        let mut block = [0; 4096];
        let count = stream.read(&mut block).unwrap();
        got.extend_from_slice(&block[..count]);
    }
    assert!(begun.elapsed() >= Duration::from_millis(40));
    assert!(got.len() < head(&got).unwrap() + 50, "it drips: {}", got.len());
}

#[test]
fn redirects() {
    for code in [301, 302, 303, 307, 308] {
        for source in Source::ALL {
            let emulation = with(source, Fault::Redirect(code));
            let target = format!("{}?cache=0", source.path());
            let wire = ask(emulation.addr(source), source.method(), &target, &[], b"{}");
            assert_eq!(wire.status(), Some(code));
            let location = wire.header("location").unwrap();
            assert_eq!(location, format!("/moved{target}"));
            for method in ["GET", "POST"] {
                let wire = ask(emulation.addr(source), method, &location, &[], b"");
                assert_eq!(wire.status(), Some(200));
                assert!(wire.body() == good(source));
            }
        }
    }
    let emulation = with(Source::Cosmos, Fault::RedirectLoop);
    for method in ["POST", "GET"] {
        let wire = ask(emulation.addr(Source::Cosmos), method, "/package/list", &[], b"");
        assert_eq!(
            (wire.status(), wire.header("location").as_deref()),
            (Some(307), Some("/package/list"))
        );
    }
}

#[test]
fn floods_go_on_and_on() {
    for source in Source::ALL {
        for flood in Flood::ALL
            .into_iter()
            .filter(|flood| Fault::Huge(*flood).applies_to(source))
        {
            let emulation = with(source, Fault::Huge(flood));
            let mut stream = TcpStream::connect(emulation.addr(source)).unwrap();
            stream
                .write_all(&client::request(source.method(), source.path(), &[], b""))
                .unwrap();
            let mut start = vec![0; 2_000_000];
            stream.read_exact(&mut start).unwrap();
            let wire = Wire {
                bytes: start,
                end: End::Silent,
            };
            assert_eq!(wire.header("content-length"), None);
            assert_eq!(wire.header("transfer-encoding").as_deref(), Some("chunked"));
        }
    }
}

#[test]
fn hanging_with_a_query_only() {
    let emulation = with(Source::Diagnostics, Fault::HangWithCache0);
    let addr = emulation.addr(Source::Diagnostics);
    let target = |query: &str| format!("{}{query}", Source::Diagnostics.path());
    let ask = |query: &str| ask(addr, "GET", &target(query), &[], b"");
    assert_eq!(ask_in_vain(addr, "GET", &target("?cache=0")).end, End::Silent);
    assert_eq!(ask_in_vain(addr, "GET", &target("?a=b&cache=0")).end, End::Silent);
    assert_eq!(ask("?cache=1").status(), Some(200));
    assert!(ask("").body() == good(Source::Diagnostics));
}
