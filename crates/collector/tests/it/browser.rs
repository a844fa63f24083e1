//! A browser, as far as it matters for logging in: it keeps a cookie, says where its requests come from, and posts forms with what
//! the page states in them.

use std::net::SocketAddr;
use std::path::Path;

use form_urlencoded::Serializer;

use crate::client::{Answer, Client};
use crate::collector::{TestCollector, run_with_input};

/// A password that may be one.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// Where pages of another site come from.
pub(crate) const ELSEWHERE: &str = "http://evil.example";

/// A browser with its own cookie.
pub(crate) struct Browser {
    address: SocketAddr,
    /// `name=value`
    pub(crate) cookie: Option<String>,
    /// What its requests are said to come from.
    pub(crate) origin: Option<String>,
    /// What else they state.
    pub(crate) headers: Vec<(String, String)>,
}

impl Browser {
    pub(crate) fn to(address: SocketAddr) -> Browser {
        Browser {
            address,
            cookie: None,
            // The host that the client asks for.
            origin: Some("http://test".to_owned()),
            headers: Vec::new(),
        }
    }

    /// One in which somebody has logged in.
    pub(crate) fn of(collector: &TestCollector, name: &str) -> Browser {
        let mut browser = Browser::to(collector.address());
        let answer = browser.log_in(name, PASSWORD);
        assert_eq!(answer.status, 303, "{}", text(&answer));
        browser
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[])
    }

    /// Posts a form as it is.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send("POST", path, fields)
    }

    /// Posts a form with the token that the account page states.
    pub(crate) fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token();
        self.post(path, &[fields, &[("csrf", &*token)]].concat())
    }

    pub(crate) fn log_in(&mut self, name: &str, password: &str) -> Answer {
        self.post("/login", &[("name", name), ("password", password)])
    }

    /// The token of forms, as the account page states it.
    pub(crate) fn token(&mut self) -> String {
        let page = self.get("/account");
        assert_eq!(page.status, 200);
        hidden(&page, "csrf")
    }

    fn send(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut headers: Vec<(&str, &str)> = Vec::new();
        headers.extend(
            self.headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        headers.extend(self.cookie.as_deref().map(|cookie| ("Cookie", cookie)));
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        if method == "POST" {
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
            headers.extend(self.origin.as_deref().map(|origin| ("Origin", origin)));
        }
        let mut client = Client::to(self.address).unwrap();
        let answer = client.send(method, path, &headers, body.as_bytes()).unwrap();
        if let Some(set) = answer.header("set-cookie") {
            let pair = set.split(';').next().unwrap();
            let gone = set.contains("Max-Age=0");
            self.cookie = (!gone).then(|| pair.to_owned());
        }
        answer
    }
}

/// What a hidden field of a page holds.
pub(crate) fn hidden(page: &Answer, name: &str) -> String {
    let text = text(page);
    let (_, rest) = text
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| panic!("no field {name}: {text}"));
    rest.split('"').next().unwrap().to_owned()
}

pub(crate) fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

/// Adds a user with [`PASSWORD`].
pub(crate) fn add_user(data: &Path, name: &str, role: &str) {
    let output = run_with_input(
        data,
        &["admin", "add", name, "--role", role],
        &format!("{PASSWORD}\n"),
    );
    assert!(output.status.success(), "{output:?}");
}

/// A collector with a user of each role, `viewer-1` and so on.
pub(crate) fn with_users() -> TestCollector {
    let collector = TestCollector::start();
    for role in ["viewer", "support", "admin"] {
        add_user(collector.data(), &format!("{role}-1"), role);
    }
    collector
}
