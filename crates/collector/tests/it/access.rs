//! Who may look at what is collected: users, sessions, the first user, and every route of the dashboard without any of them.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use heliograph_collector::access::route::{self, Needs, Takes};
use heliograph_collector::token::Scope;
use serde_json::json;

use crate::browser::{Browser, ELSEWHERE, PASSWORD, add_user, hidden, text};
use crate::client::Answer;
use crate::collector::{BINARY, TestCollector, run, run_with_input};
use crate::in_process::InProcess;

/// Of roles, and the scopes that they cover.
const ROLES: [(&str, Scope); 3] = [
    ("viewer", Scope::Read),
    ("support", Scope::Support),
    ("admin", Scope::Admin),
];

fn with_users() -> TestCollector {
    let collector = TestCollector::start();
    for (role, _) in ROLES {
        add_user(collector.data(), &format!("{role}-1"), role);
    }
    collector
}

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
fn a_session_is_a_secret_of_its_own_and_ends() {
    let collector = with_users();
    // Whatever a browser came with, it gets another: nobody can fix it before.
    let fixed = format!("heliograph={}", "a".repeat(44));
    let mut browser = Browser::to(collector.address());
    browser.cookie = Some(fixed.clone());
    let answer = browser.log_in(" Viewer-1", PASSWORD);
    let set = answer.header("set-cookie").unwrap();
    assert!(
        set.contains("; HttpOnly") && set.contains("; SameSite=Lax") && set.contains("; Path=/"),
        "{set}"
    );
    assert!(!set.contains("Secure") && !set.contains("Domain"), "{set}");
    let first = browser.cookie.clone().unwrap();
    assert_ne!(first, fixed);
    assert_eq!(browser.get("/account").status, 200);
    let mut old = Browser::to(collector.address());
    old.cookie = Some(fixed);
    assert_eq!(old.get("/account").status, 303);
    // Logging in again ends the session that was there.
    assert_eq!(browser.log_in("viewer-1", PASSWORD).status, 303);
    assert_ne!(browser.cookie.as_ref(), Some(&first));
    old.cookie = Some(first);
    assert_eq!(old.get("/account").status, 303);
    // Logging out ends it where it is kept, not only in the browser.
    old.cookie = browser.cookie.clone();
    let answer = browser.submit("/logout", &[]);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/login")));
    assert_eq!(browser.cookie, None);
    assert_eq!(old.get("/account").status, 303);
    // Nothing that would let somebody in is kept or logged.
    let secret = old.cookie.unwrap();
    let secret = secret.split_once('=').unwrap().1.as_bytes();
    for file in std::fs::read_dir(collector.data()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        for text in [secret, PASSWORD.as_bytes()] {
            assert!(!bytes.windows(text.len()).any(|window| window == text));
        }
    }
    assert!(!collector.log().contains("horse") && !collector.log().contains("127.0.0.1"));
}

#[test]
fn what_changes_a_user_ends_their_sessions() {
    let collector = with_users();
    let data = collector.data();
    for (arguments, input, again) in [
        (&["admin", "role", "support-1", "viewer"][..], "", true),
        (&["admin", "password", "support-1"], "another password\n", false),
    ] {
        let mut browser = Browser::of(&collector, "support-1");
        assert_eq!(browser.get("/account").status, 200);
        assert!(run_with_input(data, arguments, input).status.success());
        assert_eq!(browser.get("/account").status, 303, "{arguments:?}");
        assert_eq!(browser.log_in("support-1", PASSWORD).status == 303, again);
    }
    let mut browser = Browser::to(collector.address());
    assert_eq!(browser.log_in("support-1", "another password").status, 303);
    assert!(text(&browser.get("/account")).contains("your role is viewer"));
    assert!(run(data, &["admin", "remove", "support-1"]).status.success());
    assert_eq!(browser.get("/account").status, 303);
    assert_eq!(browser.log_in("support-1", "another password").status, 403);
    for arguments in [["admin", "remove", "support-1"], ["admin", "password", "nobody"]] {
        assert!(
            !run_with_input(data, &arguments, "another password\n")
                .status
                .success()
        );
    }
    let list = String::from_utf8(run(data, &["admin", "list"]).stdout).unwrap();
    assert!(
        list.contains("viewer-1") && list.contains("admin-1") && !list.contains("support-1"),
        "{list}"
    );
    // A password is never an argument, and none that is too short.
    assert!(
        !run(data, &["admin", "add", "x", "secret password"])
            .status
            .success()
    );
    assert!(
        !run_with_input(data, &["admin", "add", "x"], "short\n")
            .status
            .success()
    );
}

