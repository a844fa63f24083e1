//! Every route of the dashboard: who may use it, that forms are our own, and that whatever is sent is text there.

use std::collections::BTreeSet;

use heliograph_collector::access::route::{self, Needs, Takes};
use heliograph_collector::token::Scope;
use serde_json::json;

use crate::browser::{Browser, ELSEWHERE, PASSWORD, add_user, text, with_users};
use crate::client::Answer;
use crate::collector::{TestCollector, run, run_with_input};

/// Of roles, and the scopes that they cover.
const ROLES: [(&str, Scope); 3] = [
    ("viewer", Scope::Read),
    ("support", Scope::Support),
    ("admin", Scope::Admin),
];

/// A path that a route answers.
fn path_of(route: &str) -> String {
    let steps = route
        .split('/')
        .map(|step| if step.starts_with('{') { "x" } else { step });
    steps.collect::<Vec<_>>().join("/")
}

/// What browsers are told of every page.
fn check_headers(page: &Answer, path: &str) {
    for (name, part) in [
        ("content-security-policy", "default-src 'none'"),
        ("content-security-policy", "frame-ancestors 'none'"),
        ("content-security-policy", "form-action 'self'"),
        ("content-security-policy", "base-uri 'none'"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
    ] {
        let value = page.header(name).unwrap_or_default();
        assert!(value.contains(part), "{path}: {name}: {value}");
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    if page
        .header("content-type")
        .is_none_or(|kind| kind.starts_with("text/html"))
    {
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
    }
}

/// All routes that there are, so that a new one can't be forgotten: whoever is not logged in is sent to log in, whose role does not cover
/// it is told so, and what changes something takes a form of ours.
#[test]
fn every_route_is_guarded() {
    let collector = with_users();
    let mut seen = BTreeSet::new();
    let mut browsers = ROLES.map(|(role, scope)| (Browser::of(&collector, &format!("{role}-1")), scope));
    let mut stranger = Browser::to(collector.address());
    let mut open = Vec::new();
    for route in route::routes() {
        assert!(seen.insert(route.path), "{} is there twice", route.path);
        let path = &path_of(route.path);
        let (gets, posts) = (route.takes != Takes::Post, route.takes != Takes::Get);
        let Needs::Scope(needed) = route.needs else {
            open.push(route.path);
            let page = stranger.get(path);
            check_headers(&page, path);
            assert_ne!(page.status, 500, "{path}");
            if posts {
                let mut forger = Browser::to(collector.address());
                forger.origin = Some(ELSEWHERE.to_owned());
                assert_eq!(forger.post(path, &[]).status, 403, "{path}");
            }
            continue;
        };
        let asked = format!("{path}?a=b&c=%3Cd%3E");
        for (answer, taken, next) in [
            (stranger.get(&asked), gets, Some(&asked)),
            (stranger.post(path, &[]), posts, None),
        ] {
            if !taken {
                assert_eq!(answer.status, 405, "{path}");
                continue;
            }
            let location = next.map_or_else(
                || "/login".to_owned(),
                |next| {
                    format!(
                        "/login?next={}",
                        form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>()
                    )
                },
            );
            assert_eq!(
                (answer.status, answer.header("location")),
                (303, Some(&*location)),
                "{path}"
            );
            assert!(answer.body.is_empty());
            check_headers(&answer, path);
        }
        for (browser, scope) in &mut browsers {
            let token = browser.token();
            if !scope.covers(needed) {
                for (answer, taken) in [
                    (browser.get(path), gets),
                    (browser.post(path, &[("csrf", &token)]), posts),
                ] {
                    assert_eq!(
                        answer.status,
                        if taken { 403 } else { 405 },
                        "{path} for {scope:?}"
                    );
                }
                continue;
            }
            if gets {
                let page = browser.get(path);
                let sent_away = page.header("location").is_some_and(|to| to.starts_with("/login"));
                assert!(
                    page.status != 403 && page.status < 500 && !sent_away,
                    "{path}: {}",
                    page.status
                );
                check_headers(&page, path);
            }
            if !posts {
                continue;
            }
            // Forged: no token, another one, that of another session, one in the URL; another origin, none, or one that is hidden.
            let other = Browser::of(&collector, "viewer-1").token();
            for token in [None, Some(""), Some("x"), Some(&*other)] {
                let fields: Vec<_> = token.map(|token| ("csrf", token)).into_iter().collect();
                assert_eq!(browser.post(path, &fields).status, 403, "{path} with {token:?}");
            }
            assert_eq!(
                browser.post(&format!("{path}?csrf={token}"), &[]).status,
                403,
                "{path}"
            );
            for origin in [
                Some(ELSEWHERE),
                Some("null"),
                Some("http://test.evil.example"),
                None,
            ] {
                browser.origin = origin.map(str::to_owned);
                assert_eq!(
                    browser.post(path, &[("csrf", &token)]).status,
                    403,
                    "{path} from {origin:?}"
                );
            }
            browser.origin = Some("http://test".to_owned());
            browser.headers = vec![("Sec-Fetch-Site".to_owned(), "cross-site".to_owned())];
            assert_eq!(
                browser.post(path, &[("csrf", &token)]).status,
                403,
                "{path} across sites"
            );
            browser.headers.clear();
            // Nothing of that was done: they are logged in still.
            assert_eq!(browser.get("/account").status, 200);
        }
    }
    // What tells nothing of what is collected, and no more than that.
    open.retain(|path| !path.starts_with("/assets/"));
    assert_eq!(open, ["/login", "/first"]);
    assert!(seen.len() >= 4);
}

#[test]
fn nobody_is_sent_elsewhere() {
    let collector = with_users();
    for (next, location) in [
        ("/account?x=1", "/account?x=1"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ] {
        let mut browser = Browser::to(collector.address());
        let fields = [("name", "viewer-1"), ("password", PASSWORD), ("next", next)];
        let answer = browser.post("/login", &fields);
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some(location)),
            "{next:?}"
        );
        // Nor where they are logged in already.
        let encoded: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let answer = browser.get(&format!("/login?next={encoded}"));
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some(location)),
            "{next:?}"
        );
    }
}

