//! `cargo xtask docs`: what is generated from code.

use heliograph_wire::{dictionary, plan::Plan};

use crate::run::{cargo, output};

pub(crate) fn write() -> anyhow::Result<()> {
    std::fs::write("docs/data-dictionary.md", dictionary::render(Plan::built_in()))?;
    // The collector is a program of its own, with much that this one is built without.
    let print = [
        "run",
        "--quiet",
        "--package",
        "heliograph-collector",
        "--",
        "openapi",
    ];
    std::fs::write("docs/openapi.json", output(&mut cargo(&print))?)?;
    Ok(())
}
