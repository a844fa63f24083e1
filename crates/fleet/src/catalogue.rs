//! What the releases ship: their units by role, and names of packages and frameworks. A table.

use crate::spec::{Release, Role};

/// A systemd unit of DC/OS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    pub(crate) name: &'static str,
    pub(crate) pretty_name: &'static str,
    pub(crate) title: &'static str,
    /// The roles that run it in 1.8 and in 1.10: of `m`aster, private `a`gent, `p`ublic agent.
    roles: [&'static str; 2],
}

const fn row(
    name: &'static str,
    pretty_name: &'static str,
    title: &'static str,
    v1_8: &'static str,
    v1_10: &'static str,
) -> Unit {
    Unit {
        name,
        pretty_name,
        title,
        roles: [v1_8, v1_10],
    }
}

impl Unit {
    /// Whether nodes of this role run it.
    pub(crate) fn runs_on(&self, release: Release, role: Role) -> bool {
        let column = match release {
            Release::V1_8 => 0,
            Release::V1_10 => 1,
        };
        let letter = match role {
            Role::Master => 'm',
            Role::Agent => 'a',
            Role::AgentPublic => 'p',
        };
        self.roles[column].contains(letter)
    }
}

/// The units that a node of this role runs, by name.
pub(crate) fn units(release: Release, role: Role) -> impl Iterator<Item = &'static Unit> {
    UNITS.iter().filter(move |unit| unit.runs_on(release, role))
}

/// All units of all releases.
pub(crate) fn all() -> &'static [Unit] {
    &UNITS
}

/// As many names of packages as asked for.
pub(crate) fn packages(count: usize) -> Vec<String> {
    names(count, &PACKAGES, "package")
}

/// As many names of frameworks as asked for.
pub(crate) fn frameworks(count: usize) -> Vec<String> {
    names(count, &["marathon", "metronome"], "svc")
}

fn names(count: usize, known: &[&str], stem: &str) -> Vec<String> {
    (0..count)
        .map(|index| {
            known
                .get(index)
                .map_or_else(|| format!("{stem}-{index}"), ToString::to_string)
        })
        .collect()
}

const PACKAGES: [&str; 20] = [
    "kafka",
    "spark",
    "cassandra",
    "elastic",
    "hdfs",
    "jenkins",
    "marathon-lb",
    "zeppelin",
    "kibana",
    "gitlab",
    "nginx",
    "redis",
    "etcd",
    "influxdb",
    "grafana",
    "mysql",
    "postgresql",
    "artifactory",
    "edge-lb",
    "beta-confluent-kafka",
];

