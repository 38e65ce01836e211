/** Which folders of the side bar are open, kept in this browser. */
import { create } from 'zustand';
import { onSignedOut } from '@/lib/authSession';
import { readStored, writeStored } from '@/lib/storage';

const storageKey = 'folders.open';

interface OpenFoldersState {
  names: string[];
}

export const useOpenFolders = create<OpenFoldersState>(() => ({
  names: readStored<string[]>(storageKey, []),
}));

function put(names: string[]): void {
  writeStored(storageKey, names.length > 0 ? names : null);
  useOpenFolders.setState({ names });
}

export function toggleFolder(name: string): void {
  const { names } = useOpenFolders.getState();
  put(names.includes(name) ? names.filter((other) => other !== name) : [...names, name]);
}

/** A folder that is renamed stays open under its new name; null: it is gone. */
export function renameOpenFolder(name: string, newName: string | null): void {
  const { names } = useOpenFolders.getState();
  if (!names.includes(name)) return;
  const others = names.filter((other) => other !== name && other !== newName);
  put(newName === null ? others : [...others, newName]);
}

onSignedOut((hasLeft) => {
  if (hasLeft) put([]);
});
