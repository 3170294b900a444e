// The open conversation: its messages by day and by speaker, history on scrolling up, ticks and typing.
import { arrange, byId, dayName, el, paintAvatar, setText, timeOfDay } from './dom.js';
import { otherOf, titleOf } from './store.js';

const TOGETHER = 5 * 60_000; // messages of one person within this time stand as one block
const NEAR = 80; // pixels from an end that count as being at it

export function timelineView(store, { loadEarlier, retry }) {
  const scroller = byId('scroller'), list = byId('messages'), earlier = byId('earlier'), typing = byId('typing');
  let shownId = null, rows = new Map(), days = new Map(), isLoading = false, isAtEnd = true, mayFill = true;

  function rowFor() {
    const author = el('span', { className: 'author' }), text = el('p', { className: 'text' });
    const when = el('time'), tick = el('span', { className: 'tick', role: 'img' });
    const again = el('button', { type: 'button', className: 'again', hidden: true });
    const note = el('span', { className: 'note' }, when, tick);
    return { node: el('li', {}, author, el('div', { className: 'bubble' }, text, note), again), author, text, when, tick, again };
  }

  function drawRow(row, entry, before, isGroup) {
    const { message, state } = entry, isMine = message.senderId === store.me.id;
    const follows = before && before.message.senderId === message.senderId && new Date(message.createdAt) - new Date(before.message.createdAt) < TOGETHER;
    row.node.className = `message${isMine ? ' mine' : ''}${follows ? ' follows' : ''} ${state}`;
    row.node.dataset.id = message.id ?? '';
    setText(row.author, isMine || !isGroup || follows ? '' : message.senderName);
    setText(row.text, message.isDeleted ? 'Message deleted' : message.content || `[${message.type}]`);
    row.text.classList.toggle('gone', Boolean(message.isDeleted));
    setText(row.when, timeOfDay(message.createdAt) + (message.isEdited ? ' · edited' : ''));
    row.when.dateTime = message.createdAt;
    const words = { sending: 'sending', waiting: 'waiting for the server', failed: entry.problem || 'not sent', sent: message.status ?? 'sent' };
    row.tick.hidden = !isMine;
    setText(row.tick, { sending: '◷', waiting: '◷', failed: '!' }[state] ?? (words.sent === 'sent' ? '✓' : '✓✓'));
    row.tick.title = row.tick.ariaLabel = words[state];
    row.again.hidden = state !== 'failed';
    setText(row.again, state === 'failed' ? `${words.failed}. Try again` : '');
    row.again.onclick = () => retry(entry);
  }

  function header({ details }) {
    const title = titleOf(details, store.me), other = otherOf(details, store.me);
    setText(byId('peer-name'), title);
    paintAvatar(byId('peer-avatar'), details.type === 'group' ? details.id : other?.id ?? details.id, title);
    setText(byId('peer-line'), details.type === 'group'
      ? details.participants.map((p) => (p.userId === store.me.id ? 'you' : p.fullName)).join(', ')
      : other?.id ?? '');
  }

  function historyLine({ isLoaded, hasEarlier }, hasMessages) {
    if (!isLoaded || isLoading) return 'Loading …';
    if (!hasMessages) return 'Say hello.';
    return hasEarlier ? '' : 'This is where it began.';
  }

  function typingLine({ typists }) {
    const names = [...typists.values()].map((t) => t.name);
    if (!names.length) return '';
    if (names.length > 2) return 'Several people are typing …';
    return `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} typing …`;
  }

  function draw() {
    const conversation = store.opened();
    byId('open').hidden = !conversation;
    byId('nothing-open').hidden = Boolean(conversation);
    if (!conversation) { shownId = null; return; }
    if (conversation.id !== shownId) {
      shownId = conversation.id;
      rows = new Map();
      days = new Map();
      isAtEnd = mayFill = true;
    }
    header(conversation);

    const isGroup = conversation.details.type === 'group', nodes = [];
    let before = null;
    for (const entry of store.timeline(conversation)) {
      const day = dayName(entry.message.createdAt);
      if (!before || dayName(before.message.createdAt) !== day) {
        if (!days.has(day)) days.set(day, el('li', { className: 'day' }, el('span', { textContent: day })));
        nodes.push(days.get(day));
        before = null;
      }
      if (!rows.has(entry.key)) rows.set(entry.key, rowFor());
      drawRow(rows.get(entry.key), entry, before, isGroup);
      nodes.push(rows.get(entry.key).node);
      before = entry;
    }
    // What is added above must not move what is being read.
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    arrange(list, nodes);
    setText(earlier, historyLine(conversation, nodes.length > 0));
    setText(typing, typingLine(conversation));
    if (isAtEnd) scroller.scrollTop = scroller.scrollHeight;
    else if (isLoading) scroller.scrollTop = scroller.scrollHeight - fromEnd;
    if (mayFill && conversation.isLoaded && scroller.scrollHeight <= scroller.clientHeight) more();
  }

  async function more() {
    const conversation = store.opened();
    if (!conversation?.isLoaded || !conversation.hasEarlier || isLoading) return;
    isLoading = true;
    // Without a connection there is nothing to load; the next scroll tries again.
    try { await loadEarlier(conversation); } catch { mayFill = false; } finally {
      // The drawing of what came is queued before this one.
      queueMicrotask(() => { isLoading = false; store.changed(); });
    }
  }

  scroller.addEventListener('scroll', () => {
    isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;
    if (scroller.scrollTop < NEAR) more();
  }, { passive: true });
  new ResizeObserver(() => { if (isAtEnd) scroller.scrollTop = scroller.scrollHeight; }).observe(scroller);

  store.subscribe(draw);
  return { toEnd() { isAtEnd = true; store.changed(); } };
}
