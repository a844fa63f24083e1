//! `forget`: opts out, then asks the collector to delete all it holds of this cluster. The one command that opens a connection
//! while telemetry is off; it does so because it was told to, and can be told again.

use std::io::{Read, Write};
use std::time::Duration;

use heliograph_wire::id::unhex;
use heliograph_wire::receipt;
use serde_json::{Value, json};

use super::{Error, opt};
use crate::cluster_id;
use crate::consent::Said;
use crate::cycle::Cycle;
use crate::ledger::Ledger;
use crate::ledger::record::Entry;
use crate::ledger::verify::check_signature;
use crate::pin::Pin;
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
    let pin = Pin::load(cycle.config.receipt_key.as_deref(), &state);
    if pin.key().is_none() {
        let sink = &cycle.config.sink;
        return Err(Error::Asked(format!(
            "{sink} never gave a receipt, so it is not known to be a collector that forgets; if it is one, set receipt_key, else ask its owner"
        )));
    }
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
    check(&answer, cluster.as_str(), pin.key())
        .map_err(|problem| failed(format!("its signature {problem}")))?;
    let target = cycle
        .config
        .sink
        .join(PATH)
        .map_or_else(String::new, |url| url.to_string());
    // Another process may be in the middle of a delivery, which it will end now that telemetry is off.
    let _lock = cycle.lock(&state)?;
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
    opt::others(cycle, out)
}

/// Whether the collector signed that it forgets this cluster.
fn check(answer: &Value, cluster: &str, key: Option<&[u8]>) -> Result<(), &'static str> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let forgotten = answer.get("forgotten").ok_or("is missing")?;
    let said = |name: &str| text(forgotten.get(name)).ok_or("is over something else");
    if said("clusterId")? != cluster {
        return Err("is over another cluster");
    }
    let signed = receipt::forgotten(cluster, &said("scope")?, &said("at")?);
    let signature = text(answer.get("signature"))
        .and_then(unhex)
        .ok_or("is missing")?;
    check_signature(&signed, &signature, key.ok_or("can't be checked")?)
}
