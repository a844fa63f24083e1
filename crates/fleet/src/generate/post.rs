//! Messages on their way to a collector: batches over a few connections, each cluster's messages in their order over one of them.
//!
//! Batches say nothing of when they are sent, so the collector keeps the times that messages state. What it can't take now (429,
//! 503) is sent again after the time that it asks for.

use std::fmt;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use heliograph_wire::segment::{BATCH_PATH, MAX_BATCH, MAX_BATCH_MESSAGES};
use serde::Deserialize;
use ureq::Agent;

use super::fleet::Message;

/// Batches that wait for a connection.
const WAITING: usize = 2;
/// How often a batch is sent that can't be taken.
const TRIES: u32 = 100;
/// The longest that is waited before it is sent again, and the usual.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const USUAL_WAIT: Duration = Duration::from_millis(200);
const END: &[u8] = b"]}";

/// What the collector said of all batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Messages that are new.
    pub accepted: u64,
    /// Messages that it has already, or that stand beside others.
    pub duplicate: u64,
    /// Messages that it does not take.
    pub rejected: u64,
    /// Batches.
    pub batches: u64,
    /// How many times a batch was sent again.
    pub retried: u64,
}

/// Why messages were not taken.
#[derive(Debug)]
pub enum PostError {
    /// No answer.
    Unreachable(Box<ureq::Error>),
    /// Another answer than one to a batch: status and text.
    Refused(u16, String),
    /// It was not taken however often it was sent.
    Busy,
    /// A thread ended early.
    Ended,
}

/// Sends messages to a collector.
#[derive(Debug)]
pub struct Post {
    head: Vec<u8>,
    connections: Vec<Connection>,
}

#[derive(Debug)]
struct Connection {
    body: Vec<u8>,
    messages: usize,
    batches: SyncSender<Vec<u8>>,
    worker: JoinHandle<Result<Taken, PostError>>,
}

#[derive(Deserialize)]
struct Answer {
    accepted: u64,
    duplicate: u64,
    rejected: u64,
}

impl fmt::Display for PostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(_) => f.write_str("the collector does not answer"),
            Self::Refused(status, text) => write!(f, "the collector says {status}: {text}"),
            Self::Busy => write!(f, "the collector was too busy {TRIES} times"),
            Self::Ended => f.write_str("a connection's thread ended early"),
        }
    }
}

impl std::error::Error for PostError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreachable(error) => Some(error),
            Self::Refused(..) | Self::Busy | Self::Ended => None,
        }
    }
}

impl Post {
    /// To a collector at this URL (`http://127.0.0.1:8080`), with a write key.
    #[must_use]
    pub fn to(url: &str, key: &str, connections: usize) -> Self {
        let head = format!(r#"{{"writeKey":{},"batch":["#, serde_json::Value::from(key)).into_bytes();
        let connect = |_| {
            let url = format!("{}{BATCH_PATH}", url.trim_end_matches('/'));
            let (batches, waiting) = sync_channel(WAITING);
            Connection {
                body: head.clone(),
                messages: 0,
                batches,
                worker: thread::spawn(move || deliver(&url, &waiting)),
            }
        };
        Self {
            connections: (0..connections.max(1)).map(connect).collect(),
            head,
        }
    }

    /// Sends a message, now or with others.
    ///
    /// # Errors
    /// [`PostError::Ended`] when the connection has failed; [`Post::finish`] tells why.
    pub fn send(&mut self, message: Message<'_>) -> Result<(), PostError> {
        let lane = usize::try_from(message.lane).unwrap_or_default() % self.connections.len();
        let Some(connection) = self.connections.get_mut(lane) else {
            return Err(PostError::Ended);
        };
        let full = connection.body.len() + message.text.len() + 1 + END.len() > MAX_BATCH;
        if full || connection.messages == MAX_BATCH_MESSAGES {
            connection.flush(&self.head)?;
        }
        if connection.messages > 0 {
            connection.body.push(b',');
        }
        connection.body.extend_from_slice(message.text);
        connection.messages += 1;
        Ok(())
    }

    /// Sends what is left, and waits until all is taken.
    ///
    /// # Errors
    /// When something was not.
    pub fn finish(self) -> Result<Taken, PostError> {
        let mut all = Taken::default();
        let mut failed = None;
        for mut connection in self.connections {
            // Why it does not go through, the thread says.
            let _ = connection.flush(&self.head);
            drop(connection.batches);
            match connection.worker.join() {
                Ok(Ok(taken)) => all.add(taken),
                Ok(Err(error)) => failed = Some(error),
                Err(_) => failed = Some(PostError::Ended),
            }
        }
        failed.map_or(Ok(all), Err)
    }
}

impl Connection {
    fn flush(&mut self, head: &[u8]) -> Result<(), PostError> {
        if self.messages == 0 {
            return Ok(());
        }
        let mut next = Vec::with_capacity(MAX_BATCH);
        next.extend_from_slice(head);
        let mut body = std::mem::replace(&mut self.body, next);
        body.extend_from_slice(END);
        self.messages = 0;
        self.batches.send(body).map_err(|_| PostError::Ended)
    }
}

impl Taken {
    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        self.rejected += other.rejected;
        self.batches += other.batches;
        self.retried += other.retried;
    }
}

/// One connection's thread.
fn deliver(url: &str, waiting: &Receiver<Vec<u8>>) -> Result<Taken, PostError> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .build();
    let agent = config.new_agent();
    let mut all = Taken::default();
    for body in waiting {
        all.add(post(&agent, url, &body)?);
    }
    Ok(all)
}

fn post(agent: &Agent, url: &str, body: &[u8]) -> Result<Taken, PostError> {
    let unreachable = |error| PostError::Unreachable(Box::new(error));
    for retried in 0..u64::from(TRIES) {
        let request = agent.post(url).header("Content-Type", "application/json");
        let mut response = request.send(body).map_err(unreachable)?;
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string().map_err(unreachable)?;
        match status {
            429 | 503 => {
                let asked = response.headers().get("retry-after");
                let asked = asked.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
                thread::sleep(asked.map_or(USUAL_WAIT, Duration::from_secs).min(LONGEST_WAIT));
            }
            200 => {
                let Ok(answer) = serde_json::from_str::<Answer>(&text) else {
                    return Err(PostError::Refused(status, text));
                };
                return Ok(Taken {
                    accepted: answer.accepted,
                    duplicate: answer.duplicate,
                    rejected: answer.rejected,
                    batches: 1,
                    retried,
                });
            }
            _ => return Err(PostError::Refused(status, text)),
        }
    }
    Err(PostError::Busy)
}
