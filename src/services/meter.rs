//! What waits in the services, read when it is asked for.

use super::Services;
use crate::metrics::Page;

impl Services {
    pub(crate) fn measure(&self, page: &mut Page) {
        page.gauge(
            "hubwire_deliveries_queue",
            "Conversations of which proofs of arrival wait to be stored, or were stored a moment ago; 65,536 may.",
            self.deliveries.len(),
        );
        page.gauge(
            "hubwire_tickets",
            "Places of lost connections that can be gone on with; 100,000 may be.",
            self.tickets.len(),
        );
    }
}
