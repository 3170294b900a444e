// What a search found: messages with their matches marked.
import { el, paintAvatar } from './dom.js';
import { briefly } from './time.js';

// The server says where the matches are; the text stays text.
function marked({ text, ranges }) {
  const parts = [];
  let at = 0;
  for (const [start, length] of ranges) {
    parts.push(text.slice(at, start), el('mark', { textContent: text.slice(start, start + length) }));
    at = start + length;
  }
  return [...parts, text.slice(at)];
}

export function foundMessage(message, title, act) {
  const avatar = el('span', { className: 'avatar', ariaHidden: 'true' });
  paintAvatar(avatar, message.senderId, message.senderName, message.sender?.avatar);
  return el('li', {}, el('button', { type: 'button', className: 'row', onclick: act }, avatar,
    el('span', { className: 'line' }, el('strong', { textContent: title }), el('time', { className: 'quiet', textContent: briefly(message.createdAt) })),
    el('span', { className: 'line' }, el('span', { className: 'preview quiet' }, ...marked(message.highlight ?? { text: message.content, ranges: [] })))));
}

// Calls `act(text)` a moment after the last key, and `draw` with the answer of the last call only.
export function whileTyping(input, act, draw, pause = 200) {
  let timer = null, asked = 0;
  input.addEventListener('input', () => {
    const number = ++asked, text = input.value.trim();
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const answer = await act(text);
      if (number === asked) draw(answer, text);
    }, text ? pause : 0);
  });
}
