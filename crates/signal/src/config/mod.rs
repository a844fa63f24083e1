//! The configuration: files, environment and flags, each later one over the earlier, read once into typed values.
//!
//! DC/OS' JSON file has an extra file beside it (`dcos-signal-extra.json`), which is read over it. Keys that are not known are a
//! warning, with the nearest known one; a value of the wrong type is an error that says where it stands. Consent is the
//! exception to "later over earlier": every statement is kept, and one "off" among them decides ([`crate::gate`]).

pub mod file;
pub mod key;
pub mod setting;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs, io};

use heliograph_wire::catalogue::Names;
use heliograph_wire::id::ClusterId;
use heliograph_wire::plan::Level;
use serde_json::Value;

use crate::environment::Environment;
use crate::gate::Statement;
use crate::http::url::Url;
use crate::selection::Selection;
use crate::spool::Bounds;
use file::InvalidFile;
use key::{KEYS, Key, Kind};
use setting::{Origin, Setting, WrongType};

/// Where the original keeps its configuration.
pub const DCOS_CONFIG: &str = "/opt/mesosphere/etc/dcos-signal-config.json";
/// Where ours is looked for first.
pub const OWN_CONFIG: &str = "/etc/heliograph/signal.toml";
/// Where a package says what its packager decided: only `enabled` is read from it.
pub const PACKAGER_CONFIG: &str = "/usr/lib/heliograph/signal.toml";
/// The file that is read over DC/OS' JSON.
pub const DCOS_EXTRA: &str = "/opt/mesosphere/etc/dcos-signal-extra.json";

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text, for where it has to go.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// DC/OS open source or DC/OS Enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Variant {
    /// Open source.
    #[default]
    Open,
    /// Enterprise.
    Enterprise,
}

impl Variant {
    /// As the plan has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Variant::Open => "open",
            Variant::Enterprise => "enterprise",
        }
    }
}

/// The typed configuration. Fields are named and described as their keys, see [`key::KEYS`].
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the table of keys describes them")]
pub struct Config {
    pub statements: Vec<Statement>,
    pub packager: Vec<Statement>,
    pub diagnostics_urls: Vec<Url>,
    pub cosmos_urls: Vec<Url>,
    pub mesos_urls: Vec<Url>,
    pub ca_cert_path: Option<PathBuf>,
    pub source_timeout: Duration,
    pub selection: Selection,
    pub notice_period: Duration,
    pub names: Names,
    pub units: Vec<String>,
    pub cluster_id: Option<ClusterId>,
    pub cluster_id_path: PathBuf,
    pub create_cluster_id: bool,
    pub environment_version: String,
    pub variant: Variant,
    pub provider: String,
    pub platform: String,
    pub customer_key: Option<Secret>,
    pub license_id: Option<Secret>,
    pub licensing_socket: Option<PathBuf>,
    pub service_account_file: Option<PathBuf>,
    pub sink: Url,
    pub write_key: Option<Secret>,
    pub write_key_file: Option<PathBuf>,
    pub delivery_timeout: Duration,
    pub receipt_key: Option<String>,
    pub spool: Bounds,
    pub state_dir: Option<PathBuf>,
}

/// The configuration, where it was read, and what was odd about it.
#[derive(Debug)]
pub struct Loaded {
    /// The typed values.
    pub config: Config,
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// One line each.
    pub warnings: Vec<String>,
}

/// The configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file can't be read.
    #[error(transparent)]
    File(#[from] InvalidFile),
    /// A value has the wrong type.
    #[error(transparent)]
    WrongType(#[from] WrongType),
    /// There is no file.
    #[error(
        "no configuration: neither {OWN_CONFIG} nor {DCOS_CONFIG} exists; name one with --config, or see --print-config"
    )]
    Missing,
}

/// Reads the configuration: the named file or that at one of the known places, the environment, the flags.
///
/// # Errors
/// There is no file, it can't be read, or a value has the wrong type.
pub fn load(named: Option<&Path>, environment: &Environment, flags: Vec<Setting>) -> Result<Loaded, Error> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => [OWN_CONFIG, DCOS_CONFIG]
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.exists())
            .ok_or(Error::Missing)?,
    };
    let text = read(&path)?.ok_or_else(|| InvalidFile {
        path: path.clone(),
        line: None,
        problem: "no such file".to_owned(),
    })?;
    let mut texts = vec![(path.clone(), text)];
    if path.extension().is_some_and(|extension| extension == "json") {
        let beside = path.with_file_name("dcos-signal-extra.json");
        let elsewhere = PathBuf::from(DCOS_EXTRA);
        for extra in if beside == elsewhere {
            vec![beside]
        } else {
            vec![elsewhere, beside]
        } {
            if let Some(text) = read(&extra)? {
                texts.push((extra, text));
            }
        }
    }
    let files = texts.iter().map(|(path, _)| path.clone()).collect();
    let (mut config, warnings) = from_texts(&texts, environment, flags)?;
    config.packager = packager(Path::new(PACKAGER_CONFIG))?;
    Ok(Loaded {
        config,
        files,
        warnings,
    })
}

