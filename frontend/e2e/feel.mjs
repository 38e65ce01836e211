/** How the built page behaves where only a browser with a layout can tell: `npm run feel`. */
import assert from 'node:assert/strict';
import { richAnswer } from '../testing/content.mjs';
import { startMockServer } from '../testing/mock-server.mjs';
import { distFolder, launchBrowser } from './browser.mjs';

const browser = await launchBrowser();
const only = process.argv.slice(2).join(' ');
let failures = 0;

/** One behaviour, on a fresh portal and a fresh profile. */
async function check(name, options, body) {
  if (only && !name.includes(only)) return;
  const mock = await startMockServer({ dist: distFolder, tokenMs: options.tokenMs ?? 4 });
  const context = await browser.newContext({
    viewport: options.viewport ?? { width: 1280, height: 800 },
    ...options.context,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  try {
    await page.goto(mock.url + (options.path ?? '/c/s-rich'));
    await page.locator('input, textarea').first().waitFor();
    await body({ page, mock, context });
    console.log(`ok    ${name}`);
  } catch (error) {
    failures += 1;
    console.error(`FAIL  ${name}\n      ${String(error.message).split('\n').slice(0, 4).join('\n      ')}`);
  }
  await context.close();
  await mock.close();
}

const send = async (page, text) => {
  await page.getByTestId('composer-input').fill(text);
  await page.getByTestId('composer-input').press('Enter');
};
const answered = (page) => page.getByTestId('send-button').waitFor();
const last = (page) => page.getByTestId('assistant-message').last();
const place = (page) =>
  page.getByTestId('transcript').evaluate((element) => ({
    top: element.scrollTop,
    toEnd: element.scrollHeight - element.scrollTop - element.clientHeight,
  }));
/** The answer streams, and has pushed the view on since the turn began. */
const streamedPast = (page, pixels) =>
  page.waitForFunction((least) => {
    const answer = [...document.querySelectorAll('[data-testid=assistant-message]')].at(-1);
    return answer?.dataset.status === 'streaming' && answer.offsetHeight > least;
  }, pixels);
/** The place once the browser's own smooth scrolling has ended: within two seconds, else it is the page that moves. */
const atRest = async (page) => {
  let before = await place(page);
  for (let look = 0; look < 20; look++) {
    await page.waitForTimeout(100);
    const now = await place(page);
    if (now.top === before.top) return now;
    before = now;
  }
  throw new Error('the view does not come to rest');
};
const long = richAnswer.repeat(3);

await check('follows the stream at the end', {}, async ({ page, mock }) => {
  mock.state.answer = long;
  await send(page, 'Go.');
  await streamedPast(page, 1200);
  const { toEnd } = await place(page);
  assert.ok(toEnd < 4, `the end is ${toEnd} px below while it streams`);
});

await check('lets go on the wheel, jumps back on the button', {}, async ({ page, mock }) => {
  mock.state.answer = long;
  await send(page, 'Go.');
  await streamedPast(page, 1200);
  await page.mouse.move(700, 300);
  await page.mouse.wheel(0, -300);
  const before = await atRest(page);
  await page.waitForTimeout(700);
  const after = await place(page);
  assert.equal(Math.round(after.top), Math.round(before.top), 'nothing moves what is being read');
  await page.getByTestId('jump-to-latest').click();
  await page.waitForFunction(() => {
    const view = document.querySelector('[data-testid=transcript]');
    return view.scrollHeight - view.scrollTop - view.clientHeight < 4;
  });
});

await check('a selection lets go', {}, async ({ page, mock }) => {
  mock.state.answer = long;
  await send(page, 'Go.');
  await streamedPast(page, 1200);
  await last(page)
    .locator('p')
    .first()
    .evaluate((element) => getSelection().selectAllChildren(element));
  await page.waitForTimeout(100);
  const before = await place(page);
  await page.waitForTimeout(700);
  assert.equal(Math.round((await place(page)).top), Math.round(before.top));
});

await check('a new turn lands near the top with a strip of the last one', {}, async ({ page, mock }) => {
  mock.state.tokenMs = 30;
  await send(page, 'What is the capital of Norway?');
  await page.waitForTimeout(400);
  const view = await page.getByTestId('transcript').boundingBox();
  const question = await page.getByTestId('user-message').last().boundingBox();
  const offset = question.y - view.y;
  assert.ok(offset > 20 && offset < 140, `the question stands ${Math.round(offset)} px below the top`);
});

await check('a reopened conversation begins at its last question', {}, async ({ page }) => {
  await page.locator('.katex').waitFor();
  await page.waitForTimeout(300);
  const view = await page.getByTestId('transcript').boundingBox();
  const question = await page.getByTestId('user-message').last().boundingBox();
  const offset = question.y - view.y;
  assert.ok(offset >= 0 && offset < 160, `the last question stands ${Math.round(offset)} px below the top`);
});

await check('a reload in mid-answer goes on, nothing twice', { tokenMs: 30 }, async ({ page, mock }) => {
  mock.state.answer =
    'One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen.';
  await send(page, 'Count.');
  await page.getByText('One two three').waitFor();
  await page.reload();
  await last(page).getByText('thirteen fourteen fifteen.').waitFor();
  await answered(page);
  assert.match(await last(page).innerText(), /^One two three four five [\w ]+ fifteen\./);
});

await check(
  'offline is said, and the answer goes on when the network is back',
  { tokenMs: 30 },
  async ({ page, mock, context }) => {
    mock.state.answer = 'One two three four five six seven eight nine ten eleven twelve.';
    mock.state.dropAfter = 8;
    await send(page, 'Count.');
    await page.getByText('One two').waitFor();
    await context.setOffline(true);
    await page.getByTestId('offline-notice').waitFor();
    await context.setOffline(false);
    await last(page).getByText('eleven twelve.').waitFor();
  },
);

await check('a second tab shows the same conversation', { tokenMs: 25 }, async ({ page, mock, context }) => {
  const other = await context.newPage();
  await other.goto(`${mock.url}/c/s-rich`);
  await other.getByTestId('composer-input').waitFor();
  await send(page, 'What is the capital of Norway?');
  await other.getByTestId('stop-button').waitFor();
  await answered(page);
  await answered(other);
  assert.equal(
    await other.getByTestId('user-message').count(),
    await page.getByTestId('user-message').count(),
  );
});

await check('stop keeps the text and marks it; Escape stops too', { tokenMs: 30 }, async ({ page, mock }) => {
  mock.state.answer = long;
  await send(page, 'Go.');
  await last(page).getByText('Here is a small').waitFor();
  await page.keyboard.press('Escape');
  await page.getByTestId('stopped-mark').waitFor();
  assert.match(await last(page).innerText(), /Here is a small/);
  assert.ok(
    await page.getByTestId('composer-input').evaluate((element) => element === document.activeElement),
  );
});

await check('a refused message keeps its text, with Retry', { path: '/' }, async ({ page, mock }) => {
  mock.state.failNextTurn = [429, 'queue_full'];
  await send(page, 'Keep me.');
  await page.getByTestId('turn-error').waitFor();
  await page.getByText('Keep me.').waitFor();
  await page.getByTestId('retry-button').click();
  await page.getByTestId('turn-figures').waitFor();
  assert.equal(await page.getByTestId('user-message').count(), 1);
});

await check('each conversation keeps its own draft', {}, async ({ page }) => {
  await page.getByTestId('composer-input').fill('half a thought');
  await page.getByTestId('new-chat').click();
  await page.getByRole('heading', { name: 'What shall we start with?' }).waitFor();
  assert.equal(await page.getByTestId('composer-input').inputValue(), '');
  await page.getByTestId('session-row').first().click();
  await page.getByTestId('transcript').waitFor();
  assert.equal(await page.getByTestId('composer-input').inputValue(), 'half a thought');
});

await check(
  'copy gives raw Markdown',
  { context: { permissions: ['clipboard-read', 'clipboard-write'] } },
  async ({ page }) => {
    await page.getByRole('button', { name: 'Copy answer' }).last().click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), richAnswer);
  },
);

