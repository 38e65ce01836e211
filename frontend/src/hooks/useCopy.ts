import { useCallback, useEffect, useRef, useState } from 'react';
import { copyText } from '@/lib/clipboard';

/** Copy, and know for two seconds that it was copied. */
export function useCopy() {
  const [isCopied, setIsCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = useCallback(async (text: string) => {
    const worked = await copyText(text);
    setIsCopied(worked);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setIsCopied(false), 2000);
    return worked;
  }, []);
  return { isCopied, copy };
}
