//! A real browser walks every page: nothing is in anybody's way, nothing goes wrong, nobody else is asked, and nothing needs a script.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use heliograph_fleet::chromium::{Chromium, Look, Tab};
use serde_json::{Value, json};

use super::scene::Scene;
use crate::collector::TestCollector;
use crate::sdk::installed::installed;

/// All ways of looking.
const LOOKS: [Look; 4] = [
    Look::DESK,
    Look {
        dark: true,
        ..Look::DESK
    },
    Look::PHONE,
    Look {
        dark: true,
        ..Look::PHONE
    },
];
/// What WCAG 2.1 asks for at its levels A and AA; with everything that can be opened open.
const AXE: &str = "axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'],
    }).then((found) => found.violations.map((violation) => violation.id + ': ' + violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 200) + ' ' + node.any.map((reason) => reason.message).join(' ')).join(' | ')))";
const OPEN: &str = "document.querySelectorAll('details.data').forEach((part) => { part.open = true; })";
/// Whether the page is wider than its window.
const TOO_WIDE: &str = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
/// The tab of the page, where it is not to be seen whole.
const TAB_UNSEEN: &str =
    "(() => { const tab = document.querySelector('nav [aria-current]'), box = tab?.getBoundingClientRect();
    const seen = !tab || box.left >= 0 && box.right <= document.documentElement.clientWidth
        && tab.contains(document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2));
    return seen ? '' : `${tab.textContent}: ${box.left} to ${box.right}`; })()";
/// Most links of one path that are followed; they differ in what they are about.
const LINKS: usize = 4;

#[test]
fn no_page_has_an_obstacle_or_asks_anybody_else() {
    let Some(folder) = installed("axe", "package-lock.json") else {
        return;
    };
    let axe = fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).unwrap();
    let scene = Scene::prepare();
    let Some(mut tab) = scene.visit() else { return };
    let own = Scene::own_pages().map(str::to_owned);
    for page in scene.pages().into_iter().chain(own) {
        check(&mut tab, &axe, scene.collector.url(), &page);
    }
    let empty = TestCollector::start();
    check(&mut tab, &axe, empty.url(), "/login");
    assert_eq!(tab.chromium().elsewhere(), [""; 0]);
}

#[test]
fn what_a_fresh_collector_shows_has_no_obstacle() {
    let Some(folder) = installed("axe", "package-lock.json") else {
        return;
    };
    let axe = fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).unwrap();
    let collector = TestCollector::start();
    crate::browser::add_user(collector.data(), "ada", "admin");
    let Some(mut tab) = Chromium::drive() else { return };
    tab.go(&format!("{}/login", collector.url())).unwrap();
    let log_in = format!(
        "(() => {{ const form = document.querySelector('form.entry'); form.elements.name.value = 'ada'; form.elements.password.value = '{}'; form.requestSubmit(); }})()",
        crate::browser::PASSWORD
    );
    tab.follow(&log_in).unwrap();
    let text = tab.evaluate("document.querySelector('main').innerText").unwrap();
    assert!(
        text.as_str()
            .unwrap()
            .contains("heliograph-collector key add --kind cluster"),
        "{text}"
    );
    for page in ["/overview", "/ui", "/live", "/data", "/settings"] {
        check(&mut tab, &axe, collector.url(), page);
    }
}

/// Looks at a page in every way.
fn check(tab: &mut Tab, axe: &str, url: &str, page: &str) {
    tab.complaints();
    tab.go(&format!("{url}{page}")).unwrap();
    let foreign: Vec<String> = tab
        .requests()
        .into_iter()
        .filter(|request| !request.starts_with(url) && !request.starts_with("data:"))
        .collect();
    assert_eq!(foreign, [""; 0], "{page} asks others");
    tab.evaluate(axe).unwrap();
    tab.evaluate(OPEN).unwrap();
    for look in LOOKS {
        tab.look(look).unwrap();
        let found = tab.evaluate(AXE).unwrap();
        assert_eq!(found, json!([]), "{page}, {}", look.name());
        let wider = tab.evaluate(TOO_WIDE).unwrap();
        assert_eq!(wider, 0, "{page}, {}: wider than its window", look.name());
        let unseen = tab.evaluate(TAB_UNSEEN).unwrap();
        assert_eq!(unseen, "", "{page}, {}", look.name());
    }
    assert_eq!(tab.complaints(), [""; 0], "{page}");
}

