//! Off is off: however it was said, no command makes a socket, and nobody hears anything. Each runs under strace.
//!
//! What counts as said, and in which order, is in [`crate::consent`].

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::cluster::Cluster;
use crate::looping::Looping;
use crate::run::run;
use crate::traced::{calls, strace, traced};
use crate::{kept, small};

/// A way of saying that telemetry is off, or of not having said that it is on.
struct Way {
    name: &'static str,
    cluster: Cluster,
    /// The configuration that is named, where it is not the cluster's own.
    config: Option<&'static str>,
    /// Whether what is kept goes: it does where "off" was said and understood.
    deletes: bool,
    /// The exit code of what can't tell whether it may.
    code: i32,
}

fn cluster() -> Cluster {
    Cluster::of(small::short_documents())
}

fn stated(name: &'static str, cluster: Cluster) -> Way {
    Way {
        name,
        cluster,
        config: None,
        deletes: true,
        code: 0,
    }
}

/// The cluster with its configuration in DC/OS' form, and what else its files say.
fn as_json(name: &'static str, said: &serde_json::Value, extra: Option<&serde_json::Value>) -> Way {
    let cluster = cluster().unset("enabled");
    let mut config = cluster.config_json();
    let more = said.as_object().unwrap().clone();
    config.as_object_mut().unwrap().extend(more);
    cluster.write("dcos/dcos-signal-config.json", config.to_string());
    if let Some(extra) = extra {
        cluster.write("dcos/dcos-signal-extra.json", extra.to_string());
    }
    Way {
        config: Some("dcos/dcos-signal-config.json"),
        ..stated(name, cluster)
    }
}

fn ways() -> Vec<Way> {
    let opted_out = cluster();
    opted_out.run(&["opt-out"]).exits(0);
    let unreadable = cluster();
    unreadable.write("state/consent", "{\"said\":\"opt-");
    vec![
        stated("DO_NOT_TRACK", cluster().var("DO_NOT_TRACK", "1")),
        stated("opt-out", opted_out),
        stated("TOML", cluster().set("enabled", false)),
        as_json("DC/OS' JSON", &json!({"enabled": "false"}), None),
        as_json(
            "DC/OS' JSON, by its other name",
            &json!({"telemetry_enabled": false}),
            None,
        ),
        as_json(
            "the extra file",
            &json!({"enabled": "true"}),
            Some(&json!({"enabled": "false"})),
        ),
        stated("HELIOGRAPH_ENABLED", cluster().var("HELIOGRAPH_ENABLED", "off")),
        Way {
            deletes: false,
            ..stated("what nobody understands", cluster().set("enabled", "perhaps"))
        },
        Way {
            deletes: false,
            code: 1,
            ..stated("a consent file that can't be read", unreadable)
        },
        Way {
            deletes: false,
            ..stated("the notice period", cluster().unset("enabled"))
        },
    ]
}

impl Way {
    fn command(&self, words: &[&str]) -> Command {
        match self.config {
            None => self.cluster.command(words),
            Some(config) => {
                let mut command = self.cluster.bare_command(words);
                command.arg("--config").arg(self.cluster.path(config));
                command
            }
        }
    }

    /// Runs a command, and checks that it made no socket.
    fn runs_in_silence(&self, strace: &Path, words: &[&str], code: i32) -> String {
        let log = self.cluster.path("calls");
        let ended = run(&mut traced(strace, &self.command(words), &log));
        assert_eq!(ended.code, code, "{}: {words:?}: {}", self.name, ended.log);
        let calls = calls(&log);
        assert!(
            calls.is_empty(),
            "{}: {words:?} made sockets: {calls:#?}",
            self.name
        );
        ended.stdout
    }

