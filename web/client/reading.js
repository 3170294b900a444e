// Says what was read: the open conversation, while somebody looks at its newest messages.

const PAUSE = 250; // milliseconds in which several messages are marked at once

// `isAtEnd()`: the newest messages are on the screen.
export function readingOf(store, hub, isAtEnd) {
  let timer = null;

  const isLooking = () => !document.hidden && document.hasFocus();
  const isSeen = (conversationId) => store.opened()?.id === conversationId && isLooking() && isAtEnd();

  async function mark() {
    timer = null;
    const conversation = store.opened(), last = newestUnmarked(conversation);
    if (!last || !hub.isOnline()) return;
    try {
      const { unreadCount } = await hub.markRead(conversation.id);
      conversation.marked = last;
      store.changeConversation(conversation.id, () => ({ unreadCount }));
    } catch { /* the next look tries again */ }
  }

  // The newest message, if it is on the screen and was not marked.
  function newestUnmarked(conversation) {
    if (!conversation?.isLoaded || !isSeen(conversation.id)) return null;
    const last = store.newest(conversation)?.message.id;
    return last === conversation.marked ? null : last;
  }

  // Called after anything that may have shown something new.
  function look() {
    if (!timer && newestUnmarked(store.opened())) timer = setTimeout(mark, PAUSE);
  }

  for (const event of ['focus', 'visibilitychange']) addEventListener(event, look, true);
  store.subscribe(look);
  return { isSeen, look };
}
