//! The targets over the committed corpus and the recorded clusters, on any machine.

use std::fs;
use std::path::Path;

fn over(target: fn(&[u8]), folders: &[&str]) {
    let mut files = 0;
    for folder in folders {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            target(&fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
    }
    assert!(files > 3, "the corpus is not there");
}

#[test]
fn health() {
    over(
        heliograph_fuzz::health,
        &["corpus/health", "../fixtures/dcos-1.8", "../fixtures/dcos-1.10"],
    );
}

#[test]
fn mesos() {
    over(
        heliograph_fuzz::mesos,
        &["corpus/mesos", "../fixtures/dcos-1.8", "../fixtures/dcos-1.10"],
    );
}

#[test]
fn config() {
    over(heliograph_fuzz::config, &["corpus/config"]);
}

#[test]
fn disk() {
    over(heliograph_fuzz::disk, &["corpus/disk"]);
}

#[test]
fn deltas() {
    over(heliograph_fuzz::deltas, &["corpus/deltas"]);
}

#[test]
fn decoder() {
    over(heliograph_fuzz::decoder, &["corpus/decoder"]);
}

#[test]
fn pixel() {
    over(heliograph_fuzz::pixel, &["corpus/pixel"]);
}

#[test]
fn moment() {
    over(heliograph_fuzz::moment, &["corpus/moment"]);
}
