// A message and its answers, beside the conversation.
import { arrange, byId } from './dom.js';
import { messageRow } from './message.js';
import { textbox } from './textbox.js';

export function threadView(store, api, side, { actions, tools, send }) {
  const list = byId('thread-messages'), scroll = list.parentElement, form = byId('thread-composer'), box = byId('thread-text');
  let rows = new Map(), count = 0;
  const line = textbox(form, box, {
    send(content) {
      const thread = store.thread();
      if (!content || !thread) return;
      line.set('');
      send({ conversationId: thread.conversationId, content, parent: thread.entries.get(thread.rootId).message });
    },
  });
  tools.follow(list, (node) => [...rows.values()].find((row) => row.node === node));

  function draw() {
    const thread = store.thread();
    if (!thread || side.shown() !== 'thread') return;
    const isGroup = store.get(thread.conversationId)?.details.type === 'group', kept = new Map();
    const entries = [...thread.entries.values()].sort((a, b) => a.message.seq - b.message.seq);
    for (const entry of entries) {
      const row = rows.get(entry.key) ?? messageRow(store, actions);
      row.draw(entry, { isGroup, leads: true, isInThread: true });
      kept.set(entry.key, row);
    }
    rows = kept;
    const nodes = entries.map(({ key }) => rows.get(key).node);
    tools.leaveAllBut(list, nodes);
    arrange(list, nodes);
    if (entries.length !== count) scroll.scrollTop = scroll.scrollHeight;
    count = entries.length;
  }

  async function open(message) {
    store.openThread(message);
    rows = new Map();
    count = 0;
    side.show('thread', 'Thread');
    line.set('');
    box.focus();
    for (let hasMore = true, skip = 0; hasMore && store.thread()?.rootId === message.id;) {
      const { data, pagination } = await api.thread(message.id, skip);
      for (const answer of data) store.putMessage(answer);
      skip += data.length;
      hasMore = pagination.hasMore && data.length > 0;
    }
  }

  store.subscribe(draw);
  return { open };
}
