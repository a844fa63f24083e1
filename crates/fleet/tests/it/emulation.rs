//! The emulated sources when nothing is wrong, and their end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use heliograph_fleet::{Documents, Emulation, Fault, Source};

use crate::client::{self, End, ask, read};

pub(crate) fn recorded(release: &str) -> Documents {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    Documents::from_dir(fixtures.join(release)).unwrap()
}

pub(crate) fn get(emulation: &Emulation, source: Source) -> client::Wire {
    ask(emulation.addr(source), source.method(), source.path(), &[], b"")
}

#[test]
fn documents_arrive_byte_for_byte() {
    for release in ["dcos-1.8", "dcos-1.10"] {
        let documents = recorded(release);
        for chunked in [false, true] {
            let emulation = Emulation::builder(documents.clone())
                .chunked(chunked)
                .start()
                .unwrap();
            for source in Source::ALL {
                let wire = get(&emulation, source);
                assert_eq!((wire.status(), wire.end), (Some(200), End::Closed));
                assert_eq!(
                    wire.header("content-type").as_deref(),
                    Some(source.content_type())
                );
                let body = if chunked {
                    wire.unchunked().0
                } else {
                    wire.body().to_vec()
                };
                assert!(
                    body == **documents.of(source),
                    "{release} {source} chunked={chunked}"
                );
                let length = wire.header("content-length");
                assert_eq!(length, (!chunked).then(|| body.len().to_string()));
            }
        }
    }
}

#[test]
fn urls_lead_to_the_sources() {
    let emulation = Emulation::builder(recorded("dcos-1.8")).start().unwrap();
    let addr = emulation.addr(Source::Diagnostics);
    assert_eq!(
        emulation.diagnostics_url(),
        format!("http://{addr}/system/health/v1/report")
    );
    assert!(emulation.cosmos_url().ends_with("/package/list"));
    assert!(emulation.frameworks_url().ends_with("/frameworks"));
    assert!(emulation.metrics_url().ends_with("/metrics/snapshot"));
}

#[test]
fn wrong_paths_and_methods_are_refused_politely() {
    let emulation = Emulation::builder(recorded("dcos-1.8")).start().unwrap();
    for source in Source::ALL {
        let other = if source == Source::Cosmos { "GET" } else { "POST" };
        let wire = ask(emulation.addr(source), other, source.path(), &[], b"");
        assert_eq!(wire.status(), Some(405));
        assert_eq!(wire.header("allow").as_deref(), Some(source.method()));
        let wire = ask(emulation.addr(source), source.method(), "/elsewhere", &[], b"");
        assert_eq!(wire.status(), Some(404));
    }
}

#[test]
fn requests_are_remembered() {
    let emulation = Emulation::builder(recorded("dcos-1.8")).start().unwrap();
    ask(
        emulation.addr(Source::Cosmos),
        "POST",
        "/package/list",
        &["Accept: a/b"],
        b"{}",
    );
    ask(
        emulation.addr(Source::Diagnostics),
        "GET",
        "/system/health/v1/report?cache=0",
        &[],
        b"{}",
    );
    let chunked =
        b"POST /package/list HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n";
    let mut stream = TcpStream::connect(emulation.addr(Source::Cosmos)).unwrap();
    stream.write_all(chunked).unwrap();
    assert_eq!(read(&mut stream).status(), Some(200));

    let seen = emulation.requests();
    assert_eq!(seen.len(), 3);
    assert_eq!(
        (seen[0].source, seen[0].method.as_str(), seen[0].path.as_str()),
        (Source::Cosmos, "POST", "/package/list")
    );
    assert_eq!(seen[0].header("ACCEPT"), Some("a/b"));
    assert_eq!(seen[0].body, b"{}");
    assert_eq!(seen[1].path, "/system/health/v1/report");
    assert_eq!(seen[1].query.as_deref(), Some("cache=0"));
    assert_eq!(seen[2].body, b"{}");
}

#[test]
fn connections_carry_several_requests() {
    let documents = recorded("dcos-1.8");
    let emulation = Emulation::builder(documents.clone()).start().unwrap();
    let mut stream = TcpStream::connect(emulation.addr(Source::Metrics)).unwrap();
    let request = client::request("GET", "/metrics/snapshot", &[], b"");
    for _ in 0..3 {
        stream.write_all(&request).unwrap();
        let mut got = Vec::new();
        while !got.ends_with(&documents.metrics) {
            let mut block = [0; 4096];
            let count = stream.read(&mut block).unwrap();
            assert!(count > 0);
            got.extend_from_slice(&block[..count]);
        }
    }
    // Two at once, and the second says that it is the last.
    let last = client::request("GET", "/metrics/snapshot", &["Connection: close"], b"");
    stream.write_all(&[request, last].concat()).unwrap();
    let wire = read(&mut stream);
    assert_eq!(wire.end, End::Closed);
    assert_eq!(wire.bytes.len() % 2, 0);
    assert!(wire.bytes.ends_with(&documents.metrics));
}

