import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { TemplateField } from './TemplateField';

test('variables and mistakes are marked, letter for letter under what is typed', () => {
  const text = 'Guide {{player}} and {{a.b}}; \\{{plain}}\nend ';
  const { container } = render(<TemplateField value={text} onChange={() => undefined} />);
  const marks = [...container.querySelectorAll('mark')];
  expect(marks.map((mark) => [mark.dataset.kind, mark.textContent])).toEqual([
    ['variable', '{{player}}'],
    ['error', '{{'],
  ]);
  const field = screen.getByLabelText('Text');
  expect(field.previousElementSibling?.textContent).toBe(`${text}\n`);
  expect(field).toHaveValue(text);
});

test('an error is tied to the field', () => {
  render(<TemplateField value="{{" onChange={() => undefined} error="Line 1" />);
  expect(screen.getByLabelText('Text')).toBeInvalid();
  expect(screen.getByLabelText('Text')).toHaveAccessibleDescription('Line 1');
});
