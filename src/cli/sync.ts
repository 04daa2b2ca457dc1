// `bridge sync`: one sync now, with a line that tells a person how far it is.
import { createBridge } from '../bridge.ts'
import type { Config } from '../config.ts'
import { BridgeError } from '../errors.ts'
import { createLog } from '../log.ts'
import { prepareStore } from '../prepare.ts'
import { askAnewOfServer, beginAnew } from '../profiles/anew.ts'
import { isRestored } from '../store/restored.ts'
import { presentSync, type SyncProgress } from '../sync/report.ts'
import { runSync } from '../sync/sync.ts'
import { runUpkeep } from '../sync/upkeep.ts'
import type { Command } from './command.ts'
import { refuseEnded, watchProfile } from './may-sync.ts'
import { print, printJson, say } from './output.ts'
import { openProfile, PROFILE_OPTION, PROFILE_USAGE, profileOption } from './profile.ts'
import { settingsFor } from './settings.ts'
import { summarizeSync } from './sync-summary.ts'

export const syncCommand: Command = {
  name: 'sync',
  summary: 'Reads PowerSchool and publishes what changed, once.',
  usage: [
    'bridge sync [--now] [--map-only] [--profile ID] [--json]',
    '',
    '  --now       publish at once, and not when the consumers are quiet (PUBLISH_QUIET, PUBLISH_MAX_WAIT)',
    '  --map-only  map the rows of the last crawl anew, after a change of the mapping; PowerSchool is not asked',
    PROFILE_USAGE,
    '',
    'Exit code 0 when published or unchanged, 1 when it failed or the guard holds it.',
  ].join('\n'),
  options: { now: 'flag', 'map-only': 'flag', ...PROFILE_OPTION },
  positionals: 0,
  async run(input) {
    const { flags, isJson } = input
    const given = settingsFor(input)
    const showProgress = progressLine()
    // Standard output is for the answer; the log goes beside the progress line.
    const log = createLog({ level: given.logLevel === 'info' ? 'warn' : given.logLevel, now: Date.now, write: say })
    const publicUrl = publicUrlOf(given)
    const { config, mapping, runtime, record } = await openProfile(profileOption(input, given), given, log)
    refuseEnded(record, runtime.sql)
    prepareStore(runtime)
    if (askAnewOfServer(runtime.sql, config.powerSchool.url) || isRestored(runtime.sql)) beginAnew(runtime.sql)
    const bridge = createBridge({ config, mapping, runtime, publicUrl, onProgress: showProgress })
    const stopper = new AbortController()
    const stop = () => stopper.abort()
    process.once('SIGINT', stop).once('SIGTERM', stop)
    const watch = watchProfile(runtime.sql, record, (why) => {
      say(why)
      stop()
    })
    try {
      const politeness = flags.has('now') ? AT_ONCE : bridge.sync.politeness
      const record = await runSync({ ...bridge.sync, politeness }, crypto.randomUUID(), stopper.signal, {
        isMapOnly: flags.has('map-only'),
      })
      if (record.status !== 'error' && record.status !== 'quarantined')
        await runUpkeep(bridge.sync, record.id, stopper.signal)
      showProgress(undefined)
      if (isJson) printJson(presentSync(record))
      else print(summarizeSync(record))
      return record.status === 'success' ? 0 : 1
    } finally {
      process.off('SIGINT', stop).off('SIGTERM', stop)
      clearInterval(watch)
      runtime.sql.close()
    }
  },
}

const AT_ONCE = { quietMs: 0, maxWaitMs: 0 }

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

/** One line that is drawn anew on a terminal; elsewhere a line for each source, when it is done. */
function progressLine(): (progress: SyncProgress | undefined) => void {
  let drawnMs = 0
  let heading = ''
  let line = ''
  return (progress) => {
    const isTerminal = process.stderr.isTTY
    if (progress === undefined) {
      if (line !== '') process.stderr.write(isTerminal ? '\n' : `${line}\n`)
      return
    }
    const next = progress.stage === 'crawl' ? String(progress.source) : progress.stage
    if (!isTerminal && line !== '' && next !== heading) process.stderr.write(`${line}\n`)
    heading = next
    line = describeProgress(progress)
    if (!isTerminal || Date.now() - drawnMs < REDRAW_MS) return
    drawnMs = Date.now()
    process.stderr.write(`\r\u001b[2K${line}`)
  }
}

/** For example `4/8 sections: 212 of 640 lists, 5300 rows, about 12 s left`. */
export function describeProgress(progress: SyncProgress): string {
  if (progress.stage === 'publish') return `publishing: waits for consumers to finish${waited(progress)}`
  if (progress.stage === 'map') return `mapping: ${progress.done ?? 0} records`
  const { source, sourceIndex, sourceCount, listsDone, listsTotal, rowsDone, rowsTotal, etaMs } = progress
  const rows = typeof rowsTotal === 'number' ? `${rowsDone} of ${rowsTotal} rows` : `${rowsDone} rows`
  const left = typeof etaMs === 'number' ? `, about ${Math.ceil(etaMs / 1_000)} s left` : ''
  return `${Number(sourceIndex) + 1}/${sourceCount} ${source}: ${listsDone} of ${listsTotal} lists, ${rows}${left}`
}

function waited({ done, total }: SyncProgress): string {
  if (done === undefined || total === undefined) return ''
  return `, ${Math.round(done / 1_000)} of at most ${Math.round(total / 1_000)} s`
}
