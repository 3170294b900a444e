// The list of conversations: name, last message, when, and how many are unread.
import { arrange, briefly, byId, el, paintAvatar, setText } from './dom.js';
import { otherOf, titleOf } from './store.js';

export function conversationList(store, { choose }) {
  const list = byId('conversations'), nobody = byId('no-conversations');
  const rows = new Map();

  function rowFor(id) {
    const avatar = el('span', { className: 'avatar', ariaHidden: 'true' });
    const name = el('strong'), when = el('time', { className: 'quiet' });
    const preview = el('span', { className: 'preview quiet' }), count = el('span', { className: 'count', role: 'img' });
    const button = el('button', { type: 'button', className: 'row', onclick: () => choose(id) },
      avatar, el('span', { className: 'line' }, name, when), el('span', { className: 'line' }, preview, count));
    return { node: el('li', {}, button), button, avatar, name, when, preview, count };
  }

  function preview({ details, typists }) {
    if (typists.size) return 'typing …';
    const last = details.lastMessage;
    if (!last) return 'No messages yet';
    const text = last.isDeleted ? 'Message deleted' : last.content || last.type;
    if (last.senderId === store.me.id) return `You: ${text}`;
    return details.type === 'group' ? `${last.senderName}: ${text}` : text;
  }

  function draw() {
    const conversations = store.list(), open = store.opened();
    for (const conversation of conversations) {
      const { id, details } = conversation;
      if (!rows.has(id)) rows.set(id, rowFor(id));
      const row = rows.get(id), title = titleOf(details, store.me), unread = store.unread(conversation);
      paintAvatar(row.avatar, details.type === 'group' ? id : otherOf(details, store.me)?.id ?? id, title);
      setText(row.name, title);
      setText(row.when, briefly(details.updatedAt));
      setText(row.preview, preview(conversation));
      row.preview.classList.toggle('live', conversation.typists.size > 0);
      setText(row.count, unread > 99 ? '99+' : String(unread || ''));
      row.count.ariaLabel = `${unread} unread`;
      row.button.classList.toggle('unread', unread > 0);
      if (conversation === open) row.button.setAttribute('aria-current', 'true'); else row.button.removeAttribute('aria-current');
    }
    arrange(list, conversations.map(({ id }) => rows.get(id).node));
    nobody.hidden = conversations.length > 0;
    const unread = conversations.reduce((sum, conversation) => sum + store.unread(conversation), 0);
    document.title = unread ? `(${unread}) Hubwire` : 'Hubwire';
  }

  // Up and down move between the rows, as in any list.
  list.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...list.querySelectorAll('button')];
    buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length]?.focus();
  });

  store.subscribe(draw);
}
