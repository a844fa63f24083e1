//! What the documents show can be used.

use std::fs;
use std::path::Path;

use heliograph_diagnostics::config::Config;

use crate::daemon::Daemon;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// The blocks of that kind.
fn blocks(text: &str, kind: &str) -> Vec<String> {
    let begin = format!("```{kind}\n");
    text.split(&begin)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn configurations_that_are_shown_are_understood() {
    let guide = blocks(&read("docs/DIAGNOSTICS.md"), "toml");
    let readme = blocks(&read("README.md"), "toml");
    let of_ours = readme.iter().filter(|block| block.contains("members = "));
    let all: Vec<_> = guide.iter().chain(of_ours).collect();
    assert!(all.len() >= 3, "{all:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("diagnostics.toml");
    for block in all {
        fs::write(&file, block).unwrap();
        let config = Config::read(Some(&file), &[]);
        assert!(config.is_ok_and(|config| config != Config::default()), "{block}");
    }
}

#[test]
fn keys_and_metrics_that_are_named_are_there() {
    let text = read("docs/DIAGNOSTICS.md");
    let daemon = Daemon::start(&[("BUS", "unix:path=/nonexistent/bus")]);
    let page = crate::daemon::wait("a view of the cluster", || {
        let page = daemon.get("/metrics").body;
        page.contains("heliograph_diagnostics_cluster_age")
            .then_some(page)
    });
    let known = Config::default().to_toml();
    let mut found = 0;
    let prose: String = text.split("```").step_by(2).collect();
    for code in prose.split('`').skip(1).step_by(2) {
        let word = code.split(['{', ' ']).next().unwrap();
        let is_name =
            word.contains('_') && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if !is_name || word.starts_with("heliograph_") || code.contains('=') && !code.contains(" = ") {
            continue;
        }
        let is_key = known.lines().any(|line| line.starts_with(&format!("{word} = ")));
        let is_metric = page.contains(&format!("heliograph_diagnostics_{word}"));
        // Of units and of their age there is nothing to tell without a systemd.
        let is_of_units = ["unit_health", "systemd_age_seconds"].contains(&word);
        let is_of_signal = word == "diagnostics_urls";
        assert!(is_key || is_metric || is_of_units || is_of_signal, "{word}");
        found += 1;
    }
    assert!(found > 20, "{found}");
}
