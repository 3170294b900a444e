//! The table of settings: name, default, what it does, and how its text is understood.
//!
//! `.env.example` is this table written out; a test holds the two equal.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use super::{Config, Environment, LogFormat, MediaPlace, MetricsAccess, PresenceScope, Secret, UnknownPeople};

/// One thing that can be set.
#[derive(Debug)]
pub struct Setting {
    /// The key in `hubwire.toml`; a dot separates section and name.
    pub key: &'static str,
    /// The default as text; empty when there is none.
    pub default: &'static str,
    /// One sentence for `.env.example`.
    pub doc: &'static str,
    /// Whether the value must not be repeated in an error or a log.
    pub secret: bool,
    /// Puts a value into the configuration, or says what is wrong with it ("is not …").
    pub set: fn(&mut Config, &str) -> Result<(), String>,
}

impl Setting {
    /// The environment variable of this setting.
    pub fn variable(&self) -> String {
        format!("HUBWIRE_{}", self.key.replace('.', "_").to_ascii_uppercase())
    }
}

macro_rules! settings {
    ($($key:literal = $default:literal $(, $secret:ident)?; $doc:literal; |$config:ident, $text:ident| $body:expr;)*) => {
        /// Every setting, in the order of `.env.example`.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            key: $key,
            default: $default,
            doc: $doc,
            secret: settings!(@secret $($secret)?),
            set: |$config, $text| { $body; Ok(()) },
        }),*];
    };
    (@secret) => { false };
    (@secret secret) => { true };
}