/// What the packager said.
fn packager(path: &Path) -> Result<Vec<Statement>, InvalidFile> {
    let Some(text) = read(path)? else {
        return Ok(Vec::new());
    };
    let said = file::parse(path, &text)?
        .into_iter()
        .filter(|entry| Key::named(&entry.name).is_some_and(|key| key.kind == Kind::Consent));
    Ok(said
        .map(|entry| Statement {
            value: entry.value,
            origin: Origin::File(path.to_owned(), entry.line),
        })
        .collect())
}

/// The configuration that these files' texts, this environment and these flags make, and what is odd about them. Pure.
///
/// # Errors
/// A text is not of its form, or a value has the wrong type.
pub fn from_texts(
    texts: &[(PathBuf, String)],
    environment: &Environment,
    flags: Vec<Setting>,
) -> Result<(Config, Vec<String>), Error> {
    let mut settings = Vec::new();
    let mut warnings = Vec::new();
    for (path, text) in texts {
        for entry in file::parse(path, text)? {
            let origin = Origin::File(path.clone(), entry.line);
            match Key::named(&entry.name) {
                Some(key) => settings.push(Setting {
                    key,
                    value: entry.value,
                    origin,
                }),
                None => {
                    warnings.push(unknown(&origin.to_string(), &entry.name));
                    // An opt-out must not get lost in spelling: what was probably meant as consent is not understood, and so off.
                    if let Some(key) = Key::nearest(&entry.name)
                        .and_then(Key::named)
                        .filter(|key| key.kind == Kind::Consent)
                    {
                        settings.push(Setting {
                            key,
                            value: Value::from(format!("misspelt as {}", entry.name)),
                            origin,
                        });
                    }
                }
            }
        }
    }
    settings.extend(KEYS.iter().filter_map(|key| from_variable(key, environment)));
    settings.extend(flags);
    Ok((typed(settings, environment, &mut warnings)?, warnings))
}

fn unknown(origin: &str, name: &str) -> String {
    let hint = Key::nearest(name).map_or(String::new(), |nearest| format!("; did you mean {nearest}?"));
    format!("{origin}: unknown key {name:?} is ignored{hint}")
}

fn from_variable(key: &'static Key, environment: &Environment) -> Option<Setting> {
    let name = format!("HELIOGRAPH_{}", key.name.to_uppercase());
    // A consent that is set and empty says something, though nobody knows what.
    let text = if key.kind == Kind::Consent {
        environment.set(&name)?
    } else {
        environment.get(&name)?
    };
    let value = match key.kind {
        Kind::Urls | Kind::Texts => text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect(),
        _ => Value::from(text),
    };
    Some(Setting {
        key,
        value,
        origin: Origin::Variable(name),
    })
}

