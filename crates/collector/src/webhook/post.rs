//! One attempt to tell somebody: over HTTP, following nobody elsewhere.

use std::time::Duration;

use axum::http::{Request, header};
use jiff::Timestamp;
use ureq::{Agent, Proxy};

use super::event::{CONTENT_TYPE, Event};
use super::pace::Heard;
use super::sign::Secret;
use super::target::Target;
use crate::outgoing::{agent, asked, can_take, trust, unanswered};

/// How long an attempt may take.
const WHOLE: Duration = Duration::from_secs(15);

/// Tries.
#[derive(Debug, Clone)]
pub(super) struct Poster {
    agent: Agent,
}

impl Poster {
    /// Trusts whom the system does (`SSL_CERT_FILE`, `SSL_CERT_DIR`), and goes by the proxy that the environment names.
    pub(super) fn new(target: &Target) -> Poster {
        let proxy = Proxy::try_from_env().filter(can_take);
        let mut config = agent(WHOLE, proxy).max_idle_connections(0);
        if target.uri().scheme_str() == Some("https") {
            config = config.tls_config(trust(Vec::new()));
        }
        Poster {
            agent: config.build().new_agent(),
        }
    }

    /// Sends an event once, signed as of now.
    pub(super) fn post(&self, target: &Target, secret: &Secret, event: &Event, now: Timestamp) -> Heard {
        let time = now.as_second();
        let mut request = Request::post(target.uri().clone())
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .header("webhook-id", &event.id)
            .header("webhook-timestamp", time)
            .header("webhook-signature", secret.sign(&event.id, time, &event.body));
        if let Some(authorization) = target.authorization() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let sent = match request.body(event.body.as_bytes()) {
            Ok(request) => self.agent.run(request),
            Err(error) => return Heard::Nothing(error.to_string()),
        };
        match sent {
            Ok(answer) => Heard::Status(answer.status().as_u16(), asked(answer.headers(), now)),
            Err(error) => Heard::Nothing(unanswered(&error)),
        }
    }
}
