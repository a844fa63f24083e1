//! One connection to systemd, from its beginning to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};
use zbus::message::Sequence;

use super::bus::{Bus, BusError, MANAGER_PATH, PROPERTIES};
use super::choose::choose;
use super::path;
use super::properties::Properties;
use super::signals::{self, Event, Signals, UNIT};
use super::{Counts, Setup};
use crate::clock::Clock;
use crate::model::Model;
use crate::node::Taken;
use crate::observation::Observation;
use crate::selection::Why;
use crate::unit::UnitName;

/// How long to wait before all is read anew, after a reload or when much happens: such things come in groups.
const SETTLE: Duration = Duration::from_secs(1);

/// Most units that are read beside the chosen ones, because they start these or are started by them. How further ones are is not
/// known.
const MAX_RELATED: usize = 1024;

/// When each unit was last read, among the messages of the connection: its common interface, and that of its type. Signals that
/// were sent before tell of the past.
type ReadAt = BTreeMap<UnitName, [Sequence; 2]>;

/// Connects, reads everything, and takes in what happens, until something is in the way, or units may be others and all has to
/// begin anew.
pub(super) async fn run(
    setup: &Setup,
    model: &watch::Sender<Model>,
    counts: &Counts,
    clock: &dyn Clock,
) -> Result<(), BusError> {
    let bus = Bus::connect(setup.bus.as_deref(), setup.timeout, &counts.rounds).await?;
    let mut events = Signals::of(&bus);
    signals::subscribe(&bus).await?;
    let mut read_at = read_all(&bus, setup, model, clock, true).await?;

    let mut probe = every(setup.probe);
    let mut again = every(setup.read);
    loop {
        tokio::select! {
            event = events.next() => {
                let mut event = event.ok_or(BusError::Closed)?;
                let mut changes = Vec::new();
                // What belongs together comes together: it is shown at once, never half of it.
                loop {
                    match event {
                        Event::Changed { unit, common, properties, at } => {
                            let known = read_at.get(&unit).map(|read| read[usize::from(!common)]);
                            if known.is_some_and(|read| read < at) {
                                changes.push((unit, properties));
                            }
                        }
                        Event::Owner => return Err(BusError::Gone),
                        Event::Reloaded => {
                            sleep(SETTLE).await;
                            return Ok(());
                        }
                    }
                    match events.waiting() {
                        Some(next) => event = next,
                        None => break,
                    }
                }
                counts.changes.inc_by(u64::try_from(changes.len()).unwrap_or(u64::MAX));
                take_in(model, &changes, clock);
                if events.were_lost() {
                    tracing::debug!("more happened than could be taken in");
                    sleep(SETTLE).await;
                    return Ok(());
                }
            }
            _ = probe.tick() => {
                bus.ask(MANAGER_PATH, "org.freedesktop.DBus.Peer", "Ping", &()).await?;
                model.send_modify(|model| model.confirm(taken(clock)));
            }
            _ = again.tick() => {
                let now = read_all(&bus, setup, model, clock, false).await?;
                // Others are to be subscribed to.
                if !now.keys().eq(read_at.keys()) {
                    return Ok(());
                }
                read_at = now;
            }
        }
    }
}

/// Ticks, the first after one period.
fn every(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    ticks
}

/// Connects, reads everything, and leaves.
pub(super) async fn read(
    setup: &Setup,
    model: &watch::Sender<Model>,
    clock: &dyn Clock,
) -> Result<(), BusError> {
    let bus = Bus::connect(setup.bus.as_deref(), setup.timeout, &Counter::default()).await?;
    // Answers are among the messages that must be taken off the connection.
    let _events = Signals::of(&bus);
    read_all(&bus, setup, model, clock, false).await.map(drop)
}

fn take_in(model: &watch::Sender<Model>, changes: &[(UnitName, Box<Properties>)], clock: &dyn Clock) {
    if changes.is_empty() {
        return;
    }
    let now = clock.uptime();
    model.send_modify(|model| {
        for (unit, properties) in changes {
            model.change(unit, |observation| properties.apply(observation), now);
        }
    });
}

