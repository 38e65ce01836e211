import { useTranslation } from 'react-i18next';
import { inputStyle } from '@/components/ui/Field';
import { Segmented } from '@/components/ui/Segmented';
import { cn } from '@/lib/cn';
import type { StatsGroup } from '../api/admin';

interface GroupBarProps<Group extends StatsGroup> {
  groups: readonly Group[];
  by: Group;
  onBy: (by: Group) => void;
  /** Choices of how far back, in minutes. */
  windows: readonly number[];
  minutes: number;
  onMinutes: (minutes: number) => void;
}

const hour = 60;
const day = 24 * hour;

/** By what figures are grouped, and how far back they go. */
export function GroupBar<Group extends StatsGroup>({
  groups,
  by,
  onBy,
  windows,
  minutes,
  onMinutes,
}: GroupBarProps<Group>) {
  const { t } = useTranslation();
  const span = (value: number) => {
    if (value < hour) return t('admin.minutes', { count: value });
    return value < 2 * day
      ? t('admin.hours', { count: value / hour })
      : t('admin.days', { count: value / day });
  };
  return (
    <div className="mb-5 flex flex-wrap items-center gap-3">
      <Segmented
        label={t('admin.by')}
        value={by}
        onChange={onBy}
        options={groups.map((value) => ({ value, label: t(`admin.group.${value}`) }))}
      />
      <label className="flex items-center gap-2 text-sm">
        {t('admin.window')}
        <select
          className={cn(inputStyle, 'w-auto')}
          value={minutes}
          onChange={(event) => onMinutes(Number(event.target.value))}
        >
          {windows.map((value) => (
            <option key={value} value={value}>
              {span(value)}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
