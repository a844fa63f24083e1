//! Whether the pages tell what happened, to somebody who logs in as people do.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use ureq::Agent;

use super::history::{VERSION, WORSE};
use crate::collector::Collector;
use crate::up::program;

/// How long a page may take, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Logs in and looks.
///
/// # Errors
/// With what a page does not tell.
pub(super) fn look(store: &Path, user: &str, password: &str) -> anyhow::Result<()> {
    let collector = Collector::start(&program("heliograph-collector"), "127.0.0.1:0", store)?;
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .max_redirects(0)
        .timeout_global(Some(PATIENCE))
        .build()
        .new_agent();
    let url = &collector.url;
    let entered = agent
        .post(format!("{url}/login"))
        .header("Origin", url)
        .send_form([("name", user), ("password", password)])?;
    let cookie = entered
        .headers()
        .get("set-cookie")
        .and_then(|cookie| cookie.to_str().ok());
    let cookie = cookie.and_then(|cookie| cookie.split(';').next());
    let cookie = cookie.context("nobody can log in")?.to_owned();
    let page = |path: &str| -> anyhow::Result<String> {
        let mut page = agent
            .get(format!("{url}{path}"))
            .header("Cookie", &cookie)
            .call()?;
        let text = page.body_mut().with_config().limit(1 << 26).read_to_string()?;
        ensure!(page.status() == 200, "{path}: {}: {text}", page.status());
        Ok(text)
    };
    let (guilty, _) = WORSE;
    let regressed = format!("{guilty} regressed in {VERSION}");
    for (path, told) in [
        // What an administrator sees first.
        ("/overview", regressed.as_str()),
        ("/overview", "likely CI"),
        ("/overview", "fell silent"),
        ("/overview", "Version 1.11.1 is new"),
        ("/releases", "range worse"),
        ("/support?tier=silent", "/support/cluster?"),
        ("/ui", "/services/:id"),
        ("/components", guilty),
        ("/packages", "Packages"),
        ("/capacity", "Memory"),
        ("/data", "health"),
    ] {
        let text = page(path)?;
        ensure!(text.contains(told), "{path} does not tell of `{told}`");
    }
    collector.stop()
}