    /// Every command in turn.
    fn is_silent(&self, strace: &Path) {
        let bundle = self.cluster.path("bundle");
        let bundle = bundle.to_str().unwrap();
        kept::put(&self.cluster, "2026-11-22T11");
        let waits = || kept::parcels(&self.cluster).len();
        for words in [&["doctor"][..], &["explain"], &["status"]] {
            let said = self.runs_in_silence(strace, words, self.code);
            assert_eq!(
                said.is_empty(),
                self.code != 0,
                "{}: {words:?} says why: {said}",
                self.name
            );
        }
        self.runs_in_silence(strace, &["log"], 0);
        assert_eq!(waits(), 1, "{}: to look deletes nothing", self.name);
        for words in [
            &["report"][..],
            &["report", "--spread"],
            &["bundle", "write", bundle],
            &["event", "install", "started"],
        ] {
            self.runs_in_silence(strace, words, self.code);
        }
        // In the notice period a preview collects for the screen.
        if self.name != "the notice period" {
            for words in [&["preview"][..], &["preview", "--wire"], &["-test"]] {
                assert_eq!(
                    self.runs_in_silence(strace, words, self.code),
                    "",
                    "{}: {words:?}",
                    self.name
                );
            }
        }
        assert!(
            !Path::new(bundle).exists(),
            "{}: nothing leaves in a file either",
            self.name
        );
        assert_eq!(
            waits(),
            usize::from(!self.deletes),
            "{}: what was kept",
            self.name
        );
        self.loops_in_silence(strace);
        self.cluster.was_left_alone();
    }

    /// The loop tells its service manager how it is, and nobody else.
    fn loops_in_silence(&self, strace: &Path) {
        let (path, log) = (self.cluster.path("notify"), self.cluster.path("calls"));
        let notify = UnixDatagram::bind(&path).unwrap();
        notify.set_nonblocking(true).unwrap();
        kept::put(&self.cluster, "2026-11-22T12");
        let mut command = self.command(&["run"]);
        command.env("NOTIFY_SOCKET", &path);
        let running = Looping::start(&mut traced(strace, &command, &log), self.cluster.path("run-log"));
        thread::sleep(Duration::from_millis(1500));
        let ended = running.terminate();
        assert_eq!(ended.code, 0, "{}: {}", self.name, ended.log);

        let mut block = [0; 256];
        let mut told = Vec::new();
        while let Ok(count) = notify.recv(&mut block) {
            told.push(String::from_utf8_lossy(&block[..count]).into_owned());
        }
        for expected in ["READY=1", "STOPPING=1"] {
            let heard = told.iter().any(|text| text.contains(expected));
            assert!(heard, "{}: {expected} is missing in {told:?}", self.name);
        }
        let own = path.to_str().unwrap();
        let others: Vec<_> = calls(&log)
            .into_iter()
            .filter(|call| !call.contains("socket(AF_UNIX"))
            // A connected datagram socket is written to without its name.
            .filter(|call| {
                !(call.contains(own)
                    || call.contains("READY=1")
                    || call.contains("STOPPING=1")
                    || call.contains("WATCHDOG=1"))
            })
            .collect();
        assert!(others.is_empty(), "{}: run called others: {others:#?}", self.name);
        let left = kept::parcels(&self.cluster).len();
        let expected = if self.deletes { 0 } else { 2 };
        assert_eq!(
            left, expected,
            "{}: what was kept, after run: {}",
            self.name, ended.log
        );
    }
}

#[test]
fn no_command_makes_a_socket_however_it_was_said() {
    let Some(strace) = strace() else { return };
    let ways = ways();
    thread::scope(|scope| {
        for way in &ways {
            scope.spawn(|| way.is_silent(strace));
        }
    });
}

/// So that the test above would see a socket if there were one.
#[test]
fn strace_sees_the_sockets_of_telemetry_that_is_on() {
    let Some(strace) = strace() else { return };
    let cluster = cluster();
    let log = cluster.path("calls");
    run(&mut traced(strace, &cluster.command(&["report"]), &log)).exits(0);
    let calls = calls(&log);
    for expected in ["socket(AF_INET", "connect("] {
        assert!(
            calls.iter().any(|call| call.contains(expected)),
            "{expected}: {calls:#?}"
        );
    }
    assert_eq!(cluster.sink.messages().len(), 3);
}
