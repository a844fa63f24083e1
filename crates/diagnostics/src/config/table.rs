//! The one list of configuration keys: their names, what they mean, how they are read and shown. The file, the environment and
//! the printed default are all made from it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::quantity::{duration, show_duration};
use super::{Config, Level};

/// A key.
pub(super) struct Setting {
    pub(super) key: &'static str,
    /// Lines of explanation.
    pub(super) doc: &'static str,
    /// What is expected of a value.
    pub(super) expected: &'static str,
    /// Takes a value; `None` when it can't be understood.
    pub(super) read: fn(&mut Config, &str) -> Option<()>,
    /// The value, as it would stand in a file.
    pub(super) show: fn(&Config) -> String,
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "listen",
        doc: "Where to listen: addresses with ports, and sockets as \"unix:/path\". Port 0 is any free one.\nSockets that the service manager hands over are used instead. With the default and under systemd, also\n\"unix:$RUNTIME_DIRECTORY/socket\".",
        expected: "a list of addresses, such as [\"127.0.0.1:1050\", \"unix:/run/heliograph-diagnostics/socket\"]",
        read: |config, text| list(text).map(|value| config.listen.places = value),
        show: |config| show_list(&config.listen.places),
    },
    Setting {
        key: "tls_cert",
        doc: "This node's certificate, and those between it and its CA (PEM). An address that the network can reach needs it.",
        expected: A_FILE,
        read: |config, text| file(text).map(|value| config.listen.tls.certificate = value),
        show: |config| show_file(&config.listen.tls.certificate),
    },
    Setting {
        key: "tls_key",
        doc: "The key of that certificate (PEM).",
        expected: A_FILE,
        read: |config, text| file(text).map(|value| config.listen.tls.key = value),
        show: |config| show_file(&config.listen.tls.key),
    },
    Setting {
        key: "tls_ca",
        doc: "The CA whose certificates other nodes show (PEM).",
        expected: A_FILE,
        read: |config, text| file(text).map(|value| config.listen.tls.ca = value),
        show: |config| show_file(&config.listen.tls.ca),
    },
    Setting {
        key: "token_file",
        doc: "Tokens by which those are known who ask over the network, one a line: TOKEN, or NAME TOKEN. Not for all to read.",
        expected: A_FILE,
        read: |config, text| file(text).map(|value| config.listen.tokens = value),
        show: |config| show_file(&config.listen.tokens),
    },
    Setting {
        key: "network_plaintext",
        doc: "Whether addresses that the network can reach are served without TLS. For networks that encrypt by themselves:\ntokens travel in the clear, and the journal is shown to nobody there.",
        expected: "true or false",
        read: |config, text| text.parse().ok().map(|value| config.listen.plaintext = value),
        show: |config| config.listen.plaintext.to_string(),
    },
    Setting {
        key: "journal_for",
        doc: "Who may read lines of the journal: \"socket\", whoever may open the Unix socket; \"proxy\", those whose requests are\npassed on by a proxy of this machine; names of tokens; names of certificates.",
        expected: "a list of names, such as [\"socket\", \"master-1.example\"]",
        read: |config, text| list(text).map(|value| config.listen.journal_for = value),
        show: |config| show_list(&config.listen.journal_for),
    },
    Setting {
        key: "log",
        doc: "What is logged to standard error: \"error\", \"warn\", \"info\" or \"debug\".",
        expected: "one of \"error\", \"warn\", \"info\", \"debug\"",
        read: |config, text| Level::of(text).map(|level| config.log = level),
        show: |config| quoted(config.log.name()),
    },
    Setting {
        key: "units",
        doc: "Which units: what targets want (\"dcos.target\"), names (\"dcos-net.service\") and patterns (\"dcos-*.service\").\nEmpty: what dcos.target wants, or all enabled services of a machine that has no such target.",
        expected: "a list of names and patterns, such as [\"dcos.target\", \"nginx*.service\"]",
        read: |config, text| list(text).map(|value| config.systemd.selection.choices = value),
        show: |config| show_list(&config.systemd.selection.choices),
    },
    Setting {
        key: "except",
        doc: "Which of them to leave out: names and patterns.",
        expected: "a list of names and patterns, such as [\"dcos-setup.service\"]",
        read: |config, text| list(text).map(|value| config.systemd.selection.except = value),
        show: |config| show_list(&config.systemd.selection.except),
    },
    Setting {
        key: "unit_path",
        doc: "Where systemd looks for units: systemd itself does not tell that a target wants a unit which is masked.",
        expected: "a list of directories",
        read: |config, text| list(text).map(|value| config.systemd.unit_path = value),
        show: |config| show_list(config.systemd.unit_path.iter().map(|path| path.display())),
    },
    Setting {
        key: "flap_window",
        doc: "How far back restarts and starts count.",
        expected: A_DURATION,
        read: |config, text| duration(text).map(|value| config.rules.window = value),
        show: |config| quoted(&show_duration(config.rules.window)),
    },
    Setting {
        key: "flap_restarts",
        doc: "As many restarts of a service by systemd itself within that time are too many.",
        expected: "a number of at least 1",
        read: |config, text| {
            number(text)
                .filter(|value| *value > 0)
                .map(|value| config.rules.restarts = value)
        },
        show: |config| config.rules.restarts.to_string(),
    },
    Setting {
        key: "flap_starts",
        doc: "As many starts of a service by anybody within that time are too many. Oneshots and what is started on demand may\ncome and go.",
        expected: "a number of at least 1",
        read: |config, text| {
            number(text)
                .filter(|value| *value > 0)
                .map(|value| config.rules.starts = value)
        },
        show: |config| config.rules.starts.to_string(),
    },
    Setting {
        key: "transition_limit",
        doc: "How long a unit may be activating, deactivating or reloading.",
        expected: A_DURATION,
        read: |config, text| duration(text).map(|value| config.rules.transition = value),
        show: |config| quoted(&show_duration(config.rules.transition)),
    },
    Setting {
        key: "oneshot_limit",
        doc: "How long a oneshot may be activating, which it is for as long as it works.",
        expected: A_DURATION,
        read: |config, text| duration(text).map(|value| config.rules.oneshot = value),
        show: |config| quoted(&show_duration(config.rules.oneshot)),
    },
    Setting {
        key: "journal_lines",
        doc: "Most lines of the journal that are shown of a unit; 0 shows none.",
        expected: "a number",
        read: |config, text| number(text).map(|value| config.journal.lines = value),
        show: |config| config.journal.lines.to_string(),
    },
    Setting {
        key: "journal_bytes",
        doc: "Most bytes of them.",
        expected: "a number",
        read: |config, text| number(text).map(|value| config.journal.bytes = value),
        show: |config| config.journal.bytes.to_string(),
    },
    Setting {
        key: "journal_age",
        doc: "How old they may be.",
        expected: A_DURATION,
        read: |config, text| duration(text).map(|value| config.journal.age = value),
        show: |config| quoted(&show_duration(config.journal.age)),
    },
    Setting {
        key: "journal_timeout",
        doc: "How long the journal of a unit may take to read.",
        expected: A_DURATION,
        read: |config, text| duration(text).map(|value| config.journal.timeout = value),
        show: |config| quoted(&show_duration(config.journal.timeout)),
    },
    Setting {
        key: "journal_directory",
        doc: "Where the journal is, when it is not the machine's. Empty: the machine's.",
        expected: "a directory",
        read: |config, text| {
            config.journal.directory = given(text).map(Into::into);
            Some(())
        },
        show: |config| show_file(&config.journal.directory),
    },
    Setting {
        key: "role",
        doc: "What this node is in its cluster: \"master\", \"agent\" or \"agent_public\". Empty: what DC/OS' installation says,\nelse an agent.",
        expected: "one of \"master\", \"agent\", \"agent_public\", or nothing",
        read: |config, text| {
            config.node.role = given(text).map(str::parse).transpose().ok()?;
            Some(())
        },
        show: |config| quoted(config.node.role.map_or("", |role| role.word())),
    },
    Setting {
        key: "ip",
        doc: "The address under which the cluster knows this node. Empty: what `detect_ip` prints.",
        expected: "an IP address, or nothing",
        read: |config, text| {
            config.node.ip = match given(text) {
                Some(text) => Some(text.parse().ok()?),
                None => None,
            };
            Some(())
        },
        show: |config| quoted(&config.node.ip.map(|ip| ip.to_string()).unwrap_or_default()),
    },
    Setting {
        key: "detect_ip",
        doc: "A program that prints that address. Where there is none, it is the address from which this machine speaks to others.",
        expected: "a program",
        read: |config, text| {
            config.node.detect_ip = text.into();
            Some(())
        },
        show: |config| quoted(&config.node.detect_ip.to_string_lossy()),
    },
    Setting {
        key: "mesos_id",
        doc: "Mesos' id of this node. Empty: that of the agent on it, where there is one.",
        expected: "an id, or nothing",
        read: |config, text| {
            config.node.mesos_id = text.to_owned();
            Some(())
        },
        show: |config| quoted(&config.node.mesos_id),
    },
    Setting {
        key: "dcos_version",
        doc: "The version of DC/OS. Empty: $DCOS_VERSION.",
        expected: "a version, or nothing",
        read: |config, text| {
            config.node.dcos_version = text.to_owned();
            Some(())
        },
        show: |config| quoted(&config.node.dcos_version),
    },
    Setting {
        key: "bus",
        doc: "Address of the bus on which systemd is. Empty: the system bus.",
        expected: "an address of D-Bus, such as \"unix:path=/run/dbus/system_bus_socket\"",
        read: |config, text| {
            config.systemd.bus = given(text).map(Into::into);
            Some(())
        },
        show: |config| quoted(config.systemd.bus.as_deref().unwrap_or_default()),
    },
    Setting {
        key: "systemd_timeout",
        doc: "How long systemd may take to answer a call.",
        expected: A_DURATION,
        read: |config, text| period(text).map(|value| config.systemd.timeout = value),
        show: |config| quoted(&show_duration(config.systemd.timeout)),
    },
    Setting {
        key: "probe_interval",
        doc: "How often systemd is asked for a sign of life. Changes of units come by themselves.",
        expected: A_DURATION,
        read: |config, text| period(text).map(|value| config.systemd.probe = value),
        show: |config| quoted(&show_duration(config.systemd.probe)),
    },
    Setting {
        key: "read_interval",
        doc: "How often all units are read again.",
        expected: A_DURATION,
        read: |config, text| period(text).map(|value| config.systemd.read = value),
        show: |config| quoted(&show_duration(config.systemd.read)),
    },
    Setting {
        key: "members",
        doc: "The members of the cluster that this node looks at. \"self\" is this node; \"10.0.0.1\", \"[fd00::1]:1050\",\n\"master=node-1.example\" are others, with their role where it is known; \"dns:NAME\" (\"dns4:\", \"dns6:\") the addresses of\na name, \"srv:NAME\" the targets of its SRV records, \"file:/PATH\" the lines of a file that is watched, \"dcos\" what\nExhibitor and Mesos know. Empty: this node does not look at its cluster.",
        expected: "a list of members, such as [\"master=10.0.0.1\", \"agent=dns:agents.example\"]",
        read: |config, text| list(text).map(|value| config.cluster.members = value),
        show: |config| show_list(&config.cluster.members),
    },
    Setting {
        key: "exhibitor_url",
        doc: "Where Exhibitor tells of the masters of DC/OS.",
        expected: "a URL, such as \"http://127.0.0.1:8181/exhibitor/v1/cluster/status\"",
        read: |config, text| {
            text.parse()
                .ok()
                .map(|value| config.cluster.dcos.exhibitor = value)
        },
        show: |config| quoted(&config.cluster.dcos.exhibitor.to_string()),
    },
    Setting {
        key: "mesos_url",
        doc: "Where Mesos tells of the agents of DC/OS.",
        expected: "a URL, such as \"http://leader.mesos:5050/slaves\"",
        read: |config, text| text.parse().ok().map(|value| config.cluster.dcos.mesos = value),
        show: |config| quoted(&config.cluster.dcos.mesos.to_string()),
    },
    Setting {
        key: "master_port",
        doc: "Where masters are asked, and members whose role is not written.",
        expected: "a port",
        read: |config, text| port(text).map(|value| config.cluster.master_port = value),
        show: |config| config.cluster.master_port.to_string(),
    },
    Setting {
        key: "agent_port",
        doc: "Where agents are asked. DC/OS has them answer on 61001.",
        expected: "a port",
        read: |config, text| port(text).map(|value| config.cluster.agent_port = value),
        show: |config| config.cluster.agent_port.to_string(),
    },
    Setting {
        key: "pull_interval",
        doc: "How often each member is asked.",
        expected: A_DURATION,
        read: |config, text| period(text).map(|value| config.cluster.interval = value),
        show: |config| quoted(&show_duration(config.cluster.interval)),
    },
    Setting {
        key: "pull_timeout",
        doc: "How long a member may take to answer.",
        expected: A_DURATION,
        read: |config, text| period(text).map(|value| config.cluster.timeout = value),
        show: |config| quoted(&show_duration(config.cluster.timeout)),
    },
    Setting {
        key: "pull_concurrency",
        doc: "Most members that are asked at a time.",
        expected: "a number of at least 1",
        read: |config, text| {
            number(text)
                .filter(|value| *value > 0)
                .map(|value| config.cluster.concurrency = value)
        },
        show: |config| config.cluster.concurrency.to_string(),
    },
    Setting {
        key: "pull_token_file",
        doc: "A file whose first token is shown to members. Without `pull_ca` it goes over the network in the clear.",
        expected: A_FILE,
        read: |config, text| file(text).map(|value| config.cluster.keys.token = value),
        show: |config| show_file(&config.cluster.keys.token),
    },
    Setting {
        key: "pull_ca",
        doc: "The CA of the members' certificates. They are then asked by TLS, and shown `tls_cert`, if there is one.\nEmpty: they are asked in the clear.",
        expected: A_FILE,
        read: |config, text| file(text).map(|value| config.cluster.keys.ca = value),
        show: |config| show_file(&config.cluster.keys.ca),
    },
    Setting {
        key: "list_timeout",
        doc: "How long a list of members may take to read. One that can't be read keeps its members.",
        expected: A_DURATION,
        read: |config, text| period(text).map(|value| config.cluster.list_timeout = value),
        show: |config| quoted(&show_duration(config.cluster.list_timeout)),
    },
    Setting {
        key: "member_hold",
        doc: "How long a member is kept that DNS or DC/OS no longer names; what people write holds at once.",
        expected: A_DURATION,
        read: |config, text| duration(text).map(|value| config.cluster.hold = value),
        show: |config| quoted(&show_duration(config.cluster.hold)),
    },
    Setting {
        key: "refresh_timeout",
        doc: "How long a request with `?cache=0` waits for all members to be asked anew.",
        expected: A_DURATION,
        read: |config, text| period(text).map(|value| config.cluster.patience = value),
        show: |config| quoted(&show_duration(config.cluster.patience)),
    },
    Setting {
        key: "grace",
        doc: "How long requests under way may take to end when the daemon is told to stop.",
        expected: A_DURATION,
        read: |config, text| duration(text).map(|value| config.grace = value),
        show: |config| quoted(&show_duration(config.grace)),
    },
];

/// What is expected of a duration.
const A_DURATION: &str = "a duration, such as \"10s\"";

/// What is expected of a file.
const A_FILE: &str = "a file, or nothing";

fn file(text: &str) -> Option<Option<PathBuf>> {
    Some(given(text).map(PathBuf::from))
}

fn show_file(file: &Option<PathBuf>) -> String {
    let path = file.as_deref().unwrap_or(Path::new(""));
    quoted(&path.to_string_lossy())
}

/// Shortest period: what comes again in less does nothing else.
const SHORTEST: Duration = Duration::from_millis(10);

/// A duration that is no shorter than that.
fn period(text: &str) -> Option<Duration> {
    duration(text).filter(|period| *period >= SHORTEST)
}

fn number(text: &str) -> Option<usize> {
    text.parse().ok()
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

/// A text, when it is not empty.
fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Items separated by commas.
fn list<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| item.parse().ok())
        .collect()
}

fn show_list<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items = items.into_iter().map(|item| toml::Value::from(item.to_string()));
    toml::Value::Array(items.collect()).to_string()
}
