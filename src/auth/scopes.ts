// The OAuth 2.0 scopes of OneRoster 1.1 and 1.2: the one list of them, and which of them covers what.
import type { ConsumerRecord } from '../store/consumers.ts'
import { nearestWord } from './nearest.ts'

const BASE = 'https://purl.imsglobal.org/spec/or/'

const V1P1_NAMES = [
  'roster-core.readonly',
  'roster.readonly',
  'roster-demographics.readonly',
  'resource.readonly',
  'gradebook.readonly',
  'gradebook.createput',
  'gradebook.delete',
] as const

const V1P2_NAMES = [
  'roster-core.readonly',
  'roster.readonly',
  'roster-demographics.readonly',
  'resource-core.readonly',
  'resource.readonly',
  'gradebook-core.readonly',
  'gradebook.readonly',
  'gradebook.createput',
  'gradebook.createpost',
  'gradebook.delete',
  'assessment.readonly',
  'assessment.createput',
  'assessment.delete',
] as const

export const V1P1_SCOPES: readonly string[] = V1P1_NAMES.map((name) => `${BASE}v1p1/scope/${name}`)
export const V1P2_SCOPES: readonly string[] = V1P2_NAMES.map((name) => `${BASE}v1p2/scope/${name}`)

/** Every scope that a consumer can hold, as a URL. */
export const SCOPES: readonly string[] = [...V1P1_SCOPES, ...V1P2_SCOPES]

/** What a new consumer gets when nothing else is said: all that reads, in both versions. */
export const DEFAULT_SCOPES: readonly string[] = SCOPES.filter((scope) => scope.endsWith('.readonly'))

/** What a person may write for each scope: its URL, `v1p2/NAME`, `v1p1/NAME`, or NAME alone for 1.1. */
const BY_SPELLING: ReadonlyMap<string, string> = new Map([
  ...SCOPES.map((scope) => [scope, scope] as const),
  ...V1P1_NAMES.flatMap((name) => {
    const scope = `${BASE}v1p1/scope/${name}`
    return [[name, scope] as const, [`v1p1/${name}`, scope] as const]
  }),
  ...V1P2_NAMES.map((name) => [`v1p2/${name}`, `${BASE}v1p2/scope/${name}`] as const),
])

export type ExpandedScopes =
  | { readonly ok: true; readonly scopes: readonly string[] }
  | { readonly ok: false; readonly messages: readonly string[] }

/** `default` among the names stands for `DEFAULT_SCOPES`. */
const DEFAULT_NAME = 'default'

/** Turns what a person wrote into scope URLs, each once; refuses unknown names, all at once, and an empty list. */
export function expandScopes(written: readonly string[]): ExpandedScopes {
  const names = written.map((name) => name.trim()).filter((name) => name !== '')
  if (names.length === 0) return { ok: false, messages: [`No scope was given. Known are ${V1P1_NAMES.join(', ')}.`] }
  const messages = names.filter((name) => name !== DEFAULT_NAME && !BY_SPELLING.has(name)).map(unknownScope)
  if (messages.length > 0) return { ok: false, messages }
  const scopes = names.flatMap((name) => (name === DEFAULT_NAME ? DEFAULT_SCOPES : (BY_SPELLING.get(name) ?? [])))
  return { ok: true, scopes: [...new Set(scopes)] }
}

/** The scopes in the shortest words that `expandScopes` takes. */
export function shortenScopes(scopes: readonly string[]): readonly string[] {
  const isDefault = scopes.length === DEFAULT_SCOPES.length && DEFAULT_SCOPES.every((scope) => scopes.includes(scope))
  if (isDefault) return [DEFAULT_NAME]
  return scopes.map((scope) => scope.replace(`${BASE}v1p1/scope/`, '').replace(`${BASE}v1p2/scope/`, 'v1p2/'))
}

function unknownScope(name: string): string {
  const near = BY_SPELLING.has(`v1p2/${name}`) ? `v1p2/${name}` : nearestWord(name, [...BY_SPELLING.keys()], 4)
  const help = near === undefined ? `Known are ${V1P1_NAMES.join(', ')}.` : `Did you mean \`${near}\`?`
  return `\`${name.slice(0, 100)}\` is not a OneRoster scope. ${help}`
}

/**
 * Whether the held scopes cover the wanted one. `roster.readonly` covers `roster-core.readonly` of its version, and so
 * for gradebook and resource; demographics is covered by nothing but itself, and no version covers another.
 */
export function coversScope(held: readonly string[], wanted: string): boolean {
  return held.includes(wanted) || (wanted.endsWith('-core.readonly') && held.includes(wanted.replace('-core.', '.')))
}

/** The scopes of a consumer, without those of what is withheld from it. */
export function heldScopes({ scopes, withheld }: Pick<ConsumerRecord, 'scopes' | 'withheld'>): readonly string[] {
  if (!withheld.includes('demographics')) return scopes
  return scopes.filter((scope) => !scope.endsWith('/roster-demographics.readonly'))
}

/** Those of the asked scopes that the held ones cover, each once, in the order asked. */
export function narrowScopes(held: readonly string[], asked: readonly string[]): readonly string[] {
  return [...new Set(asked)].filter((scope) => coversScope(held, scope))
}
