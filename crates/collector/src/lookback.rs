//! Repeats of messages that are older than the window: each request looks its own up on disk before it waits for the writer, so
//! that whoever brings many old messages holds up nobody else.
//!
//! Requests take turns of [`TURN`] with the one reader, so that one that is soon done is not held up by one that is not. How many
//! wait for a turn, with how much memory, and for how long, is bounded; beyond that they are told to come again. What a look-up has
//! found by then is remembered, so that the same request goes on from there when it comes again: however far back it has to look, it
//! is done some day.
//!
//! The window's floor may rise between the look-up and the writer's turn; the message remembers up to where was looked, and the
//! writer looks at the rest.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex as BlockingMutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::clock::Stopwatch;
use crate::ingest::message::{Checked, Identity};
use crate::ingest::moment::Moment;
use crate::ingest::request::Request;
use crate::key::KeyId;
use crate::store::{LookUp, Reader, StoreError, Stretch};
use crate::window::Floor;

/// A message is taken at most so long before the time it is said to have happened, by this and any repeat of it: how far it may be
/// clamped ahead, and how much longer the first journey may have been than the repeat's.
const SLACK: SignedDuration = SignedDuration::from_hours(1);
/// Of the memory of all requests, old messages that are looked for may take one part in so many.
pub const SHARE: usize = 4;
/// How long a request may look before it is another one's turn.
const TURN: Duration = Duration::from_millis(100);
/// How long a request may wait and look, all its turns together. Clients wait ten seconds for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most requests that wait or look.
const WAITING: usize = 64;
/// Of the places and of the memory, one key may take one part in so many: some keys are public.
const PART_OF_KEY: usize = 4;
/// Most look-ups that are remembered unfinished: at least those of all that wait, and of some that were told to come again.
const UNFINISHED: usize = 2 * WAITING;

/// Looks on disk.
pub struct Lookback {
    desk: Arc<Mutex<Desk>>,
    floor: watch::Receiver<Floor>,
    waiting: Waiting,
    turn: Duration,
    patience: Duration,
}

/// How many requests wait or look, and with how much memory, by key.
#[derive(Debug)]
struct Waiting {
    /// The memory that they may take.
    bytes: usize,
    by_key: BlockingMutex<HashMap<KeyId, Held>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Held {
    places: usize,
    bytes: usize,
}

/// A place among them; given back when it is dropped.
struct Place<'a> {
    waiting: &'a Waiting,
    key: KeyId,
    bytes: usize,
}

/// The reader, and what is begun.
struct Desk {
    reader: Reader,
    /// The one that was gone on with last stands last.
    unfinished: VecDeque<Begun>,
}

/// A look-up that is begun, and the window's floor by then.
#[derive(Debug, Clone)]
struct Begun {
    look_up: LookUp,
    floor: Floor,
}

/// What is known of a message that is not in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sought {
    /// Nobody has looked yet.
    Nowhere,
    /// It was not taken before a window that begins there.
    Before(Floor),
    /// It is there.
    Found,
}

/// A request that was not looked up. It may come again: what was found of it is remembered.
#[derive(Debug, thiserror::Error)]
pub enum NotSought {
    /// Too many do, or it takes too long.
    #[error("too much is being looked for among old messages")]
    Busy,
    /// The database can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// When an earlier arrival of a message may have been taken first. At any time, where it does not say credibly when it happened;
/// else when it did, or when it left, if that is earlier: a repeat that still says when it left the first time seems to have happened
/// just now.
pub fn earliest(moment: &Moment) -> Timestamp {
    if moment.original.is_none() || moment.amended.is_some() {
        return Timestamp::MIN;
    }
    let happened = moment
        .sent
        .map_or(moment.timestamp, |sent| sent.min(moment.timestamp));
    happened.checked_sub(SLACK).unwrap_or(Timestamp::MIN)
}

impl Lookback {
    /// Reads from `reader`; `floor` is the window's; requests may take so many bytes meanwhile.
    pub fn new(reader: Reader, floor: watch::Receiver<Floor>, bytes: usize) -> Lookback {
        let unfinished = VecDeque::new();
        Lookback {
            desk: Arc::new(Mutex::new(Desk { reader, unfinished })),
            floor,
            waiting: Waiting {
                bytes,
                by_key: BlockingMutex::default(),
            },
            turn: TURN,
            patience: PATIENCE,
        }
    }

