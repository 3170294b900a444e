// The page of the descriptions: what there is, found by a word, shown one at a time under an address of its own.
import { byId, el } from '../views/dom.js';
import { Documents } from './documents.js';
import { hubConsole } from './hub.js';
import { eventPart, methodPart, routePart } from './parts.js';
import { restConsole } from './rest.js';
import { prose } from './schemas.js';
import { startSession } from './session.js';

const main = byId('main'), list = byId('list'), search = byId('search');

function overview(documents) {
  const about = (title, text) => el('section', {}, el('h2', { textContent: title }), prose('p', {}, text));
  return [
    el('h1', { textContent: 'Routes, methods and events' }),
    el('p', { className: 'lead', textContent: 'Everything this server does, described by itself. Choose something to read about it and to try it here.' }),
    about('REST', documents.openapi.info.description),
    about('Hubs', documents.asyncapi.info.description),
    about('A typed client', '`hubwire client --typescript` prints a client of the hubs for `@microsoft/signalr` with the types of everything it takes and gives.'),
  ];
}

function describe(documents, entry) {
  if (!entry) return overview(documents);
  if (entry.kind === 'route') return [...routePart(documents, entry), restConsole(documents, entry)];
  if (entry.kind === 'method') return [...methodPart(documents, entry), hubConsole(documents, entry)];
  return [...eventPart(documents, entry), hubConsole(documents, entry)];
}

function showList(documents) {
  const wanted = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const isWanted = (entry) => wanted.every((word) => entry.text.includes(word));
  const here = decodeURIComponent(location.hash.slice(1));
  let count = 0;
  const groups = documents.groups.map(({ title, entries }) => {
    const fitting = entries.filter(isWanted);
    count += fitting.length;
    if (!fitting.length) return null;
    const rows = fitting.map((entry) => {
      const link = el('a', { href: `#${entry.id}` }, el('span', { className: `badge ${entry.badge.toLowerCase()}`, textContent: entry.badge }), el('span', { textContent: entry.name }));
      if (entry.id === here) link.setAttribute('aria-current', 'page');
      return el('li', {}, link);
    });
    return el('section', {}, el('h2', { textContent: title }), el('ul', {}, ...rows));
  });
  list.replaceChildren(...groups.filter(Boolean));
  byId('found').textContent = wanted.length ? `${count} found` : '';
  if (!count) list.append(el('p', { className: 'quiet', textContent: 'Nothing has these words.' }));
}

function show(documents, moveFocus) {
  const id = decodeURIComponent(location.hash.slice(1));
  if (id === 'main') return;
  const entry = documents.entries.get(id);
  main.replaceChildren(...describe(documents, entry));
  document.title = `${entry ? `${entry.name}: ` : ''}Hubwire`;
  showList(documents);
  list.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  if (!moveFocus) return;
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
  if (matchMedia('(max-width: 800px)').matches) byId('contents').open = false;
}

try {
  startSession();
  const documents = await Documents.load();
  search.addEventListener('input', () => showList(documents));
  addEventListener('hashchange', () => show(documents, true));
  addEventListener('keydown', (event) => {
    if (event.key !== '/' || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    event.preventDefault();
    byId('contents').open = true;
    search.focus();
  });
  if (matchMedia('(max-width: 800px)').matches) byId('contents').open = false;
  show(documents, false);
} catch (error) {
  main.replaceChildren(el('p', { role: 'alert', textContent: `The descriptions cannot be shown: ${error.message}` }));
}
