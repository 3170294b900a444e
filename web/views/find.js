// The search above the list: conversations by name, people to start one with, and messages everywhere.
import { otherOf, titleOf } from '../client/store.js';
import { byId, el, moveFocus } from './dom.js';
import { foundMessage, whileTyping } from './found.js';
import { choice, ofPerson } from './picker.js';

export function find(store, api, { choose, startDirect, showMessage }) {
  const input = byId('find'), found = byId('found'), list = byId('conversations');

  async function search(text) {
    if (!text) return null;
    const nothing = () => [];
    const [conversations, people, messages] = await Promise.all([api.searchConversations(text).catch(nothing), api.searchPeople(text).catch(nothing), api.searchMessages(text).catch(nothing)]);
    return { conversations, people, messages };
  }

  function choiceOf(details) {
    const other = otherOf(details, store.me);
    return { id: other?.id ?? details.id, name: titleOf(details, store.me), note: details.type === 'group' ? `${details.participants.length} members` : `@${other?.username ?? ''}`, avatar: other ? other.avatar : details.avatar };
  }

  const part = (title, nodes) => (nodes.length ? [el('h2', { textContent: title }), el('ul', { className: 'results' }, ...nodes)] : []);

  function draw(answer) {
    found.hidden = !answer;
    list.hidden = Boolean(answer);
    byId('archived').classList.toggle('away', Boolean(answer));
    if (!answer) return found.replaceChildren();
    const { conversations, people, messages } = answer;
    for (const details of conversations) if (!store.get(details.id)) store.putConversation(details);
    const known = new Set(conversations.map((details) => otherOf(details, store.me)?.id));
    const nameOf = ({ conversationId }) => (store.get(conversationId) ? titleOf(store.get(conversationId).details, store.me) : '');
    const parts = [
      ...part('Conversations', conversations.map((details) => choice(choiceOf(details), () => done(() => choose(details.id))))),
      ...part('People', people.filter(({ id }) => id !== store.me.id && !known.has(id)).map((person) => choice(ofPerson(person), () => done(() => startDirect(person.id))))),
      ...part('Messages', messages.map((message) => foundMessage(message, `${message.senderName} · ${nameOf(message)}`, () => done(() => showMessage(message))))),
    ];
    return found.replaceChildren(...(parts.length ? parts : [el('p', { className: 'quiet nothing', textContent: 'Nothing found.' })]));
  }

  function done(act) {
    input.value = '';
    draw(null);
    act();
  }

  whileTyping(input, search, draw);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && input.value) { event.stopPropagation(); done(() => {}); }
    if (event.key === 'ArrowDown') { event.preventDefault(); byId('lists').querySelector('ul:not([hidden]) button')?.focus(); }
  });
  found.addEventListener('keydown', (event) => moveFocus(event, [...found.querySelectorAll('button')]));
}
