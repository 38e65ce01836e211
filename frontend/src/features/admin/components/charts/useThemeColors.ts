import { useEffect, useState } from 'react';

const names = [
  'primary',
  'warning',
  'destructive',
  'success',
  'muted-foreground',
  'border',
  'chart-1',
  'chart-2',
  'chart-3',
  'chart-4',
  'chart-5',
  'chart-6',
] as const;

function read(): Record<string, string> {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    names.map((name) => [name, style.getPropertyValue(`--${name}`).trim() || '#888']),
  );
}

/** The theme's colours for what is drawn and cannot use CSS; they change with it. */
export function useThemeColors(): Record<string, string> {
  const [colors, setColors] = useState(read);
  useEffect(() => {
    const watch = new MutationObserver(() => setColors(read()));
    watch.observe(document.documentElement, { attributes: true, attributeFilter: ['class'] });
    return () => watch.disconnect();
  }, []);
  return colors;
}
