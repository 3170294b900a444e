// The list of conversations: name, last message, when, how many are unread, and who is there.
import { otherOf, titleOf } from '../client/store.js';
import { arrange, byId, el, moveFocus, paintAvatar, setText } from './dom.js';
import { openMenu } from './menu.js';
import { briefly, presenceLine } from './time.js';

const NAMES = { image: 'Photo', video: 'Video', audio: 'Audio', file: 'File', location: 'Location', encrypted: 'Encrypted message' };

// A message in a line.
export function inBrief({ isDeleted, content, type, attachments }) {
  if (isDeleted) return 'Message deleted';
  return content || attachments?.[0]?.name || NAMES[type] || type;
}

// What may be done with a conversation, for a menu.
export function conversationActions(details, { mute, archive, pin, remove }) {
  const { id, isMuted, isArchived, isPinned } = details;
  return [
    { label: isPinned ? 'Unpin' : 'Pin to top', act: () => pin(id, !isPinned) },
    { label: isMuted ? 'Unmute' : 'Mute', act: () => mute(id, !isMuted) },
    { label: isArchived ? 'Unarchive' : 'Archive', act: () => archive(id, !isArchived) },
    null,
    { label: details.type === 'group' ? 'Leave group' : 'Delete for me', isDanger: true, act: () => remove(details) },
  ];
}

export function conversationList(store, { choose, draftOf, actions }) {
  const list = byId('conversations'), nobody = byId('no-conversations'), archived = byId('archived');
  const rows = new Map();
  let isArchive = false;

  function rowFor(id) {
    const avatar = el('span', { className: 'avatar', ariaHidden: 'true' });
    const name = el('strong'), when = el('time', { className: 'quiet' });
    const preview = el('span', { className: 'preview quiet' }), count = el('span', { className: 'count', role: 'img' });
    const marks = el('span', { className: 'marks' }), state = el('span', { className: 'hidden' });
    const button = el('button', { type: 'button', className: 'row', onclick: () => choose(id) },
      avatar, el('span', { className: 'line' }, name, state, when), el('span', { className: 'line' }, preview, marks, count));
    button.addEventListener('contextmenu', (event) => { event.preventDefault(); openMenu(button, conversationActions(store.get(id).details, actions)); });
    return { node: el('li', {}, button), button, avatar, name, when, preview, count, marks, state };
  }

  function preview({ id, details, typists }) {
    if (typists.size) return ['typing …', 'live'];
    const draft = store.opened()?.id === id ? '' : draftOf(id);
    if (draft) return [`Draft: ${draft}`, 'draft'];
    const last = details.lastMessage;
    if (!last) return ['No messages yet', ''];
    const text = inBrief(last);
    if (last.senderId === store.me.id) return [`You: ${text}`, ''];
    return [details.type === 'group' ? `${last.senderName}: ${text}` : text, ''];
  }

  function drawRow(row, conversation) {
    const { details, id } = conversation, title = titleOf(details, store.me), other = otherOf(details, store.me);
    const presence = other && store.presenceOf(other.id), unread = details.unreadCount ?? 0, isOpen = conversation === store.opened();
    const [text, kind] = preview(conversation), when = briefly(details.updatedAt);
    const { isPinned, isMuted, avatar } = details, state = JSON.stringify([title, text, kind, when, unread, isOpen, isPinned, isMuted, avatar, other?.avatar, presence?.status]);
    if (row.drawn === state) return;
    row.drawn = state;
    paintAvatar(row.avatar, other?.id ?? id, title, other ? other.avatar : avatar);
    row.avatar.dataset.presence = presence?.isOnline ? presence.status : '';
    setText(row.state, presence?.isOnline ? `, ${presenceLine(presence)}` : '');
    setText(row.name, title);
    setText(row.when, when);
    setText(row.preview, text);
    row.preview.className = `preview quiet ${kind}`;
    row.marks.className = `marks${isPinned ? ' pinned' : ''}${isMuted ? ' muted' : ''}`;
    row.marks.title = [isPinned && 'pinned', isMuted && 'muted'].filter(Boolean).join(', ');
    setText(row.count, unread > 99 ? '99+' : String(unread || ''));
    row.count.ariaLabel = `${unread} unread`;
    row.button.className = `row${unread ? ' unread' : ''}${isMuted ? ' is-muted' : ''}`;
    if (isOpen) row.button.setAttribute('aria-current', 'true'); else row.button.removeAttribute('aria-current');
  }

  function draw() {
    const all = store.list(), put = all.filter(({ details }) => details.isArchived);
    if (!put.length) isArchive = false;
    const shown = all.filter(({ details }) => Boolean(details.isArchived) === isArchive);
    for (const conversation of shown) {
      if (!rows.has(conversation.id)) rows.set(conversation.id, rowFor(conversation.id));
      drawRow(rows.get(conversation.id), conversation);
    }
    arrange(list, shown.map(({ id }) => rows.get(id).node));
    archived.hidden = !put.length;
    archived.ariaPressed = String(isArchive);
    setText(archived, isArchive ? 'Back to all conversations' : `Archived (${put.length})`);
    nobody.hidden = all.length > 0;
    const unread = all.reduce((sum, { details }) => sum + (details.isMuted || details.isArchived ? 0 : details.unreadCount ?? 0), 0);
    document.title = unread ? `(${unread}) Hubwire` : 'Hubwire';
  }

  archived.onclick = () => { isArchive = !isArchive; draw(); };
  // Up and down move between the rows, as in any list.
  list.addEventListener('keydown', (event) => moveFocus(event, [...list.querySelectorAll('button')]));
  store.subscribe(draw);
}
