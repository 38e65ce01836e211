import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import { useConversation } from '../../hooks/useConversation';
import {
  type Comparison,
  clearComparison,
  keepSide,
  type SideIndex,
  useComparison,
} from '../../model/compare';
import { TurnAnnouncer } from '../TurnAnnouncer';
import { CompareAnswer } from './CompareAnswer';

/** The question, and both answers as they come. */
export function CompareResult({ comparison }: { comparison: Comparison }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const errorText = useErrorText();
  const { sessionId } = comparison;
  const { conversation, isRunning } = useConversation(sessionId);
  const running = useComparison((state) => state.running);
  const [isKeeping, setIsKeeping] = useState(false);
  const isBusy = isRunning || running !== null || isKeeping;
  const keep = async (index: SideIndex) => {
    setIsKeeping(true);
    try {
      await keepSide(comparison, index);
      void navigate({ to: '/c/$sessionId', params: { sessionId } });
    } catch (error) {
      setIsKeeping(false);
      showToast(errorText(error));
    }
  };
  return (
    <div className="space-y-5">
      <div className="ml-auto w-fit max-w-[85%] whitespace-pre-wrap rounded-2xl rounded-br-lg bg-bubble px-4 py-2.5 [overflow-wrap:anywhere]">
        {comparison.question}
      </div>
      <div className="grid items-start gap-4 md:grid-cols-2">
        {([0, 1] as const).map((index) => (
          <CompareAnswer
            key={index}
            comparison={comparison}
            index={index}
            message={conversation.tree.byId.get(comparison.answerIds[index] ?? '')}
            isRunning={running === index}
            isBusy={isBusy}
            onKeep={() => void keep(index)}
          />
        ))}
      </div>
      <Button
        variant="ghost"
        size="sm"
        disabled={isBusy}
        onClick={() => {
          clearComparison();
          void navigate({ to: '/compare', search: {} });
        }}
      >
        {t('compare.again')}
      </Button>
      <TurnAnnouncer sessionId={sessionId} />
    </div>
  );
}
