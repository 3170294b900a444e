// A schema as a list of members that unfold, and a value as text.
import { el } from '../views/dom.js';

const nameOf = (reference) => reference.split('/').at(-1);

// A sentence with its `names` set as code.
export const prose = (tag, properties, text) => el(tag, properties, ...text.split('`').map((part, i) => (i % 2 ? el('code', { textContent: part }) : part)));

// The head of a member, a parameter or an argument.
export const memberHead = (name, schema, isRequired, ...more) => [
  el('code', { className: 'name', textContent: name }),
  el('span', { className: 'type', textContent: typeOf(schema) }),
  ...more,
  ...(isRequired ? [] : [el('span', { className: 'quiet', textContent: 'may be absent' })]),
];

// A type in a few words: `Message | null`, `string (uuid)`, `UserId[]`.
export function typeOf(schema) {
  if (schema === true || schema === undefined) return 'anything';
  if (schema.$ref) return nameOf(schema.$ref);
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeOf).join(' | ');
  return [schema.type].flat().map((type) => {
    if (type === 'array') return Array.isArray(schema.items) ? `[${schema.items.map(typeOf).join(', ')}]` : `${typeOf(schema.items)}[]`;
    if (type === 'object' && schema.additionalProperties) return `{ [name]: ${typeOf(schema.additionalProperties)} }`;
    return schema.format && type !== 'null' ? `${type} (${schema.format})` : type ?? 'anything';
  }).join(' | ');
}

// What a schema unfolds to: the members of an object, of the items of a list, of each choice.
function inner(documents, document, schema) {
  const found = documents.resolve(document, schema);
  if (!found || found === true) return [];
  if (found.properties) return [{ schema: found }];
  const choices = found.anyOf ?? found.oneOf;
  if (choices) return choices.flatMap((choice) => inner(documents, document, choice).map((one) => ({ name: one.name ?? (choice.$ref && nameOf(choice.$ref)) ?? choice.properties?.type?.const, schema: one.schema })));
  if (found.items && !Array.isArray(found.items)) return inner(documents, document, found.items);
  return [];
}

// The rows are made when they are unfolded: types may hold each other.
function unfolding(documents, document, schema, summary, isOpen) {
  const details = el('details', { open: isOpen }, summary);
  const fill = () => {
    if (!details.open || details.childElementCount > 1) return;
    for (const one of inner(documents, document, schema)) {
      if (one.name) details.append(el('p', { className: 'choice', textContent: one.name }));
      details.append(members(documents, document, one.schema));
    }
  };
  details.addEventListener('toggle', fill);
  fill();
  return details;
}

function members(documents, document, schema) {
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties).map(([name, member]) => {
    const head = memberHead(name, member, required.has(name));
    const words = member.description ?? documents.resolve(document, member)?.description;
    const values = documents.resolve(document, member)?.enum;
    const row = el('li');
    if (inner(documents, document, member).length) row.append(unfolding(documents, document, member, el('summary', {}, ...head), false));
    else row.append(el('div', { className: 'member' }, ...head));
    if (words) row.append(prose('p', { className: 'words' }, words));
    if (values && member.$ref) row.append(el('p', { className: 'words', textContent: values.join(', ') }));
    return row;
  });
  return el('ul', { className: 'members' }, ...rows);
}

export function schemaView(documents, document, schema) {
  const summary = el('summary', {}, el('span', { className: 'type', textContent: typeOf(schema) }));
  if (!inner(documents, document, schema).length) return el('p', { className: 'member' }, el('span', { className: 'type', textContent: typeOf(schema) }));
  return unfolding(documents, document, schema, summary, false);
}

export const pretty = (value) => (typeof value === 'string' ? value : JSON.stringify(value, null, 2) ?? '');

export function code(value, label) {
  const block = el('pre', { tabIndex: 0 }, el('code', { textContent: pretty(value) }));
  block.setAttribute('aria-label', label);
  return block;
}

// An example that is only unfolded by who wants it.
export const folded = (title, value) => el('details', {}, el('summary', { textContent: title }), code(value, title));
