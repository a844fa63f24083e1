//! A deletion under way survives what kills the process.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::{command, found, query, report, sums};
use crate::collector::TestCollector;

#[test]
fn it_goes_on_after_kill_9_and_touches_nobody_else() {
    const BATCHES: u32 = 600;
    let mut collector = TestCollector::start();
    let (cluster_key, server_key) = (collector.key("cluster"), collector.key("server"));
    let (mut clusters, mut server) = (collector.client(), collector.client());
    let filler = "lorem ipsum ".repeat(40);
    for number in 0..BATCHES {
        let reports: Vec<_> = ["gone", "kept", "other"]
            .iter()
            .map(|cluster| {
                report(
                    cluster,
                    cluster,
                    number,
                    &json!({"environmentVersion": "1", "health-unit-a-total": number}),
                )
            })
            .collect();
        assert_eq!(
            clusters
                .batch(&cluster_key, &json!({"batch": reports}))
                .unwrap()
                .status,
            200
        );
        let pages: Vec<_> = (0..6)
            .map(|page| {
                let user = if page % 2 == 0 { "gone-user".to_owned() } else { format!("user{page}") };
                json!({"type": "page", "name": format!("p{page}"), "userId": user, "messageId": format!("{number}-{page}"),
                       "properties": {"filler": &filler[..usize::try_from(number).unwrap() % filler.len()]}})
            })
            .collect();
        assert_eq!(
            server
                .batch(&server_key, &json!({"batch": pages}))
                .unwrap()
                .status,
            200
        );
    }
    let is_gone = |message: &Value| message["userId"] == "gone-user" || message["anonymousId"] == "gone";
    let (gone, expected): (Vec<Value>, Vec<Value>) = collector.messages().into_iter().partition(is_gone);
    assert_eq!(
        (gone.len(), expected.len()),
        (4 * BATCHES as usize, 5 * BATCHES as usize)
    );
    let days = |data: &Path| -> BTreeSet<String> {
        sums(data)
            .into_iter()
            .filter(|line| line.contains(" kept "))
            .collect()
    };
    let sums_before = days(collector.data());

    command(collector.data(), &["forget", "--user-id", "gone-user"]);
    command(collector.data(), &["forget", "--cluster-id", "gone"]);
    let left = |data: &Path| query::<i64>(data, "SELECT count(*) FROM deletion WHERE state <> 'done'")[0];
    let mut kills = 0_u32;
    while left(collector.data()) > 0 {
        collector.kill();
        kills += 1;
        assert!(kills < 400, "{}", command(collector.data(), &["deletions"]));
        collector.restart();
        // Another moment of the work each time.
        thread::sleep(Duration::from_millis(u64::from(kills * 7 % 40)));
        if kills.is_multiple_of(8) {
            // What comes meanwhile is taken as ever.
            let page = json!({"type": "page", "userId": "kept-user", "messageId": format!("k{kills}")});
            collector.batch(
                &server_key,
                &json!({"batch": [page, {"type": "page", "userId": "gone-user"}]}),
            );
        }
    }
    assert!(kills > 10, "{kills}");
    let (new, rest): (Vec<Value>, Vec<Value>) = collector
        .messages()
        .into_iter()
        .partition(|message| message["userId"] == "kept-user");
    assert_eq!(new.len(), kills as usize / 8);
    assert!(rest == expected, "{} of {}", rest.len(), expected.len());
    assert_eq!(days(collector.data()), sums_before);
    assert_eq!(found(collector.data(), &["gone-user"]), Vec::<String>::new());
    let counted: Vec<i64> = query(collector.data(), "SELECT messages FROM deletion ORDER BY id");
    assert_eq!(counted, [i64::from(3 * BATCHES), i64::from(BATCHES)]);
    let whole: Vec<String> = query(
        collector.data(),
        "SELECT integrity_check FROM pragma_integrity_check",
    );
    assert_eq!(whole, ["ok"]);
    // Every repeat is known still.
    let again = collector.batch(
        &server_key,
        &json!({"batch": [{"type": "page", "userId": "user1", "messageId": "5-1"}]}),
    );
    assert_eq!(again.counts(), (0, 1, 0));
}
