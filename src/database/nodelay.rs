//! What is asked of PostgreSQL is sent at once.
//!
//! sqlx 0.9.0 leaves Nagle's algorithm on (transact-rs/sqlx#4335): of a request in two pieces, as TLS makes them of more
//! than 16 KB, the second waits 40 ms for the other side's delayed acknowledgement. It gives out none of its sockets, so
//! they are found by where they lead. The release after 0.9.0 makes this file superfluous; elsewhere than on Linux
//! requests wait.

use std::{
    fs,
    net::TcpStream,
    os::fd::{FromRawFd as _, OwnedFd, RawFd},
};

use sea_orm::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

/// Lets each new connection send at once.
pub(super) fn send_at_once(connect: &mut ConnectOptions) {
    // What is wrong with the address is said when it is used.
    let Ok(options) = connect.get_url().parse::<PgConnectOptions>() else {
        return;
    };
    let port = options.get_port();
    connect.map_sqlx_postgres_pool_opts(move |pool| {
        pool.after_connect(move |_, _| {
            Box::pin(async move {
                // An error means that the server stops.
                let _ = tokio::task::spawn_blocking(move || set_for(port)).await;
                Ok(())
            })
        })
    });
}

/// Sets `TCP_NODELAY` on all TCP connections of this process to that port. Blocks for a few microseconds for each open file.
fn set_for(port: u16) {
    let Ok(open) = fs::read_dir("/proc/self/fd") else {
        return;
    };
    let numbers = open.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    // What is no socket, or is closed meanwhile, has no other side.
    for connection in numbers.filter_map(another).map(TcpStream::from) {
        if connection.peer_addr().is_ok_and(|peer| peer.port() == port)
            && let Err(error) = connection.set_nodelay(true)
        {
            tracing::debug!("requests to the database may be delayed: {error}");
        }
    }
}

/// Another handle to what is open by this number.
#[allow(
    unsafe_code,
    reason = "a number becomes a handle, which nobody offers as a safe function"
)]
fn another(number: RawFd) -> Option<OwnedFd> {
    // SAFETY: F_DUPFD_CLOEXEC takes any number and touches no memory (fcntl(2)). What it returns is new, and nobody else's.
    unsafe {
        match libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 0) {
            -1 => None,
            new => Some(OwnedFd::from_raw_fd(new)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::set_for;

    #[test]
    fn connections_to_the_port_send_at_once_and_no_others() {
        let [database, other] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let connect = |listener: &TcpListener| TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (asks, talks) = (connect(&database), connect(&other));
        set_for(database.local_addr().unwrap().port());
        assert_eq!((asks.nodelay().unwrap(), talks.nodelay().unwrap()), (true, false));
    }
}
