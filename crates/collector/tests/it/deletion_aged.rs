//! After somebody is deleted of whom messages were dropped by age, no day holds a hash of the id, and none of a cluster anything, but
//! for messages that are kept; compared over random stores, with the store being left and opened again in between.

use std::collections::BTreeSet;
use std::path::Path;

use heliograph_collector::delta::hash;
use heliograph_collector::entropy::SystemEntropy;
use heliograph_collector::forget::order::{Action, Order};
use heliograph_collector::ingest::mention::Kind;
use heliograph_collector::secret::Secrets;
use heliograph_collector::store::{Slice, Store};
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::deletion::sums;
use crate::deletion_model::{batches, seeds, without, write};
use crate::suppression::now;

/// Whoever may be deleted.
const SUBJECTS: [(Kind, &str); 6] = [
    (Kind::Anonymous, "a1"),
    (Kind::Anonymous, "u1"),
    (Kind::User, "u1"),
    (Kind::User, "77"),
    (Kind::Customer, "k1"),
    (Kind::Customer, "k/2"),
];

/// Clusters that may be.
const CLUSTERS: [(Kind, &str); 3] = [
    (Kind::Cluster, "c1"),
    (Kind::Cluster, "c2"),
    (Kind::Anonymous, "c3"),
];

/// Drops the first batches, as age does.
fn drop_by_age(data: &Path, batches: usize) {
    let connection = Connection::open(data.join("collector.db")).unwrap();
    let through = i64::try_from(batches).unwrap();
    let gauge = "UPDATE gauge SET value = coalesce((SELECT max(received) FROM batch WHERE id <= ?), 0) WHERE name = 'dropped'";
    connection.execute(gauge, [through]).unwrap();
    connection
        .execute("DELETE FROM batch WHERE id <= ?", [through])
        .unwrap();
}

fn order(data: &Path, subjects: &[(Kind, &str)]) {
    let secrets = Secrets::load_or_make(data, &SystemEntropy).unwrap();
    let mut store = Store::open(data).unwrap();
    for (kind, id) in subjects {
        let order = Order {
            action: Action::Delete,
            kind: *kind,
            ids: vec![(*id).to_owned()],
            source: None,
        };
        store.obey(&secrets.subjects, &order, now()).unwrap();
    }
}

/// Does what is ordered, and leaves the store after every `stride` slices, and then after one more each time.
fn carry_out(data: &Path, mut stride: usize) {
    let secrets = Secrets::load_or_make(data, &SystemEntropy).unwrap();
    loop {
        let mut store = Store::open(data).unwrap();
        for _ in 0..stride {
            if store.delete_some(now(), &secrets.receipt_key).unwrap() == Slice::Idle {
                return;
            }
        }
        stride += 1;
    }
}

/// The sums that are, or are not, at one of these hashes.
fn sums_at(data: &Path, hashes: &[u64], at: bool) -> BTreeSet<String> {
    let is_at = |sum: &String| {
        let mut words = sum.split(' ');
        words.any(|word| hashes.iter().any(|hash| word == hash.to_string()))
    };
    sums(data).into_iter().filter(|sum| is_at(sum) == at).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, ..ProptestConfig::default() })]
    #[test]
    fn hashes_go_but_for_what_stays(
        seeds in seeds(),
        chosen in prop::sample::subsequence(SUBJECTS.to_vec(), 1..=3),
        dropped in 1_usize..8,
        later in 0_usize..4,
        stride in 1_usize..4,
    ) {
        let batches = batches(&seeds);
        let (before, after) = batches.split_at(batches.len().saturating_sub(later));
        // The last one stays, as it does when it is old.
        let (old, young) = before.split_at(dropped.min(before.len().saturating_sub(1)));
        let left = without(young, &chosen);
        let all_hashes = |id| [hash("user", id), hash("customerKey", id)];
        let hashes: Vec<u64> = chosen.iter().flat_map(|(kind, id)| {
            let both = all_hashes(id);
            both[..if *kind == Kind::Anonymous { 1 } else { 2 }].to_vec()
        }).collect();

        let store = |parts: &[&[Vec<Value>]]| write(TempDir::new().unwrap(), &parts.concat());
        let deleted = store(&[old, young]);
        drop_by_age(deleted.path(), old.len());
        order(deleted.path(), &chosen);
        // Whoever comes back after the order stays.
        let deleted = write(deleted, after);
        carry_out(deleted.path(), stride);
        // All else is as if theirs alone had been taken away.
        let others = store(&[old, &left, after]);
        prop_assert_eq!(sums_at(deleted.path(), &hashes, false), sums_at(others.path(), &hashes, false));
        // The hashes are those of the messages that are kept.
        let kept = store(&[&left, after]);
        prop_assert_eq!(sums_at(deleted.path(), &hashes, true), sums_at(kept.path(), &hashes, true));

        // What is kept can be taken away to the last.
        let hashes: Vec<u64> = SUBJECTS.iter().flat_map(|(_, id)| all_hashes(id)).collect();
        for data in [deleted.path(), kept.path()] {
            order(data, &SUBJECTS);
            carry_out(data, stride);
        }
        prop_assert_eq!(sums_at(deleted.path(), &hashes, true), sums_at(kept.path(), &hashes, true));
    }

    #[test]
    fn clusters_go_but_for_what_came_later(
        seeds in seeds(),
        chosen in prop::sample::subsequence(CLUSTERS.to_vec(), 1..=2),
        dropped in 1_usize..8,
        later in 1_usize..6,
        stride in 1_usize..4,
    ) {
        let batches = batches(&seeds);
        let (before, after) = batches.split_at(batches.len().saturating_sub(later));
        let (old, young) = before.split_at(dropped.min(before.len().saturating_sub(1)));
        let left = without(young, &chosen);
        let is_theirs = |sum: &String| chosen.iter().any(|(_, id)| sum.split(' ').nth(1) == Some(id));
        let all = |data: &Path, theirs: bool| -> BTreeSet<String> {
            let is_user = |sum: &String| sum.contains(" User ");
            sums(data).into_iter().filter(|sum| is_theirs(sum) == theirs && !is_user(sum)).collect()
        };

        let store = |parts: &[&[Vec<Value>]]| write(TempDir::new().unwrap(), &parts.concat());
        let deleted = store(&[old, young]);
        drop_by_age(deleted.path(), old.len());
        order(deleted.path(), &chosen);
        // Whoever comes back after the order stays.
        let deleted = write(deleted, after);
        carry_out(deleted.path(), stride);
        let kept = store(&[&left, after]);
        prop_assert_eq!(all(deleted.path(), true), all(kept.path(), true));
        let others = store(&[old, &left, after]);
        prop_assert_eq!(all(deleted.path(), false), all(others.path(), false));

        // And can be taken away in its turn.
        order(deleted.path(), &chosen);
        carry_out(deleted.path(), stride);
        prop_assert_eq!(all(deleted.path(), true), BTreeSet::new());
    }
}
