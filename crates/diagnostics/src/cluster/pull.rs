//! The task that looks at the cluster: it reads the lists, asks the members, and publishes what it saw. It owns all of that;
//! others have a [`Cluster`], which shows them the newest view and lets them ask for a newer one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Setup;
use super::blocking::Blocking;
use super::client::Client;
use super::keys::Keys;
use super::list::List;
use super::member::{Address, Defaults, Member};
use super::membership::Membership;
use super::node::ClusterNode;
use super::poll::Poll;
use super::schedule::Schedule;
use super::view::ClusterView;
use crate::clock::Clock;
use crate::document::node::NodeDocument;
use crate::node::Taken;
use crate::this_node::ThisNode;

/// Most look-ups of names at a time.
const LOOKUPS: usize = 8;
/// Shortest time between two views that nobody waits for.
const PACE: Duration = Duration::from_millis(250);
/// Longest time between two views, even when there is no news: what is older is not to be believed.
const PULSE: Duration = Duration::from_secs(5);
/// How much older a view may be before it is said that nobody looks at the cluster any more.
const STALE: Duration = Duration::from_secs(30);
/// Most requests for a newer view that wait for one.
const WAITING: usize = 64;
/// Bytes of output that are kept of all nodes together; each has an equal share, within bounds.
const OUTPUTS: usize = 24 << 20;
/// Bytes of output that are kept of one node, at least and at most.
const SHARE: (usize, usize) = (2 << 10, 64 << 10);

/// The cluster, for those who want to see it. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    seen: watch::Receiver<Arc<Seen>>,
    requests: mpsc::Sender<oneshot::Sender<()>>,
    patience: Duration,
    clock: Arc<dyn Clock>,
    keys: Arc<watch::Sender<Keys>>,
}

/// What is published.
#[derive(Debug, Default)]
pub struct Seen {
    /// The cluster; `None` until all lists were read and all members asked.
    pub view: Option<Arc<ClusterView>>,
    /// Why there is no view, or what is wrong with the lists; empty when all is well.
    pub problem: String,
    /// How often nodes were asked.
    pub pulls: Pulls,
}

/// How often nodes were asked since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pulls {
    /// They answered.
    pub answered: u64,
    /// They did not.
    pub failed: u64,
}

/// There is nothing to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NothingSeen(String);

impl Cluster {
    /// The newest view.
    ///
    /// # Errors
    /// There is none yet, or none that can still be believed.
    pub fn view(&self) -> Result<Arc<ClusterView>, NothingSeen> {
        let seen = Arc::clone(&self.seen.borrow());
        let Some(view) = &seen.view else {
            return Err(NothingSeen(match seen.problem.as_str() {
                "" => "the cluster was not looked at yet".to_owned(),
                problem => format!("the members of the cluster are not all known yet: {problem}"),
            }));
        };
        let age = self.clock.uptime().saturating_sub(view.taken.uptime);
        if age > PULSE + STALE {
            return Err(NothingSeen(format!(
                "the cluster was last looked at {} s ago",
                age.as_secs()
            )));
        }
        Ok(Arc::clone(view))
    }

    /// Waits until all members were asked anew, but not for ever: then what there is must do.
    pub async fn look(&self) {
        let (done, waiting) = oneshot::channel();
        let looking = async {
            if self.requests.send(done).await.is_ok() {
                // It is dropped only where the task ends.
                let _ = waiting.await;
            }
        };
        if timeout(self.patience, looking).await.is_err() {
            tracing::debug!("not all nodes were asked in time");
        }
    }

    /// From now on these keys are shown to members.
    pub(crate) fn take_keys(&self, keys: Keys) {
        self.keys.send_replace(keys);
    }

    /// What was published last.
    pub fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.seen.borrow())
    }

    /// Now, by the clock that views are dated by.
    pub fn now(&self) -> Taken {
        now(&*self.clock)
    }
}

fn now(clock: &dyn Clock) -> Taken {
    Taken {
        at: clock.now(),
        uptime: clock.uptime(),
    }
}

