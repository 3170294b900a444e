// sec_45 of the security checklist: what people write, call themselves and call their groups is text to the page, and
// nothing of it runs, loads or is complained about.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from '../server.mjs';
import { launch } from './chromium.mjs';
import { enter as enterOn, myId, myToken } from './page.mjs';

const RUN = 'window.ran=1,alert(1)';
const vectors = [
  // Elements that run something.
  `<script>${RUN}</script>`, `<ScRiPt >${RUN}</sCrIpT>`, `<script src=//evil.test/x.js></script>`, `<script/x>${RUN}</script>`,
  `</script><script>${RUN}</script>`, `<script>${RUN}//`, `<<script>${RUN}//<</script>`, `<script type=module>${RUN}</script>`,
  `<svg onload=${RUN}>`, `<svg/onload=${RUN}//`, `<svg><script>${RUN}</script></svg>`, `<svg><script href=data:,${RUN} /></svg>`,
  `<svg><animate onbegin=${RUN} attributeName=x dur=1s>`, `<svg><set onbegin=${RUN} attributename=x>`, `<svg><a xlink:href="javascript:${RUN}"><text y=9>x</text></a></svg>`,
  `<svg><use href="data:image/svg+xml,<svg id=x xmlns='http://www.w3.org/2000/svg'><image href='1' onerror='${RUN}'/></svg>#x">`,
  `<svg><foreignObject><iframe srcdoc="<script>${RUN}</script>"></foreignObject></svg>`, `<svg><discard onbegin=${RUN}>`,
  `<img src=x onerror=${RUN}>`, `<img src=x onerror="${RUN}"//`, `<IMG SRC=x OnErRoR=${RUN}>`, `<img/src=x/onerror=${RUN}>`, `<img src onerror=${RUN}>`,
  `<img src="x\` onerror=${RUN}>"`, `<img srcset=x onerror=${RUN}>`, `<image src=x onerror=${RUN}>`, `<img src=http://evil.test/pixel.png>`,
  `<picture><source srcset=x><img onerror=${RUN}></picture>`, `<body onload=${RUN}>`, `<body onpageshow=${RUN}>`, `<body onhashchange=${RUN}>`,
  `<iframe src=javascript:${RUN}></iframe>`, `<iframe srcdoc="<script>parent.${RUN}</script>"></iframe>`, `<iframe onload=${RUN}></iframe>`, `<iframe src=//evil.test></iframe>`,
  `<object data=javascript:${RUN}></object>`, `<object data="data:text/html,<script>${RUN}</script>"></object>`, `<embed src=javascript:${RUN}>`, `<embed src=//evil.test/x.swf>`,
  `<video src=x onerror=${RUN}></video>`, `<video><source onerror=${RUN}></video>`, `<audio src=x onerror=${RUN}></audio>`, `<video poster=javascript:${RUN}//></video>`,
  `<input autofocus onfocus=${RUN}>`, `<select autofocus onfocus=${RUN}>`, `<textarea autofocus onfocus=${RUN}>`, `<keygen autofocus onfocus=${RUN}>`,
  `<button popovertarget=x>x</button><div popover id=x onbeforetoggle=${RUN}>`, `<details open ontoggle=${RUN}>`, `<dialog open onclose=${RUN}>`, `<marquee onstart=${RUN}>`,
  `<a autofocus tabindex=1 onfocus=${RUN}>`, `<div style=animation-name:x onanimationstart=${RUN}>`, `<style>@keyframes x{}</style><p style="animation:x" onanimationend=${RUN}>`,
  `<xss id=x tabindex=1 onfocusin=${RUN}></xss>`, `<div onpointerover="${RUN}">x</div>`, `<custom-x onclick=${RUN}>x</custom-x>`, `<form><button formaction=javascript:${RUN}>x`,
  `<isindex type=image src=1 onerror=${RUN}>`, `<form action=javascript:${RUN}><input type=submit>`, `<math><a xlink:href=javascript:${RUN}>x</a></math>`, `<meta http-equiv=refresh content="0;url=javascript:${RUN}">`,
  `<meta http-equiv=refresh content="0;url=//evil.test">`, `<base href=//evil.test/>`, `<link rel=stylesheet href=//evil.test/x.css>`, `<link rel=import href=data:text/html,x>`,
  `<style>@import '//evil.test/x.css';</style>`, `<style>*{background:url(//evil.test/x)}</style>`, `<div style="background:url(javascript:${RUN})">`, `<div style="width:expression(${RUN})">`,
  // What a sanitizer or a second parser makes something of.
  `<noscript><p title="</noscript><img src=x onerror=${RUN}>">`, `<math><mtext><table><mglyph><style><img src=x onerror=${RUN}></style>`, `<svg></p><style><a id="</style><img src=1 onerror=${RUN}>">`,
  `<form><math><mtext></form><form><mglyph><style></math><img src onerror=${RUN}>`, `<template><script>${RUN}</script></template>`, `<textarea><img title="</textarea><img src onerror=${RUN}>">`,
  `<title><a title="</title><img src=x onerror=${RUN}>">`, `<xmp><p title="</xmp><svg/onload=${RUN}>">`, `<!--><img src=x onerror=${RUN}>-->`, `<![CDATA[<img src=x onerror=${RUN}>]]>`,
  `<?xml version="1.0"?><script>${RUN}</script>`, `<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>`, `<plaintext><script>${RUN}</script>`, `<div><template shadowrootmode=open><script>${RUN}</script></template></div>`,
  // Ways out of an attribute, a string, a comment or a template.
  `"><script>${RUN}</script>`, `'><img src=x onerror=${RUN}>`, `" onmouseover="${RUN}`, `' autofocus onfocus='${RUN}`, `\`-${RUN}-\``, `\${${RUN}}`, `{{constructor.constructor('${RUN}')()}}`, `';${RUN}//`,
  // Links and Markdown.
  `javascript:${RUN}`, `JaVaScRiPt:${RUN}`, `java\tscript:${RUN}`, `[x](javascript:${RUN})`, `![x](x"onerror="${RUN})`, `<javascript:${RUN}>`, `data:text/html,<script>${RUN}</script>`,
  `data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==`, `vbscript:msgbox(1)`, `https://evil.test/"onmouseover="${RUN}`, `[a](https://evil.test "onclick=${RUN}")`,
  // Entities and other spellings.
  `&lt;script&gt;${RUN}&lt;/script&gt;`, `&#60;img src=x onerror=${RUN}&#62;`, `%3Cscript%3E${RUN}%3C/script%3E`, `\\u003cscript\\u003e${RUN}`, `\uff1cscript\uff1e${RUN}\uff1c/script\uff1e`, `+ADw-script+AD4-${RUN}+ADw-/script+AD4-`,
];

