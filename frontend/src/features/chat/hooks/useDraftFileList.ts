import { useEffect } from 'react';
import { type DraftFile, draftFiles, useDraftFiles } from '../model/draftFiles';

const none: DraftFile[] = [];

/** The files beside the message that is being written. */
export function useDraftFileList(sessionId: string | null): DraftFile[] {
  const files = useDraftFiles((state) => state.byConversation[sessionId ?? 'new']);
  useEffect(() => {
    draftFiles(sessionId);
  }, [sessionId]);
  return files ?? none;
}