#[test]
fn somebody_changes_their_password_and_is_logged_out_elsewhere() {
    let collector = with_users();
    let (mut here, mut there) = (
        Browser::of(&collector, "viewer-1"),
        Browser::of(&collector, "viewer-1"),
    );
    let other = "a new password";
    let form = |present, password, again| [("present", present), ("password", password), ("again", again)];
    for wrong in [
        form("wrong", other, other),
        form(PASSWORD, other, "x"),
        form(PASSWORD, "short", "short"),
    ] {
        assert_eq!(here.submit("/account", &wrong).status, 400);
    }
    let before = here.cookie.clone();
    assert_eq!(here.submit("/account", &form(PASSWORD, other, other)).status, 200);
    assert_ne!(here.cookie, before);
    assert_eq!(
        (here.get("/account").status, there.get("/account").status),
        (200, 303)
    );
    assert_eq!(there.log_in("viewer-1", PASSWORD).status, 403);
    assert_eq!(there.log_in("viewer-1", other).status, 303);
}

#[test]
fn sessions_grow_old() {
    let start = "2026-11-22T10:00:00Z";
    let collector = InProcess::start(start, |config| {
        config.session.idle = std::time::Duration::from_secs(3600);
        config.session.all = std::time::Duration::from_secs(7200);
    });
    add_user(&collector.data, "ada", "viewer");
    let mut browser = Browser::to(collector.address());
    let mut log_in = |now| {
        collector.clock.set(now);
        assert_eq!(browser.log_in("ada", PASSWORD).status, 303);
        browser.cookie.clone()
    };
    let cookie = log_in(start);
    let mut open = Browser::to(collector.address());
    open.cookie = cookie;
    let mut at = |now| {
        collector.clock.set(now);
        let status = open.get("/account").status;
        // Its use is noted beside the answer.
        for _ in 0..200 {
            let users = String::from_utf8(run(&collector.data, &["admin", "list"]).stdout).unwrap();
            if status != 200 || users.contains(&now.replace('Z', ".000Z")) {
                break;
            }
        }
        status
    };
    assert_eq!(at("2026-11-22T10:59:00Z"), 200);
    assert_eq!(at("2026-11-22T11:58:00Z"), 200, "it was used an hour ago");
    assert_eq!(at("2026-11-22T12:00:00Z"), 303, "in all");
    assert_eq!(at("2026-11-22T11:59:00Z"), 200, "not before");
    let cookie = log_in("2026-11-22T13:00:00Z");
    open.cookie = cookie;
    collector.clock.set("2026-11-22T14:00:00Z");
    assert_eq!(open.get("/account").status, 303, "idle");
}

#[test]
fn who_fails_too_often_has_to_wait() {
    let collector = with_users();
    let mut browser = Browser::to(collector.address());
    // There is no telling an unknown name from a wrong password, not by what is said either.
    let (wrong, unknown) = (
        browser.log_in("viewer-1", "wrong"),
        browser.log_in("nobody-1", "wrong"),
    );
    assert_eq!((wrong.status, unknown.status), (403, 403));
    assert_eq!(
        text(&wrong).replace("viewer-1", ""),
        text(&unknown).replace("nobody-1", "")
    );
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(browser.log_in("viewer-1", "wrong").status);
    }
    assert_eq!(statuses.first(), Some(&403));
    assert_eq!(statuses.last(), Some(&429));
    let refused = browser.log_in("VIEWER-1 ", PASSWORD);
    assert_eq!(refused.status, 429, "the right one neither");
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    // Others are in nobody's way, until the client itself has failed too often.
    assert_eq!(browser.log_in("support-1", PASSWORD).status, 303);
    for at in 0..20 {
        browser.log_in(&format!("guess-{at}"), "wrong");
    }
    assert_eq!(browser.log_in("admin-1", PASSWORD).status, 429);
    assert_eq!(browser.get("/account").status, 200, "who is logged in stays so");
}

