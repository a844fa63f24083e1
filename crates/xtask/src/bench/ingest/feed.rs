//! The requests of the four loads. The id of every message is new.

use std::io::Write as _;
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use heliograph_signal::clock::Clock;
use heliograph_wire::id::Hour;
use heliograph_wire::segment::BATCH_PATH;
use heliograph_wire::time::rfc3339;

use super::report;
use super::template::{Field, Template, Values, request};
use super::track::{self, COLLECTED, ID, PERSON, SENT};

/// Clusters that report in turn, hour after hour.
pub(super) const CLUSTERS: u64 = 20_000;
/// How many hours ago they begin.
const HOURS_AGO: i64 = 48;
/// Messages of a batch.
const BATCH: usize = 100;
/// Zipped requests that are made for each second: more than a core can take.
const ZIPPED_A_SECOND: u32 = 5000;
/// Requests of different content that a load takes turns with.
const VARIANTS: usize = 16;

/// A load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    Single,
    Batch,
    Zipped,
    Report,
}

impl Load {
    pub(super) const ALL: [Load; 4] = [Load::Single, Load::Batch, Load::Zipped, Load::Report];

    pub(super) fn name(self) -> &'static str {
        match self {
            Load::Single => "W1",
            Load::Batch => "W2",
            Load::Zipped => "W3",
            Load::Report => "W4",
        }
    }

    pub(super) fn connections(self) -> usize {
        match self {
            Load::Single | Load::Report => 64,
            Load::Batch | Load::Zipped => 16,
        }
    }

    /// Where it is sent to.
    fn path(self) -> &'static str {
        match self {
            Load::Single => "/v1/track",
            Load::Batch | Load::Zipped | Load::Report => BATCH_PATH,
        }
    }

    /// The kind of key that it is sent with.
    pub(super) fn key_kind(self) -> &'static str {
        match self {
            Load::Single | Load::Batch | Load::Zipped => "server",
            Load::Report => "cluster",
        }
    }

    /// Messages of a request.
    pub(super) fn messages(self) -> u64 {
        match self {
            Load::Single => 1,
            Load::Batch | Load::Zipped => 100,
            Load::Report => 3,
        }
    }

    /// Rounds that share a database. So many messages come in batches that a second round's would push ids out of memory that are
    /// not an hour old; what is looked for on disk then is another thing than what is measured here.
    pub(super) fn rounds_of_a_database(self, rounds: usize) -> usize {
        match self {
            Load::Single | Load::Report => rounds,
            Load::Batch | Load::Zipped => 1,
        }
    }

    /// Requests per CPU second as a share of discarding, in percent: what must be reached, and what is aimed at.
    pub(super) fn reach(self) -> (f64, f64) {
        match self {
            Load::Single => (40.0, 55.0),
            Load::Batch => (3.5, 6.0),
            Load::Zipped => (2.2, 3.5),
            Load::Report => (16.0, 25.0),
        }
    }
}

struct Made {
    requests: Vec<Vec<u8>>,
    next: usize,
    /// Whether they are handed out again and again.
    again: bool,
}

/// Hands out the requests of a load, one after the other.
pub(super) struct Feed {
    templates: Vec<Template>,
    random: fastrand::Rng,
    /// The requests that were made in advance, where making them takes longer than sending.
    made: Option<Made>,
    head: String,
    load: Load,
    /// Requests so far.
    number: u64,
    first_hour: i64,
    hour: String,
    collected: String,
    sent: String,
}

