// Who this window is. The token lives in sessionStorage, so two windows can be two people.
import { ApiError, demoToken } from '../client/api.js';
import { byId } from './dom.js';

const KEY = 'hubwire.token';

export const rememberedToken = () => sessionStorage.getItem(KEY);
export const forget = () => sessionStorage.removeItem(KEY);

// Shows the sign-in card until `enter(token)` succeeds.
export function signIn(enter, problem = '') {
  document.body.dataset.view = 'sign-in';
  const nameForm = byId('name-form'), tokenForm = byId('token-form'), problemLine = byId('sign-in-problem');
  problemLine.textContent = problem;

  const attempt = (form, work) => async (event) => {
    event.preventDefault();
    problemLine.textContent = '';
    form.toggleAttribute('aria-busy', true);
    try {
      const token = await work();
      if (!token) return;
      await enter(token);
      sessionStorage.setItem(KEY, token);
    } catch (error) {
      problemLine.textContent = error instanceof ApiError ? error.message : 'The server cannot be reached.';
    } finally {
      form.toggleAttribute('aria-busy', false);
    }
  };
  nameForm.onsubmit = attempt(nameForm, async () => {
    const token = await demoToken(byId('name').value.trim());
    if (!token) {
      nameForm.hidden = true;
      tokenForm.hidden = false;
      byId('token').focus();
    }
    return token;
  });
  tokenForm.onsubmit = attempt(tokenForm, async () => byId('token').value.trim());
  (nameForm.hidden ? byId('token') : byId('name')).focus();
}
