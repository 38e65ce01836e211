interface MockRequest {
  method: string;
  path: string;
  body: Record<string, unknown>;
  headers: Record<string, string | undefined>;
}

export interface MockState {
  tokenMs: number;
  isDemo: boolean;
  /** What every answer says; null: something fitting. */
  answer: string | null;
  /** Refuse the next turn with this status and code. */
  failNextTurn: [number, string] | null;
  /** Cut the next stream after so many events. */
  dropAfter: number | null;
  requests: MockRequest[];
}

export function startMockServer(options?: {
  port?: number;
  dist?: string;
  tokenMs?: number;
  isDemo?: boolean;
  isSignedIn?: boolean;
  /** Without templates. */
  isFresh?: boolean;
  hasTwoModels?: boolean;
}): Promise<{ url: string; state: MockState; close: () => Promise<void> }>;
