//! `cargo xtask shots`: pictures of every page of the dashboard, to be looked at.
//!
//! A fleet with a story is generated, a collector takes it in, somebody logs in with a real browser, and every page is taken whole: at
//! the width of a phone and of a desk, light and dark. `index.html` shows all of them. What a page complains of, and where it is wider
//! than its window, is said and ends the command with an error.
#![expect(clippy::print_stdout, reason = "the commands' own output")]

mod gallery;
mod people;
mod scene;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use heliograph_fleet::chromium::{Chromium, Look, Tab};

use self::gallery::Gallery;
use self::scene::{PASSWORD, Scene, USER};
use crate::collector::Collector;
use crate::run::{build_programs, say, target_folder};

/// All ways of looking.
const LOOKS: [Look; 2] = [Look::DESK, Look::PHONE];
/// Something that a page has when it is wider than its window: the outermost elements that stick out.
const TOO_WIDE: &str = "(() => { const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return '';
    const out = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > wide + 1 && !e.closest('.scroll, pre, nav'));
    return document.documentElement.scrollWidth + ' of ' + wide + ': ' + out.slice(0, 3).map((e) => e.outerHTML.slice(0, 80)).join(' | '); })()";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Installations of the fleet, beside those of CI
    #[arg(long, default_value_t = 120)]
    installations: u32,
    /// Days of its history
    #[arg(long, default_value_t = 35)]
    days: u32,
    /// Where the pictures go [default: shots/ in cargo's target folder]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Take the fleet of the last time, if there is one
    #[arg(long)]
    keep: bool,
    /// Only pages whose name begins so
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
}

pub(crate) fn shots(args: &Args) -> anyhow::Result<()> {
    build_programs("dev", &["heliograph-collector"], &[])?;
    let program = target_folder().join("debug/heliograph-collector");
    let out = args.out.clone().unwrap_or_else(|| target_folder().join("shots"));
    let scene = Scene::prepare(&program, &out, args.installations, args.days, args.keep)?;
    let tab = Chromium::try_drive().context("chromium can't be driven: is it installed?")?;
    let mut camera = Camera {
        tab,
        gallery: Gallery::in_folder(&out)?,
        only: &args.only,
        complaints: Vec::new(),
    };

    let empty = Collector::start(&program, "127.0.0.1:0", &scene.empty)?;
    camera.take(&empty.url, &[("log-in".to_owned(), "/login".to_owned())])?;
    log_in(&mut camera.tab, &empty.url)?;
    camera.take(&empty.url, &scene.pages_of_nothing())?;
    empty.stop()?;

    let full = Collector::start(&program, "127.0.0.1:0", &scene.full)?;
    scene.tell(&full.url)?;
    log_in(&mut camera.tab, &full.url)?;
    camera.take(&full.url, &scene.pages())?;
    full.stop()?;

    let index = camera.gallery.write()?;
    say(&format!("{} pictures: {}", camera.gallery.len(), index.display()));
    if !camera.complaints.is_empty() {
        bail!("pages complained:\n{}", camera.complaints.join("\n"));
    }
    Ok(())
}

/// A browser with somewhere to put pictures.
struct Camera<'a> {
    tab: Tab,
    gallery: Gallery,
    only: &'a [String],
    complaints: Vec<String>,
}

impl Camera<'_> {
    /// Takes pages, by name and path.
    fn take(&mut self, url: &str, pages: &[(String, String)]) -> anyhow::Result<()> {
        let is_wanted =
            |name: &str| self.only.is_empty() || self.only.iter().any(|only| name.starts_with(only));
        for (name, path) in pages.iter().filter(|(name, _)| is_wanted(name)) {
            println!("{name}: {path}");
            for look in LOOKS.iter().flat_map(|look| [look.dark(false), look.dark(true)]) {
                self.tab.look(look)?;
                self.tab.go(&format!("{url}{path}"))?;
                self.gallery.add(name, look, &self.tab.picture()?)?;
                let mut complaints = self.tab.complaints();
                // A page that says what is wrong is no success.
                complaints.retain(|complaint| {
                    !(complaint.contains("the server responded") && complaint.contains(path.as_str()))
                });
                let wide = self.tab.evaluate(TOO_WIDE)?;
                complaints.extend(
                    wide.as_str()
                        .filter(|wide| !wide.is_empty())
                        .map(|wide| format!("too wide: {wide}")),
                );
                let told = complaints
                    .into_iter()
                    .map(|complaint| format!("{name} {}: {complaint}", look.name()));
                self.complaints.extend(told);
            }
        }
        Ok(())
    }
}

/// Logs in as people do.
fn log_in(tab: &mut Tab, url: &str) -> anyhow::Result<()> {
    tab.go(&format!("{url}/login"))?;
    tab.follow(&format!(
        "(() => {{ const form = document.querySelector('form.entry'); form.elements.name.value = '{USER}'; form.elements.password.value = '{PASSWORD}'; form.requestSubmit(); }})()"
    ))?;
    let path = tab.evaluate("location.pathname")?;
    if path == "/login" {
        bail!("nobody could log in at {url}");
    }
    tab.complaints();
    Ok(())
}

/// Removes a folder, where there is one.
fn clear(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{} can't be removed", folder.display()))?;
    }
    Ok(())
}
