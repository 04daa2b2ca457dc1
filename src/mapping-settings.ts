// The bridge's settings that the mapping reads under the same names.
import type { Config } from './config.ts'

export function mappingSettings({
  schools,
  schoolYear,
}: Pick<Config, 'schools' | 'schoolYear'>): Record<string, unknown> {
  return {
    ...(schools === undefined ? {} : { schools }),
    ...(schoolYear === undefined ? {} : { start_year: schoolYear - 1 }),
  }
}
