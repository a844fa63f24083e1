//! The walk of one cycle: gate → collect → report → spool → ledger → deliver.

mod asking;
mod end;
mod write_key;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use heliograph_wire::id::{ClusterId, Hour};
use heliograph_wire::parcel::{Kind, Parcel};
use heliograph_wire::segment::{self, Library, Sender, Track};
use heliograph_wire::time::rfc3339;
use jiff::Timestamp;

use crate::attempt::Attempt;
use crate::clock::{Clock, Deadline};
use crate::cluster_id;
use crate::config::Config;
use crate::consent::{Consent, Unreadable};
use crate::deliver::{Delivery, Outcome};
use crate::environment::Environment;
use crate::gate::{self, Decision, Voices};
use crate::heard::Heard;
use crate::http::Client;
use crate::http::proxy::Proxies;
use crate::http::trust::{InvalidCa, Trust};
use crate::ledger::{self, Ledger};
use crate::notice;
use crate::pin::Pin;
use crate::preview;
use crate::sink::Sink;
use crate::spool::Spool;
use crate::spread;
use crate::state::{self, State, StateError};

pub use end::{Error, Exit};

/// The program that messages say they come from.
pub const LIBRARY: Library = Library {
    name: "heliograph-signal",
    version: env!("CARGO_PKG_VERSION"),
};

/// A configuration in its surroundings.
#[derive(Debug)]
pub struct Cycle<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The environment.
    pub environment: &'a Environment,
    /// The clock.
    pub clock: Clock,
    /// Set when this process is to end soon: no further request is begun.
    pub stop: &'a AtomicBool,
}

/// Who asked for a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// An operator, by hand: at once, whatever was tried before.
    ByHand,
    /// A service manager or the loop: an hour that was tried is not tried again, and waits are kept.
    ByTimer,
}

