// What `POST /admin/profiles` takes: School Data Sync's words, and beside them the bridge's own.
import * as z from 'zod/mini'
import { ID_PREFIX } from '../groups/prefixes.ts'
import { anyText, day, interval, list, maybe, object, oneOf, share, textOf, whole, words } from './body-fields.ts'
import { IDENTITY } from './body-identity.ts'
import { PROVIDER } from './body-provider.ts'

const MOST_LAYERS = 10
const path = textOf(
  (value) => /^[\w.][\w./ -]{0,199}$/.test(value) && value !== 'default',
  'is not a name such as district.yaml, or is longer than 200 characters',
)

export const SHAPE = object({
  displayName: words(100),
  dataProvider: PROVIDER,
  identitySynchronizationConfiguration: maybe(IDENTITY),
  licensesToAssign: maybe(
    list(z.unknown()).check(
      z.maxLength(0, 'names licences, which the bridge cannot assign: leave it out, and assign them in Microsoft 365'),
    ),
  ),
  handleSpecialCharacterConstraint: maybe(
    z.literal(
      false,
      'would replace characters, which the bridge does by the mapping: write false, or leave it out. `GET …/readiness` names the records that School Data Sync would reject',
    ),
  ),
  expirationDate: maybe(day),
  template: maybe(oneOf(['auto', 'rest', 'powerquery'])),
  concurrency: maybe(whole(1, 64)),
  minIntervalMs: maybe(whole(0, 60_000)),
  syncInterval: maybe(interval),
  settings: maybe(z.record(z.string(), z.unknown(), 'is not an object with values of mappings/settings.yaml')),
  mapping: maybe(
    object({
      layers: list(object({ path, text: anyText() })).check(
        z.maxLength(MOST_LAYERS, `has more than ${MOST_LAYERS} layers. Put some of them together`),
      ),
    }),
  ),
  idPrefix: maybe(
    textOf((value) => ID_PREFIX.test(value), 'is not 1 to 20 letters, digits and signs of -._~, for example west-'),
  ),
  guard: maybe(object({ share: maybe(share), minimum: maybe(whole(0, 1_000_000_000)) })),
})

export type ProfileBody = z.infer<typeof SHAPE>

/** What may be said of the environment's profile where MAPPING is not set. */
export const DEFAULT_SHAPE = object({ settings: SHAPE.shape.settings, mapping: SHAPE.shape.mapping })

/** For what is written in a key's place. */
export const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(SHAPE.shape),
  dataProvider: Object.keys(PROVIDER.shape),
  'dataProvider.customizations': ['school', 'section', 'student', 'teacher', 'studentEnrollment', 'teacherRoster'],
  identitySynchronizationConfiguration: Object.keys(IDENTITY.shape),
  'identitySynchronizationConfiguration.matchingOptions.*': [
    'appliesTo',
    'sourcePropertyName',
    'targetPropertyName',
    'targetDomain',
  ],
  'identitySynchronizationConfiguration.userDomains.*': ['appliesTo', 'name'],
  mapping: ['layers'],
  'mapping.layers.*': ['path', 'text'],
  guard: ['share', 'minimum'],
}

/** What the bridge tells, and nobody can set. */
export const TOLD: ReadonlySet<string> = new Set([
  'id',
  'state',
  'status',
  'hasClientSecret',
  'isPaused',
  'problem',
  'createdDateTime',
  'lastModifiedDateTime',
])
