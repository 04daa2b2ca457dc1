// `bridge check`: can the bridge reach PowerSchool, and may it read what it needs?

import { setTimeout as wait } from 'node:timers/promises'
import type { ConnectedConfig } from '../config.ts'
import { silentLog } from '../log.ts'
import { hasDatabase, openDatabase } from '../node/files.ts'
import { nodeFetch } from '../node/runtime.ts'
import { STORAGE } from '../oneroster/storage.ts'
import { checkConnection } from '../powerschool/check.ts'
import { createPowerSchoolClient } from '../powerschool/client.ts'
import { lastTemplate, type Template } from '../store/crawls.ts'
import { migrate } from '../store/migrations.ts'
import { templateSources } from '../sync/template-sources.ts'
import type { Command } from './command.ts'
import { print, printJson, table } from './output.ts'
import { PROFILE_OPTION, PROFILE_USAGE, profileOption, readProfile } from './profile.ts'
import { settingsFor } from './settings.ts'

type Check = Awaited<ReturnType<typeof checkConnection>>
type TemplateCheck = NonNullable<Check['templates']>

export const checkCommand: Command = {
  name: 'check',
  summary: 'Checks the connection to PowerSchool: server, credentials, rights, schools; each failure with its remedy.',
  usage: ['bridge check [--profile ID] [--json]', '', PROFILE_USAGE].join('\n'),
  options: { ...PROFILE_OPTION },
  positionals: 0,
  async run(input) {
    const { isJson } = input
    const given = settingsFor(input)
    const profile = profileOption(input, given)
    const { config, mapping } = await readProfile(profile, given)
    const client = createPowerSchoolClient({
      ...config.powerSchool,
      fetch: nodeFetch(config),
      concurrency: config.powerSchoolConcurrency,
      minIntervalMs: config.powerSchoolMinIntervalMs,
      now: Date.now,
      sleep: (ms, signal) => wait(ms, undefined, signal === undefined ? {} : { signal }),
      random: Math.random,
      log: silentLog,
      // A person is waiting: a failure is told at once.
      maxAttempts: 1,
      timeoutMs: 20_000,
    })
    const before = publishedTemplate(config, profile)
    const check = await checkConnection(client, {
      sources: templateSources(mapping.sources, mapping.settings, config.plugin.queries),
      setting: config.powerSchoolTemplate,
      ...(before === undefined ? {} : { before }),
    })
    if (isJson) printJson(check)
    else printCheck(check)
    return check.ok ? 0 : 1
  },
}

/** Of the profile's store, if there is one yet: a check makes none. */
function publishedTemplate(config: ConnectedConfig, profile: string): Template | undefined {
  if (!hasDatabase(config, profile)) return undefined
  const sql = openDatabase(config, { profile })
  try {
    migrate(sql, STORAGE)
    return lastTemplate(sql)
  } finally {
    sql.close()
  }
}

function printCheck({ steps, templates }: Check): void {
  for (const { name, ok, detail, remedy, elapsedMs } of steps) {
    print(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(11)}  ${detail} (${elapsedMs} ms)`)
    if (remedy !== undefined) print(`        → ${remedy}`)
  }
  if (templates !== undefined) printTemplates(templates)
}

/** What is allowed has nothing more to be said about it; the rest shows the columns, or the reason. */
function printTemplates({ readers, setting, template, detail, remedy }: TemplateCheck): void {
  const rows = readers.map(({ source, path, query, state, missing, detail }) => [
    source,
    path ?? query ?? '',
    state === 'allowed' ? 'yes' : 'no',
    state === 'allowed' ? '' : (missing?.join(', ') ?? REASONS[state] ?? detail),
  ])
  if (rows.length > 0) print(`\n${table([['source', 'reader', 'allowed', 'missing'], ...rows])}\n`)
  if (template === undefined) print(`FAILED  template     ${detail}`)
  else print(`A sync reads by ${template} (POWERSCHOOL_TEMPLATE=${setting}). ${detail}`)
  if (remedy !== undefined) print(`        → ${remedy}`)
}

const REASONS: Readonly<Record<string, string>> = {
  'not-installed': 'this query of the plugin',
  'v1-denied': 'v1 API access',
}
