//! `cargo xtask check`: what `test` does, and what takes longer or needs tools that not every machine has.
#![expect(clippy::print_stdout, reason = "the commands' own output")]

use crate::run::{cargo, output, run, say, works};
use crate::test;

pub(crate) fn check() -> anyhow::Result<()> {
    test::test()?;
    // The long forms.
    run(cargo(&[
        "nextest",
        "run",
        "--package",
        "heliograph-collector",
        "-E",
        "test(/^(chaos|kill|power|fault)::/)",
    ])
    .env("HELIOGRAPH_LONG", "1"))?;
    run(cargo(&["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "--deny warnings"))?;
    if works(&mut cargo(&["deny", "--version"])) {
        run(&mut cargo(&["deny", "check", "bans", "licenses", "sources"]))?;
    } else {
        say("skipped: cargo deny is not installed (`cargo install cargo-deny`)");
    }
    if works(&mut cargo(&["machete", "--version"])) {
        run(&mut cargo(&["machete"]))?;
    } else {
        say("skipped: cargo machete is not installed (`cargo install cargo-machete`)");
    }
    let musl = "x86_64-unknown-linux-musl";
    let libdir =
        output(std::process::Command::new("rustc").args(["--print", "target-libdir", "--target", musl]));
    if libdir.is_ok_and(|folder| std::path::Path::new(folder.trim()).exists()) {
        run(&mut cargo(&[
            "build",
            "--profile",
            "small",
            "--package",
            "heliograph-signal",
            "--target",
            musl,
        ]))?;
    } else {
        println!("skipped: the target {musl} is not installed");
    }
    Ok(())
}
