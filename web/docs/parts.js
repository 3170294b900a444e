// What is said of a route, a method and an event.
import { el } from '../views/dom.js';
import { code, folded, memberHead, prose, schemaView } from './schemas.js';

function head(entry, title, operation) {
  const anchor = el('a', { className: 'anchor', href: `#${entry.id}`, textContent: '#', title: 'The address of this description' });
  anchor.setAttribute('aria-label', 'The address of this description');
  return [
    el('p', { className: 'signature' }, el('span', { className: `badge ${entry.badge.toLowerCase()}`, textContent: entry.badge }), el('code', { textContent: title }), anchor),
    el('h1', { textContent: operation.summary }),
    operation.description ? prose('p', { className: 'lead' }, operation.description) : null,
  ].filter(Boolean);
}

const section = (title, ...children) => el('section', {}, el('h2', { textContent: title }), ...children);

// A table that a phone can scroll sideways without the page.
function table(label, columns, rows) {
  const cell = (content) => (content instanceof Node ? content : document.createTextNode(content ?? ''));
  const body = rows.map((row) => el('tr', {}, ...row.map((content, i) => el(i ? 'td' : 'th', i ? {} : { scope: 'row' }, cell(content)))));
  const node = el('div', { className: 'scroll', tabIndex: 0, role: 'region' }, el('table', {}, el('thead', {}, el('tr', {}, ...columns.map((name) => el('th', { scope: 'col', textContent: name })))), el('tbody', {}, ...body)));
  node.setAttribute('aria-label', label);
  return node;
}

const name = (text) => el('code', { textContent: text });

export function routePart(documents, entry) {
  const { operation } = entry, { openapi } = documents;
  const parts = head(entry, entry.path, operation);
  parts.push(el('p', { className: 'quiet', textContent: operation.security?.length === 0 ? 'Needs no token.' : 'Needs a bearer token.' }));
  if (operation.parameters) {
    const rows = operation.parameters.map((one) => el('li', {},
      el('div', { className: 'member' }, ...memberHead(one.name, one.schema, one.required, el('span', { className: 'place', textContent: one.in }))),
      prose('p', { className: 'words' }, one.description)));
    parts.push(section('Parameters', el('ul', { className: 'members' }, ...rows)));
  }
  if (operation.requestBody) {
    const bodies = Object.entries(operation.requestBody.content).flatMap(([kind, body]) => [
      el('p', { className: 'quiet', textContent: `${kind}${operation.requestBody.required ? '' : ', may be absent'}` }),
      schemaView(documents, openapi, body.schema),
      body.example === undefined ? null : folded('Example', body.example),
    ]);
    parts.push(section('Body', ...bodies));
  }
  const granted = Object.entries(operation.responses).filter(([status]) => status < 400).map(([status, response]) => [status, documents.resolve(openapi, response)]);
  for (const [status, response] of granted) {
    const contents = Object.entries(response.content ?? {}).flatMap(([kind, body]) => [
      el('p', { className: 'quiet', textContent: kind }),
      schemaView(documents, openapi, body.schema),
      body.example === undefined ? null : folded('Example', body.example),
    ]);
    parts.push(section(`Answer ${status}`, ...(contents.length ? contents : [el('p', { textContent: response.description })])));
  }
  const refused = Object.entries(operation.responses).filter(([status]) => status >= 400).flatMap(([status, response]) => {
    const examples = Object.values(documents.resolve(openapi, response).content?.['application/json']?.examples ?? {});
    return examples.map((example) => [status, name(example.value.code), example.value.error]);
  });
  parts.push(section('Refusals', el('details', {}, el('summary', { textContent: `${refused.length} ways` }), table('Refusals', ['Status', 'Code', 'For example'], refused))));
  return parts;
}

export function methodPart(documents, entry) {
  const { signalr, operation } = entry, { asyncapi } = documents;
  const called = signalr.forms.map((form) => `${signalr.target}(${form.map((one) => one.name + (one.required ? '' : '?')).join(', ')})`);
  const parts = head(entry, called.join('  or  '), operation);
  const also = signalr.aliases.length ? ` Also ${signalr.aliases.join(', ')}.` : '';
  parts.push(el('p', { className: 'quiet', textContent: `On ${entry.address}.${also}` }));
  signalr.forms.forEach((form, i) => {
    if (!form.length) return;
    const views = form.flatMap((one) => [
      el('div', { className: 'member' }, ...memberHead(one.name, one.schema, one.required)),
      prose('p', { className: 'words' }, one.description),
      documents.resolve(asyncapi, one.schema)?.properties ? schemaView(documents, asyncapi, one.schema) : null,
    ]);
    parts.push(section(signalr.forms.length > 1 ? `Arguments, form ${i + 1}` : 'Arguments', ...views));
  });
  const answered = documents.resolve(asyncapi, operation.reply.messages[0]);
  parts.push(section(signalr.kind === 'stream' ? 'Each item of the stream' : 'Answer', schemaView(documents, asyncapi, signalr.result), folded('Example', answered.examples[0].payload)));
  const refused = signalr.errors.map((one) => [name(one.code), one.text]);
  parts.push(section('Refusals', el('details', {}, el('summary', { textContent: `${refused.length} ways` }), table('Refusals', ['Code', 'For example'], refused))));
  return parts;
}

export function eventPart(documents, entry) {
  const { signalr, operation } = entry, { asyncapi } = documents;
  const message = documents.resolve(asyncapi, operation.messages[0]);
  return [
    ...head(entry, `on('${signalr.target}', (argument) => …)`, operation),
    el('p', { className: 'quiet', textContent: `From ${entry.address}.` }),
    section('Argument', schemaView(documents, asyncapi, signalr.argument), code(message.examples[0].payload[0], 'Example')),
  ];
}
