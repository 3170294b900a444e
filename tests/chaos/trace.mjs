// Reads what `strace -f -ttt -y` says of writes and syncs, and checks that nothing of a message reaches a socket
// before the sync that covers it. A message is known by its text, which must occur nowhere else.

const CALL = /^(?:\[pid\s+)?(\d+)\]?\s+[\d.]+\s+(\w+)\((\d+)<([^>]*)>(.*)$/;
const RESUMED = /^(?:\[pid\s+)?(\d+)\]?\s+[\d.]+\s+<\.\.\. (\w+) resumed>(.*)$/;

// → [{call, file, text, began, ended, done}], `began` and `ended` being numbers of lines, `done` whether it succeeded.
export function readTrace(lines) {
  const calls = [], open = new Map();
  lines.forEach((line, number) => {
    const started = CALL.exec(line);
    if (started) {
      const [, thread, call, , file, rest] = started;
      const one = { call, file, text: rest, began: number, ended: Infinity, done: false };
      calls.push(one);
      if (rest.includes('<unfinished ...>')) open.set(thread, one);
      else Object.assign(one, { ended: number, done: / = \d+$/.test(rest) });
      return;
    }
    const resumed = RESUMED.exec(line);
    const one = resumed && open.get(resumed[1]);
    if (!one || one.call !== resumed[2]) return;
    open.delete(resumed[1]);
    Object.assign(one, { ended: number, done: / = \d+$/.test(line) });
  });
  return calls;
}

const isLog = ({ file }) => file.endsWith('-wal');
const isSocket = ({ file }) => /^(socket|TCP(v6)?):/.test(file);
const isAnswer = ({ text }) => /\\?"type\\?":3/.test(text);

export function syncedBeforeTold(calls, marks) {
  const writes = calls.filter((one) => /^pwrite|^write/.test(one.call) && isLog(one));
  const syncs = calls.filter((one) => /^f(data)?sync$/.test(one.call) && isLog(one) && one.done);
  const tellings = calls.filter(isSocket);
  const broken = [];
  for (const mark of marks) {
    const written = writes.find((one) => one.text.includes(mark)), said = tellings.filter((one) => one.text.includes(mark));
    const [told] = said;
    if (!written) broken.push(`${mark} was never seen written`);
    else if (!said.some(isAnswer)) broken.push(`${mark} was never seen answered`);
    else if (!syncs.some((sync) => sync.began > written.ended && sync.ended < told.began)) broken.push(`${mark} was told in line ${told.began + 1} and not synced since it was written in line ${written.began + 1}`);
  }
  if (!marks.length) broken.push('nothing was there to check');
  return { promise: 'nobody is told before the sync that covers it', counted: marks.length, broken, note: `${syncs.length} syncs` };
}
