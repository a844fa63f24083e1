//! Who may order.

use serde_json::{Value, json};

use super::{Admin, ask, order, problem, token};
use crate::client::basic;
use crate::collector::run;
use crate::deletion::found;

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
