//! The cluster as a master shows it: paths, codes and types, and what becomes of it when nodes or lists fall silent.

mod held_up;
mod members;
mod path;

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::daemon::{Answer, Daemon};
use crate::sandbox::PATIENCE;
use crate::scripted::{Says, Scripted, document, unit};

const BASE: &str = "/system/health/v1";

/// A daemon that looks at these members and at nothing else, as often as it can.
fn master(members: &str, more: &[(&str, &str)]) -> Daemon {
    let own = [
        ("MEMBERS", members),
        ("BUS", "unix:path=/nonexistent/bus"),
        ("PULL_INTERVAL", "200ms"),
        ("PULL_TIMEOUT", "2s"),
        ("LIST_TIMEOUT", "2s"),
        ("JOURNAL_FOR", "socket"),
        ("LOG", "error"),
    ];
    Daemon::start(&own.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

fn members(nodes: &[&Scripted]) -> String {
    let addresses: Vec<_> = nodes.iter().map(|node| node.address.to_string()).collect();
    addresses.join(",")
}

fn path(rest: &str) -> String {
    format!("{BASE}{rest}")
}

fn json_of(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

/// Asks by the socket until what is wanted is shown.
fn wait_for<T>(master: &Daemon, rest: &str, look: impl Fn(&Value) -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        let answer = master.get_locally(&path(rest));
        if answer.status == 200
            && let Some(found) = look(&serde_json::from_str(&answer.body).unwrap())
        {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "did not come: {answer:?}");
        sleep(Duration::from_millis(30));
    }
}

fn is(value: &Value, pointer: &str, expected: &Value) -> Option<()> {
    (value.pointer(pointer) == Some(expected)).then_some(())
}

/// Two nodes of two units, in the order of their addresses.
fn pair() -> [Scripted; 2] {
    let mut pair = [(); 2].map(|()| Scripted::saying(Says::Nothing));
    pair.sort_by_key(|node| node.address);
    pair[0].answer(&document("m1", "master", &[unit("a", 0), unit("b", 1)]));
    pair[1].answer(&document("a1", "agent", &[unit("a", 0)]));
    pair
}
