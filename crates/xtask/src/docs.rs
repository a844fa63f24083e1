//! `cargo xtask docs`: what is generated from code.

use heliograph_wire::{dictionary, plan::Plan};

pub(crate) fn write() -> anyhow::Result<()> {
    std::fs::write("docs/data-dictionary.md", dictionary::render(Plan::built_in()))?;
    Ok(())
}
