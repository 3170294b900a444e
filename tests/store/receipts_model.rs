//! Whatever happens, the unread count is the count over the rows, and every receipt is what a row for every message
//! and member would say.

use std::collections::HashMap;
use std::time::Duration;

use entities::ids::{EventId, Seq};
use entities::moves::Kind;
use entities::{member, message, moves};
use hubwire::services::Error;
use hubwire::services::details::{ConversationDetails, Receipt, Status};
use hubwire::services::messages::{Mark, Named, Place};
use hubwire::services::paging::PageRequest;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::support::{Store, principal, to};

const PEOPLE: [&str; 3] = ["ann", "bob", "cat"];

/// What may happen. Places count back from the newest.
#[derive(Clone, Debug)]
enum Step {
    Post(usize),
    Delete(usize),
    Read(usize, usize),
    Receive(usize, usize),
    Prove(usize, usize, usize),
    Hide(usize),
    Leave(usize),
    /// With the history, or from then on.
    Join(usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..PEOPLE.len();
    let back = || 0..6_usize;
    prop_oneof![
        6 => who().prop_map(Step::Post),
        1 => back().prop_map(Step::Delete),
        3 => (who(), back()).prop_map(|(who, back)| Step::Read(who, back)),
        2 => (who(), back()).prop_map(|(who, back)| Step::Receive(who, back)),
        2 => (who(), back(), back()).prop_map(|(who, one, other)| Step::Prove(who, one, other)),
        1 => who().prop_map(Step::Hide),
        1 => who().prop_map(Step::Leave),
        1 => (who(), any::<bool>()).prop_map(|(who, all)| Step::Join(who, all)),
    ]
}

/// When each message was covered for each member.
type Covered = HashMap<(Kind, &'static str, i64), i64>;

struct Model<'a> {
    store: &'a Store,
    group: ConversationDetails,
    covered: Covered,
}

impl Model<'_> {
    async fn rows(&self) -> Vec<message::Model> {
        message::Entity::find()
            .filter(message::Column::Conversation.eq(self.group.number))
            .order_by_asc(message::Column::Seq)
            .all(&self.store.database.read)
            .await
            .unwrap()
    }

    /// Who belongs to it, by the rows.
    async fn members(&self) -> Vec<member::Model> {
        member::Entity::find()
            .filter(member::Column::Conversation.eq(self.group.number))
            .filter(member::Column::UntilEvent.is_null())
            .all(&self.store.database.read)
            .await
            .unwrap()
    }

    async fn member(&self, user: &str) -> Option<member::Model> {
        self.members()
            .await
            .into_iter()
            .find(|row| row.user_id.as_str() == user)
    }

    async fn update(&self, row: &member::Model, column: member::Column, value: i64) {
        member::Entity::update_many()
            .col_expr(column, Expr::value(value))
            .filter(member::Column::Number.eq(row.number))
            .exec(&self.store.database.write)
            .await
            .unwrap();
    }

    async fn take(&mut self, step: &Step) {
        self.store.clock.advance(Duration::from_millis(5));
        let rows = self.rows().await;
        let newest = rows.last().map_or(0, |row| row.seq.0);
        let at = |back: usize| Ord::max(newest - i64::try_from(back).unwrap(), 1);
        match *step {
            Step::Post(who) => {
                if self.member(PEOPLE[who]).await.is_some() {
                    self.store.post(PEOPLE[who], to(&self.group), "hello").await.unwrap();
                }
            }
            Step::Delete(back) => {
                message::Entity::update_many()
                    .col_expr(message::Column::DeletedAt, Expr::value(self.store.clock.now()))
                    .filter(message::Column::Conversation.eq(self.group.number))
                    .filter(message::Column::Seq.eq(at(back)))
                    .exec(&self.store.database.write)
                    .await
                    .unwrap();
            }
            Step::Read(who, back) if newest > 0 => self.mark(Kind::Read, PEOPLE[who], at(back), &rows).await,
            Step::Receive(who, back) if newest > 0 => self.mark(Kind::Delivered, PEOPLE[who], at(back), &rows).await,
            Step::Prove(who, one, other) if newest > 0 => {
                let user = PEOPLE[who];
                let (first, last) = (Ord::min(at(one), at(other)), Ord::max(at(one), at(other)));
                let person = self.store.services.people.seen(&principal(user)).await.unwrap();
                let messages = &self.store.services.messages;
                let proven = messages
                    .delivered(&person.id, self.group.number, Seq(first), Seq(last))
                    .await;
                match self.member(user).await {
                    // Nobody is told anything of who is gone.
                    None => assert_eq!(proven, Ok(())),
                    Some(member) => self.cover(Kind::Delivered, user, &member, first, last, &rows),
                }
            }
            Step::Read(..) | Step::Receive(..) | Step::Prove(..) => {}
            Step::Hide(who) => {
                if let Some(row) = self.member(PEOPLE[who]).await {
                    self.update(&row, member::Column::VisibleFromSeq, newest + 1).await;
                    self.update(&row, member::Column::ReadSeq, newest).await;
                }
            }
            Step::Leave(who) => {
                if let Some(row) = self.member(PEOPLE[who]).await {
                    self.update(&row, member::Column::UntilEvent, self.store.events() + 1)
                        .await;
                }
            }
            Step::Join(who, all) => self.join(PEOPLE[who], newest, if all { 1 } else { newest + 1 }).await,
        }
    }

