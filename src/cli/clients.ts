// `bridge clients …`: who may read the roster.
import {
  addClient,
  type Client,
  type ClientDeps,
  type ClientRefusal,
  listClients,
  removeClient,
  rotateClient,
  type SecretResult,
  updateClient,
} from '../auth/clients.ts'
import { presentClient } from '../auth/present-client.ts'
import { shortenScopes } from '../auth/scopes.ts'
import { SWITCH_MEANINGS } from '../auth/switches.ts'
import type { Config } from '../config.ts'
import { openSealingKey } from '../node/files.ts'
import { profileKeys } from '../profiles/keys.ts'
import type { NodeSqlite } from '../store/node-sqlite.ts'
import { readOverlap, readSettings, SETTING_OPTIONS } from './client-options.ts'
import type { Command, CommandInput } from './command.ts'
import { print, printJson, say, table } from './output.ts'
import { PROFILE_OPTION, PROFILE_USAGE } from './profile.ts'
import { withStore } from './store.ts'

const WORDS = [
  'SCOPES    names such as roster.readonly and v1p2/roster.readonly, or default: all that read, of 1.1 and 1.2',
  'WITHHELD  demographics, contacts',
  'EXPIRES   a day (good through it, UTC), an instant, or a duration such as P90D',
  'SWITCHES',
  ...Object.entries(SWITCH_MEANINGS).map(([name, meaning]) => `  ${name.padEnd(18)}${meaning}`),
  '',
  'Several words are joined by commas.',
  '',
  PROFILE_USAGE,
]

export const clientCommands: readonly Command[] = [
  {
    name: 'clients add',
    summary: 'Adds a consumer and prints its id and secret, once.',
    usage: [
      'bridge clients add --name NAME [--schools SCHOOLS] [--scopes SCOPES] [--without WITHHELD] [--switches SWITCHES]',
      '                   [--rate REQUESTS_PER_MINUTE] [--expires EXPIRES] [--json]',
      '',
      'SCHOOLS   school numbers of PowerSchool (or sourcedIds) to which it is narrowed, for good; all when left out',
      ...WORDS,
    ].join('\n'),
    options: { ...SETTING_OPTIONS, ...PROFILE_OPTION, schools: 'value' },
    positionals: 0,
    async run(input) {
      const { name, schools } = input.values
      if (name === undefined) return misused(['A consumer needs a name: --name NAME.'])
      const read = readSettings(input, Date.now())
      if (!read.ok) return misused(read.messages)
      const wanted = { ...read.value, name, schools: schools?.split(',') }
      return withStore(input, async (...opened) => printSecret(input, await addClient(wanted, await depsOf(...opened))))
    },
  },
  {
    name: 'clients list',
    summary: 'Lists the consumers, without their secrets.',
    usage: ['bridge clients list [--profile ID] [--json]', '', PROFILE_USAGE].join('\n'),
    options: { ...PROFILE_OPTION },
    positionals: 0,
    run: (input) =>
      withStore(input, async (sql) => {
        const { isJson } = input
        const clients = listClients({ sql, now: Date.now })
        if (isJson) printJson(clients.map(presentClient))
        else print(table([LIST_HEADINGS, ...clients.map(rowOf)]))
        return 0
      }),
  },
  {
    name: 'clients update',
    summary: 'Changes what a consumer may do; what is left out stays as it is.',
    usage: [
      'bridge clients update ID [--name NAME] [--scopes SCOPES] [--without WITHHELD|none] [--switches SWITCHES|none]',
      '                      [--rate REQUESTS_PER_MINUTE|none] [--expires EXPIRES|never] [--json]',
      '',
      'Each option replaces the whole of what was there. Schools and contacts stay as they were when it was added.',
      '',
      ...WORDS,
    ].join('\n'),
    options: { ...SETTING_OPTIONS, ...PROFILE_OPTION, schools: 'value' },
    positionals: 1,
    async run(input) {
      const { values, words, isJson } = input
      if (Object.keys(values).every((name) => name === 'profile'))
        return misused(['There is nothing to change: see --help for the options.'])
      const read = readSettings(input, Date.now())
      if (!read.ok) return misused(read.messages)
      return withStore(input, async (sql) => {
        const change = { ...read.value, schools: values.schools?.split(',') }
        const result = updateClient(words[0] ?? '', change, { sql, now: Date.now })
        if (!result.ok) return refused(result)
        if (isJson) printJson(presentClient(result.client))
        else print(table([LIST_HEADINGS, rowOf(result.client)]))
        return 0
      })
    },
  },
  {
    name: 'clients rotate',
    summary: 'Gives a consumer a new secret and prints it, once.',
    usage: [
      'bridge clients rotate ID [--overlap DURATION] [--json]',
      '',
      'The old secret works beside the new one for the overlap: PT24H when left out, PT0S ends it at once.',
      '',
      PROFILE_USAGE,
    ].join('\n'),
    options: { overlap: 'value', ...PROFILE_OPTION },
    positionals: 1,
    async run(input) {
      const overlap = readOverlap(input)
      if (!overlap.ok) return misused(overlap.messages)
      return withStore(input, async (...opened) => {
        const id = input.words[0] ?? ''
        return printSecret(input, await rotateClient(id, { overlapMs: overlap.value }, await depsOf(...opened)))
      })
    },
  },
  {
    name: 'clients remove',
    summary: 'Removes a consumer; its tokens open nothing from then on.',
    usage: ['bridge clients remove ID [--profile ID] [--json]', '', PROFILE_USAGE].join('\n'),
    options: { ...PROFILE_OPTION },
    positionals: 1,
    run: (input) =>
      withStore(input, async (sql) => {
        const { words, isJson } = input
        const result = removeClient(words[0] ?? '', { sql })
        if (!result.ok) return refused(result)
        if (isJson) printJson({ removed: words[0] })
        else print('Removed.')
        return 0
      }),
  },
]