/// Begins to look at the cluster. The task ends with the set it is spawned into.
pub(crate) fn start(
    setup: &Setup,
    keys: Keys,
    here: ThisNode,
    clock: Arc<dyn Clock>,
    rng: Rng,
    tasks: &mut JoinSet<()>,
) -> Cluster {
    let (publish, seen) = watch::channel(Arc::default());
    let (keys, keys_seen) = watch::channel(keys);
    let (requests, asked_for) = mpsc::channel(WAITING);
    let lists = List::all(&setup.members, &setup.dcos);
    let holds = lists.iter().map(|list| {
        let hold = if list.is_written() {
            Duration::ZERO
        } else {
            setup.hold
        };
        (list.name(), hold)
    });
    let pulling = Pulling {
        membership: Membership::new(holds),
        lists: lists
            .into_iter()
            .map(|list| Reading {
                list: Some(list),
                due: Duration::ZERO,
            })
            .collect(),
        schedule: Schedule::new(setup.interval),
        nodes: BTreeMap::new(),
        poll: Poll {
            client: Client {
                names: Blocking::new(LOOKUPS),
            },
            here,
            timeout: setup.timeout,
            keys: keys_seen,
        },
        reads: JoinSet::new(),
        polls: JoinSet::new(),
        waiting: Vec::new(),
        pulls: Pulls::default(),
        news: false,
        published: None,
        told: String::new(),
        setup: setup.clone(),
        clock: Arc::clone(&clock),
        rng,
        publish,
    };
    tasks.spawn(pulling.run(asked_for));
    Cluster {
        seen,
        requests,
        patience: setup.patience,
        clock,
        keys: Arc::new(keys),
    }
}

struct Pulling {
    setup: Setup,
    lists: Vec<Reading>,
    membership: Membership,
    schedule: Schedule,
    nodes: BTreeMap<Address, Arc<ClusterNode>>,
    poll: Poll,
    reads: JoinSet<Read>,
    polls: JoinSet<(Address, Result<NodeDocument, String>)>,
    /// Those who wait for a view that is newer than this.
    waiting: Vec<(Duration, oneshot::Sender<()>)>,
    pulls: Pulls,
    /// Whether there is something that was not published.
    news: bool,
    published: Option<Duration>,
    /// What was logged last.
    told: String,
    clock: Arc<dyn Clock>,
    rng: Rng,
    publish: watch::Sender<Arc<Seen>>,
}

/// A list, and when it is to be read next. It is away while it is being read.
struct Reading {
    list: Option<List>,
    due: Duration,
}

/// A list that was read.
struct Read {
    index: usize,
    list: List,
    said: Result<Option<Vec<Member>>, String>,
}

impl Pulling {
    async fn run(mut self, mut requests: mpsc::Receiver<oneshot::Sender<()>>) {
        loop {
            let now = self.clock.uptime();
            self.begin(now);
            self.publish(now);
            let pause = self.wake(now).saturating_sub(now);
            tokio::select! {
                Some(request) = requests.recv() => self.waiting.push((self.clock.uptime(), request)),
                Some(read) = self.reads.join_next(), if !self.reads.is_empty() => match read {
                    Ok(read) => self.take_list(read),
                    Err(error) => tracing::error!("reading a list of members failed in a way that it must not: {error}"),
                },
                Some(polled) = self.polls.join_next(), if !self.polls.is_empty() => match polled {
                    Ok((address, said)) => self.take_node(&address, said),
                    Err(error) => tracing::error!("asking a node failed in a way that it must not: {error}"),
                },
                () = sleep(pause) => {}
            }
        }
    }

    /// Begins what is due.
    fn begin(&mut self, now: Duration) {
        let defaults = Defaults {
            master_port: self.setup.master_port,
            agent_port: self.setup.agent_port,
        };
        for (index, reading) in self.lists.iter_mut().enumerate() {
            if reading.due > now {
                continue;
            }
            let Some(mut list) = reading.list.take() else {
                continue;
            };
            let (client, within) = (self.poll.client.clone(), self.setup.list_timeout);
            self.reads.spawn(async move {
                let said = timeout(within, list.read(&client, &defaults, within)).await;
                let said =
                    said.unwrap_or_else(|_| Err(format!("no answer within {} s", within.as_secs_f32())));
                Read { index, list, said }
            });
        }
        if let Some(since) = self.waiting.iter().map(|(since, _)| *since).max() {
            self.schedule.hurry(since);
        }
        let room = self.setup.concurrency.saturating_sub(self.polls.len());
        for address in self.schedule.begin(now, room) {
            let poll = self.poll.clone();
            self.polls.spawn(async move {
                // A task of its own: should it fail in a way that it must not, that is said of this node.
                let mut asking = JoinSet::new();
                let place = address.clone();
                asking.spawn(async move { poll.ask(&place).await });
                let said = asking.join_next().await.and_then(Result::ok);
                let said = said.unwrap_or_else(|| {
                    Err("asking it failed in a way that it must not; please report this".to_owned())
                });
                (address, said)
            });
        }
    }