#[test]
fn pages_say_the_same_without_scripts() {
    // What a script adds is that it says so.
    const TEXT: &str = "(() => { document.querySelector('#state')?.remove(); return document.querySelector('main').textContent; })()";
    let scene = Scene::prepare();
    let Some(mut tab) = scene.visit() else { return };
    for page in scene.pages() {
        let mut texts: Vec<Value> = Vec::new();
        for allowed in [true, false] {
            tab.allow_scripts(allowed).unwrap();
            tab.go(&scene.url(&page)).unwrap();
            texts.push(tab.evaluate(TEXT).unwrap());
        }
        assert!(texts[0].as_str().unwrap().len() > 200, "{page}: {texts:?}");
        assert_eq!(texts[0], texts[1], "{page}");
    }
    // Whoever has no script logs in and filters, too.
    tab.go(&scene.url("/overview")).unwrap();
    tab.follow("(() => { document.querySelector('input[name=version]').checked = true; document.querySelector('.filters').requestSubmit(); })()").unwrap();
    let query = tab.evaluate("location.search").unwrap();
    assert!(query.as_str().unwrap().contains("version="), "{query}");
}

#[test]
fn every_link_leads_somewhere_and_every_figure_can_be_saved() {
    const HREFS: &str = "[...document.querySelectorAll('a[href]')].map((link) => link.getAttribute('href'))";
    const FETCH: &str = "(async (href) => { const answer = await fetch(href); const text = await answer.text();
        const parsed = answer.headers.get('content-type').startsWith('image/svg') ? new DOMParser().parseFromString(text, 'image/svg+xml') : null;
        return { status: answer.status, kind: answer.headers.get('content-type'), lines: text.trimEnd().split('\\n').length,
            drawn: parsed && !parsed.querySelector('parsererror') && parsed.querySelectorAll('rect, path, text').length }; })";
    let scene = Scene::prepare();
    let Some(mut tab) = scene.visit() else { return };
    let mut by_path: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for page in scene.pages().iter().map(String::as_str).chain(Scene::own_pages()) {
        tab.go(&scene.url(page)).unwrap();
        let hrefs = tab.evaluate(HREFS).unwrap();
        for href in hrefs.as_array().unwrap() {
            let href = href.as_str().unwrap();
            let (href, anchor) = href.split_once('#').unwrap_or((href, ""));
            if !anchor.is_empty() && href.is_empty() {
                let there = tab
                    .evaluate(&format!("!!document.getElementById('{anchor}')"))
                    .unwrap();
                assert_eq!(there, true, "{page} leads to #{anchor}");
                continue;
            }
            assert!(href.starts_with('/'), "{page} leads to {href}");
            let path = href.split('?').next().unwrap().to_owned();
            // Each figure's file is one.
            let kind = href
                .split('&')
                .find(|part| part.contains("svg="))
                .unwrap_or_default();
            let links = by_path.entry(format!("{path} {kind}")).or_default();
            if links.len() < LINKS {
                links.insert(href.to_owned());
            }
        }
    }
    let (mut drawings, mut tables) = (0, 0);
    for href in by_path.values().flatten() {
        let answer = tab.evaluate(&format!("{FETCH}({})", json!(href))).unwrap();
        assert_eq!(answer["status"], 200, "{href}: {answer}");
        if href.contains("svg=") {
            assert!(
                answer["drawn"].as_u64().is_some_and(|parts| parts > 1),
                "{href}: {answer}"
            );
            drawings += 1;
        }
        if let Some(question) = href.strip_prefix("/csv/") {
            let (name, query) = question.split_once('?').unwrap();
            let pairs: Vec<(String, String)> =
                form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let more: Vec<(&str, &str)> = pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .filter(|(name, _)| !["from", "to"].contains(name))
                .collect();
            if pairs.iter().any(|(_, value)| *value == scene.truth.from) {
                let rows = scene.answer(name, &more)["rows"].as_array().unwrap().len();
                assert_eq!(answer["lines"], rows + 1, "{href}");
                tables += 1;
            }
        }
    }
    assert!(
        drawings > 15 && tables > 10,
        "{drawings} drawings, {tables} tables"
    );
}