    /// Looks up those messages of a request that may have been taken before the window begins; says whether there were any.
    ///
    /// # Errors
    /// When that can't be done, or not now.
    pub async fn seek(&self, request: &mut Request) -> Result<bool, NotSought> {
        let floor = *self.floor.borrow();
        let old = |message: &Checked| match message.identity {
            Identity::Message(id) => {
                let sought = message.sought == Sought::Nowhere && message.since < floor.at;
                sought.then_some((id, message.since))
            }
            Identity::Report(_) => None,
        };
        let Some(from) = request
            .messages
            .iter()
            .filter_map(old)
            .map(|(_, since)| since)
            .min()
        else {
            return Ok(false);
        };
        let place = self.waiting.place(request.key.id, request.size());
        let _place = place.ok_or(NotSought::Busy)?;
        let ids = request
            .messages
            .iter()
            .filter_map(old)
            .map(|(id, _)| id)
            .collect();
        let look_up = LookUp::new(ids, Stretch::since(from, floor));
        let Some(done) = self.look(Begun { look_up, floor }).await? else {
            // The runtime is ending; the writer looks for itself.
            return Ok(false);
        };
        let found = done.look_up.found();
        for message in &mut request.messages {
            if let Some((id, _)) = old(message) {
                message.sought = match found.binary_search(&id) {
                    Ok(_) => Sought::Found,
                    Err(_) => Sought::Before(done.floor),
                };
            }
        }
        Ok(true)
    }

    /// Takes turns until it is done; `None` when no turn is given any more.
    async fn look(&self, wanted: Begun) -> Result<Option<Begun>, NotSought> {
        let (waited, turn) = (Stopwatch::start(), self.turn);
        loop {
            let left = self.patience.saturating_sub(waited.elapsed());
            let desk = timeout(left, Arc::clone(&self.desk).lock_owned()).await;
            let mut desk = desk.map_err(|_| NotSought::Busy)?;
            let wanted = wanted.clone();
            // Goes on to its end, and remembers it, though whoever asked may be gone.
            let Ok(done) = spawn_blocking(move || desk.go_on(wanted, turn)).await else {
                return Ok(None);
            };
            match done? {
                Some(done) => return Ok(Some(done)),
                None if waited.elapsed() >= self.patience => return Err(NotSought::Busy),
                None => {}
            }
        }
    }
}

impl Waiting {
    /// A place for so many bytes, if there is one. One that is larger than what its key may take counts as that.
    fn place(&self, key: KeyId, bytes: usize) -> Option<Place<'_>> {
        let bytes = bytes.min(self.bytes / PART_OF_KEY);
        let one = Held { places: 1, bytes };
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let of_key = by_key.get(&key).copied().unwrap_or_default().plus(one);
        let all = by_key.values().copied().fold(one, Held::plus);
        let fits = |held: Held, part: usize| held.places <= WAITING / part && held.bytes <= self.bytes / part;
        if !fits(all, 1) || !fits(of_key, PART_OF_KEY) {
            return None;
        }
        by_key.insert(key, of_key);
        let waiting = self;
        Some(Place { waiting, key, bytes })
    }
}

