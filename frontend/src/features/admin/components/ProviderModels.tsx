import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import type { PriceDefinition, ProviderModel, ProviderRead, ProviderUpdate } from '@/lib/apiSchemas';
import { formatCount } from '@/lib/format';
import { PriceDialog } from './PriceDialog';

interface ProviderModelsProps {
  provider: ProviderRead;
  isBusy: boolean;
  /** Absent for those of models.yaml, which are changed there. */
  onChange?: (change: ProviderUpdate) => void;
}

/** A provider's price, and its named models: what each costs, and whether it takes new requests. */
export function ProviderModels({ provider, isBusy, onChange }: ProviderModelsProps) {
  const { t } = useTranslation();
  const [pricing, setPricing] = useState<string | null>(null);
  const { name, models } = provider;
  const change = (model: string, fields: Partial<ProviderModel>) =>
    onChange?.({ models: models.map((one) => (one.name === model ? { ...one, ...fields } : one)) });
  const priceText = (price: PriceDefinition | null | undefined) =>
    price &&
    t('admin.priced', { input: formatCount(price.input ?? 0), output: formatCount(price.output ?? 0) });
  const setPrice = (price: PriceDefinition | null) => {
    if (pricing === name) onChange?.({ price });
    else if (pricing !== null) change(pricing, { price });
    setPricing(null);
  };
  const shown = pricing === name ? provider.price : models.find((model) => model.name === pricing)?.price;
  return (
    <div className="mt-2 space-y-1 text-[13px] text-muted-foreground">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        {priceText(provider.price)}
        {onChange && (
          <Button
            variant="quiet"
            size="sm"
            disabled={isBusy}
            aria-label={t('admin.priceOf', { model: name })}
            onClick={() => setPricing(name)}
          >
            {t('admin.price')}
          </Button>
        )}
      </p>
      <ul>
        {models.map((model) => (
          <li key={model.name} className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <span className="min-w-0 flex-1 basis-40 tabular [overflow-wrap:anywhere]">
              {[model.name, priceText(model.price), model.is_drained && t('admin.drained')]
                .filter(Boolean)
                .join(' · ')}
            </span>
            {onChange && (
              <span className="flex items-center gap-1">
                <Button
                  variant="quiet"
                  size="sm"
                  disabled={isBusy}
                  aria-label={t('admin.priceOf', { model: model.name })}
                  onClick={() => setPricing(model.name)}
                >
                  {t('admin.price')}
                </Button>
                <Button
                  variant="quiet"
                  size="sm"
                  disabled={isBusy}
                  aria-label={t(model.is_drained ? 'admin.putBackOf' : 'admin.drainOf', {
                    model: model.name,
                  })}
                  onClick={() => change(model.name, { is_drained: !model.is_drained })}
                >
                  {t(model.is_drained ? 'admin.putBack' : 'admin.drain')}
                </Button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {pricing !== null && (
        <PriceDialog name={pricing} price={shown} onClose={() => setPricing(null)} onSet={setPrice} />
      )}
    </div>
  );
}
