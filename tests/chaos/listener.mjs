// A receiver as a process of its own, so that it can be stopped: `node listener.mjs URL USER`. It prints `ready`, and
// the id of each message that its handler sees.
import { Ledger } from './ledger.mjs';
import { Person } from './people.mjs';

const [url, user] = process.argv.slice(2);
const person = new Person(url, user, new Ledger(), { onHeard: ({ id }) => console.log(id) });
await person.start();
console.log('ready');
