/** Keeps the page as high as what is visible: an on-screen keyboard must not cover the composer. Call once. */
export function watchVisibleHeight(): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const measure = () => {
    // While the page is zoomed in, the visible part is smaller for another reason.
    if (viewport.scale > 1.01) return;
    document.documentElement.style.setProperty('--visible-height', `${Math.round(viewport.height)}px`);
  };
  viewport.addEventListener('resize', measure);
  measure();
}
