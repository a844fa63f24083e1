use super::*;

fn load_json(text: &str) -> Result<(Config, Vec<String>), Error> {
    from_texts(
        &[("a.json".into(), text.to_owned())],
        &Environment::default(),
        vec![],
    )
}

#[test]
fn the_printed_defaults_are_the_defaults() {
    let printed = key::print_defaults();
    let (config, warnings) = from_texts(
        &[("x.toml".into(), printed.clone())],
        &Environment::default(),
        vec![],
    )
    .unwrap();
    let (default, _) = from_texts(&[], &Environment::default(), vec![]).unwrap();
    assert_eq!(format!("{config:?}"), format!("{default:?}"));
    assert_eq!(warnings, Vec::<String>::new());
    // Every key is read when it is not a comment.
    let uncommented = printed
        .replace("\n# enabled", "\nenabled")
        .replace("# ca_cert", "ca_cert");
    assert!(
        from_texts(&[("x.toml".into(), uncommented)], &Environment::default(), vec![])
            .unwrap()
            .1
            .is_empty()
    );
}

/// A key that is in the table and not read would be ignored without a word.
#[test]
fn every_key_is_read() {
    for key in key::KEYS {
        let value = match key.kind {
            key::Kind::Consent | key::Kind::Bool => "true".into(),
            key::Kind::Text if key.name == "receipt_key" => "0123456789abcdef".repeat(4).into(),
            key::Kind::Text | key::Kind::Secret | key::Kind::Path => "text".into(),
            key::Kind::Url => "http://a/".into(),
            key::Kind::Urls => serde_json::json!(["http://a/"]),
            key::Kind::Texts => serde_json::json!(["cpu_total"]),
            key::Kind::Span => "7s".into(),
            key::Kind::Bytes => "7 MB".into(),
            key::Kind::Choice(words) => words
                .iter()
                .find(|word| !key.default.contains(*word))
                .unwrap()
                .to_owned()
                .into(),
        };
        let setting = Setting {
            key,
            value,
            origin: Origin::Flag("x"),
        };
        let (config, warnings) = from_texts(&[], &Environment::default(), vec![setting]).unwrap();
        let (default, _) = from_texts(&[], &Environment::default(), vec![]).unwrap();
        assert_eq!(warnings, Vec::<String>::new());
        assert_ne!(
            format!("{config:?}"),
            format!("{default:?}"),
            "{} changes nothing",
            key.name
        );
    }
}

#[test]
fn dcos_own_file_is_understood() {
    let (config, warnings) = load_json(
        r#"{"diagnostics_urls": ["http://leader.mesos:1050/system/health/v1/report?cache=0"], "cosmos_urls": null,
            "mesos_urls": ["http://leader.mesos:5050/frameworks", "http://leader.mesos:5050/metrics/snapshot"],
            "Gen_Provider": "onprem", "customer_key": "", "enabled": "true", "FlagTest": true, "diagnostic_urls": []}"#,
    )
    .unwrap();
    assert_eq!(
        (
            config.diagnostics_urls.len(),
            config.cosmos_urls.len(),
            config.mesos_urls.len()
        ),
        (1, 0, 2)
    );
    assert_eq!(
        (
            config.provider.as_str(),
            config.customer_key,
            config.statements.len()
        ),
        ("onprem", None, 1)
    );
    assert_eq!(
        warnings,
        [
            "a.json:3: unknown key \"FlagTest\" is ignored",
            "a.json:3: unknown key \"diagnostic_urls\" is ignored; did you mean diagnostics_urls?"
        ]
    );
}

#[test]
fn later_sources_win_but_every_statement_is_kept() {
    let texts = [
        (
            "a.json".into(),
            r#"{"gen_provider": "aws", "enabled": "no", "units": ["a"], "mesos_urls": ["http://a/"]}"#
                .to_owned(),
        ),
        (
            "b.json".into(),
            r#"{"gen_provider": "azure", "enabled": true, "mesos_urls": []}"#.to_owned(),
        ),
    ];
    let environment = [
        ("HELIOGRAPH_UNITS", "b, c"),
        ("DCOS_VERSION", "1.8"),
        ("HELIOGRAPH_ENABLED", "1"),
    ];
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let flags = vec![Setting {
        key: Key::named("variant").unwrap(),
        value: "enterprise".into(),
        origin: Origin::Flag("--dcos-variant"),
    }];
    let (config, _) = from_texts(&texts, &environment, flags).unwrap();
    assert_eq!(
        (
            config.provider.as_str(),
            config.environment_version.as_str(),
            config.variant
        ),
        ("azure", "1.8", Variant::Enterprise)
    );
    assert_eq!(
        (config.units, config.mesos_urls.len()),
        (vec!["b".to_owned(), "c".to_owned()], 0)
    );
    let origins: Vec<_> = config
        .statements
        .iter()
        .map(|statement| statement.origin.to_string())
        .collect();
    assert_eq!(origins, ["a.json:1", "b.json:1", "$HELIOGRAPH_ENABLED"]);
}

#[test]
fn wrong_types_name_file_key_expected_and_found() {
    for (text, message) in [
        (
            r#"{"cosmos_urls": "http://a/"}"#,
            "a.json:1: cosmos_urls: expected a list of http:// or https:// URLs, found a text",
        ),
        (
            r#"{"cosmos_urls": ["http://u:secret@"]}"#,
            "a.json:1: cosmos_urls: expected a list of http:// or https:// URLs, found another text in it",
        ),
        (
            "{\n\"gen_provider\": 7}",
            "a.json:2: gen_provider: expected a text, found the number 7",
        ),
        (
            r#"{"write_key": 7}"#,
            "a.json:1: write_key: expected a text, found a number",
        ),
        (
            r#"{"source_timeout": "0s"}"#,
            "a.json:1: source_timeout: expected a span of time such as \"15s\", found \"0s\"",
        ),
        (
            r#"{"variant": "closed"}"#,
            "a.json:1: variant: expected one of open, enterprise, found \"closed\"",
        ),
        (
            r#"{"create_cluster_id": []}"#,
            "a.json:1: create_cluster_id: expected true or false, found a list",
        ),
        (
            r#"{"cluster_id": "a b"}"#,
            "a.json:1: cluster_id: expected the id of a cluster: visible text of at most 128 bytes, found \"a b\"",
        ),
    ] {
        assert_eq!(load_json(text).unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn secrets_are_not_printed() {
    let (config, _) =
        load_json(r#"{"write_key": "wk-123", "customer_key": "ck-456", "sink": "https://u:pw-789@h/"}"#)
            .unwrap();
    let printed = format!("{config:?}");
    for secret in ["wk-123", "ck-456", "pw-789"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn a_file_without_end_is_refused() {
    let error = load(Some(Path::new("/dev/zero")), &Environment::default(), vec![]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/dev/zero: is longer than 1048576 bytes; a configuration is not"
    );
}
