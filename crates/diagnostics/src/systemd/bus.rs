//! The connection to the bus. Every call has a time limit.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use serde::Serialize;
use tokio::time::timeout;
use zbus::connection::Builder;
use zbus::message::Body;
use zbus::{Connection, DynamicType, Message};

/// systemd's name on the bus.
pub(super) const SYSTEMD: &str = "org.freedesktop.systemd1";
/// The bus' own name, which is also its interface.
pub(super) const BUS: &str = "org.freedesktop.DBus";
/// The interface of properties.
pub(super) const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// The interface of the manager.
pub(super) const MANAGER: &str = "org.freedesktop.systemd1.Manager";
/// Where the manager is.
pub(super) const MANAGER_PATH: &str = "/org/freedesktop/systemd1";

/// systemd can't be asked.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// No connection to the bus can be made.
    #[error("the system bus can't be reached: {0}")]
    Connect(String),
    /// No answer came in time.
    #[error("{who} has not answered {what} for {} s", after.as_secs_f32())]
    Silent {
        /// Who was asked.
        who: &'static str,
        /// What it was asked.
        what: &'static str,
        /// For how long.
        after: Duration,
    },
    /// It refused, or gave an answer that is not understood.
    #[error("{what} failed: {why}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// The connection ended.
    #[error("the connection to the system bus ended")]
    Closed,
    /// systemd left the bus.
    #[error("systemd left the system bus")]
    Gone,
}

/// Longest text of the bus' library that is passed on, in bytes.
const MAX_WHY: usize = 200;

impl BusError {
    pub(super) fn refused(what: &'static str, error: &zbus::Error) -> BusError {
        BusError::Refused {
            what,
            why: text(error),
        }
    }
}

/// The library's errors tell their causes themselves.
fn text(error: &zbus::Error) -> String {
    let text = error.to_string();
    text[..text.floor_char_boundary(MAX_WHY)].to_owned()
}

/// A connection.
pub(super) struct Bus {
    connection: Connection,
    timeout: Duration,
    /// Counts answers: a read of many units is a long time without anything else.
    answers: Counter,
}

impl Bus {
    pub(super) async fn connect(
        address: Option<&str>,
        limit: Duration,
        answers: &Counter,
    ) -> Result<Bus, BusError> {
        let builder = match address {
            Some(address) => Builder::address(address),
            None => Builder::system(),
        };
        match timeout(limit, builder.build()).await {
            Ok(connected) => Ok(Bus {
                connection: connected.map_err(|error| BusError::Connect(text(&error)))?,
                timeout: limit,
                answers: answers.clone(),
            }),
            Err(_) => Err(BusError::Silent {
                who: "the system bus",
                what: "a greeting",
                after: limit,
            }),
        }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Calls a method of systemd.
    pub(super) async fn ask<B: Serialize + DynamicType>(
        &self,
        path: &str,
        interface: &'static str,
        method: &'static str,
        body: &B,
    ) -> Result<Message, BusError> {
        self.call("systemd", SYSTEMD, path, interface, method, body).await
    }

    /// Calls a method of the manager, and reads its answer.
    pub(super) async fn ask_manager<B: Serialize + DynamicType, A>(
        &self,
        method: &'static str,
        body: &B,
        read: impl FnOnce(&Body) -> zbus::Result<A>,
    ) -> Result<A, BusError> {
        let answer = self.ask(MANAGER_PATH, MANAGER, method, body).await?;
        read(&answer.body()).map_err(|error| BusError::refused(method, &error))
    }

    /// Asks the bus for the signals that fit a rule.
    pub(super) async fn add_match(&self, rule: &str) -> Result<(), BusError> {
        self.call(
            "the system bus",
            BUS,
            "/org/freedesktop/DBus",
            BUS,
            "AddMatch",
            &rule,
        )
        .await
        .map(drop)
    }

    async fn call<B: Serialize + DynamicType>(
        &self,
        who: &'static str,
        to: &'static str,
        path: &str,
        interface: &'static str,
        method: &'static str,
        body: &B,
    ) -> Result<Message, BusError> {
        let call = self
            .connection
            .call_method(Some(to), path, Some(interface), method, body);
        match timeout(self.timeout, call).await {
            Ok(Ok(answer)) => {
                self.answers.inc();
                Ok(answer)
            }
            Ok(Err(zbus::Error::InputOutput(_))) => Err(BusError::Closed),
            Ok(Err(error)) => Err(BusError::refused(method, &error)),
            Err(_) => Err(BusError::Silent {
                who,
                what: method,
                after: self.timeout,
            }),
        }
    }
}
