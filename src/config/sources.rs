//! Where values come from: the file, the environment and the flags, each as (name, setting, text).

use std::path::{Path, PathBuf};

use super::{
    Error,
    settings::{self, SETTINGS, Setting},
};

/// The file that is read when no other is named, if it exists.
const DEFAULT_FILE: &str = "hubwire.toml";

/// Variables that begin with `HUBWIRE_` without being settings: Kubernetes makes the first two kinds for a
/// service called hubwire, tests use the third.
const FOREIGN: &[&str] = &["HUBWIRE_PORT", "HUBWIRE_SERVICE_", "HUBWIRE_TEST_"];

/// What was said on the command line; flags beat everything else.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--database`.
    pub database: Option<String>,
    /// `--data-dir`.
    pub data_dir: Option<String>,
}

/// A value, the name its source has for it, and what it sets.
pub(super) type Value = (String, &'static Setting, String);

/// Reads every source of this process, lowest first.
pub(super) fn read(flags: &Flags) -> Result<Vec<Value>, Error> {
    let mut values = match &flags.config {
        Some(path) => file(path, true)?,
        None => file(Path::new(DEFAULT_FILE), false)?,
    };
    values.extend(environment(variables()?)?);
    values.extend(flags.values());
    Ok(values)
}

impl Flags {
    fn values(&self) -> Vec<Value> {
        let flags = [
            ("--listen", "listen", &self.listen),
            ("--database", "database_url", &self.database),
            ("--data-dir", "data_dir", &self.data_dir),
        ];
        let given = flags
            .into_iter()
            .filter_map(|(flag, key, text)| Some((flag, key, text.clone()?)));
        given
            .map(|(flag, key, text)| (flag.to_owned(), known(key), text))
            .collect()
    }
}

fn known(key: &str) -> &'static Setting {
    settings::find(key).expect("flags set settings of the table")
}

fn variables() -> Result<Vec<(String, String)>, Error> {
    let ours = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    ours.filter(|(name, _)| name.starts_with("HUBWIRE_"))
        .map(|(name, value)| match value.into_string() {
            Ok(value) => Ok((name, value)),
            Err(_) => Err(Error::new(name, "the value is not valid UTF-8")),
        })
        .collect()
}

/// The values of environment variables; an unknown name is an error, because it is a misspelt one.
pub(super) fn environment(variables: Vec<(String, String)>) -> Result<Vec<Value>, Error> {
    let ours = variables
        .into_iter()
        .filter(|(name, _)| !FOREIGN.iter().any(|foreign| name.starts_with(foreign)));
    ours.map(
        |(name, text)| match SETTINGS.iter().find(|setting| setting.variable() == name) {
            Some(setting) => Ok((name, setting, text)),
            None => Err(Error::new(
                name,
                "there is no such setting; .env.example lists them all",
            )),
        },
    )
    .collect()
}

fn file(path: &Path, must_exist: bool) -> Result<Vec<Value>, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml(&path.display().to_string(), &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => Ok(Vec::new()),
        Err(error) => Err(Error::new(
            if must_exist { "--config" } else { DEFAULT_FILE },
            format!("{} cannot be read: {error}", path.display()),
        )),
    }
}

/// The values of a file. The error names the file and, where there is one, the key; never a value.
pub(super) fn toml(file: &str, text: &str) -> Result<Vec<Value>, Error> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
        Error::new(
            file,
            format!(
                "line {line} is not TOML: {}",
                error.message().lines().next().unwrap_or("a mistake")
            ),
        )
    })?;
    let mut values = Vec::new();
    flatten(file, "", &table, &mut values)?;
    Ok(values)
}

fn flatten(file: &str, section: &str, table: &toml::Table, values: &mut Vec<Value>) -> Result<(), Error> {
    for (name, value) in table {
        let key = if section.is_empty() {
            name.clone()
        } else {
            format!("{section}.{name}")
        };
        let place = format!("{key} in {file}");
        let is_section = SETTINGS
            .iter()
            .any(|setting| setting.key.starts_with(&format!("{key}.")));
        match (value, settings::find(&key)) {
            (toml::Value::Table(inner), None) if is_section => flatten(file, &key, inner, values)?,
            (_, None) => {
                return Err(Error::new(
                    place,
                    "there is no such setting; .env.example lists them all",
                ));
            }
            (value, Some(setting)) => {
                let text = plain(value).ok_or_else(|| {
                    Error::new(
                        &place,
                        "the value is not a text, a number, true, false or a list of texts",
                    )
                })?;
                values.push((place, setting, text));
            }
        }
    }
    Ok(())
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        toml::Value::Array(items) => items
            .iter()
            .map(plain)
            .collect::<Option<Vec<_>>>()
            .map(|items| items.join(",")),
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}
