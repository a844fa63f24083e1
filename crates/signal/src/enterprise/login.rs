//! The token that sources of DC/OS Enterprise are shown: had once a cycle by logging in, kept in memory only, and had anew once
//! when a source will not take it. Without a token sources are asked without one: some take that, and those that don't say so.

use std::io::Read as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::Place;
use super::account::{InvalidAccount, ServiceAccount};
use crate::clock::Clock;
use crate::config::Secret;
use crate::http::{Client, Failure, Limits, Method, Request};

/// How long a login may take in all.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Most that is read of the answer, in bytes.
const MAX_ANSWER: u64 = 64 << 10;
/// Longest token that is taken, in bytes: it must fit into a header.
const MAX_TOKEN: usize = 8 << 10;

/// A login, and what came of it.
#[derive(Debug)]
pub struct Login<'a> {
    client: &'a Client,
    account: Result<ServiceAccount, String>,
    clock: Clock,
    had: Mutex<Had>,
}

#[derive(Debug)]
struct Had {
    token: Result<Secret, String>,
    renewed: bool,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
enum NoToken {
    #[error(transparent)]
    Failure(#[from] Failure),
    #[error("{0}")]
    Sign(String),
    #[error("answered {0}: the service account is not known there, or this is not its key")]
    Refused(u16),
    #[error("answered {0}, not 200")]
    Status(u16),
    #[error("its answer holds no token")]
    Answer,
}

impl<'a> Login<'a> {
    /// Logs in with the account of this place. What is wrong is logged, once.
    pub fn begin(client: &'a Client, place: &Place, clock: Clock) -> Login<'a> {
        let account = ServiceAccount::read(&place.path);
        match &account {
            Err(error @ InvalidAccount::Missing(_)) if !place.expected => tracing::debug!("{error}"),
            Err(error) => tracing::warn!("sources are asked without a token: {error}"),
            Ok(_) => {}
        }
        let account = account.map_err(|error| error.to_string());
        let token = match &account {
            Ok(account) => token(client, account, clock)
                .inspect_err(|why| tracing::warn!("sources are asked without a token: {why}")),
            Err(why) => Err(why.clone()),
        };
        let renewed = false;
        Login {
            client,
            account,
            clock,
            had: Mutex::new(Had { token, renewed }),
        }
    }

    /// The token, if one was had.
    pub fn token(&self) -> Option<Secret> {
        self.had().token.clone().ok()
    }

    /// Another token than this one, which a source did not take: the one that was had anew meanwhile, or is now. Once only.
    pub fn instead_of(&self, refused: &Secret) -> Option<Secret> {
        let mut had = self.had();
        let is_same = had.token.as_ref().is_ok_and(|token| token == refused);
        if is_same && had.renewed {
            return None;
        }
        if is_same && let Ok(account) = &self.account {
            had.renewed = true;
            had.token = token(self.client, account, self.clock)
                .inspect_err(|why| tracing::warn!("the token is not taken, and no other to be had: {why}"));
        }
        had.token.clone().ok()
    }

    /// Why there is no token, where there is none.
    pub fn problem(&self) -> Option<String> {
        self.had().token.as_ref().err().cloned()
    }

    fn had(&self) -> std::sync::MutexGuard<'_, Had> {
        self.had.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn token(client: &Client, account: &ServiceAccount, clock: Clock) -> Result<Secret, String> {
    ask(client, account, clock).map_err(|why| format!("login at {}: {why}", account.login_endpoint))
}

fn ask(client: &Client, account: &ServiceAccount, clock: Clock) -> Result<Secret, NoToken> {
    let word = account.sign(clock.wall()).map_err(NoToken::Sign)?;
    let body = json!({ "uid": account.uid, "token": word.expose() }).to_string();
    let limits = Limits {
        connect: TIMEOUT,
        head: TIMEOUT,
        total: TIMEOUT,
    };
    let answer = client.send(
        Request {
            method: Method::Post,
            url: &account.login_endpoint,
            headers: &[("content-type", "application/json")],
            body: body.as_bytes(),
            // Who is asked for a login is not to send it elsewhere.
            follow: false,
        },
        limits,
    )?;
    match answer.status {
        200 => {}
        status @ (401 | 403) => return Err(NoToken::Refused(status)),
        status => return Err(NoToken::Status(status)),
    }
    let mut text = Vec::new();
    let read = answer.into_body().take(MAX_ANSWER).read_to_end(&mut text);
    read.map_err(|_| NoToken::Answer)?;
    let answer: Value = serde_json::from_slice(&text).map_err(|_| NoToken::Answer)?;
    let token = answer.get("token").and_then(Value::as_str).unwrap_or_default();
    let fits = !token.is_empty() && token.len() <= MAX_TOKEN;
    if !fits || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(NoToken::Answer);
    }
    Ok(token.to_owned().into())
}
