/** A stand-in for the portal in component tests: answers by "METHOD path", and writes down what it was asked. */
import { vi } from 'vitest';
import { useAuthSession } from '@/lib/authSession';

type Answer = unknown | ((body: unknown) => unknown);

export interface StubPortal {
  calls: string[];
  bodies: unknown[];
  /** Replace or add answers; a Response is handed on as it is, all else is sent as JSON. */
  answer: (answers: Record<string, Answer>) => void;
}

export const refusal = (status: number, code: string, message: string) =>
  new Response(JSON.stringify({ error: { code, message } }), { status });

export function stubPortal(answers: Record<string, Answer>): StubPortal {
  const known = { ...answers };
  const portal: StubPortal = {
    calls: [],
    bodies: [],
    answer: (more) => Object.assign(known, more),
  };
  useAuthSession.setState({ status: 'signed-in', accessToken: 'jwt' });
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    const call = `${init.method ?? 'GET'} ${url}`;
    const body = typeof init.body === 'string' ? JSON.parse(init.body) : undefined;
    portal.calls.push(call);
    portal.bodies.push(body);
    const found = known[call];
    const answer = typeof found === 'function' ? found(body) : found;
    if (answer === undefined) return refusal(404, 'not_found', `No answer for ${call}`);
    return answer instanceof Response ? answer.clone() : new Response(JSON.stringify(answer));
  });
  return portal;
}
