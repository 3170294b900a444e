// Stories of a line that breaks; they run in a page. The connection goes through a relay, the other one does not.
// `window.cut` breaks every line in the relay, `window.cutOff` keeps new ones out as well, `window.letIn` ends that;
// it has happened when their promise is kept.
import { collect, connect, failure } from './in-page.mjs';

// What the client says next of that event; it says nothing more once it is closed.
const told = (connection, event) => new Promise((resolve, reject) => {
  connection[event](resolve);
  connection.onclose((error) => reject(error ?? new Error('the connection was closed')));
});

// Cut off until the client has noticed: a browser asks once more, by itself, for what was cut on a line that it had
// used before, so a poll would get over the cut without the client.
async function lose(connection) {
  const lost = told(connection, 'onreconnecting');
  await window.cutOff();
  await lost;
  await window.letIn();
}

export async function somebodyNew({ relay, own, ...cell }) {
  const [connection, other] = await Promise.all([connect({ ...cell, url: relay }, { reconnect: true }), connect(cell)]);
  const [back, before] = [told(connection, 'onreconnected'), connection.connectionId];
  await connection.invoke('JoinGroup', own);
  await lose(connection);
  const ids = [await back, connection.connectionId, await connection.invoke('ConnectionId')];
  await other.invoke('ToGroup', own, 'to the group');
  await other.invoke('ToClient', connection.connectionId, 'to you');
  return { before, ids, heard: await connection.until(1) };
}

export async function whatWaited({ relay, ...cell }) {
  const connection = await connect({ ...cell, url: relay }, { reconnect: true });
  const back = told(connection, 'onreconnected');
  const asked = new Promise((resolve) => connection.on('answer', () => { resolve(); return new Promise(() => {}); }));
  const stream = connection.stream('Counter', 1e6, 1), streamed = collect(stream);
  await new Promise((resolve) => stream.subscribe({ next: resolve, complete() {}, error() {} }));
  const call = failure(connection.invoke('AskMe', 'who?'));
  await asked;
  await lose(connection);
  const errors = [await call, (await streamed).error];
  await back;
  return { errors, echo: await connection.invoke('Echo', 'again') };
}

// A connection whose line breaks three times in the middle of what is played on it.
async function statefully({ relay, ...cell }) {
  const connection = await connect({ ...cell, url: relay }, { stateful: true });
  const lost = told(connection, 'onreconnecting').then((error) => { throw error; });
  const ids = [connection.connectionId];
  let isOver = false, steps = 0, look = () => {};
  const twentyMore = async () => {
    for (const goal = steps + 20; steps < goal;) await new Promise((resolve) => { look = resolve; });
  };
  // The client tries once to come back, so the next break waits until a call that was made after the last one has
  // its answer.
  const breaks = async () => {
    for (let cut = 0; cut < 3; cut++) {
      await twentyMore();
      await window.cut();
      ids.push(await connection.invoke('ConnectionId'));
    }
    await twentyMore();
    isOver = true;
  };
  return {
    connection,
    ids,
    isOver: () => isOver,
    step() { steps++; look(); },
    breaking: (...played) => Promise.race([Promise.all([...played, breaks()]), lost]),
  };
}

// Each of twenty goes on when what it did last has come back, so that twenty are always on their way.
const twenty = (goOn) => Array.from({ length: 20 }, goOn);

export async function burst({ relay, ...cell }) {
  const { connection, ids, isOver, step, breaking } = await statefully({ relay, ...cell });
  const sums = [];
  let called = 0;
  await breaking(...twenty(async () => {
    while (!isOver()) {
      const n = called++;
      const [sum] = await Promise.all([connection.invoke('Add', n, 1), connection.invoke('CallMeText', 'said', `${n}`)]);
      sums.push([n, sum]);
      step();
    }
  }));
  return { ids, called, sums, heard: await connection.until(called) };
}

export async function meanwhile({ relay, own, ...cell }) {
  const [{ connection, ids, isOver, step, breaking }, other] = await Promise.all([statefully({ relay, ...cell }), connect(cell)]);
  await connection.invoke('JoinGroup', own);
  let said = 0;
  await breaking(...twenty(async () => {
    while (!isOver()) {
      const n = said++;
      await other.invoke('ToGroup', own, `${n}`);
      await connection.until(n + 1);
      step();
    }
  }));
  await other.invoke('ToGroup', own, 'the end');
  return { ids, said, heard: await connection.until(said + 1) };
}

export async function downstream({ relay, ...cell }) {
  const { connection, ids, isOver, step, breaking } = await statefully({ relay, ...cell });
  const items = [];
  await breaking(new Promise((resolve, reject) => {
    const subscription = connection.stream('Counter', 1e6, 1).subscribe({
      next(item) {
        items.push(item);
        step();
        if (!isOver()) return;
        subscription.dispose();
        resolve();
      },
      complete: () => reject(new Error('the stream is complete')),
      error: reject,
    });
  }));
  return { ids, items };
}
