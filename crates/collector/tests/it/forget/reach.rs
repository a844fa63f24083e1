//! Whose messages an order reaches, and whose not.

use heliograph_wire::id::ReporterId;
use serde_json::{Value, json};

use super::{ask, command, forget, forgotten, report, send};
use crate::collector::{TestCollector, messages, run};
use crate::deletion::settle;
use crate::receipt::holds;

#[test]
fn the_first_reporter_has_the_cluster_forgotten_for_good() {
    let mut collector = TestCollector::start();
    let key = collector.key("cluster");
    assert_eq!(send(&collector, &key, &report("c", "first", 1)), (1, 0, 0));
    assert_eq!(send(&collector, &key, &report("other", "else", 1)), (1, 0, 0));
    let answer = forgotten(&forget(&collector, &key, "c", "first"));
    assert_eq!(answer.0, "cluster");

    settle(collector.data());
    let mut kept = collector.messages();
    assert!(kept.len() == 1 && kept[0]["anonymousId"] == "other");
    let relayed = json!({"type": "page", "anonymousId": "u", "properties": {"clusterId": " c "}});
    for restarted in [false, true] {
        if restarted {
            collector.kill();
            collector.restart();
        }
        // Answered as if taken: of the reporter and any other, by report, event, or in the name of somebody else.
        assert_eq!(send(&collector, &key, &report("c", "first", 2)), (1, 0, 0));
        assert_eq!(send(&collector, &key, &report("c", "second", 2)), (1, 0, 0));
        assert_eq!(send(&collector, &key, &relayed), (1, 0, 0));
        let event = json!({"type": "track", "event": "e", "anonymousId": "c", "messageId": "1"});
        assert_eq!(send(&collector, &key, &event), (1, 0, 0));
        assert_eq!(collector.messages(), kept, "restarted: {restarted}");
        // Asked again, the answer is the same.
        assert_eq!(forgotten(&forget(&collector, &key, "c", "first")), answer);
        let other = report("other", "else", 2 + u32::from(restarted));
        assert_eq!(send(&collector, &key, &other), (1, 0, 0));
        let now = collector.messages();
        assert_eq!(
            (now.len(), &now[now.len() - 1]["anonymousId"]),
            (kept.len() + 1, &json!("other"))
        );
        kept = now;
    }
    let deletions = command(collector.data(), &["deletions"]);
    assert!(
        deletions.lines().count() == 2 && deletions.contains("cluster") && deletions.contains(&answer.1),
        "{deletions}"
    );

    // Only who has the id can lift it, and the list does not tell it.
    let list = command(collector.data(), &["suppressions", "list"]);
    assert!(
        list.lines().count() == 2 && !list.lines().any(|line| line.ends_with(" c")),
        "{list}"
    );
    assert_eq!(
        run(
            collector.data(),
            &["suppressions", "lift", "--cluster-id", "nonesuch"]
        )
        .status
        .code(),
        Some(1)
    );
    command(collector.data(), &["suppressions", "lift", "--cluster-id", "c"]);
    let before = collector.messages().len();
    assert_eq!(send(&collector, &key, &report("c", "first", 9)), (1, 0, 0));
    assert_eq!(collector.messages().len(), before + 1);
    assert_eq!(
        command(collector.data(), &["suppressions", "list"])
            .lines()
            .count(),
        1
    );
}

