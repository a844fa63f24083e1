//! Files that signal may not read or write: each exits as documented, says which file it is and what to do, and loses nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use heliograph_fleet::unprivileged::{Unprivileged, allow};

use crate::cluster::{Cluster, WRITE_KEY};
use crate::run::{Run, SIGNAL, run};
use crate::{kept, small};

/// A cluster that an account without rights reports from.
struct Host {
    cluster: Cluster,
    account: Unprivileged,
}

impl Host {
    fn new() -> Host {
        let account = Unprivileged::of(Path::new(SIGNAL));
        let cluster = Cluster::of(small::short_documents())
            .set("state_dir", account.own("state").to_str().unwrap())
            .set(
                "write_key_file",
                account.write("key", WRITE_KEY).to_str().unwrap(),
            )
            .set(
                "cluster_id_path",
                account
                    .write("cluster-id", crate::cluster::CLUSTER_ID)
                    .to_str()
                    .unwrap(),
            );
        let host = Host { cluster, account };
        host.account.write("signal.toml", &host.cluster.config_toml());
        host
    }

    #[track_caller]
    fn report(&self, hour: usize) -> Run {
        let now = format!("2026-11-22T{hour:02}:00:00Z");
        run(self
            .account
            .command()
            .args(["report", "--now", &now, "--config"])
            .arg(self.account.own("signal.toml")))
    }

    #[track_caller]
    fn arrived(&self) -> usize {
        let messages = self.cluster.sink.messages();
        let ids: BTreeSet<_> = messages.iter().map(kept::id).collect();
        assert_eq!(ids.len(), messages.len(), "each once");
        ids.len()
    }
}

/// What is said of a file that may not be used, beside its name.
const DENIED: &str = "Permission denied";
const WHAT_TO_DO: &str = "run it as the account that owns this, or give this account access";

#[test]
fn a_configuration_that_can_t_be_read_is_an_error_and_nobody_is_asked() {
    let host = Host::new();
    let file = host.account.own("signal.toml");
    allow(&file, 0);
    host.report(1)
        .exits(1)
        .logs(file.to_str().unwrap())
        .logs(DENIED)
        .logs(WHAT_TO_DO);
    host.cluster.was_left_alone();
    allow(&file, 0o600);
    host.report(2).exits(0);
    assert_eq!(host.arrived(), 3);
}

#[test]
fn without_its_key_a_report_is_kept() {
    let host = Host::new();
    let key = host.account.own("key");
    allow(&key, 0);
    host.report(1)
        .exits(1)
        .logs(&format!("write_key_file {}", key.display()))
        .logs(DENIED)
        .logs(WHAT_TO_DO);
    assert_eq!(host.arrived(), 0);
    allow(&key, 0o600);
    host.report(2).exits(0);
    assert_eq!(host.arrived(), 6, "the first was kept");
}

#[test]
fn a_state_directory_that_can_t_be_made_is_an_error() {
    let host = Host::new();
    let state = host.account.foreign("state");
    let config = host.cluster.config_toml().replace(
        host.account.own("state").to_str().unwrap(),
        state.to_str().unwrap(),
    );
    host.account.write("signal.toml", &config);
    host.report(1)
        .exits(1)
        .logs(state.to_str().unwrap())
        .logs(DENIED)
        .logs("make it writable, or name another with state_dir");
    host.cluster.was_left_alone();
}

/// What can't be kept is delivered at once, and what was kept before is not lost.
#[test]
fn a_spool_that_can_t_be_written_loses_nothing() {
    let host = Host::new();
    host.cluster.sink.refuse(true).unwrap();
    let config = host.account.own("signal.toml");
    let quick = host
        .cluster
        .config_toml()
        .replace("delivery_timeout = \"30s\"", "delivery_timeout = \"300ms\"");
    fs::write(&config, quick).unwrap();
    host.report(1).exits(0).logs("kept");
    host.cluster.sink.refuse(false).unwrap();
    let spool = host.account.own("state/spool");
    allow(&spool, 0o500);
    host.report(2)
        .exits(0)
        .logs("the report can't be kept, so it must be delivered now")
        .logs(spool.to_str().unwrap())
        .logs(DENIED);
    assert_eq!(host.arrived(), 6, "the one that was kept, and the new one");
    allow(&spool, 0o700);
    host.report(3).exits(0);
    // What could not be removed was sent once more, under the same ids.
    let ids: BTreeSet<_> = host.cluster.sink.messages().iter().map(kept::id).collect();
    assert_eq!(ids.len(), 9);
    assert_eq!(host.cluster.sink.messages().len(), 12);
}

#[test]
fn a_ledger_that_can_t_be_written_lets_nothing_leave_and_loses_nothing() {
    let host = Host::new();
    host.report(1).exits(0);
    let ledger = host.account.own("state/ledger/bodies");
    allow(&ledger, 0o500);
    host.report(2)
        .exits(0)
        .logs("nothing is sent, and what is kept stays: ledger")
        .logs(DENIED)
        .logs(WHAT_TO_DO);
    assert_eq!(host.arrived(), 3);
    allow(&ledger, 0o700);
    host.report(3).exits(0);
    assert_eq!(host.arrived(), 9);
}

#[test]
fn a_secret_that_can_t_be_read_is_not_made_anew() {
    let host = Host::new();
    host.report(1).exits(0);
    let reporter = host.account.own("state/reporter");
    let before = fs::read(&reporter).unwrap();
    allow(&reporter, 0);
    host.report(2)
        .exits(1)
        .logs(reporter.to_str().unwrap())
        .logs(DENIED)
        .logs(WHAT_TO_DO);
    allow(&reporter, 0o600);
    assert_eq!(fs::read(&reporter).unwrap(), before);
    host.report(2).exits(0);
    assert_eq!(host.arrived(), 6);
}
