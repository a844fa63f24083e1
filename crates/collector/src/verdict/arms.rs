//! Who changed to a version while it was watched, and who may be compared with them.

use super::panel::{Ending, Panel, Unseen, Upgrade};

/// An installation with its change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upgraded {
    /// Its place in the panel.
    pub place: usize,
    /// The change.
    pub upgrade: Upgrade,
}

/// The two sides of a comparison, for all units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arms {
    /// Those that upgraded.
    pub upgraded: Vec<Upgraded>,
    /// Places of those that ever ran something else.
    pub controls: Vec<usize>,
    /// Those that ran the version, but whose change to it was not seen.
    pub unseen: Vec<(usize, Unseen)>,
}

impl Arms {
    /// For a version.
    pub fn of(panel: &Panel, version: u16) -> Arms {
        let mut arms = Arms::default();
        for (place, track) in panel.tracks.iter().enumerate() {
            match track.upgrade(version) {
                Ok(upgrade) => arms.upgraded.push(Upgraded { place, upgrade }),
                Err(Some(why)) => arms.unseen.push((place, why)),
                Err(None) => {}
            }
            if track.spells.iter().any(|spell| spell.version != version) {
                arms.controls.push(place);
            }
        }
        arms
    }

    /// How many of those that upgraded fell silent while they ran the version.
    pub fn silent(&self) -> u32 {
        let silent = self
            .upgraded
            .iter()
            .filter(|one| matches!(one.upgrade.after.end, Ending::Silent(_)));
        u32::try_from(silent.count()).unwrap_or(u32::MAX)
    }
}
