//! Senders who remember what they were told: what got a 200 must be in the database once, whatever happened to the collector.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;

use heliograph_wire::receipt::{HEADER, Receipt, body_hash};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::client::{Client, basic};
use crate::collector::messages;
use crate::day::days;
use crate::receipt::holds;

/// The events of a report.
const EVENTS: [&str; 3] = ["health", "mesos_track", "package_list"];

/// What a sender sends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Batches of a server.
    Server,
    /// The reports of a cluster, hour after hour.
    Cluster,
}

/// A request.
#[derive(Clone)]
struct Sent {
    ids: Vec<String>,
    body: String,
}

/// A sender, with a connection of its own whenever it sends.
pub(crate) struct Sender {
    name: String,
    kind: Kind,
    authorization: String,
    chance: Chance,
    number: usize,
    acknowledged: Vec<Sent>,
    /// What got no 200 yet: sent again before anything else.
    unanswered: Option<Sent>,
    receipts: Vec<(String, Receipt)>,
    /// How often it was told to come again.
    pub(crate) refused: usize,
    /// How often what had got no answer turned out to be there.
    pub(crate) taken_unanswered: usize,
}

impl Sender {
    pub(crate) fn new(number: u64, kind: Kind, key: &str) -> Sender {
        Sender {
            name: format!("sender-{number}"),
            kind,
            authorization: basic(key),
            chance: Chance::of(number),
            number: 0,
            acknowledged: Vec::new(),
            unanswered: None,
            receipts: Vec::new(),
            refused: 0,
            taken_unanswered: 0,
        }
    }

    /// Sends until the collector is gone, or `enough` says so of the number of requests that it took.
    pub(crate) fn send(&mut self, address: SocketAddr, enough: impl Fn(usize) -> bool) {
        let Ok(mut client) = Client::to(address) else {
            return;
        };
        let mut taken = 0;
        while !enough(taken) {
            let repeat = !self.acknowledged.is_empty() && self.chance.one_in(8);
            let known = match &self.unanswered {
                None if repeat => {
                    let count = u64::try_from(self.acknowledged.len()).unwrap();
                    Some(usize::try_from(self.chance.below(count)).unwrap())
                }
                _ => None,
            };
            match known {
                Some(index) => {
                    let Some((accepted, _)) = self.post(&mut client, &self.acknowledged[index].clone())
                    else {
                        return;
                    };
                    assert!(
                        matches!(accepted, None | Some(0)),
                        "{accepted:?} were taken twice"
                    );
                    taken += usize::from(accepted.is_some());
                }
                None => match self.send_new(&mut client) {
                    Some(was_taken) => taken += usize::from(was_taken),
                    None => return,
                },
            }
        }
    }

    /// Sends again what got no answer, until it gets a 200.
    pub(crate) fn settle(&mut self, address: SocketAddr) {
        let mut client = Client::to(address).unwrap();
        for _ in 0..10 {
            if self.unanswered.is_none() {
                return;
            }
            self.send_new(&mut client).unwrap();
        }
        panic!("{} is refused again and again", self.name);
    }

    /// Sends what waits, or something new; `None` when the collector is gone, else whether it was taken.
    fn send_new(&mut self, client: &mut Client) -> Option<bool> {
        let (sent, is_new) = match self.unanswered.take() {
            Some(sent) => (sent, false),
            None => (self.compose(), true),
        };
        self.unanswered = Some(sent.clone());
        let (accepted, receipt) = self.post(client, &sent)?;
        let Some(accepted) = accepted else {
            return Some(false);
        };
        // One transaction: all of it, or what was there before was all of it.
        let all = u64::try_from(sent.ids.len()).unwrap();
        assert!(
            accepted == all || (!is_new && accepted == 0),
            "{accepted} of {all}"
        );
        self.taken_unanswered += usize::from(accepted == 0);
        if let Some(receipt) = receipt {
            self.receipts.push((body_hash(sent.body.as_bytes()), receipt));
        }
        self.acknowledged.push(sent);
        self.unanswered = None;
        Some(true)
    }

    /// Sends a request; `None` when nobody answers, else how many messages were new, of a 200, and the receipt.
    fn post(&mut self, client: &mut Client, sent: &Sent) -> Option<(Option<u64>, Option<Receipt>)> {
        let mut headers = vec![("Authorization", self.authorization.as_str())];
        let asks = self.chance.one_in(3);
        if asks {
            headers.push((HEADER, "1"));
        }
        let answer = client
            .send("POST", "/v1/batch", &headers, sent.body.as_bytes())
            .ok()?;
        if answer.status == 503 {
            assert!(answer.header("retry-after").is_some());
            self.refused += 1;
            return Some((None, None));
        }
        let (accepted, duplicate, rejected) = answer.counts();
        assert_eq!(
            (accepted + duplicate, rejected),
            (u64::try_from(sent.ids.len()).unwrap(), 0)
        );
        let receipt = answer.json().get("receipt").cloned();
        assert_eq!(receipt.is_some(), asks);
        Some((
            Some(accepted),
            receipt.map(|receipt| serde_json::from_value(receipt).unwrap()),
        ))
    }

