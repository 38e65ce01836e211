import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { Template, TemplateWrite } from '@/lib/contracts';
import {
  changeTemplate,
  createTemplate,
  deleteTemplate,
  templateQuery,
  templatesQuery,
} from '../api/templates';

/** What can be done to a template. A refusal is said; then nothing is answered. */
export function useTemplateActions() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();

  const keep = (template: Template) => {
    client.setQueryData(templateQuery(template.id).queryKey, template);
    void client.invalidateQueries({ queryKey: ['template', template.id, 'versions'] });
    void client.invalidateQueries({ queryKey: templatesQuery.queryKey });
    return template;
  };
  const attempt = async <T>(action: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await action();
    } catch (error) {
      showToast(errorText(error));
      return undefined;
    }
  };
  return {
    create: (wish: TemplateWrite) => attempt(async () => keep(await createTemplate(wish))),
    change: (id: number, patch: Partial<TemplateWrite>) =>
      attempt(async () => keep(await changeTemplate(id, patch))),
    remove: (template: Template) =>
      attempt(async () => {
        await deleteTemplate(template.id);
        client.removeQueries({ queryKey: ['template', template.id] });
        void client.invalidateQueries({ queryKey: templatesQuery.queryKey });
        showToast(t('templates.deleted', { title: template.title }));
        return true;
      }),
  };
}
