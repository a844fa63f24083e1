//! `run`, the loop for containers: it reports when its cluster is due, follows the operator at once, and ends when it is told to.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use heliograph_fleet::sink::Answer;
use heliograph_fleet::{Fault, Source};

use crate::cluster::Cluster;
use crate::looping::Looping;
use crate::{kept, small};

/// Every cluster's minute has passed.
const DUE: &str = "2026-11-22T11:59:00Z";
/// Nobody's minute has come yet.
const NOT_DUE: &str = "2026-11-22T11:01:00Z";
/// An end within this is within the 5 s that a container is given, and a little for a machine that is busy.
const SOON: Duration = Duration::from_millis(5500);

fn cluster() -> Cluster {
    Cluster::of(small::short_documents())
}

fn start(cluster: &Cluster, now: &str) -> Looping {
    let mut command = cluster.command(&["run", "--now", now]);
    Looping::start(&mut command, cluster.path("run-log"))
}

/// What a service manager heard so far.
fn heard(socket: &UnixDatagram) -> Vec<String> {
    let mut block = [0; 256];
    let mut heard = Vec::new();
    while let Ok(count) = socket.recv(&mut block) {
        heard.push(String::from_utf8_lossy(&block[..count]).into_owned());
    }
    heard
}

#[test]
fn it_reports_once_when_it_is_due() {
    let cluster = cluster();
    let running = start(&cluster, DUE);
    running.wait_for_log("delivered");
    std::thread::sleep(Duration::from_millis(1200));
    let ended = running.terminate();
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert_eq!(
        cluster.sink.messages().len(),
        3,
        "an hour is one report: {}",
        ended.log
    );

    // Nor does it poll the cluster again when it is started again.
    let asked = cluster.sources.requests().len();
    let running = start(&cluster, DUE);
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(running.terminate().code, 0);
    assert_eq!(cluster.sources.requests().len(), asked);
    assert_eq!(cluster.sink.messages().len(), 3);
}

#[test]
fn it_waits_while_it_is_not() {
    let cluster = cluster();
    let running = start(&cluster, NOT_DUE);
    running.wait_for_log("running");
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(running.terminate().code, 0);
    cluster.was_left_alone();
}

#[test]
fn what_waits_is_delivered_whether_it_is_due_or_not() {
    let cluster = cluster();
    cluster.run(&["report", "--now", NOT_DUE]).exits(0);
    let id = kept::put(&cluster, "2026-11-22T10");
    let running = start(&cluster, NOT_DUE);
    running.wait_for("the delivery", || kept::parcels(&cluster).is_empty());
    assert_eq!(running.terminate().code, 0);
    let ids: Vec<_> = cluster.sink.messages().iter().map(kept::id).collect();
    assert_eq!(ids[3..], [id]);
}

#[test]
fn it_tells_the_service_manager_how_it_is() {
    let cluster = cluster();
    let socket = UnixDatagram::bind(cluster.path("notify")).unwrap();
    socket.set_nonblocking(true).unwrap();
    let cluster = cluster.var("NOTIFY_SOCKET", cluster_path(&socket));
    let running = start(&cluster, NOT_DUE);
    let mut told = Vec::new();
    running.wait_for("READY=1 and the watchdog", || {
        told.extend(heard(&socket));
        told.len() > 1
    });
    let ended = running.terminate();
    assert_eq!(ended.code, 0, "{}", ended.log);
    told.extend(heard(&socket));
    assert!(told[0].contains("READY=1"), "{told:?}");
    assert!(told.iter().any(|text| text.contains("WATCHDOG=1")), "{told:?}");
    assert!(told.last().unwrap().contains("STOPPING=1"), "{told:?}");
}

