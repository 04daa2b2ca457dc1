// What is wrong with a profile's body, in sentences: what was found, where, and what to do.
import type * as z from 'zod/mini'
import { nearestWord } from '../auth/nearest.ts'
import { TOLD } from './body-shape.ts'

const LONGEST_FOUND = 40
/** Ids count as secrets here: a person easily swaps the two. */
const UNSHOWN: ReadonlySet<string> = new Set(['clientId', 'clientSecret', 'text'])

/** What to give for what is missing. */
const REMEDIES: Readonly<Record<string, string>> = {
  displayName: 'Give the profile a name for people, for example "Lakeside".',
  dataProvider: 'Give an object with connectionUrl, clientId and clientSecret.',
  'dataProvider.connectionUrl':
    'Give the address of the PowerSchool server, for example https://powerschool.example.org.',
  'dataProvider.clientId': "Copy the client id from the plugin's Data Provider Configuration page in PowerSchool.",
  'dataProvider.clientSecret':
    "Copy the client secret from the plugin's Data Provider Configuration page in PowerSchool.",
}

export const missing = (path: string): string => `\`${path}\` is missing. ${REMEDIES[path] ?? 'Give it.'}`

/** The keys of each object, by the path to it; `*` is a place in a list. */
export type Keys = Readonly<Record<string, readonly string[]>>

/** One sentence or more for each issue. No secret is repeated. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], body: unknown, keys: Keys): string[] {
  return issues.flatMap((issue) => describeIssue(issue, body, keys))
}

function describeIssue(issue: z.core.$ZodIssue, body: unknown, keys: Keys): string[] {
  const path = issue.path.map(String)
  const name = path.join('.')
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, keys))
  const value = path.reduce<unknown>((at, key) => (at as Readonly<Record<string, unknown>> | undefined)?.[key], body)
  if (path.length === 0) return [`The body ${issue.message}. Send a JSON object.`]
  if (value === undefined) return [missing(name)]
  return [`\`${name}\` ${issue.message}${found(path.at(-1) ?? '', value, body)}.`]
}

function unknownKey(path: readonly string[], key: string, keys: Keys): string {
  const name = [...path, key].join('.').slice(0, 200)
  if (path.length === 0 && TOLD.has(key)) return `\`${name}\` is told by the bridge and cannot be set. Leave it out.`
  const known = keys[path.map((part) => (/^\d+$/.test(part) ? '*' : part)).join('.')] ?? []
  const near = nearestWord(key, known, key.length < 8 ? 2 : 3)
  const elsewhere = Object.entries(keys).find(([, names]) => names.includes(key))?.[0]
  if (near !== undefined) return `\`${name}\` is no key here. Did you mean \`${near}\`?`
  if (elsewhere !== undefined && !elsewhere.includes('*')) {
    return `\`${name}\` is no key here. It belongs to ${elsewhere === '' ? 'the top of the body' : `\`${elsewhere}\``}.`
  }
  return `\`${name}\` is no key here.${known.length === 0 ? '' : ` Known are ${known.join(', ')}.`}`
}

/** As far as it may be seen. */
function found(key: string, value: unknown, body: unknown): string {
  if (UNSHOWN.has(key) || value === null || typeof value === 'object') return ''
  const text = JSON.stringify(value)
  const secret = (body as { dataProvider?: { clientSecret?: unknown } } | null)?.dataProvider?.clientSecret
  const isSecret = typeof secret === 'string' && secret !== '' && text.includes(secret)
  return isSecret || text.includes('@') || text.length > LONGEST_FOUND ? '' : ` (found: ${text})`
}
