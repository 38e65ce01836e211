/** The browser that both scripts here drive. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The one that `CHROMIUM` names, or the first on PATH. */
function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const places = folders.flatMap((folder) =>
    ['chromium', 'google-chrome', 'chrome'].map((name) => join(folder, name)),
  );
  return places.find((place) => existsSync(place)) ?? '/usr/bin/chromium';
}

export function launchBrowser() {
  return chromium.launch({ executablePath: findChromium(), args: flags });
}

export const distFolder = process.env.DIST ?? new URL('../dist', import.meta.url).pathname;
