//! In the place of the original: the command lines, files and environment of an installed `dcos-signal` unit, as DC/OS writes
//! them. The system's folders are put in place by a [`Namespace`], in which no name can be resolved, so that nothing can leave.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use heliograph_fleet::{Fault, Source};
use serde_json::{Value, json};

use crate::cluster::{CLUSTER_ID, Cluster, recorded};
use crate::namespace::Namespace;
use crate::run::{Run, SIGNAL, run};
use crate::small;
use crate::value::assert_equal;

/// A host on which DC/OS is installed.
struct Host {
    cluster: Cluster,
    namespace: Namespace,
}

impl Host {
    /// `None`, said loudly, where there can be no namespace.
    fn install() -> Option<Host> {
        let namespace = Namespace::new()?;
        let cluster = Cluster::of(recorded("dcos-1.8"));
        let binary = cluster.path("opt/mesosphere/bin/dcos-signal");
        fs::create_dir_all(binary.parent().unwrap()).unwrap();
        fs::copy(SIGNAL, &binary).unwrap();
        cluster.write("var-lib/dcos/cluster-id", CLUSTER_ID);
        cluster.write("nsswitch.conf", "hosts: files\n");
        let mut namespace = namespace
            .put(cluster.path("nsswitch.conf"), "/etc/nsswitch.conf")
            .put(cluster.path("opt"), "/opt")
            .put(cluster.path("var-lib"), "/var/lib");
        // This machine may have a signal of its own.
        cluster.write("none/none", "");
        for own in ["/etc/heliograph", "/usr/lib/heliograph"] {
            if Path::new(own).exists() {
                namespace = namespace.put(cluster.path("none"), own);
            }
        }
        Some(Host { cluster, namespace })
    }

    /// As DC/OS' installer does, but for the hosts' names; and the sink is named in the extra file.
    fn configure(&self, enabled: &str) {
        let sources = &self.cluster.sources;
        let config = json!({
            "diagnostics_urls": [format!("{}?cache=0", sources.diagnostics_url())],
            "cosmos_urls": [sources.cosmos_url()],
            "mesos_urls": [sources.frameworks_url(), sources.metrics_url()],
            "gen_platform": "", "gen_provider": "aws", "customer_key": "", "enabled": enabled,
        });
        let write = |name: &str, value: Value| {
            self.cluster
                .write(&format!("opt/mesosphere/etc/{name}"), value.to_string())
        };
        write("dcos-signal-config.json", config);
        write(
            "dcos-signal-extra.json",
            json!({"sink": self.cluster.sink.url(), "delivery_timeout": "5s"}),
        );
    }

