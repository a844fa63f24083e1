//! Requests through a real proxy.
//!
//! By rule nothing is proxied to `localhost` or a loopback address, so servers are named `0.0.0.0` here: to the rules an
//! address like any other, to the kernel this machine. Names that only the proxy can resolve come last, in a namespace.

use std::net::TcpListener;

use heliograph_fleet::Source;
use serde_json::json;

use crate::cluster::Cluster;
use crate::namespace::Namespace;
use crate::run::run;
use crate::small;
use crate::tinyproxy::Tinyproxy;
use heliograph_fleet::authority::Authority;
use heliograph_fleet::front::Front;

/// This machine, by a name that is proxied.
const HERE: &str = "0.0.0.0";

/// A cluster whose URLs name this machine so.
fn cluster() -> Cluster {
    named(HERE)
}

fn named(host: &str) -> Cluster {
    let cluster = Cluster::of(small::short_documents());
    let renamed = |url: String| url.replace("127.0.0.1", host);
    let diagnostics = renamed(cluster.sources.diagnostics_url());
    let cosmos = renamed(cluster.sources.cosmos_url());
    let mesos = [
        renamed(cluster.sources.frameworks_url()),
        renamed(cluster.sources.metrics_url()),
    ];
    let sink = renamed(cluster.sink.url());
    cluster
        .set("diagnostics_urls", json!([diagnostics]))
        .set("cosmos_urls", json!([cosmos]))
        .set("mesos_urls", json!(mesos))
        .set("sink", sink)
        .set("delivery_timeout", "5s")
}

/// Which sources were asked through the proxy, and whether the sink was told so.
fn proxied(cluster: &Cluster) -> (Vec<Source>, bool) {
    let by_proxy = |via: Option<&str>| via.is_some_and(|via| via.contains("tinyproxy"));
    let asked = cluster.sources.requests();
    let mut sources: Vec<_> = asked
        .iter()
        .filter(|seen| by_proxy(seen.header("via")))
        .map(|seen| seen.source)
        .collect();
    sources.sort();
    let told = cluster.sink.requests();
    (
        sources,
        told.iter().any(|request| by_proxy(request.header("via"))),
    )
}

#[test]
fn plain_http_goes_with_the_whole_url() {
    let Some(proxy) = Tinyproxy::start() else { return };
    let cluster = cluster().var("HTTP_PROXY", proxy.url());
    cluster.run(&["report"]).exits(0).has_no_complaint();
    assert_eq!(proxied(&cluster), (Source::ALL.to_vec(), true));
    assert_eq!(cluster.sink.messages().len(), 3);
    let mut lines = proxy.requests();
    lines.sort();
    let at = |addr: std::net::SocketAddr, path: &str| format!("http://{HERE}:{}{path}", addr.port());
    let mut expected = Source::ALL.map(|source| {
        let url = at(cluster.sources.addr(source), source.path());
        format!("{} {url} HTTP/1.1", source.method())
    });
    expected.sort();
    let mut expected = expected.to_vec();
    expected.push(format!("POST {} HTTP/1.1", at(cluster.sink.addr(), "/v1/batch")));
    expected.sort();
    assert_eq!(lines, expected);
}

#[test]
fn a_post_and_its_headers_pass_unchanged() {
    let Some(proxy) = Tinyproxy::start() else { return };
    let cluster = cluster();
    let url = format!(
        "http://user:pass@{HERE}:{}/package/list?a=b",
        cluster.sources.addr(Source::Cosmos).port()
    );
    let cluster = cluster
        .set("cosmos_urls", json!([url]))
        .var("HTTP_PROXY", proxy.url());
    cluster.run(&["preview"]).exits(0).has_no_complaint();
    let asked = cluster.sources.requests();
    let cosmos = asked.iter().find(|seen| seen.source == Source::Cosmos).unwrap();
    assert_eq!(
        (
            cosmos.method.as_str(),
            cosmos.path.as_str(),
            cosmos.query.as_deref()
        ),
        ("POST", "/package/list", Some("a=b"))
    );
    assert_eq!(cosmos.body, b"{}");
    assert_eq!(cosmos.header("authorization"), Some("Basic dXNlcjpwYXNz"));
    assert_eq!(
        cosmos.header("host"),
        Some(&*format!(
            "{HERE}:{}",
            cluster.sources.addr(Source::Cosmos).port()
        ))
    );
    assert_eq!(cosmos.header("proxy-authorization"), None);
}

