use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const FOREVER: Bounds = Bounds {
    bytes: u64::MAX,
    age: Duration::MAX,
};

fn parcel(hour: i64, text: &str) -> Parcel {
    let collected = Hour::from_number(hour).unwrap().start();
    Parcel {
        kind: Kind::Report,
        collected,
        messages: vec![format!("{{\"text\":{text:?}}}")],
    }
}

fn spool(folder: &Path, bounds: Bounds) -> Spool {
    Spool::open(&State::open(folder.to_owned()).unwrap(), bounds).unwrap()
}

fn now() -> Timestamp {
    crate::clock::Clock::new(None).now()
}

fn names(spool: &Spool) -> Vec<String> {
    spool
        .list()
        .unwrap()
        .into_iter()
        .map(|entry| entry.name)
        .collect()
}

#[test]
fn parcels_are_kept_in_order_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path(), FOREVER);
    for hour in [494_908, 494_906, 494_907, 494_907] {
        spool.put(&parcel(hour, "x"), now()).unwrap();
    }
    assert_eq!(
        names(&spool),
        [
            "2026-06-17T02Z.report",
            "2026-06-17T03Z.report",
            "2026-06-17T04Z.report"
        ]
    );
    let first = &spool.list().unwrap()[0];
    assert_eq!(spool.read(first).unwrap().unwrap(), parcel(494_906, "x"));
    spool.remove(first).unwrap();
    spool.remove(first).unwrap();
    assert_eq!(spool.read(first).unwrap(), None);
    assert_eq!(spool.clear().unwrap(), 2);
    assert_eq!(names(&spool), Vec::<String>::new());
}

#[test]
fn events_of_one_second_do_not_hide_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path(), FOREVER);
    for text in ["a", "b", "a"] {
        spool
            .put(
                &Parcel {
                    kind: Kind::Event,
                    ..parcel(494_908, text)
                },
                now(),
            )
            .unwrap();
    }
    assert_eq!(spool.list().unwrap().len(), 2);
}

#[test]
fn the_oldest_is_dropped_for_space_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let one = parcel(1, "x").encode().len() as u64;
    let spool = spool(
        folder.path(),
        Bounds {
            bytes: 3 * one + 10,
            age: Duration::MAX,
        },
    );
    for hour in 494_908..494_918 {
        spool.put(&parcel(hour, "x"), now()).unwrap();
    }
    assert_eq!(
        names(&spool),
        [
            "2026-06-17T11Z.report",
            "2026-06-17T12Z.report",
            "2026-06-17T13Z.report"
        ]
    );
    assert_eq!(
        spool.counts().unwrap(),
        Counts {
            dropped_for_space: 7,
            ..Counts::default()
        }
    );
}

#[test]
fn what_is_too_old_is_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(
        folder.path(),
        Bounds {
            bytes: u64::MAX,
            age: Duration::from_secs(3600),
        },
    );
    spool.put(&parcel(494_908, "x"), now()).unwrap();
    let later = now() + Duration::from_secs(3700);
    spool.put(&parcel(494_909, "x"), later).unwrap();
    assert_eq!(names(&spool), ["2026-06-17T05Z.report"]);
    assert_eq!(
        spool.counts().unwrap(),
        Counts {
            dropped_for_age: 1,
            ..Counts::default()
        }
    );
}

