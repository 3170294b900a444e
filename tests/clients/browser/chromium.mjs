// Chromium as Debian packages it, without anything it would fetch by itself.
import { chromium } from 'playwright-core';

const options = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
};

export const launch = (...args) => chromium.launch({ ...options, args: [...options.args, ...args] });

// The same with a way to end the whole process at once, as a crash would.
export async function launchKillable() {
  const server = await chromium.launchServer(options);
  const browser = await chromium.connect(server.wsEndpoint());
  return { browser, kill: () => server.kill(), close: () => server.close() };
}
