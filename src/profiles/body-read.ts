// Reads what a profile is to be: from a body that makes one, or from one that changes it. Every fault comes at once.
import { GROUP_TYPE } from '../groups/type.ts'
import type { DefaultSettings, Read, StoredSettings } from './body.ts'
import { unreadable } from './body-depth.ts'
import { type ReadProfile, readDistrict } from './body-district.ts'
import { describeIssues, missing } from './body-faults.ts'
import { type GroupReading, readGroup } from './body-group.ts'
import { lastingFaults } from './body-lasting.ts'
import { mappingFaults, saidByEnvironment, withLayers } from './body-mapping.ts'
import { isObject, mergeBody } from './body-merge.ts'
import { partsOf } from './body-parts.ts'
import { DEFAULT_SHAPE, KEYS } from './body-shape.ts'
import { isGroup } from './is-group.ts'
import type { MappingShelf } from './mapping-shelf.ts'

export interface ReadOptions extends GroupReading {
  readonly mappings: MappingShelf
  /** The settings of the mapping that the environment says of its own profile, which go over all others. */
  readonly environmentSays?: readonly string[]
}

/** The body of `POST /admin/profiles`. */
export async function readNewProfile(body: unknown, options: ReadOptions): Promise<Read<ReadProfile>> {
  const broken = unreadable(body)
  if (broken.length > 0) return { ok: false, messages: broken }
  if (isGroup(body)) return readGroup(body, body, options)
  const read = await readDistrict(body, body, options)
  const secret = (body as { dataProvider?: { clientSecret?: unknown } } | null)?.dataProvider?.clientSecret
  if (secret !== undefined || !isObject(body) || !isObject(body.dataProvider)) return read
  return refused(read, [missing('dataProvider.clientSecret')])
}

/** A body of `PATCH …` over what is stored: what it leaves out stays, null takes away. */
export async function readChangedProfile(
  body: unknown,
  before: StoredSettings,
  options: ReadOptions,
): Promise<Read<ReadProfile>> {
  const broken = unreadable(body)
  if (broken.length > 0) return { ok: false, messages: broken }
  if (!isObject(body)) return readDistrict(body, body, options)
  const merged = mergeBody(before, body)
  if (isGroup(before) !== isGroup(merged)) return { ok: false, messages: [OTHER_KIND] }
  if (isGroup(before)) return readGroup(merged, body, { ...options, before: before.dataProvider.profiles })
  return refused(await readDistrict(merged, body, options), lastingFaults(body, before))
}

/** The same of the environment's profile, where nothing but the mapping can be changed. */
export async function readChangedDefault(
  body: unknown,
  before: DefaultSettings,
  { mappings, environmentSays = [] }: Pick<ReadOptions, 'mappings' | 'environmentSays'>,
): Promise<Read<DefaultSettings>> {
  const broken = unreadable(body)
  if (broken.length > 0) return { ok: false, messages: broken }
  const whole = withLayers(isObject(body) ? mergeBody(before, body) : body)
  const parsed = DEFAULT_SHAPE.safeParse(whole)
  const parts = partsOf(DEFAULT_SHAPE, whole)
  const messages = [
    ...(parsed.success ? [] : describeIssues(parsed.error.issues, whole, DEFAULT_KEYS)),
    ...environmentSays.filter((name) => Object.hasOwn(parts.sound.settings ?? {}, name)).map(saidByEnvironment),
    ...(await mappingFaults(parts, mappings)),
  ]
  return parsed.success && messages.length === 0 ? { ok: true, value: parsed.data } : { ok: false, messages }
}

function refused<T>(read: Read<T>, messages: readonly string[]): Read<T> {
  if (messages.length === 0) return read
  return { ok: false, messages: [...(read.ok ? [] : read.messages), ...messages] }
}

const OTHER_KIND = `\`dataProvider.@odata.type\` cannot turn a profile of PowerSchool into a group (${GROUP_TYPE}), nor the other way. Make a new profile.`

const DEFAULT_KEYS = { '': ['settings', 'mapping'], mapping: KEYS.mapping ?? [] }
