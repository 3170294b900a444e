//! What other servers on the same database say, passed on to the services that keep something of it in memory.

use std::time::Duration;

use tokio::sync::broadcast::{Receiver, error::RecvError};
use uuid::Uuid;

use super::limits::Allowances;
use super::people::People;
use super::presence::Presence;
use super::typing::Typing;
use super::{Error, Services};
use crate::log::Log;
use crate::log::others::Heard;
use crate::log::words::Word;

/// How long to wait when the database cannot be read.
const RETRY: Duration = Duration::from_secs(1);

/// Listens until the log is closed, where there can be other servers.
pub(super) fn listen(services: &Services, log: &Log) {
    if let Some(words) = log.others.listen() {
        let listener = Listener {
            people: services.people.clone(),
            typing: services.typing.clone(),
            presence: services.presence.clone(),
            allowances: services.allowances.clone(),
            log: log.clone(),
        };
        tokio::spawn(listener.hear(words));
    }
}

struct Listener {
    people: People,
    typing: Typing,
    presence: Presence,
    allowances: Allowances,
    log: Log,
}

impl Listener {
    async fn hear(self, mut words: Receiver<Heard>) {
        loop {
            let understood = match words.recv().await {
                Ok(Heard::Said { by, words }) => self.understand(by, &words).await.is_ok(),
                Ok(Heard::Missed) | Err(RecvError::Lagged(_)) => false,
                Ok(Heard::Over) | Err(RecvError::Closed) => return,
            };
            if !understood {
                self.read_again().await;
            }
        }
    }

    async fn understand(&self, by: Uuid, words: &[Word]) -> Result<(), Error> {
        for word in words {
            match word {
                Word::Alive => {}
                Word::Typing(typing) => self.typing.hear(typing),
                Word::Admission(user) => {
                    if !self.people.hear_admission(user).await? {
                        self.presence.silence(user);
                    }
                }
                Word::Profile(user) => self.people.hear_profile(user),
                Word::Did(user, what) => self.allowances.hear(user, *what),
                Word::Came(_) | Word::Went(..) | Word::Shows(_) | Word::Parted(..) => {
                    self.presence.hear(by, word).await?;
                }
            }
        }
        Ok(())
    }

    /// Reads what may have been said and was not heard, until it succeeds. (Of two who were parted meanwhile each is told
    /// with the next change of the other.)
    async fn read_again(&self) {
        while !self.log.writer.is_closed() {
            let read = async {
                for user in self.people.read_again().await? {
                    self.presence.silence(&user);
                }
                self.presence.read_again().await
            };
            match read.await {
                Ok(()) => return,
                Err(error) => tracing::warn!("what other servers said cannot be read: {error}"),
            }
            tokio::time::sleep(RETRY).await;
        }
    }
}