await check(
  'a search hit far up a long conversation is brought into view',
  { path: '/' },
  async ({ page }) => {
    await page.keyboard.press('Control+k');
    await page.getByTestId('search-input').fill('question number 1:');
    await page.getByTestId('search-hit').first().waitFor();
    await page.keyboard.press('Enter');
    const hit = page.getByText('Question number 1: what happens next?');
    await hit.waitFor();
    await page.waitForTimeout(400);
    const box = await hit.boundingBox();
    assert.ok(box.y > 0 && box.y < 700, `it stands at ${Math.round(box.y)} px`);
  },
);

await check(
  'earlier turns appear above without moving what is read',
  { path: '/c/s-long' },
  async ({ page }) => {
    await page.getByText('Question number 500').waitFor();
    const before = await page.locator('[data-turn]').count();
    await page.mouse.move(700, 300);
    for (let step = 0; step < 12; step++) {
      await page.mouse.wheel(0, -500);
      await page.waitForTimeout(60);
    }
    await page.waitForTimeout(300);
    assert.ok((await page.locator('[data-turn]').count()) > before);
  },
);

await check(
  'the page never scrolls sideways at 390 px, whatever an answer holds',
  { viewport: { width: 390, height: 800 } },
  async ({ page, mock }) => {
    mock.state.answer = `${'wide'.repeat(80)}\n\n\`\`\`\n${'x'.repeat(400)}\n\`\`\`\n\n| ${'a | '.repeat(14)}\n| ${'--- | '.repeat(14)}\n| ${'cell cell | '.repeat(14)}\n`;
    await send(page, 'y'.repeat(300));
    await answered(page);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
    assert.ok(
      (await page
        .getByTestId('transcript')
        .evaluate((element) => element.scrollWidth - element.clientWidth)) <= 0,
    );
  },
);

