//! Finds the messages of those who are to be deleted among all that are kept. Pure.

use std::collections::HashMap;

use heliograph_wire::id::ReporterId;
use memchr::memmem::Finder;

use crate::forget::reach::{Reach, Sender};
use crate::ingest::mention::{Kind, Mentions};

/// Ids that are looked for one after the other; of more, every message is read.
const FEW: usize = 8;

/// Somebody who is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Number of the deletion.
    pub deletion: i64,
    /// Of which kind.
    pub kind: Kind,
    /// The id; of a reporter, its cluster's.
    pub id: String,
    /// The reporter.
    pub reporter: Option<ReporterId>,
    /// Which messages it reaches.
    pub reach: Reach,
    /// The last batch that is looked into.
    pub through: i64,
}

/// All who are to be deleted together.
#[derive(Debug)]
pub struct Hunt {
    targets: HashMap<String, Vec<Target>>,
    /// What the text of a message about any of them holds; nothing where that can't be said.
    finders: Vec<Finder<'static>>,
    through: i64,
}

impl Hunt {
    /// Looks for these.
    pub fn of(targets: Vec<Target>) -> Hunt {
        let through = targets
            .iter()
            .map(|target| target.through)
            .max()
            .unwrap_or_default();
        let mut by_id: HashMap<String, Vec<Target>> = HashMap::new();
        for target in targets {
            by_id.entry(target.id.clone()).or_default().push(target);
        }
        // A number may be written in ways that do not hold its digits in their order.
        let numbers = by_id.keys().any(|id| id.parse::<f64>().is_ok());
        let finders = match by_id.len() {
            0..=FEW if !numbers => by_id
                .keys()
                .map(|id| Finder::new(id.as_bytes()).into_owned())
                .collect(),
            _ => Vec::new(),
        };
        Hunt {
            targets: by_id,
            finders,
            through,
        }
    }

    /// The last batch that is looked into.
    pub fn through(&self) -> i64 {
        self.through
    }

