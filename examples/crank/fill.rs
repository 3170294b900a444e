//! Fills a database as if people had talked for years, in minutes: what history, lists and search are measured on.
//!
//! `person-0` belongs to every conversation: number 1 is a group of fifty, every tenth one a group of ten, the others are
//! direct ones. Half of the messages are in number 1, the rest is spread evenly. Everybody has read everything in a
//! hundred moves a conversation, `person-0` all but the newest twenty messages. The log has no events of all this.

pub(crate) mod text;

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;
use hubwire::clock::Clock;
use hubwire::database::{Database, Options};
use hubwire::log::Log;
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait, Value};
use tokio::time::Instant;

use self::text::Text;

/// Rows of one statement.
const PORTION: u64 = 10_000;
/// Members of conversation 1, and of the other groups.
const LARGE: u64 = 50;
const SMALL: u64 = 10;
/// How often everybody said that they had read a conversation.
const MOVES: u64 = 100;
/// 2026-01-01T00:00:00Z; a message is said every 100 ms.
const EPOCH: u64 = 1_767_225_600_000;

#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Fill {
    /// `sqlite://…` or `postgres://…`, with nothing in it yet.
    #[arg(long)]
    database: String,
    #[arg(long, default_value_t = 1_000)]
    conversations: u64,
    #[arg(long, default_value_t = 10_000)]
    messages: u64,
    /// SQLite: messages are not found by their words, which saves most of the time.
    #[arg(long)]
    unsearched: bool,
}

pub(crate) async fn run(fill: &Fill) -> Result<()> {
    ensure!(fill.conversations >= 2, "--conversations is at least 2");
    let began = Instant::now();
    let database = Database::open(&Options {
        busy_timeout: Duration::from_secs(60),
        ..Options::new(&fill.database)
    })
    .await?;
    // Makes the row that numbers are taken from.
    Log::open(&database, &Clock::system()).await?.close().await;
    let filling = Filling { fill, database };
    filling.settings().await?;
    filling.people().await?;
    filling.messages().await?;
    filling.receipts().await?;
    filling.finish().await?;
    let Filling { database, .. } = filling;
    database.close().await?;
    println!("{} messages in {:.1} s", fill.messages, began.elapsed().as_secs_f64());
    Ok(())
}

struct Filling<'a> {
    fill: &'a Fill,
    database: Database,
}

