import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeAll, expect, test } from 'vitest';
import MarkdownBody from './MarkdownBody';
import { isWebAddress } from './webAddress';

// The first parse loads half of the Markdown world; it should not count against a test.
beforeAll(() => {
  render(<MarkdownBody text="warm" isStreaming={false} />);
});
const show = (text: string) => render(<MarkdownBody text={text} isStreaming={false} />);

test('only http and https are web addresses', () => {
  expect(['https://a.b', 'http://a.b/c?d'].every(isWebAddress)).toBe(true);
  const refused = [
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    'file:///etc',
    'mailto:a@b',
    '/x',
    '',
    undefined,
  ];
  expect(refused.some((url) => isWebAddress(url))).toBe(false);
});

test('a good link opens apart and tells nothing; a bad one is plain text', () => {
  show('[good](https://example.com/a) [bad](javascript:alert(1)) [data](data:text/html,hi)');
  const link = screen.getByRole('link', { name: 'good' });
  expect(link).toHaveAttribute('href', 'https://example.com/a');
  expect(link).toHaveAttribute('rel', expect.stringContaining('noopener'));
  expect(screen.getAllByRole('link')).toHaveLength(1);
  expect(screen.getByText(/bad/)).toBeInTheDocument();
});

test('HTML in an answer stays text', () => {
  const { container } = show(
    'Before <img src=x onerror="alert(1)"> <b>bold</b>\n\n<script>alert(1)</script>\n\nafter',
  );
  expect(container.querySelector('script, b, img')).toBeNull();
  expect(container).toHaveTextContent('after');
});

test('an image from elsewhere is fetched only after a click', async () => {
  const { container } = show('![a chart](https://images.example.com/p.png?secret=1)');
  expect(container.querySelector('img')).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: /images\.example\.com/ }));
  const image = container.querySelector('img');
  expect(image).toHaveAttribute('src', 'https://images.example.com/p.png?secret=1');
  expect(image).toHaveAttribute('referrerpolicy', 'no-referrer');
});

test('an image with another scheme is never fetched', () => {
  const { container } = show('![x](data:image/svg+xml,<svg/>) ![y](file:///etc/passwd)');
  expect(container.querySelector('img')).toBeNull();
  expect(screen.queryByRole('button')).toBeNull();
});

test('a code block has its language and a copy button, and its text is whole', () => {
  show('```python\nprint("hi")\nif x < 1:\n    pass\n```');
  const block = screen.getByTestId('code-block');
  expect(block).toHaveTextContent('python');
  expect(screen.getByRole('button', { name: 'Copy code' })).toBeInTheDocument();
  expect(block.querySelector('code')?.textContent).toBe('print("hi")\nif x < 1:\n    pass');
});

test('a wide table scrolls inside itself', () => {
  show('| a | b |\n| --- | --- |\n| 1 | 2 |');
  expect(screen.getByRole('table').closest('.table-scroll')).toBeInTheDocument();
});

test('a block keeps its header while its code is still coming', async () => {
  const part = (code: string) => <MarkdownBody text={`Here:\n\n\`\`\`python\n${code}`} isStreaming />;
  const { rerender } = render(part('def ask('));
  const block = await screen.findByTestId('code-block');
  const header = block.querySelector('figcaption');
  expect(header).toHaveTextContent('python');
  rerender(part('def ask(question):\n    return'));
  expect(await screen.findByText(/return/)).toBeInTheDocument();
  expect(screen.getByTestId('code-block').querySelector('figcaption')).toBe(header);
  expect(screen.getByRole('button', { name: 'Copy code' })).toBeVisible();
});
