// Who tries things out here. The token is the demo page's: in sessionStorage, for this window alone.
import { byId, setText } from '../views/dom.js';

const KEY = 'hubwire.token';
const listeners = new Set();

export const token = () => sessionStorage.getItem(KEY);

// Told whenever somebody else signs in, or nobody any more.
export const onToken = (listener) => listeners.add(listener);

function userOf(jwt) {
  try {
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(jwt.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))));
    return claims['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier'] ?? claims.nameid ?? claims.sub ?? 'somebody';
  } catch {
    return 'somebody';
  }
}

function shown() {
  const now = token();
  setText(byId('who-now'), now ? `Signed in as ${userOf(now)}` : 'Not signed in');
  byId('sign-out').hidden = !now;
  for (const listener of listeners) listener();
}

function take(given) {
  if (given) sessionStorage.setItem(KEY, given); else sessionStorage.removeItem(KEY);
  setText(byId('who-problem'), '');
  shown();
  byId('who').open = false;
}

// A server with a made-up key on a loopback address gives a token to everybody who names himself.
async function demoToken(name) {
  const response = await fetch('/demo/token', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name }) });
  if (response.status === 404) throw new Error('This server has a key of its own: use a token that it signed.');
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer.data.token;
}

export function startSession() {
  byId('name-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      take(await demoToken(byId('name').value.trim()));
    } catch (error) {
      setText(byId('who-problem'), error.message);
    }
  });
  byId('token-form').addEventListener('submit', (event) => {
    event.preventDefault();
    take(byId('token').value.trim());
    byId('token').value = '';
  });
  byId('sign-out').addEventListener('click', () => take(null));
  shown();
}
