// What is stored of a profile, in the words in which it was given, and what of it is meant for others.
import type * as z from 'zod/mini'
import type { GroupOrg } from '../groups/org.ts'
import { identitySettings } from './body-identity.ts'
import type { DEFAULT_SHAPE, ProfileBody } from './body-shape.ts'
import type { GroupBody } from './group-body.ts'

export type StoredSettings = ProfileSettings | GroupBody

/** What is stored of a district's. */
export interface ProfileSettings extends Omit<ProfileBody, 'dataProvider'> {
  readonly dataProvider: Omit<ProfileBody['dataProvider'], 'clientSecret'>
}

/** What is stored of the environment's. */
export type DefaultSettings = z.infer<typeof DEFAULT_SHAPE>

/** What was read, or every fault as a sentence. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly messages: readonly string[] }

/** The settings of the mapping: those that were given, and what the identity means. */
export function ownSettings({
  settings,
  identitySynchronizationConfiguration: identity,
}: Pick<ProfileSettings, 'settings' | 'identitySynchronizationConfiguration'>) {
  return { ...(identity ? identitySettings(identity) : {}), ...settings }
}

/** None where the group was given none. */
export function orgOf({ org }: Pick<GroupBody, 'org'>): GroupOrg | null {
  if (!org) return null
  const { name, identifier } = org
  return identifier === undefined ? { name } : { name, identifier }
}
