import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { cn } from '@/lib/cn';
import { formatDuration } from '@/lib/format';
import type { AskedRequest, SeenFrame } from '../model/requests';

const shownFrames = 300;

interface RequestViewProps {
  request: AskedRequest;
  onCancel: () => void;
}

/** One request: its answer as it grows, and under it each frame with its number and its moment. */
export function RequestView({ request, onCancel }: RequestViewProps) {
  const { t } = useTranslation();
  const frames = useRef<HTMLElement>(null);
  const count = request.frames.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new frame is why it scrolls
  useEffect(() => {
    const box = frames.current;
    if (box) box.scrollTop = box.scrollHeight;
  }, [count]);
  const isRunning = request.outcome === 'running';
  return (
    <section
      aria-label={t('playground.answer')}
      aria-busy={isRunning}
      data-testid="mqtt-request"
      data-outcome={request.outcome}
      className="min-w-0 space-y-4"
    >
      <div className="rounded-2xl border bg-surface">
        <div className="flex min-h-12 items-center gap-3 border-b py-1.5 pr-2 pl-4">
          <p className="min-w-0 flex-1 truncate text-muted-foreground text-sm">{request.message}</p>
          {isRunning && (
            <Button variant="outline" size="sm" data-testid="mqtt-cancel" onClick={onCancel}>
              {t('playground.cancel')}
            </Button>
          )}
        </div>
        <p data-testid="mqtt-answer" className="min-h-16 whitespace-pre-wrap break-words px-4 py-3">
          {request.text}
          {isRunning && <span className="ml-1 inline-block size-2 animate-breathe rounded-full bg-primary" />}
        </p>
        <p
          role="status"
          className={cn(
            'border-t px-4 py-2 text-[13px] tabular',
            request.outcome === 'error' || request.outcome === 'lost'
              ? 'text-destructive'
              : 'text-muted-foreground',
          )}
        >
          {[t(`playground.outcome.${request.outcome}`), request.note].filter(Boolean).join(' · ')}
        </p>
      </div>
      <div>
        <h2 className="mb-1.5 font-medium text-sm">
          {t('playground.frames', { count })}
          {request.missing > 0 && (
            <span className="ml-2 text-warning">{t('playground.missing', { count: request.missing })}</span>
          )}
        </h2>
        <section
          ref={frames}
          tabIndex={0}
          aria-label={t('playground.frames', { count })}
          className="max-h-80 overflow-y-auto rounded-lg border bg-code"
        >
          <ol className="py-1 font-mono text-[13px] leading-6">
            {request.frames.slice(-shownFrames).map((frame) => (
              <FrameLine key={frame.seq} frame={frame} />
            ))}
          </ol>
        </section>
      </div>
    </section>
  );
}

function FrameLine({ frame }: { frame: SeenFrame }) {
  const { t } = useTranslation();
  return (
    <li data-testid="mqtt-frame">
      {frame.missing > 0 && (
        <p className="px-3 text-warning">{t('playground.missing', { count: frame.missing })}</p>
      )}
      <div className="grid grid-cols-[2.5rem_4rem_3.5rem_minmax(0,1fr)] gap-2 px-3">
        <span className="text-right text-muted-foreground">{frame.seq}</span>
        <span className="text-right text-muted-foreground">{formatDuration(frame.at)}</span>
        <span className={frame.type === 'error' ? 'text-destructive' : 'text-primary'}>{frame.type}</span>
        <span className="truncate whitespace-pre">{frame.text.replaceAll('\n', '↵')}</span>
      </div>
    </li>
  );
}
