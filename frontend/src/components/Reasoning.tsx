import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { formatDuration } from '@/lib/format';

interface ReasoningProps {
  text: string;
  isThinking: boolean;
  milliseconds: number | null;
}

/** What the model thought, folded; once opened by hand it stays as the reader left it. */
export function Reasoning({ text, isThinking, milliseconds }: ReasoningProps) {
  const { t } = useTranslation();
  const [isOpen, setIsOpen] = useState(false);
  const thought =
    milliseconds === null
      ? t('reasoning.thought')
      : t('reasoning.thoughtFor', { time: formatDuration(milliseconds) });
  return (
    <div className="mb-3" data-testid="reasoning">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
        className="-ml-1 inline-flex min-h-8 items-center gap-1.5 rounded-lg px-1 text-muted-foreground text-sm hover:text-foreground"
      >
        <ChevronRight
          size={15}
          className={cn('transition-transform duration-150', isOpen && 'rotate-90')}
          aria-hidden
        />
        <span className={cn(isThinking && 'animate-breathe')}>
          {isThinking ? t('reasoning.thinking') : thought}
        </span>
      </button>
      {isOpen && (
        <div className="mt-1 ml-1.5 max-h-96 overflow-y-auto whitespace-pre-wrap border-l-2 pl-4 text-muted-foreground text-sm [overflow-wrap:anywhere]">
          {text}
        </div>
      )}
    </div>
  );
}
