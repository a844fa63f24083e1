//! Connections: how long they may take, how many there may be, how they end.

use std::fs;
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::client::{Client, basic};
use crate::collector::TestCollector;

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn is_well(client: &mut Client) -> bool {
    client.send("GET", "/healthz", &[], b"").unwrap().status == 200
}

/// Connections that were ended because of this.
fn cut(collector: &TestCollector, by: &str) -> u32 {
    let metrics = collector.client().send("GET", "/metrics", &[], b"").unwrap();
    let metrics = String::from_utf8(metrics.body).unwrap();
    let name = format!("heliograph_collector_connections_cut_total{{by=\"{by}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap().parse().unwrap()
}

#[test]
fn a_head_that_does_not_come_ends_the_connection() {
    let collector = TestCollector::with(&[("header_timeout", "300ms")]);
    // Nothing; half a head; a head byte by byte; half of the second head.
    let mut silent = collector.client();
    let mut half = collector.client();
    half.raw(b"GET /healthz HTTP/1.1\r\nHo").unwrap();
    let mut second = collector.client();
    assert!(is_well(&mut second));
    second.raw(b"GET").unwrap();
    let mut slow = collector.client();
    let mut sent = 0;
    while sent < 1000 && slow.raw(b"G").is_ok() {
        sleep(ms(10));
        sent += 1;
    }
    assert!(sent < 1000, "each byte bought it more time");
    for client in [&mut silent, &mut half, &mut second] {
        assert_eq!(client.rest(), b"");
    }
    assert_eq!(cut(&collector, "head"), 4);
    // It is the head that has this time, not what comes between two requests.
    let mut idle = collector.client();
    assert!(is_well(&mut idle));
    sleep(ms(600));
    assert!(is_well(&mut idle));
}

#[test]
fn an_idle_connection_is_closed_and_a_used_one_is_not() {
    let collector = TestCollector::with(&[("idle_timeout", "500ms")]);
    let (mut idle, mut used) = (collector.client(), collector.client());
    assert!(is_well(&mut idle) && is_well(&mut used));
    for _ in 0..10 {
        sleep(ms(100));
        assert!(is_well(&mut used));
    }
    assert!(!idle.is_open_after(ms(1)));
    assert_eq!(idle.rest(), b"");
    assert_eq!((cut(&collector, "idle"), cut(&collector, "head")), (1, 0));
}

#[test]
fn no_answer_is_lost_to_the_end_of_an_idle_connection() {
    let collector = TestCollector::with(&[("idle_timeout", "20ms")]);
    for round in 0..200 {
        let mut client = collector.client();
        assert!(is_well(&mut client));
        // Around the moment when it is closed: then nothing of the request was taken, and no part of an answer comes.
        sleep(Duration::from_micros(19_000 + round * 15));
        if client.raw(HEALTH).is_ok() {
            let rest = String::from_utf8(client.rest()).unwrap();
            assert!(rest.is_empty() || rest.ends_with("\r\n\r\nok\n"), "{rest}");
        }
    }
    // What came while the server could not look is answered, though by then its connections have been idle for too long.
    let collector = TestCollector::with(&[("idle_timeout", "1s")]);
    let mut clients: Vec<_> = (0..10).map(|_| collector.client()).collect();
    for client in &mut clients {
        assert!(is_well(client));
    }
    collector.signal("STOP");
    for client in &mut clients {
        client.raw(HEALTH).unwrap();
    }
    sleep(ms(1200));
    collector.signal("CONT");
    for client in &mut clients {
        assert_eq!(client.answer().unwrap().status, 200);
    }
}

#[test]
fn a_head_has_a_size() {
    let collector = TestCollector::with(&[("header_count", "20")]);
    let large = "x".repeat(100_000);
    let answer = collector.client().send("GET", "/healthz", &[("X", &large)], b"");
    assert_eq!(answer.unwrap().status, 431);
    let many: Vec<_> = (0..30).map(|n| format!("x-{n}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "1")).collect();
    let answer = collector.client().send("GET", "/healthz", &many, b"");
    assert_eq!(answer.unwrap().status, 431);
    let fitting = "x".repeat(15_000);
    let answer = collector
        .client()
        .send("GET", "/healthz", &[("X", &fitting)], b"");
    assert_eq!(answer.unwrap().status, 200);
    let mut client = collector.client();
    client.raw(b"this is not HTTP at all\r\n\r\n").unwrap();
    assert!(client.rest().starts_with(b"HTTP/1.1 400 "));
}

#[test]
fn requests_that_come_at_once_are_answered_in_their_order() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let mut client = collector.client();
    let mut sent = Vec::new();
    for id in 0..50 {
        let body = json!({"batch": [{"type": "track", "event": "e", "anonymousId": "a", "messageId": format!("m{}", id / 2)}]});
        let body = body.to_string();
        let head = format!(
            "POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: {}\r\n\r\n",
            basic(&key),
            body.len()
        );
        sent.extend_from_slice(head.as_bytes());
        sent.extend_from_slice(body.as_bytes());
    }
    client.raw(&sent).unwrap();
    for id in 0..50 {
        let counts = client.answer().unwrap().counts();
        assert_eq!(counts, if id % 2 == 0 { (1, 0, 0) } else { (0, 1, 0) });
    }
}

#[test]
fn a_client_that_has_said_all_is_answered() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let body = json!({"batch": [{"type": "track", "event": "e", "anonymousId": "a"}]}).to_string();
    let mut client = collector.client();
    let head = format!(
        "POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: {}\r\n\r\n{body}",
        basic(&key),
        body.len()
    );
    client.raw(head.as_bytes()).unwrap();
    client.end();
    assert_eq!(client.answer().unwrap().counts(), (1, 0, 0));
    assert_eq!(client.rest(), b"");
}

#[test]
fn who_does_not_read_the_answers_is_let_go() {
    let collector = TestCollector::with(&[("idle_timeout", "500ms")]);
    let mut client = collector.client();
    let many = HEALTH.repeat(1000);
    let mut sent = 0;
    // It fills what can be buffered between the two, and then no more.
    while sent < 10_000 && client.raw(&many).is_ok() {
        sent += 1;
    }
    assert!(sent < 10_000);
    assert_eq!(cut(&collector, "reading"), 1);
    assert!(is_well(&mut collector.client()));
}

#[test]
fn when_all_connections_are_taken_the_next_waits_for_an_idle_one() {
    let collector = TestCollector::with(&[("connections", "10"), ("client_connections", "10")]);
    let mut clients: Vec<_> = (0..10).map(|_| collector.client()).collect();
    for client in &mut clients {
        assert!(is_well(client));
    }
    // Nobody is refused: it waits until one of them has been idle for long enough.
    let mut next = collector.client();
    assert!(is_well(&mut next));
}

#[test]
fn slow_clients_keep_nobody_out() {
    let collector = TestCollector::with(&[
        ("connections", "10"),
        ("client_connections", "10"),
        ("header_timeout", "500ms"),
        ("body_timeout", "500ms"),
    ]);
    let key = collector.key("server");
    let mut slow: Vec<_> = (0..30).map(|_| collector.client()).collect();
    for (number, client) in slow.iter_mut().enumerate() {
        match number % 3 {
            0 => {}
            1 => client.raw(b"GET /healthz HTTP/1.1\r\n").unwrap(),
            _ => {
                let head = format!(
                    "POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: 9\r\n\r\n{{",
                    basic(&key)
                );
                client.raw(head.as_bytes()).unwrap();
            }
        }
    }
    assert!(is_well(&mut collector.client()));
}

#[test]
fn a_client_that_has_too_many_connections_is_refused_and_others_are_not() {
    let collector = TestCollector::with(&[("client_connections", "3")]);
    let from = |source| Client::from(source, collector.address()).unwrap();
    let mut first: Vec<_> = (0..3).map(|_| from("127.0.0.2")).collect();
    for client in &mut first {
        assert!(is_well(client));
    }
    let refused = from("127.0.0.2").answer().unwrap();
    assert_eq!(refused.error(), (503, "too_many_connections".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(is_well(&mut from("127.0.0.3")));
    // Its others still work, and it may have another one for each that ends.
    assert!(is_well(&mut first[0]));
    drop(first.pop());
    let again = (0..200).any(|_| {
        sleep(ms(10));
        let mut client = from("127.0.0.2");
        client
            .send("GET", "/healthz", &[], b"")
            .is_ok_and(|answer| answer.status == 200)
    });
    assert!(again);
}

#[test]
fn without_files_for_connections_it_waits_instead_of_spinning() {
    // So few that they are used up before the least number of connections is.
    let others = TestCollector::start().open_files();
    let collector = TestCollector::limited_to_files(others + 5, &[]);
    let mut clients: Vec<_> = (0..30).map(|_| collector.client()).collect();
    sleep(ms(500));
    let before = collector.cpu_ticks();
    sleep(ms(1000));
    let used = collector.cpu_ticks() - before;
    assert!(used < 30, "{used} hundredths of a second of one");
    // Those that were accepted are served; the others wait until these end.
    assert!(is_well(&mut clients[0]));
    drop(clients);
    assert!(is_well(&mut collector.client()));
    let log = collector.log();
    for said in [
        "the limit on open files has room for",
        "can't accept connections at the moment",
    ] {
        assert_eq!(log.matches(said).count(), 1, "{log}");
    }
}

#[test]
fn it_listens_on_a_socket_file_too() {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixStream;

    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("collector.sock");
    let listen = format!("unix:{}", path.display());
    let mut collector = TestCollector::listening_on(&listen);
    assert_eq!(collector.url(), listen);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    let ask = || {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    };
    ask();
    // One that was left behind is replaced; one that is in use, or something else, is not.
    collector.kill();
    assert!(path.exists());
    collector.restart();
    ask();
    let said = TestCollector::refused_to_listen_on(&listen);
    assert!(said.contains("another process listens on it"), "{said}");
    ask();
    assert!(collector.stop().success());
    assert!(!path.exists());
    fs::write(&path, "precious").unwrap();
    let said = TestCollector::refused_to_listen_on(&listen);
    assert!(said.contains("not a socket"), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn a_stop_closes_what_is_idle_and_says_that_it_is_not_ready() {
    let mut collector = TestCollector::with(&[("grace", "20s")]);
    let mut idle = collector.client();
    assert!(is_well(&mut idle));
    let mut silent = collector.client();
    let (mut asking, mut kept) = (collector.client(), collector.client());
    asking.raw(b"GET /readyz HTTP/1.1\r\nHost").unwrap();
    assert!(is_well(&mut kept));
    kept.raw(b"GET /readyz HTTP/1.1\r\nHost").unwrap();
    sleep(ms(100));
    collector.signal("TERM");
    assert_eq!((idle.rest(), silent.rest()), (vec![], vec![]));
    let is_deaf = || TcpStream::connect(collector.address()).is_err();
    assert!((0..200).any(|_| is_deaf() || {
        sleep(ms(10));
        false
    }));
    for client in [&mut asking, &mut kept] {
        client.raw(b": x\r\n\r\n").unwrap();
        let answer = client.answer().unwrap();
        assert_eq!(answer.status, 503);
        assert!(String::from_utf8_lossy(&answer.body).contains("stopping"));
        assert_eq!(client.rest(), b"");
    }
    // Nothing else is waited for.
    assert!(collector.stop().success());
    assert!(!collector.log().contains("did not end in time"));
}

#[test]
fn a_stop_has_an_end() {
    let mut collector = TestCollector::with(&[("grace", "300ms")]);
    let key = collector.key("server");
    let mut client = collector.client();
    let head = format!(
        "POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: 100\r\n\r\n{{",
        basic(&key)
    );
    client.raw(head.as_bytes()).unwrap();
    sleep(ms(100));
    assert!(collector.stop().success());
    assert_eq!(client.rest(), b"");
    assert!(collector.log().contains("some requests did not end in time"));
}
