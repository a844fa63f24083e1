//! `/regulations` in the form of Segment's Public API, and the tokens that it takes.

use heliograph_wire::id::ReporterId;
use serde_json::{Value, json};

use crate::client::{Answer, basic};
use crate::collector::{TestCollector, run};
use crate::deletion::{found, settle};

fn token(collector: &TestCollector, scope: &str) -> String {
    let output = run(
        collector.data(),
        &["token", "add", "--scope", scope, "--name", "Tests"],
    );
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn ask(collector: &TestCollector, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    collector
        .client()
        .send(method, path, &[("Authorization", &bearer)], body.as_bytes())
        .unwrap()
}

fn order(kind: &str, subject: &str, ids: &[&str]) -> Value {
    json!({"regulationType": kind, "subjectType": subject, "subjectIds": ids})
}

/// The data of an answer that went well.
fn data(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json()["data"].clone()
}

/// Status and code of problem details.
fn problem(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.json()["status"], answer.status);
    (answer.status, answer.json()["code"].as_str().unwrap().to_owned())
}

struct Admin {
    collector: TestCollector,
    token: String,
}

impl Admin {
    fn new() -> Admin {
        let collector = TestCollector::start();
        let token = token(&collector, "admin");
        Admin { collector, token }
    }

    fn get(&self, path: &str) -> Value {
        data(&ask(&self.collector, &self.token, "GET", path, &Value::Null))
    }

    fn place(&self, path: &str, order: &Value) -> String {
        let placed = data(&ask(&self.collector, &self.token, "POST", path, order));
        placed["regulateId"].as_str().unwrap().to_owned()
    }

    fn regulation(&self, id: &str) -> Value {
        self.get(&format!("/regulations/{id}"))["regulation"].clone()
    }

    fn ids(&self) -> Vec<String> {
        let messages = self.collector.messages();
        messages
            .iter()
            .map(|message| message["messageId"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn page(user: &str, id: &str) -> Value {
    json!({"type": "page", "userId": user, "messageId": id})
}

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

#[test]
fn only_an_admin_s_token_opens_it() {
    let admin = Admin::new();
    let collector = &admin.collector;
    let key = collector.key("cluster");
    let valid = order("DELETE_ONLY", "USER_ID", &["u"]);
    let paths = [
        ("POST", "/regulations"),
        ("GET", "/regulations"),
        ("GET", "/regulations/1"),
        ("DELETE", "/regulations/1"),
        ("POST", "/regulations/sources/1"),
        ("GET", "/regulations/sources/1"),
        ("GET", "/suppressions"),
    ];
    let support = token(collector, "support");
    for (method, path) in paths {
        for wrong in [key.as_str(), "hgt_nonesuch", "", &support[..support.len() - 1]] {
            let answer = ask(collector, wrong, method, path, &valid);
            assert_eq!(
                problem(&answer),
                (401, "invalid_token".to_owned()),
                "{method} {path}"
            );
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            assert!(!String::from_utf8_lossy(&answer.body).contains("nonesuch"));
        }
        let answer = ask(collector, &support, method, path, &valid);
        assert_eq!(
            problem(&answer),
            (403, "insufficient_scope".to_owned()),
            "{method} {path}"
        );
        let with_key = collector
            .client()
            .send(method, path, &[("Authorization", &basic(&key))], b"{}")
            .unwrap();
        assert_eq!(problem(&with_key).0, 401);
        // Browsers of other origins are not let in.
        let headers = [
            ("Origin", "https://example.org"),
            ("Access-Control-Request-Method", method),
        ];
        let preflight = collector.client().send("OPTIONS", path, &headers, b"").unwrap();
        assert_eq!(
            (preflight.status, preflight.header("access-control-allow-origin")),
            (405, None)
        );
    }
    for (body, code) in [
        (json!({}), "invalid_request"),
        (order("DELETE_ONLY", "USER_ID", &[]), "invalid_request"),
        (order("DELETE_ONLY", "USER_ID", &[" "]), "invalid_request"),
        (order("DELETE_ONLY", "CLUSTER_ID", &["a b"]), "invalid_request"),
        (
            order("DELETE_INTERNAL", "USER_ID", &["secret-id"]),
            "NOT_SUPPORTED",
        ),
        (order("DELETE_ONLY", "OBJECT_ID", &["secret-id"]), "NOT_SUPPORTED"),
        (order("DELETE_ONLY", "REPORTER", &["secret-id"]), "NOT_SUPPORTED"),
    ] {
        let answer = ask(collector, &admin.token, "POST", "/regulations", &body);
        assert_eq!(problem(&answer), (400, code.to_owned()), "{body}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret-id"));
    }
    let answer = ask(
        collector,
        &admin.token,
        "GET",
        "/regulations?pagination.count=1000",
        &Value::Null,
    );
    assert_eq!(problem(&answer).0, 400);

    // Revoked, it is refused at once; nothing of it is kept but a hash and a prefix.
    let list = run(collector.data(), &["token", "list"]);
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(
        list.contains(&admin.token[..12]) && !list.contains(&admin.token) && list.contains("Tests"),
        "{list}"
    );
    assert_eq!(found(collector.data(), &[&admin.token]), Vec::<String>::new());
    assert!(!collector.log().contains(&admin.token));
    assert!(
        run(collector.data(), &["token", "revoke", &admin.token[..12]])
            .status
            .success()
    );
    let answer = ask(collector, &admin.token, "GET", "/regulations", &Value::Null);
    assert_eq!(problem(&answer).0, 401);
    for (arguments, said) in [
        (
            &["token", "revoke", "9"][..],
            "no token with the number or the prefix 9",
        ),
        (
            &["token", "add", "--scope", "root"],
            "one of read, support, admin",
        ),
    ] {
        let output = run(collector.data(), arguments);
        assert!(
            !output.status.success() && String::from_utf8_lossy(&output.stderr).contains(said),
            "{output:?}"
        );
    }
}
