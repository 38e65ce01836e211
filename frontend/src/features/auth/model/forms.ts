/** What the forms accept. The server decides in the end; these only say it sooner. */
import { z } from '@/lib/validation';

/** Signing in takes local names too: the first administrator may be `admin@localhost`. */
const account = z.string().regex(/^[^\s@]+@[^\s@]+$/, 'auth.emailInvalid');

export const signInForm = z.object({
  email: account,
  password: z.string().min(1, 'auth.passwordMissing'),
});

export const registerForm = (minLength: number) =>
  z.object({
    email: z.email('auth.emailInvalid'),
    password: z.string().min(minLength, 'auth.passwordShort'),
    invite: z.string().optional(),
  });

export const newPasswordForm = (minLength: number) =>
  z
    .object({
      current: z.string().min(1, 'auth.passwordMissing'),
      next: z.string().min(minLength, 'auth.passwordShort'),
      repeat: z.string(),
    })
    .refine((form) => form.next === form.repeat, { path: ['repeat'], message: 'auth.passwordsDiffer' })
    .refine((form) => form.next !== form.current, { path: ['next'], message: 'auth.passwordSame' });

export type SignInForm = z.infer<typeof signInForm>;
export type RegisterForm = z.infer<ReturnType<typeof registerForm>>;
export type NewPasswordForm = z.infer<ReturnType<typeof newPasswordForm>>;
