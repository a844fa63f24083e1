//! Pages tell what the questions answer: each row of their tables, each number of their tiles, as a browser has them.

use serde_json::Value;

use super::scene::{Scene, UNIT};

/// Tables by the id of their section, tiles by their names, and the numbers of installations behind figures.
const READ: &str = "({
    tables: Object.fromEntries([...document.querySelectorAll('section[id]')].map((section) => [section.id,
        [...section.querySelectorAll('tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent.trim()))])),
    tiles: Object.fromEntries([...document.querySelectorAll('.tile')].map((tile) => [
        tile.querySelector('.what').textContent.trim(), tile.querySelector('.much').textContent.trim()])),
    behind: Object.fromEntries([...document.querySelectorAll('section[id] figcaption > span:not(.save)')].map((span) => [
        span.closest('section').id, span.textContent.trim()])),
})";

/// A table of a page, and where its rows come from.
struct Table {
    page: &'static str,
    id: &'static str,
    question: &'static str,
    more: &'static [(&'static str, &'static str)],
    /// Which rows: a field, and what it says; all of them where it is empty.
    only: (&'static str, &'static str),
    /// The field that each column shows; empty: something else.
    columns: &'static [&'static str],
    /// Most rows that are shown.
    most: usize,
    /// Of how many units, the worst first; of all where it is nought.
    worst: usize,
}

const fn table(
    page: &'static str,
    id: &'static str,
    question: &'static str,
    more: &'static [(&'static str, &'static str)],
    columns: &'static [&'static str],
) -> Table {
    Table {
        page,
        id,
        question,
        more,
        only: ("", ""),
        columns,
        most: 400,
        worst: 0,
    }
}

/// A table of how reliable one unit is, by something.
const fn of_unit(id: &'static str, more: &'static [(&'static str, &'static str)]) -> Table {
    let columns = &["group", "share", "observed", "affected", "installations"];
    table("/components/unit", id, "component-reliability", more, columns)
}

/// A table of what is installed, of a kind.
const fn installed(id: &'static str, kind: &'static str) -> Table {
    let columns = &["name", "installations", "share"];
    table("/packages", id, "popularity", &[("per", "all")], columns).only("kind", kind)
}

/// A table of verdicts.
const fn verdicts(page: &'static str, more: &'static [(&'static str, &'static str)]) -> Table {
    table(page, "health", "release-health", more, VERDICT)
}

impl Table {
    const fn only(self, name: &'static str, value: &'static str) -> Table {
        Table {
            only: (name, value),
            ..self
        }
    }

    const fn most(self, most: usize) -> Table {
        Table { most, ..self }
    }

    const fn worst(self, worst: usize) -> Table {
        Table { worst, ..self }
    }
}

const BY_DAY: &[(&str, &str)] = &[("per", "day"), ("by", "none")];
const BY_VERSION: &[(&str, &str)] = &[("per", "all"), ("by", "version")];
const ALL: &[(&str, &str)] = &[("per", "all"), ("by", "none")];
const ROUTE: &[&str] = &[
    "route",
    "pageViews",
    "errors",
    "failedLoads",
    "perView",
    "installations",
];
/// Times as often are written on a scale of their own.
const VERDICT: &[&str] = &[
    "unit",
    "version",
    "verdict",
    "",
    "",
    "",
    "",
    "before",
    "after",
    "controlBefore",
    "controlAfter",
    "",
    "upgraded",
    "compared",
    "controls",
    "silent",
    "observed",
];
const SUM: &[&str] = &["start", "", "sum", "installations"];

const TABLES: &[Table] = &[
    table(
        "/overview",
        "active",
        "active-installations",
        BY_DAY,
        &["start", "installations"],
    ),
    table(
        "/overview",
        "versions",
        "active-installations",
        &[("per", "day"), ("by", "version")],
        &["start", "group", "installations", "share"],
    ),
    table(
        "/overview",
        "worst",
        "component-reliability",
        ALL,
        &[
            "unit",
            "share",
            "unhealthy",
            "observed",
            "affected",
            "installations",
        ],
    )
    .most(8),
    table(
        "/overview",
        "ingest",
        "ingest-quality",
        &[("per", "day")],
        &["start", "name", "count"],
    )
    .only("kind", "outcome"),
    table(
        "/components",
        "map",
        "component-reliability",
        BY_VERSION,
        &["unit", "group", "share", "observed", "installations"],
    ),
    table(
        "/components",
        "history",
        "component-reliability",
        BY_DAY,
        &["unit", "start", "share", "installations"],
    )
    .worst(8),
    table(
        "/components",
        "all",
        "component-reliability",
        ALL,
        &[
            "unit",
            "share",
            "unhealthy",
            "observed",
            "unknown",
            "affected",
            "installations",
        ],
    ),
    table(
        "/components/unit",
        "history",
        "component-reliability",
        &[("unit", UNIT), ("per", "day"), ("by", "version")],
        &["start", "group", "share", "observed", "installations"],
    ),
    of_unit("versions", &[("unit", UNIT), ("per", "all"), ("by", "version")]),
    of_unit("providers", &[("unit", UNIT), ("per", "all"), ("by", "provider")]),
    verdicts("/components/unit", &[("unit", UNIT)]),
    table(
        "/releases",
        "adoption",
        "active-installations",
        &[("per", "day"), ("by", "version")],
        &["start", "group", "share", "installations"],
    ),
    verdicts("/releases", &[]),
    table(
        "/releases",
        "installing",
        "installation-reliability",
        &[],
        &[
            "version",
            "beginning",
            "begun",
            "judged",
            "healthy",
            "share",
            "neverHealthy",
            "rolledBack",
            "silent",
        ],
    ),
    installed("packages", "package"),
    installed("frameworks", "framework"),
    table("/capacity", "agents", "capacity", BY_DAY, SUM).only("measure", "agents_active"),
    table(
        "/capacity",
        "sizes",
        "capacity",
        ALL,
        &["measure", "median", "p90", "max", "sum", "installations"],
    ),
    table(
        "/ui",
        "views",
        "ui-use",
        &[("per", "day")],
        &["start", "pageViews", "installations"],
    ),
    table(
        "/ui",
        "people",
        "ui-use",
        &[("per", "day")],
        &["start", "logIns", "userDays", "installations"],
    ),
    table("/ui", "routes", "ui-pages", &[("per", "all")], ROUTE),
    table("/ui", "failing", "ui-reliability", &[("per", "all")], ROUTE),
    table(
        "/support",
        "found",
        "installations",
        &[],
        &[
            "cluster",
            "version",
            "provider",
            "variant",
            "tier",
            "flags",
            "nodes",
            "last",
            "reports",
            "unhealthy",
        ],
    ),
    table(
        "/data",
        "outcomes",
        "ingest-quality",
        &[("per", "all")],
        &["name", "count"],
    )
    .only("kind", "outcome"),
];

/// Parameters of a question.
type More = &'static [(&'static str, &'static str)];
/// Page, tile, question, parameters, and a part of the answer.
type Told = (&'static str, &'static str, &'static str, More, &'static str);

/// Page, tile, question, parameters, and the part of the answer that the tile shows.
const TILES: &[Told] = &[
    (
        "/overview",
        "Active installations",
        "active-installations",
        ALL,
        "/installations",
    ),
    (
        "/overview",
        "Components unhealthy",
        "component-reliability",
        ALL,
        "/total/share",
    ),
    (
        "/overview",
        "Messages rejected",
        "ingest-quality",
        &[("per", "all")],
        "/total/rejected",
    ),
    (
        "/releases",
        "Healthy within a day",
        "installation-reliability",
        &[],
        "/total/share",
    ),
    ("/capacity", "CPUs", "capacity", ALL, "/total/cpus"),
    ("/capacity", "Memory", "capacity", ALL, "/total/memory"),
    ("/ui", "Log-ins", "ui-use", &[("per", "day")], "/total/logIns"),
    (
        "/ui",
        "Page views",
        "ui-use",
        &[("per", "day")],
        "/total/pageViews",
    ),
    (
        "/ui",
        "Failures per view",
        "ui-reliability",
        &[("per", "all")],
        "/total/perView",
    ),
];

/// The path of a page, with what it needs beside the days.
fn path(scene: &Scene, page: &str) -> String {
    match page {
        "/components/unit" => format!("{page}?unit={UNIT}&{}", scene.days()),
        page => format!("{page}?{}", scene.days()),
    }
}

#[test]
fn every_table_and_total_is_what_the_questions_answer() {
    let scene = Scene::prepare();
    let Some(mut tab) = scene.visit() else { return };
    let mut pages: Vec<&str> = TABLES.iter().map(|table| table.page).collect();
    pages.dedup();
    let mut rows = 0;
    for page in pages {
        tab.go(&scene.url(&path(&scene, page))).unwrap();
        let read = tab.evaluate(READ).unwrap();
        for table in TABLES.iter().filter(|table| table.page == page) {
            rows += check_table(&scene, table, &read);
        }
        for (of, name, question, more, part) in TILES.iter().filter(|(of, ..)| *of == page) {
            let told = read["tiles"][name]
                .as_str()
                .unwrap_or_else(|| panic!("{of} has no tile {name}: {read}"));
            let answer = scene.answer(question, more);
            let expected = answer
                .pointer(part)
                .unwrap_or_else(|| panic!("{question} has no {part}: {answer}"));
            assert!(
                says(told, expected),
                "{page}: {name} is {told}, {question} says {expected}"
            );
        }
    }
    assert!(rows > 300, "only {rows} rows were compared");
}

/// Each row that is shown is one of the answer, and none is missing.
fn check_table(scene: &Scene, table: &Table, read: &Value) -> usize {
    let about = format!("{}#{}", table.page, table.id);
    let shown = read["tables"][table.id]
        .as_array()
        .unwrap_or_else(|| panic!("there is no {about}"));
    let answer = scene.answer(table.question, table.more);
    let (field, value) = table.only;
    let mut left: Vec<&Value> = answer["rows"].as_array().unwrap().iter().collect();
    left.retain(|row| field.is_empty() || row[field] == value);
    if table.worst > 0 {
        let all = scene.answer(table.question, ALL);
        let worst: Vec<&Value> = all["rows"]
            .as_array()
            .unwrap()
            .iter()
            .take(table.worst)
            .map(|row| &row["unit"])
            .collect();
        left.retain(|row| worst.contains(&&row["unit"]));
    }
    assert_eq!(shown.len(), left.len().min(table.most), "rows of {about}");
    for row in shown {
        let cells: Vec<&str> = row
            .as_array()
            .unwrap()
            .iter()
            .map(|cell| cell.as_str().unwrap())
            .collect();
        let is_same = |answered: &&Value| {
            let mut columns = table
                .columns
                .iter()
                .zip(&cells)
                .filter(|(name, _)| !name.is_empty());
            columns.all(|(name, cell)| says(cell, &field_of(answered, name)))
        };
        let Some(place) = left.iter().position(is_same) else {
            panic!(
                "{about} shows {cells:?}, which {} does not answer; left: {left:?}",
                table.question
            )
        };
        left.remove(place);
    }
    if let Some(behind) = read["behind"][table.id].as_str() {
        let number = behind.split(' ').next().unwrap();
        let totals = ["/installations", "/total/toldPackages", "/total/toldFrameworks"];
        let known = totals.iter().filter_map(|total| answer.pointer(total));
        assert!(
            known.into_iter().any(|total| says(number, total)),
            "{about} is said to be of {behind}: {}",
            answer["installations"]
        );
    }
    shown.len()
}

/// A field of a row; of a verdict with the reason why there is none.
fn field_of(row: &Value, name: &str) -> Value {
    match (name, row["reason"].as_str()) {
        ("verdict", Some(reason)) if !reason.is_empty() => {
            format!("{}: {reason}", row["verdict"].as_str().unwrap()).into()
        }
        _ => row[name].clone(),
    }
}

/// Whether a text for people says what an answer does, to the last digit that it shows.
fn says(told: &str, answered: &Value) -> bool {
    match answered {
        Value::Null => told == "–",
        Value::String(text) => told == text || text.is_empty() && told == "(not told)",
        Value::Number(number) => {
            let number = number.as_f64().unwrap();
            match parsed(told) {
                Some((value, off)) => (value - number).abs() <= off * 1.000_001 + 1e-9,
                None => told == "–" && number == 0.0,
            }
        }
        _ => false,
    }
}

/// What a number for people says, and how far it may be off: half of its last digit.
fn parsed(told: &str) -> Option<(f64, f64)> {
    const KILO: f64 = 1024.0;
    let (digits, size) = if let Some(digits) = told.strip_suffix('%') {
        (digits, 0.01)
    } else {
        let (digits, unit) = told.split_once(' ').unwrap_or((told, ""));
        let size = ["", "MB", "GB", "TB", "PB"]
            .iter()
            .position(|known| *known == unit)?;
        (digits, KILO.powi(size.saturating_sub(1).try_into().ok()?))
    };
    let digits = digits.replace(',', "").replace('−', "-");
    let behind = digits.split_once('.').map_or(0, |(_, part)| part.len());
    let value: f64 = digits.parse().ok()?;
    Some((
        value * size,
        0.5 * 10_f64.powi(-i32::try_from(behind).ok()?) * size,
    ))
}

#[test]
fn numbers_for_people_are_understood() {
    for (told, answered, same) in [
        ("1,234", 1234.0, true),
        ("1,234", 1235.0, false),
        ("0.022%", 0.000_22, true),
        ("0.022%", 0.000_23, false),
        ("50.0%", 0.5004, true),
        ("1.5 GB", 1536.0, true),
        ("1.5 GB", 1600.0, false),
        ("46 TB", 46.0 * 1024.0 * 1024.0, true),
        ("–", 0.0, true),
        ("–", 1.0, false),
    ] {
        assert_eq!(says(told, &Value::from(answered)), same, "{told} {answered}");
    }
}
