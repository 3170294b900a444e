// The one menu of the page: it opens beside what was pressed, is walked through with the arrow keys, and gives the
// focus back when it goes.
import { byId, el, moveFocus } from './dom.js';

const menu = byId('menu');
let opener = null;

// `items`: {label, act, isDanger?, isChecked?}, or null for a line between. `layout` is a class of the menu.
export function openMenu(at, items, layout = '') {
  opener = document.activeElement;
  menu.className = layout;
  menu.replaceChildren(...items.map((item) => (item ? itemNode(item) : el('div', { role: 'separator' }))));
  if (!menu.matches(':popover-open')) menu.showPopover();
  place(at.getBoundingClientRect());
  menu.querySelector('button')?.focus();
}

export const isMenuOpen = () => menu.matches(':popover-open');

function itemNode({ label, name, act, isDanger, isChecked }) {
  const node = el('button', { type: 'button', tabIndex: -1, textContent: label, className: isDanger ? 'danger' : '', onclick: () => { close(); act(); } });
  node.setAttribute('role', isChecked === undefined ? 'menuitem' : 'menuitemradio');
  if (isChecked !== undefined) node.ariaChecked = String(isChecked);
  if (name) node.ariaLabel = name;
  return node;
}

// Below or above, and never outside.
function place(anchor) {
  const { width, height } = menu.getBoundingClientRect(), gap = 6;
  const left = Math.min(Math.max(gap, anchor.right - width), innerWidth - width - gap);
  const below = anchor.bottom + gap, above = anchor.top - height - gap;
  menu.style.left = `${Math.max(gap, left)}px`;
  menu.style.top = `${Math.max(gap, below + height < innerHeight ? below : above)}px`;
}

function close() {
  menu.hidePopover();
  opener?.focus?.();
}

menu.addEventListener('keydown', (event) => {
  const buttons = [...menu.querySelectorAll('button')];
  if (event.key === 'Escape' || event.key === 'Tab') { event.preventDefault(); event.stopPropagation(); return close(); }
  const key = { ArrowRight: 'ArrowDown', ArrowLeft: 'ArrowUp' }[event.key];
  return key ? moveFocus({ key, preventDefault: () => event.preventDefault() }, buttons) : moveFocus(event, buttons);
});
