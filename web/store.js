// Everything the page knows: conversations, and for each its messages. A message has one place here
// however often and by whichever way it arrives; views are told after every change.

export function createStore(me) {
  const conversations = new Map();
  const listeners = new Set();
  const seen = readSeen(me.id);
  let openId = null, scheduled = false;

  // One drawing for any number of changes at once.
  function changed() {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => { scheduled = false; for (const listener of listeners) listener(); });
  }

  // `isLoaded`: the newest page is here. `gapAfter`: the last message that was here when the connection was lost.
  const blank = (id) => ({ id, entries: new Map(), keys: new Map(), typists: new Map(), isLoaded: false, hasEarlier: true, gapAfter: null });

  // The connection is lost: what is said from now on is missing here.
  function markGaps() {
    for (const conversation of conversations.values()) conversation.gapAfter ??= newestId(conversation);
  }

  // Forgets what is stored of a conversation, to load it anew when it is opened; what is still to be sent stays.
  function unload(conversation) {
    const drafts = timeline(conversation).filter((e) => e.draft);
    Object.assign(conversation, { ...blank(conversation.id), typists: conversation.typists, entries: new Map(drafts.map((e) => [e.key, e])) });
    changed();
  }


  // What the server says about a conversation; the messages here stay.
  function putConversation(details) {
    const id = details.conversationId;
    const known = conversations.get(id) ?? blank(id);
    conversations.set(id, Object.assign(known, { details }));
    changed();
    return known;
  }

  // Adds or renews one stored message. One that this window sent takes the place of its own draft, found by
  // `clientMessageId`; everything else is found by its id.
  function putMessage(message) {
    const conversation = conversations.get(message.conversationId);
    if (!conversation) return false;
    const { entries, keys } = conversation;
    const draft = message.clientMessageId && entries.has(message.clientMessageId) ? message.clientMessageId : null;
    const key = keys.get(message.id) ?? draft ?? message.id;
    const isNew = !keys.has(message.id);
    keys.set(message.id, key);
    entries.set(key, { key, message, state: 'sent' });
    changed();
    return isNew;
  }

  // A message that has just been said: it also moves its conversation up and may count as unread.
  function hear(message) {
    const isNew = putMessage(message);
    const conversation = conversations.get(message.conversationId);
    if (!conversation) return false;
    const { details } = conversation;
    if (!details.lastMessage || details.lastMessage.seq < message.seq) {
      details.lastMessage = message;
      details.updatedAt = message.createdAt;
    }
    if (isNew && message.senderId !== me.id) details.unreadCount = (details.unreadCount ?? 0) + 1;
    conversation.typists.delete(message.senderId);
    if (openId === message.conversationId && !document.hidden) markSeen(conversation);
    return true;
  }

  // A draft is shown at once, before the server has it.
  function putDraft(conversationId, draft) {
    conversations.get(conversationId)?.entries.set(draft.clientMessageId, {
      key: draft.clientMessageId, draft, state: 'sending',
      message: { ...draft, senderId: me.id, senderName: me.fullName, createdAt: new Date().toISOString() },
    });
    changed();
  }

  function draftState(conversationId, clientMessageId, state, problem = '') {
    const entry = conversations.get(conversationId)?.entries.get(clientMessageId);
    if (entry?.draft) { Object.assign(entry, { state, problem }); changed(); }
  }

  // Stored messages by their number in the conversation, then what is still on its way.
  function timeline(conversation) {
    const entries = [...conversation.entries.values()];
    return [...entries.filter((e) => !e.draft).sort((a, b) => a.message.seq - b.message.seq), ...entries.filter((e) => e.draft)];
  }

  const newestId = (conversation) => timeline(conversation).findLast((e) => !e.draft)?.message.id ?? null;

  // What a window has shown is read, whatever the server counts.
  function unread({ details, id }) {
    const last = details.lastMessage;
    if (!last || last.senderId === me.id) return 0;
    return Math.max(0, Math.min(details.unreadCount ?? 0, last.seq - (seen[id] ?? 0)));
  }

  function markSeen(conversation) {
    const last = conversation.details.lastMessage;
    if (!last || seen[conversation.id] >= last.seq) return;
    seen[conversation.id] = last.seq;
    localStorage.setItem(`hubwire.seen.${me.id}`, JSON.stringify(seen));
    changed();
  }

  function typing({ conversationId, userId, userName, isTyping }) {
    const typists = conversations.get(conversationId)?.typists;
    if (!typists || userId === me.id) return;
    clearTimeout(typists.get(userId)?.timer);
    typists.delete(userId);
    // The server ends what nobody ends; this is for a server that vanished meanwhile.
    if (isTyping) typists.set(userId, { name: userName, timer: setTimeout(() => { typists.delete(userId); changed(); }, 12_000) });
    changed();
  }

  function status({ conversationId, messageId, status }) {
    const conversation = conversations.get(conversationId);
    const entry = conversation?.entries.get(conversation.keys.get(messageId));
    if (entry) { entry.message.status = status; changed(); }
  }

  const byActivity = (a, b) => Number(b.details.isPinned) - Number(a.details.isPinned) || (a.details.updatedAt < b.details.updatedAt ? 1 : -1);

  return {
    me,
    subscribe: (listener) => listeners.add(listener),
    changed, markGaps, unload, putConversation, putMessage, hear, putDraft, draftState, timeline, unread, typing, status,
    list: () => [...conversations.values()].sort(byActivity),
    get: (id) => conversations.get(id),
    opened: () => conversations.get(openId) ?? null,
    open(id) { openId = id; const conversation = conversations.get(id); if (conversation) markSeen(conversation); changed(); },
    markOpenSeen() { const conversation = conversations.get(openId); if (conversation) markSeen(conversation); },
    oldestId: (conversation) => timeline(conversation).find((e) => !e.draft)?.message.id,
    drafts: (conversation) => timeline(conversation).filter((e) => e.draft),
  };
}

function readSeen(userId) {
  try { return JSON.parse(localStorage.getItem(`hubwire.seen.${userId}`)) ?? {}; } catch { return {}; }
}

// What a conversation is called: a group by its name, a direct one by the other person.
export function titleOf(details, me) {
  if (details.type === 'group') return details.name || 'Group';
  const other = otherOf(details, me);
  return other?.fullName ?? 'Conversation';
}

export const otherOf = (details, me) => details.participants.find((p) => p.userId !== me.id);