/// Starts a collector, and returns the link that it prints.
fn link_of(data: &std::path::Path) -> (std::process::Child, String, std::net::SocketAddr) {
    let mut child = Command::new(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env("HELIOGRAPH_COLLECTOR_ID_WINDOW_MEMORY", "1 MiB")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let listens = lines.next().unwrap().unwrap();
    let line = lines.next().unwrap().unwrap();
    let address = listens
        .strip_prefix("listening on http://")
        .unwrap()
        .parse()
        .unwrap();
    let (_, link) = line.split_once(&format!("http://{address}")).unwrap();
    (child, link.to_owned(), address)
}

fn end(mut child: std::process::Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_first_user_is_made_once_by_a_link() {
    let dir = tempfile::TempDir::new().unwrap();
    let (earlier, old_link, _) = link_of(dir.path());
    end(earlier);
    let (child, link, address) = link_of(dir.path());
    let mut browser = Browser::to(address);
    assert_eq!(
        browser.get(&old_link).status,
        403,
        "a later start makes another one"
    );
    assert_eq!(browser.get("/first").status, 403);
    assert!(text(&browser.get("/login")).contains("There is no user yet"));
    // It can be looked at as often as one likes.
    for _ in 0..2 {
        assert_eq!(browser.get(&link).status, 200);
    }
    let token = hidden(&browser.get(&link), "token");
    let form = |token, password, again| {
        [
            ("token", token),
            ("name", "Ada"),
            ("password", password),
            ("again", again),
        ]
    };
    for (fields, status) in [
        (form(&*token, "short", "short"), 400),
        (form(&token, PASSWORD, "other password"), 400),
        (form("x", PASSWORD, PASSWORD), 403),
        (form("", PASSWORD, PASSWORD), 403),
    ] {
        assert_eq!(browser.post("/first", &fields).status, status);
    }
    browser.origin = Some(ELSEWHERE.to_owned());
    assert_eq!(
        browser.post("/first", &form(&token, PASSWORD, PASSWORD)).status,
        403
    );
    browser.origin = Some("http://test".to_owned());
    let answer = browser.post("/first", &form(&token, PASSWORD, PASSWORD));
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/")),
        "{}",
        text(&answer)
    );
    assert!(text(&browser.get("/account")).contains("<b>ada</b>, and your role is admin"));
    // And never again.
    let mut second = Browser::to(address);
    assert_eq!(second.get(&link).status, 403);
    assert_eq!(
        second.post("/first", &form(&token, PASSWORD, PASSWORD)).status,
        403
    );
    end(child);
    // Nobody is invited where there is a user.
    let mut collector = TestCollector::in_dir(dir.path(), &[]);
    assert_eq!(Browser::to(collector.address()).get(&link).status, 403);
    assert!(!text(&Browser::to(collector.address()).get("/login")).contains("There is no user yet"));
    collector.stop();
}

#[test]
fn the_link_is_good_for_an_hour() {
    let collector = InProcess::start("2026-11-22T10:00:00Z", |_| {});
    let link = collector.invitation().unwrap();
    let path = &link[link.find("/first").unwrap()..];
    let mut browser = Browser::to(collector.address());
    collector.clock.set("2026-11-22T10:59:59Z");
    assert_eq!(browser.get(path).status, 200);
    collector.clock.set("2026-11-22T11:00:00Z");
    assert_eq!(browser.get(path).status, 403);
    let token = path.split_once('=').unwrap().1;
    let fields = [
        ("token", token),
        ("name", "ada"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    assert_eq!(browser.post("/first", &fields).status, 403);
    // Nor where there is a user by now.
    collector.clock.set("2026-11-22T10:00:00Z");
    assert_eq!(browser.get(path).status, 200);
    add_user(&collector.data, "bob", "viewer");
    assert_eq!(browser.get(path).status, 403);
    assert_eq!(browser.post("/first", &fields).status, 403);
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
        set.starts_with("__Host-heliograph=") && set.contains("; Secure"),
        "{set}"
    );
    assert_eq!(answer.header("location"), Some("/here/"));
    let page = browser.get("/account");
    assert_eq!(page.status, 200);
    assert!(text(&page).contains("action=\"/here/account\""));
    assert_eq!(page.header("strict-transport-security"), Some("max-age=15552000"));
    let location = Browser::to(collector.address()).get("/account");
    assert_eq!(location.header("location"), Some("/here/login?next=%2Faccount"));
    // Without TLS anybody on the way could have set this one.
    browser.cookie = browser.cookie.map(|cookie| cookie.replace("__Host-", ""));
    assert_eq!(browser.get("/account").status, 303);
}

#[test]
fn who_looks_at_whom_is_noted_and_cleared_with_them() {
    let collector = with_users();
    let key = collector.key("cluster");
    let report = |cluster: &str| {
        json!({"type": "track", "event": "health", "anonymousId": cluster, "messageId": format!("{cluster}:health:2025-03-01T05Z"),
            "properties": {"clusterId": cluster, "environmentVersion": "1.13"}, "timestamp": "2025-03-01T05:00:00Z"})
    };
    collector.batch(&key, &json!({"batch": [report("looked-at"), report("other")]}));
    let mut support = Browser::of(&collector, "support-1");
    let days = "from=2025-03-01&to=2025-03-01";
    for _ in 0..2 {
        support.get(&format!("/api/v1/time-line?{days}&cluster=looked-at"));
    }
    support.get(&format!("/api/v1/time-line?{days}&cluster=other"));
    support.get(&format!("/api/v1/installations?{days}"));
    support.get(&format!("/api/v1/installations?{days}&search=lic-7"));
    // What is refused shows nothing, and is no look-up.
    Browser::of(&collector, "viewer-1").get(&format!("/api/v1/time-line?{days}&cluster=secret-x"));
    let reader = heliograph_collector::store::Reader::open(collector.data()).unwrap();
    let mut noted: Vec<String> = reader
        .look_ups(None, 0, 100)
        .unwrap()
        .into_iter()
        .map(|noted| {
            format!(
                "{} {} {} {} {:?} {} {}",
                noted.by, noted.who, noted.what, noted.kind, noted.subject, noted.forgotten, noted.count
            )
        })
        .collect();
    noted.sort();
    assert_eq!(
        noted,
        [
            "user support-1 installations clusters None false 1",
            "user support-1 installations search None false 1",
            "user support-1 time-line cluster Some(\"looked-at\") false 2",
            "user support-1 time-line cluster Some(\"other\") false 1",
        ]
    );
    let output = run(collector.data(), &["forget", "--cluster-id", "looked-at"]);
    assert!(output.status.success(), "{output:?}");
    crate::deletion::settle(collector.data());
    let kept = reader.look_ups(None, 0, 100).unwrap();
    let forgotten: Vec<_> = kept.iter().filter(|noted| noted.forgotten).collect();
    assert_eq!(forgotten.len(), 1);
    assert_eq!((forgotten[0].subject.as_ref(), forgotten[0].count), (None, 2));
    assert!(kept.iter().any(|noted| noted.subject.as_deref() == Some("other")));
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

#[test]
fn administrators_keep_keys_tokens_and_users() {
    let collector = with_users();
    let mut admin = Browser::of(&collector, "admin-1");
    // A key is shown once, and good; and no more when it is revoked.
    let shown = |page: &Answer| {
        let text = text(page);
        let (_, rest) = text.split_once("id=\"secret\">").unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    let page = admin.submit(
        "/settings",
        &[("act", "add-key"), ("kind", "server"), ("name", "shop")],
    );
    let key = shown(&page);
    let message = json!({"batch": [{"type": "track", "event": "e", "userId": "u", "messageId": "1"}]});
    assert_eq!(collector.batch(&key, &message).status, 200);
    let page = admin.get("/settings");
    assert!(!text(&page).contains(&key) && text(&page).contains("shop"));
    assert_eq!(
        admin
            .submit("/settings", &[("act", "revoke-key"), ("id", "1")])
            .status,
        200
    );
    for _ in 0..100 {
        if collector.batch(&key, &message).status == 401 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(collector.batch(&key, &message).status, 401);
    let token = shown(&admin.submit(
        "/settings",
        &[("act", "add-token"), ("scope", "read"), ("name", "t")],
    ));
    let mut tool = Browser::to(collector.address());
    tool.headers = vec![("Authorization".to_owned(), format!("Bearer {token}"))];
    assert_eq!(tool.get("/api/v1/").status, 200);
    assert_eq!(
        admin
            .submit("/settings", &[("act", "revoke-token"), ("id", "1")])
            .status,
        200
    );
    assert_eq!(tool.get("/api/v1/").status, 401);
    // Users.
    let new = [
        ("act", "add-user"),
        ("user", "eve"),
        ("role", "viewer"),
        ("password", PASSWORD),
    ];
    assert_eq!(admin.submit("/settings", &new).status, 200);
    assert_eq!(admin.submit("/settings", &new).status, 400, "there is one");
    let mut eve = Browser::of(&collector, "eve");
    assert_eq!(
        admin
            .submit(
                "/settings",
                &[("act", "role"), ("user", "eve"), ("role", "support")]
            )
            .status,
        200
    );
    assert_eq!(eve.get("/account").status, 303, "logged out by it");
    let other = [
        ("act", "password"),
        ("user", "eve"),
        ("password", "another password"),
    ];
    assert_eq!(admin.submit("/settings", &other).status, 200);
    assert_eq!(eve.log_in("eve", PASSWORD).status, 403);
    assert_eq!(eve.log_in("eve", "another password").status, 303);
    assert_eq!(eve.get("/settings").status, 403);
    assert_eq!(
        admin
            .submit("/settings", &[("act", "remove"), ("user", "eve")])
            .status,
        200
    );
    assert_eq!(eve.get("/account").status, 303);
    for wrong in [
        vec![("act", "remove"), ("user", "admin-1")],
        vec![("act", "role"), ("user", "admin-1"), ("role", "viewer")],
        vec![("act", "remove"), ("user", "nobody")],
        vec![("act", "role"), ("user", "viewer-1"), ("role", "root")],
        vec![("act", "password"), ("user", "viewer-1"), ("password", "short")],
        vec![
            ("act", "add-user"),
            ("user", "<b>"),
            ("role", "viewer"),
            ("password", PASSWORD),
        ],
        vec![("act", "add-user"), ("user", "x"), ("password", PASSWORD)],
        vec![("act", "add-key"), ("kind", "root")],
        vec![("act", "add-token"), ("scope", "root")],
        vec![("act", "revoke-key"), ("id", "77")],
        vec![("act", "revoke-token"), ("id", "x")],
        vec![("act", "x")],
    ] {
        assert_eq!(admin.submit("/settings", &wrong).status, 400, "{wrong:?}");
    }
    assert_eq!(
        admin.get("/account").status,
        200,
        "the last administrator is one still"
    );
}

#[test]
fn administrators_see_who_looked() {
    let collector = with_users();
    let mut support = Browser::of(&collector, "support-1");
    support.get("/api/v1/installations?cluster=c-7");
    support.get("/api/v1/installations?search=lic-9");
    let mut admin = Browser::of(&collector, "admin-1");
    let page = text(&admin.get("/settings/look-ups"));
    assert!(
        page.contains("support-1") && page.contains("c-7") && !page.contains("lic-9"),
        "{page}"
    );
    let of_licence = text(&admin.get("/settings/look-ups?id=lic-9"));
    assert!(
        of_licence.contains("support-1") && !of_licence.contains("c-7"),
        "{of_licence}"
    );
    assert!(!text(&admin.get("/settings/look-ups?id=c-8")).contains("support-1"));
    assert_eq!(support.get("/settings/look-ups").status, 403);
}