let server, browser;
before(async () => {
  // A rate is not what is tested.
  [server, browser] = [await startServer({ HUBWIRE_LIMITS_REACTIONS_PER_MINUTE: '0', HUBWIRE_LIMITS_UPLOADS_PER_MINUTE: '0' }), await launch()];
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

// What anybody's page did besides showing text: dialogs, reports, requests to elsewhere, scripts that ran.
async function watched(t) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 720 } });
  t.after(() => context.close());
  const done = [];
  await context.exposeBinding('report', (_, what) => done.push(what));
  await context.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => window.report(`${event.violatedDirective}: ${event.blockedURI}`)));
  const page = await context.newPage();
  page.on('dialog', (dialog) => { done.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('pageerror', (error) => done.push(String(error)));
  page.on('console', (message) => { if (/Content Security Policy|Refused to/.test(message.text())) done.push(message.text()); });
  page.on('request', (request) => { if (!request.url().startsWith(server.url) && !request.url().startsWith(server.url.replace('http', 'ws'))) done.push(`asked ${request.url()}`); });
  page.on('framenavigated', (frame) => { if (!frame.url().startsWith(server.url)) done.push(`went to ${frame.url()}`); });
  return { page, done };
}

async function enter(page, name) {
  await page.goto(server.url);
  await enterOn(page, name);
  return { id: await myId(page), token: await myToken(page) };
}

const api = (token) => async (method, path, body) => {
  const answer = await fetch(`${server.url}/api/Chat${path}`, { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
  const { data, error } = await answer.json();
  assert.equal(answer.status, 200, `${method} ${path}: ${error}`);
  return data;
};

const words = (text) => text.trim().split(/\s+/).join(' ');
const short = vectors.filter((vector) => vector.length <= 200);

// The page has pictures and links of its own; a text must add none, and nothing of another kind.
const census = (page) => page.evaluate(() => {
  const count = {};
  for (const { localName } of document.querySelectorAll('*')) if (!/^(li|span|div|p|time|button|strong)$/.test(localName)) count[localName] = (count[localName] ?? 0) + 1;
  return count;
});

async function isHarmless(page, done, before) {
  assert.equal(await page.evaluate(() => window.ran), undefined, 'nothing ran');
  assert.deepEqual(await census(page), before, 'no element came of a text');
  assert.deepEqual(done, []);
}

test('what is said is shown as it was said', async (t) => {
  assert.ok(vectors.length >= 100 && new Set(vectors).size === vectors.length, `${vectors.length} vectors`);
  const { page, done } = await watched(t);
  const ann = await enter(page, 'Ann Reads'), bob = api(await server.token('bob', 'Bob'));
  const { conversationId } = await bob('POST', '/messages', { recipientId: ann.id, content: 'first' });
  await page.locator('#conversations .row').click();
  await page.locator('#messages .message', { hasText: 'first' }).waitFor();
  const elements = await census(page);
  // Heard as it comes, with a preview of each in the list; then read back as history.
  for (const content of vectors) await bob('POST', '/messages', { conversationId, content });
  const last = vectors.at(-1), shown = async () => (await page.locator('#messages .text').allTextContents()).slice(-vectors.length);
  await page.waitForFunction((text) => [...document.querySelectorAll('#messages .text')].at(-1)?.textContent === text, last);
  assert.deepEqual(await shown(), vectors);
  assert.equal(await page.locator('#conversations .preview').textContent(), last);
  await isHarmless(page, done, elements);
  await page.reload();
  await page.waitForFunction((text) => [...document.querySelectorAll('#messages .text')].at(-1)?.textContent === text, last);
  const history = await page.locator('#messages .text').allTextContents();
  assert.ok(history.length >= 20);
  assert.deepEqual(history, vectors.slice(-history.length));
  await isHarmless(page, done, elements);
});

test('what is written here is shown here as text too', async (t) => {
  const { page, done } = await watched(t);
  const ann = await enter(page, 'Ann Writes');
  await api(ann.token)('POST', '/messages', { recipientId: 'carol', content: 'first' });
  await page.locator('#conversations .row').click();
  await page.locator('#messages .message', { hasText: 'first' }).waitFor();
  const elements = await census(page);
  for (const content of vectors) {
    await page.getByLabel('Message', { exact: true }).fill(content);
    await page.keyboard.press('Enter');
  }
  await page.waitForFunction((count) => document.querySelectorAll('#messages .message.mine.sent').length === count, vectors.length + 1);
  assert.deepEqual((await page.locator('#messages .text').allTextContents()).slice(1), vectors);
  await isHarmless(page, done, elements);
});

test('names of people and groups, descriptions, addresses of pictures and reactions are no more than text', async (t) => {
  const { page, done } = await watched(t);
  const ann = await enter(page, 'Ann Looks'), dave = api(await server.token('dave', 'Dave'));
  const elements = await census(page);
  assert.ok(short.length >= 100, `${short.length} are short enough for a name`);
  for (const vector of short) {
    const name = words(vector);
    await dave('PUT', '/users/me', { fullName: vector, avatar: vector });
    const group = await dave('POST', '/groups', { name: vector, description: vector, avatar: vector, memberIds: [ann.id] });
    assert.equal(group.name, name);
    const sent = await dave('POST', '/messages', { conversationId: group.id, content: 'hello' });
    // A reaction has no blanks and is short.
    await dave('POST', `/messages/${sent.id}/reactions`, { emoji: [...vector.replace(/\s/g, '')].slice(0, 32).join('') });
    await page.waitForFunction(([title, preview]) => {
      const row = document.querySelector('#conversations .row');
      return row?.querySelector('strong').textContent === title && row.querySelector('.preview').textContent === preview;
    }, [name, `${name}: hello`]);
  }
  const titles = await page.locator('#conversations strong').allTextContents();
  assert.deepEqual(titles, short.map(words).reverse());
  await isHarmless(page, done, elements);
  for (const [place, title] of titles.entries()) {
    await page.locator('#conversations .row').nth(place).click();
    // Dave is called as the group is, in the line of its members.
    await page.waitForFunction((name) => document.getElementById('peer-name').textContent === name
      && document.getElementById('peer-line').textContent.includes(name)
      && document.querySelector('#messages .message .author')?.textContent, title);
  }
  await isHarmless(page, done, elements);
});

test('names of files are no more than text', async (t) => {
  const { page, done } = await watched(t);
  const ann = await enter(page, 'Ann Files'), token = await server.token('bob', 'Bob');
  const { conversationId } = await api(token)('POST', '/messages', { recipientId: ann.id, content: 'first' });
  await page.locator('#conversations .row').click();
  await page.locator('#messages .message', { hasText: 'first' }).waitFor();
  const { a: links = 0, ...elements } = await census(page), names = [];
  for (const vector of short) {
    const form = new FormData();
    form.append('conversationId', conversationId);
    form.append('file', new File(['%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n'], `${vector}.pdf`, { type: 'application/pdf' }));
    const answer = await fetch(`${server.url}/api/Chat/upload`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: form });
    const { data, error } = await answer.json();
    assert.equal(answer.status, 200, `${vector}: ${error}`);
    names.push(data.attachments[0].name);
  }
  await page.waitForFunction((count) => document.querySelectorAll('#messages a.file').length === count, names.length);
  assert.deepEqual(await page.locator('#messages a.file strong').allTextContents(), names, 'as the server has them');
  const { a, ...others } = await census(page);
  assert.equal(a, links + names.length, 'a link for each file');
  assert.deepEqual(others, elements, 'no element came of a name');
  assert.ok(await page.evaluate(() => [...document.querySelectorAll('#messages a.file')].every(({ href }) => href.startsWith(`${location.origin}/api/Chat/media/`))), 'files come from here');
  await page.locator('#conversations .preview', { hasText: '.pdf' }).waitFor();
  assert.equal(await page.evaluate(() => window.ran), undefined, 'nothing ran');
  assert.deepEqual(done, []);
});

test('a name that is typed into the page is text, and makes the id', async (t) => {
  for (const name of ['<img src=x onerror=alert(1)>', '"><script>alert(1)</script>', "javascript:alert(1)//'\""]) {
    const { page, done } = await watched(t);
    await page.goto(server.url);
    const elements = await census(page);
    await enter(page, name);
    assert.match(await page.locator('#me-id').textContent(), /^[a-z0-9-]+$/);
    assert.equal(await page.locator('#me-name').textContent(), name);
    await isHarmless(page, done, elements);
  }
});
