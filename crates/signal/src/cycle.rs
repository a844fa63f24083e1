//! The walk of one cycle: gate → collect → report → deliver.

use std::fs;
use std::io;
use std::path::PathBuf;

use heliograph_wire::catalogue::Catalogue;
use heliograph_wire::id::ClusterId;
use heliograph_wire::segment::{self, Library, Sender, Track};
use jiff::Timestamp;

use crate::clock::Clock;
use crate::cluster_id;
use crate::collect::{self, Collection, Sources};
use crate::config::{Config, Secret};
use crate::deliver::{Delivered, Sink};
use crate::environment::Environment;
use crate::gate::{self, Decision};
use crate::http::Client;
use crate::http::proxy::Proxies;
use crate::http::trust::{InvalidCa, Trust};
use crate::preview;
use crate::report::Report;
use crate::source::Asker;
use crate::state::{self, State, StateError};

/// The program that messages say they come from.
pub const LIBRARY: Library = Library {
    name: "heliograph-signal",
    version: env!("CARGO_PKG_VERSION"),
};

/// How a command ended, as exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or telemetry is off.
    Done = 0,
    /// Nothing could be collected though something is switched on.
    NothingCollected = 2,
    /// Collected, but neither delivered nor kept.
    NotKept = 3,
}

/// The cycle could not begin; exit code 1.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No cluster id.
    #[error(transparent)]
    ClusterId(#[from] cluster_id::Error),
    /// The operator's CA can't be used.
    #[error(transparent)]
    Ca(#[from] InvalidCa),
    /// The state directory can't be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// There is no write key.
    #[error("no write key: set write_key_file, or write_key")]
    NoWriteKey,
    /// The write key's file can't be read, or is empty.
    #[error("write_key_file {}: {problem}", path.display())]
    WriteKey {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Making JSON failed, which it must not.
    #[error("the report could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// A configuration in its surroundings.
#[derive(Debug)]
pub struct Cycle<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The environment.
    pub environment: &'a Environment,
    /// The clock.
    pub clock: Clock,
}

impl Cycle<'_> {
    /// Whether anything may be collected; if not, says why, in one line.
    pub fn allowed(&self) -> bool {
        match gate::decide(self.environment.get("DO_NOT_TRACK"), &self.config.statements) {
            Decision::On => true,
            Decision::Off(why) => {
                tracing::info!("telemetry is off: {why}");
                false
            }
            Decision::NotUnderstood(why) => {
                tracing::error!("telemetry is off: {why}");
                false
            }
        }
    }

    /// Collects, and returns the preview's text, if there is anything to show.
    ///
    /// # Errors
    /// The cycle could not begin.
    pub fn preview(&self) -> Result<(Option<String>, Exit), Error> {
        if !self.allowed() {
            return Ok((None, Exit::Done));
        }
        let cluster = cluster_id::find(self.config)?;
        let (report, exit) = self.collect(&cluster, &self.client()?);
        let text = preview::render(&report, &cluster, self.config.customer_key.as_ref())?;
        Ok((Some(text), exit))
    }

    /// Collects and delivers.
    ///
    /// # Errors
    /// The cycle could not begin.
    pub fn report(&self) -> Result<Exit, Error> {
        if !self.allowed() {
            return Ok(Exit::Done);
        }
        let cluster = cluster_id::find(self.config)?;
        let key = self.write_key()?;
        let state = State::open(
            self.config
                .state_dir
                .clone()
                .unwrap_or_else(|| state::default_path(self.environment)),
        )?;
        let sender = Sender {
            cluster,
            user: self
                .config
                .customer_key
                .as_ref()
                .map(|key| key.expose().to_owned()),
            reporter: state.reporter()?,
            library: LIBRARY,
        };
        let client = self.client()?;
        // The hour is fixed before anything is asked: a report that is sent late is still that hour's.
        let at = self.clock.now();
        let (report, exit) = self.collect(&sender.cluster, &client);
        let messages = report.messages(&sender, at);
        if messages.is_empty() {
            return Ok(exit);
        }
        let sink = Sink {
            client: &client,
            url: &self.config.sink,
            key: &key,
            timeout: self.config.delivery_timeout,
        };
        Ok(self.deliver(&sink, &messages, at))
    }

    fn client(&self) -> Result<Client, InvalidCa> {
        let trust = Trust::new(self.config.ca_cert_path.as_deref())?;
        Ok(Client::new(Proxies::from(self.environment), trust))
    }

    fn collect(&self, cluster: &ClusterId, client: &Client) -> (Report, Exit) {
        let config = self.config;
        let catalogue = Catalogue::new(config.names, config.units.clone());
        let asker = Asker {
            client,
            catalogue: &catalogue,
            timeout: config.source_timeout,
        };
        let sources = Sources {
            diagnostics: &config.diagnostics_urls,
            cosmos: &config.cosmos_urls,
            mesos: &config.mesos_urls,
        };
        let collection = collect::collect(asker, sources);
        collect::log_oddities(&collection);
        (
            Report::new(&collection, config, cluster, &catalogue),
            exit_of(&collection),
        )
    }

    fn deliver(&self, sink: &Sink<'_>, messages: &[Track], at: Timestamp) -> Exit {
        // With --now the clock stands still, and so does the time of sending: both ends of the correction are the same.
        let texts: Vec<_> = messages.iter().map(Track::to_json).collect();
        let body = || segment::batch(texts.iter().map(String::as_str), self.clock.now());
        match sink.deliver(body) {
            Delivered::Yes => {
                let events: Vec<_> = messages.iter().map(Track::event).collect();
                tracing::info!(sink = %sink.url, collected = %heliograph_wire::time::rfc3339(at), "reported {}", events.join(", "));
                Exit::Done
            }
            Delivered::NotNow | Delivered::Refused => Exit::NotKept,
        }
    }

    fn write_key(&self) -> Result<Secret, Error> {
        if let Some(key) = &self.config.write_key {
            return Ok(key.clone());
        }
        let path = self.config.write_key_file.clone().ok_or(Error::NoWriteKey)?;
        let unusable = |problem: String| Error::WriteKey {
            path: path.clone(),
            problem,
        };
        let text = fs::read_to_string(&path).map_err(|error: io::Error| unusable(error.to_string()))?;
        let key = text.trim();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err(unusable("must hold the key and nothing else".to_owned()));
        }
        Ok(Secret::from(key.to_owned()))
    }
}

fn exit_of(collection: &Collection) -> Exit {
    if !collection.anything_on() {
        tracing::warn!("no source is switched on: set diagnostics_urls, cosmos_urls or mesos_urls");
        Exit::Done
    } else if collection.anything_said() {
        Exit::Done
    } else {
        tracing::error!("nothing could be collected");
        Exit::NothingCollected
    }
}
