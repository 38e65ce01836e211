import { fireEvent, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { refusal, stubPortal } from '@/testing/portal';
import { renderInApp } from '@/testing/render';
import { partsOf } from '../model/importFile';
import { ConversationFiles } from './ConversationFiles';

const route = 'POST /api/sessions/import';
const pick = (text: string) =>
  fireEvent.change(screen.getByTestId('import-file'), {
    target: { files: [new File([text], 'conversations.json', { type: 'application/json' })] },
  });

test('a file is taken in, and what was left out is named with its reason', async () => {
  const portal = stubPortal({
    [route]: {
      imported: [{ session_id: 'a', title: 'The maze', messages: 4 }],
      skipped: [{ index: 1, title: '', reason: 'It has no messages.' }],
    },
  });
  await renderInApp(<ConversationFiles />);
  pick('[{"title": "The maze"}, {}]');
  expect(await screen.findByText('1 conversation imported.')).toBeInTheDocument();
  expect(portal.bodies).toEqual([[{ title: 'The maze' }, {}]]);
  await userEvent.click(screen.getByText('1 was left out'));
  expect(screen.getByTestId('import-result')).toHaveTextContent('Number 2: It has no messages.');
});

test('what is no JSON, and what the portal does not know, is said', async () => {
  const portal = stubPortal({
    [route]: refusal(422, 'unknown_format', 'This is no export that is known here.'),
  });
  await renderInApp(<ConversationFiles />);
  pick('PK\u0003\u0004');
  expect(await screen.findByRole('alert')).toHaveTextContent('conversations.json is not a JSON file');
  expect(portal.calls).toEqual([]);
  pick('{"hello": 1}');
  expect(await screen.findByText('This is no export that is known here.')).toBeInTheDocument();
});

test('a large file goes in parts; what is left out keeps its place in the file', async () => {
  const big = { text: 'x'.repeat(900_000) };
  const parts = partsOf(JSON.stringify([big, big, big, big, {}]));
  expect(parts.map((part) => [part.firstIndex, (part.document as unknown[]).length])).toEqual([
    [0, 2],
    [2, 3],
  ]);
  const own = partsOf(JSON.stringify({ format: 'f/1', sessions: Array.from({ length: 201 }, () => ({})) }));
  expect(own.map((part) => part.document)).toMatchObject([
    { format: 'f/1' },
    { format: 'f/1', sessions: [{}] },
  ]);

  const answers = [
    { imported: [{ session_id: 'a', title: 'A', messages: 1 }], skipped: [] },
    { imported: [], skipped: [{ index: 2, title: 'Last', reason: 'Empty.' }] },
  ];
  stubPortal({ [route]: () => answers.shift() });
  await renderInApp(<ConversationFiles />);
  pick(JSON.stringify([big, big, big, big, {}]));
  expect(await screen.findByText('Last')).toBeInTheDocument();
  expect(screen.getByText('1 conversation imported.')).toBeInTheDocument();
});

test('all conversations are saved as one file', async () => {
  const saved: string[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    saved.push(this.download);
  });
  stubPortal({
    'GET /api/sessions/export': new Response('{}', {
      headers: { 'content-disposition': 'attachment; filename="prompt-portal-conversations.json"' },
    }),
  });
  await renderInApp(<ConversationFiles />);
  await userEvent.click(screen.getByRole('button', { name: 'Export all' }));
  await vi.waitFor(() => expect(saved).toEqual(['prompt-portal-conversations.json']));
});
