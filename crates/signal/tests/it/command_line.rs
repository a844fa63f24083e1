//! The command line, what is printed, and the exit codes: 0 done or off, 1 usage or configuration, 2 nothing could be collected,
//! 3 collected but neither delivered nor kept. (3 is in [`crate::delivery`], off in [`crate::consent`].)

use std::process::Stdio;

use heliograph_fleet::{Fault, Source};

use crate::cluster::Cluster;
use crate::run::{run, signal};
use crate::small;

fn cluster() -> Cluster {
    Cluster::of(small::short_documents())
}

#[test]
fn the_version_needs_no_file() {
    for arguments in [
        &["-version"][..],
        &["--version"],
        &["-V"],
        &["-version", "-c", "/nowhere.json"],
    ] {
        let run = run(&mut signal(arguments)).exits(0);
        assert_eq!(
            run.stdout,
            format!("heliograph-signal {}\n", env!("CARGO_PKG_VERSION")),
            "{arguments:?}"
        );
        assert_eq!(run.log, "", "{arguments:?}");
    }
}

#[test]
fn help_needs_no_file_and_names_flags_and_exit_codes() {
    for arguments in [&["-h"][..], &["-help"], &["--help"], &["help"]] {
        let help = run(&mut signal(arguments)).exits(0).stdout;
        for word in ["report", "preview", "--config", "-segment-key", "Exit codes"] {
            assert!(help.contains(word), "{arguments:?}: no {word} in\n{help}");
        }
    }
}

#[test]
fn the_printed_configuration_works_as_it_is() {
    let printed = run(&mut signal(["--print-config"])).exits(0).has_no_complaint();
    let cluster = cluster();
    let path = cluster.write("printed.toml", &printed.stdout);
    let id = cluster.path("cluster-id");
    let run = cluster.bare_run(&[
        "preview",
        "--config",
        path.to_str().unwrap(),
        "-cluster-id-path",
        id.to_str().unwrap(),
    ]);
    let run = run.exits(0).keeps_quiet_about("unknown key");
    run.logs("no source is switched on");
    for key in [
        "diagnostics_urls",
        "cosmos_urls",
        "mesos_urls",
        "enabled",
        "write_key",
        "sink",
        "source_timeout",
        "names",
    ] {
        let line = |line: &&str| {
            line.trim_start_matches(['#', ' '])
                .starts_with(&format!("{key} ="))
        };
        assert_eq!(printed.stdout.lines().filter(line).count(), 1, "{key}");
    }
}

#[test]
fn what_is_not_understood_is_exit_1() {
    for arguments in [
        &["preveiw"][..],
        &["-nonsense"],
        &["report", "--now", "yesterday"],
        &["-c"],
        &["-test=maybe"],
        &["report", "surplus"],
    ] {
        let run = run(&mut signal(arguments)).exits(1);
        assert!(!run.log.is_empty(), "{arguments:?}");
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
}

#[test]
fn flags_may_stand_anywhere() {
    let cluster = cluster();
    let config = cluster.write("a.toml", cluster.config_toml());
    let config = config.to_str().unwrap();
    for arguments in [
        &["-c", config, "-test"][..],
        &["-test", "-c", config],
        &["--config", config, "preview"],
        &["preview", "-c", config],
        &["-v", "-test=true", "--c", config],
    ] {
        let run = cluster.bare_run(arguments).exits(0);
        assert_eq!(run.json()["mesos"]["properties"]["cpu_total"], 8, "{arguments:?}");
    }
}

#[test]
fn without_a_command_it_reports() {
    let cluster = cluster();
    let config = cluster.write("a.toml", cluster.config_toml());
    cluster.bare_run(&["-c", config.to_str().unwrap()]).exits(0);
    assert_eq!(cluster.sink.messages().len(), 3);
}

#[test]
fn a_flag_gives_the_key_and_variant() {
    let cluster = cluster().unset("write_key_file");
    cluster
        .run(&[
            "report",
            "-segment-key",
            "key-of-the-flag",
            "-dcos-variant=enterprise",
        ])
        .exits(0)
        .keeps_quiet_about("key-of-the-flag");
    let expected = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "key-of-the-flag:");
    let request = &cluster.sink.requests()[0];
    assert_eq!(
        request.header("authorization"),
        Some(&*format!("Basic {expected}"))
    );
    assert_eq!(request.messages()[0]["properties"]["variant"], "enterprise");
}

#[test]
fn nothing_collected_is_exit_2_for_both_commands() {
    let cluster = cluster();
    for source in Source::ALL {
        cluster.sources.set_fault(source, Fault::Status(500)).unwrap();
    }
    let preview = cluster
        .run(&["preview"])
        .exits(2)
        .logs("nothing could be collected");
    assert_eq!(
        preview.json(),
        serde_json::json!({"cosmos": null, "diagnostics": null, "mesos": null})
    );
    cluster
        .run(&["report"])
        .exits(2)
        .logs("nothing could be collected");
    assert_eq!(cluster.sink.requests().len(), 0);
}

#[test]
fn one_source_that_answers_is_enough() {
    let cluster = cluster();
    for source in [Source::Diagnostics, Source::Cosmos, Source::Frameworks] {
        cluster.sources.set_fault(source, Fault::Refused).unwrap();
    }
    cluster.run(&["report"]).exits(0);
    assert_eq!(cluster.delivered().len(), 1);
    assert_eq!(cluster.delivered()["mesos_track"]["cpu_total"], 8);
}

#[test]
fn the_key_may_stand_in_a_file_of_its_own() {
    let cluster = cluster();
    let key = cluster.path("write-key");
    for (text, problem) in [
        (Some("\n"), "must hold the key and nothing else"),
        (Some("two words"), "must hold the key and nothing else"),
        (None, "write-key"),
    ] {
        match text {
            Some(text) => std::fs::write(&key, text).unwrap(),
            None => std::fs::remove_file(&key).unwrap(),
        }
        cluster
            .run(&["report"])
            .exits(1)
            .logs("write_key_file")
            .logs(problem)
            .keeps_quiet_about("two words");
    }
    cluster.run(&["preview"]).exits(0);
    assert_eq!(cluster.sink.requests().len(), 0);
}

#[test]
fn without_a_key_a_report_is_kept_for_a_bundle() {
    let cluster = cluster().unset("write_key_file");
    cluster
        .run(&["report"])
        .exits(0)
        .logs("no write key")
        .logs("bundle write");
    assert_eq!(cluster.sink.requests().len(), 0);
    let status = cluster.run(&["status"]).exits(0).stdout;
    assert!(status.contains("waiting        1 parcels"), "{status}");
    cluster.run(&["preview"]).exits(0);
}

/// `heliograph-signal preview | head -1`
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let cluster = cluster();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = cluster
        .command(&["preview"])
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut log).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{log}");
    assert!(!log.contains("panicked") && !log.contains(" ERROR "), "{log}");
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    let cluster = cluster();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = cluster
        .command(&["preview"])
        .stdin(Stdio::null())
        .stdout(full)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(log.contains("standard output can't be written"), "{log}");
}

#[test]
fn verbose_says_more_and_no_secret() {
    let cluster = cluster()
        .set("customer_key", small::CUSTOMER_KEY)
        .set("license_id", "licence-of-the-tests");
    let run = cluster.run(&["report", "-v"]).exits(0).logs("DEBUG");
    for secret in small::SECRETS.into_iter().chain([
        small::CUSTOMER_KEY,
        crate::cluster::WRITE_KEY,
        "licence-of-the-tests",
    ]) {
        assert!(!run.log.contains(secret), "{secret}:\n{}", run.log);
    }
}
