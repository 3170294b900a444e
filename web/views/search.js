// The search in one conversation, beside it.
import { byId, moveFocus, setText } from './dom.js';
import { foundMessage, whileTyping } from './found.js';

export function searchView(store, api, side, { jump }) {
  const input = byId('search-text'), note = byId('search-note'), list = byId('search-results');

  async function search(text) {
    if (!text) return null;
    try { return await api.searchMessages(text, store.opened()?.id); } catch (error) { return error; }
  }

  function draw(found) {
    if (found instanceof Error) { setText(note, found.message); return list.replaceChildren(); }
    setText(note, !found ? '' : found.length === 1 ? '1 message' : `${found.length} messages`);
    return list.replaceChildren(...(found ?? []).map((message) => foundMessage(message, message.senderName, () => jump(message.id))));
  }

  whileTyping(input, search, draw);
  list.addEventListener('keydown', (event) => moveFocus(event, [...list.querySelectorAll('button')]));
  return {
    open() {
      input.value = '';
      draw(null);
      side.show('search', 'Search');
      input.focus();
    },
  };
}
