// What is written and not sent, by conversation, kept over a reload.

export function draftsOf(me) {
  const key = `hubwire.drafts.${me.id}`;
  const all = new Map(Object.entries(read(key)));
  return {
    get: (conversationId) => all.get(conversationId) ?? '',
    set(conversationId, text) {
      if (text) all.set(conversationId, text); else all.delete(conversationId);
      try { localStorage.setItem(key, JSON.stringify(Object.fromEntries(all))); } catch { /* no room: it is kept until the page goes */ }
    },
  };
}

function read(key) {
  try { return JSON.parse(localStorage.getItem(key)) ?? {}; } catch { return {}; }
}
