//! `event install|upgrade|uninstall started|succeeded|failed`: for installers to call. The same gate, plan, spool and ledger; and
//! only where somebody said yes for this installation: that nobody said no is not enough here.

use std::time::Duration;

use heliograph_wire::parcel::{Kind, Parcel};
use heliograph_wire::plan::Plan;
use heliograph_wire::segment::{Properties, Track};

use super::Error;
use crate::cluster_id;
use crate::cycle::{Cycle, Exit};
use crate::gate::Decision;
use crate::sink::Sink;
use crate::spool::Spool;

/// The event's name in the plan.
pub const EVENT: &str = "installation";
/// An installer does not wait longer than this for the event to leave; what did not leave is kept.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What an installer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened<'a> {
    /// `install`, `upgrade` or `uninstall`.
    pub action: &'a str,
    /// `started`, `succeeded` or `failed`.
    pub outcome: &'a str,
    /// One of the plan's phases.
    pub phase: Option<&'a str>,
    /// The version before.
    pub from: Option<&'a str>,
    /// The version after.
    pub to: Option<&'a str>,
}

/// Keeps the event, and tries to deliver it.
///
/// # Errors
/// It is not in the plan, or can't be kept.
pub fn event(cycle: &Cycle<'_>, happened: &Happened<'_>) -> Result<Exit, Error> {
    let own = properties(happened)?;
    if !cycle.pass_gate()? {
        return Ok(Exit::Done);
    }
    if let Decision::On(why) = cycle.decide()?
        && !why.explicit
    {
        tracing::info!("not sent: installation events need a yes, enabled = true or opt-in");
        return Ok(Exit::Done);
    }
    let state = cycle.state()?;
    let sender = cycle.sender(cluster_id::find(cycle.config)?, &state)?;
    let at = cycle.clock.now();
    let mut properties: Properties = crate::report::common(&cycle.licensed(), &sender.cluster)
        .into_iter()
        .chain(own)
        .collect();
    cycle.config.selection.filter(EVENT, &mut properties);
    let message = Track::with_id(&sender, EVENT, random_id()?, properties, at).to_json();
    let parcel = Parcel {
        kind: Kind::Event,
        collected: at,
        messages: vec![message],
    };
    let spool = Spool::open(&state, cycle.config.spool)?;
    let loose = match spool.put(&parcel, cycle.clock.wall()) {
        Ok(_) => Vec::new(),
        Err(error) => {
            tracing::error!(
                "the event can't be kept, so it must be delivered now: {}",
                crate::cause::chain(&error)
            );
            vec![parcel]
        }
    };
    cycle.forsake_if_off()?;
    let unkept = loose.len();
    // Kept is enough for an installer; delivery is tried because after a failed one nothing may run here again.
    let mut done = 0;
    match cycle.write_key() {
        Err(error) => tracing::debug!("not delivered: {error}"),
        Ok(key) => {
            let client = cycle.client()?;
            let sink = Sink {
                client: &client,
                url: &cycle.config.sink,
                key: &key,
            };
            match cycle.deliver(&state, &spool, sink, loose, true, TIMEOUT) {
                Ok(outcome) => done = outcome.loose_done,
                Err(error) => tracing::warn!("not delivered: {}", crate::cause::chain(&error)),
            }
        }
    }
    if done < unkept {
        tracing::error!("the event is neither kept nor delivered");
        return Ok(Exit::NotKept);
    }
    Ok(Exit::Done)
}

fn properties(happened: &Happened<'_>) -> Result<Properties, Error> {
    let said = [
        ("action", Some(happened.action)),
        ("outcome", Some(happened.outcome)),
        ("phase", happened.phase),
        ("from_version", happened.from),
        ("to_version", happened.to),
    ];
    let mut properties = Properties::new();
    for (name, value) in said {
        let Some(value) = value else { continue };
        let Some(planned) = Plan::built_in().property(EVENT, name) else {
            continue;
        };
        let known = if planned.values.is_empty() {
            is_version(value)
        } else {
            planned.values.iter().any(|known| known == value)
        };
        if !known {
            let expected = if planned.values.is_empty() {
                "a version, such as 1.10.2".to_owned()
            } else {
                format!("one of {}", planned.values.join(", "))
            };
            return Err(Error::Asked(format!(
                "{name}: expected {expected}, found {value:?}"
            )));
        }
        properties.insert(name.to_owned(), value.into());
    }
    Ok(properties)
}

/// A version as systems write them, and no free text.
fn is_version(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".+~-".contains(&byte);
    (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(plain)
}

fn random_id() -> Result<String, Error> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| Error::Asked(format!("no random numbers: {error}")))?;
    Ok(uuid::Builder::from_random_bytes(random).into_uuid().to_string())
}
