import { useQuery } from '@tanstack/react-query';
import type { Model } from '@/lib/contracts';
import { modelsQuery } from '@/lib/modelQueries';
import { useChosenModel } from '../model/modelChoice';

const none: Model[] = [];

/** The models there are, and the one that answers here. */
export function useCurrentModel(sessionId: string | null, sessionModel?: string | null) {
  const { data: models = none } = useQuery(modelsQuery);
  const chosenId = useChosenModel(sessionId) ?? sessionModel;
  const current =
    models.find((model) => model.id === chosenId) ?? models.find((model) => model.is_default) ?? models[0];
  return { models, current };
}
