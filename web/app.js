// The demo page: signs in, connects, and joins the server's events to the views.
import { ApiError, restApi } from './api.js';
import { composer } from './composer.js';
import { connectHub, sentence } from './connection.js';
import { conversationList } from './conversations.js';
import { newConversationDialog } from './dialog.js';
import { byId, freshId, paintAvatar } from './dom.js';
import { forget, rememberedToken, signIn } from './session.js';
import { createStore } from './store.js';
import { timelineView } from './timeline.js';

const PAGE = 30;
const isPhone = matchMedia('(max-width: 700px)');

// Everything after the token is good.
async function enter(token) {
  const api = restApi(token);
  const [me, conversations] = await Promise.all([api.me(), api.conversations()]);
  const store = createStore(me);
  for (const details of conversations) store.putConversation(details);
  document.body.dataset.view = 'chat';
  byId('me-name').textContent = store.me.fullName || store.me.id;
  byId('me-id').textContent = store.me.id;
  paintAvatar(byId('me-avatar'), store.me.id, store.me.fullName || store.me.id);

  const hub = connectHub(token, {
    ReceiveMessage: async (message) => {
      if (!store.hear(message)) { await renew(message.conversationId); store.hear(message); }
    },
    MessageStatus: ({ data }) => store.status(data),
    UserTyping: (event) => store.typing(event),
    NewConversation: (details) => { store.putConversation(details); },
    ConversationUpdated: ({ conversationId }) => renew(conversationId),
  }, {
    changed: (state) => {
      if (state !== 'online') store.markGaps();
      for (const badge of [byId('badge'), byId('chat-badge')]) {
        badge.dataset.state = state;
        badge.textContent = state;
      }
    },
    back: catchUp,
    refused: () => { forget(); location.reload(); },
  });

  async function renew(conversationId) {
    store.putConversation(await api.conversation(conversationId));
  }

  async function refresh() {
    for (const details of await api.conversations()) store.putConversation(details);
  }

  // History: the newest page when a conversation is opened, an earlier one while scrolling up.
  async function load(conversation, range) {
    const { messages, pagination } = await hub.messages(conversation.id, { limit: PAGE, ...range });
    for (const message of messages) store.putMessage(message);
    return { hasMore: pagination.hasMore, last: messages.at(-1)?.id };
  }

  async function loadNewest(conversation) {
    if (conversation.isLoaded || !hub.isOnline()) return;
    conversation.hasEarlier = (await load(conversation, {})).hasMore;
    conversation.isLoaded = true;
    store.changed();
  }

  async function loadEarlier(conversation) {
    const before = store.oldestId(conversation);
    conversation.hasEarlier = before ? (await load(conversation, { before })).hasMore : false;
  }

  // After a gap: the list, what was said in the open conversation meanwhile, and what could not be sent.
  // Everything is kept by its id, so what arrives twice is shown once.
  async function catchUp() {
    await refresh();
    const open = store.opened();
    for (const conversation of store.list()) {
      if (conversation !== open || !conversation.gapAfter) store.unload(conversation);
      for (const entry of store.drafts(conversation)) if (entry.state === 'waiting') deliver(entry.draft);
    }
    if (!open) return;
    if (!open.isLoaded) return loadNewest(open);
    for (let hasMore = true; hasMore;) {
      const page = await load(open, { after: open.gapAfter, limit: 100 });
      open.gapAfter = page.last ?? open.gapAfter;
      hasMore = page.hasMore;
    }
    open.gapAfter = null;
  }

  // By the hub; by REST when the connection is lost just now; later when the server cannot be reached at all.
  // The same clientMessageId each time: however often the server hears it, it is one message.
  async function deliver(draft) {
    store.draftState(draft.conversationId, draft.clientMessageId, 'sending');
    try {
      store.hear(await (hub.isOnline() ? hub.send(draft).catch((error) => { if (hub.isOnline()) throw error; return api.send(draft); }) : api.send(draft)));
    } catch (error) {
      const wasRefused = error instanceof ApiError || hub.isOnline();
      store.draftState(draft.conversationId, draft.clientMessageId, wasRefused ? 'failed' : 'waiting', explain(error));
    }
  }

  const view = timelineView(store, { loadEarlier, retry: (entry) => deliver(entry.draft) });
  const writing = composer({
    send(conversationId, content) {
      const draft = { conversationId, content, clientMessageId: freshId() };
      store.putDraft(conversationId, draft);
      view.toEnd();
      deliver(draft);
    },
    typing: (conversationId, isTyping) => { if (hub.isOnline()) hub.typing(conversationId, isTyping); },
  });

  // The address names the open conversation, so that a reload and the back button find it again.
  async function show() {
    const id = decodeURIComponent(location.hash.slice(1));
    const conversation = store.get(id);
    byId('chat').dataset.pane = conversation ? 'chat' : 'list';
    store.open(conversation ? id : null);
    if (!conversation) return;
    writing.show(id, !isPhone.matches);
    await loadNewest(conversation).catch(() => {}); // tried again when the connection is back
  }

  const choose = (id) => { if (location.hash === `#${id}`) show(); else location.hash = id; };
  const begin = (details) => { const { id } = store.putConversation(details); choose(id); };
  conversationList(store, { choose });
  const dialog = newConversationDialog({
    startDirect: async (userId) => begin(await api.direct(userId)),
    startGroup: async (group) => { const { conversationId } = await hub.createGroup(group); await renew(conversationId); choose(conversationId); },
    explain,
  });
  byId('new').onclick = byId('new-first').onclick = () => dialog.open();
  byId('back').onclick = () => { location.hash = ''; };
  byId('sign-out').onclick = async () => { await hub.stop(); forget(); location.href = location.pathname; };
  addEventListener('hashchange', show);
  addEventListener('keydown', (event) => { if (event.key === 'Escape' && isPhone.matches && !document.querySelector('dialog[open]')) location.hash = ''; });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) store.markOpenSeen(); });

  await hub.start();
  await show();
}

const explain = (error) => (error instanceof ApiError ? error.message : sentence(error));

// A remembered token is tried until the server answers; a refused one leads to the sign-in card.
async function begin() {
  const token = rememberedToken();
  if (!token) return signIn(enter);
  try {
    await enter(token);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) { forget(); return signIn(enter, 'Please sign in again.'); }
    document.body.dataset.view = 'loading';
    setTimeout(begin, 2000);
  }
}

begin();