fn typed(
    settings: Vec<Setting>,
    environment: &Environment,
    warnings: &mut Vec<String>,
) -> Result<Config, Error> {
    let mut config = Config {
        statements: Vec::new(),
        packager: Vec::new(),
        diagnostics_urls: Vec::new(),
        cosmos_urls: Vec::new(),
        mesos_urls: Vec::new(),
        ca_cert_path: None,
        source_timeout: Duration::from_secs(15),
        selection: Selection::default(),
        notice_period: Duration::from_secs(24 * 3600),
        names: Names::Catalogue,
        units: Vec::new(),
        cluster_id: None,
        cluster_id_path: PathBuf::from("/var/lib/dcos/cluster-id"),
        create_cluster_id: false,
        environment_version: environment.get("DCOS_VERSION").unwrap_or_default().to_owned(),
        variant: Variant::Open,
        provider: String::new(),
        platform: String::new(),
        customer_key: None,
        license_id: None,
        licensing_socket: None,
        service_account_file: None,
        sink: Url::segment(),
        write_key: None,
        write_key_file: None,
        delivery_timeout: Duration::from_secs(60),
        receipt_key: None,
        spool: Bounds {
            bytes: 64 << 20,
            age: Duration::from_secs(40 * 24 * 3600),
        },
        state_dir: None,
    };
    for setting in settings {
        // Of consent even null is a statement; elsewhere it leaves the default, as in the original.
        if setting.key.kind == Kind::Consent {
            config.statements.push(Statement {
                value: setting.value,
                origin: setting.origin,
            });
            continue;
        }
        if setting.value.is_null() {
            continue;
        }
        let urls = || setting.list(|text| text.parse::<Url>().ok());
        // An empty text is what a generated file has where nothing was answered.
        let text = || {
            setting
                .text()
                .map(|text| Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
        };
        match setting.key.name {
            "diagnostics_urls" => config.diagnostics_urls = urls()?,
            "cosmos_urls" => config.cosmos_urls = urls()?,
            "mesos_urls" => config.mesos_urls = urls()?,
            "ca_cert_path" => config.ca_cert_path = text()?.map(PathBuf::from),
            "source_timeout" => config.source_timeout = setting.span()?,
            "level" => config.selection.level = level(&setting)?,
            "omit" => {
                config.selection.omit = setting.list(|name| Some(name.trim().to_owned()))?;
                let unknown = config.selection.unknown();
                warnings.extend(unknown.iter().map(|name| {
                    format!(
                        "{}: omit: {name:?} is no property and no event of the plan",
                        setting.origin
                    )
                }));
            }
            "notice_period" => config.notice_period = setting.span_or_none()?,
            "names" => config.names = names(&setting)?,
            "units" => {
                config.units =
                    setting.list(|unit| Some(unit.trim().to_owned()).filter(|unit| !unit.is_empty()))?
            }
            "cluster_id" => config.cluster_id = cluster_id(&setting, text()?)?,
            "cluster_id_path" => {
                config.cluster_id_path = text()?.map_or(config.cluster_id_path, PathBuf::from)
            }
            "create_cluster_id" => config.create_cluster_id = setting.bool()?,
            "environment_version" => config.environment_version = text()?.unwrap_or_default(),
            "variant" => config.variant = variant(&setting)?,
            "gen_provider" => config.provider = text()?.unwrap_or_default(),
            "gen_platform" => config.platform = text()?.unwrap_or_default(),
            "customer_key" => config.customer_key = text()?.map(Secret),
            "license_id" => config.license_id = text()?.map(Secret),
            "licensing_socket" => config.licensing_socket = text()?.map(PathBuf::from),
            "service_account_file" => config.service_account_file = text()?.map(PathBuf::from),
            "sink" => config.sink = setting.url()?,
            "write_key" => config.write_key = text()?.map(Secret),
            "write_key_file" => config.write_key_file = text()?.map(PathBuf::from),
            "delivery_timeout" => config.delivery_timeout = setting.span()?,
            "receipt_key" => config.receipt_key = receipt_key(&setting, text()?)?,
            "spool_max_bytes" => config.spool.bytes = setting.bytes()?,
            "spool_max_age" => config.spool.age = setting.span()?,
            "state_dir" => config.state_dir = text()?.map(PathBuf::from),
            other => warnings.push(format!("{}: the key {other:?} is not read", setting.origin)),
        }
    }
    Ok(config)
}

fn names(setting: &Setting) -> Result<Names, WrongType> {
    match setting
        .value
        .as_str()
        .map(str::trim)
        .map(str::to_lowercase)
        .as_deref()
    {
        Some("catalogue") => Ok(Names::Catalogue),
        Some("all") => Ok(Names::All),
        _ => Err(setting.wrong()),
    }
}

fn level(setting: &Setting) -> Result<Level, WrongType> {
    match setting
        .value
        .as_str()
        .map(str::trim)
        .map(str::to_lowercase)
        .as_deref()
    {
        Some("health") => Ok(Level::Health),
        Some("standard") => Ok(Level::Standard),
        _ => Err(setting.wrong()),
    }
}

fn variant(setting: &Setting) -> Result<Variant, WrongType> {
    let plan = heliograph_wire::plan::Plan::built_in().property("health", "variant");
    let word = setting.value.as_str().and_then(|word| plan?.canonical(word));
    match word.as_deref() {
        Some("open") => Ok(Variant::Open),
        Some("enterprise") => Ok(Variant::Enterprise),
        _ => Err(setting.wrong()),
    }
}

fn receipt_key(setting: &Setting, text: Option<String>) -> Result<Option<String>, WrongType> {
    let is_key = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text {
        Some(text) if !is_key(&text) => Err(WrongType {
            expected: "a public key: 64 hexadecimal digits, as `heliograph-collector receipt-key` prints it"
                .to_owned(),
            ..setting.wrong()
        }),
        text => Ok(text),
    }
}

fn cluster_id(setting: &Setting, text: Option<String>) -> Result<Option<ClusterId>, WrongType> {
    text.map(|text| {
        text.parse().map_err(|_| WrongType {
            expected: "the id of a cluster: visible text of at most 128 bytes".to_owned(),
            ..setting.wrong()
        })
    })
    .transpose()
}

/// A file's text; `None` where there is no file.
fn read(path: &Path) -> Result<Option<String>, InvalidFile> {
    let invalid = |problem: String| InvalidFile {
        path: path.to_owned(),
        line: None,
        problem,
    };
    let mut bytes = Vec::new();
    let limit = file::MAX_FILE as u64 + 1;
    match fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(invalid(crate::cause::told(&error))),
    }
    if bytes.len() > file::MAX_FILE {
        return Err(invalid(format!(
            "is longer than {} bytes; a configuration is not",
            file::MAX_FILE
        )));
    }
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| invalid("is not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests;