#[test]
fn https_goes_through_a_tunnel() {
    let Some(proxy) = Tinyproxy::start() else { return };
    let authority = Authority::new("ours");
    let cluster = cluster();
    let front = Front::of(
        cluster.sources.addr(Source::Metrics),
        Some(authority.server(&[HERE])),
    );
    let sink = Front::of(cluster.sink.addr(), Some(authority.server(&[HERE])));
    let ca = cluster.write("ca.pem", authority.pem());
    let cluster = cluster
        .set(
            "mesos_urls",
            json!([format!("https://{HERE}:{}/metrics/snapshot", front.port())]),
        )
        .set("sink", format!("https://{HERE}:{}", sink.port()))
        .set("ca_cert_path", ca.to_str().unwrap())
        .var("HTTPS_PROXY", proxy.url());
    cluster.run(&["report"]).exits(0).has_no_complaint();
    assert_eq!(cluster.delivered()["mesos_track"]["cpu_total"], 8);
    let (metrics, batch) = (front.passed(), sink.passed());
    assert!(
        metrics[0].head.starts_with("GET /metrics/snapshot HTTP/1.1\r\n"),
        "{}",
        metrics[0].head
    );
    assert!(
        batch[0].head.starts_with("POST /v1/batch HTTP/1.1\r\n"),
        "{}",
        batch[0].head
    );
    assert_eq!(
        proxied(&cluster).0,
        [],
        "plain http has a proxy of its own, and there is none"
    );
    let lines = proxy.requests();
    let expected = [front.port(), sink.port()].map(|port| format!("CONNECT {HERE}:{port} HTTP/1.1"));
    assert_eq!(lines, expected);
}

#[test]
fn each_scheme_has_its_own_proxy() {
    let Some(proxy) = Tinyproxy::start() else { return };
    let cluster = cluster().var("HTTPS_PROXY", proxy.url());
    cluster.run(&["report"]).exits(0).has_no_complaint();
    assert_eq!(proxied(&cluster), (vec![], false));
    assert_eq!(proxy.requests(), [""; 0]);
}

#[test]
fn exceptions_are_asked_directly() {
    let Some(proxy) = Tinyproxy::start() else { return };
    let cluster = cluster().var("HTTP_PROXY", proxy.url());
    let port = |source| cluster.sources.addr(source).port();
    let two = format!(
        "other.example, {HERE}:{} ,{HERE}:{}",
        port(Source::Cosmos),
        port(Source::Metrics)
    );
    let cluster = cluster.var("NO_PROXY", two);
    cluster.run(&["preview"]).exits(0).has_no_complaint();
    assert_eq!(proxied(&cluster).0, [Source::Diagnostics, Source::Frameworks]);
    assert_eq!(cluster.sources.requests().len(), 4);
    for all in ["*", HERE, "0.0.0.0/8", "10.0.0.0/8,0.0.0.0/32"] {
        let cluster = self::cluster()
            .var("HTTP_PROXY", proxy.url())
            .var("no_proxy", all);
        cluster.run(&["report"]).exits(0).has_no_complaint();
        assert_eq!(proxied(&cluster), (vec![], false), "{all}");
    }
}

#[test]
fn a_proxy_may_be_named_in_lower_case_and_without_a_scheme() {
    let Some(proxy) = Tinyproxy::start() else { return };
    let cluster = cluster().var("http_proxy", proxy.addr());
    cluster.run(&["report"]).exits(0).has_no_complaint();
    assert_eq!(proxied(&cluster), (Source::ALL.to_vec(), true));
}

#[test]
fn a_proxys_credentials_are_shown_to_it() {
    let Some(proxy) = Tinyproxy::for_user("user", "p.ss") else {
        return;
    };
    let authority = Authority::new("ours");
    let cluster = cluster();
    let front = Front::of(
        cluster.sources.addr(Source::Metrics),
        Some(authority.server(&[HERE])),
    );
    let ca = cluster.write("ca.pem", authority.pem());
    let frameworks = format!(
        "http://{HERE}:{}/frameworks",
        cluster.sources.addr(Source::Frameworks).port()
    );
    let metrics = format!("https://{HERE}:{}/metrics/snapshot", front.port());
    let url = format!("http://user:p%2Ess@{}", proxy.addr());
    let cluster = cluster
        .set("mesos_urls", json!([frameworks, metrics]))
        .set("ca_cert_path", ca.to_str().unwrap())
        .var("HTTP_PROXY", &url)
        .var("HTTPS_PROXY", &url);
    let run = cluster.run(&["report", "-v"]).exits(0).has_no_complaint();
    run.keeps_quiet_about("p%2Ess").keeps_quiet_about("p.ss");
    assert_eq!(cluster.delivered().len(), 3);
    assert_eq!(front.passed().len(), 1);
    assert!(
        !front.passed()[0]
            .head
            .to_lowercase()
            .contains("proxy-authorization")
    );
    for seen in cluster.sources.requests() {
        assert_eq!(seen.header("proxy-authorization"), None);
    }
}

