//! https, for sources and sinks: whom it trusts, whom not, and what the log says then. Certificates are made here; a
//! [`Front`] speaks TLS for the servers behind it.

use std::sync::Arc;

use heliograph_fleet::sink::Answer;
use heliograph_fleet::{Sink, Source};
use rustls::ServerConfig;
use serde_json::json;

use crate::cluster::Cluster;
use crate::small;
use heliograph_fleet::authority::Authority;
use heliograph_fleet::front::Front;

/// A cluster behind TLS, all of it.
struct Secured {
    cluster: Cluster,
    fronts: [Front; 4],
    sink: Front,
}

/// Puts TLS before sources and sink. Nothing is trusted yet but what an empty file holds, so that this machine's store does not
/// matter.
fn secured(sources: &Arc<ServerConfig>, sink: &Arc<ServerConfig>) -> Secured {
    let cluster = Cluster::of(small::short_documents());
    let fronts = Source::ALL.map(|source| Front::of(cluster.sources.addr(source), Some(sources.clone())));
    let sink = Front::of(cluster.sink.addr(), Some(sink.clone()));
    let url =
        |index: usize, source: Source| format!("https://127.0.0.1:{}{}", fronts[index].port(), source.path());
    let empty = cluster.write("empty.pem", "");
    let cluster = cluster
        .set("diagnostics_urls", json!([url(0, Source::Diagnostics)]))
        .set("cosmos_urls", json!([url(1, Source::Cosmos)]))
        .set(
            "mesos_urls",
            json!([url(2, Source::Frameworks), url(3, Source::Metrics)]),
        )
        .set("sink", format!("https://127.0.0.1:{}", sink.port()))
        .set("delivery_timeout", "5s")
        .var("SSL_CERT_FILE", empty.to_str().unwrap());
    Secured {
        cluster,
        fronts,
        sink,
    }
}

impl Secured {
    fn trusting(self, key: &'static str, authority: &Authority) -> Secured {
        let path = self.cluster.write(&format!("{key}.pem"), authority.pem());
        let path = path.to_str().unwrap();
        let cluster = match key {
            "SSL_CERT_FILE" => self.cluster.var(key, path),
            key => self.cluster.set(key, path),
        };
        Secured { cluster, ..self }
    }

    #[track_caller]
    fn delivers(&self) {
        self.cluster.run(&["report"]).exits(0).has_no_complaint();
        assert_eq!(self.cluster.sink.messages().len(), 3);
    }
}

const HERE: &[&str] = &["127.0.0.1"];

#[test]
fn the_operators_authority_is_trusted() {
    let authority = Authority::new("operator");
    let server = authority.server(HERE);
    secured(&server, &server)
        .trusting("ca_cert_path", &authority)
        .delivers();
}

#[test]
fn the_stores_file_of_the_environment_is_trusted() {
    let authority = Authority::new("store");
    let server = authority.server(HERE);
    secured(&server, &server)
        .trusting("SSL_CERT_FILE", &authority)
        .delivers();
}

#[test]
fn the_stores_folder_of_the_environment_is_trusted() {
    let authority = Authority::new("store");
    let server = authority.server(HERE);
    let secured = secured(&server, &server);
    // Named as c_rehash does.
    secured.cluster.write("certs/0123abcd.0", authority.pem());
    let certs = secured.cluster.path("certs");
    let cluster = secured
        .cluster
        .var("SSL_CERT_FILE", "")
        .var("SSL_CERT_DIR", certs.to_str().unwrap());
    Secured { cluster, ..secured }.delivers();
}

#[test]
fn the_operators_authority_is_trusted_beside_the_store() {
    let (store, operator) = (Authority::new("store"), Authority::new("operator"));
    secured(&operator.server(HERE), &store.server(HERE))
        .trusting("SSL_CERT_FILE", &store)
        .trusting("ca_cert_path", &operator)
        .delivers();
}

#[test]
fn several_authorities_may_stand_in_one_file() {
    let (one, other) = (Authority::new("one"), Authority::new("other"));
    let secured = secured(&one.server(HERE), &other.server(HERE));
    let both = secured
        .cluster
        .write("both.pem", format!("# both\n{}\n{}", one.pem(), other.pem()));
    let cluster = secured.cluster.set("ca_cert_path", both.to_str().unwrap());
    Secured { cluster, ..secured }.delivers();
}

#[test]
fn an_unknown_authority_is_not_trusted_with_anything() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let server = theirs.server(HERE);
    let secured = secured(&server, &server).trusting("ca_cert_path", &ours);
    let run = secured.cluster.run(&["report"]).exits(2);
    let run = run.logs("TLS failed").logs("UnknownIssuer");
    assert_eq!(run.log.matches("TLS failed").count(), 4, "{}", run.log);
    for front in &secured.fronts {
        assert_eq!((front.connections(), front.passed().len()), (1, 0));
    }
    assert_eq!(secured.sink.connections(), 0, "there was nothing to deliver");
}

#[test]
fn a_sink_that_is_not_trusted_gets_neither_report_nor_key() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let secured = secured(&ours.server(HERE), &theirs.server(HERE)).trusting("ca_cert_path", &ours);
    let run = secured.cluster.run(&["report"]).exits(0);
    run.logs("kept").logs("TLS failed").logs("UnknownIssuer");
    assert!(secured.sink.connections() > 0);
    assert_eq!(secured.sink.passed().len(), 0);
}

#[test]
fn a_certificate_that_is_of_no_use_is_not_taken() {
    let authority = Authority::new("ours");
    for (server, said) in [
        (authority.server_between(HERE, 2001, 2011), "expired"),
        (authority.server_between(HERE, 2098, 2099), "not valid yet"),
        (authority.server(&["elsewhere.example"]), "not valid for name"),
    ] {
        let secured = secured(&server, &server).trusting("ca_cert_path", &authority);
        secured
            .cluster
            .run(&["report"])
            .exits(2)
            .logs("TLS failed")
            .logs(said);
        for front in &secured.fronts {
            assert_eq!(front.passed().len(), 0);
        }
    }
}

