//! `webhook test`: sends an event that says nothing, and tells what came back.

use std::io::Write;

use anyhow::{Context as _, bail};
use heliograph_collector::clock::Clock;
use heliograph_collector::config::Config;
use heliograph_collector::entropy::Entropy;
use heliograph_collector::store::{Posted, Reader, Store};
use heliograph_collector::webhook::{Heard, TEST, Webhook};

/// Sends it once. Where it is taken, and somebody said before that they are gone, they are told of changes again.
pub(crate) fn test(
    config: &Config,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let webhook = Webhook::of(config)?
        .context("no webhook is configured: set webhook_url and webhook_secret_file in the configuration")?;
    let source = Reader::open(&config.data)?.verdict_changes(0)?.uuid;
    let (target, heard) = webhook.test(source, clock, entropy)?;
    match heard {
        Heard::Status(status, _) if heard.is_taken() => {
            writeln!(out, "{target} took an event of type {TEST}: it answered {status}")?;
            Store::open(&config.data)?.note_posted(&Posted::Back)?;
            Ok(())
        }
        Heard::Status(status @ 300..=399, _) => {
            bail!("{target} answered {status}: redirects are not followed, set the URL that they lead to")
        }
        Heard::Status(status, _) => {
            bail!("{target} answered {status}: only 2xx means that it took the event")
        }
        Heard::Nothing(why) => bail!("{target} did not answer: {why}"),
    }
}
