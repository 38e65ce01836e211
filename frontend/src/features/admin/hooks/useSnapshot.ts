import { useEffect, useState } from 'react';
import type { PulsePoint } from '@/lib/apiSchemas';
import { isAbort } from '@/lib/errors';
import { fetchPulse, followPortal, type Snapshot } from '../api/admin';
import { joined, withPoint } from '../model/pulse';

const pauseMs = 3000;

interface Watched {
  snapshot: Snapshot | null;
  points: PulsePoint[];
  currency: string;
  error: unknown;
}

/** The portal as it is now and was in the last minutes, from one stream; `error` while it cannot be followed. */
export function useSnapshot(): Watched {
  const [snapshot, setSnapshot] = useState<Snapshot | null>(null);
  const [points, setPoints] = useState<PulsePoint[]>([]);
  const [currency, setCurrency] = useState('USD');
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const stop = new AbortController();
    void (async () => {
      while (!stop.signal.aborted) {
        try {
          // What was missed is fetched at each beginning; every replica knows what all of them did.
          void fetchPulse(stop.signal).then(
            (pulse) => {
              setPoints((streamed) => joined(pulse.points, streamed));
              setCurrency(pulse.currency);
            },
            () => undefined,
          );
          await followPortal((seen) => {
            setSnapshot(seen);
            setPoints((known) => withPoint(known, seen.point));
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
  return { snapshot, points, currency, error };
}
