// The REST half of the server: one function a route, `data` of the answer as the result.

// What the server refused, with its code (`not_found`, `rate_limited`, …) and its sentence.
export class ApiError extends Error {
  constructor(status, body) {
    super(body?.error ?? `The server answered ${status}`);
    this.status = status;
    this.code = body?.code ?? 'internal';
  }
}

export function restApi(token) {
  async function call(method, path, body) {
    const headers = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(`/api/Chat${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const answer = await response.json().catch(() => null);
    if (!response.ok) throw new ApiError(response.status, answer);
    return answer.data;
  }
  return {
    me: () => call('GET', '/users/me'),
    conversations: () => call('GET', '/conversations?take=100'),
    conversation: (id) => call('GET', `/conversations/${encodeURIComponent(id)}`),
    direct: (userId) => call('POST', `/conversations/direct/${encodeURIComponent(userId)}`),
    send: (message) => call('POST', '/messages', message),
  };
}
