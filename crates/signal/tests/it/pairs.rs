//! Every fault of one source together with every fault of another, all pairs of the four: what is told is what the one fault
//! leaves together with what the other leaves, so that no failing source changes what another says.
//!
//! Floods are left out of the full product (each moves megabytes until its time is up) and come in [`FLOODED`] pairs. Pairs in
//! which nothing waits are tried with a time-out that no machine needs; those in which something does, with a short one, and
//! where that was too short for a busy machine, once more with a longer one.

use std::sync::Mutex;
use std::thread;

use heliograph_fleet::flood::Flood;
use heliograph_fleet::mistype::Mistype;
use heliograph_fleet::{Documents, Fault, Source};

use crate::cluster::Cluster;
use crate::in_process::InProcess;
use crate::small;
use crate::table::{is_endless, row};
use crate::value::difference;

type Pair = [(Source, Fault); 2];

/// Time-outs of pairs in which something waits, as in [`crate::fault`].
const TIMEOUTS: [&str; 2] = ["300ms", "3s"];
/// Such pairs at the same time: they wait more than they work.
const WAITERS: usize = 64;
/// Pairs at the same time that do not wait.
const WORKERS: usize = 4;

/// The pairs with a flood.
const FLOODED: [Pair; 8] = [
    [
        (Source::Diagnostics, Fault::Huge(Flood::Units)),
        (Source::Cosmos, Fault::Refused),
    ],
    [
        (Source::Diagnostics, Fault::Huge(Flood::Entries)),
        (Source::Metrics, Fault::Hang),
    ],
    [
        (Source::Diagnostics, Fault::Huge(Flood::String)),
        (Source::Cosmos, Fault::Huge(Flood::String)),
    ],
    [
        (Source::Cosmos, Fault::Huge(Flood::Entries)),
        (Source::Diagnostics, Fault::WrongTypes(Mistype::NodeNull)),
    ],
    [
        (Source::Cosmos, Fault::Huge(Flood::String)),
        (Source::Frameworks, Fault::Html),
    ],
    [
        (Source::Frameworks, Fault::Huge(Flood::String)),
        (Source::Metrics, Fault::Reset),
    ],
    [
        (Source::Frameworks, Fault::Huge(Flood::Entries)),
        (Source::Metrics, Fault::None),
    ],
    [
        (Source::Metrics, Fault::Huge(Flood::Entries)),
        (Source::Frameworks, Fault::InvalidUtf8),
    ],
];

#[test]
fn no_pair_of_faults_is_more_than_the_two() {
    let (waiting, prompt): (Vec<Pair>, Vec<Pair>) = pairs()
        .into_iter()
        .partition(|pair| pair.iter().any(|(_, fault)| is_endless(*fault)));
    assert!(
        prompt.len() > 8_000 && waiting.len() > 1_000,
        "{} {}",
        prompt.len(),
        waiting.len()
    );
    let failures = try_all(&small::documents(), waiting, WAITERS, &TIMEOUTS);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let failures = try_all(&small::short_documents(), prompt, WORKERS, &["30s"]);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn floods_pair_as_others_do() {
    let failures = try_all(&small::documents(), FLOODED.to_vec(), 2, &["500ms", "1s"]);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// All pairs of two sources' faults, without floods; a fault with none beside it is in [`crate::fault`].
fn pairs() -> Vec<Pair> {
    let faults = |source| {
        Fault::all_for(source)
            .into_iter()
            .filter(|fault| !matches!(fault, Fault::Huge(_) | Fault::None))
    };
    let mut pairs = Vec::new();
    for (index, one) in Source::ALL.into_iter().enumerate() {
        for other in &Source::ALL[index + 1..] {
            for fault in faults(one) {
                pairs.extend(faults(*other).map(|second| [(one, fault), (*other, second)]));
            }
        }
    }
    pairs
}

/// Tries pairs on so many threads, each with a cluster of its own; says which did otherwise, at most ten of them.
fn try_all(
    documents: &Documents,
    pairs: Vec<Pair>,
    threads: usize,
    timeouts: &[&'static str],
) -> Vec<String> {
    let todo = Mutex::new(pairs);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut site = Site::build(documents, timeouts);
                let next = || todo.lock().unwrap().pop();
                while let Some(pair) = next() {
                    if !site.has(pair) {
                        site = Site::build(documents, timeouts);
                        assert!(site.has(pair), "a port that was lost is replaced");
                    }
                    if let Some(failure) = site.judge(pair) {
                        let mut failures = failures.lock().unwrap();
                        failures.push(failure);
                        if failures.len() == 10 {
                            todo.lock().unwrap().clear();
                        }
                    }
                }
            });
        }
    });
    failures.into_inner().unwrap()
}

/// A cluster with the faults that it has, and its previews, with a short time-out and with longer ones.
struct Site {
    cluster: Cluster,
    previews: Vec<InProcess>,
    faults: [Fault; 4],
}

impl Site {
    fn build(documents: &Documents, timeouts: &[&'static str]) -> Site {
        let mut cluster = Cluster::of(documents.clone()).set("customer_key", small::CUSTOMER_KEY);
        let mut previews = Vec::new();
        for timeout in timeouts {
            cluster = cluster.set("source_timeout", *timeout);
            previews.push(InProcess::of(&cluster));
        }
        Site {
            cluster,
            previews,
            faults: [Fault::None; 4],
        }
    }

    /// Gives the cluster these two faults and no other. Fails when a source that refused can't listen again: while it did not,
    /// somebody's connection took its port.
    fn has(&mut self, pair: Pair) -> bool {
        for (source, old) in Source::ALL.into_iter().zip(&mut self.faults) {
            let new = fault_of(pair, source);
            if *old != new && self.cluster.sources.set_fault(source, new).is_err() {
                return false;
            }
            *old = new;
        }
        true
    }

    /// What is wrong with the preview, whatever the time-out.
    fn judge(&self, pair: Pair) -> Option<String> {
        let told = |source| row(source, fault_of(pair, source)).effect.told(source);
        let expected = small::preview(&Source::ALL.map(|source| (source, told(source))));
        let mut failure = None;
        for preview in &self.previews {
            let (found, code) = preview.preview();
            failure = difference("preview", &found.unwrap_or_default(), &expected)
                .or_else(|| (code != 0).then(|| format!("exits {code}")));
            if failure.is_none() {
                break;
            }
        }
        let [(one, fault), (other, second)] = pair;
        failure.map(|failure| format!("{one} {fault} and {other} {second}: {failure}"))
    }
}

fn fault_of(pair: Pair, source: Source) -> Fault {
    pair.iter()
        .find(|(faulty, _)| *faulty == source)
        .map_or(Fault::None, |(_, fault)| *fault)
}
