import { memo, type PropsWithChildren, useState } from 'react';
import { type Components, defaultRehypePlugins, Streamdown } from 'streamdown';
import { i18next } from '@/lib/i18n';
import { CodeBlock } from './CodeBlock';
import { RemoteImage } from './RemoteImage';
import { SafeLink } from './SafeLink';
import { useMathPlugin } from './useMathPlugin';
import { keepWebAddress } from './webAddress';

/** Plain elements: how they look is said once, in prose.css, not in a class list an element. */
const plainTags = ['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'blockquote', 'hr'] as const;
const plainCellTags = ['strong', 'thead', 'tbody', 'tr', 'th', 'td', 'sup', 'sub'] as const;

const components = {
  ...Object.fromEntries([...plainTags, ...plainCellTags].map((tag) => [tag, tag])),
  a: SafeLink,
  img: RemoteImage,
  code: CodeBlock,
  inlineCode: ({ children }: PropsWithChildren) => <code>{children}</code>,
  table: ({ children }: PropsWithChildren) => (
    // biome-ignore lint/a11y/useSemanticElements: not a fieldset: a table that scrolls inside
    <div role="group" className="table-scroll" tabIndex={0} aria-label={i18next.t('chat.table')}>
      <table>{children}</table>
    </div>
  ),
} as Components;

/** HTML in an answer is text, never markup: the plugin that parses it is left out. */
const rehypePlugins = defaultRehypePlugins.sanitize ? [defaultRehypePlugins.sanitize] : [];

interface MarkdownBodyProps {
  text: string;
  isStreaming: boolean;
}

export default memo(function MarkdownBody({ text, isStreaming }: MarkdownBodyProps) {
  const plugins = useMathPlugin(text.includes('$$'));
  // An answer that streamed stays in pieces when it ends: drawing it anew as one would flicker.
  const [hasStreamed] = useState(isStreaming);
  return (
    <Streamdown
      className="space-y-0"
      mode={hasStreamed ? 'streaming' : 'static'}
      isAnimating={isStreaming}
      parseIncompleteMarkdown={isStreaming}
      components={components}
      plugins={plugins}
      rehypePlugins={rehypePlugins}
      urlTransform={keepWebAddress}
      linkSafety={{ enabled: false }}
      dir="auto"
    >
      {text}
    </Streamdown>
  );
});
