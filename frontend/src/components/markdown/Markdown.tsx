/** The one seam to whatever draws Markdown. It is loaded after the first screen; until then the text stands as it is. */
import { memo, Suspense, useDeferredValue } from 'react';
import { fetchEarly, latePart } from '@/lib/latePieces';
import { MarkdownBoundary } from './MarkdownBoundary';

const load = () => import('./MarkdownBody');
const MarkdownBody = latePart(load);

/** Fetch the renderer before the first answer needs it. */
export function warmMarkdown(): void {
  fetchEarly(load);
}

interface MarkdownProps {
  text: string;
  isStreaming: boolean;
}

export const Markdown = memo(function Markdown({ text, isStreaming }: MarkdownProps) {
  const deferred = useDeferredValue(text);
  const plain = <div className="whitespace-pre-wrap">{text}</div>;
  return (
    <div className="prose-answer" data-testid="markdown">
      <MarkdownBoundary fallback={plain}>
        <Suspense fallback={plain}>
          <MarkdownBody text={isStreaming ? deferred : text} isStreaming={isStreaming} />
        </Suspense>
      </MarkdownBoundary>
    </div>
  );
});
