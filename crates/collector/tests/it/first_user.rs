//! The first user, by the link that is printed at the start.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::browser::{Browser, ELSEWHERE, PASSWORD, add_user, hidden, text};
use crate::collector::{BINARY, TestCollector};
use crate::in_process::InProcess;

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
