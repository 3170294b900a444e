// Tries a route: its parameters and its body as a form, the request as a curl line, and what came back.
import { el } from '../views/dom.js';
import { onToken, token } from './session.js';
import { code, pretty } from './schemas.js';

let count = 0;
// What the console that is shown does when somebody signs in.
let showHint = () => {};
onToken(() => showHint());

function field(label, control, hint) {
  control.id = `field-${++count}`;
  if (hint) control.placeholder = hint;
  return el('div', { className: 'field' }, el('label', { htmlFor: control.id, textContent: label }), control);
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function controlOf(schema) {
  const choices = schema?.type === 'boolean' ? ['true', 'false'] : schema?.enum;
  if (!choices) return el('input', { autocomplete: 'off' });
  return el('select', {}, el('option', { value: '', textContent: 'absent' }), ...choices.map((value) => el('option', { value, textContent: value })));
}

// The controls of a body: JSON as text, the parts of a form each on its own.
function bodyOf(documents, requestBody) {
  const [kind, body] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  if (!kind) return { fields: [], read: () => undefined, curl: () => '' };
  if (kind !== 'multipart/form-data') {
    const area = el('textarea', { rows: 6, spellcheck: false, value: pretty(body.example ?? {}) });
    const read = () => (area.value.trim() ? area.value : undefined);
    return { kind, fields: [field('Body', area)], read, curl: () => (read() ? ` \\\n  -H ${quoted(`Content-Type: ${kind}`)} -d ${quoted(read())}` : '') };
  }
  const members = Object.entries(documents.resolve(documents.openapi, body.schema)?.properties ?? {}).map(([name, schema]) => {
    const one = schema.type === 'array' ? schema.items : schema;
    const isFile = one.format === 'binary' || one.contentMediaType;
    return { name, control: el('input', isFile ? { type: 'file', multiple: schema.type === 'array' } : { autocomplete: 'off' }) };
  });
  const parts = () => members.flatMap(({ name, control }) => (control.type === 'file' ? [...control.files] : [control.value].filter(Boolean)).map((value) => [name, value]));
  const read = () => parts().reduce((form, [name, value]) => { form.append(name, value); return form; }, new FormData());
  const curl = () => parts().map(([name, value]) => ` \\\n  -F ${quoted(`${name}=${value instanceof File ? `@${value.name}` : value}`)}`).join('');
  return { fields: members.map(({ name, control }) => field(name, control)), read, curl };
}

async function content(response) {
  const kind = (response.headers.get('content-type') ?? '').split(';')[0];
  if (kind.endsWith('json')) return code(await response.json(), 'Body of the answer');
  if (kind.startsWith('text/')) return code(await response.text(), 'Body of the answer');
  const blob = await response.blob();
  return el('p', { textContent: blob.size ? `${blob.size} bytes of ${kind}` : 'No body.' });
}

export function restConsole(documents, entry) {
  const { operation } = entry;
  const parameters = (operation.parameters ?? []).map((parameter) => ({ parameter, control: controlOf(parameter.schema) }));
  for (const { parameter, control } of parameters) if (parameter.required && parameter.example !== undefined) control.value = parameter.example;
  const body = bodyOf(documents, operation.requestBody);

  const said = (place) => parameters.filter(({ parameter, control }) => parameter.in === place && control.value !== '');
  function address() {
    let path = entry.path;
    for (const { parameter, control } of said('path')) path = path.replace(`{${parameter.name}}`, encodeURIComponent(control.value));
    const query = new URLSearchParams(said('query').map(({ parameter, control }) => [parameter.name, control.value]));
    return `${path}${query.size ? `?${query}` : ''}`;
  }
  const headers = () => Object.fromEntries(said('header').map(({ parameter, control }) => [parameter.name, control.value]));
  const isOpen = operation.security?.length === 0;

  const line = el('code'), output = el('div', { className: 'output' }), button = el('button', { className: 'primary', textContent: 'Send' });
  output.setAttribute('aria-live', 'polite');
  function showLine() {
    const method = entry.method === 'get' ? '' : ` -X ${entry.method.toUpperCase()}`;
    const bearer = isOpen ? '' : ' \\\n  -H "Authorization: Bearer $TOKEN"';
    const others = Object.entries(headers()).map(([name, value]) => ` \\\n  -H ${quoted(`${name}: ${value}`)}`).join('');
    line.textContent = `curl${method} ${quoted(location.origin + address())}${bearer}${others}${body.curl()}`;
  }

  const form = el('form', { className: 'try' }, ...parameters.map(({ parameter, control }) => field(`${parameter.name}${parameter.required ? '' : ' (may be absent)'}`, control, parameter.example?.toString())), ...body.fields, button);
  form.addEventListener('input', showLine);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    const sent = body.read(), began = performance.now();
    try {
      const all = headers();
      if (!isOpen && token()) all.authorization = `Bearer ${token()}`;
      if (sent !== undefined && body.kind) all['content-type'] = body.kind;
      const response = await fetch(address(), { method: entry.method.toUpperCase(), headers: all, body: sent });
      const status = el('p', { className: `status ${response.ok ? 'good' : 'bad'}`, textContent: `${response.status} in ${Math.round(performance.now() - began)} ms` });
      output.replaceChildren(status, await content(response));
    } catch (error) {
      output.replaceChildren(el('p', { className: 'status bad', textContent: `No answer: ${error.message}` }));
    } finally {
      button.disabled = false;
    }
  });
  showLine();
  const hint = el('p', { className: 'quiet' });
  showHint = () => { hint.textContent = isOpen || token() ? '' : 'Without a token the server answers 401: sign in above.'; };
  showHint();
  const curl = el('pre', { tabIndex: 0 }, line);
  curl.setAttribute('aria-label', 'The same with curl');
  return el('section', { className: 'console' }, el('h2', { textContent: 'Try it' }), hint, form, curl, output);
}