/// Chooses the units, subscribes to them where asked to, reads them all, and then shows them at once.
async fn read_all(
    bus: &Bus,
    setup: &Setup,
    model: &watch::Sender<Model>,
    clock: &dyn Clock,
    subscribe: bool,
) -> Result<ReadAt, BusError> {
    let chosen = choose(bus, setup).await?;
    let mut chosen_by_id = BTreeMap::new();
    let mut read = BTreeMap::new();
    let mut related = BTreeSet::new();
    let asked: Vec<_> = chosen.keys().cloned().collect();
    for (asked, (name, unit)) in asked.iter().zip(read_units(bus, &asked, subscribe).await?) {
        if let Ok(observation) = &unit.seen {
            related.extend(
                observation
                    .triggers
                    .iter()
                    .chain(&observation.triggered_by)
                    .cloned(),
            );
            if observation.inactive_exit.is_none() {
                related.extend(observation.wanted_by.iter().cloned());
            }
        }
        let why = chosen.get(asked).copied().unwrap_or(Why::Found);
        let known = chosen_by_id.entry(name.clone()).or_insert(why);
        *known = why.max(*known);
        read.insert(name, unit);
    }
    let chosen = chosen_by_id;
    let related: Vec<_> = related
        .into_iter()
        .filter(|name| !read.contains_key(name))
        .take(MAX_RELATED)
        .collect();
    for (asked, (_, unit)) in related.iter().zip(read_units(bus, &related, subscribe).await?) {
        read.insert(asked.clone(), unit);
    }
    let read_at = read.iter().map(|(name, unit)| (name.clone(), unit.at)).collect();
    let moment = taken(clock);
    model.send_modify(|model| {
        let seen = read.into_iter().map(|(name, unit)| (name, unit.seen));
        model.replace(seen, &chosen, moment);
    });
    Ok(read_at)
}

/// Reads units, in this order, under the names that they have for themselves; subscribes to them before, where asked to.
async fn read_units(
    bus: &Bus,
    names: &[UnitName],
    subscribe: bool,
) -> Result<Vec<(UnitName, Read)>, BusError> {
    if subscribe {
        signals::subscribe_to(bus, names).await?;
    }
    let mut units = Vec::new();
    for name in names {
        let mut unit = read_unit(bus, name).await?;
        let id = unit.id.take().unwrap_or_else(|| name.clone());
        if id != *name {
            // It was an alias: what happens is told under the unit's own name, from before it is read on.
            if subscribe {
                signals::subscribe_to(bus, std::slice::from_ref(&id)).await?;
            }
            unit = read_unit(bus, &id).await?;
        }
        units.push((id, unit));
    }
    Ok(units)
}

/// A unit as it was read.
struct Read {
    seen: Result<Observation, String>,
    /// Its own name.
    id: Option<UnitName>,
    at: [Sequence; 2],
}

impl Read {
    /// Nothing is known of it, for this reason.
    fn nothing(why: String) -> Read {
        Read {
            seen: Err(why),
            id: None,
            at: [Sequence::default(); 2],
        }
    }
}

/// Reads a unit. What is wrong with one unit alone is no fault of the connection.
async fn read_unit(bus: &Bus, name: &UnitName) -> Result<Read, BusError> {
    let path = path::of(name);
    let interface = type_interface(name);
    let mut at = [Sequence::default(); 2];
    let mut seen = Properties::default().observation(name);
    let mut id = None;
    for (interface, at) in [UNIT, &interface].into_iter().zip(&mut at) {
        let answer = match bus.ask(&path, PROPERTIES, "GetAll", &interface).await {
            Ok(answer) => answer,
            Err(BusError::Refused { why, .. }) => {
                return Ok(Read::nothing(format!("systemd does not describe it: {why}")));
            }
            Err(error) => return Err(error),
        };
        *at = answer.recv_position();
        let properties: Properties = match answer.body().deserialize() {
            Ok(properties) => properties,
            Err(error) => {
                return Ok(Read::nothing(format!(
                    "systemd's description of it is not understood: {error}"
                )));
            }
        };
        properties.apply(&mut seen);
        id = id.or(properties.id.and_then(|id| id.parse().ok()));
    }
    Ok(Read {
        seen: Ok(seen),
        id,
        at,
    })
}

/// `a.service` has the interface `org.freedesktop.systemd1.Service`.
fn type_interface(name: &UnitName) -> String {
    let suffix = name.suffix();
    let (head, tail) = suffix.split_at(suffix.len().min(1));
    format!("org.freedesktop.systemd1.{}{tail}", head.to_ascii_uppercase())
}

fn taken(clock: &dyn Clock) -> Taken {
    Taken {
        at: clock.now(),
        uptime: clock.uptime(),
    }
}
