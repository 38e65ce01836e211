/** Takes pictures of the built page against the mock portal, and runs axe over each: `npm run look [name…]`. */
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { startMockServer } from '../testing/mock-server.mjs';
import { distFolder, launchBrowser } from './browser.mjs';

const here = new URL('.', import.meta.url).pathname;
const shots = `${here}shots`;
const only = process.argv.slice(2);
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const wide = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

const send = async (page, text) => {
  await page.getByTestId('composer-input').fill(text);
  await page.getByTestId('composer-input').press('Control+Enter');
};
const chooseInMenu = async (page, name) => {
  await page.getByTestId('chat-options').click();
  await page.getByRole('menuitem', { name, exact: true }).click();
  await page.getByRole('dialog').waitFor();
};
const file = (name, mimeType, text) => ({ name, mimeType, buffer: Buffer.from(text) });
const openSidebar = async (page) => {
  if ((page.viewportSize()?.width ?? 0) < 768) await page.getByTestId('sidebar-toggle').click();
};
const scenes = {
  empty: { path: '/' },
  rich: { path: '/c/s-rich', ready: '.katex' },
  'rich-top': {
    path: '/c/s-rich',
    act: async (page) => {
      await page.getByTestId('transcript').evaluate((element) => element.scrollTo(0, 0));
    },
  },
  streaming: {
    path: '/',
    act: async (page) => {
      await send(page, 'Write a Python client, please.');
      await page.waitForTimeout(1500);
    },
  },
  thinking: {
    path: '/',
    act: async (page) => {
      await send(page, 'Think about it.');
      await page.waitForTimeout(180);
    },
  },
  stopped: { path: '/c/s-stopped' },
  long: { path: '/c/s-long', ready: '[data-testid=markdown]' },
  danger: { path: '/c/s-danger', ready: '[data-testid=markdown]' },
  ledger: {
    path: '/c/s-rich',
    act: async (page) => {
      await page.getByTestId('turn-figures').last().click();
      await page.getByTestId('ledger').waitFor();
    },
  },
  search: {
    path: '/',
    act: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByTestId('search-input').fill('capital');
      await page.getByTestId('search-hit').first().waitFor();
    },
  },
  help: {
    path: '/',
    act: async (page) => {
      await page.keyboard.press('Control+/');
      await page.getByRole('dialog').waitFor();
    },
  },
  sidebar: {
    path: '/c/s-rich',
    only: 'phone',
    act: async (page) => {
      await page.getByTestId('sidebar-toggle').click();
    },
  },
  menu: {
    path: '/c/s-rich',
    act: async (page) => {
      await page.getByTestId('chat-options').click();
    },
  },
  archive: { path: '/archive', ready: '[data-testid=archived-row]' },
  instructions: { path: '/c/s-rich', act: (page) => chooseInMenu(page, 'Instructions') },
  share: { path: '/c/s-rich', act: (page) => chooseInMenu(page, 'Share…') },
  'share-link': {
    path: '/c/s-rich',
    act: async (page) => {
      await chooseInMenu(page, 'Share…');
      await page.getByRole('button', { name: 'Make a link' }).click();
      await page.getByTestId('share-facts').waitFor();
    },
  },
  shared: { path: '/s/open', isSignedIn: false, ready: '[data-testid=shared-title]' },
  'shared-gone': { path: '/s/gone', isSignedIn: false, refusal: '404' },
  folders: {
    path: '/c/s-o2',
    act: async (page) => {
      await openSidebar(page);
      await page.getByRole('button', { name: 'Game 3' }).click();
      await page.getByRole('button', { name: 'Operations 2' }).hover();
    },
  },
  'folder-dialog': { path: '/c/s-o2', act: (page) => chooseInMenu(page, 'Move to folder…') },
  files: { path: '/c/s-files', ready: '[data-testid=message-files] img', mock: { hasTwoModels: true } },
  'files-large': {
    path: '/c/s-files',
    ready: '[data-testid=message-files] img',
    mock: { hasTwoModels: true },
    act: async (page) => {
      await page.getByTestId('message-files').getByRole('button').first().click();
      await page.getByTestId('large-image').waitFor();
    },
  },
  attachments: {
    path: '/',
    refusal: '415',
    act: async (page) => {
      await page.getByTestId('composer-input').fill('What do these say?');
      await page
        .getByTestId('attach-input')
        .setInputFiles([
          file('notes of the last meeting.txt', 'text/plain', 'The gate opens at noon.'),
          file('map.png', 'image/png', 'not looked at'),
          file('setup.exe', 'application/octet-stream', 'MZ'),
        ]);
      await page.locator('[data-testid=attachment][data-status=ready]').waitFor();
      await page.locator('[data-testid=attachment][data-status=refused]').nth(1).waitFor();
    },
  },
  edit: {
    path: '/c/s-rich',
    act: async (page) => {
      await page.getByTestId('user-message').last().hover();
      await page.getByRole('button', { name: 'Edit message' }).last().click();
      await page.getByTestId('edit-input').waitFor();
    },
  },
  templates: { path: '/templates' },
  'templates-empty': { path: '/templates', mock: { isFresh: true } },
  'new-template': {
    path: '/templates/new?from=review',
    act: async (page) => {
      await page.getByTestId('template-content').fill('You review {{language}} code, {{a.b}}.');
    },
  },
  template: { path: '/templates/1', ready: '[data-testid=variable-rows]' },
  'template-try': {
    path: '/templates/1',
    ready: '[data-testid=variable-rows]',
    act: async (page) => {
      await page.getByText('Try it', { exact: true }).click();
      await page.getByLabel('player').fill('Ada');
      await page.getByTestId('try-message').fill('Which way is out?');
      await page.getByRole('button', { name: 'Try another beside it' }).click();
      await page.getByTestId('try-ask').click();
      await page.locator('[data-status=done]').nth(1).waitFor();
    },
  },
  'template-versions': {
    path: '/templates/1',
    ready: '[data-testid=variable-rows]',
    act: async (page) => {
      await page.getByText('Versions', { exact: true }).click();
      await page.getByRole('button', { name: 'View' }).last().click();
    },
  },
  'template-shared': { path: '/templates/3', ready: '[data-testid=template-preview]' },
  'template-use': {
    path: '/?template=1',
    ready: '[data-testid=variables-form]',
  },
  'template-chat': {
    path: '/?template=2',
    ready: '[data-testid=variables-form]',
    act: async (page) => {
      await page.getByTestId('use-template-submit').click();
      await send(page, 'What is the capital of Norway?');
      await page.getByTestId('turn-figures').waitFor();
    },
  },
  models: {
    path: '/models',
    ready: '[data-testid=model-card]',
    mock: { hasTwoModels: true },
    act: async (page) => {
      await page.getByTestId('try-model').last().click();
      await page.getByTestId('try-model-message').fill('Say hello.');
      await page.getByTestId('try-model-message').press('Enter');
      await page.locator('[data-status=done]').waitFor();
    },
  },
  compare: { path: '/compare', mock: { hasTwoModels: true } },
  'compare-result': {
    path: '/compare',
    mock: { hasTwoModels: true },
    act: async (page) => {
      await page.getByTestId('compare-question').fill('What is the capital of Norway?');
      await page.getByTestId('compare-start').click();
      await page.getByTestId('keep-answer').nth(1).waitFor();
    },
  },
  keys: { path: '/keys' },
  'new-key': {
    path: '/keys',
    act: async (page) => {
      await page.getByTestId('create-key').click();
      await page.getByLabel('Name').fill('Maze game');
      await page.getByRole('button', { name: 'Create key' }).click();
      await page.getByTestId('new-key').waitFor();
    },
  },
  'key-limits': {
    path: '/keys',
    act: async (page) => {
      await page.getByTestId('create-key').click();
      await page.getByLabel('Name').fill('Maze game');
      await page.getByLabel('A month').fill('5');
      await page.getByRole('button', { name: 'Create key' }).click();
      await page.getByRole('button', { name: 'Done' }).click();
      await page.reload();
      await page.getByTestId('key-spending').first().waitFor();
      await page
        .getByRole('button', { name: /^Change/ })
        .first()
        .click();
      await page.getByRole('dialog').waitFor();
    },
  },
  settings: { path: '/settings', ready: '[data-testid=sign-in-row]' },
  import: {
    path: '/settings',
    ready: '[data-testid=import-button]',
    act: async (page) => {
      const conversations = [{ title: 'The innkeeper' }, { title: 'Quest rewards' }, {}];
      await page
        .getByTestId('import-file')
        .setInputFiles([file('conversations.json', 'application/json', JSON.stringify(conversations))]);
      await page.getByTestId('import-result').getByRole('group').locator('summary').click();
      await page.getByTestId('import-result').scrollIntoViewIfNeeded();
    },
  },
  'delete-account': {
    path: '/settings',
    ready: '[data-testid=sign-in-row]',
    act: async (page) => {
      await page.getByRole('button', { name: 'Delete account' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  'sign-in': { path: '/sign-in', isSignedIn: false },
  register: { path: '/register', isSignedIn: false },
  'change-password': {
    path: '/sign-in',
    isSignedIn: false,
    act: async (page) => {
      await page.getByLabel('Email').fill('ada@example.com');
      await page.getByLabel('Password', { exact: true }).fill('one-time password');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByLabel('One-time password').waitFor();
    },
  },
};

await mkdir(shots, { recursive: true });
const browser = await launchBrowser();
let problems = 0;
for (const [name, scene] of Object.entries(scenes)) {
  if (only.length > 0 && !only.includes(name)) continue;
  for (const [size, viewport] of Object.entries({ wide, phone })) {
    if (scene.only && scene.only !== size) continue;
    for (const colorScheme of ['light', 'dark'])
      problems += await picture(name, scene, size, viewport, colorScheme);
  }
}
await browser.close();
console.log(problems === 0 ? 'axe, console and width: nothing found' : `${problems} problems`);
process.exit(problems === 0 ? 0 : 1);

async function picture(name, scene, size, viewport, colorScheme) {
  const mock = await startMockServer({
    dist: distFolder,
    isSignedIn: scene.isSignedIn ?? true,
    ...scene.mock,
  });
  const context = await browser.newContext({
    viewport,
    colorScheme,
    hasTouch: size === 'phone',
    isMobile: size === 'phone',
    deviceScaleFactor: size === 'phone' ? 2 : 1,
    bypassCSP: false,
  });
  const page = await context.newPage();
  let found = 0;
  const report = (kind, text) => {
    found += 1;
    console.log(`${name} ${size} ${colorScheme} ${kind}: ${text}`);
  };
  page.on('pageerror', (error) => report('error', error.message));
  page.on('console', (message) => {
    const isExpected = message.text().includes(scene.refusal ?? '401');
    if (message.type() === 'error' && !isExpected) report('console', message.text());
  });
  await page.goto(mock.url + scene.path);
  await page
    .locator(scene.ready ?? '#root > *')
    .first()
    .waitFor();
  await page.waitForTimeout(350);
  await scene.act?.(page);
  await page.waitForTimeout(250);
  await page.screenshot({ path: `${shots}/${name}-${size}-${colorScheme}.png` });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (overflow > 0) report('width', `${overflow} px too wide`);
  await page.evaluate(axeSource);
  const results = await page.evaluate(() =>
    window.axe.run(document, {
      resultTypes: ['violations'],
      rules: { region: { enabled: !document.querySelector('[role=menu]') } },
    }),
  );
  for (const violation of results.violations)
    report('axe', `${violation.id}: ${violation.nodes.length}× ${violation.nodes[0].html.slice(0, 160)}`);
  await context.close();
  await mock.close();
  return found;
}
