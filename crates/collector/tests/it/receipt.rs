//! Receipts: signed for what is on disk, for those who ask.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use heliograph_wire::receipt::{Receipt, body_hash};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::client::{Answer, basic};
use crate::collector::{TestCollector, run};
use crate::reporter::{Reporter, hour};

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

/// Whether a signature in hexadecimal holds.
pub(crate) fn holds(public_key: &str, signed: &[u8], signature: &str) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, unhex(public_key));
    key.verify(signed, &unhex(signature)).is_ok()
}

/// What receipts can be checked with.
pub(crate) fn public_key(data: &Path) -> String {
    let output = run(data, &["receipt-key"]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn post(collector: &TestCollector, key: &str, asks: &str, body: &[u8]) -> Answer {
    let headers = [
        ("Authorization", basic(key)),
        ("Heliograph-Receipt", asks.to_owned()),
    ];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    collector
        .client()
        .send("POST", "/v1/batch", &headers, body)
        .unwrap()
}

fn receipt(answer: &Answer) -> Option<Receipt> {
    let receipt = answer.json().get("receipt").cloned()?;
    Some(serde_json::from_value(receipt).unwrap())
}

fn one(id: &str) -> Value {
    json!({"batch": [{"type": "track", "event": "e", "anonymousId": "a", "messageId": id}]})
}

#[test]
fn who_asks_gets_a_receipt_of_the_inflated_body() {
    let mut collector = TestCollector::start();
    let (key, public) = (collector.key("server"), public_key(collector.data()));
    let path = collector.data().join("receipt-key");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    // With a BOM: the hash is of what was received, not of what was read out of it.
    let body = format!("\u{feff} {} ", one("1")).into_bytes();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &body).unwrap();
    let gzip = gzip.finish().unwrap();
    for (sent, counts) in [(&gzip, (1, 0, 0)), (&body, (0, 1, 0)), (&gzip, (0, 1, 0))] {
        let answer = post(&collector, &key, "1", sent);
        assert_eq!(answer.counts(), counts);
        let receipt = receipt(&answer).unwrap();
        assert!(receipt.is_of(&body_hash(&body)));
        assert_eq!(receipt.public_key, public);
        assert_eq!(receipt.key, heliograph_wire::receipt::key_id(&unhex(&public)));
        assert!(holds(
            &public,
            &Receipt::signed(&receipt.bodies),
            &receipt.signature
        ));
        collector.stop();
        collector.restart();
    }
    for asks in ["0", "", "yes"] {
        assert_eq!(receipt(&post(&collector, &key, asks, &body)), None, "{asks}");
    }
    assert_eq!(receipt(&collector.batch(&key, &one("2"))), None);
    // Not all of it is on disk, nor will be.
    let broken = json!({"batch": [{"type": "track"}, one("3")["batch"][0]]}).to_string();
    let answer = post(&collector, &key, "1", broken.as_bytes());
    assert_eq!((answer.counts(), receipt(&answer)), ((1, 0, 1), None));
    let answer = post(&collector, "nonesuch", "1", &body);
    assert_eq!((answer.status, answer.json().get("receipt")), (401, None));

    let secret = fs::read_to_string(&path).unwrap();
    assert!(!collector.log().contains(secret.trim()));
}

/// Otherwise anybody with a write key could tell who asked to be forgotten.
#[test]
fn who_is_suppressed_can_t_be_told_by_the_receipt() {
    let collector = TestCollector::start();
    let (key, public) = (collector.key("server"), public_key(collector.data()));
    let suppress = run(
        collector.data(),
        &["forget", "--anonymous-id", "a", "--suppress-only"],
    );
    assert!(suppress.status.success(), "{suppress:?}");
    let body = one("1").to_string();
    let answer = post(&collector, &key, "1", body.as_bytes());
    assert_eq!(answer.counts(), (1, 0, 0));
    let receipt = receipt(&answer).unwrap();
    assert!(receipt.is_of(&body_hash(body.as_bytes())));
    assert!(holds(
        &public,
        &Receipt::signed(&receipt.bodies),
        &receipt.signature
    ));
    assert!(collector.messages().is_empty());
}

#[test]
fn requests_that_are_written_together_are_signed_together() {
    let collector = TestCollector::with(&[("commit_pace", "20ms")]);
    let (key, public) = (collector.key("server"), public_key(collector.data()));
    let receipts: Vec<_> = std::thread::scope(|scope| {
        let post = |client| {
            let (collector, key) = (&collector, &key);
            scope.spawn(move || {
                let body = |number| one(&format!("{client}-{number}")).to_string();
                let of = |number| {
                    let body = body(number);
                    (
                        body_hash(body.as_bytes()),
                        receipt(&post(collector, key, "1", body.as_bytes())).unwrap(),
                    )
                };
                (0..10).map(of).collect::<Vec<_>>()
            })
        };
        let clients: Vec<_> = (0..8).map(post).collect();
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect()
    });
    for (body, receipt) in &receipts {
        assert!(receipt.is_of(body));
        assert!(holds(
            &public,
            &Receipt::signed(&receipt.bodies),
            &receipt.signature
        ));
    }
    assert!(receipts.iter().any(|(_, receipt)| receipt.bodies.len() > 1));
}

#[test]
fn a_damaged_key_is_not_replaced() {
    let mut collector = TestCollector::start();
    collector.stop();
    fs::write(collector.data().join("receipt-key"), "damaged").unwrap();
    let said = run(collector.data(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(said.status.code(), Some(1));
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(
        said.contains("receipt-key is damaged") && !said.contains("holds damaged"),
        "{said}"
    );
    assert_eq!(
        fs::read(collector.data().join("receipt-key")).unwrap(),
        b"damaged"
    );
}

/// A file below a directory, by what its path contains.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn the_ledger_shows_what_was_altered() {
    let collector = TestCollector::start();
    let mut reporter = Reporter::new(collector.url(), &collector.key("cluster"));
    for number in 0..20 {
        reporter.report(hour(number));
    }
    let (sound, said) = reporter.verify();
    assert!(
        sound && said.contains("20 sends: 20 receipted, 0 taken without a receipt, 0 not taken"),
        "{said}"
    );

    // The key that was pinned on first use is the collector's; another one's receipts are none.
    let public = public_key(collector.data());
    let pinned = reporter.state.path().join("collector-key");
    assert_eq!(fs::read_to_string(&pinned).unwrap(), public);
    reporter.config.receipt_key = Some(public);
    assert!(reporter.verify().0);
    let other = tempfile::TempDir::new().unwrap();
    reporter.config.receipt_key = Some(public_key(other.path()));
    let (sound, said) = reporter.verify();
    assert!(
        !sound && said.contains("by another key than the collector's"),
        "{said}"
    );
    reporter.config.receipt_key = None;
    assert!(reporter.verify().0);

    // One body, one line: each alone is found.
    let hashes = |line: &str| line.contains("\"what\":\"sending\"");
    let kept = files(&reporter.state.path().join("ledger"));
    let of = |wanted: &dyn Fn(&str) -> bool| {
        let lines = |path: &&PathBuf| fs::read_to_string(path).is_ok_and(|text| wanted(&text));
        kept.iter().find(lines).unwrap()
    };
    let lines = of(&hashes);
    let whole = fs::read_to_string(lines).unwrap();
    fs::write(lines, whole.replacen("\"messages\":3", "\"messages\":2", 1)).unwrap();
    let (sound, said) = reporter.verify();
    assert!(!sound && said.contains("ALTERED"), "{said}");
    let without_one: String = whole
        .lines()
        .enumerate()
        .filter(|(at, _)| *at != 7)
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    fs::write(lines, without_one).unwrap();
    assert!(!reporter.verify().0);
    fs::write(lines, &whole).unwrap();
    assert!(reporter.verify().0);

    let body = kept
        .iter()
        .find(|path| path.parent().unwrap().ends_with("bodies"))
        .unwrap();
    let mut bytes = fs::read(body).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(body, bytes).unwrap();
    let (sound, said) = reporter.verify();
    assert!(!sound && said.contains("the body of number"), "{said}");
}