#[test]
fn damaged_and_foreign_files_are_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path(), FOREVER);
    for hour in 494_908..494_914 {
        spool.put(&parcel(hour, "some text"), now()).unwrap();
    }
    let file = |hour: &str| spool.path().join(format!("2026-06-17T{hour}Z.report"));
    let text = fs::read(file("05")).unwrap();
    fs::write(file("05"), &text[..text.len() - 3]).unwrap();
    fs::write(file("06"), "").unwrap();
    let mut flipped = fs::read(file("07")).unwrap();
    let last = flipped.len() - 4;
    flipped[last] ^= 1;
    fs::write(file("07"), flipped).unwrap();
    fs::write(spool.path().join("notes.txt"), "mine").unwrap();
    fs::create_dir(spool.path().join("folder")).unwrap();
    fs::write(spool.path().join(".tmpAbCdEf"), "left by a crash").unwrap();

    let kept: Vec<_> = spool
        .list()
        .unwrap()
        .iter()
        .filter_map(|entry| spool.read(entry).unwrap())
        .collect();
    assert_eq!(
        kept,
        [
            parcel(494_908, "some text"),
            parcel(494_912, "some text"),
            parcel(494_913, "some text")
        ]
    );
    let mut aside: Vec<_> = fs::read_dir(spool.path().join("aside"))
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    aside.sort();
    assert_eq!(
        aside,
        [
            "2026-06-17T05Z.report",
            "2026-06-17T06Z.report",
            "2026-06-17T07Z.report",
            "notes.txt"
        ]
    );
    assert_eq!(spool.counts().unwrap().aside, 4);
}

#[test]
fn what_is_set_aside_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path(), FOREVER);
    for index in 0..MAX_ASIDE + 9 {
        fs::write(spool.path().join(format!("x{index:03}")), "").unwrap();
    }
    spool.list().unwrap();
    assert_eq!(
        fs::read_dir(spool.path().join("aside")).unwrap().count(),
        MAX_ASIDE
    );
}

#[test]
fn two_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let one = spool(folder.path(), FOREVER);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let folder = folder.path();
            scope.spawn(move || {
                let spool = spool(folder, FOREVER);
                for hour in 0..25 {
                    spool
                        .put(&parcel(494_908 + hour * 4 + thread, "x"), now())
                        .unwrap();
                    for entry in spool.list().unwrap() {
                        assert!(spool.read(&entry).unwrap().is_some());
                    }
                }
            });
        }
    });
    assert_eq!(
        (one.list().unwrap().len(), one.counts().unwrap()),
        (100, Counts::default())
    );
}

