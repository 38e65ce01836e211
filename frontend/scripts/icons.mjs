/** Draws the icons of the installed page out of favicon.svg: `node scripts/icons.mjs`. Their bytes are committed. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from '../e2e/browser.mjs';

const folder = fileURLToPath(new URL('../public/', import.meta.url));
const svg = await readFile(`${folder}favicon.svg`, 'utf8');
const icons = [
  { name: 'icon-192.png', size: 192 },
  { name: 'icon-512.png', size: 512 },
  // A system may cut a circle out of these: the sign keeps inside it, and the colour fills the corners.
  { name: 'icon-maskable-512.png', size: 512, isFull: true },
  { name: 'apple-touch-icon.png', size: 180, isFull: true },
];

const browser = await launchBrowser();
for (const { name, size, isFull } of icons) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const drawn = isFull ? size * 0.78 : size;
  await page.setContent(
    `<body style="margin:0;display:grid;place-items:center;height:100vh;background:${isFull ? '#0d7377' : 'transparent'}">
      <div style="width:${drawn}px;height:${drawn}px">${svg.replace('<svg', '<svg width="100%" height="100%"')}</div>
    </body>`,
  );
  await writeFile(`${folder}${name}`, await page.screenshot({ omitBackground: true }));
  await page.close();
}
await browser.close();
