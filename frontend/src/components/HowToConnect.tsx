import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/components/ui/CopyButton';

const connectCommand = './setup_llm.sh --server http://localhost:8080';

/** How a real model takes the demo's place. */
export function HowToConnect({ text }: { text: string }) {
  const { t } = useTranslation();
  return (
    <>
      <p className="text-muted-foreground">{text}</p>
      <div className="mt-2 flex max-w-full items-center gap-1 rounded-lg border bg-surface py-0.5 pr-1 pl-3">
        <code
          tabIndex={0}
          className="min-w-0 flex-1 overflow-x-auto whitespace-nowrap py-1 font-mono text-xs"
        >
          {connectCommand}
        </code>
        <CopyButton text={() => connectCommand} label={t('demo.copyCommand')} />
      </div>
    </>
  );
}
