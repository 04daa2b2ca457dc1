// `bridge readiness`: what School Data Sync would make of the current snapshot.
import { BridgeError } from '../errors.ts'
import { fieldOrigins } from '../mapping/explain/origins.ts'
import { nodeDeflate } from '../node/runtime.ts'
import { COLLECTIONS } from '../oneroster/model.ts'
import { recordOfBody } from '../readiness/body.ts'
import { withOrigins } from '../readiness/origins.ts'
import { openReadiness } from '../readiness/readiness.ts'
import type { ReadinessReport } from '../readiness/report.ts'
import { readinessCsv } from '../readiness/report-csv.ts'
import { readinessText } from '../readiness/report-text.ts'
import { openRuleFinder, type RuleFinder } from '../readiness/rule-finder.ts'
import { openRecordReader, type RecordReader } from '../store/records.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import type { Command, CommandInput } from './command.ts'
import { say } from './output.ts'
import { PROFILE_OPTION, PROFILE_USAGE, storedMapping } from './profile.ts'
import { withStore } from './store.ts'
import { writeWhole } from './write-whole.ts'

type Format = (report: ReadinessReport) => string

const FORMATS: Readonly<Record<string, Format>> = {
  text: (report) => `${readinessText(report)}\n`,
  csv: readinessCsv,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
}

export const readinessCommand: Command = {
  name: 'readiness',
  summary: 'Tells which published records School Data Sync would reject or spoil, and what to do.',
  usage: [
    'bridge readiness [--json | --format FORMAT] [--out FILE] [--all] [--profile ID]',
    '',
    '  --format FORMAT   text (as without it), csv or json',
    '  --out FILE        writes there and not to standard output',
    '  --all             names every record of a finding, not only the first 20',
    PROFILE_USAGE,
    '',
    'It reads the current snapshot in DATA_DIR; the lines of the mapping are those of the setting MAPPING as it is now.',
    'Exit code 0 when there is no error, 1 when there is one or no snapshot.',
  ].join('\n'),
  options: { format: 'value', out: 'value', all: 'flag', ...PROFILE_OPTION },
  positionals: 0,
  async run(input) {
    const format = formatOf(input)
    const { out } = input.values
    if (format === undefined || out === '') {
      say(`${format === undefined ? '--format is text, csv or json, and not beside --json.' : '--out is empty.'}\n`)
      say(readinessCommand.usage)
      return 2
    }
    return withStore(input, async (sql, config, profile) => {
      const { mapping, idPrefix } = storedMapping(profile, sql, config)
      // Of a group's records the members tell: each has a mapping of its own.
      const origins = mapping === undefined ? new Map() : fieldOrigins(mapping.checked)
      const keptKeys = input.flags.has('all') ? Number.POSITIVE_INFINITY : undefined
      const found = await checkSnapshot(sql, { keptKeys, ruleOf: openRuleFinder(origins, idPrefix) })
      if (found === undefined) {
        say(
          'There is no snapshot in DATA_DIR yet. Run `bridge sync` first, or set DATA_DIR to where the bridge keeps its data.',
        )
        return 1
      }
      const report = withOrigins(found, origins)
      const text = format(report)
      if (out === undefined) process.stdout.write(text)
      else {
        writeWhole(out, text)
        say(`${report.errors} errors and ${report.warnings} warnings, written to ${out}.`)
      }
      return report.isReady ? 0 : 1
    })
  },
}

function formatOf({ values, isJson }: CommandInput): Format | undefined {
  if (isJson) return values.format === undefined ? FORMATS.json : undefined
  const name = values.format ?? 'text'
  return Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined
}

interface CheckOptions {
  readonly keptKeys: number | undefined
  readonly ruleOf: RuleFinder
}

/** The active records of the current snapshot; undefined when there is none. */
async function checkSnapshot(sql: Sql, { keptKeys, ruleOf }: CheckOptions): Promise<ReadinessReport | undefined> {
  for (;;) {
    const snapshot = currentSnapshot(sql)
    if (snapshot === undefined) return undefined
    const readiness = openReadiness(keptKeys === undefined ? {} : { keptKeys })
    const reader = openRecordReader(sql, { deflate: nodeDeflate, pause: async () => {} })
    let isWhole = true
    // Those that are referred to come first, so that little has to be remembered of who refers to them.
    for (const collection of COLLECTIONS) {
      for await (const body of activeBodies(reader, collection, snapshot.generation)) {
        if (body === undefined) isWhole = false
        else readiness.see(recordOfBody(collection, body, ruleOf))
      }
    }
    // Else a server has published meanwhile, and may have cleaned up what was to be read.
    const isCurrent = currentSnapshot(sql)?.generation === snapshot.generation
    if (isCurrent && isWhole) return readiness.report()
    if (isCurrent) {
      const message = `Generation ${snapshot.generation} is not whole: records of it are missing.`
      throw new BridgeError('store-failed', message, { remedy: 'Run `bridge sync`, which finds what is missing.' })
    }
  }
}

const BATCH = 1_000
const ACTIVE = [{ sql: `r.status = 'active'`, parameters: [] }]

/** In the order of sourcedId; ends with undefined when records were cleaned up before they were read. */
async function* activeBodies(
  reader: RecordReader,
  table: string,
  generation: number,
): AsyncGenerator<Readonly<Record<string, unknown>> | undefined> {
  const list = { table, generation, where: ACTIVE, changedSinceMs: undefined, order: undefined }
  // The links are not looked at.
  const form = { version: 'v1p1', root: '' } as const
  for (let offset = 0, read = 0; ; offset += BATCH) {
    const { records, total } = await reader.rows({ ...list, form, limit: BATCH, offset })
    // Written by the presenters: each text is one JSON object.
    for (const text of records) yield JSON.parse(text) as Readonly<Record<string, unknown>>
    read += records.length
    if (read < Math.min(offset + BATCH, total)) yield undefined
    if (offset + BATCH >= total) return
  }
}
