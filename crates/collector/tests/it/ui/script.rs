//! The tracker as the collector serves it, and as it is committed.

use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;
use sha2::{Digest as _, Sha384};

use crate::client::Answer;
use crate::collector::{TestCollector, run};
use crate::sdk::installed::installed_by;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/tracker")
}

fn get(collector: &TestCollector, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut client = collector.client();
    client.send("GET", path, headers, b"").unwrap()
}

#[test]
fn what_is_committed_is_what_would_be_built() {
    let Some(installed) = installed_by("tracker", &folder().join("package-lock.json")) else {
        return;
    };
    let built = Command::new("node")
        .args(["build.cjs", "--check"])
        .current_dir(folder())
        .env("NODE_PATH", installed.join("node_modules"))
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
}

#[test]
fn the_types_tell_all_that_there_is() {
    let types = std::fs::read_to_string(folder().join("tracker.d.ts")).unwrap();
    let script = std::fs::read_to_string(folder().join("dist/tracker.mjs")).unwrap();
    let exported = script.rsplit("export{").next().unwrap();
    let mut exported: Vec<_> = exported
        .split('}')
        .next()
        .unwrap()
        .split(',')
        .map(|name| name.rsplit(" as ").next().unwrap())
        .collect();
    let mut told: Vec<_> = types
        .lines()
        .filter_map(|line| line.strip_prefix("export function ")?.split('(').next())
        .collect();
    exported.sort_unstable();
    told.sort_unstable();
    assert_eq!(exported, told);
    let lock = std::fs::read_to_string(folder().join("package-lock.json")).unwrap();
    assert!(!lock.contains("\"resolved\""), "the lock file names no registry");
    let package: Value =
        serde_json::from_str(&std::fs::read_to_string(folder().join("package.json")).unwrap()).unwrap();
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn it_is_served_under_a_lasting_address_with_its_integrity() {
    let collector = TestCollector::with(&[("cors_origins", "https://other.example")]);
    let index = get(&collector, "/tracker.json", &[]).json();
    for name in ["tracker.js", "tracker.mjs"] {
        let expected = std::fs::read(folder().join("dist").join(name)).unwrap();
        let stated = format!("sha384-{}", STANDARD.encode(Sha384::digest(&expected)));
        assert_eq!(index[name]["integrity"], stated);
        let lasting = index[name]["lastingPath"].as_str().unwrap();
        for (path, cache) in [
            (
                index[name]["path"].as_str().unwrap(),
                "public, max-age=600, stale-while-revalidate=86400",
            ),
            (lasting, "public, max-age=31536000, immutable"),
        ] {
            let plain = get(&collector, path, &[("Origin", "https://app.example")]);
            assert_eq!((plain.status, &plain.body), (200, &expected), "{path}");
            for (name, value) in [
                ("content-type", "text/javascript; charset=utf-8"),
                ("cache-control", cache),
                ("access-control-allow-origin", "*"),
                ("cross-origin-resource-policy", "cross-origin"),
                ("x-content-type-options", "nosniff"),
                ("vary", "accept-encoding"),
            ] {
                assert_eq!(plain.header(name), Some(value), "{path}");
            }
            let packed = get(&collector, path, &[("Accept-Encoding", "br, gzip")]);
            assert_eq!(packed.header("content-encoding"), Some("gzip"));
            assert!(packed.body.len() < 3 * 1024, "{} bytes", packed.body.len());
            let mut unpacked = Vec::new();
            GzDecoder::new(&*packed.body).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, expected);
            let tag = plain.header("etag").unwrap().to_owned();
            let known = get(&collector, path, &[("If-None-Match", &tag)]);
            assert_eq!((known.status, known.body.len()), (304, 0));
        }
        let other = lasting.replace("/tracker/", "/tracker/0");
        assert_eq!(get(&collector, &other, &[]).status, 404);
    }
    let asked = run(collector.data(), &["tracker", "--url", "https://t.example"]);
    let told = String::from_utf8(asked.stdout).unwrap();
    for name in ["tracker.js", "tracker.mjs"] {
        for part in ["lastingPath", "integrity"] {
            assert!(told.contains(index[name][part].as_str().unwrap()), "{told}");
        }
    }
    let asked = run(collector.data(), &["tracker"]);
    assert!(!asked.status.success() && String::from_utf8_lossy(&asked.stderr).contains("--url"));
}
