//! How figures were taken: machine, versions, load by others.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::run::output;

/// One line an item.
pub(in crate::bench) fn describe(data: &Path) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let models: Vec<_> = cpu
        .lines()
        .filter_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map(|(_, model)| model)
        .collect();
    let said = |program: &str, words: &[&str]| {
        let text = output(Command::new(program).args(words)).unwrap_or_default();
        let last = text.lines().last().unwrap_or("unknown");
        last.trim().to_owned()
    };
    let data = data.to_string_lossy();
    [
        format!(
            "processor      {} × {}",
            models.len(),
            models.first().unwrap_or(&"unknown")
        ),
        format!("kernel         {}", read("/proc/sys/kernel/osrelease").trim()),
        format!(
            "file system    {}",
            said("df", &["--output=fstype,source", &data])
        ),
        format!("compiler       {}", said("rustc", &["--version"])),
        format!(
            "revision       {}",
            said("git", &["describe", "--always", "--dirty"])
        ),
        format!("load by others {} (1, 5, 15 minutes, at the beginning)", load()),
    ]
    .join("\n")
}

/// How many processes have wanted to run of late.
pub(in crate::bench) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
