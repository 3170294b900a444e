//! The socket that whoever starts the server hands over: systemd's socket activation. It outlives the process, so that
//! a restart refuses no connection.

use std::net::TcpListener;

use listenfd::ListenFd;

use super::Error;

/// The first socket named by `LISTEN_FDS`, if it is for this process. Call it before there are threads: it takes the
/// variables out of the environment.
pub fn socket() -> Result<Option<TcpListener>, Error> {
    let unusable = |error: std::io::Error| Error::new("LISTEN_FDS", format!("the socket cannot be used: {error}"));
    let mut handed = ListenFd::from_env();
    if handed.len() == 0 {
        return Ok(None);
    }
    let socket = handed.take_tcp_listener(0).map_err(unusable)?;
    if let Some(socket) = &socket {
        socket.set_nonblocking(true).map_err(unusable)?;
    }
    Ok(socket)
}
