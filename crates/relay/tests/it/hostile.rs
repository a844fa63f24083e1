//! Hostile browsers and pages: bounded, told so, and no way to anything.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use crate::host::{Host, ask, batch, until, view};

#[test]
fn pages_of_other_origins_are_refused_but_those_that_are_listed() {
    let host = Host::new("enabled = true", &[("ORIGINS", "https://ui.example")]);
    let body = batch(&[view(1)]).to_string();
    let post = |headers: &[&str]| host.ask("POST", "/telemetry/v1/batch", headers, body.as_bytes());
    for (headers, status) in [
        (&["origin: https://cluster.example"][..], 200),
        (
            &["origin: https://evil.example", "sec-fetch-site: same-origin"],
            200,
        ),
        (&["origin: https://evil.example"], 403),
        (&["origin: null"], 403),
        (
            &["origin: https://cluster.example", "sec-fetch-site: cross-site"],
            403,
        ),
        (&["sec-fetch-site: same-site"], 403),
    ] {
        let answer = post(headers);
        assert_eq!(answer.status, status, "{headers:?}");
        assert!(
            !answer.head.contains("access-control-allow-origin"),
            "{headers:?}"
        );
    }
    let listed = ["origin: https://ui.example", "sec-fetch-site: cross-site"];
    let answer = post(&listed);
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .head
            .contains("access-control-allow-origin: https://ui.example")
    );
    let answer = host.ask("OPTIONS", "/telemetry/v1/t", &listed, b"");
    assert_eq!(answer.status, 204);
    for header in [
        "authorization",
        "x-retry-count",
        "access-control-allow-origin: https://ui.example",
    ] {
        assert!(answer.head.contains(header), "{}", answer.head);
    }
}

#[test]
fn who_comes_too_fast_waits_and_others_do_not() {
    let host = Host::new("enabled = true", &[("CLIENT_BURST", "3"), ("CLIENT_RATE", "1")]);
    let body = batch(&[view(1)]).to_string();
    let from = |client: &str| {
        let forwarded = format!("x-forwarded-for: 198.51.100.1, {client}");
        host.ask("POST", "/telemetry/v1/batch", &[&forwarded], body.as_bytes())
    };
    let answers: Vec<_> = (0..8).map(|_| from("203.0.113.1")).collect();
    assert_eq!(answers[0].status, 200);
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert!(refused.head.contains("retry-after: "), "{}", refused.head);
    assert_eq!(from("203.0.113.2").status, 200);
    assert!(!host.log().contains("203.0.113"), "{}", host.log());
}

#[test]
fn a_proxy_is_known_by_whichever_form_of_its_address() {
    let variables = [("CLIENT_BURST", "1"), ("CLIENT_RATE", "1"), ("PUBLIC", "true")];
    let mut host = Host::new("enabled = true", &variables);
    host.kill();
    // Whoever comes by IPv4 has an address of IPv6 here.
    host.start_on("[::]:0");
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], host.address().port()));
    let body = batch(&[view(1)]).to_string();
    let from = |client: &str| {
        let forwarded = format!("x-forwarded-for: {client}");
        ask(
            address,
            "POST",
            "/telemetry/v1/batch",
            &[&forwarded],
            body.as_bytes(),
        )
        .status
    };
    assert_eq!(from("203.0.113.1"), 200);
    assert_eq!(from("203.0.113.2"), 200);
}

#[test]
fn no_body_and_no_path_does_harm() {
    let host = Host::new("enabled = true", &[("CLIENT_BURST", "1000")]);
    let huge = vec![b' '; 600 << 10];
    for (path, body, status) in [
        ("/telemetry/v1/batch", &b""[..], 400),
        ("/telemetry/v1/batch", b"\xff\xfe", 400),
        ("/telemetry/v1/batch", b"[]", 400),
        ("/telemetry/v1/batch", b"{}", 200),
        (
            "/telemetry/v1/batch",
            br#"{"batch":[1,null,"x",{"type":"page"},{"type":7},{"batch":[]}]}"#,
            200,
        ),
        ("/telemetry/v1/batch", &[b'['; 100_000], 400),
        ("/telemetry/v1/batch", &huge, 400),
        ("/telemetry/v1/p", b"7", 400),
        ("/telemetry/v1/x", b"{}", 404),
        ("/telemetry/../etc/passwd", b"", 404),
        ("/v1/batch", b"{}", 404),
    ] {
        let answer = host.ask("POST", path, &[], body);
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    assert_eq!(host.ask("GET", "/telemetry/v1/batch", &[], b"").status, 405);
    assert_eq!(host.ask("GET", "/healthz", &[], b"").status, 200);
    assert_eq!(host.post(&batch(&[view(1)])).status, 200);
    assert_eq!(host.deliver().len(), 1);
}

#[test]
fn connections_are_bounded_in_number_and_in_time() {
    let host = Host::new("enabled = true", &[("CONNECTIONS", "4"), ("TIMEOUT", "1")]);
    let idle: Vec<TcpStream> = (0..8)
        .map(|n| {
            let mut stream = TcpStream::connect(host.address()).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            if n % 2 == 0 {
                stream
                    .write_all(b"POST /telemetry/v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{")
                    .unwrap();
            }
            stream
        })
        .collect();
    // Their seats become free, though they do nothing for it.
    assert_eq!(host.post(&batch(&[view(1)])).status, 200);
    for mut stream in idle {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        let rest = String::from_utf8_lossy(&rest);
        assert!(rest.is_empty() || rest.contains(" 408 "), "{rest}");
    }
}

#[test]
fn an_address_of_the_network_is_not_listened_on_unasked() {
    let host = Host::new("enabled = true", &[]);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_heliograph-relay"));
        command
            .env_clear()
            .args(arguments)
            .arg("--signal-config")
            .arg(host.path("signal.toml"))
            .output()
            .unwrap()
    };
    let refused = run(&["--listen", "0.0.0.0:0"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("public = true"));
    assert_eq!(run(&["--listen", "x"]).status.code(), Some(1));
    let printed = run(&["--print-config"]);
    assert_eq!(printed.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&printed.stdout).contains("prefix = \"/telemetry\""));
    until("it still answers", || {
        host.ask("GET", "/healthz", &[], b"").status == 200
    });
}
