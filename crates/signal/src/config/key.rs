//! Every key of the configuration: its type, its default, and what it is for. `--print-config`, the reader and the
//! suggestions for misspelt keys are made from this table.

/// A key.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in TOML, in DC/OS' JSON, and with `HELIOGRAPH_` before it, in capitals, in the environment.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Its default as TOML; empty where there is none.
    pub default: &'static str,
    /// What it is for.
    pub doc: &'static str,
}

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A statement for or against telemetry, in any of the usual words.
    Consent,
    /// A text.
    Text,
    /// A text that must not be shown.
    Secret,
    /// An http or https URL.
    Url,
    /// A list of them.
    Urls,
    /// A list of texts.
    Texts,
    /// The path of a file or directory.
    Path,
    /// A span of time: a number of seconds, or a text such as `15s` or `24h`.
    Span,
    /// A number of bytes, or a text such as `64 MiB`; at least 512 KiB.
    Bytes,
    /// True or false.
    Bool,
    /// One of a few words.
    Choice(&'static [&'static str]),
}

impl Kind {
    /// What it takes, for messages.
    pub fn expected(self) -> String {
        match self {
            Kind::Consent => "true or false".to_owned(),
            Kind::Text | Kind::Secret => "a text".to_owned(),
            Kind::Url => "an http:// or https:// URL".to_owned(),
            Kind::Urls => "a list of http:// or https:// URLs".to_owned(),
            Kind::Texts => "a list of texts".to_owned(),
            Kind::Path => "a path".to_owned(),
            Kind::Span => "a span of time such as \"15s\"".to_owned(),
            Kind::Bytes => "a size such as \"64 MiB\", at least 512 KiB".to_owned(),
            Kind::Bool => "true or false".to_owned(),
            Kind::Choice(words) => format!("one of {}", words.join(", ")),
        }
    }
}

const fn key(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        default,
        doc,
    }
}

/// The table, in the order in which it is printed.
pub const KEYS: &[Key] = &[
    key(
        "enabled",
        Kind::Consent,
        "",
        "Telemetry on or off. Without it, nothing is said either way. What can't be understood is off.",
    ),
    key(
        "diagnostics_urls",
        Kind::Urls,
        "[]",
        "Where the health report comes from; the first that answers counts. Empty: this source is off.",
    ),
    key(
        "cosmos_urls",
        Kind::Urls,
        "[]",
        "Where the package list comes from; the first that answers counts. Empty: this source is off.",
    ),
    key(
        "mesos_urls",
        Kind::Urls,
        "[]",
        "Mesos' /frameworks and /metrics/snapshot, in any order. Empty: this source is off.",
    ),
    key(
        "ca_cert_path",
        Kind::Path,
        "",
        "A PEM file of certificate authorities that are trusted beside the system's.",
    ),
    key(
        "source_timeout",
        Kind::Span,
        "\"15s\"",
        "How long one source may take in all (5 s of it to connect). All are asked at the same time.",
    ),
    key(
        "level",
        Kind::Choice(&["health", "standard"]),
        "\"standard\"",
        "\"health\" sends the health of units and nodes with version, provider and variant; \"standard\" all of the plan.",
    ),
    key(
        "omit",
        Kind::Texts,
        "[]",
        "Properties that are left out, by their names in docs/data-dictionary.md, * standing for any text; and whole events and calls of the web UI, by theirs: [\"package_list\", \"page\", \"login\"].",
    ),
    key(
        "notice_period",
        Kind::Span,
        "\"24h\"",
        "How long the notice stands on a fresh installation before anything is collected, where nobody said on or off.",
    ),
    key(
        "names",
        Kind::Choice(&["catalogue", "all"]),
        "\"catalogue\"",
        "\"catalogue\" sends names that are not public ones as \"other\"; \"all\" sends every name.",
    ),
    key(
        "units",
        Kind::Texts,
        "[]",
        "Further units whose names may be sent; a name may end in *.",
    ),
    key(
        "cluster_id",
        Kind::Text,
        "",
        "The cluster's id. Without it, it is read from cluster_id_path.",
    ),
    key(
        "cluster_id_path",
        Kind::Path,
        "\"/var/lib/dcos/cluster-id\"",
        "The file that holds the cluster's id.",
    ),
    key(
        "create_cluster_id",
        Kind::Bool,
        "false",
        "Make a cluster id where that file is missing. Only on one host of a cluster; the others need a copy.",
    ),
    key(
        "environment_version",
        Kind::Text,
        "",
        "The version that is reported. Without it: $DCOS_VERSION.",
    ),
    key(
        "variant",
        Kind::Choice(&["open", "enterprise"]),
        "\"open\"",
        "DC/OS open source or DC/OS Enterprise.",
    ),
    key(
        "gen_provider",
        Kind::Text,
        "",
        "The platform that the cluster runs on: aws, azure, gcp, on-prem, …; an unknown one is sent as \"other\".",
    ),
    key(
        "gen_platform",
        Kind::Text,
        "",
        "The platform that the installer was told of.",
    ),
    key(
        "customer_key",
        Kind::Secret,
        "",
        "DC/OS Enterprise: the customer key.",
    ),
    key(
        "license_id",
        Kind::Secret,
        "",
        "DC/OS Enterprise: the licence's id. Without it, licensing_socket is asked.",
    ),
    key(
        "licensing_socket",
        Kind::Path,
        "",
        "DC/OS Enterprise: the licensing service's socket. Without it: /run/dcos/dcos-licensing.sock, where that is there.",
    ),
    key(
        "service_account_file",
        Kind::Path,
        "",
        "DC/OS Enterprise: the service account (uid, private_key, login_endpoint) that gets the token which sources are shown. \
Without it: the credential heliograph.service-account, else /run/dcos/etc/signal-service/service_account.json, where that is there.",
    ),
    key(
        "sink",
        Kind::Url,
        "\"https://api.segment.io\"",
        "Where reports go: Segment, or anything that speaks its HTTP API.",
    ),
    key("write_key", Kind::Secret, "", "The sink's write key."),
    key(
        "write_key_file",
        Kind::Path,
        "",
        "A file that holds the write key, so that it stands in no configuration. Without it: systemd's credential heliograph.write-key.",
    ),
    key(
        "delivery_timeout",
        Kind::Span,
        "\"60s\"",
        "How long one cycle tries to deliver its report.",
    ),
    key(
        "receipt_key",
        Kind::Text,
        "",
        "The collector's public key, in hexadecimal. Without it, the key of the first receipt is pinned.",
    ),
    key(
        "spool_max_bytes",
        Kind::Bytes,
        "\"64 MiB\"",
        "How much is kept while the sink can't be reached; the oldest is dropped first, and counted.",
    ),
    key("spool_max_age", Kind::Span, "\"40d\"", "How long it is kept."),
    key(
        "state_dir",
        Kind::Path,
        "",
        "Where signal keeps what it must remember. Without it: $STATE_DIRECTORY, /var/lib/heliograph/signal for root, else below $XDG_STATE_HOME.",
    ),
];

