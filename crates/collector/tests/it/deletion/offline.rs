//! Deleting without a server, by the command alone.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{command, found};
use crate::collector::{TestCollector, messages, run};

#[test]
fn without_a_server_the_command_deletes() {
    let mut collector = TestCollector::start();
    let key = collector.key("server");
    let page = |user: &str, id: &str| json!({"type": "page", "userId": user, "messageId": id});
    collector.batch(
        &key,
        &json!({"batch": [page("gone-user", "1"), page("other", "2")]}),
    );
    collector.batch(&key, &json!({"batch": [page("gone-user", "3")]}));
    collector.stop();
    let data = collector.data().to_owned();
    let said = command(&data, &["forget", "--user-id", " gone-user ", "--delete-only"]);
    assert!(
        said.contains("deletion 1 is done") && !said.contains("suppressed"),
        "{said}"
    );
    assert_eq!(found(&data, &["gone-user"]), Vec::<String>::new());
    let said = command(&data, &["forget", "--user-id", "other", "--suppress-only"]);
    assert!(
        said.contains("suppressed") && !said.contains("deletion"),
        "{said}"
    );
    assert_eq!(messages(&data, &[]).len(), 1);

    collector.restart();
    // Deleted, but not suppressed; a repeat is known by its id still. The last batch is empty, and its number is not used again.
    let batch = json!({"batch": [page("gone-user", "3"), page("gone-user", "4"), page("other", "5")]});
    assert_eq!(collector.batch(&key, &batch).counts(), (2, 1, 0));
    let ids: Vec<Value> = collector
        .messages()
        .iter()
        .map(|message| message["messageId"].clone())
        .collect();
    assert_eq!(ids, [json!("2"), json!("4")]);
    command(&data, &["suppressions", "lift", "--user-id", "other"]);
    assert_eq!(
        collector
            .batch(&key, &json!({"batch": [page("other", "5")]}))
            .counts(),
        (1, 0, 0)
    );

    for arguments in [
        &["forget"][..],
        &["forget", "--user-id", " "],
        &["forget", "--user-id", "a", "--cluster-id", "b"],
    ] {
        assert!(!run(&data, arguments).status.success());
    }
    let none = data.join("none");
    assert!(!run(&none, &["forget", "--user-id", "a"]).status.success() && !none.exists());
}

/// What an earlier run left undone is done first, and is not taken for what is asked for.
#[test]
fn the_command_does_not_end_with_what_another_run_left() {
    let mut collector = TestCollector::start();
    let key = collector.key("server");
    let page = |user: &str| json!({"type": "page", "userId": user, "messageId": user});
    collector.batch(
        &key,
        &json!({"batch": [page("first-user"), page("gone-user"), page("kept")]}),
    );
    collector.stop();
    let data = collector.data().to_owned();
    // A run that was begun, and ended by a kill.
    let connection = Connection::open(data.join("collector.db")).unwrap();
    connection
        .execute_batch(
            "INSERT INTO deletion (kind, subject, hash, through, asked, state) VALUES ('user', 'first-user', x'', 1, 0, 'running');
             INSERT INTO deletion_run (id, step, position) VALUES (1, 'batches', 0);",
        )
        .unwrap();
    drop(connection);
    let said = command(&data, &["forget", "--user-id", "gone-user"]);
    assert!(said.contains("deletion 2 is done"), "{said}");
    assert_eq!(found(&data, &["gone-user", "first-user"]), Vec::<String>::new());
    let receipt = command(&data, &["deletions", "--receipt", "2"]);
    assert_eq!(serde_json::from_str::<Value>(&receipt).unwrap()["messages"], 1);
    assert_eq!(messages(&data, &[]).len(), 1);
}