impl Cycle<'_> {
    /// Where the state directory is; it need not exist.
    pub fn state_path(&self) -> PathBuf {
        self.config
            .state_dir
            .clone()
            .unwrap_or_else(|| state::default_path(self.environment))
    }

    /// The state directory, made where it is missing.
    ///
    /// # Errors
    /// It can't be made.
    pub fn state(&self) -> Result<State, StateError> {
        State::open(self.state_path())
    }

    /// Asks the gate.
    ///
    /// # Errors
    /// What this host's operator said can't be read.
    pub fn decide(&self) -> Result<Decision, Unreadable> {
        let do_not_track = self.environment.get("DO_NOT_TRACK");
        // It beats all else, also what can't be read.
        let consent = match Consent::read(&self.state_path()) {
            Err(_) if do_not_track.is_some_and(gate::forbids) => Consent::default(),
            consent => consent?,
        };
        let voices = Voices {
            do_not_track,
            consent,
            statements: &self.config.statements,
            packager: &self.config.packager,
            notice_period: self.config.notice_period,
        };
        Ok(gate::decide(voices, self.clock.wall()))
    }

    /// Whether the gate is open now; a gate that can't be asked is closed.
    pub fn is_on(&self) -> bool {
        matches!(self.decide(), Ok(Decision::On(_)))
    }

    /// Collects for the screen, and returns the preview's text, if telemetry is not off.
    ///
    /// # Errors
    /// The cycle could not begin.
    pub fn preview(&self) -> Result<(Option<String>, Exit), Error> {
        if self.closed_for_preview()? {
            return Ok((None, Exit::Done));
        }
        let cluster = cluster_id::find(self.config)?;
        let (report, _, exit) = self.collect(&cluster, &self.client()?);
        let user = self
            .config
            .customer_key
            .as_ref()
            .filter(|_| self.config.selection.admits_user());
        Ok((Some(preview::render(&report, &cluster, user)?), exit))
    }

    /// Collects for the screen, and returns the body that a report at this moment would send, byte for byte.
    ///
    /// # Errors
    /// The cycle could not begin.
    pub fn preview_wire(&self) -> Result<(Option<String>, Exit), Error> {
        if self.closed_for_preview()? {
            return Ok((None, Exit::Done));
        }
        let cluster = cluster_id::find(self.config)?;
        let sender = self.sender(cluster, &self.state()?)?;
        let at = self.clock.now();
        let (report, _, exit) = self.collect(&sender.cluster, &self.client()?);
        let messages: Vec<_> = report.messages(&sender, at).iter().map(Track::to_json).collect();
        let body = segment::batch(messages.iter().map(String::as_str), self.clock.now());
        Ok((Some(String::from_utf8_lossy(&body).into_owned()), exit))
    }

    /// Whether the gate keeps even a preview from being made; says so.
    ///
    /// # Errors
    /// The gate can't be asked.
    pub fn closed_for_preview(&self) -> Result<bool, Error> {
        let decision = self.decide()?;
        if let Decision::Notice { .. } = decision {
            tracing::info!("nothing is sent yet: see explain");
            return Ok(false);
        }
        Ok(!self.open(&decision))
    }

    /// Collects, keeps, and delivers.
    ///
    /// # Errors
    /// The cycle could not begin, or the disk does not let it go on.
    pub fn report(&self, asked: Asked) -> Result<Exit, Error> {
        if !self.pass_gate()? {
            return Ok(Exit::Done);
        }
        let cluster = cluster_id::find(self.config)?;
        let state = self.state()?;
        let sender = self.sender(cluster, &state)?;
        let client = self.client()?;
        let spool = Spool::open(&state, self.config.spool)?;

        // The hour is fixed before anything is asked: a report that is sent late is still that hour's.
        let at = self.clock.now();
        let (loose, exit) = self.collect_and_keep(asked, &sender, &client, &state, &spool, at)?;
        let had_loose = loose.len();
        // A report that can't be sent for want of a key is kept all the same: a bundle may carry it out.
        let key = match self.write_key() {
            Err(Error::NoWriteKey) if had_loose == 0 => {
                tracing::warn!(
                    "kept, not sent: {}; or carry it out with `bundle write`",
                    Error::NoWriteKey
                );
                return Ok(exit);
            }
            key => key?,
        };
        let sink = Sink {
            client: &client,
            url: &self.config.sink,
            key: &key,
        };
        let outcome = match self.deliver(
            &state,
            &spool,
            sink,
            loose,
            asked == Asked::ByTimer,
            self.config.delivery_timeout,
        ) {
            Ok(outcome) => outcome,
            Err(error) if had_loose > 0 => {
                tracing::error!("neither kept nor delivered: {}", crate::cause::chain(&error));
                return Ok(Exit::NotKept);
            }
            // What was collected is safe, and a later cycle sends it: nothing was asked for in vain.
            Err(error) => {
                tracing::error!(
                    "nothing is sent, and what is kept stays: {}",
                    crate::cause::chain(&error)
                );
                return Ok(exit);
            }
        };
        if outcome.loose_done < had_loose {
            tracing::error!(
                "neither kept nor delivered: {}",
                outcome.kept_back.unwrap_or_default()
            );
            return Ok(Exit::NotKept);
        }
        if let Some(reason) = &outcome.kept_back {
            tracing::debug!("kept in {}: {reason}", spool.path().display());
        }
        // Refused for good is neither delivered nor kept to be: somebody must look.
        if outcome.refused > 0 {
            Ok(Exit::NotKept)
        } else {
            Ok(exit)
        }
    }

    /// Collects, unless this hour was tried, and keeps what was collected. Returns the parcels that could not be kept.
    fn collect_and_keep(
        &self,
        asked: Asked,
        sender: &Sender,
        client: &Client,
        state: &State,
        spool: &Spool,
        at: Timestamp,
    ) -> Result<(Vec<Parcel>, Exit), Error> {
        let hour = Hour::of(at);
        if asked == Asked::ByTimer && Attempt::read(state).covers(hour) {
            tracing::debug!("{hour} was tried already; what is kept is tried again");
            return Ok((Vec::new(), Exit::Done));
        }
        let attempt = Attempt::begin(state, hour);
        let (report, tried, exit) = self.collect(&sender.cluster, client);
        Heard::read(state).then(self.clock.wall(), &tried).write(state);
        let messages = report.messages(sender, at);
        // Asked again: telemetry may have been switched off while the sources were answering.
        if messages.is_empty() || !self.is_on() {
            attempt.finish(state);
            return Ok((Vec::new(), exit));
        }
        let events: Vec<_> = messages.iter().map(Track::event).collect();
        let (events, collected) = (events.join(", "), rfc3339(at));
        let mut loose = Vec::new();
        for (part, parcel) in (1..).zip(parcels(Kind::Report, at, messages.iter().map(Track::to_json))) {
            match spool.put_part(&parcel, part, self.clock.wall()) {
                Ok(entry) => tracing::debug!(collected, parcel = entry.name, "collected {events}"),
                Err(error) => {
                    if loose.is_empty() {
                        tracing::error!(
                            "the report can't be kept, so it must be delivered now: {}",
                            crate::cause::chain(&error)
                        );
                    }
                    loose.push(parcel);
                }
            }
        }
        attempt.finish(state);
        self.forsake_if_off()?;
        Ok((loose, exit))
    }

    /// Deletes what was kept while telemetry was being switched off: whoever did so had cleared the spool already.
    ///
    /// # Errors
    /// It can't be deleted.
    pub fn forsake_if_off(&self) -> Result<(), Error> {
        match self.decide() {
            Ok(Decision::Off(_)) => self.delete_kept(),
            _ => Ok(()),
        }
    }

    /// Delivers what is kept, if no other process is doing so.
    ///
    /// # Errors
    /// The disk does not let it go on.
    pub fn deliver(
        &self,
        state: &State,
        spool: &Spool,
        sink: Sink<'_>,
        loose: Vec<Parcel>,
        patient: bool,
        timeout: Duration,
    ) -> Result<Outcome, Error> {
        let Some(_lock) = self.try_lock(state)? else {
            tracing::info!("another process is delivering");
            return Ok(Outcome {
                kept_back: Some("another process is delivering".to_owned()),
                ..Outcome::default()
            });
        };
        let mut ledger = Ledger::open(state)?;
        let allowed = || !self.stop.load(Ordering::Relaxed) && self.is_on();
        let pin = Pin::load(self.config.receipt_key.as_deref(), state);
        let clock = self.clock;
        let selection = &self.config.selection;
        let mut delivery = Delivery {
            selection,
            state,
            spool,
            ledger: &mut ledger,
            sink,
            pin,
            clock,
            timeout,
            allowed: &allowed,
            patient,
        };
        let outcome = delivery.run(loose)?;
        if outcome.delivered > 0 {
            tracing::info!(sink = %self.config.sink, messages = outcome.delivered, "delivered");
        }
        ledger.prune(self.clock.wall(), ledger::MAX_AGE, ledger::MAX_BODY_BYTES)?;
        Ok(outcome)
    }

    /// The lock of what only one process may do, waited for.
    ///
    /// # Errors
    /// The lock's file can't be made or locked.
    pub fn lock(&self, state: &State) -> Result<fs::File, Error> {
        let write = |source| Error::Write {
            path: state.path().join("lock"),
            source,
        };
        let lock = state.lock_file("lock").map_err(write)?;
        lock.lock().map_err(write)?;
        Ok(lock)
    }

    /// The lock of what only one process may do; `None` while another holds it.
    ///
    /// # Errors
    /// The lock's file can't be made.
    pub fn try_lock(&self, state: &State) -> Result<Option<fs::File>, Error> {
        let write = |source| Error::Write {
            path: state.path().join("lock"),
            source,
        };
        let lock = state.lock_file("lock").map_err(write)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(write(error)),
        }
    }

    /// Whether the gate is open. Says why not, and does what that asks for: stated off deletes what is kept, a fresh
    /// installation is shown the notice.
    ///
    /// # Errors
    /// The gate can't be asked, or what must be deleted or remembered can't.
    pub fn pass_gate(&self) -> Result<bool, Error> {
        let decision = self.decide()?;
        match &decision {
            Decision::Off(_) => self.delete_kept()?,
            Decision::Notice { until } => notice::show(*until, self)?,
            Decision::On(_) | Decision::NotUnderstood(_) => {}
        }
        Ok(self.open(&decision))
    }

    /// Deletes what is kept to be sent; nothing is made that is not there.
    ///
    /// # Errors
    /// It can't be deleted.
    pub fn delete_kept(&self) -> Result<(), Error> {
        let path = self.state_path();
        if path.join("spool").exists() {
            let deleted = Spool::open(&State::open(path)?, self.config.spool)?.clear()?;
            if deleted > 0 {
                tracing::info!("deleted {deleted} parcels that were kept to be sent");
            }
        }
        Ok(())
    }

    fn open(&self, decision: &Decision) -> bool {
        match decision {
            Decision::On(_) => true,
            Decision::Off(why) => {
                tracing::info!("telemetry is off: {why}");
                false
            }
            Decision::NotUnderstood(why) => {
                tracing::error!("telemetry is off: {why}");
                false
            }
            Decision::Notice { .. } => false,
        }
    }

    /// Waits for the cluster's offset within the hour; ends early when this process is to stop.
    ///
    /// # Errors
    /// There is no cluster id.
    pub fn wait_for_offset(&self) -> Result<(), Error> {
        if !self.is_on() {
            return Ok(());
        }
        let wait = spread::wait(&cluster_id::find(self.config)?, self.clock.now());
        tracing::debug!("waiting {} s for this cluster's minute", wait.as_secs());
        let deadline = Deadline::after(wait);
        while !deadline.left().is_zero() && !self.stop.load(Ordering::Relaxed) {
            thread::sleep(deadline.left().min(Duration::from_millis(200)));
        }
        Ok(())
    }

    /// The way out.
    ///
    /// # Errors
    /// The operator's CA can't be used.
    pub fn client(&self) -> Result<Client, InvalidCa> {
        let trust = Trust::new(self.config.ca_cert_path.as_deref())?;
        Ok(Client::new(Proxies::from(self.environment), trust))
    }

    /// Who the messages come from.
    ///
    /// # Errors
    /// The reporter's secret can't be read or made.
    pub fn sender(&self, cluster: ClusterId, state: &State) -> Result<Sender, StateError> {
        let user = self
            .config
            .customer_key
            .as_ref()
            .filter(|_| self.config.selection.admits_user());
        let user = user.map(|key| key.expose().to_owned());
        Ok(Sender {
            cluster,
            user,
            reporter: state.reporter()?,
            library: LIBRARY,
        })
    }
}

/// Messages in as few parcels as the limits of a batch allow; mostly one.
fn parcels(kind: Kind, collected: Timestamp, messages: impl Iterator<Item = String>) -> Vec<Parcel> {
    let mut parcels: Vec<Parcel> = Vec::new();
    for message in messages {
        let full = |parcel: &Parcel| {
            parcel.size() + message.len() + 128 > segment::MAX_BATCH
                || parcel.messages.len() == segment::MAX_BATCH_MESSAGES
        };
        match parcels.last_mut() {
            Some(parcel) if !full(parcel) => parcel.messages.push(message),
            _ => parcels.push(Parcel {
                kind,
                collected,
                messages: vec![message],
            }),
        }
    }
    parcels
}
