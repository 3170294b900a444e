// The dialog in which people, or conversations, are chosen: to talk to, to add to a group, to forward to.
import { byId, el, moveFocus, paintAvatar, setText } from './dom.js';

const PAUSE = 150; // milliseconds after the last key

// A row to be chosen, `one` being {id, name, note?, avatar?}.
export function choice(one, act) {
  const avatar = el('span', { className: 'avatar', ariaHidden: 'true' });
  paintAvatar(avatar, one.id, one.name, one.avatar);
  return el('li', {}, el('button', { type: 'button', className: 'row', onclick: act }, avatar,
    el('span', { className: 'line' }, el('strong', { textContent: one.name })),
    el('span', { className: 'line' }, el('span', { className: 'preview quiet', textContent: one.note ?? '' }))));
}

export const ofPerson = ({ id, fullName, username, avatar }) => ({ id, name: fullName, note: `@${username}`, avatar });

export function picker(explain) {
  const dialog = byId('new-dialog'), input = byId('people'), list = byId('suggestions'), chips = byId('chosen');
  const groupFields = byId('group-fields'), groupName = byId('group-name'), problem = byId('new-problem');
  let purpose = null, chosen = [], timer = null, asked = 0;

  function draw() {
    chips.replaceChildren(...chosen.map((one) => el('li', {}, el('span', { textContent: one.name }), el('button', {
      type: 'button', ariaLabel: `Remove ${one.name}`, textContent: '✕', onclick: () => { chosen = chosen.filter((other) => other !== one); draw(); input.focus(); },
    }))));
    chips.hidden = !chosen.length;
    fit();
  }

  // Ids may be typed as well, with commas between.
  const typed = () => (purpose.takesIds ? input.value.split(',').map((id) => id.trim()).filter(Boolean) : []);
  const ids = () => [...new Set([...chosen.map(({ id }) => id), ...typed()])];

  function fit() {
    const isGroup = Boolean(purpose.makesGroups) && ids().length > 1;
    groupFields.hidden = !isGroup;
    groupName.required = isGroup;
  }

  function choose(one) {
    chosen = purpose.isOne ? [one] : [...chosen.filter(({ id }) => id !== one.id), one];
    input.value = '';
    draw();
    list.replaceChildren();
    if (purpose.isOne) byId('new-form').requestSubmit(); else input.focus();
  }

  async function suggest() {
    const number = ++asked, text = input.value.trim();
    const found = await purpose.search(text).catch(() => []);
    if (number !== asked || !dialog.open) return;
    const others = found.filter(({ id }) => !chosen.some((one) => one.id === id));
    list.replaceChildren(...others.map((one) => choice(one, () => choose(one))));
  }

  input.addEventListener('input', () => {
    fit();
    clearTimeout(timer);
    timer = setTimeout(suggest, PAUSE);
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' && list.firstChild) { event.preventDefault(); list.querySelector('button').focus(); }
    if (event.key === 'Backspace' && !input.value && chosen.length) { chosen.pop(); draw(); }
  });
  list.addEventListener('keydown', (event) => {
    const buttons = [...list.querySelectorAll('button')];
    if (event.key === 'ArrowUp' && document.activeElement === buttons[0]) { event.preventDefault(); input.focus(); } else moveFocus(event, buttons);
  });
  byId('new-cancel').onclick = () => dialog.close();
  byId('new-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    problem.textContent = '';
    if (!ids().length) { problem.textContent = 'Choose somebody first.'; return; }
    try {
      await purpose.act({ ids: ids(), name: groupName.value.trim() });
      dialog.close();
    } catch (error) {
      problem.textContent = explain(error);
    }
  });

  // `search(text)` → choices; `act({ids, name})`; `makesGroups`: several need a name; `isOne`: the first is the last.
  return function open({ title, label, hint = '', yes, ...rest }) {
    purpose = rest;
    chosen = [];
    input.value = groupName.value = problem.textContent = '';
    setText(byId('new-title'), title);
    setText(dialog.querySelector('label[for="people"]'), label);
    setText(byId('people-hint'), hint);
    setText(dialog.querySelector('[type="submit"]'), yes);
    list.replaceChildren();
    draw();
    dialog.showModal();
    input.focus();
    suggest();
  };
}