#[rustfmt::skip]
const UNITS: [Unit; 44] = [
    row("dcos-adminrouter-agent.service", "Admin Router Agent", "control plane proxy on agents", "ap", "ap"),
    row("dcos-adminrouter-reload.service", "DC/OS Adminrouter Reload", "the service unit of adminrouter-reload", "map", ""),
    row("dcos-adminrouter-reload.timer", "DC/OS Adminrouter Reload Timer", "the timer unit of adminrouter-reload", "map", ""),
    row("dcos-adminrouter.service", "Admin Router Master", "unified control plane proxy", "m", "m"),
    row("dcos-cosmos.service", "DC/OS Package Manager (Cosmos)", "installs and manages packages", "m", "m"),
    row("dcos-diagnostics.service", "DC/OS Diagnostics", "the service unit of diagnostics", "map", "map"),
    row("dcos-diagnostics.socket", "DC/OS Diagnostics Socket", "the socket unit of diagnostics", "ap", "map"),
    row("dcos-docker-gc.service", "DC/OS Docker Gc", "the service unit of docker-gc", "", "ap"),
    row("dcos-docker-gc.timer", "DC/OS Docker Gc Timer", "the timer unit of docker-gc", "", "ap"),
    row("dcos-epmd.service", "Erlang Port Mapping Daemon (EPMD)", "helps Erlang programs talk", "map", "map"),
    row("dcos-exhibitor.service", "Exhibitor", "supervises Zookeeper", "m", "m"),
    row("dcos-gen-resolvconf.service", "DC/OS Gen Resolvconf", "the service unit of gen-resolvconf", "map", "map"),
    row("dcos-gen-resolvconf.timer", "DC/OS Gen Resolvconf Timer", "the timer unit of gen-resolvconf", "map", "map"),
    row("dcos-history.service", "DC/OS History", "keeps historical system state", "m", "m"),
    row("dcos-log-agent.service", "DC/OS Log Agent", "the service unit of log-agent", "", "ap"),
    row("dcos-log-agent.socket", "DC/OS Log Agent Socket", "the socket unit of log-agent", "", "ap"),
    row("dcos-log-master.service", "DC/OS Log Master", "the service unit of log-master", "", "m"),
    row("dcos-log-master.socket", "DC/OS Log Master Socket", "the socket unit of log-master", "", "m"),
    row("dcos-logrotate-agent.service", "DC/OS Logrotate Agent", "the service unit of logrotate-agent", "ap", "ap"),
    row("dcos-logrotate-agent.timer", "DC/OS Logrotate Agent Timer", "the timer unit of logrotate-agent", "ap", "ap"),
    row("dcos-logrotate-master.service", "DC/OS Logrotate Master", "the service unit of logrotate-master", "m", "m"),
    row("dcos-logrotate-master.timer", "DC/OS Logrotate Master Timer", "the timer unit of logrotate-master", "m", "m"),
    row("dcos-marathon.service", "Marathon", "container orchestration engine", "m", "m"),
    row("dcos-mesos-dns.service", "Mesos DNS", "domain name based service discovery", "m", "m"),
    row("dcos-mesos-master.service", "Mesos Master", "distributed systems kernel", "m", "m"),
    row("dcos-mesos-slave-public.service", "Mesos Agent Public", "kernel agent, public", "p", "p"),
    row("dcos-mesos-slave.service", "Mesos Agent", "distributed systems kernel agent", "a", "a"),
    row("dcos-metrics-agent.service", "DC/OS Metrics Agent", "the service unit of metrics-agent", "", "ap"),
    row("dcos-metrics-agent.socket", "DC/OS Metrics Agent Socket", "the socket unit of metrics-agent", "", "ap"),
    row("dcos-metrics-master.service", "DC/OS Metrics Master", "the service unit of metrics-master", "", "m"),
    row("dcos-metrics-master.socket", "DC/OS Metrics Master Socket", "the socket unit of metrics-master", "", "m"),
    row("dcos-metronome.service", "DC/OS Jobs (Metronome)", "job orchestration", "m", "m"),
    row("dcos-navstar.service", "Navstar", "systems & network overlay orchestration engine", "map", "map"),
    row("dcos-oauth.service", "DC/OS Authentication (OAuth)", "authenticates users", "m", "m"),
    row("dcos-pkgpanda-api.service", "DC/OS Component Package Manager (Pkgpanda)", "installs and manages components", "map", "map"),
    row("dcos-pkgpanda-api.socket", "DC/OS Pkgpanda Api Socket", "the socket unit of pkgpanda-api", "map", ""),
    row("dcos-rexray.service", "REX-Ray", "vendor agnostic storage orchestration", "ap", "ap"),
    row("dcos-signal.service", "DC/OS Signal", "reports cluster telemetry and analytics", "m", "m"),
    row("dcos-signal.timer", "DC/OS Signal Timer", "the timer unit of signal", "map", "map"),
    row("dcos-spartan-watchdog.service", "DC/OS Spartan Watchdog", "the service unit of spartan-watchdog", "map", "map"),
    row("dcos-spartan-watchdog.timer", "DC/OS Spartan Watchdog Timer", "the timer unit of spartan-watchdog", "map", "map"),
    row("dcos-spartan.service", "DNS Forwarder (Spartan)", "forwards DNS requests", "map", "map"),
    row("dcos-vol-discovery-priv-agent.service", "DC/OS Vol Discovery Priv Agent", "the service unit of vol-discovery-priv-agent", "a", ""),
    row("dcos-vol-discovery-pub-agent.service", "DC/OS Vol Discovery Pub Agent", "the service unit of vol-discovery-pub-agent", "p", ""),
];
