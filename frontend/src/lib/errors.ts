/** What can go wrong on the way to the portal: it answered no (ApiError), or it could not be reached (OfflineError). */
export interface ErrorBody {
  code: string;
  message: string;
  request_id?: string | null;
  details?: unknown;
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  readonly details: unknown;
  readonly retryAfterSeconds: number | null;

  constructor(status: number, body: ErrorBody, headers?: Headers) {
    super(body.message);
    this.name = 'ApiError';
    this.status = status;
    this.code = body.code;
    this.requestId = body.request_id ?? headers?.get('x-request-id') ?? null;
    this.details = body.details;
    const retryAfter = Number(headers?.get('retry-after') ?? Number.NaN);
    this.retryAfterSeconds = Number.isFinite(retryAfter) ? retryAfter : null;
  }
}

export class OfflineError extends Error {
  constructor(cause?: unknown) {
    super('The portal could not be reached.', { cause });
    this.name = 'OfflineError';
  }
}

/** Read an error answer, whatever a proxy in between made of it. */
export async function errorFromResponse(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  let body: ErrorBody = {
    code: `http_${response.status}`,
    message: response.statusText || `HTTP ${response.status}`,
  };
  try {
    const parsed = JSON.parse(text) as { error?: Partial<ErrorBody>; detail?: unknown };
    if (parsed.error?.message) body = { ...body, ...parsed.error };
    else if (typeof parsed.detail === 'string') body = { ...body, message: parsed.detail };
  } catch {
    // Not JSON: the status line has to do.
  }
  return new ApiError(response.status, body, response.headers);
}

/** Was the request given up on purpose (navigation, unmount)? */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
