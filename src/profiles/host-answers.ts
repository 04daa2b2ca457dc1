// What a profile answers to who administers it when it does not do what was asked.
import type { Context } from 'hono'
import type { ProfileFacts } from './present.ts'

export interface Refusal {
  readonly error: string
  readonly message: string
  readonly remedy: string
}

export const EXPIRED: Refusal = {
  error: 'expired',
  message: 'The profile ended by its expirationDate.',
  remedy: 'PATCH expirationDate to a later day, or to null.',
}

export const EXISTS: Refusal = {
  error: 'exists',
  message: 'The profile is there already.',
  remedy: 'Change it with PATCH.',
}

const DELETING: Refusal = {
  error: 'deleting',
  message: 'The profile is being deleted.',
  remedy: 'Make a new one.',
}

export const MAPPING_SET = 'The setting MAPPING names the mapping of this profile. Change that file, or unset MAPPING.'
export const UNSET =
  'This profile comes from the settings. Unset POWERSCHOOL_URL, POWERSCHOOL_CLIENT_ID and POWERSCHOOL_CLIENT_SECRET and start anew instead.'

/** Why no sync may be started by hand. */
export function syncRefusal({ record, state, problem, hasExpired }: ProfileFacts): Refusal | undefined {
  if (hasExpired) return EXPIRED
  if (record.isPaused) {
    return { error: 'paused', message: 'The profile is paused.', remedy: 'Resume it: POST …/resume.' }
  }
  if (state === 'provisioned') return undefined
  const message = problem?.message ?? 'The profile is being provisioned; its first sync starts by itself.'
  return { error: 'not-provisioned', message, remedy: problem?.remedy ?? 'Wait until its state is provisioned.' }
}

export const refuse = (c: Context, refusal: Refusal) => c.json(refusal, 409)

export const deleting = (c: Context) => refuse(c, DELETING)

export const fromSettings = (c: Context, ...messages: readonly string[]) =>
  c.json({ error: 'from-settings', messages }, 409)

export const faulty = (c: Context, messages: readonly string[], status: 400 | 413 = 400) =>
  c.json({ error: 'request-invalid', messages }, status)

export const gone = (c: Context) => c.json({ error: 'not-found', message: 'There is no such profile.' }, 404)
