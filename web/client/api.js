// The REST half of the server: one function a route.

// What the server refused, with its code (`not_found`, `rate_limited`, …) and its sentence.
export class ApiError extends Error {
  constructor(status, body) {
    super(body?.error ?? `The server answered ${status}`);
    this.status = status;
    this.code = body?.code ?? 'internal';
  }
}

// A server with a made-up key on a loopback address gives a token to everybody who names himself; any other has no
// such route, and the answer is null.
export async function demoToken(name) {
  const response = await fetch('/demo/token', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name }) });
  if (response.status === 404) return null;
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, answer);
  return answer.data.token;
}

const seg = encodeURIComponent;
const query = (parameters) => new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined));

export function restApi(token) {
  // The whole answer: `data`, and `pagination` beside it where there are pages.
  async function ask(method, path, body) {
    const headers = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(`/api/Chat${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const answer = await response.json().catch(() => null);
    if (!response.ok) throw new ApiError(response.status, answer);
    return answer;
  }
  const call = async (...request) => (await ask(...request)).data;
  const state = (id, name, isSet) => call(isSet ? 'POST' : 'DELETE', `/conversations/${seg(id)}/${name}`);
  const participant = (method, id, userId, body) => call(method, `/groups/${seg(id)}/participants/${seg(userId)}`, body);

  return {
    token,
    me: () => call('GET', '/users/me'),
    searchPeople: (text) => call('GET', `/users/search?${query({ query: text, take: 8 })}`),
    presence: (userIds) => call('POST', '/presence/users', { userIds }),
    setStatus: (status) => call('PUT', '/presence/status', { status }),

    conversations: (skip = 0) => ask('GET', `/conversations?${query({ skip, take: 100, includeArchived: true })}`),
    conversation: (id) => call('GET', `/conversations/${seg(id)}`),
    searchConversations: (text) => call('GET', `/conversations/search?${query({ query: text, take: 20 })}`),
    direct: (userId) => call('POST', `/conversations/direct/${seg(userId)}`),
    mute: (id, isSet) => state(id, 'mute', isSet),
    archive: (id, isSet) => state(id, 'archive', isSet),
    pinConversation: (id, isSet) => state(id, 'pin', isSet),
    // Out of one's own list: a direct one until the next message, a group by leaving it.
    remove: (id) => call('DELETE', `/conversations/${seg(id)}`),

    changeGroup: (id, change) => call('PUT', `/groups/${seg(id)}`, change),
    addMembers: (id, memberIds) => call('POST', `/groups/${seg(id)}/participants`, { memberIds }),
    setRole: (id, userId, role) => participant('PUT', id, userId, { role }),
    removeMember: (id, userId) => participant('DELETE', id, userId),
    transfer: (id, userId) => call('POST', `/groups/${seg(id)}/transfer`, { userId }),
    endGroup: (id) => call('DELETE', `/groups/${seg(id)}?scope=everyone`),

    send: (message) => call('POST', '/messages', message),
    message: (id) => call('GET', `/messages/${seg(id)}`),
    thread: (id, skip = 0) => ask('GET', `/messages/${seg(id)}/thread?${query({ skip, take: 100 })}`),
    pins: (id) => call('GET', `/conversations/${seg(id)}/pins`),
    searchMessages: (text, conversationId) => call('GET', `/messages/search?${query({ q: text, conversationId, take: 30 })}`),
    reactions: (id) => call('GET', `/messages/${seg(id)}/reactions?take=100`),
    receipts: (id) => call('GET', `/messages/${seg(id)}/read-receipts`),
  };
}
