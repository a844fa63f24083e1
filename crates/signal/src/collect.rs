//! One collection: all sources asked at the same time, each on a thread of its own, so that the slowest sets the pace and one
//! that fails hides no other.

use std::collections::BTreeMap;
use std::io;
use std::thread;

use heliograph_wire::issue::Issues;
use heliograph_wire::{cosmos, mesos};

use crate::http::url::Url;
use crate::source::{Asker, Problem, Source};
use crate::tally::Tally;

/// Why a URL told nothing though it answered.
const NOTHING_OF_USE: &str = "it answered, and nothing of it is of use";

/// Where each source is asked; an empty list switches it off.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// Health reports: the first that answers counts.
    pub diagnostics: &'a [Url],
    /// Package lists: the first that answers counts.
    pub cosmos: &'a [Url],
    /// Mesos' documents: what any of them says counts.
    pub mesos: &'a [Url],
}

/// What became of a source.
#[derive(Debug, Clone, PartialEq)]
pub enum Told<T> {
    /// It is switched off.
    Off,
    /// It was asked and said nothing of use.
    Nothing,
    /// What it said.
    Said(T),
}

impl<T> Told<T> {
    /// What it said, if anything.
    pub fn said(&self) -> Option<&T> {
        match self {
            Told::Said(said) => Some(said),
            Told::Off | Told::Nothing => None,
        }
    }
}

/// What Mesos' documents say together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mesos {
    /// Numbers by property.
    pub metrics: BTreeMap<&'static str, f64>,
    /// Names of the registered frameworks.
    pub frameworks: Option<Vec<String>>,
    /// Values that could not be used.
    pub issues: Issues,
}

/// What a cluster said.
#[derive(Debug, Clone, PartialEq)]
pub struct Collection {
    /// The health of its units.
    pub health: Told<Tally>,
    /// The names of its packages.
    pub packages: Told<cosmos::Answer>,
    /// Its capacity and frameworks.
    pub mesos: Told<Mesos>,
    /// Every URL that was asked.
    pub tried: Vec<Tried>,
}

/// What became of asking one URL.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// Which source it is.
    pub source: Source,
    /// The URL.
    pub url: Url,
    /// Why it told nothing; `None` where it told something.
    pub problem: Option<String>,
}

impl Collection {
    /// Whether some source is switched on.
    pub fn anything_on(&self) -> bool {
        !(matches!(self.health, Told::Off)
            && matches!(self.packages, Told::Off)
            && matches!(self.mesos, Told::Off))
    }

    /// Whether some source said something.
    pub fn anything_said(&self) -> bool {
        self.health.said().is_some() || self.packages.said().is_some() || self.mesos.said().is_some()
    }
}

/// Asks all sources. A URL that told nothing is logged, with the reason.
pub fn collect(asker: Asker<'_>, sources: Sources<'_>) -> Collection {
    thread::scope(|scope| {
        // All begin before any is waited for.
        fn begin<'s, 'e, T: Send + 's>(
            scope: &'s thread::Scope<'s, 'e>,
            urls: &'s [Url],
            ask: impl Fn(&'s Url) -> Result<T, Problem> + Copy + Send + 's,
        ) -> Handles<'s, T> {
            // A thread that can't be had (a limit on tasks or memory) costs its URL, not the cycle.
            let spawn = |url| thread::Builder::new().spawn_scoped(scope, move || ask(url));
            urls.iter().map(|url| (url, spawn(url))).collect()
        }
        let health = begin(scope, sources.diagnostics, move |url| asker.health(url));
        let packages = begin(scope, sources.cosmos, move |url| asker.packages(url));
        let mesos = begin(scope, sources.mesos, move |url| asker.mesos(url));
        let mut tried = Vec::new();
        let health = first(
            answers(Source::Diagnostics, health, &mut tried),
            sources.diagnostics,
        );
        let packages = first(answers(Source::Cosmos, packages, &mut tried), sources.cosmos);
        let mesos = together(answers(Source::Mesos, mesos, &mut tried), sources.mesos);
        if mesos == Told::Nothing {
            for tried in tried.iter_mut().filter(|tried| tried.source == Source::Mesos) {
                tried.problem.get_or_insert_with(|| NOTHING_OF_USE.to_owned());
            }
        }
        Collection {
            health,
            packages,
            mesos,
            tried,
        }
    })
}

/// Logs what was odd in what was said: values that could not be used, a report that contradicts itself or is empty.
pub fn log_oddities(collection: &Collection) {
    if let Some(tally) = collection.health.said() {
        log_issues(Source::Diagnostics, &tally.issues);
        if !tally.contradictions.is_empty() {
            tracing::warn!(source = %Source::Diagnostics, count = tally.contradictions.count(), "the report contradicts itself: {}", tally.contradictions);
        }
        if tally.units.is_empty() {
            tracing::warn!(source = %Source::Diagnostics, "the report names no unit; is it asked of a master?");
        }
    }
    if let Some(answer) = collection.packages.said() {
        log_issues(Source::Cosmos, &answer.issues);
    }
    if let Some(told) = collection.mesos.said() {
        log_issues(Source::Mesos, &told.issues);
    }
}

type Handles<'s, T> = Vec<(
    &'s Url,
    io::Result<thread::ScopedJoinHandle<'s, Result<T, Problem>>>,
)>;

/// The answers in the order of the URLs; failures are logged, and `tried` notes them all.
fn answers<T>(source: Source, handles: Handles<'_, T>, tried: &mut Vec<Tried>) -> Vec<T> {
    let joined = handles.into_iter().map(|(url, handle)| match handle {
        Ok(handle) => (url, handle.join().unwrap_or(Err(Problem::Panicked))),
        Err(error) => (url, Err(Problem::NoThread(error))),
    });
    let mut answers = Vec::new();
    for (url, answer) in joined {
        let problem = match answer {
            Ok(answer) => {
                answers.push(answer);
                None
            }
            Err(problem) => {
                tracing::warn!(%source, %url, "nothing collected: {problem}");
                Some(problem.to_string())
            }
        };
        tried.push(Tried {
            source,
            url: url.clone(),
            problem,
        });
    }
    answers
}

fn first<T>(answers: Vec<T>, urls: &[Url]) -> Told<T> {
    match answers.into_iter().next() {
        Some(answer) => Told::Said(answer),
        None if urls.is_empty() => Told::Off,
        None => Told::Nothing,
    }
}

/// What several documents say together; of what two say, the first counts.
fn together(answers: Vec<mesos::Answer>, urls: &[Url]) -> Told<Mesos> {
    let mut told = Mesos::default();
    for answer in answers {
        told.issues.append(answer.issues);
        for (property, number) in answer.metrics {
            told.metrics.entry(property).or_insert(number);
        }
        told.frameworks = told.frameworks.or(answer.frameworks);
    }
    if urls.is_empty() {
        Told::Off
    } else if told.metrics.is_empty() && told.frameworks.is_none() {
        // What is not said is not looked at again, so this is the place to say why.
        log_issues(Source::Mesos, &told.issues);
        Told::Nothing
    } else {
        Told::Said(told)
    }
}

fn log_issues(source: Source, issues: &Issues) {
    if !issues.is_empty() {
        tracing::warn!(%source, count = issues.count(), "values were left out: {issues}");
    }
}
