import { useNavigate } from '@tanstack/react-router';
import { useHotkeys } from '@/hooks/useHotkeys';
import { useIsWide } from '@/hooks/useMedia';
import { focusComposer, openSearch, toggleSidebar, useShell } from '@/hooks/useShell';

/** Press the last copy button of a kind, so that a shortcut gives exactly what the button gives. */
function pressLastCopy(kind: 'answer' | 'code'): void {
  [...document.querySelectorAll<HTMLElement>(`[data-copy="${kind}"]`)].at(-1)?.click();
}

export function useChatHotkeys(): void {
  const navigate = useNavigate();
  const isWide = useIsWide();
  useHotkeys([
    { key: 'k', mod: true, run: openSearch },
    { key: 'b', mod: true, run: () => toggleSidebar(isWide) },
    {
      key: '/',
      mod: true,
      shift: 'either',
      run: () => useShell.setState((state) => ({ isHelpOpen: !state.isHelpOpen })),
    },
    { key: 'Escape', shift: true, run: focusComposer },
    {
      key: 'o',
      mod: true,
      shift: true,
      run: () => {
        void navigate({ to: '/' });
        focusComposer();
      },
    },
    { key: 'c', mod: true, shift: true, run: () => pressLastCopy('answer') },
    { key: 'Semicolon', mod: true, shift: true, run: () => pressLastCopy('code') },
  ]);
}
