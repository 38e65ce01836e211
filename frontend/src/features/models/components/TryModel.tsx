import { Square } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AskAnswer } from '@/components/AskAnswer';
import { Button } from '@/components/ui/Button';
import { inputStyle } from '@/components/ui/Field';
import { useAsk } from '@/hooks/useAsk';
import { cn } from '@/lib/cn';
import type { Model } from '@/lib/contracts';

/** One question to one model; nothing of it is kept. */
export function TryModel({ model }: { model: Model }) {
  const { t } = useTranslation();
  const [message, setMessage] = useState('');
  const { state, ask, stop, isRunning } = useAsk();
  return (
    <div className="mt-4 space-y-4 border-t pt-4">
      <form
        className="flex flex-wrap gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          const content = message.trim();
          if (content && !isRunning) void ask({ model: model.id, messages: [{ role: 'user', content }] });
        }}
      >
        <input
          value={message}
          aria-label={t('models.tryMessage', { name: model.name })}
          placeholder={t('models.tryPlaceholder')}
          data-testid="try-model-message"
          className={cn(inputStyle, 'min-w-0 flex-1 basis-60')}
          onChange={(event) => setMessage(event.target.value)}
        />
        {isRunning ? (
          <Button variant="outline" onClick={stop}>
            <Square size={13} fill="currentColor" aria-hidden />
            {t('composer.stop')}
          </Button>
        ) : (
          <Button type="submit" disabled={!message.trim()}>
            {t('models.ask')}
          </Button>
        )}
      </form>
      <AskAnswer state={state} />
    </div>
  );
}
