//! Every fault of every source, alone: what is shown, what is sent, what is logged, how it exits, and that no secret of the
//! cluster comes out. The table is in [`crate::table`], the pairs are in [`crate::pairs`].

use std::sync::Mutex;
use std::thread;

use heliograph_fleet::{Fault, Source};

use crate::cluster::{Cluster, WRITE_KEY, previewed};
use crate::small;
use crate::table::{Effect, Row, is_endless, row};
use crate::value::difference;

/// How many faults are tried at the same time: most wait.
const WORKERS: usize = 8;
/// Time-outs for a source that never ends. The longer one is for a machine that was too busy for the shorter: what is wrong
/// with both is wrong.
const TIMEOUTS: [&str; 2] = ["500ms", "4s"];
/// As above, for floods, which do end: they must not within this.
const SHORT_TIMEOUTS: [&str; 2] = ["500ms", "1s"];

fn cluster() -> Cluster {
    Cluster::of(small::documents()).set("customer_key", small::CUSTOMER_KEY)
}

#[test]
fn every_fault_alone_does_what_the_table_says() {
    let faults = |source| {
        Fault::all_for(source)
            .into_iter()
            .map(move |fault| (source, fault))
    };
    let todo = Mutex::new(Source::ALL.into_iter().flat_map(faults).collect::<Vec<_>>());
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let next = || todo.lock().unwrap().pop();
                while let Some((source, fault)) = next() {
                    if let Err(failure) = check(source, fault) {
                        failures
                            .lock()
                            .unwrap()
                            .push(format!("{source} {fault}: {failure}"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} faults do otherwise:\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

fn check(source: Source, fault: Fault) -> Result<(), String> {
    if !is_endless(fault) {
        return check_within(cluster(), source, fault);
    }
    let timeouts = match fault {
        Fault::Huge(_) => SHORT_TIMEOUTS,
        _ => TIMEOUTS,
    };
    let [short, long] = timeouts.map(|timeout| cluster().set("source_timeout", timeout));
    check_within(short, source, fault).or_else(|_| check_within(long, source, fault))
}

fn check_within(cluster: Cluster, source: Source, fault: Fault) -> Result<(), String> {
    let row = row(source, fault);
    cluster.sources.set_fault(source, fault).unwrap();
    let said = Source::ALL.map(|one| {
        (
            one,
            if one == source {
                row.effect.told(one)
            } else {
                Some(small::told(one))
            },
        )
    });
    let expected = small::preview(&said);

    let preview = cluster.run(&["preview"]);
    logged(&row, &preview.log, "preview")?;
    expect_code(preview.code, 0, &preview.log)?;
    if let Some(difference) = difference("preview", &preview.json(), &expected) {
        return Err(format!("{difference}\n{}", preview.log));
    }

    let report = cluster.run(&["report", "-v"]);
    logged(&row, &report.log, "report")?;
    expect_code(report.code, 0, &report.log)?;
    for (event, properties) in previewed(&expected) {
        let sent = cluster.delivered().remove(&event).unwrap_or_default();
        if let Some(difference) = difference(&format!("sent {event}"), &sent, &properties) {
            return Err(format!("{difference}\n{}", report.log));
        }
    }
    if cluster.delivered().len() != previewed(&expected).len() {
        return Err(format!("sent {:?}", cluster.delivered().keys()));
    }

    let alone = only(cluster, source);
    let run = alone.run(&["report"]);
    logged(&row, &run.log, "report of this source alone")?;
    expect_code(run.code, row.alone, &run.log)?;

    keeps_secrets(&alone, &[&preview.log, &report.log, &run.log])
}

/// The same cluster with the other sources switched off.
fn only(cluster: Cluster, source: Source) -> Cluster {
    let off = serde_json::json!([]);
    let mesos = match source {
        Source::Diagnostics => {
            return cluster.set("cosmos_urls", off.clone()).set("mesos_urls", off);
        }
        Source::Cosmos => {
            return cluster
                .set("diagnostics_urls", off.clone())
                .set("mesos_urls", off);
        }
        Source::Frameworks => cluster.sources.frameworks_url(),
        Source::Metrics => cluster.sources.metrics_url(),
    };
    cluster
        .set("diagnostics_urls", off.clone())
        .set("cosmos_urls", off)
        .set("mesos_urls", serde_json::json!([mesos]))
}

fn logged(row: &Row, log: &str, command: &str) -> Result<(), String> {
    let complains = log.contains(" WARN ") || log.contains(" ERROR ");
    if row.log.is_empty() && complains {
        return Err(format!("{command} complains of nothing:\n{log}"));
    }
    if !log.contains(row.log) {
        return Err(format!("{command} does not log {:?}:\n{log}", row.log));
    }
    if matches!(row.effect, Effect::Lost) && !complains {
        return Err(format!("{command} loses a source without a warning:\n{log}"));
    }
    Ok(())
}

fn expect_code(code: i32, expected: i32, log: &str) -> Result<(), String> {
    if code == expected {
        Ok(())
    } else {
        Err(format!("exits {code}, expected {expected}:\n{log}"))
    }
}

/// Looks for secrets in what came out: the logs, and all that the sink was sent.
fn keeps_secrets(cluster: &Cluster, logs: &[&str]) -> Result<(), String> {
    let sent = cluster.sink.requests();
    let bodies = sent.iter().map(|request| String::from_utf8_lossy(&request.body));
    let logs = logs
        .iter()
        .map(|log| (*log).into())
        .inspect(|log: &std::borrow::Cow<'_, str>| {
            assert!(!log.contains(small::CUSTOMER_KEY), "the customer key:\n{log}");
        });
    for text in logs.chain(bodies) {
        for secret in small::SECRETS.iter().chain(&[WRITE_KEY]) {
            if text.contains(secret) {
                return Err(format!("{secret:?} came out:\n{text}"));
            }
        }
    }
    Ok(())
}
