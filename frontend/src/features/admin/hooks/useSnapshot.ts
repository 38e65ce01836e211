import { useEffect, useState } from 'react';
import { isAbort } from '@/lib/errors';
import { followPortal, type Snapshot } from '../api/admin';

const pauseMs = 3000;

/** The portal as it is now, from one stream; `error` while it cannot be followed. */
export function useSnapshot(): { snapshot: Snapshot | null; error: unknown } {
  const [snapshot, setSnapshot] = useState<Snapshot | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const stop = new AbortController();
    void (async () => {
      while (!stop.signal.aborted) {
        try {
          await followPortal((seen) => {
            setSnapshot(seen);
            setError(null);
          }, stop.signal);
        } catch (failure) {
          if (isAbort(failure)) return;
          setError(failure);
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    })();
    return () => stop.abort();
  }, []);
  return { snapshot, error };
}
