import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import type { AttachmentRef, Model } from '@/lib/contracts';
import { queryClient } from '@/lib/queryClient';
import { makeMessage } from '@/testing/messages';
import { type StubPortal, stubPortal } from '@/testing/portal';
import { renderInApp } from '@/testing/render';
import { type StubUpload, stubUploads } from '@/testing/uploads';
import { useDraftFiles } from '../model/draftFiles';
import { Composer } from './Composer';
import { UserMessage } from './UserMessage';

const picture = () => new File(['png'], 'map.png', { type: 'image/png' });
const rules = () => new File(['rules'], 'rules.pdf', { type: 'application/pdf' });
const refOf = (id: string, name: string, kind: AttachmentRef['kind']): AttachmentRef => ({
  id,
  name,
  kind,
  media_type: kind === 'image' ? 'image/png' : 'application/pdf',
  size_bytes: 1_400_000,
});
const model = (capabilities: string[]): Model => ({
  id: 'm',
  name: 'Portal demo',
  is_default: true,
  is_demo: true,
  source: 'embedded',
  context_window: null,
  capabilities,
});
const seeing = model(['chat', 'vision']);
const onSend = vi.fn();
let uploads: StubUpload[];
let portal: StubPortal;

const composer = (current: Model = seeing) => (
  <Composer
    sessionId="s1"
    isRunning={false}
    isStopping={false}
    model={current}
    onSend={onSend}
    onStop={() => undefined}
  />
);
const pick = (...files: File[]) =>
  fireEvent.change(screen.getByTestId('attach-input'), { target: { files } });
const status = async () => (await screen.findByTestId('attachment')).getAttribute('data-status');

beforeEach(() => {
  queryClient.clear();
  useDraftFiles.setState({ byConversation: {} });
  onSend.mockClear();
  portal = stubPortal({ 'DELETE /api/attachments/a1': { ok: true } });
  uploads = stubUploads();
});

test('a picked file goes up with its progress, and then with the message, even without a word', async () => {
  await renderInApp(composer());
  pick(rules());
  expect(await status()).toBe('uploading');
  expect(uploads[0]).toMatchObject({ path: '/api/attachments?name=rules.pdf', token: 'Bearer jwt' });
  act(() => uploads[0]?.progress(30, 100));
  expect(screen.getByRole('progressbar', { name: 'Sending rules.pdf' })).toHaveAttribute(
    'aria-valuenow',
    '30',
  );
  expect(screen.getByRole('button', { name: 'Send' })).toBeDisabled();
  await act(async () => uploads[0]?.answer(201, refOf('a1', 'rules.pdf', 'document')));
  expect(await status()).toBe('ready');
  await userEvent.click(screen.getByRole('button', { name: 'Send' }));
  expect(onSend).toHaveBeenCalledExactlyOnceWith('', [refOf('a1', 'rules.pdf', 'document')]);
  expect(screen.queryByTestId('attachment')).toBeNull();
});

test('a refused file says why, holds the message back, and can be sent again or taken off', async () => {
  await renderInApp(composer());
  pick(rules());
  await act(async () =>
    uploads[0]?.answer(503, { error: { code: 'odd', message: 'Too many documents are being read.' } }),
  );
  expect(await screen.findByRole('alert')).toHaveTextContent('Too many documents are being read.');
  await userEvent.type(screen.getByLabelText('Message'), 'Read it{Enter}');
  expect(onSend).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole('button', { name: 'Send rules.pdf again' }));
  await act(async () => uploads[1]?.answer(201, refOf('a1', 'rules.pdf', 'document')));
  expect(await status()).toBe('ready');
  await userEvent.click(screen.getByRole('button', { name: 'Remove rules.pdf' }));
  expect(screen.queryByTestId('attachment')).toBeNull();
  await waitFor(() => expect(portal.calls).toContain('DELETE /api/attachments/a1'));
});

test('what is wrong with the file itself is not tried again', async () => {
  await renderInApp(composer());
  pick(rules());
  await act(async () =>
    uploads[0]?.answer(415, {
      error: { code: 'unsupported_file', message: 'Files of this kind cannot be sent.' },
    }),
  );
  expect(await screen.findByRole('alert')).toHaveTextContent('Files of this kind cannot be sent.');
  expect(screen.queryByRole('button', { name: /again/ })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Remove rules.pdf' }));
  expect(screen.queryByTestId('attachment')).toBeNull();
});

test('an image is refused at once when the model cannot see, and goes up when another one can', async () => {
  useDraftFiles.setState({ byConversation: {} });
  const view = await renderInApp(composer(model(['chat'])));
  pick(picture());
  expect(await screen.findByRole('alert')).toHaveTextContent('Portal demo cannot see images.');
  expect(uploads).toEqual([]);
  view.unmount();
  await renderInApp(composer(seeing));
  expect(await status()).toBe('uploading');
  expect(uploads).toHaveLength(1);
});

test('files come by paste and by drop; text with its picture is pasted as text', async () => {
  await renderInApp(composer());
  const field = screen.getByLabelText('Message');
  fireEvent.paste(field, { clipboardData: { files: [picture()], types: ['Files', 'text/plain'] } });
  expect(uploads).toEqual([]);
  fireEvent.paste(field, { clipboardData: { files: [picture()], types: ['Files'] } });
  expect(uploads).toHaveLength(1);
  const dataTransfer = { files: [rules()], types: ['Files'] };
  fireEvent.dragEnter(document.body, { dataTransfer });
  expect(screen.getByText('Drop to add to your message')).toBeInTheDocument();
  fireEvent.drop(document.body, { dataTransfer });
  expect(screen.queryByText('Drop to add to your message')).toBeNull();
  expect(uploads.map((upload) => upload.path)).toEqual([
    '/api/attachments?name=map.png',
    '/api/attachments?name=rules.pdf',
  ]);
});

test('files that are up stay with the draft; an upload that was left goes on', async () => {
  const view = await renderInApp(composer());
  pick(rules());
  view.unmount();
  await act(async () => uploads[0]?.answer(201, refOf('a1', 'rules.pdf', 'document')));
  // As after a reload: only what the browser keeps is left.
  useDraftFiles.setState({ byConversation: {} });
  await renderInApp(composer());
  expect(await status()).toBe('ready');
});

test('at most eight files go with a message', async () => {
  await renderInApp(composer());
  pick(...Array.from({ length: 10 }, rules));
  await waitFor(() => expect(screen.getAllByTestId('attachment')).toHaveLength(8));
  expect(uploads).toHaveLength(8);
});

test('a sent image is shown, opened large, and a document is named', async () => {
  portal.answer({ 'GET /api/attachments/i1/content': new Response('png') });
  const message = makeMessage('m1', null, {
    content: '',
    attachments: [refOf('i1', 'map.png', 'image'), refOf('d1', 'rules.pdf', 'document')],
  });
  // biome-ignore lint/suspicious/noExplicitAny: nothing here is pressed that would act
  await renderInApp(<UserMessage message={message} branch={null} isBusy={false} actions={{} as any} />);
  const small = await screen.findByRole('button', { name: 'Open map.png' });
  await waitFor(() => expect(small).toBeEnabled());
  await userEvent.click(small);
  expect(await screen.findByTestId('large-image')).toHaveAttribute('alt', 'map.png');
  expect(document.body).toHaveTextContent('rules.pdf1.4 MB');
});
