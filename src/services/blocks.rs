//! Who wants to hear no more from whom. Between the two there are no direct messages, either way, and neither sees
//! whether the other is here; in groups nothing else changes.

use std::sync::Arc;

use entities::user_id::UserId;
use entities::{block, person};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait};

use crate::database::Database;
use crate::log::Log;
use crate::log::writer::changes::SetBlock;
use crate::services::details::Person;
use crate::services::paging::{self, Page, PageRequest};
use crate::services::people::People;
use crate::services::presence::Presence;
use crate::services::{Error, Principal, Settings, UnknownPeople};

/// The people somebody has blocked. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blocks {
    database: Database,
    log: Log,
    people: People,
    presence: Presence,
    settings: Arc<Settings>,
}

impl Blocks {
    pub(crate) fn new(
        database: Database,
        log: Log,
        people: People,
        presence: Presence,
        settings: Arc<Settings>,
    ) -> Self {
        Self {
            database,
            log,
            people,
            presence,
            settings,
        }
    }

    /// The caller blocks somebody, or does no longer. The same again changes nothing. Returns whom.
    pub async fn set(&self, principal: &Principal, other: &str, is_blocked: bool) -> Result<Person, Error> {
        let other: UserId = other.parse().map_err(|_| Error::no_person())?;
        if other == principal.user_id {
            return Err(Error::invalid("userId", "must be somebody else"));
        }
        self.people.shared(principal).await?;
        let set = SetBlock {
            user: principal.user_id.clone(),
            other: other.clone(),
            is_blocked,
            create_unknown: self.settings.unknown_people == UnknownPeople::Create,
        };
        let (writer, presence) = (self.log.writer.clone(), self.presence.clone());
        // To the end, even if who asked goes away meanwhile: nobody else would tell the two.
        let done = tokio::spawn(async move {
            let (user, other) = (set.user.clone(), set.other.clone());
            if writer.change(set).await? {
                presence.reconsider(user, other).await;
            }
            Ok::<_, Error>(())
        });
        done.await.unwrap_or(Err(Error::Internal))?;
        let person = self.people.find(&other).await?;
        Ok(person.unwrap_or_else(|| Person::placeholder(other)))
    }

    /// Whom the caller has blocked, the latest first.
    pub async fn list(&self, principal: &Principal, page: &PageRequest) -> Result<Page<Person>, Error> {
        let window = page.offsets()?;
        self.people.shared(principal).await?;
        let query = person::Entity::find()
            .join(JoinType::InnerJoin, block::Relation::Blocked.def().rev())
            .filter(block::Column::UserId.eq(&principal.user_id));
        let read = &self.database.read;
        let total = paging::total(query.clone(), read).await?;
        let (_, placement) = window.slice(1, total);
        let listed = query.order_by_desc(block::Column::At).order_by_asc(person::Column::Id);
        let rows = window.of(listed).all(read).await?;
        Ok(Page {
            items: rows.into_iter().map(Person::from).collect(),
            pagination: placement.pagination(None),
        })
    }
}
