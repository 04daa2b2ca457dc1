// The settings: what each may hold, its default, and every fault at once with its remedy.
import * as z from 'zod/mini'
import { nearestWord } from './auth/nearest.ts'
import { parseDuration } from './duration.ts'
import { ID_PREFIX } from './groups/prefixes.ts'
import { LOG_LEVELS } from './log.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface ConfigFault {
  readonly variable: string
  /** What it holds, shortened; absent when it is not set or could be a secret. */
  readonly found?: string
  /** What is wrong, as a sentence that the variable's name opens. */
  readonly message: string
  readonly remedy: string
}

export type ConfigResult<C = Config> =
  | { readonly ok: true; readonly config: C }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

export const DEFAULT_PLUGIN_QUERIES = 'org.oneroster_bridge.sis.roster'
export const POWERSCHOOL_TEMPLATES = ['auto', 'rest', 'powerquery'] as const

const DAY_MS = 86_400_000
/** Runtimes' timers end at 24.8 days. */
const LONGEST_TIMER_MS = 14 * DAY_MS
const LONGEST_FOUND = 60

// How one value is read. Each message goes on after the variable's name.

/** Reads a text, or tells what is wrong with it. */
function read<T>(make: (value: string, wrong: (message: string) => void) => T) {
  const reading = z.transform<string, T>((value, { issues }) => {
    return make(value, (message) => void issues.push({ code: 'custom', input: value, message }))
  })
  return z.pipe(z.string(), reading)
}

/** A text that the pattern fits. */
const fitting = (pattern: RegExp, message: string) => z.string().check(z.regex(pattern, message))

function wholeNumber(min: number, max: number) {
  return read((value, wrong) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    if (number >= min && number <= max) return number
    wrong(`is not a whole number from ${min} to ${max}`)
    return z.NEVER
  })
}

const share = read((value, wrong) => {
  const number = /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(value) ? Number(value) : Number.NaN
  if (number >= 0 && number <= 1) return number
  wrong('is not a number from 0 to 1')
  return z.NEVER
})

function duration(min: { readonly ms: number }, max: { readonly ms: number } = { ms: Number.POSITIVE_INFINITY }) {
  return read((value, wrong) => {
    const parsed = parseDuration(value)
    if (parsed.ok && parsed.ms >= min.ms && parsed.ms <= max.ms) return parsed.ms
    if (!parsed.ok) {
      wrong(parsed.message + (parsed.suggestion === undefined ? '' : `; did you mean ${parsed.suggestion}?`))
    } else {
      const longest = max.ms === DAY_MS ? 'a day' : `${max.ms / DAY_MS} days`
      wrong(parsed.ms < min.ms ? 'is shorter than a second' : `is longer than ${longest}`)
    }
    return z.NEVER
  })
}

