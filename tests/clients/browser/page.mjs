// What a person does first on the demo page, and what they look for.
export const badge = (page, state, timeout = 30_000) => page.locator(`#badge[data-state="${state}"]`).waitFor({ state: 'attached', timeout });
export const myId = (page) => page.locator('#me-id').textContent();
export const myToken = (page) => page.evaluate(() => sessionStorage.getItem('hubwire.token'));
export const shown = (page) => page.locator('#messages .text').allTextContents();

export async function enter(page, name) {
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Start chatting' }).click();
  await badge(page, 'online');
}
