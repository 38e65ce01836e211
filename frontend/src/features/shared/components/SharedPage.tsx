import { useQuery } from '@tanstack/react-query';
import { Paperclip } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Markdown } from '@/components/markdown/Markdown';
import { RemoteImagesContext } from '@/components/markdown/remoteImages';
import { Reasoning } from '@/components/Reasoning';
import { Button } from '@/components/ui/Button';
import { CopyButton } from '@/components/ui/CopyButton';
import { Logo } from '@/components/ui/Logo';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import { useTitle } from '@/hooks/useTitle';
import type { SharedSession } from '@/lib/contracts';
import { ApiError } from '@/lib/errors';
import { formatDateTime } from '@/lib/format';
import { sharedQuery } from '../api/shared';

/** A conversation behind its link: to read, for anybody, with nothing of its owner on it. */
export function SharedPage({ token }: { token: string }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { data, error, refetch } = useQuery(sharedQuery(token));
  useTitle(data?.title ?? t('shared.title'));
  if (error) {
    const isGone = error instanceof ApiError && error.status === 404;
    return (
      <SharedFrame>
        <div className="pt-[14dvh]">
          <h1 className="font-semibold text-xl">{isGone ? t('shared.goneTitle') : t('shared.failed')}</h1>
          <p className="mt-1 mb-5 text-muted-foreground">
            {isGone ? t('shared.goneText') : errorText(error)}
          </p>
          {!isGone && (
            <Button variant="outline" onClick={() => void refetch()}>
              {t('common.retry')}
            </Button>
          )}
        </div>
      </SharedFrame>
    );
  }
  return (
    <SharedFrame>
      {data ? (
        <RemoteImagesContext value={false}>
          <Conversation shared={data} />
        </RemoteImagesContext>
      ) : (
        <div className="space-y-4 pt-8">
          <Skeleton className="h-8 w-2/3" />
          <Skeleton className="h-40" />
        </div>
      )}
    </SharedFrame>
  );
}

function SharedFrame({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div className="h-dvh overflow-y-auto">
      <meta name="robots" content="noindex, nofollow" />
      <header className="mx-auto flex h-14 w-full max-w-reading items-center gap-2.5 px-4 sm:px-6">
        {/* A link of the old kind: the portal behind it begins anew, and finds out who is reading. */}
        <a href="/" className="flex items-center gap-2.5 font-semibold tracking-[-0.01em]">
          <Logo size={22} />
          Prompt Portal
        </a>
        <span className="ml-auto text-[13px] text-muted-foreground">{t('shared.mark')}</span>
      </header>
      <main className="mx-auto w-full max-w-reading px-4 pb-20 sm:px-6">{children}</main>
    </div>
  );
}

/** What was attached, by name: the files themselves are their owner's. */
function FileNames({ names }: { names: string[] }) {
  const { t } = useTranslation();
  return (
    <ul aria-label={t('attachments.title')} className="mb-1.5 flex max-w-[85%] flex-wrap justify-end gap-2">
      {names.map((name, index) => (
        <li
          // They never change places.
          key={index}
          className="flex min-w-0 max-w-full items-center gap-2 rounded-lg border px-2.5 py-1 text-[13px] text-muted-foreground"
        >
          <Paperclip size={14} className="shrink-0" aria-hidden />
          <span className="truncate">{name}</span>
        </li>
      ))}
    </ul>
  );
}

function Conversation({ shared }: { shared: SharedSession }) {
  const { t } = useTranslation();
  return (
    <>
      <h1 className="pt-6 font-semibold text-2xl leading-tight tracking-[-0.02em]" data-testid="shared-title">
        {shared.title}
      </h1>
      <p className="mt-1 text-[13px] text-muted-foreground">
        {t('shared.asOf', { when: formatDateTime(shared.updated_at) })}
      </p>
      {shared.messages.map((message, index) =>
        message.role === 'user' ? (
          <article
            // They never change places.
            key={index}
            aria-label={t('shared.question')}
            data-testid="shared-question"
            className="flex flex-col items-end pt-8"
          >
            {message.files.length > 0 && <FileNames names={message.files} />}
            {message.content && (
              <div className="max-w-[85%] whitespace-pre-wrap rounded-2xl rounded-br-lg bg-bubble px-4 py-2.5 [overflow-wrap:anywhere]">
                {message.content}
              </div>
            )}
          </article>
        ) : (
          <article
            key={index}
            aria-label={t('message.answer')}
            data-testid="shared-answer"
            className="group min-w-0 pt-4"
          >
            {message.reasoning && (
              <Reasoning text={message.reasoning} isThinking={false} milliseconds={null} />
            )}
            <Markdown text={message.content} isStreaming={false} />
            <div className="-ml-1.5 pt-1 opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 touch:opacity-100">
              <CopyButton text={() => message.content} label={t('message.copyAnswer')} />
            </div>
          </article>
        ),
      )}
    </>
  );
}