    async fn join(&self, user: &str, newest: i64, visible_from: i64) {
        if self.member(user).await.is_some() {
            return;
        }
        let former = member::Entity::find()
            .filter(member::Column::Conversation.eq(self.group.number))
            .filter(member::Column::UserId.eq(user))
            .one(&self.store.database.read)
            .await
            .unwrap()
            .unwrap();
        let row = member::Model {
            from_event: EventId(self.store.events() + 1),
            until_event: None,
            visible_from_seq: Seq(visible_from),
            read_seq: Seq(newest),
            joined_seq: Some(Seq(newest)),
            ..former
        };
        let mut row = row.into_active_model().reset_all();
        row.number = ActiveValue::NotSet;
        row.insert(&self.store.database.write).await.unwrap();
    }

    async fn mark(&mut self, kind: Kind, user: &'static str, last: i64, rows: &[message::Model]) {
        let mark = Mark {
            place: Place::Conversation(self.group.id.to_string()),
            messages: Some(Named {
                field: "messageIds",
                ids: vec![rows[usize::try_from(last - 1).unwrap()].id.to_string()],
            }),
        };
        let before = self.member(user).await;
        let received = self
            .covered
            .keys()
            .filter(|(of, who, _)| (*of, *who) == (Kind::Delivered, user));
        let received = received.map(|(_, _, seq)| *seq).max().unwrap_or(0);
        let messages = &self.store.services.messages;
        let marked = match kind {
            Kind::Read => messages.mark_read(&principal(user), &mark).await,
            Kind::Delivered => messages.mark_delivered(&principal(user), &mark).await,
        };
        let Some(before) = before else {
            assert_eq!(marked, Err(Error::NotAParticipant));
            return;
        };
        if before.visible_from_seq.0 > last {
            assert!(matches!(marked, Err(Error::Invalid { .. })), "{marked:?}");
            return;
        }
        let marked = marked.unwrap();
        let first = if kind == Kind::Delivered { received + 1 } else { 1 };
        self.cover(kind, user, &before, first, last, rows);
        let pointer = self.member(user).await.unwrap().read_seq.0;
        let is_seen = pointer >= before.visible_from_seq.0;
        let last_read = usize::try_from(pointer - 1).ok().map(|place| rows[place].id);
        assert_eq!(marked.last_read, last_read.filter(|_| is_seen));
        assert_eq!(marked.unread_count, count(&self.member(user).await.unwrap(), rows));
    }

    /// What a row for every message would become: all that is new, if anything of others is.
    fn cover(
        &mut self,
        kind: Kind,
        user: &'static str,
        before: &member::Model,
        first: i64,
        last: i64,
        rows: &[message::Model],
    ) {
        let first = [first, before.read_seq.0 + 1, before.visible_from_seq.0]
            .into_iter()
            .max()
            .unwrap();
        let new: Vec<_> = rows
            .iter()
            .filter(|row| row.seq.0 >= first && row.seq.0 <= last)
            .filter(|row| !self.covered.contains_key(&(kind, user, row.seq.0)))
            .collect();
        if new
            .iter()
            .any(|row| row.sender_id.as_str() != user && row.deleted_at.is_none())
        {
            let at = self.store.clock.now();
            self.covered.extend(new.iter().map(|row| ((kind, user, row.seq.0), at)));
        }
    }

