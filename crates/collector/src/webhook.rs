//! The webhook: tells one endpoint of every changed verdict, at least once, in their order.
//!
//! What is to be told lies in the store from the transaction on in which it was noticed, until the endpoint answers with 2xx. Anything
//! else is tried again, ever later, for five days; what comes behind waits. 410 means that nobody wants to be told any more. An
//! event has the same id and the same content each time, so that a receiver can tell repeats; [`sign`] says how it is signed.

mod event;
mod pace;
mod post;
mod sign;
mod target;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;
use std::{io, thread};

use uuid::Uuid;

use self::event::Event;
pub(crate) use self::event::url;
pub use self::event::{CHANGED, TEST};
pub use self::pace::Heard;
use self::pace::{GIVEN_UP_AFTER, Ruling, rule};
use self::post::Poster;
pub use self::sign::{Secret, SecretError};
pub use self::target::{NoTarget, Target};
use crate::clock::Clock;
use crate::config::{Config, PublicUrl};
use crate::entropy::{Entropy, NoEntropy, message_id};
use crate::store::{Posted, Reader, Waiting};
use crate::writer::{Queue, chain};

/// Between two looks whether there is something to tell.
const LOOK: Duration = Duration::from_secs(1);

/// Where changes are told, and what that is signed with.
#[derive(Debug, Clone)]
pub struct Webhook {
    target: Target,
    secret: Secret,
    public: Option<PublicUrl>,
}

/// It can't be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// One of the two is configured, the other is not.
    #[error("webhook_url and webhook_secret_file belong together: set both, or neither")]
    Half,
    /// The secret can't be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl Webhook {
    /// As it is configured, if it is.
    ///
    /// # Errors
    /// When it is configured by half, or its secret can't be had.
    pub fn of(config: &Config) -> Result<Option<Webhook>, WebhookError> {
        let (target, secret) = match (&config.webhook_url, &config.webhook_secret_file) {
            (Some(target), Some(secret)) => (target.clone(), secret),
            (None, None) => return Ok(None),
            _ => return Err(WebhookError::Half),
        };
        Ok(Some(Webhook {
            target,
            secret: Secret::read(secret)?,
            public: config.public_url.clone(),
        }))
    }

    /// Sends an event that says nothing, once, in the name of a collector; tells where to, and what came back.
    ///
    /// # Errors
    /// When there is no id to be had for it.
    pub fn test(
        &self,
        source: Uuid,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<(String, Heard), NoEntropy> {
        let (id, now) = (message_id(entropy)?, clock.now());
        let heard = match Event::test(id, source, heliograph_wire::time::rfc3339(now)) {
            Ok(event) => Poster::new(&self.target).post(&self.target, &self.secret, &event, now),
            Err(error) => Heard::Nothing(error.to_string()),
        };
        Ok((self.target.to_string(), heard))
    }
}

/// Tells on a thread of its own, until it is dropped. What is under way then is told again after the next start.
pub(crate) struct Telling {
    _stop: Sender<()>,
}

/// What telling takes.
pub(crate) struct Setup {
    pub(crate) data: PathBuf,
    pub(crate) queue: Queue,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

/// Begins to tell.
///
/// # Errors
/// When there is no thread to be had.
pub(crate) fn tell(webhook: Webhook, setup: Setup) -> io::Result<Telling> {
    let (stop, stopped) = channel();
    let mut teller = Teller {
        poster: Poster::new(&webhook.target),
        webhook,
        setup,
        undone: None,
        fails: false,
        gone: false,
    };
    thread::Builder::new()
        .name("webhook".to_owned())
        .spawn(move || teller.run(&stopped))?;
    Ok(Telling { _stop: stop })
}

struct Teller {
    webhook: Webhook,
    poster: Poster,
    setup: Setup,
    /// What an attempt led to and could not be written yet: it is not told again meanwhile.
    undone: Option<Posted>,
    /// Whether the last attempt failed, and whether nobody is there: said once.
    fails: bool,
    gone: bool,
}

impl Teller {
    fn run(&mut self, stopped: &Receiver<()>) {
        let mut wait = Duration::ZERO;
        while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            wait = match self.step() {
                Ok(true) => Duration::ZERO,
                Ok(false) => LOOK,
                // Questions that meet the same trouble say so more loudly.
                Err(error) => {
                    tracing::debug!("{error}");
                    LOOK
                }
            };
        }
    }

