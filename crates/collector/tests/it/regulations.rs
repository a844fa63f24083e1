//! `/regulations` in the form of Segment's Public API, and the tokens that it takes.

mod access;
mod order;
mod taken_back;

use serde_json::{Value, json};

use crate::client::Answer;
use crate::collector::{TestCollector, run};

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
