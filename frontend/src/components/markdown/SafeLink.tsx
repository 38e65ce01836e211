import type { ReactNode } from 'react';
import { isWebAddress } from './webAddress';

/** A link of an answer: http(s) only, opened apart, telling the other side nothing. */
export function SafeLink({ href, children }: { href?: string; children?: ReactNode }) {
  if (!isWebAddress(href)) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" referrerPolicy="no-referrer">
      {children}
    </a>
  );
}