    /// Runs the unit's command.
    fn run(&self, arguments: &str) -> Run {
        let mut command = self.namespace.command("/opt/mesosphere/bin/dcos-signal");
        command.args(arguments.split_whitespace()).env_clear();
        // Of EnvironmentFile=/opt/mesosphere/environment
        command.env("DCOS_VERSION", "1.8").env("DCOS_VARIANT", "open");
        command.env("PATH", "/opt/mesosphere/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        run(&mut command)
    }
}

const COMMAND_LINES: [&str; 3] = [
    "-segment-key=key-of-dcos",
    "-segment-key key-of-dcos",
    "-dcos-variant open -segment-key key-of-dcos -licensing-socket /run/dcos/dcos-licensing.sock",
];

#[test]
fn the_units_command_line_reports() {
    for arguments in COMMAND_LINES {
        let Some(host) = Host::install() else { return };
        host.configure("true");
        let run = host.run(arguments).exits(0).has_no_complaint();
        run.keeps_quiet_about("key-of-dcos");
        let messages = host.cluster.sink.messages();
        assert_eq!(messages.len(), 3, "{arguments}");
        assert_eq!(messages[0]["anonymousId"], CLUSTER_ID);
        assert_eq!(messages[0]["properties"]["environmentVersion"], "1.8");
        assert!(
            host.cluster.path("var-lib/heliograph/signal/reporter").exists(),
            "root's state directory"
        );
    }
}

#[test]
fn its_test_prints_the_seeds_example() {
    let Some(host) = Host::install() else { return };
    host.configure("true");
    let shown = host.run(&format!("{} -test", COMMAND_LINES[2])).exits(0);
    let example = include_str!("../../../../fixtures/dcos-1.8/preview.json");
    assert_equal(&shown.json(), &serde_json::from_str(example).unwrap());
    assert_eq!(host.cluster.sink.requests().len(), 0);
}

#[test]
fn it_is_off_where_dcos_says_so() {
    let Some(host) = Host::install() else { return };
    host.configure("false");
    host.run(COMMAND_LINES[2])
        .exits(0)
        .logs("telemetry is off")
        .logs("/opt/mesosphere/etc/dcos-signal-config.json:1");
    host.cluster.was_left_alone();
}

#[test]
fn without_any_configuration_it_says_where_it_looked() {
    let Some(host) = Host::install() else { return };
    host.run("")
        .exits(1)
        .logs("/opt/mesosphere/etc/dcos-signal-config.json: no such file");
    host.run("-version").exits(0);
    // Under its own name it has two places to look.
    let own = host.cluster.path("opt/mesosphere/bin/heliograph-signal");
    fs::copy(SIGNAL, own).unwrap();
    let mut command = host.namespace.command("/opt/mesosphere/bin/heliograph-signal");
    run(command.env_clear().env("PATH", "/usr/bin:/bin"))
        .exits(1)
        .logs("/etc/heliograph/signal.toml")
        .logs("/opt/mesosphere/etc/dcos-signal-config.json");
}

/// Some hosts are set up anew by copying files only.
#[test]
fn a_missing_cluster_id_is_named_by_its_path() {
    let Some(host) = Host::install() else { return };
    host.configure("true");
    fs::remove_file(host.cluster.path("var-lib/dcos/cluster-id")).unwrap();
    host.run(COMMAND_LINES[0])
        .exits(1)
        .logs("/var/lib/dcos/cluster-id does not exist");
    host.cluster.was_left_alone();
}

/// `Restart=on-failure` starts a unit that failed anew, after 20 seconds and again and again. That polls no cluster twice in an
/// hour: systemd says in the environment that it was it.
#[test]
fn a_restart_does_not_poll_the_cluster_again() {
    let cluster = Cluster::of(small::short_documents()).var("INVOCATION_ID", "0123456789abcdef");
    for source in Source::ALL {
        cluster.sources.set_fault(source, Fault::Status(503)).unwrap();
    }
    let report = |now: &str| cluster.run(&["report", "--now", now]);
    report("2026-11-22T11:10:00Z").exits(2);
    assert_eq!(cluster.sources.requests().len(), 4);
    report("2026-11-22T11:10:20Z").exits(0);
    report("2026-11-22T11:59:59Z").exits(0);
    assert_eq!(cluster.sources.requests().len(), 4, "one poll an hour");
    report("2026-11-22T12:10:00Z").exits(2);
    assert_eq!(cluster.sources.requests().len(), 8, "the next hour has its own");
}

#[test]
fn an_operator_who_asks_again_gets_an_answer() {
    let cluster = Cluster::of(small::short_documents());
    for _ in 0..2 {
        cluster.run(&["report", "--now", "2026-11-22T11:10:00Z"]).exits(0);
    }
    assert_eq!(cluster.sources.requests().len(), 8);
}

/// The flags that the namespace is made of are not a part of what is tested.
#[test]
fn a_namespace_changes_the_files_and_nothing_else() {
    let Some(namespace) = Namespace::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("hosts");
    fs::write(&path, "only here\n").unwrap();
    let before = fs::read("/etc/hosts").unwrap();
    let mut command: Command = namespace.put(&path, "/etc/hosts").command("cat");
    let seen = run(command.arg("/etc/hosts")).exits(0).stdout;
    assert_eq!(seen, "only here\n");
    assert_eq!(fs::read("/etc/hosts").unwrap(), before);
}
