// What was said before: pages of messages around what is shown, and everything again after a gap.

const PAGE = 30;
const LARGEST = 100;
const RECOUNT = 1000; // milliseconds between two looks at how far messages in a group have come

export function historyOf(store, api, hub) {
  const recounts = new Set();
  let jump = 0;

  async function load(conversation, range) {
    const { messages, pagination } = await hub.messages(conversation.id, { limit: PAGE, ...range });
    return { messages, hasMore: pagination.hasMore };
  }
  // The same, or null if what it was to stand beside is no longer here.
  async function beside(conversation, range) {
    const { generation } = conversation, page = await load(conversation, range);
    return generation === conversation.generation ? page : null;
  }
  const put = (messages) => { for (const message of messages) store.putMessage(message); };
  // Also what was said while the last page was on its way.
  const endsBefore = (conversation, hasMore) => hasMore || (conversation.details.lastMessage?.seq ?? 0) > (store.newest(conversation)?.message.seq ?? 0);

  // The newest page, and as much more as is unread.
  async function newest(conversation) {
    if (conversation.isLoaded || !hub.isOnline()) return;
    if (conversation.hasGap) store.unload(conversation);
    const page = await beside(conversation, { limit: Math.min(Math.max(PAGE, conversation.unreadAtOpen + 5), LARGEST) });
    if (!page) return;
    put(page.messages);
    Object.assign(conversation, { isLoaded: true, hasEarlier: page.hasMore, hasLater: false });
    store.placeDivider(conversation);
    store.changed();
  }

  async function earlier(conversation) {
    const before = store.oldest(conversation)?.message.id;
    const page = before ? await beside(conversation, { before }) : { messages: [], hasMore: false };
    if (!page) return;
    put(page.messages);
    conversation.hasEarlier = page.hasMore;
  }

  async function later(conversation) {
    const page = await beside(conversation, { after: store.newest(conversation)?.message.id });
    if (!page) return;
    put(page.messages);
    conversation.hasLater = endsBefore(conversation, page.hasMore);
    if (conversation.hasLater && !page.hasMore && page.messages.length) await later(conversation);
  }

  // Only what lies around one message: it may be far back. Of several the last that was asked for.
  async function around(conversation, messageId) {
    const mine = ++jump;
    const [before, message, after] = await Promise.all([
      load(conversation, { before: messageId, limit: PAGE / 2 }), api.message(messageId), load(conversation, { after: messageId, limit: PAGE }),
    ]);
    if (mine !== jump) return;
    store.unload(conversation);
    put([...before.messages, message, ...after.messages]);
    Object.assign(conversation, { isLoaded: true, hasEarlier: before.hasMore, hasLater: endsBefore(conversation, after.hasMore) });
  }

  async function backToNewest(conversation) {
    jump++;
    store.unload(conversation);
    await newest(conversation);
  }

  const closed = (conversation) => { Object.assign(conversation, { hasGap: false, gapAfter: null }); };

  // What was said after the last message that is here for certain.
  async function fill(conversation) {
    if (!conversation || conversation !== store.opened()) return conversation && store.unload(conversation);
    if (!conversation.isLoaded) return newest(conversation);
    const last = conversation.gapAfter ?? store.newest(conversation)?.message.id;
    if (!last || conversation.hasLater) return closed(conversation);
    conversation.gapAfter = last;
    for (let hasMore = true; hasMore;) {
      const page = await beside(conversation, { after: conversation.gapAfter, limit: LARGEST });
      if (!page) return undefined;
      put(page.messages);
      conversation.gapAfter = page.messages.at(-1)?.id ?? conversation.gapAfter;
      hasMore = page.hasMore;
    }
    return closed(conversation);
  }

  // As the server has it; null if it is no longer this person's.
  async function ask(conversationId) {
    try {
      return await api.conversation(conversationId);
    } catch (error) {
      if ([403, 404].includes(error.status)) return null;
      throw error;
    }
  }

  async function renew(conversationId) {
    const details = await ask(conversationId).catch(() => undefined);
    if (details) return store.putConversation(details);
    if (details === null) store.removeConversation(conversationId);
    return null;
  }

  // The list, all of it. What is not in it was left or removed, or moved up between two pages: it is asked for itself.
  // What was heard of meanwhile is newer than the list.
  async function conversations() {
    const known = store.list().map(({ id }) => id), found = new Set();
    for (let hasMore = true; hasMore;) {
      const { data, pagination } = await api.conversations(found.size);
      for (const details of data) { found.add(details.conversationId); store.putConversation(details); }
      hasMore = pagination.hasMore && data.length > 0;
    }
    for (const id of known) {
      if (found.has(id)) continue;
      const hadMessages = store.get(id)?.details.lastMessage, details = await ask(id);
      // A direct one that was deleted is empty until its next message.
      if (!details || (hadMessages && !details.lastMessage)) store.removeConversation(id); else store.putConversation(details);
    }
  }

  // After a gap: the list, and what was said in the open conversation meanwhile; the others are loaded when they are
  // opened. Everything is kept by its id, so what arrives twice is shown once.
  async function catchUp() {
    await conversations();
    const open = store.opened();
    for (const conversation of store.list()) if (conversation.hasGap && (conversation !== open || !conversation.gapAfter)) store.unload(conversation);
    if (open) await fill(open);
  }

  // Once in a while, however many events ask for it.
  function recount(conversation) {
    if (recounts.has(conversation.id)) return;
    recounts.add(conversation.id);
    setTimeout(async () => {
      recounts.delete(conversation.id);
      if (!conversation.isLoaded || conversation.hasLater || !hub.isOnline()) return;
      const { messages } = await load(conversation, {}).catch(() => ({ messages: [] }));
      for (const { id, status } of messages) store.patchMessage(conversation.id, id, () => ({ status }), false);
    }, RECOUNT);
  }

  return { newest, earlier, later, around, backToNewest, fill, renew, conversations, catchUp, recount };
}
