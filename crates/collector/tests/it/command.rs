//! The command line.

use std::process::{Command, Output};

use tempfile::TempDir;

use crate::collector::{BINARY, run};

fn plain(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_complete_default_configuration_is_printed() {
    for arguments in [&["--print-config"][..], &["serve", "--print-config"]] {
        let output = plain(arguments);
        assert!(output.status.success());
        let config = text(&output.stdout);
        assert!(config.contains("\nlisten = \"127.0.0.1:8080\"\n"), "{config}");
        let table: toml::Table = config.parse().unwrap();
        assert!(table.len() >= 10);
    }
}

#[test]
fn a_file_is_read_and_its_faults_are_told() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("collector.toml");
    std::fs::write(&file, "data = \"somewhere\"\nqueu = 1\n").unwrap();
    let output = plain(&["serve", "--config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("did you mean `queue`?"), "{said}");
    let output = plain(&["key", "add", "--kind", "root"]);
    assert!(text(&output.stderr).contains("one of cluster, ui, server, peer"));
}

#[test]
fn a_key_is_printed_alone() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("a/b");
    let output = run(&data, &["key", "add", "--kind", "cluster", "--name", "Prod 1"]);
    let key = text(&output.stdout);
    assert_eq!(key.trim_end().len(), 32);
    assert_eq!(key.lines().count(), 1);
    let list = text(&run(&data, &["key", "list"]).stdout);
    assert!(list.contains("cluster") && list.contains("Prod 1"), "{list}");
}

#[test]
fn without_a_database_it_says_so_and_makes_none() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("none");
    for arguments in [&["messages"][..], &["key", "list"], &["key", "revoke", "1"]] {
        let output = run(&data, arguments);
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stderr);
        assert!(said.contains("there is no database in"), "{said}");
    }
    assert!(!data.exists());
}

#[test]
fn a_database_of_a_newer_release_is_left_alone() {
    let dir = TempDir::new().unwrap();
    run(dir.path(), &["key", "add", "--kind", "ui"]);
    let database = dir.path().join("collector.db");
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    drop(connection);
    for arguments in [&["serve"][..], &["messages"], &["key", "list"]] {
        let said = text(&run(dir.path(), arguments).stderr);
        assert!(said.contains("use a newer release"), "{said}");
    }
}