/** An http(s) URL without credentials, query or fragment; the answer has no trailing slash. */
const webUrl = read((value, wrong) => {
  const url = /^https?:\/\//i.test(value) && URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined) wrong('is not a URL that begins with https:// or http://')
  else if (url.username !== '' || url.password !== '') wrong('holds a user name or password')
  else if (/[?#]/.test(value)) wrong('has a query or a fragment')
  else return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
  return z.NEVER
})

const SCHOOL_LIST = /^\s*\d{1,10}\s*(?:,\s*\d{1,10}\s*)*$/
const schoolNumbers = z.pipe(
  fitting(SCHOOL_LIST, 'is not a list of school numbers with commas between them'),
  z.transform((value) => [...new Set(value.split(',').map(Number))]),
)

const HOST = /^(?:[A-Za-z0-9_.-]+|\[?[0-9A-Fa-f.]*(?::[0-9A-Fa-f.]*){2,}\]?)$/
const CLIENT_ID = /^[\x21-\x39\x3b-\x7e]{1,200}$/

/** Printable, and nothing that an XML attribute could not hold; XML counts code points. */
function words(max: number) {
  const isFit = (value: string) => /^[^\p{C}\u2028\u2029]+$/u.test(value) && [...value].length <= max
  return z.string().check(z.refine(isFit, `is not a text of 1 to ${max} printable characters`))
}

const LONGEST_EMAIL = 40
const emailAddress = z
  .string()
  .check(
    z.refine(
      (value) => value.length <= LONGEST_EMAIL && z.email().safeParse(value).success,
      `is not an e-mail address of at most ${LONGEST_EMAIL} characters`,
    ),
  )

const QUERIES = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*(?:\.[a-z][a-z0-9]*(?:_[a-z0-9]+)*){3}$/
/** A query's name is this, a dot and the name of what it reads: 200 characters in all. */
const LONGEST_QUERIES = 120
const queryPrefix = read((value, wrong) => {
  if (!QUERIES.test(value)) {
    wrong('is not four words of lower-case letters, digits and single underscores with dots between them')
  } else if (value.startsWith('com.powerschool')) {
    wrong("begins with com.powerschool, which is kept for PowerSchool's own queries")
  } else if (value.length > LONGEST_QUERIES) wrong(`is longer than ${LONGEST_QUERIES} characters`)
  else return value
  return z.NEVER
})

const oneOf = <const T extends readonly string[]>(words: T) => z.enum(words, `is none of ${words.join(', ')}`)
const optional = z.optional
const prefault = z.prefault
const or = z._default
const text = z.string

const SHAPE = z.object({
  POWERSCHOOL_URL: optional(webUrl),
  POWERSCHOOL_CLIENT_ID: optional(text()),
  POWERSCHOOL_CLIENT_SECRET: optional(text()),
  POWERSCHOOL_TEMPLATE: or(oneOf(POWERSCHOOL_TEMPLATES), 'auto'),
  POWERSCHOOL_CONCURRENCY: prefault(wholeNumber(1, 64), '4'),
  POWERSCHOOL_MIN_INTERVAL_MS: prefault(wholeNumber(0, 60_000), '0'),
  PLUGIN_NAME: or(words(40), 'OneRoster Bridge'),
  PLUGIN_PUBLISHER: or(words(100), 'OneRoster Bridge'),
  PLUGIN_EMAIL: or(emailAddress, 'support@example.org'),
  PLUGIN_QUERIES: or(queryPrefix, DEFAULT_PLUGIN_QUERIES),
  ONEROSTER_CLIENT_ID: optional(fitting(CLIENT_ID, 'holds a blank, a colon or a letter outside ASCII')),
  ONEROSTER_CLIENT_SECRET: optional(text()),
  PUBLIC_URL: optional(webUrl),
  HOST: or(fitting(HOST, 'is not a host name or an IP address'), '127.0.0.1'),
  PORT: prefault(wholeNumber(0, 65_535), '3000'),
  DATA_DIR: or(text(), './data'),
  SYNC_INTERVAL: prefault(duration({ ms: 0 }, { ms: LONGEST_TIMER_MS }), 'PT1H'),
  PUBLISH_QUIET: prefault(duration({ ms: 0 }, { ms: LONGEST_TIMER_MS }), 'PT1M'),
  PUBLISH_MAX_WAIT: prefault(duration({ ms: 0 }, { ms: LONGEST_TIMER_MS }), 'PT30M'),
  GUARD_SHARE: prefault(share, '0.2'),
  GUARD_MIN: prefault(wholeNumber(0, 1_000_000_000), '25'),
  PIN_LIFETIME: prefault(duration({ ms: 1_000 }), 'PT1H'),
  TOMBSTONE_LIFETIME: prefault(duration({ ms: 1_000 }), 'P180D'),
  TOKEN_LIFETIME: prefault(duration({ ms: 1_000 }), 'PT1H'),
  OAUTH1_WINDOW: prefault(duration({ ms: 1_000 }, { ms: DAY_MS }), 'PT10M'),
  MAX_LIMIT: prefault(wholeNumber(100, 1_000_000), '10000'),
  SCHOOLS: optional(schoolNumbers),
  SCHOOL_YEAR: optional(z.pipe(fitting(/^20\d\d$/, 'is not a year of four digits'), z.transform(Number))),
  MAPPING: optional(text()),
  ID_PREFIX: optional(fitting(ID_PREFIX, 'is not 1 to 20 letters, digits and signs of -._~')),
  ADMIN_TOKEN: optional(text()),
  LOG_LEVEL: or(oneOf(LOG_LEVELS), 'info'),
})

type Name = keyof z.infer<typeof SHAPE>

const DURATION = 'Write a duration such as'

const REMEDIES: Readonly<Record<Name, string>> = {
  POWERSCHOOL_URL: 'Give the address of the PowerSchool server, for example https://powerschool.example.org.',
  POWERSCHOOL_CLIENT_ID: "Copy the client id from the plugin's Data Provider Configuration page in PowerSchool.",
  POWERSCHOOL_CLIENT_SECRET:
    "Copy the client secret from the plugin's Data Provider Configuration page in PowerSchool.",
  POWERSCHOOL_TEMPLATE: 'Write rest, powerquery, or auto to let the bridge find out.',
  POWERSCHOOL_CONCURRENCY: 'Give the number of requests at a time, or leave it unset for 4.',
  POWERSCHOOL_MIN_INTERVAL_MS: 'Give the milliseconds between two requests, or leave it unset for 0.',
  PLUGIN_NAME:
    'Give the name under which PowerSchool lists the plugin, at most 40 characters, or leave it unset for OneRoster Bridge.',
  PLUGIN_PUBLISHER: 'Give the name of who answers for the plugin, or leave it unset for OneRoster Bridge.',
  PLUGIN_EMAIL: 'Give the address that PowerSchool shows beside the publisher, for example it@example.org.',
  PLUGIN_QUERIES:
    'Give the first four parts of the names of the queries, for example org.example.sis.roster; another one for each bridge.',
  ONEROSTER_CLIENT_ID: 'Set ONEROSTER_CLIENT_ID and ONEROSTER_CLIENT_SECRET together, or neither.',
  ONEROSTER_CLIENT_SECRET: 'Set it together with ONEROSTER_CLIENT_ID, to a long random text (openssl rand -base64 32).',
  PUBLIC_URL:
    'Give the address that consumers use, for example https://roster.example.org or https://example.org/roster.',
  HOST: 'Give the name or address to listen on, without scheme and port: 127.0.0.1, or 0.0.0.0 for every network.',
  PORT: 'Give a free port, 0 for any, or leave it unset for 3000.',
  DATA_DIR: 'Give a folder for the SQLite files.',
  SYNC_INTERVAL: `${DURATION} PT1H or PT30M, at most P14D; PT0S = only on demand.`,
  PUBLISH_QUIET: `${DURATION} PT1M; PT0S = publish at once.`,
  PUBLISH_MAX_WAIT: `${DURATION} PT30M; PT0S = publish at once.`,
  GUARD_SHARE: 'Give the share of a collection that may go in one sync, for example 0.2 for 20 %.',
  GUARD_MIN: 'Give the number of records that may always go in one sync, or leave it unset for 25.',
  PIN_LIFETIME: `${DURATION} PT1H.`,
  TOMBSTONE_LIFETIME: `${DURATION} P180D.`,
  TOKEN_LIFETIME: `${DURATION} PT1H.`,
  OAUTH1_WINDOW: `${DURATION} PT10M or PT45M, at most P1D: how old a signature may be, and half of it ahead.`,
  MAX_LIMIT: 'Give the largest page, 100 or more, or leave it unset for 10000, which the large consumers ask for.',
  SCHOOLS: 'List PowerSchool school numbers, for example 100,200, or leave it unset for all schools.',
  SCHOOL_YEAR: 'Give the calendar year in which the school year ends (2026 for 2025-2026), or leave it unset.',
  MAPPING: 'Give the path of an overlay file, or leave it unset.',
  ID_PREFIX:
    'Give what every sourcedId is to begin with, for example west, or leave it unset; only groups of profiles need it.',
  ADMIN_TOKEN: 'Give a long random text (openssl rand -base64 32), or leave it unset to close the admin API.',
  LOG_LEVEL: `Write one of ${LOG_LEVELS.join(', ')}.`,
}

// The table above has exactly the shape's names, so its keys are they.
const NAMES = Object.keys(REMEDIES) as readonly Name[]
const POWERSCHOOL: ReadonlySet<Name> = new Set([
  'POWERSCHOOL_URL',
  'POWERSCHOOL_CLIENT_ID',
  'POWERSCHOOL_CLIENT_SECRET',
])
const CONSUMER: ReadonlySet<Name> = new Set(['ONEROSTER_CLIENT_ID', 'ONEROSTER_CLIENT_SECRET'])
const SECRETS = ['POWERSCHOOL_CLIENT_SECRET', 'ONEROSTER_CLIENT_SECRET', 'ADMIN_TOKEN'] as const
/** Ids count as secrets here: a person easily swaps the two. */
const UNSHOWN: ReadonlySet<Name> = new Set([...SECRETS, 'POWERSCHOOL_CLIENT_ID', 'ONEROSTER_CLIENT_ID'])

export type Config = ReturnType<typeof arrange>
export interface PowerSchoolSettings {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
}
export interface PluginSettings {
  readonly name: string
  readonly publisher: string
  readonly email: string
  readonly queries: string
}
export type ConnectedConfig = Config & { readonly powerSchool: PowerSchoolSettings }

/**
 * Reads all settings (a blank one counts as not set; blanks around a value are dropped), or reports every fault at once.
 * No fault holds a secret's value. Variables of others are passed over, but one that looks like a misspelt setting is a fault.
 * With `needsPowerSchool`, the connection's three settings must be there.
 */
export function readConfig(
  environment: Environment,
  options: { readonly needsPowerSchool: true },
): ConfigResult<ConnectedConfig>
export function readConfig(environment: Environment, options: { readonly needsPowerSchool: boolean }): ConfigResult
export function readConfig(environment: Environment, options: { readonly needsPowerSchool: boolean }): ConfigResult {
  const values = settledValues(environment)
  const parsed = SHAPE.safeParse(values)
  const issues = parsed.error?.issues ?? []
  const faults = NAMES.flatMap((name) => [
    ...issues.filter((issue) => issue.path[0] === name).map((issue) => fault(name, issue.message, values)),
    ...missing(name, values, options.needsPowerSchool),
  ]).concat(misspelt(environment))
  return parsed.success && faults.length === 0 ? { ok: true, config: arrange(parsed.data) } : { ok: false, faults }
}

/** The faults as text for a person, one paragraph each. */
export function formatFaults(faults: readonly ConfigFault[]): string {
  const head = faults.length === 1 ? '1 setting is wrong:' : `${faults.length} settings are wrong:`
  const paragraphs = faults.map(({ variable, found, message, remedy }) => {
    const value = found === undefined ? '' : ` (found: ${found})`
    return `  ${variable} ${message}${value}\n    ${remedy}`
  })
  return [head, ...paragraphs].join('\n\n')
}

type Values = Readonly<Partial<Record<Name, string>>>

function settledValues(environment: Environment): Values {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = environment[name]?.trim() ?? ''
      return value === '' ? [] : [[name, value]]
    }),
  )
}

