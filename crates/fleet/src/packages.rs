//! Cosmos' answer to `/package/list`.

use fastrand::Rng;
use serde::Serialize;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Package};

const SALT: u64 = 0x636f_736d_6f73;

#[derive(Serialize)]
struct Answer {
    packages: Vec<Installed>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Installed {
    app_id: String,
    package_information: Information,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Information {
    package_definition: Definition,
    resource_definition: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    packaging_version: &'static str,
    name: String,
    version: String,
    release_version: u8,
    maintainer: &'static str,
    description: String,
    tags: [String; 2],
    selected: bool,
    framework: bool,
    scm: String,
    pre_install_notes: String,
    post_install_notes: &'static str,
    licenses: [Value; 1],
}

/// Renders the answer.
pub(crate) fn render(cluster: &Cluster) -> Vec<u8> {
    let mut rng = Rng::with_seed(cluster.seed ^ SALT);
    let packages = cluster
        .packages
        .iter()
        .map(|package| installed(package, &mut rng))
        .collect();
    // Only maps with keys that are no strings can't be written.
    serde_json::to_vec(&Answer { packages }).unwrap_or_default()
}

fn installed(package: &Package, rng: &mut Rng) -> Installed {
    let name = &package.name;
    let definition = Definition {
        packaging_version: "3.0",
        name: name.clone(),
        version: package.version.clone(),
        release_version: rng.u8(..60),
        maintainer: "support@example.invalid",
        description: format!("{name} running on DC/OS. ").repeat(4),
        tags: ["scheduler".to_owned(), name.clone()],
        selected: rng.bool(),
        framework: true,
        scm: format!("scm.example.invalid/{name}.git"),
        pre_install_notes: "This package needs at least 3 nodes. ".repeat(3),
        post_install_notes: "Installed.\n\n\tDocumentation: docs\n",
        licenses: [json!({"name": "Apache License v2", "url": "license.example.invalid"})],
    };
    let resources = json!({
        "assets": {"uris": {"jre": "assets.example.invalid/jre.tar.gz"}, "container": {"docker": {}}},
        "images": {
            "icon-small": format!("a/{name}-s.png"),
            "icon-medium": format!("a/{name}-m.png"),
            "icon-large": format!("a/{name}-l.png"),
        },
    });
    Installed {
        app_id: package.app_id.clone(),
        package_information: Information {
            package_definition: definition,
            resource_definition: resources,
        },
    }
}
