// The checks. Each takes what was written down and returns {promise, counted, broken}: what was promised, of how
// many things it was checked, and a sentence for each that breaks it. A check that had nothing to check is broken.

const verdict = (promise, counted, broken) => ({ promise, counted, broken: counted ? broken : ['nothing was there to check', ...broken] });

export function nothingLost(ledger, receivers = [...ledger.heard.keys()]) {
  const broken = [];
  let counted = 0;
  for (const receiver of receivers) {
    const seen = new Set((ledger.heard.get(receiver) ?? []).map((one) => one.id));
    for (const [id, { key, seq, at }] of ledger.acknowledged) {
      counted++;
      if (!seen.has(id)) broken.push(`${receiver} never heard ${key} (seq ${seq}, acknowledged ${after(ledger, at)})`);
    }
  }
  return verdict('every acknowledged message is heard by every receiver', counted, broken);
}

// Whatever comes for the first time comes in the order of its conversation.
export function inOrder(ledger) {
  const broken = [];
  let counted = 0;
  for (const [receiver, all] of ledger.heard) {
    const last = new Map(), seen = new Set();
    for (const { id, conversation, seq } of all) {
      if (seen.has(id)) continue;
      seen.add(id);
      counted++;
      if (seq <= (last.get(conversation) ?? 0)) broken.push(`${receiver} heard seq ${seq} after ${last.get(conversation)} in ${conversation}`);
      else last.set(conversation, seq);
    }
  }
  return verdict('messages of a conversation come in its order', counted, broken);
}

// A message may come twice only if its first coming was not proven, or proven less than `margin` before something
// broke. A Pong proves what its socket brought before it; one that is sent into something broken proves nothing. Of a
// connection without proof nobody can say whether it lives, nor what of it arrived: its device may hear that again.
export function repeatsAreExcused(ledger, margin = 2_000) {
  const broken = [];
  let counted = 0, repeats = 0;
  for (const [receiver, all] of ledger.heard) {
    const first = new Map(), opened = ledger.opened.get(receiver), proofs = bySocket(ledger.proofs.get(receiver));
    const faults = ledger.faults.filter((fault) => !fault.receiver || fault.receiver === receiver);
    const arrives = ({ socket, at }) => faults.every((fault) => fault.at < (opened.get(socket) ?? 0) || fault.at - at >= margin || at > fault.until);
    for (const one of all) {
      counted++;
      const before = first.get(one.id);
      if (!before) { first.set(one.id, one); continue; }
      repeats++;
      if (before.socket === one.socket) { broken.push(`${receiver} heard seq ${one.seq} twice on one connection`); continue; }
      if (one.at >= (ledger.silent.get(receiver) ?? Infinity)) continue;
      const proof = (proofs.get(before.socket) ?? []).find((proof) => proof.order > before.order && arrives(proof));
      if (!proof) continue;
      const next = faults.find((fault) => fault.at > proof.at);
      broken.push(`${receiver} heard seq ${one.seq} again, ${one.at - before.at} ms later, though proven ${next ? `${next.at - proof.at} ms before ${next.what}` : 'and nothing broke since'}`);
    }
  }
  return { ...verdict('only what was unproven comes twice', counted, broken), note: `${repeats} repeats` };
}

// What is heard is what was said: no message that nobody sent, no other content, no other place.
export function nothingInvented(ledger) {
  const broken = [];
  let counted = 0;
  const contents = new Set([...ledger.tried.values()].map((entry) => entry.content));
  for (const [receiver, all] of ledger.heard) for (const one of all) {
    counted++;
    const known = ledger.acknowledged.get(one.id);
    if (!contents.has(one.content)) broken.push(`${receiver} heard what nobody said: ${one.id}`);
    else if (known && (known.content !== one.content || known.seq !== one.seq || known.conversation !== one.conversation)) broken.push(`${receiver} heard ${known.key} otherwise than it was acknowledged`);
  }
  return verdict('what is heard is what was said', counted, [...broken, ...ledger.oddities]);
}

