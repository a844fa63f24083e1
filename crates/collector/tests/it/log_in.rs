//! Logging in, sessions and how they end, and who fails too often.

use crate::browser::{Browser, PASSWORD, add_user, text, with_users};
use crate::collector::{run, run_with_input};
use crate::in_process::InProcess;

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