/// A step of the model.
#[derive(Debug, Clone)]
enum Step {
    Put(i64, String),
    /// Read the oldest.
    Read,
    /// Remove the oldest.
    Remove,
    /// Another process opens the spool; this one left a half-written file.
    Crash,
    Damage(prop::sample::Index, prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_i64..40, "[a-z]{0,30}").prop_map(|(hour, text)| Step::Put(494_908 + hour, text)),
        2 => Just(Step::Read),
        2 => Just(Step::Remove),
        1 => Just(Step::Crash),
        1 => (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(file, byte)| Step::Damage(file, byte)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// The spool against a map from names to parcels.
    #[test]
    fn behaves_as_its_model(steps in prop::collection::vec(step(), 1..30)) {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = spool(folder.path(), FOREVER);
        let mut model: BTreeMap<String, Parcel> = BTreeMap::new();
        let mut aside = 0;
        for step in steps {
            match step {
                Step::Put(hour, text) => {
                    let parcel = parcel(hour, &text);
                    let entry = spool.put(&parcel, now()).unwrap();
                    model.entry(entry.name).or_insert(parcel);
                }
                Step::Read => {
                    if let Some(entry) = spool.list().unwrap().first() {
                        prop_assert_eq!(spool.read(entry).unwrap(), model.get(&entry.name).cloned());
                    }
                }
                Step::Remove => {
                    if let Some(entry) = spool.list().unwrap().first() {
                        spool.remove(entry).unwrap();
                        let oldest = model.pop_first().map(|(name, _)| name);
                        prop_assert_eq!(oldest.as_ref(), Some(&entry.name));
                    }
                }
                Step::Crash => {
                    fs::write(spool.path().join(".tmp123456"), "{\"sealed\":\"par").unwrap();
                    spool = self::spool(folder.path(), FOREVER);
                }
                Step::Damage(file, byte) => {
                    let entries = spool.list().unwrap();
                    if !entries.is_empty() {
                        let entry = file.get(&entries);
                        let path = spool.path().join(&entry.name);
                        let mut bytes = fs::read(&path).unwrap();
                        // The lines, which the checksum covers; the head is covered by its form.
                        let body = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
                        let at = body + byte.index(bytes.len() - body);
                        bytes[at] ^= 0x20;
                        fs::write(&path, bytes).unwrap();
                        prop_assert_eq!(spool.read(entry).unwrap(), None);
                        model.remove(&entry.name);
                        aside += 1;
                    }
                }
            }
            let names: Vec<_> = spool.list().unwrap().into_iter().map(|entry| entry.name).collect();
            prop_assert_eq!(names, model.keys().cloned().collect::<Vec<_>>());
        }
        prop_assert_eq!(spool.counts().unwrap().aside, aside);
    }
}

fn of_ui(second: i64, text: &str) -> Parcel {
    Parcel {
        kind: Kind::Ui,
        collected: Timestamp::from_second(1_790_000_000 + second).unwrap(),
        messages: vec![format!("{{\"text\":{text:?}}}")],
    }
}

#[test]
fn messages_of_the_ui_give_way_to_reports_and_not_the_other_way_round() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(40);
    let size = |parcel: &Parcel| parcel.encode().len() as u64;
    let (report, ui) = (size(&parcel(494_906, &long)), size(&of_ui(0, &long)));
    let bytes = 3 * report + 2 * ui;
    let bounds = Bounds { bytes, ..FOREVER };
    // The UI's share is one of its parcels.
    assert_eq!(bytes / UI_SHARE / ui, 1);
    let spool = spool(folder.path(), bounds);
    let kept = |ending: &str| names(&spool).iter().filter(|name| name.ends_with(ending)).count();
    for hour in 494_906..494_909 {
        spool.put(&parcel(hour, &long), now()).unwrap();
    }
    for second in 0..9 {
        spool.put(&of_ui(second, &long), now()).unwrap();
        assert_eq!((kept(".report"), kept(".ui")), (3, 1));
    }
    for hour in 494_909..494_912 {
        spool.put(&parcel(hour, &long), now()).unwrap();
    }
    assert_eq!((kept(".report"), kept(".ui")), (4, 0));
    // The oldest reports went, once there was nothing else.
    assert!(
        names(&spool)[0].starts_with("2026-06-17T04Z"),
        "{:?}",
        names(&spool)
    );
    let tight = Spool {
        bounds: Bounds {
            bytes: 3 * report,
            ..FOREVER
        },
        ..spool.clone()
    };
    let error = tight.put(&of_ui(99, &long), now()).unwrap_err();
    assert!(crate::cause::chain(&error).contains("reports that wait take all the room"));
    assert_eq!((kept(".report"), kept(".ui")), (4, 0));
}

#[test]
fn many_small_parcels_of_the_ui_become_few_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = Bounds {
        bytes: 64 << 10,
        ..FOREVER
    };
    let spool = spool(folder.path(), bounds);
    spool.put(&parcel(494_906, "report"), now()).unwrap();
    let few = i64::try_from(gather::MANY).unwrap();
    for second in 0..few {
        spool.put(&of_ui(second, &second.to_string()), now()).unwrap();
    }
    assert_eq!(spool.gather_ui().unwrap(), 0);
    spool.put(&of_ui(few, "last"), now()).unwrap();
    // One message is in two parcels, as after a gathering that was cut short.
    spool.put(&of_ui(few + 1, "last"), now()).unwrap();
    let gone = spool.gather_ui().unwrap();
    assert!(gone > gather::MANY, "{gone}");
    let entries = spool.list().unwrap();
    assert!(entries.len() < 6, "{entries:?}");
    let messages: Vec<String> = entries
        .iter()
        .filter(|entry| entry.name.ends_with(".ui"))
        .flat_map(|entry| spool.read(entry).unwrap().unwrap().messages)
        .collect();
    let mut expected: Vec<String> = (0..few)
        .map(|second| format!("{{\"text\":\"{second}\"}}"))
        .collect();
    expected.push("{\"text\":\"last\"}".to_owned());
    let distinct: std::collections::BTreeSet<_> = messages.iter().collect();
    assert_eq!(distinct, expected.iter().collect());
    assert!(messages.len() <= expected.len() + 1);
}
