// One message: who, what, when, how far it has come, what it answers and what it was answered with.
import { inBrief } from './conversations.js';
import { attachmentsView } from './attachments.js';
import { el, paintAvatar, paintHue, setText } from './dom.js';
import { reactionsView } from './reactions.js';
import { timeOfDay } from './time.js';

const STATES = { sending: 'sending', waiting: 'waiting for the server', failed: 'not sent' };

// `actions`: jump(messageId), openThread(message), react(message, emoji), retry(entry), drop(entry), view(attachment).
export function messageRow(store, actions) {
  const avatar = el('span', { className: 'avatar small', ariaHidden: 'true' }), author = el('span', { className: 'author' });
  const quoted = el('strong'), quotedText = el('span'), quote = el('button', { type: 'button', className: 'quote', title: 'Go to what is answered', hidden: true }, quoted, quotedText);
  const forwarded = el('span', { className: 'forwarded' });
  const text = el('p', { className: 'text' }), edited = el('span', { className: 'edited' }), when = el('time');
  const pin = el('span', { className: 'pin', role: 'img', ariaLabel: 'pinned', hidden: true }), tick = el('span', { className: 'tick', role: 'img' });
  const attachments = attachmentsView(actions), reactions = reactionsView(store, actions);
  const replies = el('button', { type: 'button', className: 'replies', hidden: true });
  const problem = el('span'), retry = el('button', { type: 'button', textContent: 'Try again' }), drop = el('button', { type: 'button', textContent: 'Delete' });
  const again = el('div', { className: 'again', hidden: true }, problem, retry, drop);
  const bubble = el('div', { className: 'bubble' }, quote, forwarded, attachments.node, text, el('span', { className: 'note' }, pin, edited, when, tick));
  const body = el('div', { className: 'body' }, author, bubble, reactions.node, replies, again);
  const node = el('li', { tabIndex: -1 }, avatar, body);
  let drawn = null;

  // `follows`: it stands in one block with the one above; `leads`: the one below it does not; in a thread it is known
  // what is answered.
  function draw(entry, { follows, leads, isGroup, isFound, isInThread }) {
    const state = [entry, follows, leads, isFound, actions.reactors?.(entry.message.id)];
    if (drawn?.every((one, i) => one === state[i])) return;
    drawn = state;
    const { message } = entry, isMine = message.senderId === store.me.id;
    node.className = ['message', isMine && 'mine', follows && 'follows', leads && 'leads', isGroup && !isMine && 'with-avatar', isFound && 'found', entry.state].filter(Boolean).join(' ');
    node.dataset.id = message.id ?? '';
    avatar.hidden = isMine || !isGroup;
    if (!avatar.hidden) paintAvatar(avatar, message.senderId, message.senderName, message.sender?.avatar);
    setText(author, isMine || !isGroup || follows ? '' : message.senderName);
    paintHue(author, message.senderId);
    setText(forwarded, message.forwardedFrom ? `Forwarded from ${message.forwardedFrom.senderName}` : '');
    drawText(message);
    setText(edited, message.isEdited && !message.isDeleted ? 'edited' : '');
    pin.hidden = !message.isPinned || message.isDeleted;
    setText(when, timeOfDay(message.createdAt));
    when.dateTime = message.createdAt;
    attachments.draw(entry);
    reactions.draw(message);
    drawTick(entry, isMine && !message.isDeleted);
    drawQuote(isInThread ? null : message.replyTo);
    replies.hidden = isInThread || !message.replyCount;
    setText(replies, message.replyCount === 1 ? '1 reply' : `${message.replyCount} replies`);
    replies.onclick = () => actions.openThread(message);
    again.hidden = entry.state !== 'failed';
    setText(problem, entry.state === 'failed' ? entry.problem || 'Not sent' : '');
    retry.onclick = () => actions.retry(entry);
    drop.onclick = () => actions.drop(entry);
  }

  function drawText(message) {
    const shown = message.isDeleted ? 'Message deleted' : message.content || (message.attachments?.length || message.type === 'text' ? '' : inBrief(message));
    text.hidden = !shown && !message.isDeleted;
    text.classList.toggle('gone', Boolean(message.isDeleted));
    if (text.textContent !== shown || text.dataset.mentions !== String(message.mentions ?? '')) {
      text.dataset.mentions = String(message.mentions ?? '');
      text.replaceChildren(...withMentions(shown, message));
    }
  }

  // Names of those who are mentioned stand out. What a text says stays text.
  function withMentions(shown, { mentions, conversationId }) {
    if (!mentions?.length || !shown) return [shown];
    const people = store.get(conversationId)?.details.participants ?? [];
    const names = new Set(['all', ...people.filter(({ id }) => mentions.includes(id)).map(({ username }) => username.toLowerCase())]);
    return shown.split(/(@[\p{L}\p{N}._-]+)/u).filter(Boolean).map((part) => (part[0] === '@' && names.has(part.slice(1).toLowerCase()) ? el('span', { className: 'mention', textContent: part }) : part));
  }

  function drawTick({ state, message }, isShown) {
    tick.hidden = !isShown;
    const word = STATES[state] ?? message.status ?? 'sent';
    tick.dataset.status = STATES[state] ? state : word;
    tick.ariaLabel = tick.title = word;
  }

  function drawQuote(replyTo) {
    quote.hidden = !replyTo;
    if (!replyTo) return;
    setText(quoted, replyTo.senderId === store.me.id ? 'You' : replyTo.senderName);
    setText(quotedText, inBrief(replyTo));
    quote.onclick = () => actions.jump(replyTo.id);
  }

  return { node, body, draw, release: attachments.release, get entry() { return drawn?.[0]; } };
}
