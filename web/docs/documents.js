// Both descriptions, and from them one list of everything that can be chosen.

async function fetched(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

const text = (...words) => words.filter(Boolean).join(' ').toLowerCase();

export class Documents {
  static async load() {
    return new Documents(...await Promise.all([fetched('/openapi.json'), fetched('/asyncapi.json')]));
  }

  constructor(openapi, asyncapi) {
    this.openapi = openapi;
    this.asyncapi = asyncapi;
    this.groups = [...this.#routes(), ...this.#hubs()].filter((group) => group.entries.length);
    this.entries = new Map(this.groups.flatMap((group) => group.entries).map((entry) => [entry.id, entry]));
  }

  // What a reference of either document leads to; anything else is itself.
  resolve(document, node) {
    while (node?.$ref) node = node.$ref.slice(2).split('/').reduce((at, step) => at?.[step.replaceAll('~1', '/').replaceAll('~0', '~')], document);
    return node;
  }

  #routes() {
    const routes = Object.entries(this.openapi.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({
      kind: 'route', id: `rest/${operation.operationId}`, badge: method.toUpperCase(), name: path.replace(/^\/api\/Chat/, ''), path, method, operation,
      text: text(method, path, operation.summary, operation.description, operation.operationId),
    })));
    return this.openapi.tags.map((tag) => ({ title: tag.name[0].toUpperCase() + tag.name.slice(1), entries: routes.filter((route) => route.operation.tags.includes(tag.name)) }));
  }

  #hubs() {
    return Object.entries(this.asyncapi.channels).flatMap(([channel, { address }]) => {
      const entries = Object.entries(this.asyncapi.operations).filter(([id]) => id.startsWith(`${channel}.`)).map(([id, operation]) => {
        const signalr = operation['x-signalr'], isEvent = signalr.kind === 'event';
        return {
          kind: isEvent ? 'event' : 'method', id: `hub/${id}`, badge: isEvent ? 'on' : signalr.kind === 'stream' ? 'stream' : 'call',
          name: signalr.target, address, channel, operation, signalr,
          text: text(signalr.target, operation.summary, operation.description, address, ...(signalr.aliases ?? [])),
        };
      });
      return [
        { title: `${address}: methods`, entries: entries.filter((entry) => entry.kind === 'method') },
        { title: `${address}: events`, entries: entries.filter((entry) => entry.kind === 'event') },
      ];
    });
  }

  // Events that a hub calls its clients by.
  eventsOf(channel) {
    return [...this.entries.values()].filter((entry) => entry.kind === 'event' && entry.channel === channel).map((entry) => entry.name);
  }
}
