//! Finds the messages of those who are to be deleted among all that are kept. Pure.

use std::collections::HashMap;

use heliograph_wire::id::ReporterId;
use memchr::memmem::Finder;

use crate::delta::{CUSTOMER, Facet, USER, hash};
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

impl Target {
    /// The coordinates' keys by which days count its id (see [`Facet`]), of messages that a deletion of it reaches. None where it does
    /// not reach all messages: whose a hash is does not say with which key it came, nor whether it spoke for a cluster.
    pub fn hashes(&self) -> Vec<(Facet, u64)> {
        let user = (Facet::User, hash(USER, &self.id));
        match (self.reach, self.kind) {
            (Reach::Key(_) | Reach::Clusters, _) | (Reach::All, Kind::Reporter) => Vec::new(),
            (Reach::All, Kind::Cluster | Kind::Anonymous) => vec![user],
            // Reports have the customer's key as their `userId`.
            (Reach::All, Kind::User | Kind::Customer) => {
                vec![user, (Facet::Customer, hash(CUSTOMER, &self.id))]
            }
        }
    }
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
        for (cluster, reporter) in mentions.reporters() {
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
    use std::convert::Infallible;

    use super::*;
    use crate::delta::{Basis, Share};
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

    /// What a message is counted by is what a deletion of whom it is about looks for.
    #[test]
    fn days_count_by_the_same_hashes() {
        let counted = |message: &str| -> Vec<(Facet, u64)> {
            let message = message.replacen('{', r#"{"timestamp":"2026-11-20T00:00:00Z","#, 1);
            let delta = Share::of_kept(&message, true, &Basis::default()).unwrap().delta;
            let numbered: Result<Vec<_>, Infallible> = delta.numbered(1, |_| Ok(1));
            let Ok(numbered) = numbered;
            let keys = numbered.iter().map(|(at, _)| (at.facet, at.key));
            keys.filter(|(facet, _)| matches!(facet, Facet::User | Facet::Customer))
                .collect()
        };
        let page = counted(r#"{"type":"page","userId":" x "}"#);
        let visitor = counted(r#"{"type":"identify","anonymousId":"x"}"#);
        let report = counted(
            r#"{"type":"track","event":"health","anonymousId":"c","properties":{"customerKey":"x"}}"#,
        );
        assert_eq!((page.len(), &visitor, report.len()), (1, &page, 1));
        let both = [page.clone(), report].concat();
        for (kind, expected) in [
            (Kind::User, &both),
            (Kind::Customer, &both),
            (Kind::Anonymous, &page),
            (Kind::Cluster, &page),
            (Kind::Reporter, &Vec::new()),
        ] {
            assert_eq!(&target(1, kind, "x", 9).hashes(), expected, "{}", kind.name());
            for reach in [Reach::Key(KeyId(7)), Reach::Clusters] {
                let limited = Target {
                    reach,
                    ..target(1, kind, "x", 9)
                };
                assert!(limited.hashes().is_empty());
            }
        }
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
