// The line one writes in: grows with its text, sends on Enter, tells the others that one is typing.
import { byId } from './dom.js';

const REPEAT = 4000; // "typing" again after this long, well within the server's ten seconds
const IDLE = 5000; // nothing typed for this long is a stop

export function composer({ send, typing }) {
  const form = byId('composer'), box = byId('text');
  const texts = new Map(); // unsent text by conversation
  let conversationId = null, lastTold = 0, idle = null;

  function stop() {
    clearTimeout(idle);
    if (lastTold) typing(conversationId, false);
    lastTold = 0;
  }

  function fit() {
    box.style.height = 'auto';
    if (box.scrollHeight) box.style.height = `${Math.min(box.scrollHeight + 2, 180)}px`;
  }

  box.addEventListener('input', () => {
    fit();
    if (!box.value.trim()) return stop();
    if (Date.now() - lastTold > REPEAT) { lastTold = Date.now(); typing(conversationId, true); }
    clearTimeout(idle);
    idle = setTimeout(stop, IDLE);
  });
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const content = box.value.trim();
    if (!content || !conversationId) return;
    box.value = '';
    fit();
    clearTimeout(idle);
    lastTold = 0; // sending is a stop: the server tells the others
    send(conversationId, content);
    box.focus();
  });

  return {
    // Another conversation has its own unsent text.
    show(id, focus) {
      if (id !== conversationId) {
        stop();
        texts.set(conversationId, box.value);
        conversationId = id;
        box.value = texts.get(id) ?? '';
        fit();
      }
      if (focus) box.focus();
    },
  };
}