    /// All targets.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.targets.values().flatten()
    }

    /// Whether it is worth reading a message: it holds one of the ids, or is spelt with escapes that may hide one.
    pub fn may_be_about(&self, line: &[u8]) -> bool {
        self.finders.is_empty()
            || self.finders.iter().any(|finder| finder.find(line).is_some())
            || memchr::memchr(b'\\', line).is_some()
    }

    /// The deletions that a message of a batch falls under; none where it is about nobody who is looked for.
    pub fn deletions_of(&self, mentions: &Mentions<'_>, sender: Sender, batch: i64) -> Vec<i64> {
        let mut found = Vec::new();
        let mut add = |id: &str, is: &dyn Fn(&Target) -> bool| {
            let targets = self.targets.get(id).map(Vec::as_slice).unwrap_or_default();
            let meant = targets
                .iter()
                .filter(|target| batch <= target.through && target.reach.covers(sender) && is(target));
            found.extend(meant.map(|target| target.deletion));
        };
        mentions.each(|kind, id| add(id, &|target| target.kind == kind));
        if let Some((cluster, reporter)) = mentions.reporter() {
            add(cluster, &|target| {
                target.kind == Kind::Reporter && target.reporter.as_ref() == Some(reporter)
            });
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether no report of a cluster stays in a batch.
    pub fn takes_all_of(&self, cluster: &str, batch: i64) -> bool {
        let targets = self.targets.get(cluster).map(Vec::as_slice).unwrap_or_default();
        let whole = |target: &Target| {
            matches!(target.kind, Kind::Cluster | Kind::Anonymous) && target.reach.covers_all_reports()
        };
        targets
            .iter()
            .any(|target| whole(target) && batch <= target.through)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyId;

    fn target(deletion: i64, kind: Kind, id: &str, through: i64) -> Target {
        Target {
            deletion,
            kind,
            id: id.to_owned(),
            reporter: (kind == Kind::Reporter).then(|| ReporterId::of_secret(b"s")),
            reach: Reach::All,
            through,
        }
    }

    fn found(hunt: &Hunt, message: &str, batch: i64) -> Vec<i64> {
        from(hunt, true, message, batch)
    }

    fn from(hunt: &Hunt, speaks: bool, message: &str, batch: i64) -> Vec<i64> {
        let sender = Sender {
            key: Some(KeyId(7)),
            speaks,
        };
        if !hunt.may_be_about(message.as_bytes()) {
            return Vec::new();
        }
        hunt.deletions_of(&Mentions::of(message).unwrap(), sender, batch)
    }

    #[test]
    fn finds_by_kind_and_batch() {
        let targets = vec![
            target(1, Kind::Cluster, "c", 5),
            target(2, Kind::User, "c", 9),
            target(3, Kind::Reporter, "d", 9),
            target(4, Kind::Customer, "k/1", 9),
        ];
        let hunt = Hunt::of(targets);
        assert_eq!(hunt.through(), 9);
        let reporter = ReporterId::of_secret(b"s");
        let of_reporter = format!(r#"{{"anonymousId":"d","context":{{"reporter":"{reporter}"}}}}"#);
        for (message, batch, expected) in [
            (r#"{"anonymousId":"c"}"#, 5, &[1][..]),
            (r#"{"anonymousId":"c"}"#, 6, &[]),
            (r#"{"anonymousId":"c","userId":"c"}"#, 1, &[1, 2]),
            (r#"{"userId":"cc","name":"c"}"#, 1, &[]),
            (of_reporter.as_str(), 1, &[3]),
            (r#"{"anonymousId":"d","context":{"reporter":"x"}}"#, 1, &[]),
            // However it is spelt.
            (r#"{"userId":"u","properties":{"customerKey":"k\/1"}}"#, 1, &[4]),
            (
                r#"{"userId":"u","properties":{"customerKey":"\u006b/1"}}"#,
                1,
                &[4],
            ),
        ] {
            assert_eq!(found(&hunt, message, batch), expected, "{message}");
        }
        assert!(!hunt.may_be_about(br#"{"x":"u"}"#));
        assert!(hunt.takes_all_of("c", 5) && !hunt.takes_all_of("c", 6) && !hunt.takes_all_of("d", 5));
    }

    #[test]
    fn one_key_s_messages_alone() {
        let of = |deletion, key| Target {
            reach: Reach::Key(KeyId(key)),
            ..target(deletion, Kind::Cluster, "c", 9)
        };
        let hunt = Hunt::of(vec![of(1, 7), of(2, 8)]);
        assert_eq!(found(&hunt, r#"{"anonymousId":"c"}"#, 1), [1]);
        assert!(!hunt.takes_all_of("c", 1));
    }

    #[test]
    fn what_speaks_for_clusters_alone() {
        let hunt = Hunt::of(vec![Target {
            reach: Reach::Clusters,
            ..target(1, Kind::Cluster, "c", 9)
        }]);
        for message in [r#"{"anonymousId":"c"}"#, r#"{"userId":"u","groupId":"c"}"#] {
            assert_eq!(from(&hunt, true, message, 1), [1], "{message}");
            assert!(from(&hunt, false, message, 1).is_empty(), "{message}");
        }
        assert!(hunt.takes_all_of("c", 9) && !hunt.takes_all_of("c", 10));
    }

    #[test]
    fn numbers_and_many_ids_are_found_too() {
        let hunt = Hunt::of(vec![target(1, Kind::Customer, "1500", 9)]);
        assert_eq!(found(&hunt, r#"{"properties":{"customerKey":1.5e3}}"#, 1), [1]);
        let many = (0..100).map(|number| target(number, Kind::User, &format!("u{number}"), 9));
        let hunt = Hunt::of(many.collect());
        assert_eq!(found(&hunt, r#"{"userId":"u77"}"#, 1), [77]);
        assert!(found(&hunt, r#"{"userId":"u100"}"#, 1).is_empty());
    }
}
