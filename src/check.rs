//! `hubwire check` and `hubwire health`: whether a server could serve with these settings, and whether one does.
//!
//! Looks and makes nothing that stays: no folder, no key, no database, so that it may be run by anybody and beside a
//! server. Whether a folder can be written to is tried with an empty file.

use std::{
    fmt,
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    time::Duration,
};

use crate::{
    app,
    auth::Auth,
    clock::Clock,
    config::{Config, Flags, MediaPlace, Survey},
    database::{self, Database},
};

/// How long a server may take to answer `hubwire health`: it asks its database.
const PATIENCE: Duration = Duration::from_secs(5);

/// How the checks went, as the program's exit code says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It can serve.
    Fine,
    /// The database cannot be used as it is.
    Database,
    /// Something that is set cannot be used.
    Setting,
}

/// One line of what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    Set(String),
    Ok(String),
    /// Fine, and worth knowing.
    Note(String),
    Error(Verdict, String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(text) => write!(f, "set    {text}"),
            Self::Ok(text) => write!(f, "ok     {text}"),
            Self::Note(text) => write!(f, "note   {text}"),
            Self::Error(_, text) => write!(f, "error  {text}"),
        }
    }
}

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Report(Vec<Finding>);

impl fmt::Display for Report {
    /// One line a finding, and a last one that sums them up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.0 {
            writeln!(f, "{finding}")?;
        }
        let count = |is: fn(&Finding) -> bool| self.0.iter().filter(|finding| is(finding)).count();
        let notes = count(|finding| matches!(finding, Finding::Note(_)));
        let errors = count(|finding| matches!(finding, Finding::Error(..)));
        let verdict = if errors == 0 { "It can serve" } else { "It cannot serve" };
        let said = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
        write!(f, "{verdict}: {}, {}.", said(errors, "error"), said(notes, "note"))
    }
}

impl Report {
    /// The worst that was found.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let errors = self.0.iter().map(|finding| match finding {
            Finding::Error(verdict, _) => *verdict,
            Finding::Set(_) | Finding::Ok(_) | Finding::Note(_) => Verdict::Fine,
        });
        errors.max().unwrap_or(Verdict::Fine)
    }

    fn error(&mut self, verdict: Verdict, error: impl fmt::Display) {
        self.0.push(Finding::Error(
            verdict,
            error.to_string().trim_end_matches('.').to_owned(),
        ));
    }

    fn ok(&mut self, text: impl Into<String>) {
        self.0.push(Finding::Ok(text.into()));
    }

    fn note(&mut self, text: impl Into<String>) {
        self.0.push(Finding::Note(text.into()));
    }
}

/// Reads the settings as `serve` does, and looks at what they name.
pub async fn check(flags: &Flags) -> Report {
    let mut report = Report::default();
    let Survey { config, given, errors } = Config::survey(flags);
    report.0.extend(given.into_iter().map(Finding::Set));
    for error in &errors {
        report.error(Verdict::Setting, error);
    }
    if !errors.is_empty() {
        // The rest would be about settings that nobody meant.
        return report;
    }
    match Auth::look(&config, Clock::system()) {
        Ok(keys) => report.ok(format!("tokens are verified with {keys}")),
        Err(error) => report.error(Verdict::Setting, error),
    }
    let is_running = data_folder(&config, &mut report);
    media(&config, &mut report);
    database(&config, &mut report).await;
    port(&config, is_running, &mut report);
    report
}

/// Whether the folder can be used; true where a server has it.
fn data_folder(config: &Config, report: &mut Report) -> bool {
    let folder = &config.data_dir;
    let shown = folder.display();
    match probe(folder) {
        Ok(()) if folder.exists() => report.ok(format!("the data folder {shown} can be written to")),
        Ok(()) => report.note(format!("the data folder {shown} is not there yet; the server makes it")),
        Err(error) => report.error(
            Verdict::Setting,
            format!("data_dir: {shown} cannot be written to: {error}"),
        ),
    }
    let is_running = app::is_in_use(folder);
    if is_running {
        report.note(format!("a server is running with the data folder {shown}"));
    }
    is_running
}

