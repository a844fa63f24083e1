//! Forwarding: all that was acknowledged is at the target once, as its sender sent it, whatever happens to either.

mod configured;
mod fields;
mod standby;
mod trouble;

use std::path::PathBuf;
use std::time::Duration;
use std::{fs, thread};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::collector::TestCollector;
use crate::metrics::scrape;

/// Files with secrets of a target.
struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> Files {
        Files {
            dir: TempDir::new().unwrap(),
        }
    }

    fn with(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// Tries until something is so.
fn until(what: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("never: {what}");
}

fn track(id: &str, user: &str) -> Value {
    json!({"type": "track", "event": "e", "userId": user, "messageId": id})
}

fn send(collector: &TestCollector, key: &str, batch: &[Value]) -> (u64, u64, u64) {
    collector.batch(key, &json!({"batch": batch})).counts()
}

fn ids(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message["messageId"].as_str().unwrap())
        .collect()
}

fn metric(collector: &TestCollector, name: &str, labels: &[(&str, &str)]) -> f64 {
    let name = format!("heliograph_collector_{name}");
    scrape(&mut collector.client(), &[])
        .value(&name, labels)
        .unwrap_or(-1.0)
}
