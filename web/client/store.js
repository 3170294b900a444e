// Everything the page knows: conversations, for each its messages, and who is there. A message has one place here
// however often and by whichever way it arrives; views are told after every change.

const RANK = { sent: 0, delivered: 1, read: 2 };

export function createStore(me) {
  const conversations = new Map(), presence = new Map(), listeners = new Set();
  let openId = null, thread = null, scheduled = false;

  // One drawing for any number of changes at once.
  function changed() {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => { scheduled = false; for (const listener of listeners) listener(); });
  }

  // `entries` are what is shown, by key; `keys` finds the key of a message. `isLoaded`: a page of messages is here,
  // `hasEarlier` and `hasLater` say what lies around it. `hasGap`: what was said since the connection was lost is
  // missing, after the message `gapAfter` if any was here. `divider`: the first message that was unread when one came.
  // `generation`: how often all was forgotten.
  const blank = (id) => ({ id, entries: new Map(), keys: new Map(), typists: new Map(), isLoaded: false, hasEarlier: true, hasLater: false, hasGap: false, gapAfter: null, divider: null, unreadAtOpen: 0, generation: 0 });

  // What the server says about a conversation; the messages here stay. An answer may be older than what was heard.
  function putConversation(details) {
    const id = details.conversationId, known = conversations.get(id) ?? blank(id), before = known.details;
    const last = before?.lastMessage;
    if (last && last.seq > (details.lastMessage?.seq ?? 0)) details = { ...details, lastMessage: last, updatedAt: before.updatedAt, unreadCount: before.unreadCount };
    else if (last && last.id === details.lastMessage?.id) details = { ...details, lastMessage: merged(last, details.lastMessage) };
    conversations.set(id, Object.assign(known, { details }));
    changed();
    return known;
  }

  function changeConversation(id, change) {
    const conversation = conversations.get(id);
    if (conversation) Object.assign(conversation.details, change(conversation.details));
    changed();
  }

  function removeConversation(id) {
    conversations.delete(id);
    changed();
  }

  // Forgets what is stored of a conversation, to load it anew; what is still to be sent stays.
  function unload(conversation) {
    const { id, typists, divider, unreadAtOpen, generation } = conversation, kept = drafts(conversation);
    Object.assign(conversation, { ...blank(id), typists, divider, unreadAtOpen, generation: generation + 1, entries: new Map(kept.map((entry) => [entry.key, entry])) });
    changed();
  }

  // The connection is lost: what is said from now on is missing here.
  function markGaps() {
    for (const conversation of conversations.values()) Object.assign(conversation, { hasGap: true, gapAfter: conversation.gapAfter ?? newest(conversation)?.message.id ?? null });
  }

  // Adds or renews one stored message. One that this window sent takes the place of its own draft, found by
  // `clientMessageId`; everything else is found by its id. True if it was not there.
  function putMessage(message) {
    const conversation = conversations.get(message.conversationId);
    const { entries, keys } = conversation ?? blank(), { clientMessageId } = message;
    const key = keys.get(message.id) ?? (entries.has(clientMessageId) ? clientMessageId : message.id);
    const isNew = !keys.has(message.id), known = entries.get(key);
    const newer = merged(known?.message, merged(thread?.entries.get(message.id)?.message, message));
    putInThread(newer);
    if (!conversation) return false;
    keys.set(message.id, key);
    entries.set(key, { ...known, key, draft: null, upload: null, files: null, message: newer, state: 'sent' });
    changed();
    return isNew;
  }

  // An answer may come after what happened since: a deletion, an edit and a status are never taken back.
  function merged(known, message) {
    const isOlder = known && (known.isDeleted !== message.isDeleted ? known.isDeleted : (known.editedAt ?? '') > (message.editedAt ?? ''));
    const status = RANK[known?.status] > RANK[message.status] ? known.status : message.status;
    return { ...(isOlder ? known : message), status };
  }

  // A message that has just been said: it also moves its conversation up. `isSeen`: somebody is looking.
  function hear(message, isSeen) {
    const conversation = conversations.get(message.conversationId);
    if (!conversation) return false;
    const { details } = conversation, isMine = message.senderId === me.id;
    const isNewest = !details.lastMessage || details.lastMessage.seq < message.seq;
    // Far back in the history it would stand beside what is not its neighbour.
    const belongs = !conversation.hasLater || conversation.entries.has(message.clientMessageId);
    const isNew = belongs ? putMessage(message) : isNewest;
    if (isNewest) {
      if (!isMine && !isSeen) {
        if (openId === conversation.id && !details.unreadCount) conversation.divider = message.id;
        details.unreadCount = (details.unreadCount ?? 0) + 1;
      }
      Object.assign(details, { lastMessage: message, updatedAt: message.createdAt });
    }
    if (isNew && message.parentMessageId) patchMessage(message.conversationId, message.parentMessageId, (parent) => ({ replyCount: (parent.replyCount ?? 0) + 1 }), false);
    conversation.typists.delete(message.senderId);
    changed();
    return true;
  }

  // Changes a message wherever it stands: in its conversation, its thread, the list, and quoted by others.
  function patchMessage(conversationId, messageId, change, isQuoted = true) {
    const conversation = conversations.get(conversationId);
    for (const entries of [conversation?.entries, thread?.conversationId === conversationId ? thread.entries : null]) {
      for (const [key, entry] of entries ?? []) {
        const { message } = entry;
        if (message.id === messageId) entries.set(key, { ...entry, message: { ...message, ...change(message) } });
        else if (isQuoted && message.replyTo?.id === messageId) entries.set(key, { ...entry, message: { ...message, replyTo: { ...message.replyTo, ...change(message.replyTo) } } });
      }
    }
    const last = conversation?.details.lastMessage;
    if (last?.id === messageId) conversation.details.lastMessage = { ...last, ...change(last) };
    changed();
  }

  // What is to be sent is shown at once, before the server has it.
  function putDraft(draft, more = {}) {
    const conversation = conversations.get(draft.conversationId);
    if (!conversation) return;
    const message = { ...draft, replyTo: more.replyTo, senderId: me.id, senderName: me.fullName, createdAt: new Date().toISOString(), attachments: [] };
    const entry = { key: draft.clientMessageId, draft, message, state: 'sending', ...more };
    conversation.entries.set(entry.key, entry);
    conversation.divider = null;
    changed();
  }

  function changeDraft({ conversationId, clientMessageId }, change) {
    const entries = conversations.get(conversationId)?.entries, entry = entries?.get(clientMessageId);
    if (entry?.draft) { entries.set(clientMessageId, { ...entry, ...change }); changed(); }
  }

  function dropDraft({ conversationId, clientMessageId }) {
    conversations.get(conversationId)?.entries.delete(clientMessageId);
    changed();
  }

  // Stored messages by their number in the conversation, then what is still on its way.
  function timeline({ entries }) {
    const all = [...entries.values()];
    return [...all.filter((entry) => !entry.draft).sort((a, b) => a.message.seq - b.message.seq), ...all.filter((entry) => entry.draft)];
  }
  const stored = (conversation) => timeline(conversation).filter((entry) => !entry.draft);
  const drafts = (conversation) => timeline(conversation).filter((entry) => entry.draft);
  const oldest = (conversation) => stored(conversation)[0];
  const newest = (conversation) => stored(conversation).at(-1);

  // Above the first of so many messages of others as were unread when one came.
  function placeDivider(conversation) {
    let left = conversation.unreadAtOpen;
    if (!left || !conversation.isLoaded) return;
    conversation.unreadAtOpen = 0;
    const others = stored(conversation).filter(({ message }) => message.senderId !== me.id);
    conversation.divider = (others.at(-left) ?? others[0])?.message.id ?? null;
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

  // The thread that is open beside the conversation: the answered message and its answers.
  function openThread(root) {
    thread = root && { conversationId: root.conversationId, rootId: root.id, entries: new Map() };
    if (root) putInThread(root);
    changed();
  }
  function putInThread(message) {
    if (!thread || (message.id !== thread.rootId && message.parentMessageId !== thread.rootId)) return;
    thread.entries.set(message.id, { ...thread.entries.get(message.id), key: message.id, message, state: 'sent' });
    changed();
  }

  const byActivity = (a, b) => Number(b.details.isPinned) - Number(a.details.isPinned) || (a.details.updatedAt < b.details.updatedAt ? 1 : -1);

  return {
    me,
    subscribe: (listener) => listeners.add(listener),
    changed, markGaps, unload, putConversation, changeConversation, removeConversation, putMessage, hear, patchMessage,
    putDraft, changeDraft, dropDraft, drafts, timeline, oldest, newest, placeDivider, typing, openThread,
    list: () => [...conversations.values()].sort(byActivity),
    get: (id) => conversations.get(id),
    opened: () => conversations.get(openId) ?? null,
    open(id) {
      const conversation = conversations.get(id);
      if (openId !== id && conversation) Object.assign(conversation, { divider: null, unreadAtOpen: conversation.details.unreadCount });
      openId = id;
      if (conversation) placeDivider(conversation);
      changed();
    },
    thread: () => thread,
    presenceOf: (userId) => presence.get(userId),
    putPresence(one) { presence.set(one.userId, one); changed(); },
  };
}

// What a conversation is called: a group by its name, a direct one by the other person.
export function titleOf(details, me) {
  if (details.type === 'group') return details.name || 'Group';
  return otherOf(details, me)?.fullName ?? 'Conversation';
}

export const otherOf = (details, me) => (details.type === 'group' ? undefined : details.participants.find((one) => one.userId !== me.id));
export const myPart = (details, me) => details.participants.find((one) => one.userId === me.id);
// Of a direct conversation both are masters; of a group its owner and its admins.
export const isMaster = (details, me) => details.type !== 'group' || myPart(details, me)?.role === 'admin';
