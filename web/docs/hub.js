// Tries a hub: one connection a hub that stays while the page is read, its methods called, its events as they come.
/* global signalR */
import { el, setText } from '../views/dom.js';
import { onToken, token } from './session.js';
import { code, pretty } from './schemas.js';

// Events that are kept to be read.
const KEPT = 200;
let count = 0;

class Line {
  events = [];
  changed = new Set();
  state = 'not connected';

  constructor(address, names) {
    this.address = address;
    this.names = names;
    onToken(() => this.disconnect());
  }

  tell() { for (const listener of this.changed) listener(); }

  #is(state) {
    this.state = state;
    this.tell();
  }

  async connect() {
    const before = this.connection, connection = new signalR.HubConnectionBuilder()
      .withUrl(this.address, { accessTokenFactory: () => token() ?? '' })
      .withAutomaticReconnect()
      .configureLogging(signalR.LogLevel.None)
      .build();
    this.connection = connection;
    // Only the newest connection is told of.
    const is = (state) => { if (this.connection === connection) this.#is(state); };
    for (const name of this.names) {
      connection.on(name, (argument) => {
        this.events.unshift({ name, argument, at: new Date() });
        this.events.length = Math.min(this.events.length, KEPT);
        this.tell();
      });
    }
    connection.onreconnecting(() => is('reconnecting'));
    connection.onreconnected(() => is('connected'));
    connection.onclose(() => is('not connected'));
    is('connecting');
    await before?.stop();
    if (this.connection !== connection) return;
    try {
      await connection.start();
      is('connected');
    } catch (error) {
      is(`not connected: ${error.message}`);
    }
  }

  async disconnect() {
    const before = this.connection;
    this.connection = null;
    this.#is('not connected');
    await before?.stop();
  }
}

const lines = new Map();

function lineOf(documents, entry) {
  if (!lines.has(entry.channel)) lines.set(entry.channel, new Line(entry.address, documents.eventsOf(entry.channel)));
  return lines.get(entry.channel);
}

const isText = (documents, schema) => {
  const found = documents.resolve(documents.asyncapi, schema);
  return [found?.type].flat().includes('string');
};

// The arguments of one form; what is not text is JSON.
function formOf(documents, form) {
  const fields = form.map((argument) => {
    const text = isText(documents, argument.schema);
    const isLong = !text && typeof argument.example === 'object';
    const control = isLong ? el('textarea', { rows: 4, spellcheck: false }) : el('input', { autocomplete: 'off' });
    control.id = `argument-${++count}`;
    control.value = argument.required ? pretty(argument.example) : '';
    control.placeholder = argument.required ? '' : pretty(argument.example);
    const label = el('label', { htmlFor: control.id, textContent: `${argument.name}${argument.required ? '' : ' (may be absent)'}` });
    return { argument, text, control, node: el('div', { className: 'field' }, label, control) };
  });
  const read = () => {
    const values = fields.map(({ argument, text, control }) => {
      if (control.value.trim() === '' && !argument.required) return undefined;
      if (text) return control.value;
      try {
        return JSON.parse(control.value);
      } catch {
        throw new Error(`${argument.name} is not JSON`);
      }
    });
    while (values.length && values.at(-1) === undefined) values.pop();
    return values;
  };
  return { nodes: fields.map((field) => field.node), read };
}

function callForm(documents, entry, line, output) {
  const { signalr: described } = entry;
  const forms = described.forms.map((form) => formOf(documents, form));
  const button = el('button', { className: 'primary', textContent: described.kind === 'stream' ? 'Stream' : 'Call' });
  const choice = el('select', { id: `form-${++count}` }, ...described.forms.map((form, i) => el('option', { value: i, textContent: form.map((one) => one.name).join(', ') })));
  const fields = el('div');
  const current = () => forms[choice.value || 0];
  choice.addEventListener('change', () => fields.replaceChildren(...current().nodes));
  fields.append(...current().nodes);
  const chooser = forms.length > 1 ? el('div', { className: 'field' }, el('label', { htmlFor: choice.id, textContent: 'Called with' }), choice) : null;
  const form = el('form', { className: 'try' }, chooser, fields, button);

  const say = (isGood, text) => el('p', { className: `status ${isGood ? 'good' : 'bad'}`, textContent: text });
  const failed = (error) => output.prepend(say(false, /HubException: (.*)/s.exec(error.message)?.[1] ?? error.message));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    output.replaceChildren();
    try {
      if (line.state !== 'connected') await line.connect();
      if (line.state !== 'connected') throw new Error(line.state);
      const values = current().read(), began = performance.now();
      if (described.kind === 'stream') {
        let items = 0;
        line.connection.stream(described.target, ...values).subscribe({
          next: (item) => { items++; output.append(code(item, 'Item of the stream')); },
          complete: () => output.prepend(say(true, `Completed after ${items} items`)),
          error: failed,
        });
        return;
      }
      const result = await line.connection.invoke(described.target, ...values);
      output.append(say(true, `Completed in ${Math.round(performance.now() - began)} ms`), code(result ?? null, 'Result'));
    } catch (error) {
      failed(error);
    }
  });
  return form;
}

export function hubConsole(documents, entry) {
  const line = lineOf(documents, entry);
  const state = el('span', { className: 'state', role: 'status' }), toggle = el('button', { type: 'button' });
  const log = el('ol', { className: 'log', role: 'log' }), output = el('div', { className: 'output' });
  log.setAttribute('aria-label', `Events of ${entry.address}`);
  output.setAttribute('aria-live', 'polite');
  let newest = null;
  const clear = el('button', { type: 'button', textContent: 'Clear' });
  clear.addEventListener('click', () => { line.events = []; line.tell(); });
  toggle.addEventListener('click', () => (line.state === 'connected' ? line.disconnect() : line.connect()));
  function showState() {
    setText(state, `${entry.address} is ${line.state}`);
    setText(toggle, line.state === 'connected' ? 'Disconnect' : 'Connect');
    if (newest === line.events[0] && line.events.length === log.childElementCount) return;
    newest = line.events[0];
    const rows = line.events.map(({ name, argument, at }) => el('li', {}, el('details', {}, el('summary', {}, el('code', { textContent: name }), ` ${at.toLocaleTimeString()}`), code(argument, name))));
    log.replaceChildren(...rows);
  }
  showState();
  line.changed.clear();
  line.changed.add(showState);
  const events = el('div', {}, el('div', { className: 'row' }, el('h2', { textContent: 'Events as they come' }), clear), log);
  const bar = el('div', { className: 'row' }, toggle, state);
  const call = entry.kind === 'method' ? callForm(documents, entry, line, output) : null;
  return el('section', { className: 'console' }, el('h2', { textContent: 'Try it' }), bar, call, output, events);
}
