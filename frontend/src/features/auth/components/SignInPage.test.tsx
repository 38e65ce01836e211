import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { useAuthSession } from '@/lib/authSession';
import { queryClient } from '@/lib/queryClient';
import { renderInApp } from '@/testing/render';
import SignInPage from './SignInPage';

const user = { id: 1, email: 'ada@example.com', role: 'user', must_change_password: true, created_at: '' };
let loginAnswer: () => Response;
let loginBodies: unknown[];
let config: object;

const json = (status: number, body: unknown, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers });

beforeEach(() => {
  loginBodies = [];
  config = { registration: 'closed', min_password_length: 12, has_users: true };
  useAuthSession.setState({ status: 'signed-out', accessToken: null, user: null });
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    if (url === '/api/auth/config') return json(200, config);
    if (url === '/api/auth/me') return json(200, user);
    loginBodies.push(JSON.parse(String(init.body)));
    return loginAnswer();
  });
});

async function fillIn(email: string, password: string) {
  await renderInApp(<SignInPage />);
  await userEvent.type(screen.getByLabelText('Email'), email);
  await userEvent.type(screen.getByLabelText('Password'), password);
  await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
}

test('signing in keeps the token in memory and learns who it is', async () => {
  loginAnswer = () => json(200, { access_token: 'jwt', token_type: 'bearer', expires_in: 3600 });
  await fillIn('admin@localhost', 'one-time password');
  await vi.waitFor(() => expect(useAuthSession.getState().status).toBe('signed-in'));
  expect(loginBodies).toEqual([{ email: 'admin@localhost', password: 'one-time password' }]);
  expect(useAuthSession.getState().user?.must_change_password).toBe(true);
  expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain('jwt');
});

test('a wrong password is said, and what was typed stays', async () => {
  loginAnswer = () => json(401, { error: { code: 'invalid_credentials', message: 'No.' } });
  await fillIn('ada@example.com', 'wrong');
  expect(await screen.findByRole('alert')).toHaveTextContent('Email or password is wrong.');
  expect(screen.getByLabelText('Email')).toHaveValue('ada@example.com');
});

test('too many attempts say how long to wait', async () => {
  loginAnswer = () =>
    json(429, { error: { code: 'too_many_attempts', message: 'Wait.' } }, { 'retry-after': '42' });
  await fillIn('ada@example.com', 'wrong');
  expect(await screen.findByRole('alert')).toHaveTextContent('Try again in 42 seconds.');
});

test('what is missing is said at its field, and nothing is sent', async () => {
  await renderInApp(<SignInPage />);
  await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  expect(await screen.findByText('Enter your password.')).toBeInTheDocument();
  expect(screen.getByLabelText('Email')).toBeInvalid();
  expect(loginBodies).toEqual([]);
});

test.each([
  ['open', 1],
  ['invite', 1],
  ['closed', 0],
])('registration %s: %i way to register is offered', async (registration, count) => {
  config = { registration, min_password_length: 12, has_users: true };
  queryClient.clear();
  await renderInApp(<SignInPage />);
  await vi.waitFor(() => expect(queryClient.getQueryData(['auth-config'])).toEqual(config));
  await vi.waitFor(() =>
    expect(screen.queryAllByRole('link', { name: 'Create account' })).toHaveLength(count),
  );
});