function missing(name: Name, values: Values, needsPowerSchool: boolean): ConfigFault[] {
  if (values[name] !== undefined) return []
  if (needsPowerSchool && POWERSCHOOL.has(name)) return [fault(name, 'is not set', values)]
  const hasCounterpart = CONSUMER.has(name) && [...CONSUMER].some((other) => values[other] !== undefined)
  return hasCounterpart ? [fault(name, 'is not set, but its counterpart is', values)] : []
}

/** Variables of our prefixes that nearly have a setting's name. Their values are never shown: they may be secrets. */
function misspelt(environment: Environment): ConfigFault[] {
  const known: ReadonlySet<string> = new Set(NAMES)
  return Object.keys(environment).flatMap((variable) => {
    const upper = variable.toUpperCase()
    if (
      known.has(variable) ||
      !environment[variable] ||
      !/^(?:POWER_?SCHOOL|ONE_?ROSTER|GUARD|OAUTH_?1|PLUGIN_(?:N|PUB|E?MAIL|QUER))/.test(upper)
    )
      return []
    const near = nearestWord(upper, NAMES, upper.length < 12 ? 2 : 3)
    if (near === undefined) return []
    return [
      { variable, message: `is no setting; did you mean ${near}?`, remedy: `Rename it to ${near}, or remove it.` },
    ]
  })
}

