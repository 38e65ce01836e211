import { useQuery } from '@tanstack/react-query';
import { Columns2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ModelSelect } from '@/components/ModelSelect';
import { Button } from '@/components/ui/Button';
import type { Model, TemplateUse } from '@/lib/contracts';
import { modelsQuery } from '@/lib/modelQueries';
import { sessionQuery } from '../../api/sessions';
import { type CompareSide, isSameSide, type SideIndex, sideName, startComparison } from '../../model/compare';
import { readDraft, writeDraft } from '../../model/drafts';
import { templateOf } from '../../model/templateUse';

export interface CompareSetUpProps {
  /** The conversation that the question is for; absent for a new one. */
  sessionId?: string;
  /** What chooses a template. */
  templateTool: (use: TemplateUse | null, onChange: (use: TemplateUse | null) => void) => ReactNode;
}

/** Both sides, and the message. */
export function CompareSetUp({ sessionId, templateTool }: CompareSetUpProps) {
  const { t } = useTranslation();
  const { data: models = [] } = useQuery(modelsQuery);
  const { data: detail, isPending } = useQuery({
    ...sessionQuery(sessionId ?? ''),
    enabled: sessionId !== undefined,
  });
  const [question, setQuestion] = useState(() => readDraft(sessionId ?? null));
  const [chosen, setChosen] = useState<[CompareSide, CompareSide]>(() => [
    { template: templateOf(sessionId ?? null) },
    { template: null },
  ]);
  const sides = withModels(chosen, models, detail?.model);
  const change = (index: SideIndex, patch: Partial<CompareSide>) =>
    setChosen(([left, right]) =>
      index === 0 ? [{ ...left, ...patch }, right] : [left, { ...right, ...patch }],
    );
  const isReady = question.trim() !== '' && !(sessionId !== undefined && isPending);
  const start = () => {
    if (!isReady) return;
    writeDraft(sessionId ?? null, '');
    void startComparison(sessionId ?? null, question.trim(), sides);
  };
  return (
    <form
      className="space-y-5"
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <div className="grid gap-4 md:grid-cols-2">
        {([0, 1] as const).map((index) => (
          <fieldset key={index} className="min-w-0 space-y-3 rounded-2xl border bg-surface p-4">
            <legend className="sr-only">{t('compare.side', { side: sideName(index) })}</legend>
            <p aria-hidden className="font-medium text-sm">
              {t('compare.side', { side: sideName(index) })}
            </p>
            <ModelSelect
              models={models}
              value={sides[index].model ?? ''}
              onChange={(model) => change(index, { model })}
            />
            <div className="flex min-h-9 items-center">
              {templateTool(sides[index].template, (template) => change(index, { template }))}
            </div>
          </fieldset>
        ))}
      </div>
      {isSameSide(sides[0], sides[1]) && (
        <p className="text-muted-foreground text-sm" data-testid="same-sides">
          {t('compare.same')}
        </p>
      )}
      <label className="block space-y-1.5">
        <span className="block font-medium text-sm">{t('compare.question')}</span>
        <textarea
          rows={3}
          value={question}
          placeholder={t('compare.placeholder')}
          data-testid="compare-question"
          className="field-sizing-content block max-h-[40dvh] min-h-22 w-full resize-none rounded-lg border border-input bg-surface px-3.5 py-2.5 text-[16px] sm:text-[15px]"
          onChange={(event) => setQuestion(event.target.value)}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) start();
          }}
        />
      </label>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
        <Button type="submit" disabled={!isReady} data-testid="compare-start">
          <Columns2 size={16} aria-hidden />
          {t('compare.ask')}
        </Button>
        <p className="min-w-0 flex-1 basis-64 text-[13px] text-muted-foreground">
          {detail ? t('compare.fromHere', { title: detail.title }) : t('compare.hint')}
        </p>
      </div>
    </form>
  );
}

/** The two sides begin with different models where there are two. */
function withModels(
  [left, right]: [CompareSide, CompareSide],
  models: readonly Model[],
  sessionModel: string | null | undefined,
): [CompareSide, CompareSide] {
  if (models.length < 2) return [left, right];
  const first = sessionModel ?? models.find((model) => model.is_default)?.id ?? models[0]?.id;
  const second = models.find((model) => model.id !== first)?.id;
  return [
    { ...left, model: left.model ?? first },
    { ...right, model: right.model ?? second },
  ];
}