#[test]
fn hostile_names_are_shown_as_text() {
    let collector = with_users();
    let mut browser = Browser::to(collector.address());
    let hostile = "\"><script>alert(1)</script>";
    let page = browser.post(
        "/login",
        &[("name", hostile), ("password", "x"), ("next", "/\"><script>")],
    );
    assert_eq!(page.status, 403);
    let page = text(&page);
    assert!(!page.contains("<script") && page.contains("alert(1)"), "{page}");
    for name in [hostile, "a b", "-x", ""] {
        let output = run_with_input(
            collector.data(),
            &["admin", "add", "--", name],
            &format!("{PASSWORD}\n"),
        );
        assert!(!output.status.success(), "{name}");
    }
}

#[test]
fn the_api_takes_a_session_for_reading_alone() {
    let collector = with_users();
    let mut viewer = Browser::of(&collector, "viewer-1");
    let mut support = Browser::of(&collector, "support-1");
    let mut admin = Browser::of(&collector, "admin-1");
    assert_eq!(viewer.get("/api/v1/").status, 200);
    assert_eq!(viewer.get("/api/v1/active-installations?format=csv").status, 200);
    assert_eq!(viewer.get("/api/v1/installations").status, 403);
    assert_eq!(viewer.get("/api/v1/active-installations?cluster=c").status, 403);
    assert_eq!(support.get("/api/v1/installations").status, 200);
    assert_eq!(Browser::to(collector.address()).get("/api/v1/").status, 401);
    // What changes something takes a token; a page of another site has none.
    assert_eq!(admin.get("/regulations").status, 401);
    assert_eq!(admin.post("/regulations", &[]).status, 401);
    // A token may look at pages, and change nothing there.
    let mut tool = Browser::to(collector.address());
    let token = run(collector.data(), &["token", "add", "--scope", "read"]).stdout;
    let token = String::from_utf8(token).unwrap();
    tool.headers = vec![("Authorization".to_owned(), format!("Bearer {}", token.trim()))];
    assert_eq!(tool.get("/account").status, 200);
    assert_eq!(tool.submit("/account", &[]).status, 403);
    assert_eq!(tool.post("/logout", &[("csrf", "")]).status, 403);
    // A token that is stated decides, though there is a session.
    admin.headers = vec![("Authorization".to_owned(), "Bearer hgt_wrong".to_owned())];
    assert_eq!(admin.get("/api/v1/").status, 401);
}