#[test]
fn another_reporter_has_forgotten_what_it_sent_itself() {
    let mut collector = TestCollector::start();
    let key = collector.key("cluster");
    assert_eq!(send(&collector, &key, &report("c", "first", 1)), (1, 0, 0));
    assert_eq!(send(&collector, &key, &report("c", "second", 1)), (0, 1, 0));
    let answer = forgotten(&forget(&collector, &key, "c", "second"));
    assert_eq!(answer.0, "reporter");
    settle(collector.data());
    collector.kill();
    collector.restart();
    assert_eq!(forgotten(&forget(&collector, &key, "c", "second")), answer);

    let before = collector.messages().len();
    assert_eq!(send(&collector, &key, &report("c", "second", 2)), (1, 0, 0));
    assert_eq!(collector.messages().len(), before, "it is not kept");
    assert_eq!(send(&collector, &key, &report("c", "first", 2)), (1, 0, 0));
    assert_eq!(send(&collector, &key, &report("d", "second", 2)), (1, 0, 0));
    assert_eq!(collector.messages().len(), before + 2, "all others are");
    let deletions = command(collector.data(), &["deletions"]);
    assert!(
        deletions.contains("reporter") && deletions.lines().count() == 2,
        "{deletions}"
    );

    // The first may have everything forgotten still; the second keeps its answer.
    assert_eq!(forgotten(&forget(&collector, &key, "c", "first")).0, "cluster");
    assert_eq!(forgotten(&forget(&collector, &key, "c", "second")), answer);
    settle(collector.data());
    command(collector.data(), &["suppressions", "lift", "--cluster-id", "c"]);
    for secret in ["first", "second"] {
        let before = messages(collector.data(), &["--all"]).len();
        let hour = if secret == "first" { 5 } else { 6 };
        send(&collector, &key, &report("c", secret, hour));
        let after = messages(collector.data(), &["--all"]).len();
        assert_eq!(after, before + 1, "{secret}");
    }
}

#[test]
fn nobody_else_changes_anything() {
    let collector = TestCollector::start();
    let (key, ui) = (collector.key("cluster"), collector.key("ui"));
    send(&collector, &key, &report("c", "first", 1));
    // Of messages that do not say who sends them, nobody can show that they are its own.
    let mut nameless = report("n", "", 1);
    nameless["context"] = json!({});
    send(&collector, &key, &nameless);

    let refused = (403, "not_the_reporter".to_owned());
    for (cluster, secret) in [
        ("c", "forged"),
        // The id is public; it is not the secret.
        ("c", ReporterId::of_secret(b"first").as_str()),
        ("c", "first "),
        ("n", "x"),
    ] {
        assert_eq!(
            forget(&collector, &key, cluster, secret).error(),
            refused,
            "{cluster} {secret}"
        );
    }
    // Of a cluster of which nothing is held nothing is forgotten, nor suppressed.
    let (scope, _) = forgotten(&forget(&collector, &key, "nonesuch", "first"));
    assert_eq!(scope, "nothing");
    for (key, error) in [
        ("nonesuch", (401, "invalid_write_key")),
        (&ui, (403, "wrong_key_kind")),
    ] {
        assert_eq!(
            forget(&collector, key, "c", "first").error(),
            (error.0, error.1.to_owned())
        );
    }
    for body in [
        "",
        "[]",
        "{}",
        r#"{"clusterId":"c"}"#,
        r#"{"clusterId":"c","reporterSecret":""}"#,
        r#"{"clusterId":"a b","reporterSecret":"first"}"#,
    ] {
        let answer = ask(&collector, &key, body);
        assert_eq!(answer.error(), (400, "invalid_request".to_owned()), "{body}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("first"));
    }
    assert_eq!(
        ask(&collector, &key, &" ".repeat(5000)).error().1,
        "payload_too_large"
    );
    assert_eq!(
        collector
            .client()
            .send("GET", "/v1/forget", &[], b"")
            .unwrap()
            .status,
        405
    );

    assert_eq!(
        command(collector.data(), &["suppressions", "list"])
            .lines()
            .count(),
        1
    );
    assert_eq!(command(collector.data(), &["deletions"]).lines().count(), 1);
    for (cluster, hour) in [("c", 2), ("n", 2), ("nonesuch", 2)] {
        let before = collector.messages().len();
        send(&collector, &key, &report(cluster, "first", hour));
        assert_eq!(collector.messages().len(), before + 1, "{cluster}");
    }
    assert!(!collector.log().contains("first") && !collector.log().contains("forged"));
}

/// A cluster that has sent nothing but events is held too.
#[test]
fn events_make_a_reporter_known() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let event = |id: &str| {
        json!({
            "type": "track", "event": "mesos_track", "anonymousId": "c", "messageId": id,
            "context": {"reporter": ReporterId::of_secret(b"first").as_str()},
        })
    };
    assert_eq!(send(&collector, &key, &event("1")), (1, 0, 0));
    assert_eq!(forget(&collector, &key, "c", "other").status, 403);
    assert_eq!(forgotten(&forget(&collector, &key, "c", "first")).0, "cluster");
    assert_eq!(send(&collector, &key, &event("2")), (1, 0, 0));
    settle(collector.data());
    assert!(collector.messages().is_empty());
}