impl Held {
    fn plus(self, other: Held) -> Held {
        Held {
            places: self.places + other.places,
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let by_key = self.waiting.by_key.lock();
        let mut by_key = by_key.unwrap_or_else(PoisonError::into_inner);
        match by_key.get_mut(&self.key) {
            Some(held) if held.places > 1 => {
                held.places -= 1;
                held.bytes = held.bytes.saturating_sub(self.bytes);
            }
            _ => drop(by_key.remove(&self.key)),
        }
    }
}

impl Desk {
    /// Goes on with what is begun of a look-up, for one turn; returns it when it is done.
    fn go_on(&mut self, wanted: Begun, turn: Duration) -> Result<Option<Begun>, StoreError> {
        let serves = |begun: &Begun| begun.look_up.serves(&wanted.look_up);
        let begun = self.unfinished.iter().position(serves);
        let begun = begun.and_then(|at| self.unfinished.remove(at));
        let mut begun = begun.unwrap_or(wanted);
        let time = Stopwatch::start();
        if self
            .reader
            .look_up(&mut begun.look_up, || time.elapsed() < turn)?
        {
            return Ok(Some(begun));
        }
        if self.unfinished.len() >= UNFINISHED {
            self.unfinished.pop_front();
        }
        self.unfinished.push_back(begun);
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;
    use crate::ingest::envelope::Envelope;
    use crate::ingest::message::MessageKey;
    use crate::ingest::moment::{Claims, Trust};
    use crate::ingest::planned::{Planned, Unplanned};
    use crate::ingest::request::Terms;
    use crate::ingest::subject::SubjectKey;
    use crate::key::{Key, KeyId, KeyKind};
    use crate::store::Store;
    use heliograph_wire::plan::Plan;
    use rusqlite::Connection;
    use tempfile::TempDir;

    const KEY: KeyId = KeyId(1);

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).unwrap()
    }

    /// One that looks through a database in which the id `h` was taken in each hour `h` of these, and the floor is at `floor`.
    fn lookback(hours: std::ops::Range<i64>, floor: i64, bytes: usize) -> (TempDir, Lookback) {
        let dir = TempDir::new().unwrap();
        drop(Store::open(dir.path()).unwrap());
        let connection = Connection::open(dir.path().join("collector.db")).unwrap();
        for hour in hours {
            let id = MessageKey::of(KEY, &hour.to_string()).0.to_be_bytes();
            connection
                .execute(
                    "INSERT INTO id_block (hour, run, first, ids) VALUES (?1, 0, ?2, ?2)",
                    (hour, id),
                )
                .unwrap();
        }
        let (_, floor) = watch::channel(Floor::at(at(floor)));
        let lookback = Lookback::new(Reader::open(dir.path()).unwrap(), floor, bytes);
        (dir, lookback)
    }

    /// A request of messages without a time.
    fn request(ids: &[&str]) -> Request {
        let message = |id| serde_json::json!({"type": "page", "userId": "u", "messageId": id});
        let batch: Vec<_> = ids.iter().map(message).collect();
        let text = serde_json::json!({"batch": batch}).to_string();
        let terms = Terms {
            key: Key {
                id: KEY,
                kind: KeyKind::Server,
            },
            now: at(500_000),
            trust: Trust::Corrected,
            max_message: heliograph_wire::segment::MAX_MESSAGE,
            entropy: &SystemEntropy,
            subjects: None,
            hashing: &SubjectKey::of(b"k"),
            plan: &Planned::of(Plan::built_in(), Unplanned::Keep),
        };
        Request::check(&Envelope::parse(&text).unwrap(), terms).unwrap()
    }

    fn sought(request: &Request) -> Vec<Sought> {
        request.messages.iter().map(|message| message.sought).collect()
    }

    #[tokio::test]
    async fn what_takes_too_long_goes_on_when_it_comes_again() {
        let (_dir, mut lookback) = lookback(400_000..400_020, 400_050, 1 << 20);
        // So that each request has one turn, of one hour.
        (lookback.turn, lookback.patience) = (Duration::ZERO, Duration::ZERO);
        let mut tries = 0;
        let (mut one, mut other) = (request(&["400019", "", "none"]), request(&["400000"]));
        loop {
            tries += 1;
            // Another one in between takes nothing of it away.
            let _ = lookback.seek(&mut other).await;
            match lookback.seek(&mut one).await {
                Ok(looked) => break assert!(looked),
                Err(NotSought::Busy) => assert!(tries < 30),
                Err(error) => panic!("{error}"),
            }
            one = request(&["400019", "", "none"]);
        }
        assert!(tries > 5, "{tries}");
        let found = sought(&one);
        // What has no id of its own is looked for nowhere.
        let now = Sought::Before(Floor::at(at(500_000)));
        assert_eq!(
            found,
            [Sought::Found, now, Sought::Before(Floor::at(at(400_050)))]
        );
        assert_eq!(sought(&other), [Sought::Found]);
        assert!(lookback.desk.lock().await.unfinished.is_empty());
    }

