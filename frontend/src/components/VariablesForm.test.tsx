import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, test, vi } from 'vitest';
import type { TemplateVariable } from '@/lib/contracts';
import { type RawValues, readValues } from '@/lib/templateValues';
import { VariablesForm } from './VariablesForm';

const variables: TemplateVariable[] = [
  { name: 'player', description: 'What the player is called', max_length: 5 },
  { name: 'mood', type: 'choice', choices: ['kind', 'stern'], default: 'kind' },
  { name: 'steps', type: 'number', required: false },
  { name: 'spoil', type: 'boolean' },
];
const names = variables.map((variable) => variable.name);

function setUp() {
  const onRead = vi.fn();
  function Form() {
    const [raw, setRaw] = useState<RawValues>({});
    const read = readValues(variables, raw, names);
    onRead(read);
    return <VariablesForm variables={variables} raw={raw} problems={read.problems} onChange={setRaw} />;
  }
  render(<Form />);
  return () => onRead.mock.lastCall?.[0];
}

test('every variable has a field after its type, defaults filled in, its description tied to it', () => {
  setUp();
  expect(screen.getByLabelText('player')).toHaveAccessibleDescription('Fill this in.');
  expect(screen.getByLabelText('mood')).toHaveValue('kind');
  expect(screen.getByLabelText(/steps/)).toHaveAttribute('inputmode', 'decimal');
  expect(screen.getByLabelText('spoil')).toHaveValue('false');
});

test('what is typed comes out with its type', async () => {
  const read = setUp();
  await userEvent.type(screen.getByLabelText('player'), 'Ada');
  await userEvent.type(screen.getByLabelText(/steps/), '12');
  await userEvent.selectOptions(screen.getByLabelText('mood'), 'stern');
  await userEvent.selectOptions(screen.getByLabelText('spoil'), 'Yes');
  expect(read().values).toEqual({ player: 'Ada', mood: 'stern', steps: 12, spoil: true });
  expect(read().problems).toEqual({});
  expect(screen.getByLabelText('player')).toHaveAccessibleDescription('What the player is called');
});

test('a wrong value is said at its field', async () => {
  setUp();
  await userEvent.type(screen.getByLabelText('player'), 'Adelheid');
  expect(screen.getByLabelText('player')).toBeInvalid();
  expect(screen.getByLabelText('player')).toHaveAccessibleDescription('At most 5 characters.');
  await userEvent.type(screen.getByLabelText(/steps/), 'many');
  expect(screen.getByLabelText(/steps/)).toHaveAccessibleDescription('Write a number.');
});
