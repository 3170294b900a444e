//! Strangers do not learn that a conversation exists; former members learn that it is over.

use entities::ids::EventId;
use entities::member;
use hubwire::services::Error;
use hubwire::services::messages::Target;
use hubwire::services::paging::PageRequest;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::support::{Store, principal, to};

#[tokio::test]
async fn strangers_find_nothing() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let message = store.post("ann", to(&group), "secret").await.unwrap().message;
        let (cat, services) = (principal("cat"), &store.services);
        let page = PageRequest::default();
        for reference in [
            group.id.to_string(),
            group.number.to_string(),
            "nonsense".into(),
            "-1".into(),
            String::new(),
        ] {
            let errors = [
                services.conversations.find(&cat, &reference).await.unwrap_err(),
                services.conversations.resolve(&cat, &reference).await.unwrap_err(),
                services.conversations.group(&cat, &reference).await.unwrap_err(),
                services.messages.page(&cat, &reference, &page).await.unwrap_err(),
                services.typing.set(&cat, &reference, true).await.unwrap_err(),
                store
                    .post("cat", Target::Conversation(reference.clone()), "x")
                    .await
                    .unwrap_err(),
            ];
            for error in errors {
                assert_eq!(error, Error::NotFound("Conversation not found".into()), "{reference}");
            }
        }
        for reference in [message.id.to_string(), message.number.to_string(), "nonsense".into()] {
            let error = services.messages.find(&cat, &reference).await.unwrap_err();
            assert_eq!(error, Error::NotFound("Message not found".into()));
        }
        assert_eq!(
            services
                .messages
                .find(&principal("bob"), &message.id.to_string())
                .await
                .unwrap()
                .content,
            "secret"
        );
        assert!(
            services
                .conversations
                .view_for(&cat.user_id, group.number)
                .await
                .unwrap()
                .is_none()
        );
    }
}

#[tokio::test]
async fn former_members_are_no_participants() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let message = store.post("ann", to(&group), "hello").await.unwrap();
        let (from, until) = (message.event.unwrap(), EventId(message.event.unwrap().0 + 1));
        // Leaving comes with a later change; its row is what counts.
        member::Entity::update_many()
            .col_expr(member::Column::UntilEvent, Expr::value(until.0))
            .filter(member::Column::Conversation.eq(group.number))
            .filter(member::Column::UserId.eq("bob"))
            .exec(&store.database.write)
            .await
            .unwrap();
        let store = store.restart().await;
        let (bob, services, reference) = (principal("bob"), &store.services, group.id.to_string());
        let errors = [
            services.conversations.find(&bob, &reference).await.unwrap_err(),
            services
                .messages
                .page(&bob, &reference, &PageRequest::default())
                .await
                .unwrap_err(),
            services
                .messages
                .find(&bob, &message.message.id.to_string())
                .await
                .unwrap_err(),
            services.typing.set(&bob, &reference, true).await.unwrap_err(),
            store.post("bob", to(&group), "x").await.unwrap_err(),
            store.post("bob", Target::Positional(reference), "x").await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error, Error::NotAParticipant);
        }
        let membership = store.log.members.of(group.number).await.unwrap().unwrap();
        assert!(membership.at(from).any(|member| member.user == bob.user_id));
        assert!(!membership.at(until).any(|member| member.user == bob.user_id));
        assert!(services.conversations.joined(&bob.user_id).await.unwrap().is_empty());
    }
}
