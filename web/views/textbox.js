// A line one writes in: it grows with its text, and Enter sends.

const HIGHEST = 180; // pixels

export function textbox(form, box, { send, changed = () => {} }) {
  function fit() {
    box.style.height = 'auto';
    if (box.scrollHeight) box.style.height = `${Math.min(box.scrollHeight + 2, HIGHEST)}px`;
  }
  function set(text) {
    box.value = text;
    fit();
  }
  box.addEventListener('input', () => { fit(); changed(box.value); });
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener('submit', (event) => { event.preventDefault(); send(box.value.trim()); });
  return { set };
}
