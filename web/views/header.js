// Who one is, what is open, whether the server is there, and what is pinned.
import { otherOf, titleOf } from '../client/store.js';
import { inBrief } from './conversations.js';
import { byId, paintAvatar, setText } from './dom.js';
import { presenceLine } from './time.js';

export function headerView(store, api, { jump }) {
  const pins = new Map(), bar = byId('pinned');
  let shownPin = null;

  byId('me-name').textContent = store.me.fullName || store.me.id;
  byId('me-id').textContent = store.me.id;
  paintAvatar(byId('me-avatar'), store.me.id, store.me.fullName || store.me.id, store.me.avatar);

  const pinsOf = (id) => pins.get(id) ?? [];

  function draw() {
    const conversation = store.opened();
    if (!conversation) return;
    const { details } = conversation, title = titleOf(details, store.me), other = otherOf(details, store.me);
    const presence = other && store.presenceOf(other.id);
    setText(byId('peer-name'), title);
    paintAvatar(byId('peer-avatar'), other?.id ?? details.id, title, other ? other.avatar : details.avatar);
    byId('peer-avatar').dataset.presence = presence?.isOnline ? presence.status : '';
    setText(byId('peer-line'), other ? presenceLine(presence) : details.participants.map((one) => (one.userId === store.me.id ? 'you' : one.fullName)).join(', '));
    [shownPin] = pinsOf(details.id);
    bar.hidden = !shownPin;
    if (shownPin) setText(byId('pinned-text'), inBrief(shownPin));
  }
  bar.onclick = () => jump(shownPin.id);
  store.subscribe(draw);

  return {
    pinsOf,
    async loadPins(id) {
      const found = await api.pins(id).catch(() => null);
      if (found) { pins.set(id, found); store.changed(); }
    },
    connection(state) {
      for (const badge of [byId('badge'), byId('chat-badge')]) {
        badge.dataset.state = state;
        setText(badge, state);
      }
    },
    status(status) { byId('me-avatar').dataset.presence = status === 'offline' ? '' : status; },
  };
}
