/** Files beside a message that is not sent yet, per conversation. Those that are up survive a reload, like the text. */
import { create } from 'zustand';
import { onSignedOut } from '@/lib/authSession';
import type { Attachment, AttachmentRef } from '@/lib/contracts';
import { isAbort } from '@/lib/errors';
import { randomId } from '@/lib/ids';
import { queryClient } from '@/lib/queryClient';
import { clearStored, readStored, writeStored } from '@/lib/storage';
import { attachmentBlobQuery, deleteAttachment, uploadAttachment } from '../api/attachments';

export const maxFiles = 8;

export interface DraftFile {
  localId: string;
  name: string;
  sizeBytes: number;
  kind: 'image' | 'document';
  /** Absent after a reload. */
  file: File | null;
  /** From 0 to 1, while it is on its way. */
  progress: number;
  /** Set when it is up. */
  attachment: AttachmentRef | null;
  error: unknown;
}

interface DraftFilesState {
  byConversation: Record<string, DraftFile[]>;
}

const keyOf = (sessionId: string | null) => sessionId ?? 'new';
const storageKeyOf = (sessionId: string | null) => `draft-files.${keyOf(sessionId)}`;
const uploads = new Map<string, AbortController>();

export const useDraftFiles = create<DraftFilesState>(() => ({ byConversation: {} }));

function fromAttachment(attachment: AttachmentRef): DraftFile {
  const { id, name, size_bytes: sizeBytes, kind } = attachment;
  return { localId: id, name, sizeBytes, kind, file: null, progress: 1, attachment, error: null };
}

export function draftFiles(sessionId: string | null): DraftFile[] {
  const key = keyOf(sessionId);
  const known = useDraftFiles.getState().byConversation[key];
  if (known) return known;
  const stored = readStored<AttachmentRef[]>(storageKeyOf(sessionId), []).map(fromAttachment);
  useDraftFiles.setState((state) => ({ byConversation: { ...state.byConversation, [key]: stored } }));
  return stored;
}

function change(sessionId: string | null, next: (files: DraftFile[]) => DraftFile[]): void {
  const files = next(draftFiles(sessionId));
  useDraftFiles.setState((state) => ({
    byConversation: { ...state.byConversation, [keyOf(sessionId)]: files },
  }));
  const ready = files.flatMap((file) => file.attachment ?? []);
  writeStored(storageKeyOf(sessionId), ready.length > 0 ? ready : null);
}

function patch(sessionId: string | null, localId: string, values: Partial<DraftFile>): void {
  change(sessionId, (files) =>
    files.map((file) => (file.localId === localId ? { ...file, ...values } : file)),
  );
}

/** Put files beside the message and send them up; answers how many were too many. */
export function addFiles(sessionId: string | null, added: readonly File[], canSee: boolean): number {
  const room = Math.max(0, maxFiles - draftFiles(sessionId).length);
  const taken = added.slice(0, room).map(
    (file): DraftFile => ({
      localId: randomId(),
      name: file.name,
      sizeBytes: file.size,
      kind: file.type.startsWith('image/') ? 'image' : 'document',
      file,
      progress: 0,
      attachment: null,
      error: null,
    }),
  );
  change(sessionId, (files) => [...files, ...taken]);
  sendWaiting(sessionId, canSee);
  return added.length - taken.length;
}

/** Send up what was not sent yet. An image for a model that cannot see waits: it is refused before a byte is sent. */
export function sendWaiting(sessionId: string | null, canSee: boolean): void {
  for (const file of draftFiles(sessionId)) {
    const isWaiting = !file.attachment && file.error === null && !uploads.has(file.localId);
    if (isWaiting && (file.kind === 'document' || canSee)) void send(sessionId, file);
  }
}

async function send(sessionId: string | null, { localId, file }: DraftFile): Promise<void> {
  if (!file) return;
  const controller = new AbortController();
  uploads.set(localId, controller);
  patch(sessionId, localId, { error: null, progress: 0 });
  try {
    const attachment = await uploadAttachment(file, {
      signal: controller.signal,
      onProgress: (progress) => patch(sessionId, localId, { progress }),
    });
    queryClient.setQueryData<Blob>(attachmentBlobQuery(attachment.id).queryKey, file);
    patch(sessionId, localId, { attachment: refOf(attachment), kind: attachment.kind, progress: 1 });
  } catch (error) {
    if (!isAbort(error)) patch(sessionId, localId, { error });
  } finally {
    uploads.delete(localId);
  }
}

function refOf({ id, name, kind, media_type, size_bytes }: Attachment): AttachmentRef {
  return { id, name, kind, media_type, size_bytes };
}

export function retryFile(sessionId: string | null, localId: string): void {
  const file = draftFiles(sessionId).find((candidate) => candidate.localId === localId);
  if (file && !file.attachment && !uploads.has(localId)) void send(sessionId, file);
}

export function removeFile(sessionId: string | null, localId: string): void {
  const file = draftFiles(sessionId).find((candidate) => candidate.localId === localId);
  uploads.get(localId)?.abort();
  change(sessionId, (files) => files.filter((candidate) => candidate.localId !== localId));
  // A file that another message uses stays; what cannot be deleted now is tidied up by the portal.
  if (file?.attachment) void deleteAttachment(file.attachment.id).catch(() => undefined);
}

/** The files go with a message: hand them over, and begin the next draft without them. */
export function takeFiles(sessionId: string | null): AttachmentRef[] {
  const taken = draftFiles(sessionId).flatMap((file) => file.attachment ?? []);
  change(sessionId, (files) => files.filter((file) => !file.attachment));
  return taken;
}

/** A message that never got through gives its files back. */
export function giveFilesBack(sessionId: string | null, attachments: readonly AttachmentRef[]): void {
  change(sessionId, (files) => [...attachments.map(fromAttachment), ...files]);
}

/** May the message go, as far as its files are concerned? */
export function areFilesReady(files: readonly DraftFile[], canSee: boolean): boolean {
  return files.every((file) => file.attachment !== null && (file.kind === 'document' || canSee));
}

onSignedOut((hasLeft) => {
  for (const controller of uploads.values()) controller.abort();
  useDraftFiles.setState({ byConversation: {} });
  if (hasLeft) clearStored('draft-files.');
});
