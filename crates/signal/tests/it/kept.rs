//! What waits in a cluster's spool: looked at, and put there, from outside.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use heliograph_wire::parcel::{Kind, Parcel};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cluster::Cluster;

/// The spool's directory.
pub(crate) fn spool(cluster: &Cluster) -> PathBuf {
    cluster.path("state/spool")
}

/// Names of the parcels that wait, oldest first.
pub(crate) fn parcels(cluster: &Cluster) -> Vec<String> {
    names_in(&spool(cluster))
        .into_iter()
        .filter(|name| name.ends_with(".report") || name.ends_with(".event"))
        .collect()
}

/// Names of what was set aside.
pub(crate) fn aside(cluster: &Cluster) -> Vec<String> {
    names_in(&spool(cluster).join("aside"))
}

/// Names of a directory's files, sorted; none where there is no directory.
pub(crate) fn names_in(folder: &std::path::Path) -> Vec<String> {
    let Ok(files) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The parcels that wait, read; fails on one that is damaged.
#[track_caller]
pub(crate) fn read(cluster: &Cluster) -> Vec<Parcel> {
    let read = |name: String| {
        let bytes = fs::read(spool(cluster).join(&name)).unwrap();
        Parcel::decode(&bytes).unwrap_or_else(|damage| panic!("{name} is damaged: {damage}"))
    };
    parcels(cluster).into_iter().map(read).collect()
}

/// Ids of the messages that wait.
#[track_caller]
pub(crate) fn ids(cluster: &Cluster) -> BTreeSet<String> {
    let messages = read(cluster).into_iter().flat_map(|parcel| parcel.messages);
    messages
        .map(|message| id(&serde_json::from_str(&message).unwrap()))
        .collect()
}

/// A message's id.
#[track_caller]
pub(crate) fn id(message: &Value) -> String {
    message["messageId"].as_str().unwrap().to_owned()
}

/// Puts a parcel of that hour there, with one message, and returns the message's id.
pub(crate) fn put(cluster: &Cluster, hour: &str) -> String {
    let collected: Timestamp = format!("{hour}:00:00Z").parse().unwrap();
    let id = format!("kept-{hour}");
    let message =
        json!({"type": "track", "event": "health", "anonymousId": "a", "messageId": id, "properties": {}});
    let parcel = Parcel {
        kind: Kind::Report,
        collected,
        messages: vec![message.to_string()],
    };
    cluster.write(&format!("state/spool/{hour}Z.report"), parcel.encode());
    id
}