#[test]
fn a_proxy_that_knows_no_such_user_is_said() {
    let Some(proxy) = Tinyproxy::for_user("user", "right") else {
        return;
    };
    let authority = Authority::new("ours");
    let cluster = cluster();
    let front = Front::of(cluster.sink.addr(), Some(authority.server(&[HERE])));
    let ca = cluster.write("ca.pem", authority.pem());
    let url = format!("http://user:wr0ng@{}", proxy.addr());
    let cluster = cluster
        .set("sink", format!("https://{HERE}:{}", front.port()))
        .set("ca_cert_path", ca.to_str().unwrap())
        .var("HTTP_PROXY", &url)
        .var("HTTPS_PROXY", &url);
    let run = cluster.run(&["report", "-v"]).exits(2);
    let run = run.logs("not 200").keeps_quiet_about("wr0ng");
    assert_eq!(run.log.matches("answered 40").count(), 4, "{}", run.log);
    let cluster = cluster.var("HTTP_PROXY", "");
    let run = cluster.run(&["report", "-v"]).exits(0).logs("kept");
    run.logs("proxy").keeps_quiet_about("wr0ng");
    assert_eq!(front.passed().len(), 0);
    let asked = cluster.sources.requests();
    assert_eq!(asked.len(), 4, "asked directly in the second run only");
}

/// No proxy is there, so whoever asks it fails.
#[test]
fn nothing_of_this_machine_is_proxied() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let cluster = named(host)
            .var("HTTP_PROXY", format!("http://{nobody}"))
            .var("HTTPS_PROXY", format!("http://{nobody}"));
        cluster.run(&["report"]).exits(0).has_no_complaint();
        assert_eq!(cluster.sink.messages().len(), 3, "{host}");
    }
}

#[test]
fn a_proxy_that_is_not_there_is_said() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cluster = cluster().var("HTTP_PROXY", format!("http://{nobody}"));
    cluster.run(&["preview"]).exits(2).logs("no connection: refused");
    assert_eq!(
        cluster.sources.requests().len(),
        0,
        "nobody is asked past the proxy"
    );
}

#[test]
fn a_proxy_that_is_no_url_is_said() {
    // SOCKS is a proxy too, but not one that signal can use.
    for word in [
        "ftp://127.0.0.1:1",
        "http://",
        "http://[",
        "://",
        "socks5://127.0.0.1:1",
    ] {
        let cluster = cluster().var("HTTP_PROXY", word);
        cluster
            .run(&["preview"])
            .exits(2)
            .logs("the proxy that the environment names");
        assert_eq!(
            cluster.sources.requests().len(),
            0,
            "{word}: nobody is asked past the proxy"
        );
    }
}

/// `leader.mesos` is a name to the proxy alone, so whoever resolves it himself fails.
#[test]
fn names_are_the_proxys_to_resolve() {
    let (Some(namespace), folder) = (Namespace::new(), tempfile::tempdir().unwrap()) else {
        return;
    };
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let namespace = namespace.put(file("nsswitch.conf", "hosts: files\n"), "/etc/nsswitch.conf");
    let nobody = namespace
        .clone()
        .put(file("hosts", "127.0.0.1 localhost\n"), "/etc/hosts");
    let hosts = file("hosts.proxy", "127.0.0.1 localhost leader.mesos\n");
    let Some(proxy) = Tinyproxy::by(namespace.put(hosts, "/etc/hosts").command("tinyproxy")) else {
        return;
    };

    let authority = Authority::new("ours");
    let cluster = named("leader.mesos");
    let server = authority.server(&["leader.mesos"]);
    let front = Front::of(cluster.sources.addr(Source::Metrics), Some(server));
    let ca = cluster.write("ca.pem", authority.pem());
    let frameworks = format!(
        "http://leader.mesos:{}/frameworks",
        cluster.sources.addr(Source::Frameworks).port()
    );
    let metrics = format!("https://leader.mesos:{}/metrics/snapshot", front.port());
    let cluster = cluster
        .set("mesos_urls", json!([frameworks, metrics]))
        .set("ca_cert_path", ca.to_str().unwrap());
    let report = |cluster: &Cluster| {
        let there = cluster.command(&["report"]);
        let mut command = nobody.command(there.get_program());
        command
            .args(there.get_args())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.envs(there.get_envs().filter_map(|(name, value)| Some((name, value?))));
        run(&mut command)
    };
    report(&cluster).exits(2).logs("no connection");
    assert_eq!(cluster.sources.requests().len(), 0);

    let cluster = cluster
        .var("HTTP_PROXY", proxy.url())
        .var("HTTPS_PROXY", proxy.url());
    report(&cluster).exits(0).has_no_complaint();
    assert_eq!(cluster.delivered()["mesos_track"]["cpu_total"], 8);
    assert_eq!(cluster.delivered().len(), 3);
    let lines = proxy.requests();
    assert!(
        lines.contains(&format!("CONNECT leader.mesos:{} HTTP/1.1", front.port())),
        "{lines:?}"
    );
    assert!(
        lines.contains(&format!(
            "POST http://leader.mesos:{}/v1/batch HTTP/1.1",
            cluster.sink.addr().port()
        )),
        "{lines:?}"
    );
}
