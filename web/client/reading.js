// Says what was read: the open conversation, while somebody looks at its newest messages.

const PAUSE = 250; // milliseconds in which several messages are marked at once

// `isAtEnd()`: the newest messages are on the screen.
export function readingOf(store, hub, isAtEnd) {
  let timer = null;

  const isLooking = () => !document.hidden && document.hasFocus();
  const isSeen = (conversationId) => store.opened()?.id === conversationId && isLooking() && isAtEnd();

  async function mark() {
    timer = null;
    const conversation = store.opened();
    if (!conversation || !isSeen(conversation.id) || !hub.isOnline()) return;
    const { unreadCount } = await hub.markRead(conversation.id).catch(() => ({ unreadCount: null }));
    if (unreadCount !== null) store.changeConversation(conversation.id, () => ({ unreadCount }));
  }

  // Called after anything that may have shown something new.
  function look() {
    const conversation = store.opened();
    if (timer || !conversation?.isLoaded || !isSeen(conversation.id)) return;
    const last = store.newest(conversation)?.message;
    if (!last || conversation.hasLater || (conversation.marked === last.id && !conversation.details.unreadCount)) return;
    conversation.marked = last.id;
    timer = setTimeout(mark, PAUSE);
  }

  for (const event of ['focus', 'visibilitychange']) addEventListener(event, look, true);
  store.subscribe(look);
  return { isSeen, look };
}
