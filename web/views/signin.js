// Who this window is. The token lives in sessionStorage, so two windows can be two people.
import { ApiError, demoToken } from '../client/api.js';
import { byId } from './dom.js';

const KEY = 'hubwire.token';

export const rememberedToken = () => sessionStorage.getItem(KEY);
export const forget = () => sessionStorage.removeItem(KEY);

// Shows the sign-in card until `enter(token)` succeeds, which is asked for once at a time and never again.
export function signIn(enter, problem = '') {
  document.body.dataset.view = 'sign-in';
  const nameForm = byId('name-form'), tokenForm = byId('token-form'), problemLine = byId('sign-in-problem');
  problemLine.textContent = problem;
  let isBusy = false;

  function busy(form, is) {
    isBusy = is;
    form.toggleAttribute('aria-busy', is);
    form.querySelector('button').disabled = is;
  }

  const attempt = (form, work) => async (event) => {
    event.preventDefault();
    if (isBusy) return;
    problemLine.textContent = '';
    busy(form, true);
    try {
      const token = await work();
      if (token) {
        await enter(token);
        sessionStorage.setItem(KEY, token);
        return;
      }
    } catch (error) {
      problemLine.textContent = error instanceof ApiError ? error.message : 'The server cannot be reached.';
    }
    busy(form, false);
    focus();
  };
  const focus = () => (nameForm.hidden ? byId('token') : byId('name')).focus();
  nameForm.onsubmit = attempt(nameForm, async () => {
    const token = await demoToken(byId('name').value.trim());
    if (!token) {
      nameForm.hidden = true;
      tokenForm.hidden = false;
    }
    return token;
  });
  tokenForm.onsubmit = attempt(tokenForm, async () => byId('token').value.trim());
  focus();
}
