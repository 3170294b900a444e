//! Those who send: as much as the window lets them, or whenever a message is due.

use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep_until};

use super::{Broadcast, tally::Tally};
use crate::client::{Connection, Writer};

pub(super) async fn run(connection: Connection, number: usize, broadcast: Broadcast, tally: Rc<Tally>) -> Result<()> {
    let Connection { mut reader, writer, .. } = connection;
    // Answers and Pings are not for us; a socket that is read stays open.
    let reading = async {
        loop {
            reader.read(|_| {}).await?;
        }
    };
    let publisher = Publisher {
        writer,
        number,
        broadcast,
        tally,
        text: String::new(),
    };
    let publishing = async {
        match publisher.broadcast.rate {
            None => publisher.keep_the_window().await,
            Some(rate) => publisher.keep_the_rate(rate).await,
        }
    };
    tokio::select! {
        ended = reading => ended,
        ended = publishing => ended,
    }
}

struct Publisher {
    writer: Writer,
    number: usize,
    broadcast: Broadcast,
    tally: Rc<Tally>,
    text: String,
}

impl Publisher {
    async fn keep_the_window(mut self) -> Result<()> {
        while !self.tally.stops() {
            if self.tally.under_way(self.number) >= self.broadcast.window {
                self.tally.room(self.number).await;
                continue;
            }
            while self.tally.under_way(self.number) < self.broadcast.window {
                let now = self.tally.now_us();
                self.push(now)?;
            }
            self.writer.flush().await?;
        }
        Ok(())
    }

    /// All publishers together send `rate` messages a second, this one its share, evenly between the others'.
    async fn keep_the_rate(mut self, rate: u64) -> Result<()> {
        let every = Duration::from_secs(1) * self.broadcast.publishers as u32 / rate as u32;
        let offset = Duration::from_secs(1) * self.number as u32 / rate as u32;
        let (began, began_us) = (Instant::now() + offset, self.tally.now_us() + offset.as_micros() as u64);
        for turn in 0_u32.. {
            sleep_until(began + every * turn).await;
            if self.tally.stops() {
                break;
            }
            self.push(began_us + (every * turn).as_micros() as u64)?;
            self.writer.flush().await?;
        }
        Ok(())
    }

    fn push(&mut self, due_us: u64) -> Result<()> {
        let number = self.tally.publish(self.number);
        let (publisher, group) = (self.number, self.number % self.broadcast.groups);
        self.text.clear();
        write!(
            self.text,
            "{{\"type\":1,\"target\":\"ToGroup\",\"arguments\":[\"crank-{group}\",\"{publisher} {number} {due_us} {:x<1$}\"]}}",
            "", self.broadcast.size
        )?;
        self.writer.push(&self.text);
        Ok(())
    }
}
