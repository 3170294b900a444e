// What stands beside the conversation: a thread, a search, or the details; one at a time.
import { byId, setText } from './dom.js';

export function sidePanel(changed) {
  const side = byId('side'), parts = ['thread', 'search', 'details'];
  let shown = '', opener = null;

  function show(part, title) {
    if (!shown) opener = document.activeElement;
    shown = part;
    side.hidden = !part;
    byId('chat').dataset.side = part;
    for (const id of parts) byId(id).hidden = id !== part;
    setText(byId('side-title'), title);
    changed(part);
  }

  function close() {
    if (!shown) return false;
    show('', '');
    if (opener?.isConnected && opener.checkVisibility()) opener.focus(); else byId('text').focus();
    return true;
  }

  byId('side-close').onclick = close;
  return { show, close, shown: () => shown };
}
