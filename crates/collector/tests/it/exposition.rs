//! A strict reader of OpenMetrics 1.0 text: anything that the format does not allow is a panic.

use std::collections::{BTreeMap, BTreeSet};

/// What was read.
pub(crate) struct Exposition {
    kinds: BTreeMap<String, Kind>,
    samples: BTreeMap<Sample, f64>,
}

/// Types of metrics, as far as the collector has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
    Info,
}

type Labels = Vec<(String, String)>;
type Sample = (String, Labels);

impl Exposition {
    pub(crate) fn parse(text: &str) -> Exposition {
        let body = text.strip_suffix("# EOF\n").expect("it ends with # EOF");
        let mut read = Exposition {
            kinds: BTreeMap::new(),
            samples: BTreeMap::new(),
        };
        let mut family: Option<(String, Kind)> = None;
        let (mut helped, mut sampled) = (BTreeSet::new(), false);
        for line in body.split_terminator('\n') {
            assert_eq!(line.trim(), line, "space around a line");
            if let Some(meta) = line.strip_prefix("# ") {
                let (word, rest) = meta.split_once(' ').unwrap();
                let (name, text) = rest.split_once(' ').unwrap();
                assert!(is_name(name), "{name}");
                match word {
                    "HELP" => assert!(helped.insert(name.to_owned()) && !text.is_empty(), "{name}"),
                    "TYPE" => {
                        let known = read.kinds.insert(name.to_owned(), Kind::of(text));
                        assert_eq!(known, None, "{name} twice");
                        family = Some((name.to_owned(), Kind::of(text)));
                        sampled = false;
                    }
                    "UNIT" => {
                        assert!(!sampled && name.ends_with(&format!("_{text}")), "{line}");
                        assert_eq!(family.as_ref().unwrap().0, name);
                    }
                    _ => panic!("{line}"),
                }
                continue;
            }
            let (family, kind) = family.as_ref().expect("a sample has a type");
            assert!(helped.contains(family), "{family} is explained");
            let ((name, labels), value) = sample(line);
            let suffix = name
                .strip_prefix(family.as_str())
                .unwrap_or_else(|| panic!("{name} in {family}"));
            assert!(kind.suffixes().contains(&suffix), "{name} is no {kind:?}");
            if *kind != Kind::Gauge {
                assert!(value >= 0.0, "{line}");
            }
            sampled = true;
            let known = read.samples.insert((name.clone(), labels), value);
            assert_eq!(known, None, "{name} twice");
        }
        read.check_histograms();
        read
    }

    /// The value of a sample with exactly these labels.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut labels: Vec<_> = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        labels.sort();
        self.samples.get(&(name.to_owned(), labels)).copied()
    }

    pub(crate) fn kind(&self, family: &str) -> Option<Kind> {
        self.kinds.get(family).copied()
    }

    pub(crate) fn families(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    pub(crate) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let labels = self.samples.keys().flat_map(|(_, labels)| labels);
        labels.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Buckets rise, end with `+Inf`, and that is the count.
    fn check_histograms(&self) {
        for (family, _) in self.kinds.iter().filter(|(_, kind)| **kind == Kind::Histogram) {
            let mut series: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
            for ((name, labels), value) in &self.samples {
                if *name == format!("{family}_bucket") {
                    let (bounds, others): (Vec<_>, Vec<_>) =
                        labels.iter().cloned().partition(|(name, _)| name == "le");
                    let [(_, bound)] = bounds.as_slice() else {
                        panic!("{labels:?} has one le");
                    };
                    series.entry(others).or_default().push((number(bound), *value));
                }
            }
            assert!(!series.is_empty(), "{family} has buckets");
            for (labels, mut buckets) in series {
                buckets.sort_by(|(a, _), (b, _)| a.total_cmp(b));
                assert!(buckets.is_sorted_by(|(_, a), (_, b)| a <= b), "{family} falls");
                let (bound, all) = *buckets.last().unwrap();
                let value = |suffix| self.samples.get(&(format!("{family}_{suffix}"), labels.clone()));
                assert_eq!((bound, Some(&all)), (f64::INFINITY, value("count")), "{family}");
                assert!(value("sum").is_some() && buckets[0].0 >= 0.0, "{family}");
            }
        }
    }
}

impl Kind {
    fn of(text: &str) -> Kind {
        match text {
            "counter" => Kind::Counter,
            "gauge" => Kind::Gauge,
            "histogram" => Kind::Histogram,
            "info" => Kind::Info,
            _ => panic!("{text} is no type"),
        }
    }

    fn suffixes(self) -> &'static [&'static str] {
        match self {
            Kind::Counter => &["_total"],
            Kind::Gauge => &[""],
            Kind::Histogram => &["_bucket", "_sum", "_count"],
            Kind::Info => &["_info"],
        }
    }
}

/// `name{label="value",…} number`, and nothing behind it.
fn sample(line: &str) -> (Sample, f64) {
    let (head, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = match head.split_once('{') {
        Some((name, rest)) => (name, labels(rest.strip_suffix('}').expect("a closing brace"))),
        None => (head, Vec::new()),
    };
    assert!(is_name(name), "{line}");
    ((name.to_owned(), labels), number(value))
}

fn labels(mut text: &str) -> Labels {
    let mut labels = Vec::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").unwrap();
        assert!(is_name(name) && !name.contains(':'), "{name}");
        let mut value = String::new();
        let mut chars = rest.char_indices();
        let end = loop {
            match chars.next().expect("a closing quote") {
                (end, '"') => break end,
                (_, '\\') => match chars.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                    other => panic!("{other:?} is escaped"),
                },
                (_, plain) => value.push(plain),
            }
        };
        labels.push((name.to_owned(), value));
        text = &rest[end + 1..];
        text = match text.strip_prefix(',') {
            Some(more) => {
                assert!(!more.is_empty(), "a label behind the comma");
                more
            }
            None => {
                assert!(text.is_empty(), "{text} behind a label");
                text
            }
        };
    }
    labels.sort();
    let names: BTreeSet<_> = labels.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), labels.len(), "a label twice");
    labels
}

fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        _ => {
            let plain = text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b".e-+".contains(&byte));
            assert!(plain, "{text}");
            text.parse().unwrap()
        }
    }
}

fn is_name(name: &str) -> bool {
    let first = name.bytes().next().unwrap_or(b'0');
    !first.is_ascii_digit()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_:".contains(&byte))
}