/// Writes a file and removes it again: in the folder, or where it would be made.
fn probe(folder: &Path) -> std::io::Result<()> {
    let there = folder.ancestors().find(|folder| folder.exists());
    let there = there.unwrap_or_else(|| Path::new("."));
    let probe = there.join(format!("check.{}", std::process::id()));
    std::fs::File::create_new(&probe).and_then(|_| std::fs::remove_file(&probe))
}

/// Where files are kept. A bucket is not asked: that may cost.
fn media(config: &Config, report: &mut Report) {
    match &config.media.place {
        None => {}
        Some(MediaPlace::Folder(folder)) => match probe(folder) {
            Ok(()) => report.ok(format!("files are kept in {}", folder.display())),
            Err(error) => {
                let text = format!("media.url: {} cannot be written to: {error}", folder.display());
                report.error(Verdict::Setting, text);
            }
        },
        Some(MediaPlace::Bucket { name, .. }) if cfg!(feature = "s3") => {
            report.note(format!("files are kept in the bucket {name}, which was not asked"));
        }
        Some(MediaPlace::Bucket { name, .. }) => {
            let text = format!("media.url: this program was built without buckets such as {name}");
            report.error(Verdict::Setting, text);
        }
    }
}

async fn database(config: &Config, report: &mut Report) {
    let options = database::Options::new(config.database());
    if let Some(file) = options.missing_file() {
        let folder = Path::new(&file)
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        match folder.filter(|folder| config.database_url.is_some() && !folder.is_dir()) {
            None => report.note(format!("the database {file} is not there yet; the server makes it")),
            Some(folder) => report.error(Verdict::Database, format!("there is no folder {}", folder.display())),
        }
        return;
    }
    let looked = async {
        let database = Database::look(&options).await?;
        let found = (database.version().await?, database.migrations().await?);
        database.close().await?;
        Ok::<_, sea_orm::DbErr>(found)
    };
    let (version, migrations) = match looked.await {
        Ok(found) => found,
        Err(error) => return report.error(Verdict::Database, app::unreachable_database(&error)),
    };
    report.ok(format!("the database answers: {version}"));
    if !migrations.unknown.is_empty() {
        let unknown = migrations.unknown.join(", ");
        let text = format!("the database is newer than this program, which does not know {unknown}");
        report.error(Verdict::Database, text);
    } else if migrations.pending.is_empty() {
        report.ok("the database is up to date");
    } else {
        let count = migrations.pending.len();
        report.note(format!(
            "{count} migrations are due; the server applies them when it starts"
        ));
    }
}

fn port(config: &Config, is_running: bool, report: &mut Report) {
    let address = config.listen;
    match TcpListener::bind(address) {
        Ok(_) => report.ok(format!("{address} is free to listen on")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let by = if is_running {
                "by the server that runs"
            } else {
                "by some program, or systemd's socket"
            };
            report.note(format!("{address} is listened on already, {by}"));
        }
        Err(error) => report.error(Verdict::Setting, format!("listen: {address} cannot be used: {error}")),
    }
}

/// Asks the server at the configured address whether it is ready.
///
/// # Errors
///
/// A sentence, where it does not answer or is not.
pub fn health(config: &Config) -> Result<String, String> {
    let address = reachable(config.listen);
    let asked = || {
        let mut tcp = TcpStream::connect_timeout(&address, PATIENCE)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        write!(
            tcp,
            "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        tcp.take(64 * 1024).read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = asked().map_err(|error| format!("{address} does not answer: {error}"))?;
    let status = answer.split_whitespace().nth(1).unwrap_or("nothing");
    match status {
        "200" => Ok(format!("{address} is ready")),
        status => Err(format!("{address} is not ready: it answers {status}")),
    }
}

/// Where this machine reaches a server that listens everywhere.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