#[test]
fn gzip_goes_to_who_asks_and_only_if_told() {
    let documents = recorded("dcos-1.10");
    let plain = Emulation::builder(documents.clone()).start().unwrap();
    let zipping = Emulation::builder(documents.clone()).gzip(true).start().unwrap();
    let ask = |emulation: &Emulation, headers: &[&str]| {
        ask(
            emulation.addr(Source::Diagnostics),
            "GET",
            Source::Diagnostics.path(),
            headers,
            b"",
        )
    };
    for wire in [ask(&plain, &["Accept-Encoding: gzip"]), ask(&zipping, &[])] {
        assert_eq!(wire.header("content-encoding"), None);
        assert!(wire.body() == &*documents.health);
    }
    let wire = ask(&zipping, &["Accept-Encoding: br, gzip;q=0.5"]);
    assert_eq!(wire.header("content-encoding").as_deref(), Some("gzip"));
    assert!(wire.body().len() < documents.health.len() / 4);
    let mut inflated = Vec::new();
    flate2::read::GzDecoder::new(wire.body())
        .read_to_end(&mut inflated)
        .unwrap();
    assert!(inflated == *documents.health);
}

#[test]
fn faults_change_while_it_runs() {
    let emulation = Emulation::builder(recorded("dcos-1.8"))
        .fault(Source::Metrics, Fault::Refused)
        .start()
        .unwrap();
    for _ in 0..3 {
        assert_eq!(get(&emulation, Source::Metrics).end, End::Refused);
        emulation.set_fault(Source::Metrics, Fault::Status(503)).unwrap();
        assert_eq!(get(&emulation, Source::Metrics).status(), Some(503));
        emulation.set_fault(Source::Metrics, Fault::None).unwrap();
        assert_eq!(get(&emulation, Source::Metrics).status(), Some(200));
        assert_eq!(get(&emulation, Source::Cosmos).status(), Some(200));
        emulation.set_fault(Source::Metrics, Fault::Refused).unwrap();
    }
}

#[test]
fn the_end_waits_for_nobody() {
    let slow = Duration::from_secs(600);
    let emulation = Emulation::builder(recorded("dcos-1.10"))
        .fault(Source::Diagnostics, Fault::Drip(slow))
        .fault(Source::Cosmos, Fault::Hang)
        .fault(Source::Frameworks, Fault::Slow(slow))
        .start()
        .unwrap();
    let open = |source: Source, request: &[u8]| {
        let mut stream = TcpStream::connect(emulation.addr(source)).unwrap();
        stream.write_all(request).unwrap();
        stream
    };
    let hanging: Vec<_> = Source::ALL
        .into_iter()
        .flat_map(|source| {
            let whole = client::request(source.method(), source.path(), &[], b"");
            let half = whole[..whole.len() / 2].to_vec();
            [open(source, &whole), open(source, &half), open(source, b"")]
        })
        .collect();
    // All requests have been taken in, so that none is ended before it hangs.
    let begun = Instant::now();
    while emulation.requests().len() < 4 {
        assert!(begun.elapsed() < Duration::from_secs(5));
        std::thread::yield_now();
    }
    let begun = Instant::now();
    drop(emulation);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    drop(hanging);
}

#[test]
fn the_end_waits_for_no_reader_either() {
    let emulation = Emulation::builder(recorded("dcos-1.8"))
        .fault(
            Source::Metrics,
            Fault::Huge(heliograph_fleet::flood::Flood::Entries),
        )
        .start()
        .unwrap();
    let mut stream = TcpStream::connect(emulation.addr(Source::Metrics)).unwrap();
    stream
        .write_all(&client::request("GET", "/metrics/snapshot", &[], b""))
        .unwrap();
    let mut block = [0; 1024];
    assert!(stream.read(&mut block).unwrap() > 0);
    let begun = Instant::now();
    drop(emulation);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[test]
fn a_missing_document_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("health.json"), "{}").unwrap();
    let error = Documents::from_dir(folder.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("cosmos.json: a folder of documents holds"),
        "{error}"
    );
    assert!(std::error::Error::source(&error).is_some());
}