    fn compose(&mut self) -> Sent {
        self.number += 1;
        let (name, number) = (&self.name, self.number);
        let batch: Vec<Value> = match self.kind {
            Kind::Server => (0..1 + self.chance.below(12))
                .map(|part| {
                    json!({
                        "type": "track", "event": "e", "anonymousId": "a", "messageId": format!("{name}-{number}-{part}"),
                        "properties": {"text": "x".repeat(usize::try_from(self.chance.below(2000)).unwrap())},
                    })
                })
                .collect(),
            Kind::Cluster => {
                // The hours of some months, from 2026-01-01 on.
                let (day, hour) = (number / 24, number % 24);
                let at = format!("2026-{:02}-{:02}T{hour:02}", 1 + day / 28, 1 + day % 28);
                EVENTS
                    .iter()
                    .map(|event| {
                        json!({
                            "type": "track", "event": event, "anonymousId": name, "messageId": format!("{name}:{event}:{at}Z"),
                            "properties": {"clusterId": name, "environmentVersion": "1.10"},
                            "context": {"reporter": format!("{:032x}", 7)}, "timestamp": format!("{at}:30:00Z"),
                        })
                    })
                    .collect()
            }
        };
        let id = |message: &Value| message["messageId"].as_str().unwrap().to_owned();
        Sent {
            ids: batch.iter().map(id).collect(),
            body: json!({"batch": batch}).to_string(),
        }
    }

    /// The ids of what got a 200.
    pub(crate) fn acknowledged(&self) -> impl Iterator<Item = &String> {
        self.acknowledged.iter().flat_map(|sent| &sent.ids)
    }

    /// How many requests got one.
    pub(crate) fn requests(&self) -> usize {
        self.acknowledged.len()
    }
}

/// What a database holds.
pub(crate) struct Held {
    pub(crate) messages: usize,
    pub(crate) receipts: usize,
}

/// Checks a database in which all that was sent has got a 200: each message is there once, and counted once; all receipts hold;
/// nothing is damaged.
pub(crate) fn check(data: &Path, senders: &[Sender], public_key: &str) -> Result<Held, String> {
    let connection = Connection::open(data.join("collector.db")).map_err(|error| error.to_string())?;
    let sound: String = connection
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .map_err(|error| error.to_string())?;
    if sound != "ok" {
        return Err(sound);
    }
    let stored = messages(data, &[]);
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for message in &stored {
        *times.entry(message["messageId"].as_str().unwrap()).or_default() += 1;
    }
    let acknowledged: BTreeSet<&str> = senders
        .iter()
        .flat_map(Sender::acknowledged)
        .map(String::as_str)
        .collect();
    let missing: Vec<_> = acknowledged
        .iter()
        .filter(|id| !times.contains_key(*id))
        .collect();
    let doubled: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    let strange: Vec<_> = times.keys().filter(|id| !acknowledged.contains(*id)).collect();
    if !(missing.is_empty() && doubled.is_empty() && strange.is_empty()) {
        return Err(format!(
            "of {}: missing {missing:?}, doubled {doubled:?}, never acknowledged {strange:?}",
            acknowledged.len()
        ));
    }

    let accepted: i64 = connection
        .query_row(
            "SELECT coalesce(sum(count), 0) FROM outcome WHERE name = 'accepted'",
            (),
            |row| row.get(0),
        )
        .map_err(|error| error.to_string())?;
    let by_day: i64 = days(data)
        .iter()
        .filter(|((.., named), _)| named.starts_with("Event "))
        .map(|(_, amounts)| amounts[0])
        .sum();
    let count = i64::try_from(stored.len()).unwrap();
    if (accepted, by_day) != (count, count) {
        return Err(format!(
            "{count} messages are stored, {accepted} are counted, {by_day} by day"
        ));
    }

    let receipts: Vec<_> = senders.iter().flat_map(|sender| &sender.receipts).collect();
    for (body, receipt) in &receipts {
        let signed = Receipt::signed(&receipt.bodies);
        if !(receipt.is_of(body) && holds(public_key, &signed, &receipt.signature)) {
            return Err(format!("a receipt of {body} does not hold"));
        }
    }
    Ok(Held {
        messages: stored.len(),
        receipts: receipts.len(),
    })
}
