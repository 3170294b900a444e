// Where one writes: what is kept of it, what it answers or changes, the files that go with it, and that one is typing.
import { inBrief } from './conversations.js';
import { byId, setText } from './dom.js';
import { textbox } from './textbox.js';
import { fileTray } from './tray.js';

const REPEAT = 4000; // "typing" again after this long, well within the server's ten seconds
const IDLE = 5000; // nothing typed for this long is a stop

// `send({conversationId, content, files, parent})`, `edit(message, content)`, `typing(conversationId, isTyping)`,
// `lastOwn()`: the newest message of one's own that may be changed.
export function composer(drafts, { send, edit, typing, lastOwn }) {
  const form = byId('composer'), box = byId('text'), context = byId('context');
  let conversationId = null, lastTold = 0, idle = null, parent = null, editing = null;
  const tray = fileTray(() => box.focus());
  const line = textbox(form, box, { send: submit, changed });

  function stop() {
    clearTimeout(idle);
    if (lastTold) typing(conversationId, false);
    lastTold = 0;
  }

  function changed(text) {
    if (!editing) drafts.set(conversationId, text);
    if (!text.trim()) return stop();
    if (Date.now() - lastTold > REPEAT) { lastTold = Date.now(); typing(conversationId, true); }
    clearTimeout(idle);
    idle = setTimeout(stop, IDLE);
    return undefined;
  }

  function submit(content) {
    if (!conversationId) return;
    if (editing) {
      const message = editing;
      if (!content) return;
      leave();
      if (content !== message.content) edit(message, content);
      return;
    }
    const files = tray.files();
    if (!content && !files.length) return;
    line.set('');
    drafts.set(conversationId, '');
    const answered = parent;
    tray.clear();
    leave();
    lastTold = 0; // the server knows that whoever has sent types no more
    clearTimeout(idle);
    send({ conversationId, content, files, parent: answered });
  }

  function show(title, message) {
    context.hidden = false;
    setText(byId('context-title'), title);
    setText(byId('context-text'), inBrief(message));
    box.focus();
  }

  // Out of answering or changing; what was being written before is there again.
  function leave() {
    if (editing) line.set(drafts.get(conversationId));
    parent = editing = null;
    context.hidden = true;
  }

  function change(message) {
    parent = null;
    editing = message;
    show('Edit message', message);
    line.set(message.content);
  }

  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !context.hidden) { event.preventDefault(); event.stopPropagation(); leave(); }
    if (event.key === 'ArrowUp' && !box.value && context.hidden) {
      const message = lastOwn();
      if (message) { event.preventDefault(); change(message); }
    }
  });
  byId('context-cancel').onclick = () => { leave(); box.focus(); };

  return {
    edit: change,
    reply(message) { leave(); parent = message; show(`Reply to ${message.senderName}`, message); },
    show(id, hasFocus) {
      if (id !== conversationId) {
        stop();
        leave();
        tray.clear();
        conversationId = id;
        line.set(drafts.get(id));
      }
      if (hasFocus) box.focus();
    },
  };
}
