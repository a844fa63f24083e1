//! Disks that fail: 503, said loudly once, nothing damaged, and on it goes when the disk does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use heliograph_collector::store::Store;
use heliograph_fleet::skip::skipped;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::collector::{BINARY, TestCollector, key, messages};

/// A small file system of its own, unmounted when dropped. `None`, said on standard error, where the test may not mount one.
struct SmallDisk {
    path: PathBuf,
    _dir: TempDir,
}

impl SmallDisk {
    fn of(kib: usize) -> Option<SmallDisk> {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("disk");
        fs::create_dir(&path).unwrap();
        let options = format!("size={kib}k,mode=700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(&path)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(SmallDisk { path, _dir: dir }),
            other => {
                skipped(&format!(
                    "no small file system can be mounted here (are we root?): {other:?}"
                ));
                None
            }
        }
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let done = Command::new("mount")
            .args(["-o", &options])
            .arg(&self.path)
            .status()
            .unwrap();
        assert!(done.success(), "{options}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the collector may still be ending.
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

/// A batch that zstd can't make small.
fn bulky(number: usize) -> Value {
    let mut seed = u64::try_from(number).unwrap() * 7919 + 1;
    let noise: String = (0..20_000)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'!' + u8::try_from((seed >> 33) % 60).unwrap())
        })
        .map(|c| if c == '\\' || c == '"' { 'x' } else { c })
        .collect();
    json!({"batch": [{
        "type": "track", "event": "e", "anonymousId": "a", "messageId": format!("m{number}"), "properties": {"x": noise},
    }]})
}

fn count(haystack: &str, needle: &str) -> usize {
    haystack.matches(needle).count()
}

fn integrity(data: &Path) -> String {
    let connection = rusqlite::Connection::open(data.join("collector.db")).unwrap();
    connection
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .unwrap()
}

#[test]
fn a_full_disk_is_a_503_until_there_is_room() {
    let Some(disk) = SmallDisk::of(600) else { return };
    let data = disk.path.join("data");
    let key = key(&data, "server");
    let collector = TestCollector::in_dir(&data, &[]);
    let mut client = collector.client();
    let mut accepted = 0;
    let refused = loop {
        let answer = client.batch(&key, &bulky(accepted)).unwrap();
        if answer.status != 200 {
            break answer;
        }
        assert_eq!(answer.counts(), (1, 0, 0));
        accepted += 1;
        assert!(accepted < 200, "it is never full");
    };
    assert!(accepted > 3);
    assert_eq!(refused.error(), (503, "unavailable".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("5"));
    for _ in 0..5 {
        assert_eq!(client.batch(&key, &bulky(accepted)).unwrap().status, 503);
    }
    assert_eq!(
        count(&collector.log(), "THE STORE CAN'T BE WRITTEN"),
        1,
        "{}",
        collector.log()
    );
    assert_eq!(messages(&data, &[]).len(), accepted);

    disk.remount("size=4m");
    // Nothing was kept of what was refused: it is new.
    assert_eq!(client.batch(&key, &bulky(accepted)).unwrap().counts(), (1, 0, 0));
    assert_eq!(client.batch(&key, &bulky(0)).unwrap().counts(), (0, 1, 0));
    assert_eq!(count(&collector.log(), "the store can be written again"), 1);
    assert_eq!(messages(&data, &[]).len(), accepted + 1);
    assert_eq!(integrity(&data), "ok");
}

#[test]
fn a_read_only_disk_is_told_at_the_start() {
    let Some(disk) = SmallDisk::of(2000) else { return };
    let data = disk.path.join("data");
    let key = key(&data, "server");
    let mut collector = TestCollector::in_dir(&data, &[]);
    assert_eq!(collector.batch(&key, &bulky(1)).status, 200);
    assert!(collector.stop().success());
    disk.remount("ro");
    let output = Command::new(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("can't"), "{said}");
    assert!(output.stdout.is_empty());
    disk.remount("rw");
    assert_eq!(messages(&data, &[]).len(), 1);
}

#[test]
fn another_process_that_keeps_writing_is_waited_for_and_then_a_503() {
    // At this pace what is asked below is one commit's.
    let collector = TestCollector::with(&[("commit_pace", "500ms")]);
    let key = collector.key("server");
    assert_eq!(collector.batch(&key, &bulky(1)).status, 200);
    let mut other = Store::open(collector.data()).unwrap();
    let holding = other.begin().unwrap();
    let address = collector.address();
    let (waiting, waiting_key) = (bulky(2), key.clone());
    let patient = std::thread::spawn(move || {
        let mut client = crate::client::Client::to(address).unwrap();
        client.batch(&waiting_key, &waiting).unwrap().status
    });
    std::thread::sleep(Duration::from_millis(300));
    drop(holding);
    assert_eq!(patient.join().unwrap(), 200, "a short wait is no failure");
    let holding = other.begin().unwrap();
    let asking = std::thread::spawn(move || {
        let mut client = crate::client::Client::to(address).unwrap();
        client.send("GET", "/readyz", &[], b"").unwrap()
    });
    assert_eq!(collector.batch(&key, &bulky(3)).status, 503);
    let unready = asking.join().unwrap();
    assert_eq!(unready.status, 503);
    let detail = unready.json()["detail"].to_string();
    assert!(detail.contains("another process keeps writing"), "{detail}");
    drop(holding);
    assert_eq!(collector.batch(&key, &bulky(3)).counts(), (1, 0, 0));
    // The last answer is believed for a second.
    std::thread::sleep(Duration::from_millis(1100));
    let ready = collector.client().send("GET", "/readyz", &[], b"").unwrap();
    assert_eq!(ready.status, 200);
}
