//! Redirects of sources, to other paths, other ports and other hosts. (A redirect on the same host is one of the faults in
//! [`crate::table`], those of the sink are in [`crate::delivery`].)
//!
//! Scripted servers stand for the sources here. Two names of this machine, `127.0.0.1` and `localhost`, stand for two hosts.

use heliograph_fleet::sink::{Answer, SinkRequest};
use heliograph_fleet::{Fault, Sink, Source};
use serde_json::json;

use crate::cluster::Cluster;
use crate::small;

fn redirect(code: u16, location: &str) -> Answer {
    Answer::Status {
        code,
        headers: vec![("Location".to_owned(), location.to_owned())],
        body: String::new(),
    }
}

/// The good answer of a source.
fn good(source: Source) -> Answer {
    let document = small::documents().of(source).to_vec();
    Answer::Status {
        code: 200,
        headers: vec![],
        body: String::from_utf8(document).unwrap(),
    }
}

fn server(answers: Vec<Answer>) -> Sink {
    let server = Sink::start().unwrap();
    server.script(answers);
    server
}

/// Asks this URL alone, as one of Cosmos or of Mesos; the exit code and the log.
fn asked(source: Source, url: &str) -> crate::run::Run {
    let cluster = Cluster::of(small::short_documents()).set("diagnostics_urls", json!([]));
    let (key, other) = match source {
        Source::Cosmos => ("cosmos_urls", "mesos_urls"),
        _ => ("mesos_urls", "cosmos_urls"),
    };
    cluster
        .set(key, json!([url]))
        .set(other, json!([]))
        .run(&["preview"])
}

fn last(server: &Sink) -> SinkRequest {
    server.requests().pop().unwrap()
}

#[test]
fn a_post_stays_one_or_becomes_a_get() {
    for (code, method, body) in [
        (301, "GET", &b""[..]),
        (302, "GET", b""),
        (303, "GET", b""),
        (307, "POST", b"{}"),
        (308, "POST", b"{}"),
    ] {
        let there = server(vec![good(Source::Cosmos)]);
        let here = server(vec![redirect(code, &format!("{}/there", there.url()))]);
        asked(Source::Cosmos, &here.url()).exits(0).has_no_complaint();
        let request = last(&there);
        assert_eq!(
            (request.method.as_str(), request.body.as_slice()),
            (method, body),
            "{code}"
        );
        assert_eq!(request.path, "/there", "{code}");
        assert_eq!(
            request.header("accept"),
            last(&here).header("accept"),
            "{code}: what is asked for goes along"
        );
    }
}

#[test]
fn credentials_stay_with_their_host() {
    for code in [301, 302, 303, 307, 308] {
        let there = server(vec![good(Source::Metrics)]);
        let location = format!("http://localhost:{}/there", there.addr().port());
        let here = server(vec![redirect(code, &location)]);
        let url = format!("http://user:p%40ss@{}/here", here.addr());
        let run = asked(Source::Metrics, &url).exits(0).has_no_complaint();
        assert_eq!(
            last(&here).header("authorization"),
            Some("Basic dXNlcjpwQHNz"),
            "{code}"
        );
        assert_eq!(last(&there).header("authorization"), None, "{code}");
        run.keeps_quiet_about("p@ss").keeps_quiet_about("p%40ss");
    }
}

#[test]
fn credentials_do_not_come_back_on_the_way_back() {
    let here = server(vec![]);
    let there = server(vec![redirect(307, &format!("{}/back", here.url()))]);
    here.script(vec![
        redirect(302, &format!("http://localhost:{}/there", there.addr().port())),
        good(Source::Metrics),
    ]);
    asked(Source::Metrics, &format!("http://user:pass@{}/", here.addr())).exits(0);
    assert_eq!(last(&there).header("authorization"), None);
    assert_eq!(last(&here).path, "/back");
    assert_eq!(
        last(&here).header("authorization"),
        None,
        "the other host chose this path"
    );
}

#[test]
fn credentials_go_along_within_a_host() {
    for location in ["/there", "there", "?there"] {
        let here = server(vec![redirect(307, location), good(Source::Frameworks)]);
        asked(Source::Frameworks, &format!("http://user:pass@{}/", here.addr())).exits(0);
        let sent: Vec<_> = here
            .requests()
            .iter()
            .map(|request| request.header("authorization").map(str::to_owned))
            .collect();
        assert_eq!(sent, vec![Some("Basic dXNlcjpwYXNz".to_owned()); 2], "{location}");
    }
}

#[test]
fn locations_may_be_relative() {
    for (location, path) in [
        ("/x?y=z", "/x?y=z"),
        ("x", "/a/x"),
        ("?n=1", "/a/b?n=1"),
        ("../x", "/x"),
        ("./x", "/a/x"),
        ("/x#fragment", "/x"),
    ] {
        let here = server(vec![redirect(302, location), good(Source::Metrics)]);
        let run = asked(Source::Metrics, &format!("{}/a/b?q", here.url()));
        assert_eq!(last(&here).path, path, "{location}\n{}", run.log);
        assert_eq!(run.code, 0, "{location}\n{}", run.log);
    }
}

#[test]
fn a_location_may_leave_out_the_scheme() {
    let there = server(vec![good(Source::Metrics)]);
    let here = server(vec![redirect(302, &format!("//{}/there", there.addr()))]);
    asked(Source::Metrics, &here.url()).exits(0);
    assert_eq!(last(&there).path, "/there");
}

#[test]
fn a_long_way_ends_and_a_longer_one_fails() {
    let way = |redirects| {
        let mut answers = vec![redirect(302, "/on"); redirects];
        answers.push(good(Source::Metrics));
        server(answers)
    };
    let here = way(10);
    asked(Source::Metrics, &here.url()).exits(0);
    assert_eq!(here.requests().len(), 11);
    let here = way(11);
    asked(Source::Metrics, &here.url())
        .exits(2)
        .logs("redirected more than 10 times");
    assert_eq!(here.requests().len(), 11);
}

#[test]
fn a_redirect_to_nowhere_is_a_reason() {
    for location in [
        "ftp://127.0.0.1/x",
        "http://",
        "javascript:alert(1)",
        "http://[::1/x",
    ] {
        let here = server(vec![redirect(302, location)]);
        let run = asked(Source::Metrics, &here.url());
        assert_eq!(run.code, 2, "{location}\n{}", run.log);
        assert!(run.log.contains("redirected"), "{location}\n{}", run.log);
    }
    let here = server(vec![Answer::status(302)]);
    asked(Source::Metrics, &here.url())
        .exits(2)
        .logs("answered 302, not 200");
}

/// A redirect is not a way around the time-out.
#[test]
fn a_redirect_to_silence_ends_in_time() {
    let cluster = Cluster::of(small::documents()).set("source_timeout", "2s");
    cluster.sources.set_fault(Source::Metrics, Fault::Hang).unwrap();
    let here = server(vec![redirect(307, &cluster.sources.metrics_url())]);
    let cluster = cluster
        .set("mesos_urls", json!([here.url()]))
        .set("diagnostics_urls", json!([]))
        .set("cosmos_urls", json!([]));
    let run = cluster.run(&["preview"]).exits(2).logs("no answer within");
    assert!(
        run.took < std::time::Duration::from_secs(7),
        "took {:?}",
        run.took
    );
}
