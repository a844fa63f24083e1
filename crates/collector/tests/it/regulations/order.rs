//! What is ordered is done.

use heliograph_wire::id::ReporterId;
use serde_json::{Value, json};

use super::{Admin, ask, order, page, problem};
use crate::deletion::{found, settle};

#[test]
fn users_are_suppressed_and_deleted_and_let_in_again() {
    let mut admin = Admin::new();
    let key = admin.collector.key("server");
    let send =
        |admin: &Admin, messages: &[Value]| admin.collector.batch(&key, &json!({"batch": messages})).counts();
    send(
        &admin,
        &[
            page("gone-a", "1"),
            page("gone-b", "2"),
            page("only-later", "3"),
            page("kept", "4"),
        ],
    );

    let suppress = admin.place(
        "/regulations",
        &order("SUPPRESS_ONLY", "USER_ID", &["only-later"]),
    );
    let both = admin.place(
        "/regulations",
        &order("SUPPRESS_WITH_DELETE", "USER_ID", &["gone-a", " gone-b "]),
    );
    // From the answer on nothing more is kept.
    send(
        &admin,
        &[page("gone-a", "5"), page("only-later", "6"), page("kept", "7")],
    );
    settle(admin.collector.data());
    assert_eq!(admin.ids(), ["3", "4", "7"]);
    assert_eq!(
        found(admin.collector.data(), &["gone-a", "gone-b"]),
        Vec::<String>::new()
    );
    for (id, action, count) in [
        (&suppress, "SUPPRESS_ONLY", 1),
        (&both, "SUPPRESS_WITH_DELETE", 2),
    ] {
        let regulation = admin.regulation(id);
        assert_eq!(
            (
                &regulation["overallStatus"],
                &regulation["regulationType"],
                &regulation["subjectCount"]
            ),
            (&json!("FINISHED"), &json!(action), &json!(count))
        );
        assert_eq!(
            (&regulation["subjects"], &regulation["streamStatus"]),
            (&json!([]), &json!([]))
        );
        assert!(regulation["finishedAt"].is_string() && regulation["createdAt"].is_string());
    }

    let listed = admin.get("/suppressions?pagination.count=2");
    assert_eq!(
        (
            listed["suppressed"].as_array().unwrap().len(),
            &listed["pagination"]["totalEntries"]
        ),
        (2, &json!(3))
    );
    let next = listed["pagination"]["next"].as_str().unwrap().to_owned();
    let rest = admin.get(&format!(
        "/suppressions?pagination[count]=2&pagination[cursor]={next}"
    ));
    assert_eq!(rest["suppressed"].as_array().unwrap().len(), 1);
    assert!(rest["pagination"].get("next").is_none());
    assert_eq!(rest["suppressed"][0]["subjectType"], "USER_ID");
    assert!(!listed.to_string().contains("gone") && !rest.to_string().contains("gone"));

    admin.place(
        "/regulations",
        &order("UNSUPPRESS", "USER_ID", &["gone-a", "nobody"]),
    );
    let delete = admin.place("/regulations", &order("DELETE_ONLY", "USER_ID", &["kept"]));
    send(
        &admin,
        &[page("gone-a", "8"), page("gone-b", "9"), page("kept", "10")],
    );
    settle(admin.collector.data());
    assert_eq!(admin.ids(), ["3", "8", "10"]);

    admin.collector.kill();
    admin.collector.restart();
    let all = admin.get("/regulations");
    let ids: Vec<&str> = all["regulations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [delete.as_str(), "3", both.as_str(), suppress.as_str()]);
    let mut seen = Vec::new();
    let mut path = "/regulations?pagination.count=1&status=FINISHED&regulationTypes[]=DELETE_ONLY&regulationTypes[]=UNSUPPRESS".to_owned();
    let first = path.clone();
    loop {
        let some = admin.get(&path);
        assert_eq!(some["pagination"]["totalEntries"], 2);
        seen.extend(
            some["regulations"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["id"].clone()),
        );
        match some["pagination"]["next"].as_str() {
            Some(next) => path = format!("{first}&pagination.cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, [json!(delete), json!("3")]);
    assert_eq!(admin.get("/regulations?status=RUNNING")["regulations"], json!([]));
}

#[test]
fn every_kind_of_subject_is_taken() {
    let admin = Admin::new();
    let (cluster_key, key) = (admin.collector.key("cluster"), admin.collector.key("server"));
    let report = json!({
        "type": "track", "event": "health", "anonymousId": "c1", "messageId": "c1:health:2026-11-22T11Z",
        "context": {"reporter": ReporterId::of_secret(b"s").as_str()}, "properties": {"customerKey": "k1"},
    });
    admin.collector.batch(&cluster_key, &json!({"batch": [report]}));
    let visitor = json!({"type": "page", "anonymousId": "v1", "messageId": "v"});
    let customer = json!({"type": "track", "event": "e", "anonymousId": "v2", "messageId": "k", "properties": {"customerKey": "k2"}});
    admin
        .collector
        .batch(&key, &json!({"batch": [visitor, customer, page("u", "u")]}));
    for (subject, id) in [
        ("CLUSTER_ID", "c1"),
        ("ANONYMOUS_ID", "v1"),
        ("CUSTOMER_KEY", "k2"),
    ] {
        admin.place("/regulations", &order("SUPPRESS_WITH_DELETE", subject, &[id]));
    }
    settle(admin.collector.data());
    assert_eq!(admin.ids(), ["u"]);
    let kinds = admin.get("/suppressions");
    let mut kinds: Vec<&str> = kinds["suppressed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["subjectType"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["ANONYMOUS_ID", "CLUSTER_ID", "CUSTOMER_KEY"]);
}

/// A source is a write key: what came with others stays, and goes on.
#[test]
fn a_source_is_one_write_key() {
    let admin = Admin::new();
    let (one, other) = (admin.collector.key("server"), admin.collector.key("server"));
    let send = |key: &str, id: &str| admin.collector.batch(key, &json!({"batch": [page("u", id)]}));
    send(&one, "1");
    send(&other, "2");
    let path = "/regulations/sources/1";
    let id = admin.place(path, &order("SUPPRESS_WITH_DELETE", "USER_ID", &["u"]));
    send(&one, "3");
    send(&other, "4");
    settle(admin.collector.data());
    assert_eq!(admin.ids(), ["2", "4"]);
    let regulation = admin.regulation(&id);
    assert_eq!(
        regulation["streamStatus"],
        json!([{"id": "1", "destinationStatus": []}])
    );
    // By prefix, too; and neither list shows what is in the other.
    let listed = admin.get(&format!("/regulations/sources/{}", &one[..8]));
    assert_eq!(listed["regulations"][0]["id"], json!(id));
    assert_eq!(admin.get("/regulations")["regulations"], json!([]));
    assert_eq!(admin.get("/regulations/sources/2")["regulations"], json!([]));
    // Letting somebody in again for all sources does not do it for this one.
    admin.place("/regulations", &order("UNSUPPRESS", "USER_ID", &["u"]));
    send(&one, "5");
    assert_eq!(admin.ids(), ["2", "4"]);
    admin.place(path, &order("UNSUPPRESS", "USER_ID", &["u"]));
    send(&one, "6");
    assert_eq!(admin.ids(), ["2", "4", "6"]);
    let nobody = ask(
        &admin.collector,
        &admin.token,
        "POST",
        "/regulations/sources/9",
        &order("DELETE_ONLY", "USER_ID", &["u"]),
    );
    assert_eq!(problem(&nobody), (404, "not_found".to_owned()));
}

#[test]
fn five_thousand_at_once_and_no_more() {
    let admin = Admin::new();
    let key = admin.collector.key("server");
    let users: Vec<String> = (0..5000).map(|number| format!("user-{number:05}")).collect();
    let batch: Vec<Value> = (0..600)
        .map(|number| page(&users[number * 8], &number.to_string()))
        .collect();
    admin.collector.batch(&key, &json!({"batch": batch}));
    admin
        .collector
        .batch(&key, &json!({"batch": [page("kept", "kept")]}));
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let id = admin.place("/regulations", &order("SUPPRESS_WITH_DELETE", "USER_ID", &users));
    settle(admin.collector.data());
    assert_eq!(admin.ids(), ["kept"]);
    assert_eq!(admin.regulation(&id)["overallStatus"], "FINISHED");
    assert_eq!(
        found(
            admin.collector.data(),
            &["user-00000", "user-00008", "user-04999"]
        ),
        Vec::<String>::new()
    );
    let more = [users.as_slice(), &["one-more"]].concat();
    let answer = ask(
        &admin.collector,
        &admin.token,
        "POST",
        "/regulations",
        &order("DELETE_ONLY", "USER_ID", &more),
    );
    assert_eq!(problem(&answer), (400, "invalid_request".to_owned()));
}