    fn take_list(&mut self, read: Read) {
        let now = self.clock.uptime();
        let Read { index, list, said } = read;
        let pause = list.pause(self.setup.interval);
        let pause = pause.mul_f64(0.9 + 0.2 * self.rng.f64());
        if let Some(reading) = self.lists.get_mut(index) {
            *reading = Reading {
                list: Some(list),
                due: now + pause,
            };
        }
        match said {
            Ok(Some(members)) => self.membership.take(index, Ok(members), now),
            Ok(None) => self.membership.keep(index, now),
            Err(problem) => self.membership.take(index, Err(problem), now),
        }
        let mut members = self.membership.members(self.poll.here.facts().ip);
        self.nodes.retain(|address, _| members.contains_key(address));
        self.schedule.keep(members.keys(), now);
        while let Some((address, listed)) = members.pop_first() {
            let node = self
                .nodes
                .entry(address)
                .or_insert_with(|| Arc::new(ClusterNode::new(listed.clone())));
            if node.listed != listed {
                Arc::make_mut(node).listed = listed;
            }
        }
        self.news = true;
    }

    fn take_node(&mut self, address: &Address, said: Result<NodeDocument, String>) {
        let now = now(&*self.clock);
        self.schedule.end(address, self.rng.f64());
        let share = (OUTPUTS / self.nodes.len().max(1)).clamp(SHARE.0, SHARE.1);
        // It may have left the cluster meanwhile.
        let Some(node) = self.nodes.get_mut(address) else {
            return;
        };
        match said {
            Ok(document) => {
                self.pulls.answered += 1;
                *node = Arc::new(node.answered(document, now, share));
            }
            Err(reason) => {
                self.pulls.failed += 1;
                *node = Arc::new(node.failed(reason));
            }
        }
        self.news = true;
    }

    fn publish(&mut self, now: Duration) {
        let begun = self.published.is_some();
        let heard = self.schedule.done();
        let ready = begun || (self.membership.is_complete() && heard.is_some());
        let (done, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .filter(|(_, request)| !request.is_closed())
            .partition(|(since, _)| ready && heard.is_some_and(|heard| heard >= *since));
        self.waiting = waiting;
        let since = self.published.map(|published| now.saturating_sub(published));
        let due = since.is_none_or(|since| since >= PULSE || (self.news && since >= PACE));
        if !(due || (self.news && !done.is_empty())) {
            answer(done);
            return;
        }
        for address in self.schedule.overdue(now) {
            if let Some(node) = self.nodes.get_mut(address) {
                *node = Arc::new(
                    node.failed("there was no time to ask it: too many others do not answer".to_owned()),
                );
            }
        }
        let problem = self.problem();
        self.tell(&problem);
        let view = ready.then(|| {
            self.published = Some(now);
            let own = self.poll.here.facts().ip;
            Arc::new(ClusterView::new(&self.nodes, own, self::now(&*self.clock)))
        });
        let seen = Seen {
            view,
            problem,
            pulls: self.pulls,
        };
        self.publish.send_replace(Arc::new(seen));
        self.news = false;
        answer(done);
    }

    fn problem(&self) -> String {
        let problems = self
            .membership
            .problems()
            .map(|(list, problem)| format!("{list}: {problem}"));
        problems.collect::<Vec<_>>().join("; ")
    }

    /// Logs what has changed: problems with lists. Not which nodes: their addresses don't go into logs.
    fn tell(&mut self, problem: &str) {
        if self.told == problem {
            return;
        }
        if problem.is_empty() {
            tracing::info!("all lists of members can be read");
        } else {
            tracing::warn!("members are as they were last listed: {problem}");
        }
        problem.clone_into(&mut self.told);
    }

    /// When there is something to do that nothing else will remind us of.
    fn wake(&self, now: Duration) -> Duration {
        let lists = self
            .lists
            .iter()
            .filter(|reading| reading.list.is_some())
            .map(|reading| reading.due);
        let room = self.polls.len() < self.setup.concurrency;
        let turn = self.schedule.next().filter(|_| room);
        let view = match self.published {
            Some(published) => published + if self.news { PACE } else { PULSE },
            None => now + PULSE,
        };
        lists.chain(turn).fold(view, Duration::min)
    }
}

fn answer(done: Vec<(Duration, oneshot::Sender<()>)>) {
    for (_, request) in done {
        // Who asked may have gone.
        let _ = request.send(());
    }
}
