// What each sender was told, what each receiver's handlers saw, and what went wrong when. It only writes down;
// verdicts.mjs judges. Times are milliseconds of one clock, since everything runs on one machine.

// An id as it stands in every database and on every wire: hexadecimal digits and nothing else.
export const plain = (id) => id.replaceAll('-', '').toLowerCase();

export class Ledger {
  // key of the sender's own → what was tried, and what was answered: {sender, content, id?, seq?, conversation?, at?}
  tried = new Map();
  // id → the same entry, once it is acknowledged
  acknowledged = new Map();
  // receiver → everything its handlers saw, in order: {id, seq, conversation, content, at, order, socket}; `order` is
  // of what is heard and proven together, since much happens within a millisecond
  heard = new Map();
  // receiver → the Pongs its sockets sent: {socket, at, order}
  proofs = new Map();
  // receiver → when its sockets were opened, by their numbers
  opened = new Map();
  // receiver → since when it has had a connection that proves nothing
  silent = new Map();
  // What was done to whom: {what, at, receiver?, until?}; without a receiver to all. What has no end ends connections.
  faults = [];
  // What senders were told of their messages: {sender, id, status, stamp, at}
  statuses = [];
  // Answers that contradict each other, and refusals nobody asked for.
  oddities = [];

  // The ids in the order of their acknowledgement, and how many of them each receiver is known to have, and what it saw.
  #ids = [];
  #had = new Map();
  #seen = new Map();
  #order = 0;

  constructor(clock = Date.now) { this.now = clock; }

  tries(sender, key, content) {
    if (!this.tried.has(key)) this.tried.set(key, { sender, key, content, triedAt: this.now() });
  }

  acknowledges(key, message) {
    const entry = this.tried.get(key), id = plain(message.id);
    if (!entry) return this.oddities.push(`an answer came to ${key}, which nobody sent`);
    if (entry.id && entry.id !== id) this.oddities.push(`${key} was acknowledged as ${entry.id} and as ${id}`);
    if (message.content !== entry.content) this.oddities.push(`${key} was acknowledged with another content`);
    Object.assign(entry, { id, seq: message.seq, conversation: plain(message.conversationId), at: entry.at ?? this.now() });
    if (!this.acknowledged.has(id)) this.#ids.push(id);
    this.acknowledged.set(id, entry);
  }

  receives(receiver) {
    if (this.heard.has(receiver)) return;
    this.heard.set(receiver, []);
    this.proofs.set(receiver, []);
    this.opened.set(receiver, new Map());
    this.#seen.set(receiver, new Set());
  }

  opens(receiver, socket) {
    this.receives(receiver);
    this.opened.get(receiver).set(socket, this.now());
  }

  // A connection of its does not go over a socket.
  fallsBack(receiver) { if (!this.silent.has(receiver)) this.silent.set(receiver, this.now()); }

  hears(receiver, socket, message) {
    this.receives(receiver);
    this.heard.get(receiver).push({ id: plain(message.id), seq: message.seq, conversation: plain(message.conversationId), content: message.content, at: this.now(), order: ++this.#order, socket });
    this.#seen.get(receiver).add(plain(message.id));
  }

  proves(receiver, socket) {
    this.receives(receiver);
    this.proofs.get(receiver).push({ socket, at: this.now(), order: ++this.#order });
  }

  tells(sender, { type, data }) {
    this.statuses.push({ sender, id: plain(data.messageId), status: type.replace('message.', ''), stamp: Date.parse(data.timestamp ?? data.readAt), at: this.now() });
  }

  breaks(what, receiver) { this.faults.push({ what, receiver, at: this.now() }); }

  // What was frozen goes on.
  mends(what, receiver) { this.faults.findLast((fault) => fault.what === what && fault.receiver === receiver).until = this.now(); }

  refuses(key, error) { this.oddities.push(`${key} was refused: ${error}`); }

  // Whether the receiver has heard every message that is acknowledged by now. For waiting; the verdicts count anew.
  hasAll(receiver) {
    let had = this.#had.get(receiver) ?? 0;
    while (had < this.#ids.length && this.#seen.get(receiver).has(this.#ids[had])) had++;
    this.#had.set(receiver, had);
    return had === this.#ids.length;
  }
}
