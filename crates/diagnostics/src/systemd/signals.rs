//! What the bus tells by itself: the signals that are of interest, and their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt as _;
use tokio::sync::mpsc::{self, Receiver, Sender, error::TrySendError};
use tokio::task::JoinSet;
use zbus::message::{Sequence, Type};
use zbus::{Message, MessageStream};

use super::bus::{BUS, Bus, BusError, MANAGER, PROPERTIES, SYSTEMD};
use super::path;
use super::properties::Properties;
use crate::unit::UnitName;

/// Most signals that wait; when there are more, everything is read again instead.
const MAX_WAITING: usize = 1024;
/// Most units that are subscribed to one by one; the bus allows a connection a few hundred rules. With more, the signals of all
/// units of the machine come in.
const MAX_RULES: usize = 200;

/// The interface that all units have.
pub(super) const UNIT: &str = "org.freedesktop.systemd1.Unit";

/// Something happened.
pub(super) enum Event {
    /// Properties of a unit changed.
    Changed {
        unit: UnitName,
        /// Whether they are of the interface that all units have, or of that of its type.
        common: bool,
        properties: Box<Properties>,
        /// Its place among all messages of the connection.
        at: Sequence,
    },
    /// Units were reloaded, or files of units were enabled or disabled.
    Reloaded,
    /// systemd came to the bus or left it.
    Owner,
}

/// The events of a connection. They are taken off it as they come, whatever their reader does: a connection that nobody reads
/// would not bring answers to calls, either.
pub(super) struct Signals {
    events: Receiver<Event>,
    lost: Arc<AtomicBool>,
    _taking: JoinSet<()>,
}

impl Signals {
    /// Begins to take events off the connection.
    pub(super) fn of(bus: &Bus) -> Signals {
        let (sender, events) = mpsc::channel(MAX_WAITING);
        let lost = Arc::new(AtomicBool::new(false));
        let mut taking = JoinSet::new();
        taking.spawn(take(
            MessageStream::from(bus.connection()),
            sender,
            Arc::clone(&lost),
        ));
        Signals {
            events,
            lost,
            _taking: taking,
        }
    }

    /// The next event; `None` when the connection ended.
    pub(super) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// The next event, when it is there already.
    pub(super) fn waiting(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Whether events were lost since this was last asked.
    pub(super) fn were_lost(&self) -> bool {
        self.lost.swap(false, Ordering::AcqRel)
    }
}

async fn take(mut messages: MessageStream, events: Sender<Event>, lost: Arc<AtomicBool>) {
    while let Some(Ok(message)) = messages.next().await {
        let Some(event) = event(&message) else { continue };
        match events.try_send(event) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => lost.store(true, Ordering::Release),
            Err(TrySendError::Closed(_)) => return,
        }
    }
}

/// Asks for what is of interest whatever the units are.
pub(super) async fn subscribe(bus: &Bus) -> Result<(), BusError> {
    for member in ["Reloading", "UnitFilesChanged"] {
        bus.add_match(&format!(
            "type='signal',sender='{SYSTEMD}',interface='{MANAGER}',member='{member}'"
        ))
        .await?;
    }
    bus.add_match(&format!(
        "type='signal',sender='{BUS}',interface='{BUS}',member='NameOwnerChanged',arg0='{SYSTEMD}'"
    ))
    .await?;
    // Without a subscriber systemd sends no signals.
    bus.ask_manager("Subscribe", &(), |_| Ok(())).await
}

/// Asks for what happens to these units.
pub(super) async fn subscribe_to(bus: &Bus, units: &[UnitName]) -> Result<(), BusError> {
    let rule = |place: &str| {
        format!(
            "type='signal',sender='{SYSTEMD}',interface='{PROPERTIES}',member='PropertiesChanged',{place}"
        )
    };
    if units.len() > MAX_RULES {
        return bus
            .add_match(&rule(&format!("path_namespace='{}'", path::UNITS)))
            .await;
    }
    for unit in units {
        bus.add_match(&rule(&format!("path='{}'", path::of(unit))))
            .await?;
    }
    Ok(())
}

fn event(message: &Message) -> Option<Event> {
    if message.message_type() != Type::Signal {
        return None;
    }
    let header = message.header();
    match (header.interface()?.as_str(), header.member()?.as_str()) {
        (PROPERTIES, "PropertiesChanged") => {
            let unit = path::unit(header.path()?.as_str())?;
            let body = message.body();
            let (interface, properties, _): (&str, Properties, Vec<&str>) = body.deserialize().ok()?;
            Some(Event::Changed {
                unit,
                common: interface == UNIT,
                properties: Box::new(properties),
                at: message.recv_position(),
            })
        }
        // It comes twice, before and after.
        (MANAGER, "Reloading") => {
            let begins: bool = message.body().deserialize().ok()?;
            (!begins).then_some(Event::Reloaded)
        }
        (MANAGER, "UnitFilesChanged") => Some(Event::Reloaded),
        (BUS, "NameOwnerChanged") => Some(Event::Owner),
        _ => None,
    }
}
