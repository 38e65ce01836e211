import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Field, inputStyle } from '@/components/ui/Field';
import type { ConnectionRead } from '@/lib/apiSchemas';
import { useRequests } from '../hooks/useRequests';
import type { MqttLink } from '../model/mqttLink';
import { LatencyFigures } from './LatencyFigures';
import { RequestView } from './RequestView';

interface ConsoleProps {
  link: MqttLink;
  account: ConnectionRead | null;
  isConnected: boolean;
}

/** Ask as a device would, and watch what comes. */
export function Console({ link, account, isConnected }: ConsoleProps) {
  const { t } = useTranslation();
  const { requests, ask, cancel } = useRequests(link);
  const [session, setSession] = useState('playground');
  const [message, setMessage] = useState('');
  const [isStreamed, setIsStreamed] = useState(true);
  const last = requests.at(-1);

  function submit(event: FormEvent) {
    event.preventDefault();
    ask(session.trim(), message, isStreamed);
  }
  return (
    <div className="grid gap-6 min-[900px]:grid-cols-[20rem_minmax(0,1fr)] min-[900px]:grid-rows-[auto_1fr]">
      <form onSubmit={submit} className="space-y-4">
        <Field
          label={t('playground.session')}
          value={session}
          maxLength={64}
          autoComplete="off"
          onChange={(event) => setSession(event.target.value)}
        />
        <label className="block space-y-1.5">
          <span className="block font-medium text-sm">{t('playground.message')}</span>
          <textarea
            rows={3}
            className={`${inputStyle} h-auto! resize-y py-2`}
            value={message}
            data-testid="mqtt-message"
            onChange={(event) => setMessage(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }}
          />
        </label>
        <div className="flex flex-wrap items-center justify-between gap-3">
          <label className="flex items-center gap-2.5 text-sm">
            <input
              type="checkbox"
              className="size-4.5 accent-primary"
              checked={isStreamed}
              onChange={(event) => setIsStreamed(event.target.checked)}
            />
            {t('playground.stream')}
          </label>
          <Button
            type="submit"
            data-testid="mqtt-ask"
            disabled={!isConnected || !message.trim() || !session.trim()}
          >
            {t('playground.ask')}
          </Button>
        </div>
      </form>
      <div className="min-w-0 min-[900px]:col-start-2 min-[900px]:row-span-2 min-[900px]:row-start-1">
        {last ? (
          <RequestView request={last} onCancel={() => cancel(last.id)} />
        ) : (
          <p className="self-start rounded-2xl border border-dashed px-6 py-9 text-center text-muted-foreground text-sm">
            {t('playground.empty')}
          </p>
        )}
      </div>
      <div className="space-y-5 min-[900px]:col-start-1">
        <LatencyFigures requests={requests} />
        {account && (
          <dl className="space-y-2 text-[13px]">
            <Topic label={t('playground.asksAt')} topic={account.topics.request} />
            <Topic label={t('playground.answersAt')} topic={`${account.topics.response}{id}`} />
          </dl>
        )}
      </div>
    </div>
  );
}

function Topic({ label, topic }: { label: string; topic: string }) {
  return (
    <div>
      <dt className="text-muted-foreground">{label}</dt>
      <dd className="break-all font-mono">{topic}</dd>
    </div>
  );
}
