// Images, films, sounds and files of a message, also while they are on their way.
import { isImage, sizeOf } from '../client/upload.js';
import { el, setText } from './dom.js';

// An address on this server, whatever name the server believes to have.
function local(url) {
  const { pathname, search } = new URL(url, location.origin);
  return location.origin + pathname + search;
}

export function attachmentsView({ view }) {
  const node = el('div', { className: 'attachments', hidden: true });
  const bar = el('div', { className: 'bar-fill' }), track = el('div', { className: 'progress', role: 'progressbar', ariaLabel: 'Upload', ariaValueMin: '0', ariaValueMax: '100' }, bar);
  const cancel = el('button', { type: 'button', className: 'cancel', textContent: 'Cancel upload' });
  const going = el('div', { className: 'going', hidden: true }, track, cancel);
  let shown = null, urls = [];

  // Gives back what previews hold.
  function release() {
    for (const url of urls) URL.revokeObjectURL(url);
    urls = [];
  }
  function preview(file) {
    const url = URL.createObjectURL(file);
    urls.push(url);
    return url;
  }

  // What is not sent yet comes from this machine.
  const fromHere = (file) => (isImage(file.type) ? picture({ name: file.name }, preview(file), null) : card({ name: file.name, size: file.size }));

  function fromThere(attachment) {
    const { mimeType, url, thumbnail } = attachment, address = local(url);
    if (isImage(mimeType)) return picture(attachment, local(thumbnail ?? url), () => view(attachment.name, address));
    if (/^video\//.test(mimeType)) return el('video', { controls: true, preload: 'metadata', src: address, ...(thumbnail && { poster: local(thumbnail) }), ariaLabel: attachment.name ?? 'Video' });
    if (/^audio\//.test(mimeType)) return el('audio', { controls: true, preload: 'metadata', src: address, ariaLabel: attachment.name ?? 'Audio' });
    return card(attachment, address);
  }

  function draw({ message, files, draft, upload }) {
    const stored = message.isDeleted ? [] : message.attachments ?? [];
    const sources = draft ? files ?? [] : stored;
    const key = sources.map((one) => one.id ?? one.name).join('\n');
    node.hidden = !sources.length;
    if (key !== shown) {
      shown = key;
      release();
      node.replaceChildren(...sources.map(draft ? fromHere : fromThere), going);
      node.dataset.count = sources.length;
    }
    going.hidden = !upload;
    if (!upload) return;
    const percent = Math.round(upload.progress * 100);
    bar.style.width = `${percent}%`;
    track.ariaValueNow = String(percent);
    cancel.onclick = upload.cancel;
  }

  return { node, draw, release };
}

function picture({ name }, src, open) {
  const image = el('img', { src, alt: name ?? 'Image', loading: 'lazy', decoding: 'async' });
  return open ? el('button', { type: 'button', className: 'picture', onclick: open, ariaLabel: `Open ${name ?? 'image'}` }, image) : el('span', { className: 'picture' }, image);
}

function card({ name, size }, address) {
  const title = el('strong'), quiet = el('span', { className: 'quiet', textContent: sizeOf(size) });
  setText(title, name ?? 'File');
  const inside = [el('span', { className: 'file-icon', ariaHidden: 'true' }), el('span', { className: 'what' }, title, quiet)];
  return address ? el('a', { className: 'file', href: address, download: name ?? '', target: '_blank', rel: 'noopener' }, ...inside) : el('span', { className: 'file' }, ...inside);
}
