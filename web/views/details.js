// The details of a conversation, beside it: the person, or the group with its members, their roles and what one may do.
import { isMaster, myPart, otherOf, titleOf } from '../client/store.js';
import { inBrief } from './conversations.js';
import { byId, confirmed, el, paintAvatar, setText } from './dom.js';
import { openMenu } from './menu.js';
import { briefly, presenceLine } from './time.js';

// `act(work)` does something that may be refused and says so.
export function detailsView(store, api, side, { act, addPeople, startDirect, pinsOf, jump, leave }) {
  const panel = byId('details');
  let drawn = '';

  function draw() {
    const details = store.opened()?.details;
    if (!details || side.shown() !== 'details') { drawn = ''; return; }
    const presences = details.participants.map(({ id }) => presenceLine(store.presenceOf(id)));
    const pins = pinsOf(details.id), state = JSON.stringify([details.id, details.name, details.description, details.participants, presences, pins.map(({ id, content }) => [id, content])]);
    if (state === drawn) return;
    drawn = state;
    // A name that is being typed is not drawn over.
    if (panel.querySelector('form')?.contains(document.activeElement)) return;
    panel.replaceChildren(head(details), ...(details.type === 'group' ? group(details) : []), ...pinned(pins));
  }

  function redraw() {
    drawn = '';
    store.changed();
  }

  function head(details) {
    const avatar = el('span', { className: 'avatar large', ariaHidden: 'true' }), other = otherOf(details, store.me), title = titleOf(details, store.me);
    paintAvatar(avatar, other?.id ?? details.id, title, other ? other.avatar : details.avatar);
    const line = other ? `@${other.username} · ${presenceLine(store.presenceOf(other.id))}` : details.description;
    return el('div', { className: 'head' }, avatar, el('h3', { textContent: title }), el('p', { className: 'quiet', textContent: line ?? '' }));
  }

  function group(details) {
    const { participants } = details, isAdmin = isMaster(details, store.me), isOwner = myPart(details, store.me)?.isOwner;
    const members = participants.map((one) => member(details, one, isAdmin, isOwner));
    return [
      isAdmin ? nameForm(details) : null,
      el('div', { className: 'title' }, el('h3', { textContent: `${participants.length} members` }), isAdmin ? el('button', { type: 'button', className: 'plain', textContent: 'Add people', onclick: () => addPeople(details) }) : null),
      el('ul', { className: 'results', ariaLabel: 'Members' }, ...members),
      el('div', { className: 'ends' },
        el('button', { type: 'button', className: 'danger', textContent: 'Leave group', onclick: () => leave(details) }),
        isOwner ? el('button', { type: 'button', className: 'danger', textContent: 'Delete for everybody', onclick: () => end(details) }) : null),
    ].filter(Boolean);
  }

  function nameForm({ id, name, description }) {
    const input = el('input', { id: 'rename', value: name ?? '', maxLength: 100, required: true, autocomplete: 'off' });
    const about = el('input', { id: 'describe', value: description ?? '', maxLength: 500, autocomplete: 'off' });
    const save = el('button', { type: 'submit', className: 'primary', textContent: 'Save' });
    const form = el('form', {
      onsubmit: (event) => {
        event.preventDefault();
        act(async () => {
          await api.changeGroup(id, { name: input.value.trim(), description: about.value.trim() });
          byId('side-close').focus();
          redraw();
        });
      },
    }, el('label', { htmlFor: 'rename', textContent: 'Name' }), input, el('label', { htmlFor: 'describe', textContent: 'Description' }), about, save);
    return el('details', {}, el('summary', { textContent: 'Edit name and description' }), form);
  }

  function member(details, one, isAdmin, isOwner) {
    const avatar = el('span', { className: 'avatar', ariaHidden: 'true' }), presence = store.presenceOf(one.id), isMe = one.id === store.me.id;
    paintAvatar(avatar, one.id, one.fullName, one.avatar);
    avatar.dataset.presence = !isMe && presence?.isOnline ? presence.status : '';
    const role = one.isOwner ? 'owner' : one.role === 'admin' ? 'admin' : '';
    const button = el('button', { type: 'button', className: 'row', ariaHasPopup: 'menu' }, avatar,
      el('span', { className: 'line' }, el('strong', { textContent: isMe ? `${one.fullName} (you)` : one.fullName }), el('span', { className: 'role', textContent: role })),
      el('span', { className: 'line' }, el('span', { className: 'preview quiet', textContent: isMe ? `@${one.username}` : presenceLine(presence) })));
    button.disabled = isMe;
    button.onclick = () => openMenu(button, memberActions(details, one, isAdmin, isOwner));
    return el('li', {}, button);
  }

  function memberActions({ id }, one, isAdmin, isOwner) {
    const items = [{ label: 'Message', act: () => startDirect(one.id) }];
    if (isAdmin && !one.isOwner) {
      const isTheirs = one.role === 'admin';
      items.push({ label: isTheirs ? 'Make a member' : 'Make an admin', act: () => act(() => api.setRole(id, one.id, isTheirs ? 'member' : 'admin')) });
      if (isOwner) items.push({ label: 'Make the owner', act: () => handOver(id, one) });
      items.push(null, { label: 'Remove from group', isDanger: true, act: () => act(() => api.removeMember(id, one.id)) });
    }
    return items;
  }

  async function handOver(id, one) {
    if (await confirmed(`Make ${one.fullName} the owner?`, 'You stay an admin.', 'Make the owner')) act(() => api.transfer(id, one.id));
  }

  async function end(details) {
    if (await confirmed(`Delete “${titleOf(details, store.me)}” for everybody?`, 'All its messages go. This cannot be undone.', 'Delete')) act(() => api.endGroup(details.id));
  }

  function pinned(pins) {
    if (!pins.length) return [];
    const rows = pins.map((message) => el('li', {}, el('button', { type: 'button', className: 'row plain-row', onclick: () => jump(message.id) },
      el('span', { className: 'line' }, el('strong', { textContent: message.senderName }), el('time', { className: 'quiet', textContent: briefly(message.createdAt) })),
      el('span', { className: 'line' }, el('span', { className: 'preview quiet', textContent: inBrief(message) })))));
    return [el('div', { className: 'title' }, el('h3', { textContent: 'Pinned messages' })), el('ul', { className: 'results' }, ...rows)];
  }

  store.subscribe(draw);
  return {
    open() {
      side.show('details', store.opened()?.details.type === 'group' ? 'Group' : 'Details');
      redraw();
      byId('side-close').focus();
    },
  };
}
