// Reads what a profile is to be: from a body that makes one, or from one that changes it. Every fault comes at once.
import type * as z from 'zod/mini'
import { parseExpiry } from '../auth/expiry.ts'
import { nearestWord } from '../auth/nearest.ts'
import { checkMembers, GROUP_TYPE } from '../groups/body.ts'
import type { GroupOrg } from '../groups/org.ts'
import { NO_LAYERS } from '../mapping/files/layers.ts'
import type { MappingFile } from '../mapping/files/load.ts'
import { describeIssues, missing } from './body-faults.ts'
import { identitySettings } from './body-identity.ts'
import { DEFAULT_SHAPE, KEYS, type ProfileBody, SHAPE } from './body-shape.ts'
import { GROUP_KEYS, GROUP_SHAPE, type GroupBody, isGroup } from './group-body.ts'
import { layersOf, mappingFault, withSettings } from './layers.ts'
import type { MappingShelf } from './mapping-shelf.ts'
import type { ProfileHandle } from './ports.ts'

/** What is stored of a profile, in the words in which it was given. */
export type StoredSettings = ProfileSettings | GroupBody

/** What is stored of a district's. */
export interface ProfileSettings extends Omit<ProfileBody, 'dataProvider'> {
  readonly dataProvider: Omit<ProfileBody['dataProvider'], 'clientSecret'>
}

/** What is stored of the environment's. */
export type DefaultSettings = z.infer<typeof DEFAULT_SHAPE>

export interface ReadProfile {
  readonly settings: StoredSettings
  /** Undefined: the one that is there. */
  readonly clientSecret: string | undefined
}

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly messages: readonly string[] }

export interface ReadOptions {
  /** Opens another profile, for groups. */
  readonly open: (id: string) => Promise<ProfileHandle | undefined>
  readonly mappings: MappingShelf
  readonly now: () => number
  /** The settings of the mapping that the environment says of its own profile, which go over all others. */
  readonly environmentSays?: readonly string[]
}

/** The body of `POST /admin/profiles`. */
export async function readNewProfile(body: unknown, options: ReadOptions): Promise<Read<ReadProfile>> {
  if (isGroup(body)) return readGroup(body, body, options)
  const read = readWhole(body, body, options)
  const secret = (body as { dataProvider?: { clientSecret?: unknown } } | null)?.dataProvider?.clientSecret
  if (secret !== undefined || !isObject(body) || !isObject(body.dataProvider)) return read
  return { ok: false, messages: [...(read.ok ? [] : read.messages), missing('dataProvider.clientSecret')] }
}

/** A body of `PATCH …` over what is stored: what it leaves out stays, null takes away. */
export async function readChangedProfile(
  body: unknown,
  before: StoredSettings,
  options: ReadOptions,
): Promise<Read<ReadProfile>> {
  if (!isObject(body)) return readWhole(body, body, options)
  const merged = merge(before, body)
  if (isGroup(before) !== isGroup(merged)) return { ok: false, messages: [OTHER_KIND] }
  if (isGroup(before)) return readGroup(merged, body, { ...options, before: before.dataProvider.profiles })
  const read = readWhole(merged, body, options)
  const messages = [...lastingFaults(body, before), ...secretFaults(body, before)]
  return messages.length === 0 ? read : { ok: false, messages: [...(read.ok ? [] : read.messages), ...messages] }
}

/** The same of the environment's profile, where nothing but the mapping can be changed. */
export function readChangedDefault(
  body: unknown,
  before: DefaultSettings,
  { mappings, environmentSays = [] }: Pick<ReadOptions, 'mappings' | 'environmentSays'>,
): Read<DefaultSettings> {
  const merged = isObject(body) ? merge(before, body) : body
  const parsed = DEFAULT_SHAPE.safeParse(withLayers(merged))
  if (!parsed.success) return { ok: false, messages: describeIssues(parsed.error.issues, merged, DEFAULT_KEYS) }
  const settings = parsed.data.settings ?? {}
  const messages = [
    ...environmentSays.filter((name) => Object.hasOwn(settings, name)).map(saidByEnvironment),
    ...mappingFaults(parsed.data, settings, mappings),
  ]
  return messages.length === 0 ? { ok: true, value: parsed.data } : { ok: false, messages }
}

