// The page: signs in, connects, and joins what the server says and what the person does to the views.
// `client/` is all that talks with the server and knows no document; `views/` shows it.
import { ApiError, restApi } from './client/api.js';
import { connectHub, delayBefore } from './client/connection.js';
import { draftsOf } from './client/drafts.js';
import { eventHandlers } from './client/events.js';
import { historyOf } from './client/history.js';
import { explain, outboxOf } from './client/outbox.js';
import { readingOf } from './client/reading.js';
import { createStore, otherOf, titleOf } from './client/store.js';
import { composer } from './views/composer.js';
import { conversationActions, conversationList, inBrief } from './views/conversations.js';
import { detailsView } from './views/details.js';
import { byId, confirmed, toast } from './views/dom.js';
import { find } from './views/find.js';
import { headerView } from './views/header.js';
import { openMenu } from './views/menu.js';
import { ofPerson, picker } from './views/picker.js';
import { reactorsOf } from './views/reactions.js';
import { receiptsDialog } from './views/receipts.js';
import { searchView } from './views/search.js';
import { sidePanel } from './views/side.js';
import { forget, rememberedToken, signIn } from './views/signin.js';
import { threadView } from './views/thread.js';
import { timelineView } from './views/timeline.js';
import { messageTools } from './views/tools.js';

const isPhone = matchMedia('(max-width: 760px)');

