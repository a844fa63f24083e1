//! Every fault of one source together with every fault of another, all pairs of the four: what is told is what the one fault
//! leaves together with what the other leaves, so that no failing source changes what another says.
//!
//! Every fourth pair is tried alone, with the other sources well. Of the others two are tried at a time, on different sources:
//! twice as many in the time, and what one pair does to the other shows too. What fails so is tried again pair by pair.
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
    let waits = |pair: &Pair| pair.iter().any(|(_, fault)| is_endless(*fault));
    let (mut waiting, mut prompt) = (Vec::new(), Vec::new());
    let [d, c, f, m] = Source::ALL;
    for (one, other) in [((d, c), (f, m)), ((d, f), (c, m)), ((d, m), (c, f))] {
        let (waiting_one, prompt_one) = pairs(one).into_iter().partition(waits);
        let (waiting_other, prompt_other) = pairs(other).into_iter().partition(waits);
        waiting.extend(cases(waiting_one, waiting_other));
        prompt.extend(cases(prompt_one, prompt_other));
    }
    let count = |cases: &[Case]| cases.iter().map(Vec::len).sum::<usize>();
    let (number, number_prompt) = (count(&waiting), count(&prompt));
    assert!(
        number > 1_000 && number_prompt > 8_000,
        "{number} {number_prompt} pairs"
    );
    let failures = try_all(&small::documents(), waiting, WAITERS, &TIMEOUTS);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let failures = try_all(&small::short_documents(), prompt, WORKERS, &["30s"]);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn floods_pair_as_others_do() {
    let cases = FLOODED.map(|pair| vec![pair]).to_vec();
    let failures = try_all(&small::documents(), cases, 2, &["500ms", "1s"]);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// All pairs of two sources' faults, without floods; a fault with none beside it is in [`crate::fault`].
fn pairs((one, other): (Source, Source)) -> Vec<Pair> {
    let faults = |source| {
        Fault::all_for(source)
            .into_iter()
            .filter(|fault| !matches!(fault, Fault::Huge(_) | Fault::None))
    };
    faults(one)
        .flat_map(|fault| faults(other).map(move |second| [(one, fault), (other, second)]))
        .collect()
}

/// Pairs that are tried at a time: one, or two of different sources.
type Case = Vec<Pair>;

/// Every fourth pair alone, of the others one of each.
fn cases(ones: Vec<Pair>, others: Vec<Pair>) -> Vec<Case> {
    let fourth = |pairs: Vec<Pair>| {
        let (alone, together): (Vec<_>, Vec<_>) = pairs
            .into_iter()
            .enumerate()
            .partition(|(index, _)| index % 4 == 0);
        let pair = |(_, pair)| pair;
        (
            alone.into_iter().map(pair).collect::<Vec<Pair>>(),
            together.into_iter().map(pair).collect::<Vec<Pair>>(),
        )
    };
    let ((mut alone, mut ones), (alone_too, mut others)) = (fourth(ones), fourth(others));
    alone.extend(alone_too);
    let both = ones.len().min(others.len());
    alone.extend(ones.drain(both..));
    alone.extend(others.drain(both..));
    let together = ones.into_iter().zip(others).map(|(one, other)| vec![one, other]);
    alone.into_iter().map(|pair| vec![pair]).chain(together).collect()
}

/// Tries cases on so many threads, each with a cluster of its own; says which did otherwise, at most ten of them.
fn try_all(
    documents: &Documents,
    cases: Vec<Case>,
    threads: usize,
    timeouts: &[&'static str],
) -> Vec<String> {
    let todo = Mutex::new(cases);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut site = Site::build(documents, timeouts);
                let next = || todo.lock().unwrap().pop();
                while let Some(case) = next() {
                    let Some(failure) = site.judge(&case) else {
                        continue;
                    };
                    let each = case
                        .iter()
                        .filter_map(|pair| site.judge(std::slice::from_ref(pair)));
                    let each: Vec<_> = each.collect();
                    let mut failures = failures.lock().unwrap();
                    failures.push(if each.is_empty() { failure } else { each.join("\n") });
                    if failures.len() == 10 {
                        todo.lock().unwrap().clear();
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

    /// What is wrong with the preview under these faults and no other, whatever the time-out.
    fn judge(&mut self, case: &[Pair]) -> Option<String> {
        for (source, old) in Source::ALL.into_iter().zip(&mut self.faults) {
            let new = fault_of(case, source);
            if *old != new {
                self.cluster.sources.set_fault(source, new).unwrap();
                *old = new;
            }
        }
        let told = |source| row(source, fault_of(case, source)).effect.told(source);
        let said = Source::ALL.map(|source| (source, told(source)));
        let expected_code = if said.iter().all(|(_, told)| told.is_none()) {
            2
        } else {
            0
        };
        let expected = small::preview(&said);
        let mut failure = None;
        for preview in &self.previews {
            let (found, code) = preview.preview();
            failure = difference("preview", &found.unwrap_or_default(), &expected)
                .or_else(|| (code != expected_code).then(|| format!("exits {code}")));
            if failure.is_none() {
                break;
            }
        }
        let faults = case
            .iter()
            .flatten()
            .map(|(source, fault)| format!("{source} {fault}"));
        failure.map(|failure| format!("{}: {failure}", faults.collect::<Vec<_>>().join(", ")))
    }
}

fn fault_of(case: &[Pair], source: Source) -> Fault {
    case.iter()
        .flatten()
        .find(|(faulty, _)| *faulty == source)
        .map_or(Fault::None, |(_, fault)| *fault)
}