impl Filling<'_> {
    fn is_sqlite(&self) -> bool {
        self.database.backend() == DbBackend::Sqlite
    }

    async fn execute(&self, sql: &str) -> Result<()> {
        let transaction = self.database.write.begin().await?;
        if !self.is_sqlite() {
            transaction
                .execute_unprepared("SET LOCAL statement_timeout = 0")
                .await?;
        }
        transaction.execute_unprepared(sql).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Nothing here has to survive a crash.
    async fn settings(&self) -> Result<()> {
        if !self.is_sqlite() {
            return Ok(());
        }
        // Not within a transaction, where it must not be changed.
        let settings = "PRAGMA synchronous = OFF; PRAGMA cache_size = -262144";
        self.database.write.execute_unprepared(settings).await?;
        if self.fill.unsearched {
            self.execute("DROP TRIGGER messages_search_insert").await?;
        }
        Ok(())
    }

    async fn people(&self) -> Result<()> {
        let conversations = self.fill.conversations;
        let people = Ord::max(conversations + 1, LARGE);
        let no = if self.is_sqlite() { "0" } else { "false" };
        for first in (0..people).step_by(100) {
            let mut rows = Vec::new();
            for person in first..Ord::min(first + 100, people) {
                rows.push(format!(
                    "('person-{person}', 'person-{person}', 'Person {person}', {no}, {EPOCH}, {EPOCH})"
                ));
            }
            self.execute(&format!(
                "INSERT INTO people (id, username, full_name, is_placeholder, created_at, updated_at) VALUES {}",
                rows.join(", ")
            ))
            .await?;
        }
        for number in 1..=conversations {
            let members = members(number);
            let (kind, name, key) = match members.as_slice() {
                [one, other] => (0, "NULL".to_owned(), format!("'person-{one}\u{1f}person-{other}'")),
                _ => (1, format!("'Group {number}'"), "NULL".to_owned()),
            };
            let last = last_seq(self.fill, number);
            let at = EPOCH + 100 * Ord::max(last, 1) * 2;
            let id = self.uuid(number, 1);
            let mut sql = format!(
                "INSERT INTO conversations (number, id, kind, name, direct_key, created_by, created_at, updated_at, \
                 last_seq, last_message_at) \
                 VALUES ({number}, {id}, {kind}, {name}, {key}, 'person-0', {EPOCH}, {at}, {last}, {at});"
            );
            for (place, person) in members.iter().enumerate() {
                let role = if place == 0 && kind == 1 { 2 } else { 0 };
                let read = if place == 0 { last.saturating_sub(20) } else { last };
                write!(
                    sql,
                    "INSERT INTO members (conversation, user_id, role, from_event, visible_from_seq, read_seq, \
                     is_muted, is_archived, is_pinned, joined_at) \
                     VALUES ({number}, 'person-{person}', {role}, 0, 1, {read}, {no}, {no}, {no}, {EPOCH});"
                )?;
            }
            self.execute(&sql).await?;
        }
        Ok(())
    }

    async fn messages(&self) -> Result<()> {
        let row = |sql: &str| sql.to_owned();
        let sql = if self.is_sqlite() {
            row(
                "INSERT INTO messages (number, id, conversation, seq, sender_id, kind, content, content_hash, created_at) \
                 SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, 0, value ->> 5, x'00', \
                 value ->> 6 FROM json_each(?)",
            )
        } else {
            row(
                "INSERT INTO messages (number, id, conversation, seq, sender_id, kind, content, content_hash, created_at) \
                 SELECT (v ->> 0)::bigint, (v ->> 1)::uuid, (v ->> 2)::bigint, (v ->> 3)::bigint, v ->> 4, 0, v ->> 5, \
                 '\\x00', (v ->> 6)::bigint FROM json_array_elements($1::json) v",
            )
        };
        let backend = self.database.backend();
        let mut text = Text::new();
        let mut heard = Instant::now();
        for first in (1..=self.fill.messages).step_by(PORTION as usize) {
            let mut rows = String::from("[");
            for number in first..Ord::min(first + PORTION, self.fill.messages + 1) {
                let (conversation, seq) = place(self.fill, number);
                let members = members(conversation);
                let sender = members[(seq % members.len() as u64) as usize];
                let at = EPOCH + number * 100;
                let comma = if rows.len() == 1 { "" } else { "," };
                write!(
                    rows,
                    "{comma}[{number},\"{:032x}\",{conversation},{seq},\"person-{sender}\",\"",
                    id(number, 2)
                )?;
                text.write(&mut rows);
                write!(rows, "\",{at}]")?;
            }
            rows.push(']');
            let transaction = self.database.write.begin().await?;
            transaction
                .execute_raw(Statement::from_sql_and_values(
                    backend,
                    sql.clone(),
                    [Value::from(rows)],
                ))
                .await?;
            transaction.commit().await?;
            if heard.elapsed() > Duration::from_secs(20) {
                println!("{first} messages");
                heard = Instant::now();
            }
        }
        // A reaction to every fiftieth message.
        self.execute(&format!(
            "INSERT INTO reactions (message, user_id, emoji, at) \
             SELECT number, sender_id, 'x', {EPOCH} FROM messages WHERE number % 50 = 0"
        ))
        .await
    }

    async fn receipts(&self) -> Result<()> {
        let numbers = if self.is_sqlite() {
            format!(
                "(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {MOVES} - 1) SELECT i FROM n)"
            )
        } else {
            format!("(SELECT generate_series(0, {MOVES} - 1) AS i)")
        };
        let step = format!("(1 + (c.last_seq - 1) / {MOVES})");
        self.execute(&format!(
            "INSERT INTO moves (conversation, user_id, kind, from_seq, up_to_seq, at) \
             SELECT p.conversation, p.user_id, k.kind, 1 + n.i * {step}, (n.i + 1) * {step}, {EPOCH} + n.i \
             FROM conversations c JOIN members p ON p.conversation = c.number \
             CROSS JOIN {numbers} n CROSS JOIN (SELECT 0 AS kind UNION ALL SELECT 1) k \
             WHERE 1 + n.i * {step} <= c.last_seq AND (p.user_id <> 'person-0' OR (n.i + 1) * {step} <= c.last_seq - 20)"
        ))
        .await
    }

    async fn finish(&self) -> Result<()> {
        let Fill {
            messages,
            conversations,
            ..
        } = self.fill;
        self.execute(&format!(
            "UPDATE log_heads SET message = {messages}, conversation = {conversations}"
        ))
        .await?;
        if !self.is_sqlite() {
            // What the database does by itself when it has time.
            return self.execute("ANALYZE").await;
        }
        if self.fill.unsearched {
            self.execute(
                "CREATE TRIGGER messages_search_insert AFTER INSERT ON messages \
                 WHEN new.kind <> 7 AND new.deleted_at IS NULL BEGIN \
                 INSERT INTO messages_search(rowid, conversation, content) \
                 VALUES (new.number, new.conversation, new.content); END",
            )
            .await?;
        }
        Ok(())
    }

    fn uuid(&self, number: u64, table: u64) -> String {
        let id = id(number, table);
        if self.is_sqlite() {
            format!("x'{id:032x}'")
        } else {
            format!("'{id:032x}'")
        }
    }
}

/// A UUID of version 7, in the order of the numbers.
fn id(number: u64, table: u64) -> u128 {
    (u128::from(EPOCH + number) << 80) | (7 << 76) | (2 << 62) | u128::from(table << 48) | u128::from(number)
}

/// Who belongs to a conversation, by number; the first made it.
fn members(conversation: u64) -> Vec<u64> {
    if conversation == 1 {
        return (0..LARGE).collect();
    }
    if conversation.is_multiple_of(10) {
        return std::iter::once(0)
            .chain((1..SMALL).map(|other| other * 5 % 49 + 1))
            .collect();
    }
    vec![0, conversation]
}

/// Conversation and place of a message.
fn place(fill: &Fill, number: u64) -> (u64, u64) {
    let half = number / 2;
    if number.is_multiple_of(2) {
        return (1, half);
    }
    let others = fill.conversations - 1;
    (2 + half % others, 1 + half / others)
}

/// How many messages a conversation has.
fn last_seq(fill: &Fill, conversation: u64) -> u64 {
    if conversation == 1 {
        return fill.messages / 2;
    }
    let others = fill.conversations - 1;
    let odd = fill.messages.div_ceil(2);
    odd / others + u64::from(conversation - 2 < odd % others)
}
