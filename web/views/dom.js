// The few things every view does with the document. Text enters it only as text.

// el('li', { className: 'x', onclick }, 'text', child)
export function el(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
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

function hueOf(id) {
  let hash = 0x811c9dc5;
  for (const c of id) hash = Math.imul(hash ^ c.codePointAt(0), 0x01000193);
  return ((hash >>> 13) ^ (hash >>> 24)) & 7;
}

// One of eight colours that a person keeps.
export const paintHue = (node, id) => { node.dataset.hue = hueOf(id); };

// A picture from this server, else two letters and a colour.
export function paintAvatar(node, id, name, picture) {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [...words[0]][0] + [...words.at(-1)][0] : [...name.trim()].slice(0, 2).join('');
  paintHue(node, id);
  if (picture?.startsWith(`${location.origin}/`)) {
    if (node.firstElementChild?.src !== picture) node.replaceChildren(el('img', { src: picture, alt: '' }));
  } else setText(node, letters.toUpperCase());
}

// Up and down, to the first and to the last of the nodes that may have the focus.
export function moveFocus(event, nodes) {
  const at = nodes.indexOf(document.activeElement), last = nodes.length - 1;
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
  if (to === undefined || last < 0) return false;
  event.preventDefault();
  nodes[Math.max(0, Math.min(last, to))].focus();
  return true;
}

// A line at the bottom that goes by itself.
let toastTimer;
export function toast(text) {
  const node = byId('toast');
  node.hidden = false;
  node.textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { node.hidden = true; node.textContent = ''; }, 5000);
}

// Asks before something that cannot be undone. → whether it shall be done
export function confirmed(title, text, yes) {
  const dialog = byId('ask');
  setText(byId('ask-title'), title);
  setText(byId('ask-text'), text);
  setText(byId('ask-yes'), yes);
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => { dialog.onclose = () => resolve(dialog.returnValue === 'yes'); });
}
