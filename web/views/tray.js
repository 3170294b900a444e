// The files that go with the next message: chosen, pasted or dropped, shown before they are sent.
import { isImage, sizeOf } from '../client/upload.js';
import { byId, el } from './dom.js';

const MOST = 10;

export function fileTray(added) {
  const list = byId('tray'), input = byId('files'), pane = byId('open');
  let chosen = [];

  function add(files) {
    for (const file of files) {
      if (chosen.length >= MOST) break;
      chosen.push({ file, url: isImage(file.type) ? URL.createObjectURL(file) : null });
    }
    draw();
    if (files.length) added();
  }

  function remove(one) {
    if (one.url) URL.revokeObjectURL(one.url);
    chosen = chosen.filter((other) => other !== one);
    draw();
    added();
  }

  function draw() {
    list.hidden = !chosen.length;
    list.replaceChildren(...chosen.map((one) => {
      const picture = one.url ? el('img', { src: one.url, alt: '' }) : el('span', { className: 'file-icon', ariaHidden: 'true' });
      const name = el('span', { className: 'what' }, el('strong', { textContent: one.file.name }), el('span', { className: 'quiet', textContent: sizeOf(one.file.size) }));
      return el('li', {}, picture, name, el('button', { type: 'button', className: 'remove', ariaLabel: `Remove ${one.file.name}`, textContent: '✕', onclick: () => remove(one) }));
    }));
  }

  byId('attach').onclick = () => input.click();
  input.onchange = () => { add([...input.files]); input.value = ''; };
  byId('text').addEventListener('paste', (event) => {
    const files = [...event.clipboardData.files];
    if (files.length) { event.preventDefault(); add(files); }
  });
  const holdsFiles = (event) => event.dataTransfer?.types.includes('Files');
  pane.addEventListener('dragover', (event) => { if (holdsFiles(event)) { event.preventDefault(); pane.classList.add('dropping'); } });
  pane.addEventListener('dragleave', (event) => { if (!pane.contains(event.relatedTarget)) pane.classList.remove('dropping'); });
  pane.addEventListener('drop', (event) => {
    pane.classList.remove('dropping');
    if (holdsFiles(event)) { event.preventDefault(); add([...event.dataTransfer.files]); }
  });

  return {
    files: () => chosen.map(({ file }) => file),
    clear() {
      for (const { url } of chosen) if (url) URL.revokeObjectURL(url);
      chosen = [];
      draw();
    },
  };
}
