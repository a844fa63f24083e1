//! The one list of configuration keys: their names, what they mean, how they are read and shown. The file, the environment and
//! the printed default are all made from it.

use super::quantity::{duration, show_duration, show_size, size};
use super::{Config, Level, Origins, Unplanned};

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
        doc: "Address and port to listen on; port 0 is any free one.",
        expected: "an address and a port, such as \"127.0.0.1:8080\"",
        read: |config, text| {
            config.listen = text.to_owned();
            text.contains(':').then_some(())
        },
        show: |config| quoted(&config.listen),
    },
    Setting {
        key: "metrics_listen",
        doc: "Address and port on which `/metrics` is shown to whoever may connect, and nothing else. Empty: it is shown on the\nmain port, to this machine alone; set it where a proxy on this machine does not say whom it asks for.",
        expected: "nothing, or an address and a port, such as \"127.0.0.1:9464\"",
        read: |config, text| {
            config.metrics_listen = Some(text.to_owned()).filter(|text| !text.is_empty());
            (text.is_empty() || text.contains(':')).then_some(())
        },
        show: |config| quoted(config.metrics_listen.as_deref().unwrap_or_default()),
    },
    Setting {
        key: "data",
        doc: "Directory of the database. Made when it is not there, readable for its owner only.",
        expected: "a directory",
        read: |config, text| {
            config.data = text.into();
            (!text.is_empty()).then_some(())
        },
        show: |config| quoted(&config.data.to_string_lossy()),
    },
    Setting {
        key: "log",
        doc: "What is logged to standard error: \"error\", \"warn\", \"info\" or \"debug\".",
        expected: "one of \"error\", \"warn\", \"info\", \"debug\"",
        read: |config, text| Level::of(text).map(|level| config.log = level),
        show: |config| quoted(config.log.name()),
    },
    Setting {
        key: "commit_pace",
        doc: "Least time between two commits under load. A request after a pause is written at once.",
        expected: "a duration, such as \"1ms\"",
        read: |config, text| duration(text).map(|value| config.commit_pace = value),
        show: |config| quoted(&show_duration(config.commit_pace)),
    },
    Setting {
        key: "queue",
        doc: "Most requests that wait to be written; further ones are answered with 503 and Retry-After.",
        expected: "a number of requests, at least 1",
        read: |config, text| {
            config.queue = text.parse().ok().filter(|queue| *queue > 0)?;
            Some(())
        },
        show: |config| config.queue.to_string(),
    },
    Setting {
        key: "request_memory",
        doc: "Memory of all requests under way together; while it is used up, further ones are answered with 503 and\nRetry-After. One request takes up to 5 MiB.",
        expected: "a size of at least \"8 MiB\", such as \"64 MiB\"",
        read: |config, text| {
            config.request_memory = size(text).filter(|size| *size >= 8 << 20)?;
            Some(())
        },
        show: |config| quoted(&show_size(config.request_memory)),
    },
    Setting {
        key: "body_timeout",
        doc: "How long a request's body may take to arrive.",
        expected: "a duration, such as \"30s\"",
        read: |config, text| duration(text).map(|value| config.body_timeout = value),
        show: |config| quoted(&show_duration(config.body_timeout)),
    },
    Setting {
        key: "public_url",
        doc: "Where browsers reach this collector; told to analytics-next in its settings. \"\": by the Host of their request, over\nhttp, or over https where a proxy says so with X-Forwarded-Proto.",
        expected: "a URL such as \"https://telemetry.example.com\", or \"\"",
        read: |config, text| {
            config.public_url = if text.is_empty() {
                None
            } else {
                Some(text.parse().ok()?)
            };
            Some(())
        },
        show: |config| {
            quoted(
                &config
                    .public_url
                    .as_ref()
                    .map_or_else(String::new, ToString::to_string),
            )
        },
    },
    Setting {
        key: "cors_origins",
        doc: "Origins of the pages whose browsers may read answers, with commas between them; \"*\" for all pages, \"\" for none.",
        expected: "\"*\", or origins such as \"https://app.example.com, https://www.example.com\"",
        read: |config, text| Origins::of(text).map(|origins| config.cors_origins = origins),
        show: |config| quoted(&config.cors_origins.show()),
    },
    Setting {
        key: "grace",
        doc: "How long requests under way may take to end when the collector is told to stop.",
        expected: "a duration, such as \"10s\"",
        read: |config, text| duration(text).map(|value| config.grace = value),
        show: |config| quoted(&show_duration(config.grace)),
    },
    Setting {
        key: "id_window",
        doc: "How far back message ids are kept in memory. Repeats of older messages are recognised on disk.",
        expected: "a duration, such as \"48h\"",
        read: |config, text| duration(text).map(|value| config.id_window = value),
        show: |config| quoted(&show_duration(config.id_window)),
    },
    Setting {
        key: "id_window_memory",
        doc: "Memory of these ids, taken at the start; 64 MiB hold 3 million. When they do not suffice, the window reaches\nless far back.",
        expected: "a size, such as \"64 MiB\"",
        read: |config, text| size(text).map(|value| config.id_window_memory = value),
        show: |config| quoted(&show_size(config.id_window_memory)),
    },
    Setting {
        key: "unplanned",
        doc: "What becomes of what the telemetry plan does not list, in the messages of clusters: \"keep\" stores and counts it,\n\"strip\" takes out properties and rejects events, \"reject\" rejects the messages.",
        expected: "one of \"keep\", \"strip\", \"reject\"",
        read: |config, text| {
            let known = Unplanned::ALL.into_iter().find(|known| known.name() == text);
            known.map(|unplanned| config.unplanned = unplanned)
        },
        show: |config| quoted(config.unplanned.name()),
    },
];

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
