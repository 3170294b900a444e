//! `hubwire`: reads the command line, builds the server, serves. What it prints is for people and scripts; the
//! log goes to standard error.

use std::{io::Write as _, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, Parser, Subcommand};
use hubwire::{
    app::{self, App},
    auth::{Auth, NewToken},
    check::{self, Verdict},
    clock::Clock,
    config::{self, Config, Flags},
    described, memory, telemetry,
};
use tokio::net::TcpListener;

/// A SignalR-compatible hub and chat server.
#[derive(Debug, Parser)]
#[command(name = "hubwire", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: SettingFlags,
}

#[derive(Debug, Args)]
struct SettingFlags {
    /// Settings file; hubwire.toml is read without being named.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Address and port to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", global = true)]
    listen: Option<String>,
    /// sqlite:… or postgres://…
    #[arg(long, value_name = "URL", global = true)]
    database: Option<String>,
    /// Folder of the SQLite file and the made-up signing key.
    #[arg(long, value_name = "FOLDER", global = true)]
    data_dir: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server (the default).
    Serve,
    /// Print a token for somebody, signed with the configured secret or the made-up key.
    Token(TokenArguments),
    /// Apply the migrations and exit.
    Migrate,
    /// Print the description of the REST routes, OpenAPI 3.1.
    Openapi,
    /// Print the description of the hubs, AsyncAPI 3.0.
    Asyncapi,
    /// Print a client of the hubs.
    Client(ClientArguments),
    /// Say what is set, and whether a server could serve with it; makes nothing.
    Check,
    /// Ask the server at the configured address whether it is ready.
    Health,
}

#[derive(Debug, Args)]
#[group(required = true)]
struct ClientArguments {
    /// In TypeScript, one file for @microsoft/signalr.
    #[arg(long)]
    typescript: bool,
}

#[derive(Debug, Args)]
struct TokenArguments {
    /// User id, 1 to 128 printable characters.
    #[arg(long, value_name = "ID")]
    user: String,
    /// Name others see.
    #[arg(long)]
    name: Option<String>,
    /// Short name others see.
    #[arg(long)]
    username: Option<String>,
    /// Scopes with blanks between them; hubwire.admin makes an administrator.
    #[arg(long)]
    scope: Option<String>,
    /// How long the token lives.
    #[arg(long, default_value_t = 1440, value_parser = clap::value_parser!(u64).range(1..=5_256_000))]
    minutes: u64,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let flags = Flags {
        config: cli.settings.config,
        listen: cli.settings.listen,
        database: cli.settings.database,
        data_dir: cli.settings.data_dir,
    };
    let done = run(cli.command.unwrap_or(Command::Serve), &flags);
    telemetry::stop();
    match done {
        Ok(code) => code,
        Err(error) => complain(&error),
    }
}

fn run(command: Command, flags: &Flags) -> Result<ExitCode, app::Error> {
    match command {
        Command::Serve => {
            let config = load(flags)?;
            let handed = config::handed::socket()?;
            in_runtime(serve(config, handed))?;
        }
        Command::Token(token) => print_token(&load(flags)?, &token)?,
        Command::Migrate => in_runtime(app::migrate(&load(flags)?))?,
        Command::Openapi => return Ok(print(&format!("{:#}\n", described::openapi()))),
        Command::Asyncapi => return Ok(print(&format!("{:#}\n", described::asyncapi()))),
        Command::Client(ClientArguments { typescript: _ }) => return Ok(print(&described::typescript())),
        Command::Check => return Ok(print_check(flags)),
        Command::Health => return Ok(print_health(&load(flags)?)),
    }
    Ok(ExitCode::SUCCESS)
}

fn load(flags: &Flags) -> Result<Config, app::Error> {
    let config = Config::load(flags)?;
    telemetry::start(&config)?;
    Ok(config)
}

/// Prints what may be long: whoever reads may have read enough.
fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the one sentence of a start that failed, also without a log"
)]
fn complain(error: &app::Error) -> ExitCode {
    eprintln!("{error}");
    match error {
        app::Error::Setting(_) => ExitCode::from(2),
        app::Error::InUse(_) | app::Error::Database(_) | app::Error::Media(_) => ExitCode::FAILURE,
    }
}

#[expect(clippy::print_stdout, reason = "standard output is the program's answer")]
fn say(line: &str) {
    println!("{line}");
}

fn in_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime = hub_protocol::serve::runtime().expect("a process can start its threads");
    let done = runtime.block_on(work);
    // What still runs after an orderly stop is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(100));
    done
}

/// Serves on the socket that was handed over, or on one of its own.
async fn serve(mut config: Config, handed: Option<std::net::TcpListener>) -> Result<(), app::Error> {
    let unusable = |wanted: SocketAddr| {
        move |error: std::io::Error| config::Error::new("listen", format!("{wanted} cannot be used: {error}"))
    };
    if let Some(socket) = &handed {
        // What is only for this machine depends on it.
        config.listen = socket.local_addr().map_err(unusable(config.listen))?;
    }
    let app = Box::pin(App::open(config, Clock::system())).await?;
    let wanted = app.config.listen;
    let stop = stop_signal();
    let listener = match handed {
        Some(socket) => TcpListener::from_std(socket),
        None => TcpListener::bind(wanted).await,
    };
    let listener = listener.map_err(unusable(wanted))?;
    let address = listener.local_addr().map_err(unusable(wanted))?;
    if app.auth.is_made_up() {
        tracing::warn!(
            "tokens are signed with a key this server made up, in {}: fine for trying it out, refused in production",
            app.config.data_dir.display()
        );
    }
    say(&format!("Now listening on: http://{address}"));
    tokio::spawn(memory::give_back());
    app::run(listener, app, stop).await;
    Ok(())
}

/// Ends at Ctrl-C or, on Unix, SIGTERM. On Unix the signals are caught from the call on, not from the first poll.
fn stop_signal() -> impl Future<Output = ()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).expect("a process can catch SIGTERM");
        let mut interrupt = signal(SignalKind::interrupt()).expect("a process can catch SIGINT");
        async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
    }
    #[cfg(not(unix))]
    async {
        drop(tokio::signal::ctrl_c().await);
    }
}

fn print_check(flags: &Flags) -> ExitCode {
    let report = in_runtime(check::check(flags));
    say(&report.to_string());
    match report.verdict() {
        Verdict::Fine => ExitCode::SUCCESS,
        Verdict::Database => ExitCode::FAILURE,
        Verdict::Setting => ExitCode::from(2),
    }
}

fn print_health(config: &Config) -> ExitCode {
    let (sentence, code) = match check::health(config) {
        Ok(sentence) => (sentence, ExitCode::SUCCESS),
        Err(sentence) => (sentence, ExitCode::FAILURE),
    };
    say(&sentence);
    code
}

fn print_token(config: &Config, arguments: &TokenArguments) -> Result<(), app::Error> {
    if arguments.user.parse::<entities::user_id::UserId>().is_err() {
        return Err(config::Error::new("--user", "a user id has 1 to 128 printable characters").into());
    }
    let auth = Auth::open(config, Clock::system())?;
    let token = NewToken {
        user: &arguments.user,
        name: arguments.name.as_deref(),
        username: arguments.username.as_deref(),
        scope: arguments.scope.as_deref(),
        lifetime: Duration::from_secs(arguments.minutes * 60),
    };
    let token = auth.sign(&token).ok_or_else(|| {
        config::Error::new(
            "jwt_secret",
            "without one nothing can be signed here: jwt_public_key and jwt_jwks only verify",
        )
    })?;
    say(&token);
    Ok(())
}