#[test]
fn keys_lead_to_the_content_and_show_where_they_are() {
    const HERE: &str = "(() => { const here = document.activeElement, box = here.getBoundingClientRect(), style = getComputedStyle(here);
        return { name: here.className || here.id || here.textContent.trim(), seen: box.width > 0 && box.left >= 0 && box.top >= 0,
            marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 }; })()";
    let scene = Scene::prepare();
    let Some(mut tab) = scene.visit() else { return };
    tab.look(Look::DESK).unwrap();
    tab.go(&scene.url(&format!("/overview?{}", scene.days())))
        .unwrap();
    tab.press("Tab").unwrap();
    let first = tab.evaluate(HERE).unwrap();
    assert_eq!(first, json!({"name": "skip", "seen": true, "marked": true}));
    for place in 0..24 {
        tab.press("Tab").unwrap();
        let here = tab.evaluate(HERE).unwrap();
        assert!(here["seen"] == true && here["marked"] == true, "{place}: {here}");
    }
    tab.go(&scene.url(&format!("/overview?{}", scene.days())))
        .unwrap();
    tab.press("Tab").unwrap();
    tab.press("Enter").unwrap();
    assert_eq!(tab.evaluate("document.activeElement.id").unwrap(), "main");
    // On paper there is what was asked for, and nothing to press.
    tab.call("Emulation.setEmulatedMedia", &json!({"media": "print"}))
        .unwrap();
    let shown = "['nav', '.filters', '.save', '.tile', 'figure svg'].map((part) => getComputedStyle(document.querySelector(part)).display !== 'none')";
    assert_eq!(
        tab.evaluate(shown).unwrap(),
        json!([false, false, false, true, true])
    );
}

#[test]
fn what_goes_wrong_on_a_page_is_noticed() {
    let Some(folder) = installed("axe", "package-lock.json") else {
        return;
    };
    let axe = fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).unwrap();
    let collector = TestCollector::start();
    let Some(mut tab) = Chromium::drive() else { return };
    tab.look(Look::PHONE).unwrap();
    tab.go(&format!("{}/login", collector.url())).unwrap();
    tab.evaluate(&axe).unwrap();
    assert_eq!(
        (tab.evaluate(AXE).unwrap(), tab.evaluate(TOO_WIDE).unwrap()),
        (json!([]), json!(0))
    );
    assert_eq!(tab.complaints(), [""; 0]);
    let planted = "(() => {
        const pale = document.createElement('p'); pale.textContent = 'pale'; pale.style.color = '#ddd';
        const wide = document.createElement('div'); wide.style.width = '2000px'; wide.textContent = '-';
        const image = document.createElement('img'); image.src = 'http://elsewhere.example/x.png';
        document.querySelector('main').append(pale, wide, image); console.error('an error'); })()";
    tab.evaluate(planted).unwrap();
    let found = tab.evaluate(AXE).unwrap().to_string();
    assert!(
        found.contains("color-contrast") && found.contains("image-alt"),
        "{found}"
    );
    assert!(tab.evaluate(TOO_WIDE).unwrap().as_i64().unwrap() > 0);
    let complaints = tab.complaints().join("\n");
    assert!(
        complaints.contains("an error") && complaints.contains("Content Security Policy"),
        "{complaints}"
    );
}
