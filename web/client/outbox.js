// What is said here: shown at once, sent as soon as it can be, tried again under the same key. However often the
// server hears a `clientMessageId`, it is one message.
import { ApiError } from './api.js';
import { sentence } from './connection.js';
import { upload } from './upload.js';

export function outboxOf(store, api, hub) {
  function send({ conversationId, content, files = [], parent = null }) {
    const draft = { conversationId, content, clientMessageId: freshId(), ...(parent && { parentMessageId: parent.id }) };
    const replyTo = parent && { id: parent.id, senderId: parent.senderId, senderName: parent.senderName, content: parent.content, type: parent.type, isDeleted: parent.isDeleted };
    store.putDraft(draft, { files, replyTo });
    return deliver(draft, files);
  }

  // By the hub; by REST when the connection is lost just now; later when the server cannot be reached at all.
  async function deliver(draft, files) {
    store.changeDraft(draft, { state: 'sending', problem: '' });
    try {
      store.hear(await (files.length ? deliverFiles(draft, files) : deliverText(draft)));
    } catch (error) {
      if (error.name === 'AbortError') return store.dropDraft(draft);
      const wasRefused = error instanceof ApiError || hub.isOnline();
      store.changeDraft(draft, { state: wasRefused ? 'failed' : 'waiting', problem: explain(error), upload: null });
    }
    return undefined;
  }

  async function deliverText(draft) {
    if (!hub.isOnline()) return api.send(draft);
    try {
      return await hub.send(draft);
    } catch (error) {
      if (hub.isOnline()) throw error;
      return api.send(draft);
    }
  }

  function deliverFiles(draft, files) {
    const { done, cancel } = upload(api.token, draft, files, (progress) => store.changeDraft(draft, { upload: { progress, cancel } }));
    store.changeDraft(draft, { upload: { progress: 0, cancel } });
    return done;
  }

  return {
    send,
    retry: ({ draft, files }) => deliver(draft, files ?? []),
    drop: ({ draft }) => store.dropDraft(draft),
    // The connection is back: what waited for it goes.
    flush() {
      for (const conversation of store.list()) {
        for (const entry of store.drafts(conversation)) if (entry.state === 'waiting') deliver(entry.draft, entry.files ?? []);
      }
    },
  };
}

export const explain = (error) => (error instanceof ApiError ? error.message : sentence(error));

// An id no other message of this person has. `randomUUID` exists only on secure pages.
function freshId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
