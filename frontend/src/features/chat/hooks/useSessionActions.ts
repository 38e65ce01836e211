import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { Session, SessionDetail } from '@/lib/contracts';
import { download } from '@/lib/download';
import {
  deleteSession,
  exportPath,
  patchSession,
  restoreSession,
  type SessionPatch,
  sessionQuery,
  sessionsQuery,
} from '../api/sessions';
import { editLists, listSnapshot, refreshSideBar } from '../model/sessionLists';

type Named = Pick<Session, 'id' | 'title'>;

/** What can be done to a conversation: shown at once, taken back when the portal says no. */
export function useSessionActions() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const errorText = useErrorText();
  const { sessionId: openId } = useParams({ strict: false });

  /** Answers whether the portal agreed. */
  async function update(sessionId: string, patch: SessionPatch): Promise<boolean> {
    const detailKey = sessionQuery(sessionId).queryKey;
    const before = client.getQueryData(detailKey);
    await client.cancelQueries({ queryKey: sessionsQuery.queryKey });
    const takeBack = listSnapshot(client);
    const titled = patch.title === undefined ? patch : { ...patch, title_source: 'user' as const };
    editLists(client, (session) => (session.id === sessionId ? { ...session, ...titled } : session));
    client.setQueryData(detailKey, (detail: SessionDetail | undefined) => detail && { ...detail, ...titled });
    let isDone = true;
    try {
      await patchSession(sessionId, patch);
    } catch (error) {
      isDone = false;
      client.setQueryData(detailKey, before);
      takeBack();
      showToast(errorText(error));
    }
    refreshSideBar(client);
    return isDone;
  }

  async function archive(session: Named): Promise<void> {
    if (openId === session.id) await navigate({ to: '/' });
    if (!(await update(session.id, { archived: true }))) return;
    showToast(t('sessions.archived', { title: session.title || t('sessions.untitled') }), {
      label: t('common.undo'),
      run: () => void update(session.id, { archived: false }),
    });
  }

  async function remove(session: Named): Promise<void> {
    await client.cancelQueries({ queryKey: sessionsQuery.queryKey });
    const takeBack = listSnapshot(client);
    editLists(client, (candidate) => (candidate.id === session.id ? null : candidate));
    if (openId === session.id) await navigate({ to: '/' });
    try {
      await deleteSession(session.id);
      client.removeQueries({ queryKey: ['session', session.id] });
      showToast(t('sessions.deleted', { title: session.title }), {
        label: t('common.undo'),
        run: () => void restore(session.id),
      });
    } catch (error) {
      takeBack();
      showToast(errorText(error));
    }
    refreshSideBar(client);
  }

  async function restore(sessionId: string): Promise<void> {
    try {
      await restoreSession(sessionId);
    } catch (error) {
      showToast(errorText(error));
    }
    refreshSideBar(client);
  }

  async function exportAs(session: Named, format: 'json' | 'markdown'): Promise<void> {
    try {
      await download(exportPath(session.id, format), `conversation.${format === 'json' ? 'json' : 'md'}`);
    } catch (error) {
      showToast(errorText(error));
    }
  }

  return { update, archive, remove, exportAs };
}
