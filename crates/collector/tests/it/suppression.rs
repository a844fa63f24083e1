//! Between the look at a message and its turn with the writer somebody may be suppressed: the writer makes sure.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use heliograph_collector::budget::Budget;
use heliograph_collector::clock::Clock;
use heliograph_collector::entropy::SystemEntropy;
use heliograph_collector::forget::{Petition, Scope, Verdict};
use heliograph_collector::ingest::envelope::Envelope;
use heliograph_collector::ingest::moment::Trust;
use heliograph_collector::ingest::planned::{Planned, Unplanned};
use heliograph_collector::ingest::request::{Request, Terms};
use heliograph_collector::ingest::subject::SubjectKey;
use heliograph_collector::ingest::tally::Summary;
use heliograph_collector::key::{Key, KeyId, KeyKind};
use heliograph_collector::metrics::Metrics;
use heliograph_collector::retention::Retention;
use heliograph_collector::secret::Secrets;
use heliograph_collector::store::Store;
use heliograph_collector::window::{Size, Window};
use heliograph_collector::writer::{self, Delivery, Queue, Setup};
use heliograph_wire::id::ReporterId;
use heliograph_wire::plan::Plan;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A writer without a server.
pub(crate) struct Writer {
    pub(crate) queue: Queue,
    pub(crate) secrets: Secrets,
    pub(crate) runtime: Runtime,
    pub(crate) dir: TempDir,
    thread: JoinHandle<()>,
}

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// When everything happens.
pub(crate) fn now() -> Timestamp {
    "2026-11-22T11:00:00Z".parse().unwrap()
}

impl Writer {
    pub(crate) fn start() -> Writer {
        Writer::on(TempDir::new().unwrap())
    }

    /// On a directory that may hold something.
    pub(crate) fn on(dir: TempDir) -> Writer {
        let store = Store::open(dir.path()).unwrap();
        let secrets = Secrets::load_or_make(dir.path(), &SystemEntropy).unwrap();
        let size = Size {
            reach: Duration::from_secs(3600),
            bytes: 0,
        };
        let setup = Setup {
            pace: Duration::ZERO,
            queue: 16,
            secrets: secrets.clone(),
            metrics: Arc::new(Metrics::default()),
            quotas: Arc::default(),
            retention: Retention::default(),
        };
        let window = Window::load(size, &store, now()).unwrap();
        let (queue, thread) = writer::start(store, window, setup, Arc::new(Still)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Writer {
            queue,
            secrets,
            runtime,
            dir,
            thread,
        }
    }

    /// Returns the directory when everything is in it.
    pub(crate) fn close(self) -> TempDir {
        self.queue.close();
        self.thread.join().unwrap();
        self.dir
    }

    /// Looks at messages; with the key, whom they are about is hashed.
    pub(crate) fn check(messages: &[Value], subjects: Option<&SubjectKey>) -> Request {
        let text = json!({"batch": messages}).to_string();
        let kind = KeyKind::Cluster;
        let terms = Terms {
            key: Key { id: KeyId(0), kind },
            now: now(),
            trust: Trust::of(kind),
            max_message: heliograph_wire::segment::MAX_MESSAGE,
            entropy: &SystemEntropy,
            subjects,
            hashing: &SubjectKey::of(b"k"),
            plan: &Planned::of(Plan::built_in(), Unplanned::Keep),
        };
        Request::check(&Envelope::parse(&text).unwrap(), terms).unwrap()
    }

    pub(crate) fn write(&self, request: Request) -> Summary {
        let delivery = Delivery {
            request,
            rest: Vec::new(),
            receipt_of: None,
            bundle: None,
        };
        let charge = Budget::of(0).charge();
        let done = self.runtime.block_on(self.queue.write(delivery, charge));
        done.unwrap().tally.summary()
    }
}

#[test]
fn who_is_suppressed_after_the_look_is_suppressed_still() {
    let writer = Writer::start();
    let reporter = ReporterId::of_secret(b"first");
    let message = |id: &str, cluster: &str| {
        json!({
            "type": "track", "event": "mesos_track", "anonymousId": "x", "messageId": id,
            "properties": {"clusterId": cluster}, "context": {"reporter": reporter.as_str()},
        })
    };
    let mut known = message("0", "c");
    known["anonymousId"] = json!("c");
    writer.write(Writer::check(&[known], None));
    assert!(!writer.queue.suppresses_anybody());

    // Looked at while nobody was suppressed.
    let waiting = Writer::check(&[message("1", "c"), message("2", "other")], None);
    assert!(waiting.messages.iter().all(|message| message.subjects.is_none()));
    let petition = Petition {
        cluster: "c".parse().unwrap(),
        reporter: reporter.clone(),
    };
    let verdict = writer.runtime.block_on(writer.queue.forget(petition)).unwrap();
    assert!(matches!(verdict, Verdict::Forgotten(Scope::Cluster, _)));
    let summary = writer.write(waiting);
    assert_eq!((summary.accepted, summary.suppressed), (1, 1));

    // From the next commit on requests know, and the result is the same.
    assert!(writer.queue.suppresses_anybody());
    let subjects = Some(&*writer.secrets.subjects);
    let summary = writer.write(Writer::check(
        &[message("3", "c"), message("4", "other")],
        subjects,
    ));
    assert_eq!((summary.accepted, summary.suppressed), (1, 1));

    // Lifted by another process: counted from the next commit on.
    let mut beside = Store::open(writer.dir.path()).unwrap();
    let kind = heliograph_collector::ingest::mention::Kind::Cluster;
    assert_eq!(
        beside
            .lift_suppressions(writer.secrets.subjects.subject(kind, "c"))
            .unwrap(),
        1
    );
    let summary = writer.write(Writer::check(&[message("5", "c")], subjects));
    assert_eq!((summary.accepted, summary.suppressed), (1, 0));
    assert!(!writer.queue.suppresses_anybody());
}