// Everything after the token is good. What can fail comes first: what follows is wired once in a document.
async function enter(token) {
  const api = restApi(token);
  const [me, first] = await Promise.all([api.me(), api.conversations()]);
  const store = createStore(me);
  for (const details of first.data) store.putConversation(details);
  const drafts = draftsOf(store.me), reactors = reactorsOf(store, api), receipts = receiptsDialog(api);
  let myStatus = 'online', connections = 0;

  // What may be refused says why.
  const attempt = async (work) => { try { return await work(); } catch (error) { toast(explain(error)); return undefined; } };

  const hub = connectHub(token, eventHandlers(store, {
    renew: (id) => history.renew(id),
    fill: (conversation) => attempt(() => history.fill(conversation)),
    recount: (conversation) => history.recount(conversation),
    received: receipts.changed,
    isSeen: (id) => reading.isSeen(id),
    reacted: reactors.reacted,
    pinned: (id) => { if (store.opened()?.id === id) header.loadPins(id); },
  }), {
    changed(state) {
      if (state !== 'online') store.markGaps();
      header.connection(state);
    },
    connected() {
      reactors.forget();
      return catchUp(++connections);
    },
    refused() { forget(); location.reload(); },
  });
  const history = historyOf(store, api, hub), outbox = outboxOf(store, api, hub);

  // What was missed before this connection, the first one too: the list above is older than it. What fails is asked for
  // again as long as the connection is there.
  async function catchUp(connection, attempt = 1) {
    try {
      await history.catchUp();
    } catch {
      setTimeout(() => { if (connection === connections && hub.isOnline()) catchUp(connection, attempt + 1); }, delayBefore(attempt));
    } finally {
      outbox.flush();
    }
    if (isElsewhere()) show();
    lookAround();
  }

  // Who of those in the list is there; from then on the hub tells what changes.
  async function lookAround() {
    const people = new Set(store.list().flatMap(({ details }) => details.participants.map(({ id }) => id)));
    people.delete(store.me.id);
    const found = people.size ? await api.presence([...people].slice(0, 1000)).catch(() => []) : [];
    for (const one of found) store.putPresence(one);
  }

  // What a person does with messages.
  const jump = (id) => attempt(async () => { if (isPhone.matches) side.close(); await timeline.jump(id); });
  const send = async (said) => {
    if (store.opened()?.id === said.conversationId) await timeline.goToEnd();
    outbox.send(said);
  };
  const actions = {
    jump,
    openThread: (message) => attempt(() => thread.open(message)),
    react: (message, emoji) => attempt(() => hub.react(message.id, emoji)),
    retry: outbox.retry,
    drop: outbox.drop,
    view(name, url) {
      Object.assign(byId('viewer-image'), { src: url, alt: name ?? '' });
      byId('viewer').showModal();
    },
    reactors: reactors.of,
    wantReactors: reactors.want,
  };
  const tools = messageTools(store, {
    ...actions,
    reply: (message) => writing.reply(message),
    edit: (message) => writing.edit(message),
    remove: (message) => attempt(() => hub.remove(message.id)),
    pin: (message, isPinned) => attempt(() => hub.pin(message.id, isPinned)),
    receipts: (message) => attempt(() => receipts.open(message)),
    forward,
  });

  const header = headerView(store, api, { jump });
  const timeline = timelineView(store, history, actions, tools);
  const reading = readingOf(store, hub, timeline.isAtEnd);
  const side = sidePanel((part) => { tools.leave(); if (part !== 'thread') store.openThread(null); });
  const thread = threadView(store, api, side, { actions, tools, send });
  const search = searchView(store, api, side, { jump });
  const writing = composer(drafts, {
    send,
    edit: (message, content) => attempt(() => hub.edit(message.id, content)),
    typing: (id, isTyping) => { if (hub.isOnline()) hub.typing(id, isTyping); },
    lastOwn: () => store.timeline(store.opened()).findLast(({ draft, message }) => !draft && message.senderId === store.me.id && message.type === 'text' && !message.isDeleted)?.message,
  });

  // What a person does with conversations.
  const choose = (id) => { location.hash = id; return show(); };
  const begin = (details) => { choose(store.putConversation(details).id); lookAround(); };
  const startDirect = (userId) => attempt(async () => begin(await api.direct(userId)));
  // Whom one may want: those one talks with already, or whoever is found.
  async function searchOthers(text) {
    const known = new Map(store.list().flatMap(({ details }) => details.participants.map((one) => [one.id, one])));
    const found = text ? await api.searchPeople(text) : [...known.values()].slice(0, 6);
    return found.filter(({ id }) => id !== store.me.id).map(ofPerson);
  }
  const flag = (name, member) => (id, isSet) => attempt(async () => { await api[name](id, isSet); store.changeConversation(id, () => ({ [member]: isSet })); });
  const conversationVerbs = {
    mute: flag('mute', 'isMuted'), archive: flag('archive', 'isArchived'), pin: flag('pinConversation', 'isPinned'),
    async remove(details) {
      const isGroup = details.type === 'group', title = titleOf(details, store.me);
      const isSure = await (isGroup ? confirmed(`Leave “${title}”?`, 'Somebody has to add you again before you can come back.', 'Leave') : confirmed(`Delete the conversation with ${title}?`, 'It goes from your list until one of you writes again.', 'Delete'));
      if (isSure) attempt(async () => { await api.remove(details.id); store.removeConversation(details.id); });
    },
  };
  const pick = picker(explain);
  const startNew = () => pick({
    title: 'New conversation', label: 'With whom?', hint: 'Several people make a group.', yes: 'Start', makesGroups: true, takesIds: true, search: searchOthers,
    async act({ ids, name }) {
      if (ids.length === 1) return begin(await api.direct(ids[0]));
      const { conversationId } = await hub.createGroup({ name, memberIds: ids });
      await history.renew(conversationId);
      return choose(conversationId);
    },
  });
  const addPeople = ({ id }) => pick({ title: 'Add people', label: 'Whom?', yes: 'Add', takesIds: true, search: searchOthers, act: async ({ ids }) => { await api.addMembers(id, ids); await history.renew(id); } });
  function forward(message) {
    const titles = (text) => store.list().map(({ id, details }) => ({ id, name: titleOf(details, store.me), note: details.type === 'group' ? 'group' : '', avatar: otherOf(details, store.me)?.avatar }))
      .filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
    pick({ title: 'Forward', label: 'To which conversation?', yes: 'Forward', isOne: true, search: async (text) => titles(text), act: async ({ ids: [conversationId] }) => { await hub.send({ conversationId, content: '', forwardMessageId: message.id }); choose(conversationId); } });
  }
  const details = detailsView(store, api, side, { act: attempt, addPeople, startDirect, pinsOf: header.pinsOf, jump, leave: conversationVerbs.remove });
  conversationList(store, { choose, draftOf: drafts.get, actions: conversationVerbs });
  find(store, api, { choose, startDirect, showMessage: async (message) => { await choose(message.conversationId); jump(message.id); } });

  // The address names the open conversation, so that a reload and the back button find it again.
  const isElsewhere = () => addressed() !== (store.opened()?.id ?? '');
  async function show() {
    const id = addressed(), conversation = store.get(id);
    byId('chat').dataset.pane = conversation ? 'chat' : 'list';
    if (store.opened()?.id !== id) side.close();
    store.open(conversation ? id : null);
    if (!conversation) return;
    await undefined; // it is drawn: what is hidden takes no focus
    writing.show(id, !isPhone.matches);
    header.loadPins(id);
    await history.newest(conversation).catch(() => {}); // tried again when the connection is back
  }

  const setStatus = (status) => attempt(async () => { ({ status: myStatus } = await api.setStatus(status)); header.status(myStatus); });
  byId('me').onclick = () => openMenu(byId('me'), [
    ...[['online', 'Online'], ['away', 'Away'], ['dnd', 'Do not disturb'], ['offline', 'Appear offline']].map(([status, label]) => ({ label, isChecked: status === myStatus, act: () => setStatus(status) })),
    null,
    { label: 'API documentation', act: () => window.open('/docs', '_blank', 'noopener') },
    { label: 'Sign out', act: async () => { await hub.stop(); forget(); location.href = location.pathname; } },
  ]);
  byId('open-menu').onclick = () => openMenu(byId('open-menu'), conversationActions(store.opened().details, conversationVerbs));
  byId('open-search').onclick = search.open;
  byId('open-details').onclick = byId('peer').onclick = () => (side.shown() === 'details' ? side.close() : details.open());
  byId('new').onclick = byId('new-first').onclick = startNew;
  byId('back').onclick = () => { location.hash = ''; };
  addEventListener('hashchange', () => { if (isElsewhere()) show(); });
  // The open conversation was left or removed, here or elsewhere.
  store.subscribe(() => { if (byId('chat').dataset.pane === 'chat' && !store.opened()) { location.hash = ''; show(); } });
  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]')) return;
    if (side.close()) return;
    if (isPhone.matches) location.hash = ''; else if (document.activeElement?.closest('#messages')) byId('text').focus();
  });
  setInterval(store.changed, 60_000); // "last seen" grows older
  announceNewest(store);

  document.body.dataset.view = 'chat';
  header.status(myStatus);
  show();
  hub.start();
}

// The conversation that the address names; none if it is not one of this page's.
function addressed() {
  try { return decodeURIComponent(location.hash.slice(1)); } catch { return ''; }
}

// What others say in the open conversation is read out once; history that is loaded is not.
function announceNewest(store) {
  let openId = null, seq = 0;
  store.subscribe(() => {
    const conversation = store.opened(), last = conversation?.details.lastMessage;
    if (conversation?.id === openId && last?.seq > seq && last.senderId !== store.me.id) byId('announcer').textContent = `${last.senderName}: ${inBrief(last)}`;
    openId = conversation?.id ?? null;
    seq = last?.seq ?? 0;
  });
}

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
