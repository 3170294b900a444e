//! The settings of the server: one struct, read once, and the only reader of the environment.
//!
//! Lowest to highest: the defaults of [`settings::SETTINGS`], `hubwire.toml` (or `--config FILE`), environment
//! variables named `HUBWIRE_…`, flags. Every source is text by the time it is applied, so a setting has one
//! parser and one sentence for a bad value.

pub mod handed;
mod secret;
pub mod settings;
mod sources;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

pub use secret::Secret;
use settings::{SETTINGS, Setting};
pub use sources::Flags;

/// Where the SQLite database is kept inside the data folder.
const SQLITE_FILE: &str = "hubwire.db";

/// Whether the server is being tried out or serves the public.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// A made-up signing key and any localhost origin are fine.
    #[default]
    Development,
    /// Keys and origins must be chosen by somebody.
    Production,
}

/// Who sees whether somebody is online.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PresenceScope {
    /// Those who share a conversation with them.
    #[default]
    Conversations,
    /// Everybody who can sign in.
    Everyone,
}

/// What happens to a well-formed user id nobody has signed in with yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownPeople {
    /// They become a placeholder, filled in at their first sign-in.
    #[default]
    Create,
    /// They are refused as not found.
    Refuse,
}

/// Who may read `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Nobody: there is no such address.
    Off,
    /// This machine, and administrators.
    #[default]
    Local,
    /// Everybody who reaches the server.
    Open,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people: one line of text, coloured on a terminal.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Section `[log]`.
#[derive(Clone, Debug, Default)]
pub struct LogSettings {
    /// Text or JSON.
    pub format: LogFormat,
    /// A level, or directives such as `info,hubwire=debug`.
    pub level: String,
}

/// Section `[media]`.
#[derive(Clone, Debug, Default)]
pub struct MediaSettings {
    /// Where files are kept, if not in the data folder.
    pub place: Option<MediaPlace>,
    /// Address of a server that speaks S3, if it is not Amazon's.
    pub s3_endpoint: Option<String>,
    pub s3_region: Option<String>,
    pub s3_key_id: Option<String>,
    pub s3_secret: Option<Secret>,
}

/// Where files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaPlace {
    Folder(PathBuf),
    /// A bucket, and what comes before every key in it.
    Bucket {
        name: String,
        prefix: String,
    },
}

/// Section `[otlp]`.
#[derive(Clone, Debug, Default)]
pub struct OtlpSettings {
    /// Where a collector takes OTLP over HTTP, without a trailing slash; without one nothing is traced.
    pub endpoint: Option<String>,
    /// One of so many requests, hub calls and transactions is traced.
    pub every: u64,
}

/// Section `[limits]`; 0 is no limit everywhere.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Longest text of a message, in Unicode scalar values.
    pub text_characters: u64,
    /// Most members of a group, its owner included.
    pub group_members: u64,
    /// Messages a person may send a minute, sustained, over all transports.
    pub messages_per_minute: u64,
    /// Reactions a person may add or take back a minute, sustained, over all transports.
    pub reactions_per_minute: u64,
    /// Files a person may upload a minute, sustained.
    pub uploads_per_minute: u64,
    /// Largest picture, in bytes.
    pub image_bytes: u64,
    /// Largest video, in bytes.
    pub video_bytes: u64,
    /// Largest file of any other kind, in bytes.
    pub file_bytes: u64,
    /// How many more than the sustained rate may come at once.
    pub burst: u64,
    /// Minutes for which a message may be edited.
    pub edit_window_minutes: u64,
    /// Largest hub message a client may send, in bytes.
    pub hub_message_bytes: u64,
    /// Connections a person may have open to one hub.
    pub connections_per_person: u64,
    /// Streams a connection may have at once, in both directions together.
    pub streams_per_connection: u64,
    /// Messages of one conversation that a device is told at most of those it missed.
    pub replay_messages: u64,
    /// Days for which events are kept.
    pub event_days: u64,
}

/// Everything that can be set. Tests build it from [`Config::default`].
#[derive(Clone, Debug)]
pub struct Config {
    /// Address and port to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where the data is; without it a SQLite file in the data folder.
    pub database_url: Option<Secret>,
    /// Folder of the SQLite file, the files people send, the lock and the made-up signing key.
    pub data_dir: PathBuf,
    /// Development or production.
    pub env: Environment,
    /// Address clients reach the server under, without a trailing slash; for absolute URLs in answers.
    pub public_url: Option<String>,
    /// Shared secret of HS256, HS384 and HS512 tokens.
    pub jwt_secret: Option<Secret>,
    /// PEM text, or a file of it, whose key signed RS256, ES256 or `EdDSA` tokens.
    pub jwt_public_key: Option<String>,
    /// File with a JSON Web Key Set.
    pub jwt_jwks: Option<PathBuf>,
    /// The `iss` a token must have.
    pub jwt_issuer: Option<String>,
    /// The `aud` a token must have.
    pub jwt_audience: Option<String>,
    /// The claim that holds the user id, instead of the usual ones.
    pub jwt_user_claim: Option<String>,
    /// The scope or role that makes an administrator, instead of the usual ones.
    pub jwt_admin_scope: Option<String>,
    /// Origins of web pages that may call; empty is any localhost one in development and none in production.
    pub cors_origins: Vec<String>,
    /// What to do with user ids nobody has signed in with.
    pub unknown_people: UnknownPeople,
    /// Who sees whether somebody is online.
    pub presence_scope: PresenceScope,
    /// Where files are kept.
    pub media: MediaSettings,
    /// What is logged, and how.
    pub log: LogSettings,
    /// Who may read `/metrics`.
    pub metrics: MetricsAccess,
    /// Where traces go.
    pub otlp: OtlpSettings,
    /// What clients may do at most.
    pub limits: Limits,
    /// Whether hub errors show their cause to clients.
    pub detailed_errors: bool,
    /// How long stopping may take in all.
    pub shutdown: Duration,
    /// For how long a lost connection can be gone on with.
    pub resume: Duration,
}

