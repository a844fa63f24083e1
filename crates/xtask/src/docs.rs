//! `cargo xtask docs`: what is generated from code.

use heliograph_fleet::pages;
use heliograph_wire::{dictionary, plan::Plan};

use crate::run::{cargo, output, run};

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
    for program in [
        "heliograph-signal",
        "heliograph-relay",
        "heliograph-diagnostics",
        "heliograph-collector",
    ] {
        // The test that compares them writes them when it is told to.
        let words = [
            "test",
            "--quiet",
            "--package",
            program,
            "--lib",
            "--bins",
            "manual_and_completions",
        ];
        run(cargo(&words).env(pages::WRITE, "1"))?;
    }
    Ok(())
}