settings! {
    "listen" = "127.0.0.1:5080"; "Address and port to listen on; port 0 picks a free one.";
        |config, text| config.listen = address(text)?;
    "database_url" = "", secret; "sqlite://… or postgres://…; empty: a SQLite file in the data folder.";
        |config, text| config.database_url = Some(database(text)?);
    "data_dir" = "./hubwire-data"; "Folder of the SQLite file and of the signing key the server makes up without another.";
        |config, text| config.data_dir = PathBuf::from(text);
    "env" = "development"; "development or production; production refuses a made-up key and unlisted origins.";
        |config, text| config.env = choice(text, &[("development", Environment::Development), ("production", Environment::Production)])?;
    "public_url" = ""; "Address clients reach the server under, for absolute URLs; empty: taken from the request.";
        |config, text| config.public_url = Some(web_address(text)?);
    "jwt_secret" = "", secret; "Shared secret of HS256, HS384 and HS512 tokens, 32 bytes or more.";
        |config, text| config.jwt_secret = Some(Secret::new(text));
    "jwt_public_key" = ""; "PEM of an RSA, P-256 or Ed25519 public key (a file, or the text) for RS256, ES256 or EdDSA tokens.";
        |config, text| config.jwt_public_key = Some(text.to_owned());
    "jwt_jwks" = ""; "File with a JSON Web Key Set; read again when a token names a key it does not have.";
        |config, text| config.jwt_jwks = Some(PathBuf::from(text));
    "jwt_issuer" = ""; "The `iss` every token must have; empty: not checked.";
        |config, text| config.jwt_issuer = Some(text.to_owned());
    "jwt_audience" = ""; "The `aud` every token must have; empty: not checked.";
        |config, text| config.jwt_audience = Some(text.to_owned());
    "jwt_user_claim" = ""; "The claim that holds the user id; empty: the .NET name identifier, nameid, sub, in that order.";
        |config, text| config.jwt_user_claim = Some(text.to_owned());
    "jwt_admin_scope" = ""; "The scope or role that makes an administrator; empty: admin and hubwire.admin.";
        |config, text| config.jwt_admin_scope = Some(text.to_owned());
    "cors_origins" = ""; "Origins of web pages that may call, comma separated; empty: any localhost one, in production none.";
        |config, text| config.cors_origins = origins(text)?;
    "unknown_people" = "create"; "create or refuse: what happens to a well-formed user id nobody has signed in with yet.";
        |config, text| config.unknown_people = choice(text, &[("create", UnknownPeople::Create), ("refuse", UnknownPeople::Refuse)])?;
    "presence_scope" = "conversations"; "conversations or everyone: who sees whether somebody is online; everyone is for small installations.";
        |config, text| config.presence_scope = choice(text, &[("conversations", PresenceScope::Conversations), ("everyone", PresenceScope::Everyone)])?;
    "detailed_errors" = "false"; "Whether hub errors show their cause to clients; for development.";
        |config, text| config.detailed_errors = choice(text, &[("true", true), ("1", true), ("false", false), ("0", false)])?;
    "shutdown_seconds" = "10"; "How long stopping may take in all, 1 to 300 seconds.";
        |config, text| config.shutdown = Duration::from_secs(number(text, 1, 300)?);
    "resume_minutes" = "5"; "Minutes for which a lost connection can be gone on with, 1 to 1440.";
        |config, text| config.resume = Duration::from_secs(60 * number(text, 1, 1440)?);
    "media.url" = ""; "Where the files people send are kept: a folder or s3://bucket/prefix, which all servers share; empty: in the data folder.";
        |config, text| config.media.place = Some(media_place(text)?);
    "media.s3_endpoint" = ""; "Address of a server that speaks S3; empty: Amazon's.";
        |config, text| config.media.s3_endpoint = Some(web_address(text)?);
    "media.s3_region" = ""; "Region of the bucket; empty: us-east-1.";
        |config, text| config.media.s3_region = Some(text.to_owned());
    "media.s3_key_id" = ""; "Access key id for the bucket; empty: that of the machine.";
        |config, text| config.media.s3_key_id = Some(text.to_owned());
    "media.s3_secret" = "", secret; "Secret access key for the bucket.";
        |config, text| config.media.s3_secret = Some(Secret::new(text));
    "metrics" = "local"; "Who may read GET /metrics: off (nobody), local (this machine, and administrators' tokens) or open (everybody).";
        |config, text| config.metrics = choice(text, &[("off", MetricsAccess::Off), ("local", MetricsAccess::Local), ("open", MetricsAccess::Open)])?;
    "log.format" = "text"; "text or json, one line an event, on standard error.";
        |config, text| config.log.format = choice(text, &[("text", LogFormat::Text), ("json", LogFormat::Json)])?;
    "log.level" = "info"; "error, warn, info, debug or trace, or directives such as info,hubwire=debug.";
        |config, text| config.log.level = level(text)?;
    "otlp.endpoint" = ""; "Address of a collector that takes OTLP over plain HTTP, such as http://127.0.0.1:4318; empty: no traces.";
        |config, text| config.otlp.endpoint = Some(collector(text)?);
    "otlp.every" = "1"; "One of so many requests, hub calls and transactions is traced, 1 to 1000000.";
        |config, text| config.otlp.every = number(text, 1, 1_000_000)?;
    "limits.text_characters" = "10000"; "Longest text of a message, in characters; 0: no limit, here and below.";
        |config, text| config.limits.text_characters = limit(text)?;
    "limits.group_members" = "50"; "Most members of a group, its owner included.";
        |config, text| config.limits.group_members = limit(text)?;
    "limits.messages_per_minute" = "30"; "Messages a person may send a minute over all transports.";
        |config, text| config.limits.messages_per_minute = limit(text)?;
    "limits.reactions_per_minute" = "60"; "Reactions a person may add or take back a minute over all transports.";
        |config, text| config.limits.reactions_per_minute = limit(text)?;
    "limits.uploads_per_minute" = "10"; "Uploads a person may make a minute, of one or several files each.";
        |config, text| config.limits.uploads_per_minute = limit(text)?;
    "limits.image_bytes" = "10485760"; "Largest picture (JPEG, PNG, GIF, WebP), in bytes.";
        |config, text| config.limits.image_bytes = limit(text)?;
    "limits.video_bytes" = "104857600"; "Largest video (MP4, WebM, MOV), in bytes.";
        |config, text| config.limits.video_bytes = limit(text)?;
    "limits.file_bytes" = "52428800"; "Largest file of any other kind (PDF, DOC, DOCX, XLS, XLSX, ZIP, sounds), in bytes.";
        |config, text| config.limits.file_bytes = limit(text)?;
    "limits.burst" = "10"; "How many more than the sustained rate may come at once.";
        |config, text| config.limits.burst = limit(text)?;
    "limits.edit_window_minutes" = "15"; "Minutes for which a message may be edited.";
        |config, text| config.limits.edit_window_minutes = limit(text)?;
    "limits.hub_message_bytes" = "262144"; "Largest hub message a client may send, in bytes.";
        |config, text| config.limits.hub_message_bytes = limit(text)?;
    "limits.connections_per_person" = "10"; "Connections a person may have open to one hub.";
        |config, text| config.limits.connections_per_person = limit(text)?;
    "limits.streams_per_connection" = "100"; "Streams a connection may have at once, in both directions together.";
        |config, text| config.limits.streams_per_connection = limit(text)?;
    "limits.replay_messages" = "20000"; "Messages of one conversation that a device is told at most of those it missed.";
        |config, text| config.limits.replay_messages = limit(text)?;
    "limits.event_days" = "30"; "Days for which the log of events is kept, for clients that catch up; messages stay for ever.";
        |config, text| config.limits.event_days = limit(text)?;
}