/// What all sources say together.
#[derive(Debug)]
pub struct Survey {
    /// The settings, as far as they can be used.
    pub config: Config,
    /// What is set and counts: setting, value and source, one line each; secrets are hidden.
    pub given: Vec<String>,
    /// Everything that cannot be used.
    pub errors: Vec<Error>,
}

/// A setting that cannot be used: one sentence that names it, and exit code 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    name: String,
    reason: String,
}

impl Error {
    /// Says why the setting called `name` (as its source spells it) cannot be used.
    pub fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}.", self.name, self.reason)
    }
}

impl std::error::Error for Error {}

impl Default for Config {
    /// The defaults of the table, without looking at a file or the environment.
    fn default() -> Self {
        let mut config = Self::empty();
        for setting in SETTINGS.iter().filter(|setting| !setting.default.is_empty()) {
            (setting.set)(&mut config, setting.default).expect("a default is a good value: tested");
        }
        config
    }
}

impl Config {
    /// Reads the file, the environment and the flags of this process.
    pub fn load(flags: &Flags) -> Result<Self, Error> {
        let mut config = Self::default();
        for (name, setting, text) in sources::read(flags)? {
            config.apply(&name, setting, &text)?;
        }
        Ok(config)
    }

    /// The same for somebody who wants to know where everything comes from.
    pub fn survey(flags: &Flags) -> Survey {
        let mut survey = Survey {
            config: Self::default(),
            given: Vec::new(),
            errors: Vec::new(),
        };
        let values = sources::read(flags).unwrap_or_else(|error| {
            survey.errors.push(error);
            Vec::new()
        });
        for (place, (name, setting, text)) in values.iter().enumerate() {
            survey.errors.extend(survey.config.apply(name, setting, text).err());
            let is_given = |text: &str| !text.trim().is_empty();
            let later = values[place + 1..].iter();
            let is_overruled = later
                .clone()
                .any(|(_, other, text)| other.key == setting.key && is_given(text));
            if is_given(text) && !is_overruled {
                let shown = if setting.secret {
                    "(hidden)".to_owned()
                } else {
                    shorten(text)
                };
                survey.given.push(format!("{} = {shown}, by {name}", setting.key));
            }
        }
        survey
    }

    /// The database to open: the configured one, or the SQLite file of the data folder.
    pub fn database(&self) -> String {
        match &self.database_url {
            Some(url) => url.expose().to_owned(),
            None => {
                let path = self.data_dir.join(SQLITE_FILE).display().to_string();
                format!(
                    "sqlite://{}?mode=rwc",
                    path.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
                )
            }
        }
    }

    /// Whether the server serves the public.
    pub fn is_production(&self) -> bool {
        self.env == Environment::Production
    }

    /// Applies one value; an empty one leaves the default.
    fn apply(&mut self, name: &str, setting: &Setting, text: &str) -> Result<(), Error> {
        if text.trim().is_empty() {
            return Ok(());
        }
        (setting.set)(self, text).map_err(|reason| {
            let shown = if setting.secret {
                "the value".to_owned()
            } else {
                format!("\"{}\"", shorten(text))
            };
            Error::new(name, format!("{shown} {reason}"))
        })
    }

    fn empty() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database_url: None,
            data_dir: PathBuf::new(),
            env: Environment::default(),
            public_url: None,
            jwt_secret: None,
            jwt_public_key: None,
            jwt_jwks: None,
            jwt_issuer: None,
            jwt_audience: None,
            jwt_user_claim: None,
            jwt_admin_scope: None,
            cors_origins: Vec::new(),
            unknown_people: UnknownPeople::default(),
            presence_scope: PresenceScope::default(),
            media: MediaSettings::default(),
            log: LogSettings::default(),
            metrics: MetricsAccess::default(),
            otlp: OtlpSettings::default(),
            limits: Limits::default(),
            detailed_errors: false,
            shutdown: Duration::ZERO,
            resume: Duration::ZERO,
        }
    }
}

/// One line of at most 80 characters of a value somebody typed.
fn shorten(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(80)
        .collect();
    if text.chars().count() > 80 {
        format!("{line}…")
    } else {
        line
    }
}

#[cfg(test)]
mod tests;
