// Whether a profile would have ended before it began.
import { parseExpiry } from '../auth/expiry.ts'
import type { StoredSettings } from './body.ts'
import { isObject } from './body-merge.ts'

/** Only of a day that a person wrote just now: one that has passed since speaks against no other change. */
export function expiryFaults(
  { expirationDate }: Partial<Pick<StoredSettings, 'expirationDate'>>,
  given: unknown,
  nowMs: number,
): string[] {
  if (!isObject(given) || given.expirationDate === undefined) return []
  const endMs = expirationDate ? parseExpiry(expirationDate) : undefined
  if (endMs === undefined || endMs > nowMs) return []
  return ['`expirationDate` has passed: the profile would never sync. Give a later day, or leave it out.']
}
