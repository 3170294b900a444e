// The hub half of the server: one connection that never gives up, and the calls made on it.
/* global signalR */

// Waits between attempts grow to ten seconds and stay there.
export function delayBefore(attempt) {
  return ([0, 500, 1000, 2000, 5000][attempt] ?? 10_000) * (0.75 + Math.random() / 2);
}

const isRefusal = (error) => /\b401\b/.test(error?.message ?? '');

// `on` holds handlers by event name, as the server sends them. `changed(state)` hears `connecting`, `online`,
// `reconnecting` and `offline`; `connected()` that the connection is there, the first time or again; `refused()` that
// the token is no longer good.
export function connectHub(token, on, { changed, connected, refused }) {
  let leaving = false, isRefused = false;
  // Null ends the attempts: only a refused token does.
  const retryForEver = {
    nextRetryDelayInMilliseconds({ previousRetryCount, retryReason }) {
      isRefused = isRefusal(retryReason);
      return isRefused ? null : delayBefore(previousRetryCount);
    },
  };
  const connection = new signalR.HubConnectionBuilder()
    .withUrl('/hubs/chat', { accessTokenFactory: () => token })
    .withAutomaticReconnect(retryForEver)
    .configureLogging(signalR.LogLevel.Warning)
    .build();
  for (const [event, handler] of Object.entries(on)) connection.on(event, (argument) => { handler(argument); }); // what a handler returns would be an answer

  function online() {
    changed('online');
    connected();
  }
  connection.onreconnecting(() => changed('reconnecting'));
  connection.onreconnected(online);
  connection.onclose(() => {
    if (leaving) return;
    if (isRefused) return refused();
    changed('offline');
    start(1);
  });

  // Automatic reconnect begins after the first success; until then, and when the server closed for good, this does.
  async function start(attempt = 0) {
    try {
      await connection.start();
    } catch (error) {
      if (leaving) return undefined;
      if (isRefusal(error)) return refused();
      changed('offline');
      setTimeout(() => start(attempt + 1), delayBefore(attempt + 1));
      return undefined;
    }
    return online();
  }

  return {
    start: () => { changed('connecting'); return start(); },
    stop: () => { leaving = true; return connection.stop(); },
    isOnline: () => connection.state === signalR.HubConnectionState.Connected,
    send: (message) => connection.invoke('SendMessage', message),
    edit: (messageId, content) => connection.invoke('EditMessage', messageId, content),
    remove: (messageId) => connection.invoke('DeleteMessage', messageId),
    pin: (messageId, isPinned) => connection.invoke(isPinned ? 'PinMessage' : 'UnpinMessage', messageId),
    react: (messageId, emoji) => connection.invoke('ToggleReaction', messageId, emoji),
    markRead: (conversationId) => connection.invoke('MarkAsRead', conversationId),
    typing: (conversationId, isTyping) => connection.send('SendTypingIndicator', conversationId, isTyping).catch(() => {}),
    createGroup: (group) => connection.invoke('CreateGroup', group),
    // Messages oldest first: the newest page, the page before a message, or what came after one.
    messages: (conversationId, range) => connection.invoke('GetMessages', conversationId, range),
  };
}

// "… HubException: not_found: There is no such conversation" → "There is no such conversation"
export function sentence(error) {
  return /HubException: \w+: (.*)/s.exec(error.message)?.[1] ?? error.message;
}
