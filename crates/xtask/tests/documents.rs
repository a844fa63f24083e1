//! What the documents say, as far as code can check it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod project;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use heliograph_signal::cli::Arguments;
use heliograph_signal::config;
use heliograph_signal::config::key::{KEYS, Key};
use heliograph_signal::environment::Environment;
use heliograph_signal::ledger::{MAX_AGE, MAX_BODY_BYTES};
use heliograph_signal::selection::ALWAYS;
use heliograph_wire::plan::Plan;

use project::{read, root};

fn documents() -> Vec<PathBuf> {
    let folders = [root(), root().join("docs"), root().join("docs/adr")];
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()));
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

/// What stands between backticks in the running text.
fn code(text: &str) -> Vec<String> {
    let prose: String = text.split("```").step_by(2).collect();
    prose.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn links_lead_somewhere() {
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')'))
            .map(|(link, _)| link)
        {
            if !link.contains("://") && !link.starts_with('#') {
                let to = path.parent().unwrap().join(link.split('#').next().unwrap());
                assert!(to.exists(), "{}: {link} leads nowhere", path.display());
            }
        }
    }
}

#[test]
fn commands_that_are_shown_are_understood() {
    let mut shown = 0;
    for document in ["README.md", "docs/PRIVACY.md", "docs/MIGRATING.md"] {
        let text = read(document);
        let lines = text
            .lines()
            .filter(|line| line.starts_with("heliograph-signal "))
            .map(str::to_owned);
        for command in lines.chain(
            code(&text)
                .into_iter()
                .filter(|code| code.starts_with("heliograph-signal ")),
        ) {
            let words = command
                .split('#')
                .next()
                .unwrap()
                .split('>')
                .next()
                .unwrap()
                .split_whitespace();
            let parsed = Arguments::parse_from_line(words.map(OsString::from));
            assert!(parsed.is_ok(), "{document}: {command:?}: {}", parsed.unwrap_err());
            shown += 1;
        }
    }
    assert!(shown > 10, "only {shown} commands were found");
}

#[test]
fn what_privacy_says_of_the_plan_is_so() {
    let text = read("docs/PRIVACY.md");
    let plan = Plan::built_in();
    let told: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name)
        .collect();
    let events = plan.events.iter().chain(&plan.ui.calls).chain(&plan.ui.events);
    let events: BTreeSet<_> = events.map(|event| event.name.as_str()).collect();
    assert!(
        events.is_subset(&told),
        "PRIVACY.md does not tell of {:?}",
        events.difference(&told)
    );
    for name in ALWAYS {
        assert!(
            text.contains(name),
            "PRIVACY.md does not tell that {name} always stays"
        );
    }
    for property in ["nodes-unreachable", "context.reporter"] {
        assert!(
            text.contains(property) && read("docs/data-dictionary.md").contains(property),
            "{property}"
        );
    }
}

#[test]
fn what_privacy_says_of_bounds_and_keys_is_so() {
    let text = read("docs/PRIVACY.md");
    let (default, _) = config::from_texts(&[], &Environment::default(), vec![]).unwrap();
    assert_eq!(default.spool.bytes, 64 << 20);
    assert_eq!(default.spool.age, Duration::from_secs(40 * 24 * 3600));
    assert_eq!(default.notice_period, Duration::from_secs(24 * 3600));
    for (key, value) in [
        ("spool_max_bytes", "64 MiB"),
        ("spool_max_age", "40d"),
        ("notice_period", "24h"),
    ] {
        let default = Key::named(key).unwrap().default.trim_matches('"');
        assert_eq!(default, value);
        assert!(
            text.contains(&format!("`{key}` (default: {value})")),
            "PRIVACY.md says another default of {key}"
        );
    }
    assert!(text.contains(&format!(
        "{} days, and {} MiB of bodies",
        MAX_AGE.as_secs() / 86_400,
        MAX_BODY_BYTES >> 20
    )));
    for setting in code(&text).iter().filter(|code| code.contains(" = ")) {
        let (name, _) = setting.split_once(" = ").unwrap();
        assert!(
            Key::named(name).is_some(),
            "PRIVACY.md names {name:?}, which is no key"
        );
    }
}

#[test]
fn the_readmes_configuration_is_understood() {
    let text = read("README.md");
    let toml = text
        .split("```toml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let (config, warnings) = config::from_texts(
        &[("signal.toml".into(), toml.to_owned())],
        &Environment::default(),
        vec![],
    )
    .unwrap();
    assert_eq!((config.mesos_urls.len(), warnings), (2, vec![]));
    assert!(KEYS.len() > 20);
}

/// The files of a module of a crate's integration tests.
fn files_of(module: &Path) -> Vec<PathBuf> {
    let mut files = vec![module.with_extension("rs")];
    if let Ok(folder) = fs::read_dir(module) {
        files.extend(folder.flat_map(|file| files_of(&file.unwrap().path().with_extension(""))));
    }
    files.retain(|file| file.exists());
    files
}

#[test]
fn every_bad_day_is_shown_by_a_test_that_is_there() {
    let text = read("docs/OPERATIONS.md");
    let (_, table) = text.split_once("## Bad days\n").unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
        .collect();
    assert!(rows.len() > 20, "{rows:?}");
    for row in rows {
        let cells: Vec<&str> = row.split('|').collect();
        let [_, _, _, _, shown, _] = cells.as_slice() else {
            panic!("four cells are expected: {row}")
        };
        let mut tests = PathBuf::new();
        // Between backticks names of tests, before them those of crates.
        for (part, word) in shown.split('`').enumerate() {
            if part % 2 == 0 {
                for name in word
                    .split(|c: char| !c.is_alphanumeric())
                    .filter(|name| !name.is_empty())
                {
                    tests = root().join("crates").join(name).join("tests/it");
                    assert!(tests.exists(), "{name} is no crate with such tests: {row}");
                }
                continue;
            }
            let (module, test) = word.split_once("::").unwrap_or((word, "*"));
            let files = files_of(&tests.join(module));
            assert!(!files.is_empty(), "{word} is not in {}", tests.display());
            let test = format!("fn {}(", test.rsplit("::").next().unwrap());
            let found = test == "fn *("
                || files
                    .iter()
                    .any(|file| fs::read_to_string(file).unwrap().contains(&test));
            assert!(found, "{word} is not in {}", tests.display());
        }
        let needs_none = row.starts_with("| disk full: diagnostics |");
        assert!(needs_none || !tests.as_os_str().is_empty(), "no test shows {row}");
    }
}
