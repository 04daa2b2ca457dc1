// What `POST /admin/profiles` takes for a group: several profiles that answer as one.
import * as z from 'zod/mini'
import { GROUP_ORG, GROUP_PROVIDER } from '../groups/body.ts'
import { day, interval, maybe, object, words } from './body-fields.ts'

export const GROUP_SHAPE = object({
  displayName: words(100),
  dataProvider: GROUP_PROVIDER,
  org: z.optional(GROUP_ORG),
  expirationDate: maybe(day),
  syncInterval: maybe(interval),
})

export type GroupBody = z.infer<typeof GROUP_SHAPE>

export const GROUP_KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(GROUP_SHAPE.shape),
  dataProvider: ['@odata.type', 'profiles'],
  org: ['name', 'identifier'],
}