    /// Tells the next one if it is due; says whether there may be another.
    fn step(&mut self) -> Result<bool, String> {
        if let Some(posted) = self.undone.clone() {
            self.setup.queue.posted(posted).map_err(|error| chain(&error))?;
            self.undone = None;
        }
        let reader = Reader::open(&self.setup.data).map_err(|error| chain(&error))?;
        let now = self.setup.clock.now();
        let backlog = reader.webhook_backlog().map_err(|error| chain(&error))?;
        let age = backlog
            .oldest
            .map_or(0, |oldest| now.duration_since(oldest).as_secs().max(0));
        self.setup.queue.metrics().webhook.pending.set(backlog.count);
        self.setup.queue.metrics().webhook.oldest.set(age);
        if self.is_gone(&reader)? {
            if backlog.count > 0 {
                // What was noticed since is not wanted.
                self.settle(Posted::Gone(self.webhook.target.digest()));
            }
            return Ok(false);
        }
        let Some(waiting) = reader.webhook_first().map_err(|error| chain(&error))? else {
            return Ok(false);
        };
        // A clock that was set back does not keep it for longer than it may take at all.
        let soon = waiting.due.duration_since(now).unsigned_abs() <= GIVEN_UP_AFTER;
        if waiting.due > now && soon {
            return Ok(false);
        }
        let source = reader.verdict_changes(0).map_err(|error| chain(&error))?.uuid;
        drop(reader);
        self.attempt(&waiting, source);
        Ok(self.undone.is_none())
    }

    fn attempt(&mut self, waiting: &Waiting, source: Uuid) {
        let now = self.setup.clock.now();
        let id = waiting.change.id;
        let heard = match Event::of(&waiting.change, source, self.webhook.public.as_ref()) {
            Ok(event) => self
                .poster
                .post(&self.webhook.target, &self.webhook.secret, &event, now),
            Err(error) => Heard::Nothing(error.to_string()),
        };
        // The answer may have taken its time.
        let (now, target) = (self.setup.clock.now(), &self.webhook.target);
        let metrics = self.setup.queue.metrics();
        let ruling = rule(&heard, waiting, now, self.lot());
        if ruling == Ruling::Taken {
            metrics.webhook.told.inc();
            if std::mem::take(&mut self.fails) {
                tracing::info!("the webhook {target} answers again");
            }
        } else {
            metrics.webhook.failures.inc();
        }
        let posted = match ruling {
            Ruling::Taken => Posted::Done(id),
            Ruling::Again(due) => {
                if !std::mem::replace(&mut self.fails, true) {
                    tracing::error!(
                        "THE WEBHOOK {target} TAKES NOTHING: {}; it is tried again for five days",
                        told(&heard)
                    );
                }
                Posted::Later {
                    change: id,
                    tries: waiting.tries.saturating_add(1),
                    due,
                }
            }
            Ruling::GivenUp => {
                metrics.webhook.lost.inc();
                let (version, unit) = (&waiting.change.version, &waiting.change.unit);
                tracing::error!(
                    "THE WEBHOOK {target} WAS NOT TOLD that {unit} in {version} is {:?}: {}, for five days; it is in the feed",
                    waiting.change.after,
                    told(&heard)
                );
                Posted::Done(id)
            }
            Ruling::Gone => Posted::Gone(target.digest()),
        };
        self.settle(posted);
    }

    fn settle(&mut self, posted: Posted) {
        if let Err(error) = self.setup.queue.posted(posted.clone()) {
            tracing::debug!("{}", chain(&error));
            self.undone = Some(posted);
        }
    }

    fn is_gone(&mut self, reader: &Reader) -> Result<bool, String> {
        let target = &self.webhook.target;
        let gone = reader
            .webhook_is_gone(&target.digest())
            .map_err(|error| chain(&error))?;
        if gone && !self.gone {
            tracing::error!(
                "THE WEBHOOK {target} IS GONE (410): nothing is sent there; set another webhook_url, or run `heliograph-collector webhook test` when it is back"
            );
        }
        self.gone = gone;
        self.setup.queue.metrics().webhook.gone.set(i64::from(gone));
        Ok(gone)
    }

    /// From 0 to 1; the middle where nothing random is to be had.
    fn lot(&self) -> f64 {
        let mut bytes = [0; 4];
        match self.setup.entropy.fill(&mut bytes) {
            Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
            Err(_) => 0.5,
        }
    }
}

fn told(heard: &Heard) -> String {
    match heard {
        Heard::Status(status @ 300..=399, _) => {
            format!("it answers {status}, and redirects are not followed")
        }
        Heard::Status(status, _) => format!("it answers {status}"),
        Heard::Nothing(why) => why.clone(),
    }
}
