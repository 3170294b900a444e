//! A relay between a server and its PostgreSQL that goes away when it is told to. On a thread of its own, so that it
//! outlives whoever speaks through it.

use std::net::{SocketAddr, ToSocketAddrs as _};

use hubwire::config::{Config, Secret};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    runtime::Builder,
    sync::{mpsc, oneshot, watch},
};

pub(crate) struct Relay {
    orders: mpsc::Sender<(Order, oneshot::Sender<()>)>,
}

#[derive(Clone, Copy, Debug)]
enum Order {
    /// What is connected is cut, and nobody is let in.
    Away,
    /// What is connected stays so, and nothing arrives any more, as behind a firewall that forgot it.
    Silent,
    Back,
}

impl Relay {
    /// Puts one between a server and the database of its settings; `None` where that is a file.
    pub(crate) fn before(config: &mut Config) -> Option<Self> {
        let url = config.database();
        let (start, rest) = url.strip_prefix("postgres://")?.split_once('@')?;
        let (place, path) = rest.split_once('/')?;
        let place = if place.contains(':') {
            place.to_owned()
        } else {
            format!("{place}:5432")
        };
        let target = place.to_socket_addrs().unwrap().next().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        config.database_url = Some(Secret::new(format!("postgres://{start}@{address}/{path}")));
        let (orders, given) = mpsc::channel(1);
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { run(TcpListener::from_std(listener).unwrap(), target, given).await });
        });
        Some(Self { orders })
    }

    pub(crate) async fn goes_away(&self) {
        self.order(Order::Away).await;
    }

    pub(crate) async fn falls_silent(&self) {
        self.order(Order::Silent).await;
    }

    pub(crate) async fn is_back(&self) {
        self.order(Order::Back).await;
    }

    async fn order(&self, order: Order) {
        let (done, is_done) = oneshot::channel();
        self.orders.send((order, done)).await.ok().unwrap();
        is_done.await.unwrap();
    }
}

async fn run(listener: TcpListener, target: SocketAddr, mut orders: mpsc::Receiver<(Order, oneshot::Sender<()>)>) {
    let address = listener.local_addr().unwrap();
    let mut listener = Some(listener);
    let mut lines = tokio::task::JoinSet::new();
    let silent = watch::Sender::new(false);
    loop {
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await.unwrap().0,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            near = accepted => {
                lines.spawn(relay(near, target, silent.subscribe()));
            }
            order = orders.recv() => match order {
                Some((order, done)) => {
                    match order {
                        Order::Away => {
                            listener = None;
                            lines.shutdown().await;
                        }
                        Order::Silent => {
                            silent.send_replace(true);
                        }
                        Order::Back => {
                            silent.send_replace(false);
                            if listener.is_none() {
                                listener = Some(TcpListener::bind(address).await.unwrap());
                            }
                        }
                    }
                    let _ = done.send(());
                }
                None => return,
            },
        }
    }
}

async fn relay(near: TcpStream, target: SocketAddr, silent: watch::Receiver<bool>) {
    let far = TcpStream::connect(target).await.unwrap();
    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
    tokio::join!(pass(from_near, to_far, silent.clone()), pass(from_far, to_near, silent));
}

/// Passes on what arrives, once it is not to be silent.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut silent: watch::Receiver<bool>) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(size @ 1..) = from.read(&mut piece).await {
        if silent.wait_for(|silent| !silent).await.is_err() || to.write_all(&piece[..size]).await.is_err() {
            return;
        }
    }
}