/** The settings of the mapping: those that were given, and what the identity means. */
export function ownSettings({ settings, identitySynchronizationConfiguration: identity }: ProfileSettings) {
  return { ...(identity ? identitySettings(identity) : {}), ...settings }
}

const OTHER_KIND = `\`dataProvider.@odata.type\` cannot turn a profile of PowerSchool into a group (${GROUP_TYPE}), nor the other way. Make a new profile.`

async function readGroup(
  whole: unknown,
  given: unknown,
  { open, now, before = [] }: ReadOptions & { readonly before?: readonly string[] },
): Promise<Read<ReadProfile>> {
  const parsed = GROUP_SHAPE.safeParse(whole)
  if (!parsed.success) return { ok: false, messages: describeIssues(parsed.error.issues, whole, GROUP_KEYS) }
  const settings = parsed.data
  const { profiles } = settings.dataProvider
  const messages = [
    ...(isObject(given) && given.expirationDate !== undefined ? expiryFaults(settings, now()) : []),
    ...(await checkMembers({ profiles, before, org: orgOf(settings), open })),
  ]
  return messages.length === 0 ? { ok: true, value: { settings, clientSecret: undefined } } : { ok: false, messages }
}

/** None where the group was given none. */
export function orgOf({ org }: GroupBody): GroupOrg | null {
  if (!org) return null
  const { name, identifier } = org
  return identifier === undefined ? { name } : { name, identifier }
}

/** `given` is what a person wrote just now. */
function readWhole(whole: unknown, given: unknown, { mappings, now }: ReadOptions): Read<ReadProfile> {
  const parsed = SHAPE.safeParse(withLayers(whole))
  if (!parsed.success) return { ok: false, messages: describeIssues(parsed.error.issues, whole, KEYS) }
  const { clientSecret, ...dataProvider } = parsed.data.dataProvider
  const settings: ProfileSettings = { ...parsed.data, dataProvider }
  const messages = [
    ...repeatedSettings(settings),
    ...(isObject(given) && given.expirationDate !== undefined ? expiryFaults(settings, now()) : []),
    ...mappingFaults(settings, ownSettings(settings), mappings),
  ]
  return messages.length === 0 ? { ok: true, value: { settings, clientSecret } } : { ok: false, messages }
}

/** One text is a layer, too. */
function withLayers(body: unknown): unknown {
  if (!isObject(body) || typeof body.mapping !== 'string') return body
  return { ...body, mapping: { layers: [{ path: 'profile.yaml', text: body.mapping }] } }
}

/** Two places that say the same would leave open which one counts. */
function repeatedSettings(settings: ProfileSettings): string[] {
  const { settings: given, identitySynchronizationConfiguration: identity } = settings
  const elsewhere: Readonly<Record<string, string>> = {
    schools: 'dataProvider.schoolsIds',
    [START_YEAR]: 'dataProvider.schoolYear',
    ...Object.fromEntries(
      Object.keys(identity ? identitySettings(identity) : {}).map((name) => [
        name,
        'identitySynchronizationConfiguration',
      ]),
    ),
  }
  return Object.keys(given ?? {}).flatMap((name) =>
    Object.hasOwn(elsewhere, name)
      ? [`\`settings.${name}\` is what \`${elsewhere[name]}\` says. Give it there alone.`]
      : [],
  )
}

function expiryFaults({ expirationDate }: Pick<StoredSettings, 'expirationDate'>, nowMs: number): string[] {
  const endMs = expirationDate ? parseExpiry(expirationDate) : undefined
  if (endMs === undefined || endMs > nowMs) return []
  return ['`expirationDate` has passed: the profile would never sync. Give a later day, or leave it out.']
}