// `stored`: {id, conversation, seq, sender, key, content} of every row, read from the database itself.
export function storedOnce(ledger, stored) {
  const broken = [...ledger.oddities], rows = new Map(), keys = new Map(), seqs = new Map();
  for (const row of stored) {
    rows.set(row.id, row);
    if (keys.has(row.key)) broken.push(`${row.key} is stored twice: ${keys.get(row.key)} and ${row.id}`);
    keys.set(row.key, row.id);
    if (!seqs.has(row.conversation)) seqs.set(row.conversation, []);
    seqs.get(row.conversation).push(row.seq);
  }
  for (const [id, entry] of ledger.acknowledged) {
    const row = rows.get(id);
    if (!row) broken.push(`${entry.key} was acknowledged ${after(ledger, entry.at)} and is lost`);
    else if (row.seq !== entry.seq || row.content !== entry.content || row.key !== entry.key) broken.push(`${entry.key} is stored otherwise than it was acknowledged`);
  }
  for (const [conversation, all] of seqs) {
    all.sort((a, b) => a - b);
    const at = all.findIndex((seq, index) => seq !== index + 1);
    if (at >= 0) broken.push(`${conversation} has seq ${all[at]} in place ${at + 1}`);
  }
  return { ...verdict('what was acknowledged is stored, each once, seq without gaps', ledger.acknowledged.size, broken), note: `${stored.length} rows` };
}

// `until`: id → when its receiver can have heard it at the earliest; Infinity: never. Both by the sender's ears and
// by the time that the server itself gives.
export function nothingDeliveredEarly(ledger, until) {
  const broken = [];
  for (const { id, status, stamp, at } of ledger.statuses) {
    if (status !== 'delivered' || !until.has(id)) continue;
    const earliest = until.get(id), first = Math.min(at, Number.isNaN(stamp) ? at : stamp);
    if (first < earliest) broken.push(`${ledger.acknowledged.get(id)?.key ?? id} was told as delivered ${earliest === Infinity ? 'and never was' : `${earliest - first} ms before it can have been`}`);
  }
  return verdict('nothing is told as delivered that was not', until.size, broken);
}

// Each of `ids` was told as `status`, at `deadline` at the latest.
export function allAre(ledger, status, ids, deadline = Infinity) {
  const first = new Map();
  for (const one of ledger.statuses) if (one.status === status && !first.has(one.id)) first.set(one.id, one.at);
  const broken = ids.filter((id) => !(first.get(id) <= deadline))
    .map((id) => `seq ${ledger.acknowledged.get(id)?.seq} was ${first.has(id) ? `told as ${status} ${first.get(id) - deadline} ms late` : `never told as ${status}`}`);
  return verdict(`the sender is told ${status}${deadline === Infinity ? '' : ' in time'}`, ids.length, broken);
}

// `events`: the log in order, {id, conversation, kind: posted|joined|left, message?}; `joined` and `left` are those
// of the one person whose ears `receiver` is.
export function nothingAfterRemoval(ledger, receiver, events) {
  const broken = [], heard = new Set(ledger.heard.get(receiver).map((one) => one.id)), posted = new Set();
  const member = new Set();
  let removals = 0, outside = 0;
  for (const { id, conversation, kind, message } of events) {
    if (kind === 'joined') member.add(conversation);
    else if (kind === 'left') { member.delete(conversation); removals++; } else {
      const isMember = member.has(conversation);
      posted.add(message);
      if (!isMember) outside++;
      if (!isMember && heard.has(message)) broken.push(`${receiver} heard ${ledger.acknowledged.get(message)?.key ?? message}, event ${id}, committed after removal ${removals}`);
      if (isMember && !heard.has(message)) broken.push(`${receiver} did not hear event ${id}, though a member`);
    }
  }
  for (const id of heard) if (!posted.has(id)) broken.push(`${receiver} heard ${id}, which is not in the log`);
  return { ...verdict('a member hears everything, a removed one nothing', outside && removals, broken), note: `${removals} removals, ${outside} messages outside, ${posted.size - outside} inside` };
}

function bySocket(proofs) {
  const found = new Map();
  for (const proof of proofs) found.set(proof.socket, [...(found.get(proof.socket) ?? []), proof]);
  return found;
}

function after(ledger, at) {
  const fault = ledger.faults.findLast((one) => one.at <= at);
  return fault ? `${at - fault.at} ms after ${fault.what}` : 'before anything broke';
}
