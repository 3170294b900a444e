// What the hub says, as changes of the store: one handler for each event the page cares about.

// `renew(conversationId)` asks the server for a conversation; `fill(conversation)` for messages it must have missed;
// `recount(conversation)` how far one's own messages in a group have come; `isSeen(conversationId)` whether somebody
// looks at its newest messages just now.
export function eventHandlers(store, { renew, fill, recount, received, isSeen, reacted, pinned }) {
  const { me } = store;

  async function hear(message) {
    if (!store.hear(message, isSeen(message.conversationId))) { await renew(message.conversationId); store.hear(message, true); }
  }

  function members(conversationId, change) {
    store.changeConversation(conversationId, ({ participants }) => ({ participants: change(participants) }));
  }
  const without = (participants, userId) => participants.filter((one) => one.userId !== userId);

  // Read here or in another window of one's own.
  function read({ conversationId, userId, lastReadMessageId, messageId }) {
    const conversation = store.get(conversationId);
    if (!conversation || userId !== me.id) return;
    const isAll = [lastReadMessageId, messageId].includes(conversation.details.lastMessage?.id);
    if (isAll) store.changeConversation(conversationId, () => ({ unreadCount: 0 })); else renew(conversationId);
  }

  return {
    ReceiveMessage: hear,
    MessageEdited: ({ id, conversationId, newContent, mentions, editedAt }) => store.patchMessage(conversationId, id, () => ({ content: newContent, mentions, editedAt, isEdited: true })),
    MessageDeleted: ({ messageId, conversationId }) => {
      store.patchMessage(conversationId, messageId, () => ({ isDeleted: true, content: '', attachments: [], media: null, reactionSummary: {} }));
      pinned(conversationId);
    },
    MessageReaction: (event) => {
      store.patchMessage(event.conversationId, event.messageId, () => ({ reactionSummary: event.reactionSummary }), false);
      reacted(event);
    },
    MessagePinned: ({ messageId, conversationId, isPinned }) => {
      store.patchMessage(conversationId, messageId, () => ({ isPinned }), false);
      pinned(conversationId);
    },
    // In a group the status is the lowest over the others, which only the server knows.
    MessageStatus: ({ data: { conversationId, messageId, status } }) => {
      received(conversationId);
      const conversation = store.get(conversationId);
      if (conversation?.details.type === 'group' && status !== 'sent') return recount(conversation);
      const rank = ['sent', 'delivered', 'read'];
      return store.patchMessage(conversationId, messageId, (message) => (rank.indexOf(status) > rank.indexOf(message.status) ? { status } : {}), false);
    },
    MessageRead: read,
    MessagesRead: read,
    UserTyping: store.typing,
    UserPresenceChanged: store.putPresence,

    NewConversation: store.putConversation,
    // Something changed for me alone, or more was missed than is replayed.
    ConversationUpdated: async ({ conversationId }) => { await renew(conversationId); fill(store.get(conversationId)); },
    ConversationDeleted: ({ conversationId }) => store.removeConversation(conversationId),
    GroupUpdated: store.putConversation,
    AddedToGroup: ({ conversationId }) => renew(conversationId),
    RemovedFromGroup: ({ conversationId }) => store.removeConversation(conversationId),
    MemberAdded: ({ conversationId, userId, member }) => members(conversationId, (all) => [...without(all, userId), member]),
    MemberRemoved: ({ conversationId, userId }) => members(conversationId, (all) => without(all, userId)),
    MemberRoleChanged: ({ conversationId, userId, member }) => members(conversationId, (all) => all.map((one) => (one.userId === userId ? { ...one, ...member } : one))),
    // The conversations say the same one by one.
    UnreadCountUpdated: () => {},
  };
}
