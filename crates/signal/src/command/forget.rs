//! `forget`: opts out, then asks the collector to delete all it holds of this cluster. The one command that opens a connection
//! while telemetry is off; it does so because it was told to, and can be told again.

use std::io::{Read, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Error, opt};
use crate::cluster_id;
use crate::consent::Said;
use crate::cycle::Cycle;
use crate::ledger::Ledger;
use crate::ledger::record::Entry;
use crate::sink::{MAX_ANSWER, Sink, hint};

/// The collector's endpoint.
pub const PATH: &str = "/v1/forget";
/// How long the collector may take to note it; the deletion itself goes on there.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Opts out and asks.
///
/// # Errors
/// The collector did not say that it forgets.
pub fn forget(cycle: &Cycle<'_>, out: &mut dyn Write) -> Result<(), Error> {
    opt::say(cycle, Said::OptOut)?;
    cycle.delete_kept()?;
    writeln!(out, "Telemetry of this host is off.")?;
    let state = cycle.state()?;
    let cluster = cluster_id::find(cycle.config)?;
    let key = cycle.write_key()?;
    let client = cycle.client()?;
    let sink = Sink {
        client: &client,
        url: &cycle.config.sink,
        key: &key,
    };
    // Only who holds the secret that the reporter's id is made of may have the cluster forgotten.
    let body =
        json!({ "clusterId": cluster.as_str(), "reporterSecret": state.reporter_secret()? }).to_string();
    let failed = |what: String| {
        Error::Asked(format!(
            "{} did not say that it forgets this cluster: {what}; try again later",
            cycle.config.sink
        ))
    };
    let answer = sink.post(PATH, body.as_bytes(), &[], TIMEOUT).map_err(failed)?;
    let status = answer.status;
    let mut text = Vec::new();
    let read = answer.into_body().take(MAX_ANSWER).read_to_end(&mut text);
    let answer: Value = serde_json::from_slice(&text).unwrap_or_default();
    if !(200..300).contains(&status) || read.is_err() || answer.get("success") != Some(&Value::Bool(true)) {
        return Err(failed(format!("it answered {status}{}", hint(status))));
    }
    let target = cycle
        .config
        .sink
        .join(PATH)
        .map_or_else(String::new, |url| url.to_string());
    Ledger::open(&state)?.append(
        Entry::Forgotten {
            target,
            answer: answer.clone(),
        },
        cycle.clock.wall(),
    )?;
    writeln!(
        out,
        "{} forgets this cluster. Its receipt, which the ledger keeps:",
        cycle.config.sink
    )?;
    writeln!(
        out,
        "{}",
        serde_json::to_string_pretty(&answer).unwrap_or_default()
    )?;
    opt::others(out)
}
