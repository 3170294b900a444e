//! The way of spans to an OpenTelemetry collector: OTLP over HTTP, in batches, from a thread of its own.

use std::{sync::OnceLock, time::Duration};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Level, Subscriber};
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

use super::spans::TARGET;

/// How long stopping waits for the collector to take the last of them.
const PATIENCE: Duration = Duration::from_secs(1);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Takes the spans of [`spans`](super::spans) and nothing else.
pub(super) fn layer<S>(endpoint: &str) -> Result<impl Layer<S> + Send + Sync + use<S>, ExporterBuildError>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .build()?;
    let service = Resource::builder().with_service_name("hubwire").build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(service)
        .build();
    let tracer = provider.tracer("hubwire");
    // Only the first is used, as with the log.
    drop(PROVIDER.set(provider));
    let spans = Targets::new().with_target(TARGET, Level::INFO);
    Ok(tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_filter(spans))
}

pub(super) fn stop() {
    if let Some(provider) = PROVIDER.get()
        && let Err(error) = provider.shutdown_with_timeout(PATIENCE)
    {
        tracing::warn!("the last traces did not reach the collector: {error}");
    }
}
