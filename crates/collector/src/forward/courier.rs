//! The thread that forwards: reads batches behind the cursor, sends them, writes the cursor, and waits.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use serde::Deserialize;

use super::keys::Keys;
use super::parcel::{Became, Sent, fitting, send};
use super::target::{Target, Trouble};
use super::{ForwardError, Forwarding, Guise, Mark, PassedOn, Refused, Withheld, message, pace};
use crate::clock::{Clock, Stopwatch};
use crate::entropy::Entropy;
use crate::forget::reach::Sender as MessageSender;
use crate::ingest::mention::{Kind, Mentions};
use crate::ingest::record::Kept;
use crate::key::{KeyId, KeyKind};
use crate::metrics::{Forwarded, Metrics};
use crate::secret::Secrets;
use crate::server::StartError;
use crate::store::{Reader, StoreError};
use crate::writer::{Queue, chain};

/// How often it is looked for something new while there is nothing to do.
const IDLE: Duration = Duration::from_millis(200);
/// How often the cursor is written, and the lag shown.
const NOTED: Duration = Duration::from_secs(1);
/// Bytes of records that are read ahead of what is sent.
const AHEAD: usize = 1 << 20;

/// What forwarding works with.
pub(crate) struct Setup {
    /// The data directory.
    pub(crate) data: PathBuf,
    /// Where the cursor is written.
    pub(crate) queue: Queue,
    /// Who is forgotten is known by them.
    pub(crate) secrets: Secrets,
    /// What time it is.
    pub(crate) clock: Arc<dyn Clock>,
    /// By what waits differ.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// The last batch that the target has taken.
    pub(crate) taken: i64,
}

/// The running thread. It ends soon after this is dropped; what it was sending is sent again by the next one.
pub(crate) struct Courier {
    _stop: Sender<()>,
}

/// What is read, and not sent yet.
struct Item {
    batch: i64,
    key: KeyId,
    line: String,
}

/// The thread's own.
struct Route {
    setup: Setup,
    reader: Reader,
    target: Target,
    url: String,
    guise: Guise,
    passes_orders: bool,
    keys: Keys,
    /// The target's key by ours, and the kind of ours.
    known_keys: HashMap<KeyId, (KeyKind, Option<String>)>,
    withheld: Withheld,
    waiting: VecDeque<Item>,
    waiting_bytes: usize,
    /// The last batch that was read.
    read: i64,
    mark: Mark,
    noted: Option<Stopwatch>,
    lost: u64,
    failures: u32,
}

/// Why a round ended early.
enum Halt {
    Store(StoreError),
    Target(Trouble),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Halt {
        Halt::Store(error)
    }
}

#[derive(Deserialize)]
struct IdOnly {
    #[serde(rename = "messageId", default)]
    message_id: String,
}

/// Whether orders to forget somebody are passed on to the target.
pub(crate) fn passes_orders(config: &Forwarding) -> bool {
    config.token.is_some()
}

impl Courier {
    /// Checks what is configured, and starts the thread; `None` where nothing is to be forwarded.
    ///
    /// # Errors
    /// When what is configured can't be used.
    pub(crate) fn start(config: &Forwarding, setup: Setup) -> Result<Option<Courier>, StartError> {
        let Some(url) = config.url.clone() else {
            return Ok(None);
        };
        let path = config.keys.as_deref().ok_or(ForwardError::NoKey)?;
        let text = read("forward_write_key_file", path)?;
        let keys = Keys::of(&text).ok_or_else(|| ForwardError::Useless {
            key: "forward_write_key_file",
            path: path.to_owned(),
            what: "no key, or a line that is neither a key nor the prefix or number of one of ours and a key"
                .to_owned(),
        })?;
        let token = match config.token.as_deref() {
            Some(path) => Some(read("forward_token_file", path)?.trim().to_owned()),
            None => None,
        };
        let reader = Reader::open(&setup.data)?;
        let route = Route {
            reader,
            target: Target::new(&url, token, config, Arc::clone(&setup.clock))?,
            guise: config.guise,
            passes_orders: passes_orders(config),
            keys,
            known_keys: HashMap::new(),
            withheld: Withheld {
                generation: i64::MIN,
                ..Withheld::default()
            },
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            read: setup.taken,
            mark: Mark {
                target: url.clone(),
                batch: setup.taken,
                ..Mark::default()
            },
            url,
            noted: None,
            lost: 0,
            failures: 0,
            setup,
        };
        let (stop, stopped) = channel();
        thread::Builder::new()
            .name("forward".to_owned())
            .spawn(move || route.run(&stopped))
            .map_err(StartError::Thread)?;
        Ok(Some(Courier { _stop: stop }))
    }
}

fn read(key: &'static str, path: &Path) -> Result<String, ForwardError> {
    fs::read_to_string(path).map_err(|cause| ForwardError::Unreadable {
        key,
        path: path.to_owned(),
        cause,
    })
}

impl Route {
    fn run(mut self, stopped: &Receiver<()>) {
        loop {
            let wait = match self.round() {
                Ok(true) => Duration::ZERO,
                Ok(false) => IDLE,
                Err(halt) => self.failed(&halt),
            };
            if !self.rest(wait, stopped) {
                self.note();
                return;
            }
        }
    }

