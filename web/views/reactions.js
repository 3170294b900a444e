// Reactions: the chips under a message, who reacted, and the dozen to choose from.
import { arrange, el, setText } from './dom.js';
import { openMenu } from './menu.js';

const CHOICE = [['👍', 'thumbs up'], ['❤️', 'heart'], ['😂', 'laughing'], ['😮', 'surprised'], ['😢', 'sad'], ['🙏', 'thank you'], ['🎉', 'party'], ['🔥', 'fire'], ['👏', 'applause'], ['✅', 'done'], ['👀', 'looking'], ['👎', 'thumbs down']];

export const reactionPicker = (at, choose) => openMenu(at, CHOICE.map(([emoji, name]) => ({ label: emoji, name, act: () => choose(emoji) })), 'emoji');

// Messages carry counts; who it was is asked once for each message that has some, one after the other.
export function reactorsOf(store, api) {
  const known = new Map(), queue = [];
  let isAsking = false;

  async function ask() {
    if (isAsking) return;
    isAsking = true;
    while (queue.length) {
      const id = queue.pop();
      const found = await api.reactions(id).catch(() => null);
      if (found) known.set(id, found.map(({ userId, userName, emoji }) => ({ userId, userName, emoji })));
      store.changed();
    }
    isAsking = false;
  }

  return {
    // [{userId, userName, emoji}], or nothing yet.
    of(messageId) { return known.get(messageId); },
    want(messageId) {
      if (known.has(messageId) || queue.includes(messageId)) return;
      known.set(messageId, undefined);
      queue.push(messageId);
      ask();
    },
    reacted({ messageId, userId, userName, emoji, action }) {
      if (!known.get(messageId)) { known.delete(messageId); return; }
      const others = known.get(messageId).filter((one) => one.userId !== userId || one.emoji !== emoji);
      known.set(messageId, action === 'added' ? [...others, { userId, userName, emoji }] : others);
    },
    // What happened while there was no connection may be missing.
    forget: () => known.clear(),
  };
}

export function reactionsView(store, { react, reactors, wantReactors }) {
  const node = el('div', { className: 'reactions', hidden: true }), chips = new Map();

  function chipFor(emoji) {
    const face = el('span', { textContent: emoji }), count = el('span');
    return { node: el('button', { type: 'button', className: 'chip' }, face, count), count };
  }

  function draw(message) {
    const summary = Object.entries(message.reactionSummary ?? {}).filter(([, count]) => count > 0);
    node.hidden = !summary.length;
    if (summary.length) wantReactors(message.id);
    const people = reactors(message.id) ?? [];
    for (const [emoji, count] of summary) {
      if (!chips.has(emoji)) chips.set(emoji, chipFor(emoji));
      const chip = chips.get(emoji), who = people.filter((one) => one.emoji === emoji);
      setText(chip.count, String(count));
      chip.node.title = who.map(({ userId, userName }) => (userId === store.me.id ? 'You' : userName)).join(', ');
      chip.node.ariaPressed = String(who.some(({ userId }) => userId === store.me.id));
      chip.node.ariaLabel = `${emoji} ${count}`;
      chip.node.onclick = () => react(message, emoji);
    }
    arrange(node, summary.map(([emoji]) => chips.get(emoji).node));
  }

  return { node, draw };
}