#[test]
fn over_tls_the_cookie_is_for_tls_alone() {
    let collector = TestCollector::with(&[("public_url", "https://telemetry.example/here")]);
    add_user(collector.data(), "ada", "viewer");
    let mut browser = Browser::to(collector.address());
    browser.origin = Some("https://telemetry.example".to_owned());
    let answer = browser.log_in("ada", PASSWORD);
    let set = answer.header("set-cookie").unwrap();
    assert!(
        set.starts_with("__Secure-heliograph=")
            && set.contains("; Path=/here/; ")
            && set.contains("; Secure"),
        "{set}"
    );
    assert_eq!(answer.header("location"), Some("/here/"));
    let page = browser.get("/account");
    assert_eq!(page.status, 200);
    assert!(text(&page).contains("action=\"/here/account\""));
    // Also where there is nothing, which no route answers.
    browser
        .headers
        .push(("Accept".to_owned(), "text/html".to_owned()));
    let nothing = browser.get("/nothing/here");
    assert_eq!(nothing.status, 404);
    for page in [&page, &nothing] {
        check_headers(page, "over TLS");
        assert_eq!(page.header("strict-transport-security"), Some("max-age=15552000"));
    }
    let location = Browser::to(collector.address()).get("/account");
    assert_eq!(location.header("location"), Some("/here/login?next=%2Faccount"));
    // Without TLS anybody on the way could have set this one.
    browser.cookie = browser.cookie.map(|cookie| cookie.replace("__Secure-", ""));
    assert_eq!(browser.get("/account").status, 303);
}

/// What a page must never hold as it is.
const HOSTILE: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}";

/// Whatever clusters and browsers send in any of their fields is text on every page that there is.
#[test]
fn what_is_sent_is_text_on_every_page() {
    let collector = with_users();
    let (cluster, ui) = (collector.key("cluster"), collector.key("ui"));
    let named = |text: &str| format!("{text}{HOSTILE}");
    let report = |event: &str, mut properties: serde_json::Value| {
        properties["clusterId"] = json!(HOSTILE);
        for name in [
            "environmentVersion",
            "provider",
            "variant",
            "customerKey",
            "licenseId",
        ] {
            properties[name] = json!(named(name));
        }
        json!({"type": "track", "event": event, "anonymousId": HOSTILE, "userId": HOSTILE, "properties": properties,
            "messageId": format!("{HOSTILE}{event}"), "context": {"library": {"name": HOSTILE, "version": HOSTILE}}})
    };
    let unit = format!("health-unit-{HOSTILE}-total");
    let sick = format!("health-unit-{HOSTILE}-unhealthy");
    let answer = collector.batch(
        &cluster,
        &json!({"batch": [
            report("health", json!({(unit): 3, (sick): 1, (HOSTILE): HOSTILE})),
            report("mesos_track", json!({"cpu_total": 3, "frameworks": [{"name": HOSTILE}]})),
            report("package_list", json!({"package_list": [{"name": HOSTILE}]})),
            report(HOSTILE, json!({})),
            {"type": HOSTILE, "messageId": HOSTILE},
        ]}),
    );
    assert_eq!(answer.status, 200, "{}", text(&answer));
    let page = json!({"type": "page", "name": HOSTILE, "anonymousId": HOSTILE, "messageId": HOSTILE, "userId": HOSTILE,
        "properties": {"path": HOSTILE, "title": HOSTILE, "url": HOSTILE}, "context": {"page": {"path": HOSTILE}}});
    collector.batch(&ui, &json!({"batch": [page]}));
    let mut admin = Browser::of(&collector, "admin-1");
    for act in [
        [("act", "add-key"), ("kind", "ui"), ("name", HOSTILE)],
        [("act", "add-token"), ("scope", "read"), ("name", HOSTILE)],
    ] {
        assert_eq!(admin.submit("/settings", &act).status, 200);
    }
    let encoded: String = form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect();
    let mut shown = 0;
    for route in route::routes().filter(|route| route.takes != Takes::Post) {
        let path = route
            .path
            .split('/')
            .map(|step| if step.starts_with('{') { &*encoded } else { step });
        let path = path.collect::<Vec<_>>().join("/").replace('+', "%20");
        let mut queries = vec![String::new()];
        for name in [
            "id", "next", "token", "cluster", "search", "unit", "version", "provider", "package", "from",
            "figure", HOSTILE,
        ] {
            queries.push(format!("?{name}={encoded}"));
        }
        for query in &queries {
            let page = admin.get(&format!("{path}{query}"));
            if page
                .header("content-type")
                .is_none_or(|kind| !kind.starts_with("text/html"))
            {
                continue;
            }
            let text = text(&page);
            for part in [
                "<script>alert",
                "<img src=x",
                "onerror=alert(2)>",
                "'><script",
                "49",
            ] {
                // What is computed of a template would be 49.
                let found = if part == "49" {
                    text.contains("alert(2)&#62;49")
                } else {
                    text.contains(part)
                };
                assert!(!found, "{path}{query}: {text}");
            }
            shown += usize::from(text.contains("alert(1)"));
        }
    }
    assert!(shown > 3, "hardly anything of it was shown");
}
