// The open conversation: its messages by day and by speaker, more of them on scrolling, and where unread ones begin.
import { arrange, byId, el, moveFocus, setText } from './dom.js';
import { messageRow } from './message.js';
import { dayName } from './time.js';

const TOGETHER = 5 * 60_000; // messages of one person within this time stand as one block
const NEAR = 80; // pixels from an end that count as being at it

// `load`: earlier(conversation), later(conversation), around(conversation, messageId), backToNewest(conversation).
export function timelineView(store, load, actions, tools) {
  const scroller = byId('scroller'), list = byId('messages'), earlier = byId('earlier'), typing = byId('typing');
  const toEnd = byId('to-end'), toEndCount = byId('to-end-count');
  const divider = el('li', { className: 'divider' }, el('span', { textContent: 'New messages' }));
  let shownId = null, rows = new Map(), days = new Map(), isLoading = false, isAtEnd = true, mayFill = true, seenSeq = 0, foundId = null;

  const rowOf = (node) => [...rows.values()].find((row) => row.node === node);
  tools.follow(list, rowOf);

  function clear() {
    tools.leave();
    for (const row of rows.values()) row.release();
    rows = new Map();
    list.replaceChildren();
  }

  function begin(conversation) {
    clear();
    shownId = conversation.id;
    days = new Map();
    isAtEnd = mayFill = true;
    seenSeq = 0;
    foundId = null;
  }

  const together = (one, other) => one && other && one.message.senderId === other.message.senderId && Math.abs(new Date(other.message.createdAt) - new Date(one.message.createdAt)) < TOGETHER && dayName(one.message.createdAt) === dayName(other.message.createdAt);

  function nodesOf(conversation, entries) {
    const isGroup = conversation.details.type === 'group', nodes = [], kept = new Map();
    let day = null;
    entries.forEach((entry, i) => {
      const name = dayName(entry.message.createdAt), isDivided = entry.message.id && entry.message.id === conversation.divider;
      if (name !== day) {
        if (!days.has(name)) days.set(name, el('li', { className: 'day' }, el('span', { textContent: name })));
        nodes.push(days.get(name));
        day = name;
      }
      if (isDivided) nodes.push(divider);
      const row = rows.get(entry.key) ?? messageRow(store, actions);
      kept.set(entry.key, row);
      const next = entries[i + 1];
      row.draw(entry, {
        isGroup, isFound: entry.message.id === foundId,
        follows: !isDivided && together(entries[i - 1], entry),
        leads: !together(entry, next) || (next.message.id && next.message.id === conversation.divider),
      });
      nodes.push(row.node);
    });
    for (const [key, row] of rows) if (!kept.has(key)) row.release();
    rows = kept;
    return nodes;
  }

  function historyLine({ isLoaded, hasEarlier }, hasMessages) {
    if (!isLoaded || isLoading) return 'Loading …';
    if (!hasMessages) return 'Say hello.';
    return hasEarlier ? '' : 'This is where it began.';
  }

  function typingLine({ typists }) {
    const names = [...typists.values()].map((one) => one.name);
    if (!names.length) return '';
    if (names.length > 2) return 'Several people are typing …';
    return `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} typing …`;
  }

  function draw() {
    const conversation = store.opened();
    byId('open').hidden = !conversation;
    byId('nothing-open').hidden = Boolean(conversation);
    if (!conversation) { if (shownId) clear(); shownId = null; return; }
    const isFresh = conversation.id !== shownId;
    if (isFresh) begin(conversation);
    const entries = store.timeline(conversation), first = list.querySelector('.message');
    // What is added above must not move what is being read.
    const anchor = first && { node: first, top: first.getBoundingClientRect().top };
    const hadFocus = document.activeElement?.closest?.('#messages .message');
    const nodes = nodesOf(conversation, entries);
    tools.leaveAllBut(list, nodes);
    arrange(list, nodes);
    setText(earlier, historyLine(conversation, entries.length > 0));
    setText(typing, typingLine(conversation));
    rove(hadFocus);
    if (isAtEnd && !conversation.hasLater) scroller.scrollTop = scroller.scrollHeight;
    else if (anchor?.node.isConnected) scroller.scrollTop += anchor.node.getBoundingClientRect().top - anchor.top;
    if (divider.isConnected && !divider.dataset.isPassed) showDivider(conversation);
    if (!divider.isConnected) delete divider.dataset.isPassed;
    drawToEnd(conversation, entries);
    if (mayFill && conversation.isLoaded && scroller.scrollHeight <= scroller.clientHeight) more('earlier');
  }

  // Unread messages that are more than fit are read from their first on.
  function showDivider({ entries, keys, divider: firstUnread }) {
    divider.dataset.isPassed = 'yes';
    const top = divider.offsetTop - scroller.offsetTop - 60;
    if (!isAtEnd || scroller.scrollHeight - top <= scroller.clientHeight) return;
    scroller.scrollTop = top;
    seenSeq = entries.get(keys.get(firstUnread)).message.seq - 1;
    measure();
  }

  function drawToEnd(conversation, entries) {
    const newest = entries.findLast((entry) => !entry.draft)?.message.seq ?? 0;
    if (isAtEnd && !conversation.hasLater) seenSeq = newest;
    toEnd.hidden = isAtEnd && !conversation.hasLater;
    const fresh = conversation.hasLater ? conversation.details.unreadCount : entries.filter(({ message }) => message.seq > seenSeq && message.senderId !== store.me.id).length;
    setText(toEndCount, fresh ? String(fresh) : '');
  }

  function measure() {
    isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;
  }

  async function more(way) {
    const conversation = store.opened();
    if (!conversation?.isLoaded || isLoading || !(way === 'earlier' ? conversation.hasEarlier : conversation.hasLater)) return;
    isLoading = true;
    // Without a connection there is nothing to load; the next scroll tries again.
    try { await load[way](conversation); } catch { mayFill = false; } finally {
      isLoading = false;
      store.changed();
    }
  }

  scroller.addEventListener('scroll', () => {
    measure();
    if (scroller.scrollTop < NEAR) more('earlier');
    if (isAtEnd) more('later');
    if (isAtEnd !== toEnd.hidden) store.changed();
  }, { passive: true });
  // What grows by itself, a picture or the line one writes in, leaves the end in sight.
  const stay = new ResizeObserver(() => { if (isAtEnd && !store.opened()?.hasLater) scroller.scrollTop = scroller.scrollHeight; });
  stay.observe(scroller);
  stay.observe(list);

  async function goToEnd() {
    const conversation = store.opened();
    isAtEnd = true;
    if (conversation?.hasLater) await load.backToNewest(conversation).catch(() => {});
    store.changed();
  }
  toEnd.onclick = () => { goToEnd(); byId('text').focus(); };

  // One message can be reached with Tab, the others from it with the arrow keys.
  function rove(focused) {
    const nodes = [...list.querySelectorAll('.message')], one = focused?.isConnected ? focused : nodes.at(-1);
    for (const node of nodes) node.tabIndex = node === one ? 0 : -1;
  }
  list.addEventListener('keydown', (event) => {
    if (!event.target.matches('.message')) return;
    if (moveFocus(event, [...list.querySelectorAll('.message')])) return rove(document.activeElement);
    if (event.key === 'Enter') { event.preventDefault(); byId('tool-react').focus(); }
    return undefined;
  });

  async function jump(messageId) {
    const conversation = store.opened();
    if (!conversation) return;
    isAtEnd = false;
    if (!conversation.keys.has(messageId)) await load.around(conversation, messageId);
    foundId = messageId;
    draw();
    const row = rows.get(conversation.keys.get(messageId));
    row?.node.scrollIntoView({ block: 'center' });
    row?.node.focus({ preventScroll: true });
    measure();
    setTimeout(() => { if (foundId === messageId) { foundId = null; store.changed(); } }, 2500);
  }

  store.subscribe(draw);
  return { goToEnd, jump, isAtEnd: () => isAtEnd && !store.opened()?.hasLater };
}