function mappingFaults(
  { mapping }: Pick<ProfileSettings, 'mapping'>,
  settings: Readonly<Record<string, unknown>>,
  mappings: MappingShelf,
): string[] {
  const files = mapping?.layers ?? []
  const { found, unused } = layersOf(files)
  const idle = unused.map(
    (path) => `\`mapping\`: nothing extends the layer ${path}. Let the layer above it say \`extends: ${path}\`.`,
  )
  const diagnostics = mappings.check(withSettings(found, settings))
  const faults = [...idle, ...diagnostics.map((diagnostic) => mappingFault(diagnostic, files))]
  const names = Object.keys(settings).filter((name) => !faults.some((fault) => fault.includes(`settings.${name}\``)))
  return [...faults, ...unknownSettings(names, files, mappings)]
}

/** What neither the default mapping nor a layer has a word of would be taken, and change nothing. */
function unknownSettings(names: readonly string[], files: readonly MappingFile[], mappings: MappingShelf): string[] {
  const ofDefault = [...Object.keys(mappings.load(NO_LAYERS).settings), START_YEAR]
  const known = new Set([...ofDefault, ...files.flatMap(({ text }) => text.match(/\w+/g) ?? [])])
  return names
    .filter((name) => !known.has(name))
    .map((name) => {
      const near = nearestWord(name, ofDefault, 3)
      const hint = near === undefined ? 'mappings/settings.yaml has those that there are.' : `Did you mean \`${near}\`?`
      return `\`settings.${name.slice(0, 100)}\` is no setting of the mapping. ${hint}`
    })
}

const saidByEnvironment = (name: string) =>
  `\`settings.${name}\` is what the setting ${name === START_YEAR ? 'SCHOOL_YEAR' : 'SCHOOLS'} says. Change it there, or unset it.`

/** The engine's own, which can be pinned. */
const START_YEAR = 'start_year'

function lastingFaults(body: Readonly<Record<string, unknown>>, before: ProfileSettings): string[] {
  const { idPrefix } = body
  if (idPrefix === undefined || (idPrefix ?? undefined) === (before.idPrefix ?? undefined)) return []
  return [
    '`idPrefix` cannot be changed: every record would leave under one id and come back under another. Make a new profile.',
  ]
}

/** The secret that is there was given for one server, and nobody can read it back: it is not sent to another one. */
function secretFaults({ dataProvider }: Readonly<Record<string, unknown>>, before: ProfileSettings): string[] {
  if (!isObject(dataProvider) || (dataProvider.clientSecret ?? undefined) !== undefined) return []
  if (dataProvider.clientSecret === null) {
    return [
      '`dataProvider.clientSecret` cannot be taken away. Give another one, or leave it out to keep the one that is there.',
    ]
  }
  const { connectionUrl } = dataProvider
  if (typeof connectionUrl !== 'string' || !URL.canParse(connectionUrl)) return []
  if (new URL(connectionUrl).origin === new URL(before.dataProvider.connectionUrl).origin) return []
  return [
    '`dataProvider.connectionUrl` is another server, which is not sent the secret of this one. Give `dataProvider.clientSecret` with it.',
  ]
}

const DEFAULT_KEYS = { '': ['settings', 'mapping'], mapping: KEYS.mapping ?? [] }

/** Whose parts belong together, and are replaced as one. */
const WHOLES: ReadonlySet<string> = new Set(['mapping', 'identitySynchronizationConfiguration'])

/** RFC 7396, but for wholes. */
function merge(before: object, change: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged = new Map<string, unknown>(Object.entries(before))
  for (const [name, value] of Object.entries(change)) {
    const present = merged.get(name)
    if (value === null) merged.delete(name)
    else if (isObject(value) && !WHOLES.has(name)) merged.set(name, merge(isObject(present) ? present : {}, value))
    else merged.set(name, value)
  }
  return Object.fromEntries(merged)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
