import { create } from 'zustand';
import { readStored, writeStored } from '@/lib/storage';

/** What of the frame is open: side bar, search, help. */
interface ShellState {
  isSidebarOpen: boolean;
  /** On narrow screens the side bar lies over the page and begins closed. */
  isDrawerOpen: boolean;
  isSearchOpen: boolean;
  isHelpOpen: boolean;
}

export const useShell = create<ShellState>(() => ({
  isSidebarOpen: readStored('sidebar', true),
  isDrawerOpen: false,
  isSearchOpen: false,
  isHelpOpen: false,
}));

export function toggleSidebar(isWide: boolean): void {
  useShell.setState((state) => {
    if (!isWide) return { isDrawerOpen: !state.isDrawerOpen };
    writeStored('sidebar', !state.isSidebarOpen);
    return { isSidebarOpen: !state.isSidebarOpen };
  });
}

export const closeDrawer = () => useShell.setState({ isDrawerOpen: false });
export const openSearch = () => useShell.setState({ isSearchOpen: true, isDrawerOpen: false });

/** Where typing goes: the composer listens. */
const focusEvent = 'portal:focus-composer';
export const focusComposer = () => window.dispatchEvent(new Event(focusEvent));
export function onFocusComposer(listener: () => void): () => void {
  window.addEventListener(focusEvent, listener);
  return () => window.removeEventListener(focusEvent, listener);
}