    fn receipt(&self, message: &message::Model, members: &[member::Model]) -> Receipt {
        let others: Vec<_> = members
            .iter()
            .filter(|member| member.user_id != message.sender_id && member.visible_from_seq <= message.seq)
            .filter_map(|member| {
                let user = PEOPLE
                    .into_iter()
                    .find(|user| *user == member.user_id.as_str())
                    .unwrap();
                let at = |kind| self.covered.get(&(kind, user, message.seq.0)).copied();
                let read_at = at(Kind::Read);
                let delivered_at = at(Kind::Delivered).or(read_at);
                let status = if read_at.is_some() {
                    Status::Read
                } else if delivered_at.is_some() {
                    Status::Delivered
                } else {
                    Status::Sent
                };
                let was_sent = Some(message.seq) > member.joined_seq || status > Status::Sent;
                was_sent.then_some((status, delivered_at, read_at))
            })
            .collect();
        let status = others.iter().map(|one| one.0).min().unwrap_or_default();
        let delivered_at = others.iter().filter_map(|one| one.1).max();
        let read_at = others.iter().filter_map(|one| one.2).max();
        Receipt {
            status,
            delivered_at: delivered_at.filter(|_| status >= Status::Delivered),
            read_at: read_at.filter(|_| status == Status::Read),
        }
    }

    async fn check(&self) {
        let (rows, members) = (self.rows().await, self.members().await);
        let services = &self.store.services;
        for member in &members {
            let viewer = principal(member.user_id.as_str());
            let expected = count(member, &rows);
            let shown = services
                .conversations
                .view_for(&viewer.user_id, self.group.number)
                .await;
            assert_eq!(shown.unwrap().unwrap().unread_count, expected, "{}", viewer.user_id);
            let all = services
                .conversations
                .list(&viewer, &PageRequest::default(), true)
                .await
                .unwrap();
            let sum: i64 = all.items.iter().map(|one| one.unread_count).sum();
            if all.items.len() < 50 {
                assert_eq!(services.conversations.unread_total(&viewer.user_id).await.unwrap(), sum);
            }
            let page = PageRequest {
                take: Some("100".into()),
                ..PageRequest::default()
            };
            let page = services
                .messages
                .page(&viewer, &self.group.id.to_string(), &page)
                .await
                .unwrap();
            for message in page.items {
                let row = &rows[usize::try_from(message.seq.0 - 1).unwrap()];
                assert_eq!(
                    message.receipt,
                    self.receipt(row, &members),
                    "{} for {}",
                    row.seq,
                    viewer.user_id
                );
            }
        }
        let moves = moves::Entity::find().filter(moves::Column::Conversation.eq(self.group.number));
        let mut places = HashMap::new();
        for row in moves.all(&self.store.database.read).await.unwrap() {
            for seq in row.from_seq.0..=row.up_to_seq.0 {
                let twice = places.insert((row.kind, row.user_id.clone(), seq), row.number);
                assert_eq!(twice, None, "intervals never overlap: {row:?}");
            }
        }
        assert_eq!(places.len(), self.covered.len());
    }
}

/// The unread messages of a member, one by one.
fn count(member: &member::Model, rows: &[message::Model]) -> i64 {
    let unread = rows.iter().filter(|row| {
        row.seq > member.read_seq
            && row.seq >= member.visible_from_seq
            && row.sender_id != member.user_id
            && row.deleted_at.is_none()
    });
    i64::try_from(unread.count()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_and_receipts_agree_with_the_model_whatever_happens() {
    for store in Store::each().await {
        let handle = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| {
            let mut runner = TestRunner::new(Config {
                cases: 12,
                max_shrink_iters: 200,
                failure_persistence: None,
                ..Config::default()
            });
            let play = |steps: &[Step]| {
                handle.block_on(async {
                    let mut model = Model {
                        group: store.group("ann", &["bob", "cat"]).await,
                        store: &store,
                        covered: Covered::new(),
                    };
                    for (turn, step) in steps.iter().enumerate() {
                        model.take(step).await;
                        if turn % 8 == 7 {
                            model.check().await;
                        }
                    }
                    model.check().await;
                });
            };
            // What went wrong once: of two gaps one held only the person's own message.
            let gaps = [Step::Prove(2, 2, 1), Step::Prove(2, 3, 0)];
            let posts = [2, 0, 0, 0].map(Step::Post);
            play(&[&posts[..], &gaps].concat());
            runner
                .run(&prop::collection::vec(step(), 1..40), |steps| {
                    play(&steps);
                    Ok(())
                })
                .unwrap();
        });
    }
}
