//! Reactions: one's own come and go, everybody sees whose stand there.

use entities::{person, reaction};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Messages;
use crate::log::details;
use crate::log::writer::changes::React;
pub use crate::log::writer::command::{Action, Standing};
use crate::services::details::{Person, ReactionSummary};
use crate::services::paging::{self, Page, PageRequest};
use crate::services::{Error, Principal, content};

/// Somebody's reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    pub person: Person,
    pub emoji: String,
    /// Milliseconds since 1970, UTC.
    pub at: i64,
}

impl Messages {
    /// Reacts to a message, or takes a reaction back. What is so already is left so, and nobody is told.
    pub async fn react(
        &self,
        principal: &Principal,
        conversation: Option<&str>,
        reference: &str,
        emoji: &str,
        action: Action,
    ) -> Result<Standing, Error> {
        let emoji = content::emoji(emoji)?;
        let (row, _) = self.reach(principal, conversation, reference).await?;
        let person = self.conversations.people.seen(principal).await?;
        self.allowances.reactions.take(&principal.user_id)?;
        let react = React {
            message: row.number,
            person,
            emoji,
            action,
        };
        Ok(self.conversations.log.writer.change(react).await?)
    }

    /// Everybody's reactions to a message, in the order they came.
    pub async fn reactions(
        &self,
        principal: &Principal,
        reference: &str,
        page: &PageRequest,
    ) -> Result<Page<Reaction>, Error> {
        let (row, _) = self.reach(principal, None, reference).await?;
        let read = &self.conversations.database.read;
        let query = reaction::Entity::find().filter(reaction::Column::Message.eq(row.number));
        let window = page.offsets()?;
        let total = paging::total(query.clone(), read).await?;
        let (_, placement) = window.slice(1, total);
        let listed = query
            .find_also_related(person::Entity)
            .order_by_asc(reaction::Column::Number);
        let rows = window.of(listed).all(read).await?;
        let items = rows.into_iter().map(|(row, person)| Reaction {
            person: person.map_or_else(|| Person::placeholder(row.user_id), Person::from),
            emoji: row.emoji,
            at: row.at,
        });
        Ok(Page {
            items: items.collect(),
            pagination: placement.pagination(None),
        })
    }

    /// How often each emoji stands under a message.
    pub async fn reaction_summary(&self, principal: &Principal, reference: &str) -> Result<ReactionSummary, Error> {
        let (row, _) = self.reach(principal, None, reference).await?;
        Ok(details::summary(&self.conversations.database.read, row.number).await?)
    }
}
