//! Where a connection that fell behind reads on.

use futures_util::future::BoxFuture;

use crate::{codec::Protocol, transport::Frame};

/// A source of positioned frames, such as a log, for a connection that is behind.
///
/// Positions are numbers that grow; what they count is the application's. While a connection is behind,
/// nothing is queued for it: the session pulls whenever the socket has taken everything, until the feed has
/// nothing newer. Then the connection is live again, and hears no position twice and misses none.
pub trait Feed: Send {
    /// The newest position there is. Must be visible here before any connection is delivered to at it.
    fn head(&self) -> u64;

    /// Reads what comes after a position, oldest first and about 64 KiB at most, and gives the feed back.
    ///
    /// Runs beside the session and may take its time; when the source is away it waits and tries again.
    fn pull(self: Box<Self>, after: u64, protocol: Protocol) -> BoxFuture<'static, (Box<dyn Feed>, Pulled)>;
}

/// What a pull found.
#[derive(Debug, Default)]
pub struct Pulled {
    /// The frames for this connection, in order.
    pub frames: Vec<Frame>,
    /// How far was read, at least where the pull began; positions without a frame count as read.
    pub position: u64,
}