/// What waits for a sink with a bad certificate goes when it has a good one; `status` and `doctor` tell meanwhile.
#[test]
fn a_report_waits_for_a_good_certificate() {
    let authority = Authority::new("ours");
    let good = authority.server(HERE);
    let mut secured = secured(&good, &good).trusting("ca_cert_path", &authority);
    secured.cluster = secured.cluster.set("delivery_timeout", "300ms");
    let bad = [
        (authority.server_between(HERE, 2001, 2011), "expired"),
        (authority.server_between(HERE, 2098, 2099), "not valid yet"),
        (authority.server(&["elsewhere.example"]), "not valid for name"),
    ];
    for (hour, (server, said)) in (1..).zip(bad) {
        secured.sink.show(server);
        let now = format!("2026-11-22T{hour:02}:00:00Z");
        secured.cluster.run(&["report", "--now", &now]).exits(0);
        let status = secured.cluster.run(&["status"]).exits(0).stdout;
        assert!(
            status.contains("delivery       fails since") && status.contains(said),
            "{status}"
        );
        let doctor = secured.cluster.run(&["doctor"]).exits(1).stdout;
        assert!(doctor.contains("BAD") && doctor.contains(said), "{doctor}");
    }
    assert!(secured.sink.passed().is_empty(), "neither report nor key");
    secured.sink.show(good);
    secured.cluster = secured.cluster.set("delivery_timeout", "30s");
    let now = "2026-11-22T04:00:00Z";
    secured.cluster.run(&["report", "--now", now]).exits(0);
    let messages = secured.cluster.sink.messages();
    let ids: std::collections::BTreeSet<_> = messages.iter().map(crate::kept::id).collect();
    assert_eq!((ids.len(), messages.len()), (4 * 3, 4 * 3), "each once");
    let status = secured.cluster.run(&["status"]).exits(0).stdout;
    assert!(status.contains("nothing is wrong"), "{status}");
}

#[test]
fn an_empty_store_is_said() {
    let authority = Authority::new("nobody's");
    let server = authority.server(HERE);
    let run = secured(&server, &server).cluster.run(&["report"]).exits(2);
    run.logs("no certificate authority is trusted");
}

#[test]
fn an_authority_that_cannot_be_read_stops_all() {
    for (text, problem) in [
        (None, "No such file"),
        (Some(""), "holds no certificate"),
        (
            Some("-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n"),
            "ca.pem",
        ),
    ] {
        let cluster = Cluster::of(small::short_documents());
        if let Some(text) = text {
            cluster.write("ca.pem", text);
        }
        let path = cluster.path("ca.pem");
        let cluster = cluster.set("ca_cert_path", path.to_str().unwrap());
        for command in ["report", "preview"] {
            cluster
                .run(&[command])
                .exits(1)
                .logs("ca_cert_path")
                .logs(problem);
        }
        cluster.was_left_alone();
    }
}

#[test]
fn names_are_checked_as_names() {
    let authority = Authority::new("ours");
    let front_of = |names: &[&str]| {
        let cluster = Cluster::of(small::short_documents())
            .set("diagnostics_urls", json!([]))
            .set("cosmos_urls", json!([]));
        let addr = cluster.sources.addr(Source::Metrics);
        let front = Front::of(addr, Some(authority.server(names)));
        let url = format!("https://localhost:{}/metrics/snapshot", front.port());
        let ca = cluster.write("ca.pem", authority.pem());
        let cluster = cluster
            .set("mesos_urls", json!([url]))
            .set("ca_cert_path", ca.to_str().unwrap());
        (cluster, front)
    };
    let (cluster, _front) = front_of(&["localhost"]);
    cluster.run(&["preview"]).exits(0).has_no_complaint();
    let (cluster, _front) = front_of(&["127.0.0.1"]);
    cluster.run(&["preview"]).exits(2).logs("TLS failed");
}

#[test]
fn plain_http_behind_an_https_url_is_said() {
    let cluster = Cluster::of(small::short_documents());
    let url = cluster.sources.metrics_url().replace("http://", "https://");
    let cluster = cluster
        .set("mesos_urls", json!([&url]))
        .set("source_timeout", "5s");
    cluster
        .run(&["preview"])
        .exits(0)
        .logs("nothing collected")
        .logs(&url);
}

#[test]
fn credentials_do_not_leave_tls() {
    let authority = Authority::new("ours");
    let answers = |location: &str| {
        let sink = Sink::start().unwrap();
        sink.script(vec![Answer::Status {
            code: 307,
            headers: vec![("Location".to_owned(), location.to_owned())],
            body: String::new(),
        }]);
        sink
    };
    let cluster = Cluster::of(small::short_documents());
    let metrics = cluster.sources.metrics_url();
    let secured = answers(&metrics);
    let front = Front::of(secured.addr(), Some(authority.server(HERE)));
    let ca = cluster.write("ca.pem", authority.pem());
    let url = format!("https://user:pass@127.0.0.1:{}/", front.port());
    let cluster = cluster
        .set("mesos_urls", json!([url]))
        .set("ca_cert_path", ca.to_str().unwrap());
    cluster.run(&["preview"]).exits(0).has_no_complaint();
    assert!(secured.requests()[0].header("authorization").is_some());
    let asked = cluster.sources.requests();
    let redirected = asked.iter().find(|seen| seen.source == Source::Metrics).unwrap();
    assert_eq!(redirected.header("authorization"), None);
}
