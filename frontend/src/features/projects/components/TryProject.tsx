import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AskAnswer } from '@/components/AskAnswer';
import { Button } from '@/components/ui/Button';
import { inputStyle } from '@/components/ui/Field';
import { useAsk } from '@/hooks/useAsk';
import type { VariableValues } from '@/lib/contracts';
import { numberOf, type ProjectDraft, schemaOf } from '../model/projectDraft';

interface TryProjectProps {
  draft: ProjectDraft;
  /** Of the template's variables. */
  values: VariableValues;
  isReady: boolean;
}

/** Ask with what stands in the form, before any game does. */
export function TryProject({ draft, values, isReady }: TryProjectProps) {
  const { t } = useTranslation();
  const [message, setMessage] = useState('');
  const { state, ask, stop, isRunning } = useAsk();

  function send() {
    const schema = schemaOf(draft.answer_schema);
    void ask({
      messages: [
        ...(draft.template_id || !draft.system_prompt.trim()
          ? []
          : [{ role: 'system' as const, content: draft.system_prompt }]),
        { role: 'user', content: message },
      ],
      ...(draft.template_id && {
        template_id: Number(draft.template_id),
        template_version: numberOf(draft.template_version) ?? undefined,
        variables: values,
      }),
      ...(draft.model && { model: draft.model }),
      temperature: numberOf(draft.temperature),
      top_p: numberOf(draft.top_p),
      max_tokens: numberOf(draft.max_tokens),
      ...(schema && {
        response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
      }),
    });
  }
  return (
    <section aria-label={t('projects.try')} className="space-y-3 border-t pt-4">
      <div className="flex gap-2">
        <input
          aria-label={t('projects.tryMessage')}
          placeholder={t('projects.tryMessage')}
          className={inputStyle}
          value={message}
          autoComplete="off"
          onChange={(event) => setMessage(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
            // It asks, and does not save the form around it.
            event.preventDefault();
            if (!isRunning && isReady && message.trim()) send();
          }}
        />
        <Button
          variant="outline"
          disabled={!isRunning && (!isReady || !message.trim())}
          onClick={isRunning ? stop : send}
        >
          {t(isRunning ? 'projects.stop' : 'projects.try')}
        </Button>
      </div>
      <AskAnswer state={state} />
    </section>
  );
}
