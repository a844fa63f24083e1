//! Questions over HTTP: who may ask, in which forms answers come, and that nobody is held up.

mod answer;
mod page;
mod refused;

use serde_json::{Value, json};

use crate::client::Answer;
use crate::collector::{TestCollector, run};

/// Days that the fleet reports on.
pub(crate) const DAYS: &str = "from=2025-03-01&to=2025-03-03";

const CLUSTERS: u32 = 7;

/// A collector that a small fleet has reported to, and its tokens.
pub(crate) struct Asked {
    pub(crate) collector: TestCollector,
    read: String,
    support: String,
}

/// What the fleet sends: seven clusters of three versions on three days, one of them with a unit that fails.
pub(crate) fn reports() -> Vec<Value> {
    let mut reports = Vec::new();
    for cluster in 0..CLUSTERS {
        for day in 1..=3 {
            for hour in [0, 9, 23] {
                let at = format!("2025-03-{day:02}T{hour:02}");
                let message = |event: &str, properties: Value| {
                    json!({
                        "type": "track", "event": event, "anonymousId": format!("c{cluster}"),
                        "messageId": format!("c{cluster}:{event}:{at}Z"), "timestamp": format!("{at}:05:00Z"),
                        "properties": properties,
                    })
                };
                let common = json!({
                    "clusterId": format!("c{cluster}"), "environmentVersion": format!("1.{}", 9 + cluster % 3),
                    "provider": "aws", "variant": "open",
                });
                let with = |own: Value| {
                    let mut all = common.clone();
                    all.as_object_mut()
                        .unwrap()
                        .append(&mut own.as_object().unwrap().clone());
                    all
                };
                reports.push(message(
                    "health",
                    with(json!({
                        "health-unit-a,b-total": 4, "health-unit-a,b-unhealthy": u32::from(cluster == 3),
                        "health-unit-c-total": 2.0, "health-unit-c-unhealthy": 0, "health-unit-c-unknown": 1,
                    })),
                ));
                reports.push(message("mesos_track", with(json!({
                    "cpu_total": 8.5, "task_count": 3, "frameworks": [{"name": "marathon"}, {"name": "say \"hi\""}],
                }))));
                reports.push(message(
                    "package_list",
                    with(json!({"package_list": [{"name": "kafka"}]})),
                ));
            }
        }
    }
    reports
}

impl Asked {
    pub(crate) fn start() -> Asked {
        let collector = TestCollector::start();
        let key = collector.key("cluster");
        let token = |scope: &str| {
            let output = run(collector.data(), &["token", "add", "--scope", scope]);
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
        };
        let (read, support) = (token("read"), token("support"));
        for batch in reports().chunks(100) {
            let sent = u64::try_from(batch.len()).unwrap();
            assert_eq!(
                collector.batch(&key, &json!({"batch": batch})).counts(),
                (sent, 0, 0)
            );
        }
        Asked {
            collector,
            read,
            support,
        }
    }

    fn get(&self, path: &str) -> Answer {
        self.with(path, &[])
    }

    fn with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.by(&self.read, path, headers)
    }

    fn by(&self, token: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [&[("Authorization", bearer.as_str())], headers].concat();
        self.collector.client().send("GET", path, &headers, b"").unwrap()
    }
}

/// Status and code of problem details.
fn problem(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.json()["status"], answer.status);
    (answer.status, answer.json()["code"].as_str().unwrap().to_owned())
}

fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    String::from_utf8(answer.body.clone()).unwrap()
}