/// Other names of keys, for files that say it otherwise.
const ALIASES: &[(&str, &str)] = &[("telemetry_enabled", "enabled")];

impl Key {
    /// The key of this name, in any case as in the original.
    pub fn named(name: &str) -> Option<&'static Key> {
        let name = name.to_ascii_lowercase();
        let name = ALIASES
            .iter()
            .find(|(alias, _)| *alias == name)
            .map_or(name.as_str(), |(_, name)| name);
        KEYS.iter().find(|key| key.name == name)
    }

    /// The name that was probably meant.
    pub fn nearest(name: &str) -> Option<&'static str> {
        let name = name.to_ascii_lowercase();
        let distance = |key: &Key| strsim::damerau_levenshtein(&name, key.name);
        let nearest = KEYS.iter().min_by_key(|key| distance(key))?;
        (distance(nearest) * 2 < nearest.name.len()).then_some(nearest.name)
    }
}

/// The complete default configuration as TOML.
pub fn print_defaults() -> String {
    let mut text = String::from("# heliograph-signal: the complete configuration with its defaults.\n");
    for key in KEYS {
        let hash = if key.default.is_empty() { "# " } else { "" };
        let value = if key.default.is_empty() {
            example(key.kind)
        } else {
            key.default
        };
        text.push_str(&format!("\n# {}\n{hash}{} = {value}\n", key.doc, key.name));
    }
    text
}

fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Consent | Kind::Bool => "true",
        Kind::Urls | Kind::Texts => "[]",
        Kind::Text | Kind::Secret | Kind::Url | Kind::Path | Kind::Span | Kind::Bytes | Kind::Choice(_) => {
            "\"\""
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_keys_are_recognised() {
        assert_eq!(Key::nearest("diagnostic_url"), Some("diagnostics_urls"));
        assert_eq!(Key::nearest("Enabeld"), Some("enabled"));
        assert_eq!(Key::nearest("FlagTest"), None);
        assert_eq!(Key::named("Telemetry_Enabled").unwrap().name, "enabled");
    }
}
