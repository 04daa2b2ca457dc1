// `bridge sync`: one sync now, with a line that tells a person how far it is.
import { createBridge, prepareStore } from '../bridge.ts'
import type { Config } from '../config.ts'
import { BridgeError } from '../errors.ts'
import { createLog } from '../log.ts'
import { openProfile } from '../node.ts'
import type { SyncRecord } from '../store/syncs.ts'
import { presentSync, type SyncProgress, type SyncReport } from '../sync/report.ts'
import { runSync } from '../sync/sync.ts'
import { runUpkeep } from '../sync/upkeep.ts'
import type { Command } from './command.ts'
import { print, printJson, say, table } from './output.ts'
import { connectedSettings } from './settings.ts'

export const syncCommand: Command = {
  name: 'sync',
  summary: 'Reads PowerSchool and publishes what changed, once.',
  usage: 'bridge sync [--json]\n\nExit code 0 when published or unchanged, 1 when it failed or the guard holds it.',
  options: {},
  positionals: 0,
  async run({ isJson }) {
    const config = connectedSettings()
    const showProgress = progressLine()
    // Standard output is for the answer; the log goes beside the progress line.
    const log = createLog({ level: config.logLevel === 'info' ? 'warn' : config.logLevel, now: Date.now, write: say })
    const publicUrl = publicUrlOf(config)
    const { mapping, runtime } = openProfile(config, log)
    prepareStore(runtime)
    const bridge = createBridge({ config, mapping, runtime, publicUrl, onProgress: showProgress })
    const stopper = new AbortController()
    const stop = () => stopper.abort()
    process.once('SIGINT', stop).once('SIGTERM', stop)
    try {
      const record = await runSync(bridge.sync, crypto.randomUUID(), stopper.signal)
      if (record.status !== 'error') await runUpkeep(bridge.sync, record.id, stopper.signal)
      showProgress(undefined)
      if (isJson) printJson(presentSync(record))
      else print(summary(record))
      return record.status === 'success' ? 0 : 1
    } finally {
      process.off('SIGINT', stop).off('SIGTERM', stop)
      runtime.sql.close()
    }
  },
}

/** What the server would use. Refuses with `settings-invalid` where only the running server knows it. */
function publicUrlOf({ publicUrl, host, port }: Config): string {
  if (publicUrl !== undefined) return publicUrl
  if (port !== 0) return `http://${host}:${port}`
  throw new BridgeError(
    'settings-invalid',
    'PORT is 0 and PUBLIC_URL is not set, so the links of the records are unknown.',
    {
      remedy: 'Set PUBLIC_URL to the address that consumers use.',
    },
  )
}

const REDRAW_MS = 200

/** One line that is drawn anew on a terminal; elsewhere a line a source. */
function progressLine(): (progress: SyncProgress | undefined) => void {
  let drawnMs = 0
  let shown = ''
  return (progress) => {
    const isTerminal = process.stderr.isTTY
    if (progress === undefined) {
      if (isTerminal && shown !== '') process.stderr.write('\n')
      return
    }
    const heading = progress.stage === 'map' ? 'mapping' : String(progress.source)
    if (isTerminal && Date.now() - drawnMs < REDRAW_MS) return
    if (!isTerminal && heading === shown) return
    drawnMs = Date.now()
    shown = heading
    const line = describeProgress(progress)
    process.stderr.write(isTerminal ? `\r\u001b[2K${line}` : `${line}\n`)
  }
}

/** For example `4/8 sections: 212 of 640 lists, 5300 rows, about 12 s left`. */
export function describeProgress(progress: SyncProgress): string {
  if (progress.stage === 'map') return `mapping: ${progress.done ?? 0} records`
  const { source, sourceIndex, sourceCount, listsDone, listsTotal, rowsDone, rowsTotal, etaMs } = progress
  const rows = typeof rowsTotal === 'number' ? `${rowsDone} of ${rowsTotal} rows` : `${rowsDone} rows`
  const left = typeof etaMs === 'number' ? `, about ${Math.ceil(etaMs / 1_000)} s left` : ''
  return `${Number(sourceIndex) + 1}/${sourceCount} ${source}: ${listsDone} of ${listsTotal} lists, ${rows}${left}`
}

function summary(record: SyncRecord): string {
  // Written by `syncReport` and `errorReport` only.
  const report = record.report as SyncReport | undefined
  const error = record.error as { message: string; remedy?: string } | undefined
  if (error !== undefined)
    return [`The sync ended: ${record.status}.`, error.message, error.remedy ?? ''].join('\n').trim()
  if (report === undefined) return `The sync ended: ${record.status}.`
  const rows = Object.entries(report.counts).map(([name, { active, added, changed, removed, rejected }]) =>
    [name, active, added, changed, removed, rejected].map(String),
  )
  const held = report.held.map(
    ({ collection, removed, of }) =>
      `Held: ${removed} of ${of} ${collection} would be removed. Release it with the admin API.`,
  )
  const diagnostics = report.diagnostics.map(({ code, rule, field, count }) => [
    String(count),
    code,
    field === undefined ? rule : `${rule}.${field}`,
  ])
  return [
    report.isPublished
      ? `Published as generation ${report.generation} at ${report.publishedAt}.`
      : 'Nothing was published.',
    ...held,
    '',
    table([['collection', 'active', 'added', 'changed', 'removed', 'rejected'], ...rows]),
    ...(diagnostics.length === 0 ? [] : ['', table([['rows', 'diagnostic', 'where'], ...diagnostics])]),
  ].join('\n')
}
