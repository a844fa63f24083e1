//! The project's own commands: `cargo xtask <command>`.

use heliograph_wire::{dictionary, plan::Plan};

fn main() -> anyhow::Result<()> {
    std::fs::write("docs/data-dictionary.md", dictionary::render(Plan::built_in()))?;
    Ok(())
}
