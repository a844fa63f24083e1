//! The one place that reads the environment; everything else gets what it needs passed in.

/// Prefix of the variables that stand for configuration keys: `HELIOGRAPH_DIAGNOSTICS_LISTEN` is `listen`.
pub const PREFIX: &str = "HELIOGRAPH_DIAGNOSTICS_";

/// The variables that begin with [`PREFIX`]: configuration keys, lower case, with their values. Sorted by key.
pub fn settings() -> Vec<(String, String)> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one reader of diagnostics of the environment"
    )]
    let variables = std::env::vars_os();
    let mut settings: Vec<_> = variables
        .filter_map(|(name, value)| {
            let key = name.to_str()?.strip_prefix(PREFIX)?.to_ascii_lowercase();
            Some((key, value.to_string_lossy().into_owned()))
        })
        .collect();
    settings.sort();
    settings
}

/// The version of DC/OS, where its environment tells it.
pub fn dcos_version() -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one reader of diagnostics of the environment"
    )]
    std::env::var("DCOS_VERSION").ok()
}