/// The setting with this key.
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The text of `.env.example`.
pub fn env_example() -> String {
    let mut text = "# Every setting with its default. An empty value is the same as none.\n\
        # The same keys work in hubwire.toml, in small letters and without HUBWIRE_; MEDIA_, LOG_, OTLP_ and LIMITS_ are sections there.\n"
        .to_owned();
    for setting in SETTINGS {
        text.push_str(&format!(
            "\n# {}\n{}={}\n",
            setting.doc,
            setting.variable(),
            setting.default
        ));
    }
    text
}

/// The table of README.md.
pub fn markdown() -> String {
    let mut text = "| Variable | Default | What it is |\n|---|---|---|\n".to_owned();
    for setting in SETTINGS {
        let default = match setting.default {
            "" => String::new(),
            default => format!("`{default}`"),
        };
        let doc = setting.doc.replace('|', "\\|");
        text.push_str(&format!("| `{}` | {default} | {doc} |\n", setting.variable()));
    }
    text
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric
        .parse()
        .map_err(|_| "is not an address and port such as 127.0.0.1:5080".to_owned())
}

fn database(text: &str) -> Result<Secret, String> {
    let known = ["sqlite:", "postgres://", "postgresql://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    if known {
        Ok(Secret::new(text))
    } else {
        Err("must begin with sqlite: or postgres://".to_owned())
    }
}

fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim()));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = choices
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| *name != "1" && *name != "0")
            .collect();
        format!("is not {}", names.join(" or "))
    })
}

fn number(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = text
        .trim()
        .parse()
        .ok()
        .filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("is not a whole number from {least} to {most}"))
}

fn limit(text: &str) -> Result<u64, String> {
    number(text, 0, u64::from(u32::MAX))
}

fn level(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("is not a log level such as info, nor directives such as info,hubwire=debug".to_owned()),
    }
}

fn media_place(text: &str) -> Result<MediaPlace, String> {
    let Some(bucket) = text.strip_prefix("s3://") else {
        return if text.contains("://") {
            Err("is neither a folder nor an address such as s3://bucket/prefix".to_owned())
        } else {
            Ok(MediaPlace::Folder(PathBuf::from(text)))
        };
    };
    let (name, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
    if name.is_empty() {
        return Err("names no bucket, as in s3://bucket/prefix".to_owned());
    }
    Ok(MediaPlace::Bucket {
        name: name.to_owned(),
        prefix: prefix.trim_matches('/').to_owned(),
    })
}

/// An absolute http address without a trailing slash.
fn web_address(text: &str) -> Result<String, String> {
    let trimmed = text.trim().trim_end_matches('/');
    match trimmed.parse::<http::Uri>() {
        Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some() => {
            Ok(trimmed.to_owned())
        }
        _ => Err("is not an address such as https://chat.example.com".to_owned()),
    }
}

/// Spans leave without TLS: a collector is on this machine or its network.
fn collector(text: &str) -> Result<String, String> {
    if cfg!(not(feature = "otlp")) {
        return Err("needs a build with the feature otlp".to_owned());
    }
    match web_address(text) {
        Ok(address) if address.starts_with("http://") => Ok(address),
        _ => Err("is not an address such as http://127.0.0.1:4318".to_owned()),
    }
}

/// A list of origins, each in the form browsers send: scheme, host and, unless it is the usual one, port.
fn origins(text: &str) -> Result<Vec<String>, String> {
    let listed = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    listed
        .map(|origin| {
            if origin == "*" {
                return Err("lists *, which browsers refuse together with credentials: name the origins".to_owned());
            }
            let uri: Option<http::Uri> = origin.trim_end_matches('/').parse().ok();
            let good = uri.filter(|uri| {
                uri.scheme().is_some() && uri.authority().is_some() && uri.path() == "/" && uri.query().is_none()
            });
            good.map(|_| origin.trim_end_matches('/').to_ascii_lowercase())
                .ok_or_else(|| "is not a list of origins such as https://chat.example.com".to_owned())
        })
        .collect()
}
