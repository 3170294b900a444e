// The demo page is loaded again and again in Chromium while somebody talks to it: it shows everything once, and its
// connections together hear nothing twice, since a page that is left is a connection that was closed.
import { startServer } from '../../clients/server.mjs';
import { launch } from '../../clients/browser/chromium.mjs';
import { enter, myId, shown } from '../../clients/browser/page.mjs';
import { rest } from '../../clients/node/support.mjs';
import { random, sleep, until } from '../random.mjs';

export const short = { reloads: 5, rate: 20, wait: 15_000 };
export const long = { ...short, reloads: 50 };

const number = (text) => Number(/^line (\d+)\.$/.exec(text)?.[1]);

export async function run({ seed, reloads, rate, wait }, report) {
  const chance = random(seed), server = await startServer(), browser = await launch();
  try {
    const page = await browser.newPage(), heard = hearing(page);
    await page.goto(server.url);
    await enter(page, 'Ann');
    const bob = rest(server, await server.token('bob', 'Bob'));
    const say = async (body) => {
      const { status, data } = await bob('POST', '/messages', body);
      if (status !== 200) throw new Error(`a message was answered with ${status}`);
      return data;
    };
    let count = 1, isOver = false;
    const { conversationId } = await say({ recipientId: await myId(page), content: 'line 1.' });
    await page.locator('#conversations .row').click();
    const talking = (async () => { while (!isOver) { await say({ conversationId, content: `line ${count + 1}.` }); count++; await sleep(1_000 / rate); } })();
    const shows = (least) => until(async () => (await shown(page).catch(() => [])).map(number).at(-1) >= least, wait);
    const broken = [];
    // Each line shown is one more than the one above it.
    const look = async (when, least) => {
      if (!await shows(least)) return broken.push(`${when} line ${least} was not shown in ${wait} ms`);
      const numbers = (await shown(page)).map(number);
      const at = numbers.findIndex((line, index) => index && line !== numbers[index - 1] + 1);
      if (at > 0) broken.push(`${when} line ${numbers[at]} stands below line ${numbers[at - 1]}`);
    };
    for (let n = 1; n <= reloads; n++) {
      await page.reload();
      await look(`after reload ${n}`, count + 1);
      await sleep(chance.between(0, 300));
    }
    isOver = true;
    await talking;
    await look('at the end', count);
    report.say(`${count} messages; ${heard.sockets()} connections heard ${heard.all.length} of them`);
    report.add({ promise: 'the page shows everything once and in order', counted: reloads, broken });
    const twice = heard.all.filter((id, index) => heard.all.indexOf(id) !== index);
    report.add({ promise: 'its connections hear nothing twice', counted: heard.all.length, broken: heard.sockets() <= reloads ? [`only ${heard.sockets()} connections were seen`] : twice.map((id) => `${id} was heard twice`) });
  } finally {
    await browser.close();
    await server.stop();
  }
}

// The ids of all messages that the page's chat connections carried.
function hearing(page) {
  const all = [];
  let sockets = 0;
  page.on('websocket', (socket) => {
    if (!new URL(socket.url()).pathname.endsWith('/hubs/chat')) return;
    sockets++;
    socket.on('framereceived', ({ payload }) => {
      for (const record of String(payload).split('\x1e').filter(Boolean)) {
        const { target, arguments: [message] = [] } = JSON.parse(record);
        if (target === 'ReceiveMessage') all.push(message.id);
      }
    });
  });
  return { all, sockets: () => sockets };
}