    /// Waits, and shows meanwhile how far behind it is; `false` when it is to end.
    fn rest(&mut self, wait: Duration, stopped: &Receiver<()>) -> bool {
        let began = Stopwatch::start();
        loop {
            if self.noted.is_none_or(|noted| noted.elapsed() >= NOTED) {
                self.note();
            }
            let left = wait.saturating_sub(began.elapsed());
            match stopped.recv_timeout(left.min(NOTED)) {
                Err(RecvTimeoutError::Timeout) if left <= NOTED => return true,
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// Sends what there is, up to one parcel; says whether there was anything.
    fn round(&mut self) -> Result<bool, Halt> {
        if self.passes_orders {
            self.pass_orders_on()?;
        }
        if let Some(withheld) = self.reader.withheld(self.withheld.generation)? {
            self.withheld = withheld;
        }
        self.fill()?;
        if self.waiting.is_empty() {
            self.mark.batch = self.read;
            return Ok(false);
        }
        let count = fitting(self.waiting.iter().map(|item| item.line.len()));
        let sent = self.parcel(count)?;
        self.counted().taken(sent);
        for item in self.waiting.drain(..count) {
            self.waiting_bytes = self.waiting_bytes.saturating_sub(item.line.len());
        }
        self.mark.batch = match self.waiting.front() {
            Some(item) => item.batch - 1,
            None => self.read,
        };
        self.succeeded();
        Ok(true)
    }

    /// Reads batches as long as there is room.
    fn fill(&mut self) -> Result<(), Halt> {
        while self.waiting_bytes < AHEAD {
            let (before, bytes_before) = (self.waiting.len(), self.waiting_bytes);
            let (waiting, bytes) = (&mut self.waiting, &mut self.waiting_bytes);
            let next = self.reader.next_batch(self.read, |line| {
                if let Some(key) = Kept::of(line).and_then(|kept| kept.key()) {
                    *bytes += line.len();
                    waiting.push_back(Item {
                        batch: 0,
                        key,
                        line: line.to_owned(),
                    });
                }
                Ok::<_, StoreError>(())
            });
            let next = match next {
                Ok(next) => next,
                Err(error) => {
                    // What was read of it is read again.
                    self.waiting.truncate(before);
                    self.waiting_bytes = bytes_before;
                    return Err(error.into());
                }
            };
            let Some(batch) = next else { return Ok(()) };
            for item in self.waiting.range_mut(before..) {
                item.batch = batch;
            }
            self.read = batch;
        }
        Ok(())
    }

    /// Sends the first messages that wait, by key; returns how many left.
    fn parcel(&mut self, count: usize) -> Result<u64, Halt> {
        let now = self.setup.clock.now();
        if self
            .waiting
            .iter()
            .take(count)
            .any(|item| !self.known_keys.contains_key(&item.key))
        {
            self.learn_keys()?;
        }
        let mut by_key: Vec<(&str, Vec<(i64, String)>)> = Vec::new();
        let (mut withheld, mut without_key) = (0, 0);
        for item in self.waiting.iter().take(count) {
            let Some(kept) = Kept::of(&item.line) else {
                continue;
            };
            let Some((kind, Some(key))) = self.known_keys.get(&item.key) else {
                without_key += 1;
                continue;
            };
            if self.is_withheld(&kept, item, *kind) {
                withheld += 1;
                continue;
            }
            let Some(text) = message::leaving(&kept, self.guise, now) else {
                continue;
            };
            match by_key.iter_mut().find(|(known, _)| known == key) {
                Some((_, texts)) => texts.push((item.batch, text)),
                None => by_key.push((key, vec![(item.batch, text)])),
            }
        }
        let (mut sent, mut all_refused) = (0, Vec::new());
        for (key, texts) in &by_key {
            let mut from = 0;
            // A message may leave longer than it was kept.
            while from < texts.len() {
                let part = &texts[from..];
                let part = &part[..fitting(part.iter().map(|(_, text)| text.len()))];
                from += part.len();
                let all: Vec<&str> = part.iter().map(|(_, text)| text.as_str()).collect();
                match send(all.len(), |from, to| self.target.batch(key, &all[from..to])) {
                    Sent::Failed(trouble) => return Err(Halt::Target(trouble)),
                    Sent::Nothing(what) => {
                        return Err(Halt::Target(Trouble {
                            what: format!("it refuses every message: {what}"),
                            asked: None,
                        }));
                    }
                    Sent::Done(refused) => {
                        sent += part.len() - refused.len();
                        all_refused.extend(refused.into_iter().filter_map(|(at, what)| {
                            let (batch, text) = part.get(at)?;
                            let id: Option<IdOnly> = serde_json::from_str(text).ok();
                            Some(Refused {
                                batch: *batch,
                                message_id: id.map(|id| id.message_id).unwrap_or_default(),
                                what,
                                at: now,
                            })
                        }));
                    }
                }
            }
        }
        self.counted().withheld(withheld);
        self.counted().without_key(without_key);
        self.counted().refused(all_refused.len());
        for refused in &all_refused {
            tracing::error!(
                "FORWARDING: a message was refused for good and is left out: {} (batch {}): {}",
                refused.message_id,
                refused.batch,
                refused.what
            );
        }
        self.mark.refused.extend(all_refused);
        Ok(u64::try_from(sent).unwrap_or(u64::MAX))
    }

    /// Whether a message is about somebody who is forgotten, or being so.
    fn is_withheld(&self, kept: &Kept<'_>, item: &Item, kind: KeyKind) -> bool {
        let Withheld {
            suppressed,
            deletions,
            ..
        } = &self.withheld;
        if suppressed.is_empty() && deletions.is_empty() {
            return false;
        }
        // Of what can't be read nobody can say that it may leave.
        let Some(mentions) = Mentions::of(kept.message) else {
            return true;
        };
        let subjects = self.setup.secrets.subjects.of_message(&mentions);
        let sender = MessageSender::of_kept(kept, Some(kind));
        suppressed.covers_any(&subjects, item.key, sender.speaks)
            || deletions.iter().any(|(subject, reach, through)| {
                item.batch <= *through && subjects.contains(subject) && reach.covers(sender)
            })
    }

    fn learn_keys(&mut self) -> Result<(), Halt> {
        let ours = self.reader.keys()?;
        let theirs = self.keys.by_id(&ours);
        self.known_keys = ours
            .iter()
            .filter_map(|key| Some((key.id, (key.kind.parse().ok()?, theirs.get(&key.id).cloned()))))
            .collect();
        // One that is not known by now never will be.
        for item in &self.waiting {
            self.known_keys.entry(item.key).or_insert((KeyKind::Server, None));
        }
        Ok(())
    }

    fn pass_orders_on(&mut self) -> Result<(), Halt> {
        for order in self.reader.orders_to_pass_on(&self.url)? {
            if self.mark.orders.contains(&order.id) {
                continue;
            }
            match self.subject_type(&order) {
                None => tracing::warn!(
                    "FORWARDING: an order to forget somebody is about the messages of one reporter or one key, and can't be passed on: give \
                     it to the target, too (`deletions` lists it)"
                ),
                Some(subject_type) => match self.target.order(&order, subject_type) {
                    Became::Taken => self.counted().order(),
                    Became::Failed(trouble) => return Err(Halt::Target(trouble)),
                    Became::Refused(what) => tracing::error!(
                        "FORWARDING: THE TARGET REFUSES AN ORDER TO FORGET SOMEBODY, give it there yourself (`deletions` lists it): {what}"
                    ),
                },
            }
            self.mark.orders.push(order.id);
        }
        if !self.mark.orders.is_empty() {
            self.note();
        }
        Ok(())
    }

    fn subject_type(&self, order: &PassedOn) -> Option<&'static str> {
        let kind = Kind::of(&order.kind).filter(|kind| *kind != Kind::Reporter && !order.limited)?;
        Some(crate::http::subject_type(kind))
    }

    fn succeeded(&mut self) {
        if std::mem::take(&mut self.failures) > 0 {
            tracing::warn!("forwarding goes on: the target takes messages again");
        }
    }

    /// Says once that it does not work; returns how long to wait.
    fn failed(&mut self, halt: &Halt) -> Duration {
        self.counted().failure();
        self.failures = self.failures.saturating_add(1);
        let (what, asked) = match halt {
            Halt::Store(error) => (chain(error), None),
            Halt::Target(Trouble { what, asked }) => (what.clone(), *asked),
        };
        if self.failures == 1 {
            tracing::error!("FORWARDING DOES NOT WORK, what waits is kept and tried again: {what}");
        } else {
            tracing::debug!("forwarding failed for the {}th time: {what}", self.failures);
        }
        let mut random = [0; 1];
        // Without randomness all wait as long as they may.
        let jitter = match self.setup.entropy.fill(&mut random) {
            Ok(()) => f64::from(random[0]) / 255.0,
            Err(_) => 1.0,
        };
        pace::wait(self.failures, jitter, asked)
    }

    /// Writes down how far it is, and shows it.
    fn note(&mut self) {
        self.noted = Some(Stopwatch::start());
        let written = self.setup.queue.mark(self.mark.clone());
        if written.is_ok() {
            self.mark.orders.clear();
            self.mark.refused.clear();
        }
        let now = self.setup.clock.now();
        if let Ok((pending, first)) = self.reader.behind(self.mark.batch) {
            let lag = first.map_or(0, |first| now.duration_since(first).as_secs().max(0));
            self.counted().behind(pending, lag);
        }
        if let Ok(lost) = self.reader.lost_by_forwarding(&self.url)
            && lost > self.lost
        {
            tracing::error!(
                "FORWARDING: {} MESSAGES WERE DROPPED BY AGE BEFORE THE TARGET TOOK THEM: it has been out of reach for too long",
                lost - self.lost
            );
            self.counted().lost(lost - self.lost);
            self.lost = lost;
        }
    }

    fn counted(&self) -> &Forwarded {
        let metrics: &Metrics = self.setup.queue.metrics();
        &metrics.forwarded
    }
}
