//! What a target wants by the links in its folders. systemd does not tell of those that lead to a masked unit.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::unit::UnitName;

/// Where the target has its links.
const FOLDERS: [&str; 2] = ["wants", "requires"];

/// The units that the links name, wherever they lead. Folders that come first win over later ones: a link to `/dev/null` there
/// takes the unit away.
pub(super) fn linked(unit_path: &[PathBuf], target: &UnitName) -> Vec<UnitName> {
    let mut wanted: BTreeMap<UnitName, bool> = BTreeMap::new();
    for folder in unit_path {
        for kind in FOLDERS {
            let Ok(entries) = fs::read_dir(folder.join(format!("{target}.{kind}"))) else {
                continue;
            };
            for entry in entries.flatten() {
                let name = entry.file_name().to_str().and_then(|name| name.parse().ok());
                let taken_away = fs::read_link(entry.path()).is_ok_and(|to| to == Path::new("/dev/null"));
                if let Some(name) = name {
                    wanted.entry(name).or_insert(!taken_away);
                }
            }
        }
    }
    wanted
        .into_iter()
        .filter_map(|(name, wanted)| wanted.then_some(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_name_units_wherever_they_lead() {
        let root = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let folder = root.path().join(name);
            fs::create_dir_all(folder.join("x.target.wants")).unwrap();
            folder
        };
        let (etc, usr) = (folder("etc"), folder("usr"));
        let link = |folder: &Path, name: &str, to: &str| {
            symlink(to, folder.join("x.target.wants").join(name)).unwrap();
        };
        link(&etc, "masked.service", "../masked.service");
        link(&etc, "gone.service", "../gone.service");
        link(&etc, "off.service", "/dev/null");
        link(&usr, "off.service", "../off.service");
        link(&usr, "on.v2.timer", "../on.v2.timer");
        link(&usr, "README", "../README");
        let names = linked(
            &[etc, usr, root.path().join("nowhere")],
            &"x.target".parse().unwrap(),
        );
        let names: Vec<_> = names.iter().map(UnitName::as_str).collect();
        assert_eq!(names, ["gone.service", "masked.service", "on.v2.timer"]);
    }
}
