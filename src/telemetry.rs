//! What the log says and where: one line an event, on standard error; and traces, where a collector is set.
//!
//! Requests are logged by path, never by query: SignalR puts the token there.

#[cfg(feature = "otlp")]
mod otlp;
pub(crate) mod spans;

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, fmt, layer::SubscriberExt as _, registry::LookupSpan, util::SubscriberInitExt as _,
};

use crate::config::{self, Config, LogFormat};

/// What is quieter than the rest unless `log.level` says otherwise. Spans of traces are no lines of the log.
const QUIET: &str =
    "sqlx=warn,sea_orm=warn,sea_orm_migration=warn,hyper=warn,tungstenite=warn,reqwest=warn,hubwire::span=off";

/// Starts logging for the whole process, and tracing where the settings name a collector. A second call changes nothing.
///
/// # Errors
///
/// Fails where the collector's address cannot be used.
pub fn start(config: &Config) -> Result<(), config::Error> {
    let filter = EnvFilter::builder().parse_lossy(format!("{QUIET},{}", config.log.level));
    let format = config.log.format;
    #[cfg(feature = "otlp")]
    if let Some(endpoint) = &config.otlp.endpoint {
        let collected = otlp::layer(endpoint)
            .map_err(|error| config::Error::new("otlp.endpoint", format!("{endpoint} cannot be used: {error}")))?;
        let both = tracing_subscriber::registry()
            .with(lines(format).with_filter(filter))
            .with(collected);
        if both.try_init().is_ok() {
            spans::trace_every(config.otlp.every);
        }
        return Ok(());
    }
    // Without a filter for each layer: one look at it is enough.
    let started = tracing_subscriber::registry()
        .with(filter)
        .with(lines(format))
        .try_init();
    drop(started);
    Ok(())
}

/// Hands what is left to the collector. Waits for it, so that it is the last thing a program does, outside of a runtime.
pub fn stop() {
    #[cfg(feature = "otlp")]
    otlp::stop();
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(true);
    match format {
        LogFormat::Text => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    }
}
