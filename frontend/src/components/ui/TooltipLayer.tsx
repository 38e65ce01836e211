import { useEffect, useState } from 'react';

interface Tip {
  text: string;
  keys?: string;
  x: number;
  /** Below the element, or above it where there is no room. */
  y: number;
  isAbove: boolean;
}

const delayMilliseconds = 400;

/** One tooltip for the whole page: shows the `data-tip` of what is pointed at or focused by keyboard. */
export function TooltipLayer() {
  const [tip, setTip] = useState<Tip | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const hide = () => {
      clearTimeout(timer);
      setTip(null);
    };
    const show = (target: EventTarget | null, delay: number) => {
      hide();
      const element = target instanceof Element ? target.closest<HTMLElement>('[data-tip]') : null;
      if (!element) return;
      timer = setTimeout(() => setTip(measure(element)), delay);
    };
    const onPoint = (event: PointerEvent) =>
      event.pointerType === 'mouse' && show(event.target, delayMilliseconds);
    const onFocus = (event: FocusEvent) => {
      if (event.target instanceof Element && event.target.matches(':focus-visible')) show(event.target, 0);
    };
    const hiding = ['pointerdown', 'keydown', 'scroll', 'focusout'] as const;
    document.addEventListener('pointerover', onPoint);
    document.addEventListener('focusin', onFocus);
    for (const name of hiding) document.addEventListener(name, hide, true);
    return () => {
      hide();
      document.removeEventListener('pointerover', onPoint);
      document.removeEventListener('focusin', onFocus);
      for (const name of hiding) document.removeEventListener(name, hide, true);
    };
  }, []);
  if (!tip) return null;
  return (
    <div
      aria-hidden
      style={{ left: tip.x, top: tip.y, transform: `translate(-50%, ${tip.isAbove ? '-100%' : '0'})` }}
      className="pointer-events-none fixed z-60 flex max-w-64 items-center gap-2 whitespace-nowrap rounded-lg bg-foreground px-2 py-1 text-background text-xs shadow-float"
    >
      {tip.text}
      {tip.keys && <kbd className="font-sans opacity-70">{tip.keys}</kbd>}
    </div>
  );
}

function measure(element: HTMLElement): Tip | null {
  if (!element.isConnected) return null;
  const box = element.getBoundingClientRect();
  const isAbove = box.bottom + 40 > window.innerHeight;
  const margin = 70;
  return {
    text: element.dataset.tip ?? '',
    keys: element.dataset.tipKeys,
    x: Math.min(window.innerWidth - margin, Math.max(margin, box.left + box.width / 2)),
    y: isAbove ? box.top - 6 : box.bottom + 6,
    isAbove,
  };
}
