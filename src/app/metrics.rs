//! The page of numbers: what every room says of itself, in one text.

use super::App;
use crate::metrics::{Kind, Page, process};

impl App {
    /// Everything that is counted or can be read now, in Prometheus' text format.
    #[must_use]
    pub fn metrics(&self) -> String {
        let mut page = Page::default();
        let version = env!("CARGO_PKG_VERSION");
        page.metric(Kind::Gauge, "hubwire_build_info", "Which version it is; always 1.")
            .sample(&[("version", version)], 1);
        page.gauge(
            "hubwire_draining",
            "1 while the server is stopping.",
            u8::from(self.is_draining()),
        );
        self.hubs.measure(&mut page);
        self.log.measure(&mut page);
        self.services.measure(&mut page);
        self.traffic.measure(&mut page);
        process::measure(&mut page);
        page.into_text()
    }
}