/// Whoever has a cluster's key can make a "cluster" of any id. What browsers and servers sent about the same id is none of its business.
#[test]
fn what_others_sent_about_the_same_id_is_out_of_reach() {
    let collector = TestCollector::start();
    let (key, ui, server, peer) = (
        collector.key("cluster"),
        collector.key("ui"),
        collector.key("server"),
        collector.key("peer"),
    );
    let page = |name: &str, rest: Value| {
        let mut page = json!({"type": "page", "anonymousId": "somebody", "messageId": name});
        page.as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        page
    };
    let theirs = |number: u32| {
        [
            (
                &ui,
                page(&format!("visit{number}"), json!({"anonymousId": "victim"})),
            ),
            (
                &server,
                page(
                    &format!("member{number}"),
                    json!({"userId": "u", "groupId": "victim"}),
                ),
            ),
            (
                &server,
                page(
                    &format!("trait{number}"),
                    json!({"traits": {"clusterId": "victim"}}),
                ),
            ),
            (
                &peer,
                page(&format!("passed{number}"), json!({"anonymousId": "victim"})),
            ),
        ]
    };
    let kept = |collector: &TestCollector| -> Vec<String> {
        let messages = collector.messages();
        messages
            .iter()
            .map(|message| message["messageId"].as_str().unwrap().to_owned())
            .collect()
    };
    for (key, message) in theirs(1) {
        assert_eq!(send(&collector, key, &message), (1, 0, 0));
    }
    // What is remembered of a message that is refused.
    let refused = json!({"type": "track", "anonymousId": "victim", "messageId": "refused"});
    assert_eq!(send(&collector, &ui, &refused), (0, 0, 1));
    for message in [
        report("victim", "forger", 1),
        page("relayed", json!({"properties": {"clusterId": "victim"}})),
    ] {
        assert_eq!(send(&collector, &key, &message), (1, 0, 0));
    }
    assert_eq!(send(&collector, &peer, &report("victim", "forger", 2)), (1, 0, 0));

    assert_eq!(
        forgotten(&forget(&collector, &key, "victim", "forger")).0,
        "cluster"
    );
    settle(collector.data());
    assert_eq!(kept(&collector), ["visit1", "member1", "trait1", "passed1"]);
    let outcomes = command(collector.data(), &["outcomes", "--json"]);
    assert!(outcomes.contains("refused"), "{outcomes}");
    let receipt: Value =
        serde_json::from_str(&command(collector.data(), &["deletions", "--receipt", "1"])).unwrap();
    assert_eq!(
        (&receipt["source"], &receipt["messages"]),
        (&json!("clusters"), &json!(3))
    );
    let signed = format!(
        "heliograph deleted 1\n1\ncluster\n{}\nclusters\n{}\n{}\n3\n2\n{}\n",
        receipt["subject"].as_str().unwrap(),
        receipt["asked"].as_str().unwrap(),
        receipt["finished"].as_str().unwrap(),
        receipt["batches"]
    );
    assert!(holds(
        receipt["publicKey"].as_str().unwrap(),
        signed.as_bytes(),
        receipt["signature"].as_str().unwrap()
    ));

    // Nor is it suppressed; what speaks for the cluster is.
    for (key, message) in theirs(2) {
        assert_eq!(send(&collector, key, &message), (1, 0, 0));
    }
    send(&collector, &key, &report("victim", "forger", 3));
    send(&collector, &peer, &report("victim", "other", 3));
    send(
        &collector,
        &key,
        &page("relayed2", json!({"properties": {"clusterId": "victim"}})),
    );
    let all = [
        "visit1", "member1", "trait1", "passed1", "visit2", "member2", "trait2", "passed2",
    ];
    assert_eq!(kept(&collector), all);

    // An administrator means them all, and lifts what anybody asked for.
    command(collector.data(), &["forget", "--cluster-id", "victim"]);
    settle(collector.data());
    assert_eq!(kept(&collector), Vec::<String>::new());
    command(
        collector.data(),
        &["suppressions", "lift", "--cluster-id", "victim"],
    );
    assert_eq!(
        command(collector.data(), &["suppressions", "list"])
            .lines()
            .count(),
        1
    );
    send(&collector, &key, &report("victim", "forger", 4));
    assert_eq!(collector.messages().len(), 1);
}