    #[tokio::test]
    async fn how_many_wait_is_bounded_and_nobody_else_is_held_up() {
        let (_dir, mut lookback) = lookback(400_000..400_002, 400_050, 3000);
        lookback.patience = Duration::from_millis(50);
        let busy = |result| matches!(result, Err(NotSought::Busy));
        let desk = Arc::clone(&lookback.desk);
        let held = desk.lock_owned().await;
        assert!(
            busy(lookback.seek(&mut request(&["400000"])).await),
            "waited for long enough"
        );
        // Nothing is held by then.
        assert!(lookback.waiting.by_key.lock().unwrap().is_empty());
        // What is not old needs no turn.
        let mut fresh = request(&[""]);
        assert!(!lookback.seek(&mut fresh).await.unwrap());
        // One that takes all that its key may, as a large one does.
        let ids: Vec<String> = (0..40).map(|number| number.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let (mut large, mut small) = (request(&ids), request(&["400001"]));
        assert!(large.size() > 3000);
        lookback.patience = Duration::from_secs(20);
        let (first, second) = tokio::join!(lookback.seek(&mut large), async {
            let refused = lookback.seek(&mut small).await;
            drop(held);
            refused
        });
        assert!(first.unwrap());
        assert!(busy(second));
        lookback.seek(&mut small).await.unwrap();
        assert_eq!(sought(&small), [Sought::Found]);
    }

    #[test]
    fn places_are_bounded_by_key_and_together() {
        let waiting = Waiting {
            bytes: 6400,
            by_key: BlockingMutex::default(),
        };
        let take = |key: i64, bytes| waiting.place(KeyId(key), bytes);
        let mut of_one: Vec<_> = (0..20).map_while(|_| take(1, 100)).collect();
        assert_eq!(of_one.len(), 16);
        let others: Vec<_> = (2..1000).map_while(|key| take(key, 0)).collect();
        assert_eq!(others.len(), 48);
        of_one.pop();
        drop(take(1000, 0).unwrap());
        drop(take(1, 100).unwrap());
        drop((of_one, others));
        // By memory: what is larger than a key's part counts as that.
        let large = take(1, usize::MAX).unwrap();
        assert!(take(1, 1).is_none());
        let more = [2, 3, 4].map(|key| take(key, 1600).unwrap());
        assert!(take(5, 1).is_none() && take(5, 0).is_some());
        drop((large, more));
        assert!(waiting.by_key.lock().unwrap().is_empty());
    }

    #[test]
    fn how_far_is_looked_depends_on_what_is_believed() {
        // Hours of a time that is one.
        const BEGIN: i64 = 500_000;
        let (now, hour) = (at(BEGIN + 1000), |hour| Some(at(BEGIN + hour)));
        let earliest = |timestamp, sent, trust| {
            let claims = Claims {
                timestamp,
                sent,
                ..Claims::default()
            };
            let since = earliest(&Moment::settle(claims, now, trust));
            (since != Timestamp::MIN).then(|| since.as_second() / 3600 - BEGIN)
        };
        let corrected = Trust::Corrected;
        // It waited for 200 hours, and so it did by a clock that is 300 behind, or 300 ahead.
        assert_eq!(earliest(hour(800), hour(1000), corrected), Some(799));
        assert_eq!(earliest(hour(500), hour(700), corrected), Some(699));
        assert_eq!(earliest(hour(1100), hour(1300), corrected), Some(799));
        // A repeat of 600 hours later that says when it left the first time.
        assert_eq!(earliest(hour(400), hour(400), corrected), Some(399));
        // It does not say when it left.
        assert_eq!(earliest(hour(400), None, corrected), Some(399));
        // Nothing that could be believed.
        assert_eq!(earliest(None, None, corrected), None);
        assert_eq!(earliest(None, hour(1000), corrected), None);
        assert_eq!(earliest(hour(2000), None, corrected), None);
        assert_eq!(earliest(Some(Timestamp::MIN), None, Trust::Stated), None);
        assert_eq!(earliest(hour(400), None, Trust::Peer), Some(399));
    }
}
