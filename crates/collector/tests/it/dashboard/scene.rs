//! A collector that a small fleet has reported to, and somebody who looks at it with a real browser.

use std::fs;

use form_urlencoded::Serializer;
use heliograph_fleet::chromium::{Chromium, Tab};
use heliograph_fleet::generate::{Fleet, FleetTruth, Kind, Preset, Settings};
use serde_json::{Value, json};

use super::get;
use crate::browser::{PASSWORD, add_user};
use crate::collector::{TestCollector, run};

/// A unit that each installation has.
pub(super) const UNIT: &str = "dcos-mesos-master-service";

/// The collector, what is true of the fleet, and what asks the API.
pub(super) struct Scene {
    pub(super) collector: TestCollector,
    pub(super) truth: FleetTruth,
    token: String,
    /// A cluster with a customer key.
    pub(super) cluster: String,
    key: String,
}

impl Scene {
    pub(super) fn prepare() -> Scene {
        let settings = Settings {
            seed: 7,
            installations: 10,
            days: 5,
            enterprise: 0.5,
            failures: 8.0,
            ci: 1.0,
            ..Preset::Small.settings()
        };
        let mut collector = TestCollector::start();
        let (cluster_key, server_key) = (collector.key("cluster"), collector.key("server"));
        add_user(collector.data(), "ada", "admin");
        let token = super::token(&collector, "support");
        collector.stop();
        let file = collector.data().join("fleet.ndjson");
        let mut lines = Vec::new();
        let sent = Fleet::new(&settings).run(|message| -> std::io::Result<()> {
            lines.extend_from_slice(message.text);
            lines.push(b'\n');
            Ok(())
        });
        let truth = sent.unwrap();
        fs::write(&file, lines).unwrap();
        let output = run(
            collector.data(),
            &["import", file.to_str().unwrap(), "--key", &cluster_key[..8]],
        );
        assert!(output.status.success(), "{output:?}");
        collector.restart();
        let keyed = truth
            .clusters
            .iter()
            .find(|cluster| cluster.kind == Kind::Usual && !cluster.customer_key.is_empty())
            .unwrap();
        let (cluster, key) = (keyed.id.clone(), keyed.customer_key.clone());
        let answer = collector.batch(&cluster_key, &visits(&truth));
        assert_eq!(answer.status, 200, "{answer:?}");
        collector.batch(
            &server_key,
            &json!({"batch": [{"type": "track", "anonymousId": "x", "messageId": "1"}]}),
        );
        Scene {
            collector,
            truth,
            token,
            cluster,
            key,
        }
    }

    /// The days of the fleet, as parameters.
    pub(super) fn days(&self) -> String {
        format!("from={}&to={}", self.truth.from, self.truth.to)
    }

    /// All pages that show what clusters reported.
    pub(super) fn pages(&self) -> Vec<String> {
        let days = self.days();
        let mut pages: Vec<String> = [
            "overview",
            "components",
            "releases",
            "packages",
            "capacity",
            "ui",
            "support",
            "live",
            "data",
        ]
        .iter()
        .map(|page| format!("/{page}?{days}"))
        .collect();
        pages.push(format!("/components/unit?unit={UNIT}&{days}"));
        pages.push(format!("/support/cluster?cluster={}&{days}", self.cluster));
        pages.push(format!("/support?search={}&{days}", self.key));
        pages.push(format!("/live?cluster={}", self.cluster));
        pages
    }

    /// The others, for people who are logged in.
    pub(super) fn own_pages() -> [&'static str; 5] {
        [
            "/settings",
            "/settings/look-ups",
            "/account",
            "/components?version=7.0",
            "/support?search=nobody",
        ]
    }

    /// What the API answers to a question about the fleet's days.
    pub(super) fn answer(&self, question: &str, more: &[(&str, &str)]) -> Value {
        let (from, to) = (self.truth.from.as_str(), self.truth.to.as_str());
        let mut query = Serializer::new(String::new());
        query
            .extend_pairs([("from", from), ("to", to), ("limit", "10000")])
            .extend_pairs(more);
        let path = format!("/api/v1/{question}?{}", query.finish());
        let (status, _, text) = get(&self.collector, Some(&self.token), &path);
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A browser in which somebody has logged in by the form; `None`, said loudly, where there is no browser.
    pub(super) fn visit(&self) -> Option<Tab> {
        let mut tab = Chromium::drive()?;
        tab.go(&self.url("/login")).unwrap();
        let type_in = format!(
            "(() => {{ const form = document.querySelector('form.entry'); form.elements.name.value = 'ada'; form.elements.password.value = '{PASSWORD}'; form.requestSubmit(); }})()"
        );
        tab.follow(&type_in).unwrap();
        assert_eq!(tab.evaluate("location.pathname").unwrap(), "/overview");
        assert_eq!(tab.complaints(), [""; 0]);
        Some(tab)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.collector.url())
    }
}

/// People in the user interface of each cluster, on the last day.
fn visits(truth: &FleetTruth) -> Value {
    let mut batch = Vec::new();
    for (number, cluster) in truth.clusters.iter().enumerate().take(8) {
        let named = json!({"clusterId": cluster.id, "environmentVersion": "1.10", "provider": cluster.provider, "variant": cluster.variant});
        let message = |id: usize, kind: Value, more: Value| {
            let mut message = json!({
                "messageId": format!("{number}-{id}"), "anonymousId": format!("visitor-{number}"), "userId": format!("h-{number}"),
                "timestamp": format!("{}T10:00:00Z", truth.to), "context": {"reporter": format!("{number:032x}")},
            });
            let fields = message.as_object_mut().unwrap();
            fields.extend(kind.as_object().unwrap().clone());
            let mut told = named.clone();
            told.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            let field = if fields["type"] == "identify" {
                "traits"
            } else {
                "properties"
            };
            fields.insert(field.to_owned(), told);
            message
        };
        batch.push(message(0, json!({"type": "identify"}), json!({})));
        for view in 1..=number * 3 + 4 {
            let route = ["/nodes/:id", "/services", "/"][view % 3];
            batch.push(message(view, json!({"type": "page", "name": route}), json!({})));
        }
        let error = json!({"route": "/services", "kind": "TypeError"});
        batch.push(message(99, json!({"type": "track", "event": "ui_error"}), error));
    }
    json!({ "batch": batch })
}
