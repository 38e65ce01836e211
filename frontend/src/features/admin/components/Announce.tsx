import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { inputStyle } from '@/components/ui/Field';
import { Notice } from '@/components/ui/Notice';
import { useErrorText } from '@/hooks/useErrorText';
import type { AnnouncementRead } from '@/lib/apiSchemas';
import { cn } from '@/lib/cn';
import { formatDateTime } from '@/lib/format';
import { announce, announcedQuery, takeDown } from '../api/announcements';

const tones: AnnouncementRead['tone'][] = ['info', 'warning'];
const durations = [1, 24, 24 * 7, 0];

/** Say something to everybody who is signed in, and take it down again. */
export function Announce() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const { data, error } = useQuery(announcedQuery);
  const [text, setText] = useState('');
  const [tone, setTone] = useState<AnnouncementRead['tone']>('info');
  const [hours, setHours] = useState(24);
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function change(work: () => Promise<unknown>) {
    setIsBusy(true);
    setFailure(null);
    try {
      await work();
    } catch (problem) {
      setFailure(problem);
    }
    await client.invalidateQueries({ queryKey: announcedQuery.queryKey });
    setIsBusy(false);
  }
  const send = () =>
    change(async () => {
      await announce(text, tone, hours || null);
      setText('');
    });
  return (
    <section aria-label={t('admin.view.announce')} className="max-w-reading">
      <label className="block font-medium text-sm" htmlFor="announcement-text">
        {t('admin.announceText')}
      </label>
      <textarea
        id="announcement-text"
        rows={3}
        maxLength={1000}
        value={text}
        className={cn(inputStyle, 'mt-1.5 h-auto py-2')}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="mt-2.5 flex flex-wrap items-center gap-2.5">
        <select
          className={cn(inputStyle, 'max-w-44')}
          aria-label={t('admin.announceTone')}
          value={tone}
          onChange={(event) => setTone(event.target.value as AnnouncementRead['tone'])}
        >
          {tones.map((one) => (
            <option key={one} value={one}>
              {t(`admin.tone.${one}`)}
            </option>
          ))}
        </select>
        <select
          className={cn(inputStyle, 'max-w-44')}
          aria-label={t('admin.announceFor')}
          value={hours}
          onChange={(event) => setHours(Number(event.target.value))}
        >
          {durations.map((value) => (
            <option key={value} value={value}>
              {value === 0
                ? t('admin.untilTakenDown')
                : value < 48
                  ? t('admin.hours', { count: value })
                  : t('admin.days', { count: value / 24 })}
            </option>
          ))}
        </select>
        <Button data-testid="announce" isBusy={isBusy} disabled={!text.trim()} onClick={() => void send()}>
          {t('admin.announce')}
        </Button>
      </div>
      {(failure ?? error) != null && (
        <Notice tone="error" role="alert" className="mt-3">
          {errorText(failure ?? error)}
        </Notice>
      )}
      <ul className="mt-6 space-y-2.5">
        {data?.items.map((one) => (
          <li key={one.id} data-testid="announced">
            <Notice
              tone={one.tone}
              actions={
                <Button
                  variant="outline"
                  size="sm"
                  disabled={isBusy}
                  aria-label={t('admin.takeDownOf', { text: one.text })}
                  onClick={() => void change(() => takeDown(one.id))}
                >
                  {t('admin.takeDown')}
                </Button>
              }
            >
              <p className="whitespace-pre-line [overflow-wrap:anywhere]">{one.text}</p>
              <p className="mt-1 text-[13px] text-muted-foreground">
                {one.ends_at
                  ? t('admin.until', { when: formatDateTime(one.ends_at) })
                  : t('admin.untilTakenDown')}
              </p>
            </Notice>
          </li>
        ))}
      </ul>
    </section>
  );
}
