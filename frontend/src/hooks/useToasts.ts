import { create } from 'zustand';

export interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
}

interface ToastState {
  toasts: Toast[];
  dismiss: (id: number) => void;
}

let lastId = 0;

export const useToasts = create<ToastState>((set) => ({
  toasts: [],
  dismiss: (id) => set((state) => ({ toasts: state.toasts.filter((toast) => toast.id !== id) })),
}));

/** Show a note; one with an action stays longer, or until it is dealt with. */
export function showToast(text: string, action?: Toast['action'], { stays = false } = {}): void {
  lastId += 1;
  const id = lastId;
  useToasts.setState((state) => ({ toasts: [...state.toasts.slice(-2), { id, text, action }] }));
  if (stays) return;
  setTimeout(() => useToasts.getState().dismiss(id), action ? 8000 : 4000);
}
