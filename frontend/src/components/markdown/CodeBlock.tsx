import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useIsCodeFenceIncomplete } from 'streamdown';
import { CopyButton } from '@/components/ui/CopyButton';
import { HighlightedCode } from './HighlightedCode';

interface CodeBlockProps {
  className?: string;
  children?: ReactNode;
}

/** A fenced block: its header with language and copy button stands still while the code streams in. */
export const CodeBlock = memo(function CodeBlock({ className, children }: CodeBlockProps) {
  const { t } = useTranslation();
  const isIncomplete = useIsCodeFenceIncomplete();
  const language = /language-(\S+)/.exec(className ?? '')?.[1] ?? '';
  const code = textOf(children).replace(/\n$/, '');
  return (
    <figure className="my-4 overflow-hidden rounded-lg border bg-code" data-testid="code-block">
      <figcaption className="flex h-9 items-center justify-between bg-code-header pr-1 pl-3.5 text-muted-foreground text-xs">
        <span className="font-mono">{language || t('chat.plainText')}</span>
        <CopyButton kind="code" text={() => code} label={t('chat.copyCode')} />
      </figcaption>
      <pre
        tabIndex={0}
        className="code-body overflow-x-auto px-3.5 py-3 font-mono text-[13px] leading-[1.65]"
      >
        <HighlightedCode code={code} language={language} isIncomplete={isIncomplete} />
      </pre>
    </figure>
  );
});

function textOf(node: ReactNode): string {
  if (typeof node === 'string' || typeof node === 'number') return String(node);
  if (Array.isArray(node)) return node.map(textOf).join('');
  if (node && typeof node === 'object' && 'props' in node) {
    return textOf((node.props as { children?: ReactNode }).children);
  }
  return '';
}
