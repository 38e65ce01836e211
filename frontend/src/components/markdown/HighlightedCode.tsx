import { type CSSProperties, memo, useEffect, useState } from 'react';
import { highlight, knownHighlight, type TokenLine } from './highlighter';

interface HighlightedCodeProps {
  code: string;
  language: string;
  isIncomplete: boolean;
}

/** Code with its colours; the lines that are not coloured yet stand there plainly, so nothing ever jumps. */
export function HighlightedCode({ code, language, isIncomplete }: HighlightedCodeProps) {
  const [lines, setLines] = useState(() => knownHighlight(code, language));
  useEffect(() => {
    let isCurrent = true;
    highlight(code, language, isIncomplete, (result) => {
      if (isCurrent) setLines(result);
    });
    return () => {
      isCurrent = false;
    };
  }, [code, language, isIncomplete]);

  const source = code.split('\n');
  return (
    <code>
      {source.map((text, index) => (
        <Line key={index} text={text} tokens={lines[index]} isLast={index === source.length - 1} />
      ))}
    </code>
  );
}

interface LineProps {
  text: string;
  tokens: TokenLine | undefined;
  isLast: boolean;
}

const Line = memo(
  function Line({ text, tokens, isLast }: LineProps) {
    const isFitting = tokens !== undefined && tokens.map((token) => token.content).join('') === text;
    return (
      <>
        {isFitting
          ? tokens.map((token, index) => (
              <span key={index} style={tokenStyle(token)}>
                {token.content}
              </span>
            ))
          : text}
        {isLast ? '' : '\n'}
      </>
    );
  },
  (before, after) =>
    before.text === after.text &&
    before.isLast === after.isLast &&
    (before.tokens === after.tokens || sameTokens(before.tokens, after.tokens)),
);

function sameTokens(before: TokenLine | undefined, after: TokenLine | undefined): boolean {
  if (before?.length !== after?.length || !before || !after) return false;
  return before.every(
    (token, index) => token.content === after[index]?.content && token.light === after[index]?.light,
  );
}

function tokenStyle(token: TokenLine[number]): CSSProperties {
  return { '--token-light': token.light, '--token-dark': token.dark } as CSSProperties;
}