await check('an assistive technology finds a log that it need not read out', {}, async ({ page, mock }) => {
  mock.state.tokenMs = 20;
  const log = page.getByRole('log', { name: 'Conversation' });
  assert.equal(await log.getAttribute('aria-live'), 'off');
  await send(page, 'What is the capital of Norway?');
  await page.getByTestId('turn-status').getByText('Answer started').waitFor();
  await page.getByTestId('turn-status').getByText('Answer complete').waitFor();
  assert.ok(
    await page.getByTestId('composer-input').evaluate((element) => element === document.activeElement),
  );
});

await check(
  'reduced motion: nothing breathes or slides',
  { tokenMs: 60, context: { reducedMotion: 'reduce' } },
  async ({ page }) => {
    await send(page, 'Think about it.');
    const turnsOnce = () => {
      const mark = document.querySelector('.animate-breathe');
      return mark && getComputedStyle(mark).animationIterationCount === '1';
    };
    await page.waitForFunction(turnsOnce);
    const isStill = () => document.getAnimations().every(({ playState }) => playState === 'finished');
    await page.waitForFunction(isStill);
  },
);

await check(
  'fields are large enough that a phone does not zoom in on them',
  { path: '/settings', viewport: { width: 390, height: 844 }, context: { hasTouch: true, isMobile: true } },
  async ({ page, mock }) => {
    const sizes = () =>
      [
        ...document.querySelectorAll(
          'input:not([type=file], [type=radio], [type=checkbox]), textarea, select',
        ),
      ]
        .filter((field) => field.checkVisibility())
        .map((field) => Number.parseFloat(getComputedStyle(field).fontSize));
    for (const path of ['/settings', '/', '/templates/new', '/compare', '/c/s-rich']) {
      await page.goto(mock.url + path);
      await page.locator('input, textarea').first().waitFor();
      const found = await page.evaluate(sizes);
      assert.ok(found.length > 0 && Math.min(...found) >= 16, `${path}: ${found.join(', ')} px`);
    }
  },
);

await browser.close();
process.exit(failures === 0 ? 0 : 1);