async function depsOf(sql: NodeSqlite, config: Config, profile: string): Promise<ClientDeps> {
  const { sealingKey } = await profileKeys(openSealingKey(config), profile)
  return { sql, now: Date.now, sealingKey }
}

const LIST_HEADINGS = [
  'id',
  'name',
  'made by',
  'since',
  'scopes',
  'schools',
  'without',
  'switches',
  'rate',
  'expires',
  'old secret until',
]

function rowOf(client: Client): readonly string[] {
  const shown = presentClient(client)
  return [
    shown.id,
    shown.name,
    shown.source,
    shown.createdAt.slice(0, 10),
    shortenScopes(shown.scopes).join(','),
    shown.schools === null ? 'all' : shown.schools.join(','),
    shown.withheld.join(',') || '-',
    shown.switches.join(',') || '-',
    shown.requestsPerMinute === null ? '-' : String(shown.requestsPerMinute),
    shown.expiresAt ?? '-',
    shown.previousSecretUntil ?? '-',
  ]
}

function printSecret({ isJson }: CommandInput, result: SecretResult): number {
  if (!result.ok) return refused(result)
  const { client, secret, notes } = result
  if (isJson) printJson({ ...presentClient(client), secret, notes })
  else {
    print(
      table([
        ['client id', client.id],
        ['client secret', secret],
      ]),
    )
    for (const note of notes) say(note)
    if (client.previousUntilMs !== null) {
      say(`The old secret works until ${new Date(client.previousUntilMs).toISOString()}.`)
    }
    say('The secret is shown this once. Keep it where secrets are kept.')
  }
  return 0
}

function refused({ messages }: ClientRefusal): number {
  for (const message of messages) say(message)
  return 1
}

function misused(messages: readonly string[]): number {
  for (const message of messages) say(message)
  return 2
}
