//! The one list of configuration keys: their names, what they mean, how they are read and shown. The file, the environment and
//! the printed default are all made from it.

use std::path::{Path, PathBuf};

use super::quantity::{
    age, duration, lifetime, rate, show_age, show_bytes, show_duration, show_rate, show_size, size,
};
use super::{Config, Level, Origins, Unplanned};
use crate::forward::{Guise, Since};
use crate::listen::address::Address;
use crate::webhook::Target;

const RATE: &str = "\"none\", or a rate such as \"1000/s\" or \"1000/s burst 5000\"";
const RATE_OF_BYTES: &str = "\"none\", or a rate such as \"10 MiB/s\" or \"10 MiB/s burst 50 MiB\"";

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
        doc: "Address and port to listen on; port 0 is any free one. Or \"unix:/path\": a socket file, for its owner and group.",
        expected: "an address and a port, such as \"127.0.0.1:8080\", or \"unix:\" and an absolute path",
        read: |config, text| {
            config.listen = text.to_owned();
            text.parse::<Address>().ok().map(|_| ())
        },
        show: |config| quoted(&config.listen),
    },
    Setting {
        key: "metrics_listen",
        doc: "Address and port on which `/metrics` is shown to whoever may connect, and nothing else. Empty: it is shown on the\nmain port, to this machine alone; set it where a proxy on this machine does not say whom it asks for.",
        expected: "nothing, or an address and a port, such as \"127.0.0.1:9464\"",
        read: |config, text| {
            config.metrics_listen = Some(text.to_owned()).filter(|text| !text.is_empty());
            (text.is_empty() || text.parse::<Address>().is_ok()).then_some(())
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
        doc: "Least time between two commits under load; few requests wait for more up to four times as long. One after a pause is written at once.",
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
        key: "tls_cert",
        doc: "File of the certificate (PEM), and behind it those that lead to one that clients know. With it and `tls_key`,\nHTTPS is spoken instead of HTTP, but on socket files. Both are read again on SIGHUP; connections stay.",
        expected: "a file, or nothing",
        read: |config, text| {
            config.tls_cert = file(text);
            Some(())
        },
        show: |config| quoted(&shown_file(config.tls_cert.as_deref())),
    },
    Setting {
        key: "tls_key",
        doc: "File of its private key (PEM, not encrypted).",
        expected: "a file, or nothing",
        read: |config, text| {
            config.tls_key = file(text);
            Some(())
        },
        show: |config| quoted(&shown_file(config.tls_key.as_deref())),
    },
    Setting {
        key: "header_timeout",
        doc: "How long the head of a request may take to arrive, from its first byte or from the connection's beginning; and\nbefore it, a TLS handshake.",
        expected: "a duration, such as \"10s\"",
        read: |config, text| duration(text).map(|value| config.header_timeout = value),
        show: |config| quoted(&show_duration(config.header_timeout)),
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
        doc: "Where browsers reach this collector; told to analytics-next in its settings. \"\": by the Host of their request, over\nhttps where TLS is spoken here or a proxy says so with X-Forwarded-Proto, else over http.",
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
        key: "idle_timeout",
        doc: "How long a connection is kept without a request, or without its answer being read. Longer than a proxy in front\nkeeps its own, so that none is closed while the proxy begins to use it.",
        expected: "a duration, such as \"75s\"",
        read: |config, text| duration(text).map(|value| config.idle_timeout = value),
        show: |config| quoted(&show_duration(config.idle_timeout)),
    },
    Setting {
        key: "header_size",
        doc: "Largest head of a request; a larger one is answered with 431. The event of a pixel is in its URL, hence in the head.",
        expected: "a size from \"1 KiB\" to \"1 MiB\"",
        read: |config, text| {
            config.header_size = size(text).filter(|size| (1 << 10..=1 << 20).contains(size))?;
            Some(())
        },
        show: |config| quoted(&show_size(config.header_size)),
    },
    Setting {
        key: "header_count",
        doc: "Most header fields of a request; more are answered with 431.",
        expected: "a number from 1 to 1000",
        read: |config, text| {
            config.header_count = text.parse().ok().filter(|count| (1..=1000).contains(count))?;
            Some(())
        },
        show: |config| config.header_count.to_string(),
    },
    Setting {
        key: "connections",
        doc: "Most connections at a time. While there are so many, further ones wait until others end, and idle ones are\nclosed early. Each takes about 20 KiB, and 64 KiB more when it has sent fast.",
        expected: "a number from 10 to 1000000",
        read: |config, text| {
            config.connections = text
                .parse()
                .ok()
                .filter(|count| (10..=1_000_000).contains(count))?;
            Some(())
        },
        show: |config| config.connections.to_string(),
    },
    Setting {
        key: "client_connections",
        doc: "Most connections of one client at a time; further ones are closed with a 503. A client is an IPv4 address or the\n/64 of an IPv6 address. High enough for many hosts behind one address, low enough to leave room for others.",
        expected: "a number of connections, at least 1",
        read: |config, text| {
            config.client_connections = text.parse().ok().filter(|count| *count > 0)?;
            Some(())
        },
        show: |config| config.client_connections.to_string(),
    },
    Setting {
        key: "trusted_proxies",
        doc: "Proxies that are believed when they say in X-Forwarded-For (or, without that, in Forwarded) whom they ask for: the\nclient is the rightmost address there that is none of them. Addresses and networks, with commas between them;\n\"unix\" for whoever uses the socket file. Let them write the one of these headers that is read and drop the other.",
        expected: "addresses and networks such as \"10.0.0.0/8, 192.0.2.1\", or \"unix\"",
        read: |config, text| text.parse().ok().map(|value| config.trusted_proxies = value),
        show: |config| quoted(&config.trusted_proxies.to_string()),
    },
    Setting {
        key: "client_requests",
        doc: "How many requests of one client are taken: so many a second, and so many at once after a pause (\"burst\"). More are\nanswered with 429 and Retry-After, for that client alone. The default stops no fleet, though all of it may be\nbehind one address or one proxy that is not trusted, and no test of load: it only keeps one client from\ntaking everything. Who knows the clients sets it lower: 100,000 clusters send 30 requests a second, a browser one.",
        expected: RATE,
        read: |config, text| rate(text).map(|value| config.client_requests = value),
        show: |config| quoted(&show_rate(config.client_requests, |number| number.to_string())),
    },
    Setting {
        key: "client_bytes",
        doc: "The same for the bytes of its requests' bodies, as they come.",
        expected: RATE_OF_BYTES,
        read: |config, text| rate(text).map(|value| config.client_bytes = value),
        show: |config| quoted(&show_rate(config.client_bytes, show_bytes)),
    },
    Setting {
        key: "key_requests",
        doc: "How many requests with one write key are taken, from however many clients; more are answered with 429 for that\nkey alone. A cluster's key is the whole fleet's.",
        expected: RATE,
        read: |config, text| rate(text).map(|value| config.key_requests = value),
        show: |config| quoted(&show_rate(config.key_requests, |number| number.to_string())),
    },
    Setting {
        key: "key_bytes",
        doc: "The same for the bytes of their bodies, as they come.",
        expected: RATE_OF_BYTES,
        read: |config, text| rate(text).map(|value| config.key_bytes = value),
        show: |config| quoted(&show_rate(config.key_bytes, show_bytes)),
    },
    Setting {
        key: "grace",
        doc: "How long requests under way may take to end when the collector is told to stop.",
        expected: "a duration, such as \"10s\"",
        read: |config, text| duration(text).map(|value| config.grace = value),
        show: |config| quoted(&show_duration(config.grace)),
    },
    Setting {
        key: "retention_raw",
        doc: "How long messages are kept as they came: \"forever\", or an age such as \"400d\". What they add up to stays.",
        expected: "\"forever\" or an age of an hour or more, such as \"400d\"",
        read: |config, text| age(text).map(|value| config.retention.raw = value),
        show: |config| quoted(&show_age(config.retention.raw)),
    },
    Setting {
        key: "retention_rollups",
        doc: "How long what messages add up to is kept, with the time line and the ids that repeats are recognised by.",
        expected: "\"forever\" or an age of an hour or more, such as \"800d\"",
        read: |config, text| age(text).map(|value| config.retention.rollups = value),
        show: |config| quoted(&show_age(config.retention.rollups)),
    },
    Setting {
        key: "judging_rest",
        doc: "After releases were judged, the judge rests for so many times as long as that took: it takes no more than a small part of\na processor, however often late reports come.",
        expected: "a number",
        read: |config, text| text.parse().ok().map(|value| config.judging_rest = value),
        show: |config| config.judging_rest.to_string(),
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
        key: "key_bytes_per_day",
        doc: "Bytes that are kept in a day (UTC) of what comes with one key, inflated; then its requests are answered with 429 until\nmidnight. \"none\" is no limit. `key limit` sets another one for a key.",
        expected: "\"none\", or a size, such as \"100 GiB\"",
        read: |config, text| {
            read_limit(text, |text| size(text)?.try_into().ok()).map(|most| config.quota.bytes = most)
        },
        show: |config| {
            let bytes = config
                .quota
                .bytes
                .map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
            quoted(&bytes.map_or_else(|| NONE.to_owned(), show_size))
        },
    },
    Setting {
        key: "key_messages_per_day",
        doc: "The same of messages. Repeats don't count.",
        expected: "\"none\", or a number of messages",
        read: |config, text| {
            read_limit(text, |text| text.parse().ok()).map(|most| config.quota.messages = most)
        },
        show: |config| {
            config
                .quota
                .messages
                .map_or_else(|| quoted(NONE), |most| most.to_string())
        },
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
    Setting {
        key: "session_idle",
        doc: "How long somebody stays logged in to the dashboard without using it.",
        expected: "a duration from \"1m\" to \"366d\"",
        read: |config, text| lifetime(text).map(|idle| config.session.idle = idle),
        show: |config| quoted(&show_age(Some(config.session.idle))),
    },
    Setting {
        key: "session_lifetime",
        doc: "How long somebody stays logged in, whether they use it or not.",
        expected: "a duration from \"1m\" to \"366d\"",
        read: |config, text| lifetime(text).map(|all| config.session.all = all),
        show: |config| quoted(&show_age(Some(config.session.all))),
    },
    Setting {
        key: "forward_url",
        doc: "Base URL of one other place that everything which is kept is sent to as well, such as \"https://api.segment.io\", or another\ncollector. \"\": none. Until it has taken a message that is kept, for 7 days beyond `retention_raw` at the most.",
        expected: "\"\", or a URL such as \"https://standby.example.com\"",
        read: |config, text| {
            let is_url = text.starts_with("https://") || text.starts_with("http://");
            config.forwarding.url = Some(text.trim_end_matches('/').to_owned()).filter(|_| is_url);
            (is_url || text.is_empty()).then_some(())
        },
        show: |config| quoted(config.forwarding.url.as_deref().unwrap_or_default()),
    },
    Setting {
        key: "forward_as",
        doc: "As what: \"sender\", as its sender sent it, for whatever is Segment-compatible; \"peer\", with the times that we kept, for\nanother collector and a key of the kind `peer` there.",
        expected: "one of \"sender\", \"peer\"",
        read: |config, text| {
            let known = Guise::ALL.into_iter().find(|known| known.name() == text);
            known.map(|guise| config.forwarding.guise = guise)
        },
        show: |config| quoted(config.forwarding.guise.name()),
    },
    Setting {
        key: "forward_since",
        doc: "Where to begin with a place that nothing was sent to yet: \"now\", with what comes; \"beginning\", with the oldest message.",
        expected: "one of \"now\", \"beginning\"",
        read: |config, text| {
            let known = Since::ALL.into_iter().find(|known| known.name() == text);
            known.map(|since| config.forwarding.since = since)
        },
        show: |config| quoted(config.forwarding.since.name()),
    },
    Setting {
        key: "forward_write_key_file",
        doc: "File with the write key of that place; or lines of a number or prefix of `key list`, a space, and the key there for what came\nwith that one. What has none is not sent.",
        expected: "a file, or nothing",
        read: |config, text| {
            config.forwarding.keys = file(text);
            Some(())
        },
        show: |config| quoted(&shown_file(config.forwarding.keys.as_deref())),
    },
    Setting {
        key: "forward_token_file",
        doc: "File with a token of the scope `admin` of that collector: then orders to forget somebody are passed on.",
        expected: "a file, or nothing",
        read: |config, text| {
            config.forwarding.token = file(text);
            Some(())
        },
        show: |config| quoted(&shown_file(config.forwarding.token.as_deref())),
    },
    Setting {
        key: "forward_ca_file",
        doc: "File of certificates (PEM) that are trusted there beside the system's.",
        expected: "a file, or nothing",
        read: |config, text| {
            config.forwarding.ca = file(text);
            Some(())
        },
        show: |config| quoted(&shown_file(config.forwarding.ca.as_deref())),
    },
    Setting {
        key: "forward_proxy",
        doc: "Proxy to go through. \"\": none.",
        expected: "\"\", or a URL such as \"http://proxy.example.com:3128\"",
        read: |config, text| {
            config.forwarding.proxy = Some(text.to_owned()).filter(|text| !text.is_empty());
            Some(())
        },
        show: |config| quoted(config.forwarding.proxy.as_deref().unwrap_or_default()),
    },
    Setting {
        key: "plan_dir",
        doc: "Directory of files (`*.toml`) that declare the vendor's own events. Empty: `plan.d` in the data directory, if there is one.\nRead at the start; restart for changes.",
        expected: "a directory",
        read: |config, text| {
            config.plan_dir = file(text);
            Some(())
        },
        show: |config| quoted(&shown_file(config.plan_dir.as_deref())),
    },
    Setting {
        key: WEBHOOK_URL,
        doc: "Where each changed verdict of release health is told, as a CloudEvent by POST: regressed, improved, or neither any\nmore. A user and a password in it are sent as Basic authorization. Empty: nowhere. `webhook test` tries it.",
        expected: "an http or https URL, or nothing",
        read: |config, text| {
            config.webhook_url = match text {
                "" => None,
                text => Some(text.parse().ok()?),
            };
            Some(())
        },
        show: |config| quoted(config.webhook_url.as_ref().map_or("", Target::reveal)),
    },
    Setting {
        key: "webhook_secret_file",
        doc: "File of the secret that these are signed with, by Standard Webhooks: `whsec_` and 24 to 64 random bytes in base64. Make one\nwith: echo whsec_$(openssl rand -base64 32). Read at the start.",
        expected: "a file, or nothing",
        read: |config, text| {
            config.webhook_secret_file = file(text);
            Some(())
        },
        show: |config| quoted(&shown_file(config.webhook_secret_file.as_deref())),
    },
];

/// The key whose value is not repeated where it is wrong: a password may be in it.
pub(super) const WEBHOOK_URL: &str = "webhook_url";

/// Stands for no limit.
const NONE: &str = "none";

fn read_limit(text: &str, read: impl FnOnce(&str) -> Option<u64>) -> Option<Option<u64>> {
    match text {
        NONE => Some(None),
        _ => read(text).map(Some),
    }
}

fn file(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text))
}

fn shown_file(path: Option<&Path>) -> String {
    path.unwrap_or(Path::new("")).to_string_lossy().into_owned()
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