fn cluster_path(socket: &UnixDatagram) -> String {
    let address = socket.local_addr().unwrap();
    address.as_pathname().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn it_ends_in_time_while_a_source_hangs() {
    let cluster = cluster();
    cluster
        .sources
        .set_fault(Source::Diagnostics, Fault::Hang)
        .unwrap();
    let waits = kept::put(&cluster, "2026-11-22T10");
    let running = start(&cluster, DUE);
    running.wait_for("a source is asked", || {
        let asked = cluster.sources.requests();
        asked.iter().any(|seen| seen.source == Source::Diagnostics)
    });
    let ended = running.terminate();
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(ended.took < SOON, "took {:?}", ended.took);
    assert_eq!(kept::ids(&cluster), [waits].into(), "what waited still does");
    assert!(kept::aside(&cluster).is_empty());
}

#[test]
fn it_ends_in_time_while_the_sink_hangs_and_loses_nothing() {
    let cluster = cluster();
    cluster.sink.script(vec![Answer::Hang; 100]);
    let running = start(&cluster, DUE);
    running.wait_for("a request to the sink", || !cluster.sink.requests().is_empty());
    let ended = running.terminate();
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(ended.took < SOON, "took {:?}", ended.took);
    assert_eq!(kept::ids(&cluster).len(), 3, "the report waits");

    cluster.sink.script(vec![]);
    let running = start(&cluster, DUE);
    running.wait_for("the delivery", || cluster.sink.messages().len() == 3);
    assert_eq!(running.terminate().code, 0);
}

#[test]
fn it_ends_in_time_while_it_waits_to_try_again() {
    let cluster = cluster();
    let later = Answer::Status {
        code: 429,
        headers: vec![("Retry-After".to_owned(), "25".to_owned())],
        body: "{}".to_owned(),
    };
    cluster.sink.script(vec![later; 100]);
    let running = start(&cluster, DUE);
    running.wait_for("a request to the sink", || !cluster.sink.requests().is_empty());
    let ended = running.terminate();
    assert_eq!(ended.code, 0, "{}", ended.log);
    assert!(ended.took < SOON, "took {:?}", ended.took);
    assert_eq!(cluster.sink.requests().len(), 1, "nothing is begun any more");
    assert_eq!(kept::ids(&cluster).len(), 3);
}

/// Between two tries as well: the wait that the sink asked for ends in no request.
#[test]
fn opt_out_stops_it_at_once_and_nothing_of_before_is_ever_sent() {
    let cluster = cluster();
    let later = Answer::Status {
        code: 429,
        headers: vec![("Retry-After".to_owned(), "2".to_owned())],
        body: "{}".to_owned(),
    };
    cluster.sink.script(vec![later; 100]);
    let running = start(&cluster, DUE);
    running.wait_for("a request to the sink", || !cluster.sink.requests().is_empty());
    cluster.run(&["opt-out"]).exits(0);
    let (told, asked) = (cluster.sink.requests().len(), cluster.sources.requests().len());
    assert!(kept::parcels(&cluster).is_empty(), "deleted at once");
    running.wait_for_log("telemetry is off");
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(
        cluster.sink.requests().len(),
        told,
        "not one request more:\n{}",
        running.log()
    );
    assert_eq!(cluster.sources.requests().len(), asked);

    cluster.sink.script(vec![]);
    cluster.run(&["opt-in"]).exits(0);
    running.wait_for_log("telemetry is on");
    assert_eq!(running.terminate().code, 0);
    cluster.run(&["report", "--now", "2026-11-22T13:00:00Z"]).exits(0);
    let hours: Vec<_> = cluster
        .sink
        .messages()
        .iter()
        .map(|message| message["timestamp"].as_str().unwrap()[11..13].to_owned())
        .collect();
    assert_eq!(hours, ["13"; 3], "of the time before only what follows opt-in");
}

#[test]
fn consent_that_can_t_be_read_is_said_once_and_off() {
    let cluster = cluster();
    cluster.write("state/consent", "opt-in");
    kept::put(&cluster, "2026-11-22T10");
    let running = start(&cluster, DUE);
    running.wait_for_log("consent can't be read");
    std::thread::sleep(Duration::from_millis(1100));
    let ended = running.terminate();
    assert_eq!(ended.code, 0);
    assert_eq!(
        ended.log.matches("consent can't be read").count(),
        1,
        "{}",
        ended.log
    );
    cluster.was_left_alone();
    assert_eq!(
        kept::parcels(&cluster).len(),
        1,
        "what nobody understood deletes nothing"
    );
}
