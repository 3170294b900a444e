// What may be done with a message: a small bar that comes to the message under the pointer, or to the one that has
// the focus.
import { isMaster } from '../client/store.js';
import { byId, confirmed, toast } from './dom.js';
import { isMenuOpen, openMenu } from './menu.js';
import { reactionPicker } from './reactions.js';

export function messageTools(store, { react, reply, openThread, edit, remove, pin, receipts, forward }) {
  const tools = byId('tools'), home = tools.parentElement;
  const [toReact, toReply, toThread, toMore] = ['tool-react', 'tool-reply', 'tool-thread', 'tool-more'].map(byId);
  let row = null;

  function leave() {
    row?.node.classList.remove('active');
    row = null;
    tools.hidden = true;
    home.append(tools);
  }

  // Before rows go from a list, so that the bar does not go with one: `nodes` are all that stay.
  function leaveAllBut(list, nodes) {
    if (row && list.contains(row.node) && !nodes.includes(row.node)) leave();
  }

  // `next` is the row of a message list.
  function goTo(next) {
    if (row === next || isMenuOpen()) return;
    if (!next.entry || next.entry.draft || next.entry.message.isDeleted) return leave();
    row?.node.classList.remove('active');
    row = next;
    row.node.classList.add('active');
    toThread.hidden = Boolean(next.node.closest('#thread'));
    tools.hidden = false;
    row.body.append(tools);
    return undefined;
  }

  async function deleted(message) {
    if (await confirmed('Delete this message?', 'It goes for everybody. That it was there can still be seen.', 'Delete')) remove(message);
  }

  function more({ message }) {
    const { details } = store.get(message.conversationId), isMine = message.senderId === store.me.id, mayManage = isMaster(details, store.me);
    const items = [
      isMine && message.type === 'text' && !message.forwardedFrom && { label: 'Edit', act: () => edit(message) },
      message.content && { label: 'Copy text', act: () => copy(message.content) },
      { label: 'Forward …', act: () => forward(message) },
      mayManage && { label: message.isPinned ? 'Unpin' : 'Pin', act: () => pin(message, !message.isPinned) },
      { label: 'Who has read it', act: () => receipts(message) },
      (isMine || (details.type === 'group' && mayManage)) && { label: 'Delete …', isDanger: true, act: () => deleted(message) },
    ];
    openMenu(toMore, items.filter(Boolean));
  }

  const current = () => row.entry;
  toReact.onclick = () => { const { message } = current(); reactionPicker(toReact, (emoji) => react(message, emoji)); };
  toReply.onclick = () => reply(current().message);
  toThread.onclick = () => openThread(current().message);
  toMore.onclick = () => more(current());

  // A list of messages: `rowOf(node)` finds the row of an element.
  function follow(list, rowOf) {
    const seek = (event) => {
      if (event.type === 'pointerover' && event.pointerType !== 'mouse') return; // a finger taps
      const node = event.target.closest('.message');
      // The pointer does not take the bar from who is at it with the keyboard.
      const next = node && rowOf(node);
      if (next && !(event.type === 'pointerover' && tools.querySelector(':focus-visible'))) goTo(next);
    };
    for (const event of ['pointerover', 'focusin', 'click']) list.addEventListener(event, seek);
    list.addEventListener('pointerleave', () => { if (row && !row.node.contains(document.activeElement) && !isMenuOpen()) leave(); });
    list.addEventListener('focusout', () => setTimeout(() => { if (row && !row.node.matches(':hover') && !row.node.contains(document.activeElement) && !isMenuOpen()) leave(); }));
  }

  return { follow, leave, leaveAllBut };
}

async function copy(text) {
  try { await navigator.clipboard.writeText(text); toast('Copied'); } catch { toast('The browser does not let this page copy'); }
}
