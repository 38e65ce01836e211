import '@/lib/moreWords';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { CopyButton } from '@/components/ui/CopyButton';
import { Dialog, DialogActions, DialogBody } from '@/components/ui/Dialog';
import { inputStyle } from '@/components/ui/Field';
import { Notice } from '@/components/ui/Notice';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { Session, ShareState } from '@/lib/contracts';
import { formatDateTime } from '@/lib/format';
import { makeShare, shareQuery, updateShare, withdrawShare } from '../api/shares';

interface ShareDialogProps {
  session: Pick<Session, 'id' | 'title'>;
  onClose: () => void;
}

/** A read-only link to the conversation as it is now: made, brought up to date, withdrawn. */
export default function ShareDialog({ session, onClose }: ShareDialogProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const { data: state, error } = useQuery(shareQuery(session.id));
  const [url, setUrl] = useState<string | null>(null);
  const [hasReasoning, setHasReasoning] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function attempt(action: () => Promise<void>) {
    setIsBusy(true);
    setFailure(null);
    try {
      await action();
    } catch (problem) {
      setFailure(problem);
    }
    setIsBusy(false);
    await client.invalidateQueries({ queryKey: shareQuery(session.id).queryKey });
  }
  const make = (withReasoning: boolean) =>
    attempt(async () => setUrl((await makeShare(session.id, withReasoning)).url));
  const update = () =>
    attempt(async () => {
      await updateShare(session.id);
      showToast(t('share.updated'));
    });
  const withdraw = () =>
    attempt(async () => {
      await withdrawShare(session.id);
      setUrl(null);
      showToast(t('share.withdrawn'));
    });
  const problem = failure ?? error;
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={t('share.title')}
      description={t('share.hint')}
    >
      <DialogBody className="space-y-4">
        {problem !== null && (
          <Notice tone="error" role="alert">
            {errorText(problem)}
          </Notice>
        )}
        {!state && !error && <Skeleton className="h-16" />}
        {url && <LinkField url={url} />}
        {state?.is_shared && <ShareFacts state={state} isLinkShown={url !== null} />}
        {state && !state.is_shared && (
          <label className="flex items-start gap-3 text-sm">
            <input
              type="checkbox"
              className="mt-0.5 size-4.5 accent-primary"
              checked={hasReasoning}
              onChange={(event) => setHasReasoning(event.target.checked)}
            />
            <span>
              {t('share.reasoning')}
              <span className="block text-[13px] text-muted-foreground">{t('share.reasoningHint')}</span>
            </span>
          </label>
        )}
      </DialogBody>
      {state && (
        <DialogActions>
          {state.is_shared ? (
            <>
              <Button variant="danger" isBusy={isBusy} className="sm:mr-auto" onClick={() => void withdraw()}>
                {t('share.withdraw')}
              </Button>
              {!url && (
                <Button
                  variant="outline"
                  isBusy={isBusy}
                  onClick={() => void make(state.includes_reasoning ?? false)}
                >
                  {t('share.renew')}
                </Button>
              )}
              {state.is_outdated && (
                <Button isBusy={isBusy} onClick={() => void update()}>
                  {t('share.update')}
                </Button>
              )}
            </>
          ) : (
            <Button isBusy={isBusy} onClick={() => void make(hasReasoning)}>
              <Link2 size={16} aria-hidden />
              {t('share.make')}
            </Button>
          )}
        </DialogActions>
      )}
    </Dialog>
  );
}

function LinkField({ url }: { url: string }) {
  const { t } = useTranslation();
  return (
    <div>
      <div className="flex items-center gap-1">
        <input
          readOnly
          value={url}
          aria-label={t('share.link')}
          data-testid="share-link"
          className={inputStyle}
          onFocus={(event) => event.target.select()}
        />
        <CopyButton text={() => url} label={t('share.copy')} />
      </div>
      <p className="mt-1.5 text-[13px] text-muted-foreground">{t('share.shownOnce')}</p>
    </div>
  );
}

function ShareFacts({ state, isLinkShown }: { state: ShareState; isLinkShown: boolean }) {
  const { t } = useTranslation();
  return (
    <div className="space-y-1 text-sm" data-testid="share-facts">
      <p>
        {t('share.shows', {
          count: state.messages,
          when: state.updated_at ? formatDateTime(state.updated_at) : '',
        })}{' '}
        {state.includes_reasoning && t('share.showsReasoning')}
      </p>
      <p className="text-muted-foreground">{state.is_outdated ? t('share.outdated') : t('share.upToDate')}</p>
      {!isLinkShown && <p className="text-muted-foreground">{t('share.lost')}</p>}
    </div>
  );
}