impl Feed {
    /// Of a load, with this value of the Authorization header.
    pub(super) fn new(load: Load, authorization: &str) -> anyhow::Result<Feed> {
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: bench\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\n",
            load.path()
        );
        let shown = [
            (ID, Field::Random),
            (PERSON, Field::Random),
            (COLLECTED, Field::Collected),
            (SENT, Field::Sent),
        ];
        let templates = match load {
            Load::Report => report::templates(&head)?,
            _ => (0..VARIANTS)
                .map(|variant| {
                    let body = match load {
                        Load::Single => track::single(variant),
                        _ => track::batch(variant, BATCH),
                    };
                    Template::new(&head, &body, &shown)
                })
                .collect(),
        };
        let now = Clock::new(None).wall();
        Ok(Feed {
            templates,
            random: fastrand::Rng::new(),
            made: None,
            head,
            load,
            number: 0,
            first_hour: Hour::of(now).number() - HOURS_AGO,
            hour: String::new(),
            collected: rfc3339(now),
            sent: rfc3339(now),
        })
    }

    /// Makes ready for a run of so many seconds: what takes longer to make than to send is made in advance. They leave now.
    pub(super) fn prepare(&mut self, seconds: u32) -> anyhow::Result<()> {
        let now = Clock::new(None).wall();
        self.sent = rfc3339(now);
        if self.load != Load::Report {
            self.collected = self.sent.clone();
        }
        if self.load != Load::Zipped {
            return Ok(());
        }
        self.made = None;
        let mut seeds = [self.random.fork(), self.random.fork()];
        let each = usize::try_from(seconds * ZIPPED_A_SECOND)?.div_ceil(seeds.len());
        let feed = &*self;
        let parts = thread::scope(|scope| {
            let parts = seeds
                .each_mut()
                .map(|random| scope.spawn(move || feed.zipped(each, random)));
            parts.map(|part| {
                part.join()
                    .unwrap_or_else(|_| Err(std::io::Error::other("a thread ended early")))
            })
        });
        let made = parts.into_iter().collect::<std::io::Result<Vec<_>>>()?;
        self.made = Some(Made {
            requests: made.concat(),
            next: 0,
            again: false,
        });
        Ok(())
    }

    /// From now on, hands out again and again what was made in advance: for whoever does not look at it.
    pub(super) fn again(&mut self) {
        if let Some(made) = &mut self.made {
            made.again = true;
        }
    }

    /// Writes the next request; `false` when there is none.
    pub(super) fn next(&mut self, out: &mut Vec<u8>) -> bool {
        if let Some(made) = &mut self.made {
            if made.again {
                made.next %= made.requests.len().max(1);
            }
            let Some(request) = made.requests.get(made.next) else {
                return false;
            };
            made.next += 1;
            out.clear();
            out.extend_from_slice(request);
            return true;
        }
        let cluster = self.number % CLUSTERS;
        if cluster == 0 && self.load == Load::Report {
            self.begin_hour();
        }
        self.number += 1;
        let values = Values {
            cluster: cluster_id(cluster),
            hour: &self.hour,
            collected: &self.collected,
            sent: &self.sent,
        };
        let variant = usize::try_from(cluster).unwrap_or(0) % self.templates.len();
        self.templates[variant].fill(&values, &mut self.random, out);
        true
    }

    fn begin_hour(&mut self) {
        let passed = i64::try_from(self.number / CLUSTERS).unwrap_or(i64::MAX);
        if let Some(hour) = Hour::from_number(self.first_hour.saturating_add(passed)) {
            self.hour = hour.to_string();
            self.collected = rfc3339(hour.start());
        }
    }

    fn zipped(&self, count: usize, random: &mut fastrand::Rng) -> std::io::Result<Vec<Vec<u8>>> {
        let values = Values {
            cluster: 0,
            hour: "",
            collected: &self.collected,
            sent: &self.sent,
        };
        let mut plain = Vec::new();
        let mut made = Vec::with_capacity(count);
        for number in 0..count {
            self.templates[number % self.templates.len()].fill(&values, random, &mut plain);
            let body = plain.windows(4).position(|four| four == b"\r\n\r\n");
            let body = body.map_or(&plain[..], |at| &plain[at + 4..]);
            let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
            gzip.write_all(body)?;
            made.push(request(&self.head, "Content-Encoding: gzip\r\n", &gzip.finish()?));
        }
        Ok(made)
    }
}

/// The id of a cluster: looks random, and is the same each time.
fn cluster_id(number: u64) -> u128 {
    fastrand::Rng::with_seed(number).u128(..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn body(request: &[u8]) -> Value {
        let text = std::str::from_utf8(request).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn loads_are_of_their_size_and_every_id_is_new() {
        for (load, bytes, requests) in [
            (Load::Single, 500..800, 1000),
            (Load::Batch, 50_000..70_000, 40),
            (Load::Report, 5_000..8_000, 1000),
        ] {
            let mut feed = Feed::new(load, "Basic x").unwrap();
            feed.prepare(0).unwrap();
            let (mut ids, mut request) = (BTreeSet::new(), Vec::new());
            for _ in 0..requests {
                assert!(feed.next(&mut request));
                assert!(bytes.contains(&request.len()), "{load:?} {}", request.len());
                let body = body(&request);
                let batch = body["batch"]
                    .as_array()
                    .map_or(vec![&body], |batch| batch.iter().collect());
                assert_eq!(u64::try_from(batch.len()).unwrap(), load.messages());
                for message in batch {
                    assert!(ids.insert(message["messageId"].as_str().unwrap().to_owned()));
                }
            }
        }
    }

    #[test]
    fn clusters_report_in_turn_hour_after_hour() {
        let mut feed = Feed::new(Load::Report, "Basic x").unwrap();
        let (mut first, mut second, mut later) = (Vec::new(), Vec::new(), Vec::new());
        feed.next(&mut first);
        feed.next(&mut second);
        feed.number = CLUSTERS;
        feed.next(&mut later);
        let [first, second, later] = [first, second, later].map(|request| body(&request)["batch"][0].clone());
        assert_ne!(first["anonymousId"], second["anonymousId"]);
        assert_eq!(first["anonymousId"], later["anonymousId"]);
        assert_eq!(first["properties"]["clusterId"], first["anonymousId"]);
        assert_eq!(first["context"], later["context"]);
        assert_ne!(first["context"], second["context"]);
        assert_ne!(first["timestamp"], later["timestamp"]);
        assert!(first["properties"].as_object().unwrap().len() > 70);
    }
}
