//! Who counts among those a message was sent to.

use hubwire::services::details::Status;
use hubwire::services::messages::{Mark, Place};

use super::{posted, read, receipt, seen, through};
use crate::support::{Store, principal};

#[tokio::test]
async fn who_joins_later_is_none_of_those_a_message_was_sent_to() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let ids = posted(&store, &group, "ann", 1).await;
        store.add("ann", &group, &["cat"]).await.unwrap();
        let sent = receipt(Status::Sent, None, None);
        assert_eq!(seen(&store, &group, "ann").await, [sent], "neither of them read it");
        let messages = &store.services.messages;
        let receipts = messages.receipts(&principal("ann"), &ids[0]).await.unwrap();
        assert_eq!((receipts.read_count, receipts.member_count), (0, 1));

        read(&store, "bob", &through(&ids[0])).await;
        assert_eq!(seen(&store, &group, "ann").await[0].status, Status::Read);
        posted(&store, &group, "ann", 1).await;
        assert_eq!(seen(&store, &group, "ann").await[1], sent);
        read(&store, "bob", &Mark::at(Place::Conversation(group.id.to_string()))).await;
        assert_eq!(
            seen(&store, &group, "ann").await[1],
            sent,
            "the newcomer counts from now on"
        );
    }
}

#[tokio::test]
async fn removing_a_conversation_from_the_list_reads_nothing() {
    for store in Store::each().await {
        let direct = store.direct("ann", "bob").await;
        posted(&store, &direct, "ann", 1).await;
        let id = direct.id.to_string();
        store
            .services
            .conversations
            .leave(&principal("bob"), &id)
            .await
            .unwrap();
        assert_eq!(seen(&store, &direct, "ann").await, [receipt(Status::Sent, None, None)]);
    }
}
