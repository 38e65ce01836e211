import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { Toaster } from '@/components/ui/Toaster';
import { useToasts } from '@/hooks/useToasts';
import type { Session } from '@/lib/contracts';
import { queryClient } from '@/lib/queryClient';
import { makeDetail } from '@/testing/messages';
import { type StubPortal, stubPortal } from '@/testing/portal';
import { renderInApp } from '@/testing/render';
import { useOpenFolders } from '../../model/openFolders';
import { SessionList } from './SessionList';

const session = (id: string, patch: Partial<Session> = {}): Session =>
  makeDetail([], { id, title: id, ...patch });
const page = (...items: Session[]) => ({ items, next_cursor: null });
const rows = (within_: HTMLElement = document.body) =>
  within(within_)
    .queryAllByTestId('session-row')
    .map((row) => within(row).getByRole('link').textContent);
const openMenu = async (name: string) => {
  await userEvent.click(screen.getByRole('button', { name }));
  await screen.findByRole('menu');
};

let portal: StubPortal;

beforeEach(async () => {
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      observe() {}
      disconnect() {}
    },
  );
  queryClient.clear();
  useOpenFolders.setState({ names: [] });
  useToasts.setState({ toasts: [] });
  portal = stubPortal({
    'GET /api/sessions?limit=30': page(session('loose'), session('maze', { folder: 'games' })),
    'GET /api/sessions/folders': { items: [{ name: 'games', sessions: 1 }] },
    'GET /api/sessions?limit=30&folder=games': page(session('maze', { folder: 'games' })),
    'PATCH /api/sessions/loose': {},
    'PATCH /api/sessions/maze': {},
  });
  await renderInApp(
    <>
      <SessionList />
      <Toaster />
    </>,
  );
  await screen.findByRole('button', { name: 'games 1' });
});

test('what lies in a folder is in it alone, shown when the folder is opened, and it stays open', async () => {
  expect(rows()).toEqual(['loose']);
  const header = screen.getByRole('button', { name: 'games 1' });
  expect(header).toHaveAttribute('aria-expanded', 'false');
  await userEvent.click(header);
  await waitFor(() => expect(rows(screen.getByTestId('folder'))).toEqual(['maze']));
  expect(localStorage.getItem('portal.folders.open')).toBe('["games"]');
});

test('a conversation is moved to a folder that is made for it', async () => {
  await openMenu('Options for loose');
  await userEvent.click(screen.getByRole('menuitem', { name: 'Move to folder…' }));
  await userEvent.type(await screen.findByLabelText('New folder'), ' Work ');
  portal.answer({
    'GET /api/sessions?limit=30': page(session('loose', { folder: 'Work' })),
    'GET /api/sessions/folders': { items: [{ name: 'Work', sessions: 1 }] },
  });
  await userEvent.click(screen.getByRole('button', { name: 'Create and move' }));
  expect(await screen.findByRole('button', { name: 'Work 1' })).toBeInTheDocument();
  expect(portal.bodies).toContainEqual({ folder: 'Work' });
  expect(rows()).toEqual([]);
});

test('a folder is renamed, stays open, and is removed without what is in it', async () => {
  await userEvent.click(screen.getByRole('button', { name: 'games 1' }));
  await openMenu('Options for folder games');
  await userEvent.click(screen.getByRole('menuitem', { name: 'Rename' }));
  portal.answer({
    'POST /api/sessions/folders/rename': { changed: 1, session_ids: ['maze'] },
    'GET /api/sessions/folders': { items: [{ name: 'Mazes', sessions: 1 }] },
    'GET /api/sessions?limit=30&folder=Mazes': page(session('maze', { folder: 'Mazes' })),
  });
  await waitFor(() => expect(screen.getByTestId('rename-input')).toHaveFocus());
  await userEvent.clear(screen.getByTestId('rename-input'));
  await userEvent.type(screen.getByTestId('rename-input'), 'Mazes{Enter}');
  expect(await screen.findByRole('button', { name: 'Mazes 1' })).toHaveAttribute('aria-expanded', 'true');
  expect(portal.bodies).toContainEqual({ name: 'games', new_name: 'Mazes' });
  await openMenu('Options for folder Mazes');
  portal.answer({
    'GET /api/sessions?limit=30': page(session('loose'), session('maze')),
    'GET /api/sessions/folders': { items: [] },
  });
  await userEvent.click(screen.getByRole('menuitem', { name: 'Remove folder' }));
  await waitFor(() => expect(rows()).toEqual(['loose', 'maze']));
  expect(portal.bodies).toContainEqual({ name: 'Mazes', new_name: null });
  expect(screen.getByText('Removed “Mazes”. Its conversations are kept.')).toBeInTheDocument();
  portal.answer({
    'POST /api/sessions/folders/fill': { changed: 1, session_ids: ['maze'] },
    'GET /api/sessions?limit=30': page(session('loose'), session('maze', { folder: 'Mazes' })),
    'GET /api/sessions/folders': { items: [{ name: 'Mazes', sessions: 1 }] },
  });
  await userEvent.click(screen.getByRole('button', { name: 'Undo' }));
  expect(await screen.findByRole('button', { name: 'Mazes 1' })).toHaveAttribute('aria-expanded', 'true');
  expect(portal.bodies).toContainEqual({ name: 'Mazes', session_ids: ['maze'] });
});

test('an archived conversation leaves the list and can be brought back', async () => {
  await openMenu('Options for loose');
  portal.answer({ 'GET /api/sessions?limit=30': page() });
  await userEvent.click(screen.getByRole('menuitem', { name: 'Archive' }));
  await waitFor(() => expect(rows()).toEqual([]));
  expect(portal.bodies).toContainEqual({ archived: true });
  portal.answer({ 'GET /api/sessions?limit=30': page(session('loose')) });
  await userEvent.click(await screen.findByRole('button', { name: 'Undo' }));
  await waitFor(() => expect(rows()).toEqual(['loose']));
  expect(portal.bodies).toContainEqual({ archived: false });
});
