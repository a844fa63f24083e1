//! Documents without an end: read in bounded memory, for as long as there is time, and at nobody else's cost.
//!
//! The bound is the kernel's (`ulimit -d`: heap and stacks): whoever keeps more of a document than that is ended by it. A machine
//! that is too busy to read more than that within the time-out is given more time.

use std::process::Command;
use std::sync::Mutex;
use std::thread;

use heliograph_fleet::flood::Flood;
use heliograph_fleet::{Fault, Source};

use crate::cluster::Cluster;
use crate::run::{Run, run};
use crate::small;

/// Bytes of heap and stacks that signal may have, debug build and all. It starts with 18 MiB, nearly all of it stacks; what is
/// above 24 MiB is left to allocators that keep more of what was freed.
const MAX_DATA: u64 = 40 << 20;
/// Time-outs, until more than that was read.
const TIMEOUTS: [&str; 3] = ["1500ms", "5s", "20s"];

#[test]
fn floods_are_read_in_bounded_memory() {
    let floods = |source| Flood::ALL.map(|flood| (source, Fault::Huge(flood)));
    let floods = Source::ALL.into_iter().flat_map(floods);
    let todo: Vec<_> = floods
        .filter(|(source, fault)| fault.applies_to(*source))
        .collect();
    assert_eq!(todo.len(), 9);
    let todo = Mutex::new(todo);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let next = || todo.lock().unwrap().pop();
                while let Some((source, fault)) = next() {
                    check(source, fault);
                }
            });
        }
    });
}

fn check(source: Source, fault: Fault) {
    for timeout in TIMEOUTS {
        let run = read_within(timeout, source, fault);
        let read = run.log.split("reading failed at byte ").nth(1).map(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u64>().unwrap()
        });
        // Who was not cut off has read it to its end, or to the largest document that is read.
        if read.is_none_or(|read| read > MAX_DATA) {
            return;
        }
    }
    panic!("{source} {fault}: this machine is too busy to tell");
}

fn read_within(timeout: &'static str, source: Source, fault: Fault) -> Run {
    let cluster = Cluster::of(small::short_documents()).set("source_timeout", timeout);
    cluster.sources.set_fault(source, fault).unwrap();
    let unbounded = cluster.command(&["preview"]);
    let mut bounded = Command::new("sh");
    bounded
        .arg("-c")
        .arg(format!(r#"ulimit -d {} && exec "$0" "$@""#, MAX_DATA / 1024))
        .arg(unbounded.get_program())
        .args(unbounded.get_args())
        .env_clear();
    let run = run(&mut bounded);
    assert_eq!(run.code, 0, "{source} {fault}:\n{}", run.log);
    let preview = run.json();
    let told = |event: &str, property: &str| !preview[event]["properties"][property].is_null();
    for other in Source::ALL.into_iter().filter(|other| *other != source) {
        let told = match other {
            Source::Diagnostics => told("diagnostics", "nodes-unreachable"),
            Source::Cosmos => told("cosmos", "package_list"),
            Source::Frameworks => told("mesos", "frameworks"),
            Source::Metrics => told("mesos", "cpu_total"),
        };
        assert!(
            told,
            "{source} {fault}: {other} is not told\n{}\n{}",
            run.stdout, run.log
        );
    }
    assert!(
        run.stdout.len() < 1 << 20,
        "{source} {fault}: {} bytes are told",
        run.stdout.len()
    );
    run
}
