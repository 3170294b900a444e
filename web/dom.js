// The few things every view does with the document. Text enters it only as text.

// el('li', { className: 'x', onclick }, 'text', child)
export function el(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// A text that is the same stays the same node: nothing is announced or laid out again.
export const setText = (node, text) => { if (node.textContent !== text) node.textContent = text; };

export const byId = (id) => document.getElementById(id);

// Brings `parent` to hold exactly `nodes` in this order and touches only what is out of place, so that
// focus, scrolling and what a screen reader announces stay with the nodes that did not change.
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, i) => { if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null); });
}

// Two letters and one of eight colours that a person keeps.
export function paintAvatar(node, id, name) {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [...words[0]][0] + [...words.at(-1)][0] : [...name.trim()].slice(0, 2).join('');
  let hash = 0;
  for (const c of id) hash = (hash * 31 + c.codePointAt(0)) >>> 0;
  setText(node, letters.toUpperCase());
  node.dataset.hue = hash % 8;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

const daysAgo = (when) => Math.round((new Date().setHours(0, 0, 0, 0) - new Date(when).setHours(0, 0, 0, 0)) / 86_400_000);

export const timeOfDay = (when) => clock.format(new Date(when));

export function dayName(when) {
  const days = daysAgo(when);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return days < 7 ? weekday.format(new Date(when)) : date.format(new Date(when));
}

// For the list: the time today, the day before that.
export function briefly(when) {
  const days = daysAgo(when);
  if (days <= 0) return timeOfDay(when);
  return days === 1 ? 'Yesterday' : shortDate.format(new Date(when));
}

// An id no other message of this person has. `randomUUID` exists only on secure pages.
export function freshId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
