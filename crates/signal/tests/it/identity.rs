//! The cluster's id: from its file, made where that is allowed, else an error that says what to do; and the state directory.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::cluster::{CLUSTER_ID, Cluster, NOW};
use crate::run::run;
use crate::small;

fn cluster() -> Cluster {
    Cluster::of(small::short_documents())
}

#[test]
fn a_missing_file_is_an_error_that_says_what_to_do() {
    let cluster = cluster();
    fs::remove_file(cluster.path("cluster-id")).unwrap();
    for command in ["report", "preview"] {
        cluster
            .run(&[command])
            .exits(1)
            .logs("no cluster id")
            .logs("create_cluster_id");
    }
    assert!(!cluster.path("cluster-id").exists());
    cluster.was_left_alone();
}

#[test]
fn a_file_without_an_id_is_an_error_and_stays() {
    let cluster = cluster().set("create_cluster_id", true);
    for text in ["", "\n", "a b", "a\u{7}b", &"x".repeat(129)] {
        cluster.write("cluster-id", text);
        cluster.run(&["report"]).exits(1).logs("cluster-id holds none");
        assert_eq!(
            fs::read_to_string(cluster.path("cluster-id")).unwrap(),
            text,
            "it is the operator's to mend"
        );
    }
    cluster.was_left_alone();
}

#[test]
fn an_id_is_made_once_where_that_is_allowed() {
    let cluster = cluster().set("create_cluster_id", true);
    let path = cluster.path("made/below/cluster-id");
    let cluster = cluster.set("cluster_id_path", path.to_str().unwrap());
    cluster
        .run(&["report", "--now", "2026-11-22T11:00:00Z"])
        .exits(0)
        .logs("made a cluster id");
    let id = fs::read_to_string(&path).unwrap();
    assert_eq!(id.trim().len(), 36, "{id}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    cluster
        .run(&["report", "--now", "2026-11-22T12:00:00Z"])
        .exits(0)
        .keeps_quiet_about("made a cluster id");
    let messages = cluster.sink.messages();
    assert_eq!(messages.len(), 6);
    assert!(messages.iter().all(|message| message["anonymousId"] == id.trim()));
}

#[test]
fn many_at_once_make_one_id() {
    let cluster = cluster().set("create_cluster_id", true);
    let path = cluster.path("cluster-id");
    fs::remove_file(&path).unwrap();
    let ids: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let preview = run(&mut cluster.command(&["preview"])).exits(0).json();
                    preview["mesos"]["anonymousId"].as_str().unwrap().to_owned()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let kept = fs::read_to_string(&path).unwrap();
    assert!(ids.iter().all(|id| id == kept.trim()), "{ids:?} {kept}");
}

#[test]
fn the_configurations_id_beats_the_files() {
    let cluster = cluster().set("cluster_id", "an-id-of-its-own");
    let run = cluster.run(&["preview"]).exits(0);
    assert_eq!(run.json()["mesos"]["anonymousId"], "an-id-of-its-own");
    assert_eq!(
        fs::read_to_string(cluster.path("cluster-id")).unwrap(),
        CLUSTER_ID
    );
}

#[test]
fn the_secret_of_the_reporter_stays_in_the_state_directory() {
    let cluster = cluster();
    cluster.run(&["report", "-v"]).exits(0);
    let path = cluster.path("state/reporter");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = fs::read_to_string(&path).unwrap();
    for request in cluster.sink.requests() {
        assert!(!String::from_utf8_lossy(&request.body).contains(secret.trim()));
    }
}

#[test]
fn a_state_directory_that_cannot_be_is_an_error() {
    let cluster = cluster();
    let inside_a_file = cluster.path("write-key/state");
    let cluster = cluster.set("state_dir", inside_a_file.to_str().unwrap());
    cluster
        .run(&["report", "--now", NOW])
        .exits(1)
        .logs(inside_a_file.to_str().unwrap());
    cluster.was_left_alone();
}

#[test]
fn systemd_and_xdg_name_the_state_directory() {
    let cluster = cluster().unset("state_dir");
    let (by_systemd, by_xdg) = (cluster.path("by-systemd"), cluster.path("by-xdg"));
    let cluster = cluster.var("STATE_DIRECTORY", by_systemd.to_str().unwrap());
    cluster.run(&["report", "--now", "2026-11-22T11:00:00Z"]).exits(0);
    assert!(by_systemd.join("reporter").exists());
    if rustix::process::geteuid().is_root() {
        // Root's is /var/lib/heliograph/signal, which `unit` looks at in a mount namespace.
        return;
    }
    let cluster = cluster
        .var("STATE_DIRECTORY", "")
        .var("XDG_STATE_HOME", by_xdg.to_str().unwrap());
    cluster.run(&["report", "--now", "2026-11-22T12:00:00Z"]).exits(0);
    assert!(by_xdg.join("heliograph/signal/reporter").exists());
}
