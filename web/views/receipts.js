// Who has received and read a message, in a dialog that follows what happens while it is open.
import { byId, el, paintAvatar, setText } from './dom.js';
import { dayAndTime } from './time.js';

export function receiptsDialog(api) {
  const dialog = byId('receipts');
  let shown = null;

  function row({ userId, userName, user, status, readAt, deliveredAt }) {
    const avatar = el('span', { className: 'avatar', ariaHidden: 'true' });
    paintAvatar(avatar, userId, userName, user.avatar);
    return el('li', {}, el('div', { className: 'row' }, avatar,
      el('span', { className: 'line' }, el('strong', { textContent: userName })),
      el('span', { className: 'line' }, el('span', { className: 'preview quiet', textContent: `${status} ${dayAndTime(readAt ?? deliveredAt)}` }))));
  }

  async function draw() {
    const message = shown, { receipts, readCount, memberCount } = await api.receipts(message.id);
    if (message !== shown) return;
    setText(byId('receipts-title'), `Read by ${readCount} of ${memberCount}`);
    byId('receipts-list').replaceChildren(...(receipts.length ? receipts.map(row) : [el('li', { className: 'quiet', textContent: 'Nobody has received it yet.' })]));
  }

  dialog.addEventListener('close', () => { shown = null; });
  return {
    async open(message) {
      shown = message;
      await draw();
      dialog.showModal();
    },
    // Somebody received or read something there.
    changed(conversationId) { if (shown?.conversationId === conversationId) draw().catch(() => {}); },
  };
}
