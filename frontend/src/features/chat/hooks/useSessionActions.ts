import { type InfiniteData, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { Session, SessionDetail } from '@/lib/contracts';
import { tellOtherTabs } from '@/lib/tabs';
import {
  deleteSession,
  patchSession,
  restoreSession,
  type SessionPage,
  type SessionPatch,
  sessionQuery,
  sessionsQuery,
} from '../api/sessions';

/** What can be done to a conversation: shown at once, taken back when the portal says no. */
export function useSessionActions() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const errorText = useErrorText();
  const { sessionId: openId } = useParams({ strict: false });

  const editList = (change: (session: Session) => Session | null) => {
    client.setQueryData(sessionsQuery.queryKey, (data: InfiniteData<SessionPage> | undefined) => {
      if (!data) return data;
      const pages = data.pages.map((page) => ({
        ...page,
        items: page.items.flatMap((session) => change(session) ?? []),
      }));
      return { ...data, pages };
    });
  };
  const refresh = (sessionId: string) => {
    void client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    tellOtherTabs({ kind: 'session', sessionId });
  };

  async function update(sessionId: string, patch: SessionPatch): Promise<void> {
    const detailKey = sessionQuery(sessionId).queryKey;
    const before = client.getQueryData(detailKey);
    const listBefore = client.getQueryData(sessionsQuery.queryKey);
    await client.cancelQueries({ queryKey: sessionsQuery.queryKey });
    const titled = patch.title === undefined ? patch : { ...patch, title_source: 'user' as const };
    editList((session) => (session.id === sessionId ? { ...session, ...titled } : session));
    client.setQueryData(detailKey, (detail: SessionDetail | undefined) => detail && { ...detail, ...titled });
    try {
      await patchSession(sessionId, patch);
    } catch (error) {
      client.setQueryData(detailKey, before);
      client.setQueryData(sessionsQuery.queryKey, listBefore);
      showToast(errorText(error));
    }
    refresh(sessionId);
  }

  async function remove(session: Pick<Session, 'id' | 'title'>): Promise<void> {
    await client.cancelQueries({ queryKey: sessionsQuery.queryKey });
    const listBefore = client.getQueryData(sessionsQuery.queryKey);
    editList((candidate) => (candidate.id === session.id ? null : candidate));
    if (openId === session.id) await navigate({ to: '/' });
    try {
      await deleteSession(session.id);
      client.removeQueries({ queryKey: ['session', session.id] });
      showToast(t('sessions.deleted', { title: session.title }), {
        label: t('common.undo'),
        run: () => void restore(session.id),
      });
    } catch (error) {
      client.setQueryData(sessionsQuery.queryKey, listBefore);
      showToast(errorText(error));
    }
    refresh(session.id);
  }

  async function restore(sessionId: string): Promise<void> {
    try {
      await restoreSession(sessionId);
    } catch (error) {
      showToast(errorText(error));
    }
    refresh(sessionId);
  }

  return { update, remove };
}
