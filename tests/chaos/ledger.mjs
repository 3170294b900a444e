// What each sender was told, what each receiver's handlers saw, and what went wrong when. It only writes down;
// verdicts.mjs judges. Times are milliseconds of one clock, since everything runs on one machine.

// An id as it stands in every database and on every wire: hexadecimal digits and nothing else.
export const plain = (id) => id.replaceAll('-', '').toLowerCase();

export class Ledger {
  // key of the sender's own → what was tried, and what was answered: {sender, content, id?, seq?, conversation?, at?}
  tried = new Map();
  // id → the same entry, once it is acknowledged
  acknowledged = new Map();
  // receiver → everything its handlers saw, in order: {id, seq, conversation, content, at, socket}
  heard = new Map();
  // receiver → the Pongs its sockets sent: {socket, at}
  proofs = new Map();
  // What was done to whom: {what, at, receiver?}; without a receiver to all.
  faults = [];
  // What senders were told of their messages: {sender, id, status, stamp, at}
  statuses = [];
  // Answers that contradict each other, and refusals nobody asked for.
  oddities = [];

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
    this.acknowledged.set(id, entry);
  }

  receives(receiver) {
    if (!this.heard.has(receiver)) { this.heard.set(receiver, []); this.proofs.set(receiver, []); }
  }

  hears(receiver, socket, message) {
    this.receives(receiver);
    this.heard.get(receiver).push({ id: plain(message.id), seq: message.seq, conversation: plain(message.conversationId), content: message.content, at: this.now(), socket });
  }

  proves(receiver, socket) {
    this.receives(receiver);
    this.proofs.get(receiver).push({ socket, at: this.now() });
  }

  tells(sender, { type, data }) {
    this.statuses.push({ sender, id: plain(data.messageId), status: type.replace('message.', ''), stamp: Date.parse(data.timestamp ?? data.readAt), at: this.now() });
  }

  breaks(what, receiver) { this.faults.push({ what, receiver, at: this.now() }); }

  refuses(key, error) { this.oddities.push(`${key} was refused: ${error}`); }

  // Whether the receiver has heard every message that is acknowledged by now.
  hasAll(receiver) {
    if (this.heard.get(receiver).length < this.acknowledged.size) return false;
    const seen = new Set(this.heard.get(receiver).map((one) => one.id));
    for (const id of this.acknowledged.keys()) if (!seen.has(id)) return false;
    return true;
  }
}