function fault(name: Name, message: string, values: Values): ConfigFault {
  const found = shown(name, values)
  return { variable: name, ...(found === undefined ? {} : { found }), message, remedy: REMEDIES[name] }
}

/** The value as far as it may be seen: no secret, none pasted into another setting, none in a URL. */
function shown(name: Name, values: Values): string | undefined {
  const value = values[name]
  if (value === undefined || UNSHOWN.has(name) || value.includes('@')) return undefined
  if (SECRETS.some((other) => values[other] !== undefined && value.includes(values[other]))) return undefined
  const open = value.replace(/[?#].*$/s, '?…').replace(/\p{Cc}/gu, ' ')
  return open.length > LONGEST_FOUND ? `${open.slice(0, LONGEST_FOUND)}…` : open
}

function arrange(values: z.infer<typeof SHAPE>) {
  const { POWERSCHOOL_URL: url, POWERSCHOOL_CLIENT_ID: clientId, POWERSCHOOL_CLIENT_SECRET: clientSecret } = values
  const { ONEROSTER_CLIENT_ID: id, ONEROSTER_CLIENT_SECRET: secret } = values
  // The annotations keep the inferred type readable and deeply readonly.
  const powerSchool: PowerSchoolSettings | undefined =
    url === undefined || clientId === undefined || clientSecret === undefined
      ? undefined
      : { url, clientId, clientSecret }
  const oneRoster: { readonly id: string; readonly secret: string } | undefined =
    id === undefined || secret === undefined ? undefined : { id, secret }
  const plugin: PluginSettings = {
    name: values.PLUGIN_NAME,
    publisher: values.PLUGIN_PUBLISHER,
    email: values.PLUGIN_EMAIL,
    queries: values.PLUGIN_QUERIES,
  }
  const schools: readonly number[] | undefined = values.SCHOOLS
  return {
    /** Present when its three settings are. */
    powerSchool,
    powerSchoolTemplate: values.POWERSCHOOL_TEMPLATE,
    powerSchoolConcurrency: values.POWERSCHOOL_CONCURRENCY,
    powerSchoolMinIntervalMs: values.POWERSCHOOL_MIN_INTERVAL_MS,
    /** How the plugin presents itself in PowerSchool, and the first four parts of its queries' names. */
    plugin,
    /** The first consumer. */
    oneRoster,
    /** Without trailing slash, perhaps with a path; undefined = to be made from where the server listens. */
    publicUrl: values.PUBLIC_URL,
    host: values.HOST,
    port: values.PORT,
    dataDir: values.DATA_DIR,
    /** 0 = only on demand. */
    syncIntervalMs: values.SYNC_INTERVAL,
    publishQuietMs: values.PUBLISH_QUIET,
    publishMaxWaitMs: values.PUBLISH_MAX_WAIT,
    guardShare: values.GUARD_SHARE,
    guardMin: values.GUARD_MIN,
    pinLifetimeMs: values.PIN_LIFETIME,
    tombstoneLifetimeMs: values.TOMBSTONE_LIFETIME,
    tokenLifetimeMs: values.TOKEN_LIFETIME,
    /** How old an OAuth 1.0a signature may be. */
    oauth1WindowMs: values.OAUTH1_WINDOW,
    maxLimit: values.MAX_LIMIT,
    /** School numbers; undefined = all. */
    schools,
    /** The calendar year in which the school year ends; undefined = by date. */
    schoolYear: values.SCHOOL_YEAR,
    /** The path of an overlay file. */
    mapping: values.MAPPING,
    /** Before every sourcedId of the environment's profile; empty for none. */
    idPrefix: values.ID_PREFIX ?? '',
    adminToken: values.ADMIN_TOKEN,
    logLevel: values.LOG_LEVEL,
  } as const
}
