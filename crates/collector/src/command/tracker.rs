//! `tracker`: what a page needs to load the script for browsers.

use std::io::Write;

use anyhow::bail;
use heliograph_collector::config::PublicUrl;
use heliograph_collector::tracker::Script;

/// Prints lines to paste, for a page that loads the script from here.
pub(crate) fn print(url: Option<&PublicUrl>, out: &mut impl Write) -> anyhow::Result<()> {
    let Some(url) = url else {
        bail!("where do browsers reach this collector? Say it with --url https://… or configure public_url");
    };
    let [classic, module] = Script::all() else {
        bail!("there are not two scripts");
    };
    let (path, integrity) = (classic.lasting_path(), &classic.integrity);
    writeln!(
        out,
        "<script async src=\"{url}{path}\" integrity=\"{integrity}\" crossorigin=\"anonymous\" referrerpolicy=\"no-referrer\"></script>"
    )?;
    writeln!(
        out,
        "<!-- or as a module, {url}{}, whose integrity is {} -->",
        module.lasting_path(),
        module.integrity
    )?;
    Ok(writeln!(
        out,
        "<!-- Content-Security-Policy: script-src {url}; connect-src {url} -->"
    )?)
}
