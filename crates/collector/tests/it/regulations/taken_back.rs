//! What is not begun can be taken back.

use serde_json::{Value, json};

use super::{Admin, ask, data, order, page, problem};
use crate::deletion::settle;

#[test]
fn one_that_is_not_begun_can_be_taken_back() {
    let mut admin = Admin::new();
    let key = admin.collector.key("server");
    admin.collector.batch(&key, &json!({"batch": [page("u", "1")]}));
    let done = admin.place("/regulations", &order("DELETE_ONLY", "USER_ID", &["somebody"]));
    settle(admin.collector.data());
    // While a deletion is under way the next one waits. It is made to look so: nothing is done meanwhile.
    admin.collector.stop();
    let connection = rusqlite::Connection::open(admin.collector.data().join("collector.db")).unwrap();
    connection
        .execute_batch(
            "INSERT INTO deletion (kind, subject, hash, through, asked, state) VALUES ('user', 'x', x'', 0, 0, 'running');
             INSERT INTO deletion_run (id, step, position) VALUES (1, 'nonesuch', 0);
             INSERT INTO regulation (action, kind, subjects, asked) VALUES ('SUPPRESS_WITH_DELETE', 'user', 1, 0);
             INSERT INTO deletion (kind, subject, hash, through, asked, state, regulation)
                 VALUES ('user', 'u', x'', 1, 0, 'queued', 2);",
        )
        .unwrap();
    drop(connection);
    let withdraw = |admin: &Admin, id: &str| {
        ask(
            &admin.collector,
            &admin.token,
            "DELETE",
            &format!("/regulations/{id}"),
            &Value::Null,
        )
    };
    // As it is before the server goes on.
    let reader = heliograph_collector::store::Reader::open(admin.collector.data()).unwrap();
    let waiting = reader.regulation(2).unwrap().unwrap();
    assert_eq!(
        (waiting.state.name(), waiting.subjects),
        ("INITIALIZED", vec!["u".to_owned()])
    );
    let mut store = heliograph_collector::store::Store::open(admin.collector.data()).unwrap();
    let mut commit = store.begin().unwrap();
    assert_eq!(
        commit.withdraw(2).unwrap(),
        heliograph_collector::forget::order::Withdrawn::Done
    );
    commit.finish().unwrap();
    drop((store, reader));
    admin.collector.restart();
    settle(admin.collector.data());
    assert_eq!(admin.ids(), ["1"]);
    assert_eq!(problem(&withdraw(&admin, "2")), (404, "not_found".to_owned()));
    assert_eq!(problem(&withdraw(&admin, &done)), (409, "conflict".to_owned()));
    assert_eq!(problem(&withdraw(&admin, "x")), (404, "not_found".to_owned()));
}

/// Over HTTP, while the deletion is kept from beginning.
#[test]
fn what_is_taken_back_was_never_ordered() {
    let admin = Admin::new();
    let key = admin.collector.key("server");
    let send = |user: &str, id: &str| admin.collector.batch(&key, &json!({"batch": [page(user, id)]}));
    send("u", "1");
    send("v", "2");
    let connection = rusqlite::Connection::open(admin.collector.data().join("collector.db")).unwrap();
    connection
        .execute_batch(
            "CREATE TRIGGER hold BEFORE INSERT ON deletion_run BEGIN SELECT raise(ABORT, 'held'); END",
        )
        .unwrap();
    let both = order("SUPPRESS_WITH_DELETE", "USER_ID", &["u", "v"]);
    let taken_back = admin.place("/regulations", &both);
    let regulation = admin.regulation(&taken_back);
    assert_eq!(
        (
            &regulation["overallStatus"],
            &regulation["subjects"],
            &regulation["receipts"]
        ),
        (&json!("INITIALIZED"), &json!(["u", "v"]), &json!([]))
    );
    // Somebody else orders a part of it, too.
    let stays = admin.place("/regulations", &order("SUPPRESS_WITH_DELETE", "USER_ID", &["v"]));
    let path = format!("/regulations/{taken_back}");
    let answer = ask(&admin.collector, &admin.token, "DELETE", &path, &Value::Null);
    assert_eq!(data(&answer), json!({"status": "SUCCESS"}));
    let gone = ask(&admin.collector, &admin.token, "GET", &path, &Value::Null);
    assert_eq!(problem(&gone), (404, "not_found".to_owned()));
    connection.execute_batch("DROP TRIGGER hold").unwrap();
    settle(admin.collector.data());
    send("u", "3");
    send("v", "4");
    assert_eq!(admin.ids(), ["1", "3"]);
    let receipts = admin.regulation(&stays)["receipts"].clone();
    assert_eq!(
        (receipts.as_array().unwrap().len(), &receipts[0]["messages"]),
        (1, &json!(1))
    );
    assert!(receipts[0]["signature"].is_string());
}
