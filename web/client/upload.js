// Files on their way to the server: XMLHttpRequest, because fetch tells nothing of its progress.
import { ApiError } from './api.js';

// Posts one message with its files. `progressed(share)` hears how much has gone, 0 to 1.
// → {done: a promise of the message, cancel}
export function upload(token, { conversationId, content, clientMessageId, parentMessageId }, files, progressed) {
  const request = new XMLHttpRequest(), form = new FormData();
  form.append('conversationId', conversationId);
  form.append('clientMessageId', clientMessageId);
  if (content) form.append('content', content);
  if (parentMessageId) form.append('parentMessageId', parentMessageId);
  for (const file of files) form.append('file', file, file.name);
  const done = new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total, lengthComputable }) => { if (lengthComputable) progressed(loaded / total); };
    request.onload = () => {
      const answer = request.response;
      if (request.status === 200 && answer?.data) resolve(answer.data);
      else reject(new ApiError(request.status, answer));
    };
    request.onerror = () => reject(new Error('The server could not be reached'));
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
  });
  request.open('POST', '/api/Chat/upload');
  request.responseType = 'json';
  request.setRequestHeader('authorization', `Bearer ${token}`);
  request.send(form);
  return { done, cancel: () => request.abort() };
}

export const isImage = (type) => /^image\/(png|jpeg|gif|webp)$/.test(type ?? '');

export function sizeOf(bytes) {
  if (!Number.isFinite(bytes)) return '';
  const step = [[2 ** 30, 'GB'], [2 ** 20, 'MB'], [2 ** 10, 'KB']].find(([size]) => bytes >= size);
  if (!step) return `${bytes} bytes`;
  const value = bytes / step[0];
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ${step[1]}`;
}
