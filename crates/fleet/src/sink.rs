//! A sink that speaks Segment's HTTP API and answers as it is told to.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::lock::lock;
use crate::request::{self, Request};
use crate::script::{self, Step};
use crate::server::Server;

/// What Segment says when all is well.
const SUCCESS: &[u8] = br#"{"success":true}"#;
const JSON: (&str, &str) = ("Content-Type", "application/json");
const PORTAL: &[u8] = b"<!DOCTYPE html>\n<html><head><title>Welcome to the guest network</title></head>\n<body>Please accept the terms.</body></html>\n";
/// The longest body after inflating, in bytes; what is beyond is cut off.
const MAX_INFLATED: u64 = 256 * 1024 * 1024;

/// How one request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200 `{"success":true}`.
    Ok,
    /// This status, with these headers besides `Content-Type: application/json`, and this body.
    Status {
        /// The status.
        code: u16,
        /// Headers such as `Retry-After`. A `Content-Type` here replaces the usual one.
        headers: Vec<(String, String)>,
        /// The body, as it is.
        body: String,
    },
    /// The connection is reset once the request is read.
    Reset,
    /// The request is read and never answered.
    Hang,
    /// The request is read whole, then the connection ends: an answer that got lost.
    CloseBeforeAnswer,
    /// 200 with a page of HTML, as a captive portal answers.
    NotSegment,
    /// As [`Answer::Ok`], after a pause.
    Slow(Duration),
}

impl Answer {
    /// A status without headers of its own and with an empty JSON object as body.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::Status {
            code,
            headers: Vec::new(),
            body: "{}".to_owned(),
        }
    }

    /// The status that the client is sent.
    const fn code(&self) -> Option<u16> {
        match self {
            Self::Ok | Self::NotSegment | Self::Slow(_) => Some(200),
            Self::Status { code, .. } => Some(*code),
            Self::Reset | Self::Hang | Self::CloseBeforeAnswer => None,
        }
    }

    fn steps(&self) -> Vec<Step> {
        match self {
            Self::Ok => script::answer(200, &[JSON], SUCCESS),
            Self::Status { code, headers, body } => {
                let mut all: Vec<_> = headers
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect();
                if request::find(headers, "content-type").is_none() {
                    all.push(JSON);
                }
                script::answer(*code, &all, body.as_bytes())
            }
            Self::Reset => vec![Step::Reset],
            Self::Hang => vec![Step::Hang],
            Self::CloseBeforeAnswer => vec![Step::Close],
            Self::NotSegment => script::answer(200, &[("Content-Type", "text/html; charset=utf-8")], PORTAL),
            Self::Slow(pause) => [vec![Step::Wait(*pause)], script::answer(200, &[JSON], SUCCESS)].concat(),
        }
    }
}

/// A request as the sink took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkRequest {
    /// `POST`, as a rule.
    pub method: String,
    /// The path with the query, such as `/v1/batch`.
    pub path: String,
    /// Names as sent, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, inflated where it came with `Content-Encoding: gzip`; as it came when it does not inflate.
    pub body: Vec<u8>,
    /// The status that was sent, or is about to be; `None` where the script sends none.
    pub answered: Option<u16>,
    taken: bool,
}

impl SinkRequest {
    /// The first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        request::find(&self.headers, name)
    }

    /// The messages in the body: those of `batch`, or the body itself for a single call; none if it is no JSON.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(mut object)) => match object.remove("batch") {
                Some(Value::Array(messages)) => messages,
                Some(_) => Vec::new(),
                None => vec![Value::Object(object)],
            },
            _ => Vec::new(),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Answer>,
    requests: Vec<SinkRequest>,
}

/// A running sink. Dropped, it ends all connections and threads, hanging ones too.
pub struct Sink {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Sink {
    /// Listens on a free port of 127.0.0.1; answers every request with [`Answer::Ok`].
    ///
    /// # Errors
    /// When the port can't be bound or a thread not be started.
    pub fn start() -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        let answer = Arc::new(move |request: &Request| take(&shared, request).steps());
        Ok(Self {
            server: Server::start(0, false, answer)?,
            state,
        })
    }

    /// The base URL, without a path or a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// How the next requests are answered, one after the other; replaces what was left of an earlier script.
    /// After the last one every request gets [`Answer::Ok`].
    pub fn script(&self, answers: Vec<Answer>) {
        lock(&self.state).script = answers.into();
    }

    /// How many answers of the script are left.
    #[must_use]
    pub fn left(&self) -> usize {
        lock(&self.state).script.len()
    }

    /// Refuses connections and ends the open ones, or listens again on the same port.
    ///
    /// # Errors
    /// When the port can't be bound again.
    pub fn refuse(&self, refuse: bool) -> io::Result<()> {
        self.server.refuse(refuse)
    }

    /// Every request so far, oldest first, whatever it was answered.
    #[must_use]
    pub fn requests(&self) -> Vec<SinkRequest> {
        lock(&self.state).requests.clone()
    }

    /// The messages that a sender may regard as delivered: those in requests which were answered 200 by the
    /// sink itself, so not by [`Answer::NotSegment`].
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        let requests = self.requests();
        requests
            .iter()
            .filter(|request| request.taken)
            .flat_map(SinkRequest::messages)
            .collect()
    }
}

/// Records the request and says what the script has for it.
fn take(state: &Mutex<State>, request: &Request) -> Answer {
    let body = inflated(request);
    let path = match &request.query {
        Some(query) => format!("{}?{query}", request.path),
        None => request.path.clone(),
    };
    let mut state = lock(state);
    let answer = state.script.pop_front().unwrap_or(Answer::Ok);
    let answered = answer.code();
    state.requests.push(SinkRequest {
        method: request.method.clone(),
        path,
        headers: request.headers.clone(),
        body,
        answered,
        taken: answered == Some(200) && answer != Answer::NotSegment,
    });
    answer
}

fn inflated(request: &Request) -> Vec<u8> {
    let zipped = request
        .header("content-encoding")
        .is_some_and(|coding| coding.trim().eq_ignore_ascii_case("gzip"));
    if zipped {
        let mut body = Vec::new();
        if MultiGzDecoder::new(request.body.as_slice())
            .take(MAX_INFLATED)
            .read_to_end(&mut body)
            .is_ok()
        {
            return body;
        }
    }
    request.body.clone()
}
