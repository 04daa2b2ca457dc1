// A crawl of a simulated district in steps: each in a process of its own, on the store that the ones before it have left.
import type { District } from '../../fixtures/powerschool/district.ts'
import { createPowerSchool, type PowerSchool } from '../../fixtures/powerschool/simulator.ts'
import { readConfig } from '../../src/config.ts'
import { BridgeError } from '../../src/errors.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { silentLog } from '../../src/log.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { createPowerSchoolClient } from '../../src/powerschool/client.ts'
import { STEP_ENDED } from '../../src/powerschool/stop.ts'
import type { Template } from '../../src/store/crawls.ts'
import type { Sql } from '../../src/store/sql.ts'
import { type CrawlResult, crawlDistrict } from '../../src/sync/crawl-stage.ts'
import { openStore } from '../store/support.ts'
import { pluginOf } from '../support/plugin.ts'
import { seeded } from './fake.ts'

const MAPPING = loadMapping(readMappingFiles())

export interface Steps {
  readonly sql: Sql
  readonly powerSchool: PowerSchool
  readonly clock: { now: number }
  /** Requests of all steps, tokens left out, as `GET /ws/v1/…`. */
  readonly asked: string[]
  steps: number
}

export type Ending = 'step' | 'stop' | 'kill'

export function openSteps(district: District, template: Template, pageSize = 10): Steps {
  const powerSchool = createPowerSchool({ district, pageSize })
  const read = readConfig({}, { needsPowerSchool: false })
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  if (template === 'powerquery') powerSchool.plugins.install(pluginOf(MAPPING, read.config.plugin))
  return {
    sql: openStore(),
    powerSchool,
    clock: { now: Date.parse(`${district.today}T18:00:00Z`) },
    asked: [],
    steps: 0,
  }
}

export interface StepOptions {
  readonly template: Template
  /** Ends when so many requests have begun. */
  readonly requests: number
  readonly ending: Ending
  readonly concurrency?: number
  /** Milliseconds that a request takes. */
  readonly latencyMs?: number
  /** Called before a request is answered, with its number in this step from 1. */
  readonly onRequest?: (nth: number, what: string) => void
}

/** The crawl if this step has ended it. What is killed never ends, and writes nothing any more. */
export async function crawlStep(steps: Steps, options: StepOptions): Promise<CrawlResult | undefined> {
  const { template, requests, ending, concurrency = 4, latencyMs = 0, onRequest = () => {} } = options
  const { sql, powerSchool, clock, asked } = steps
  steps.steps += 1
  const stopper = new AbortController()
  let sent = 0
  let isDead = false
  const killed = Promise.withResolvers<undefined>()
  const never = new Promise<never>(() => {})
  const alive = <T>(work: () => T): T => {
    if (isDead) throw new Error('the process was killed')
    return work()
  }
  const mortal: Sql = {
    ...sql,
    all: (...call) => alive(() => sql.all(...call)),
    run: (...call) => alive(() => sql.run(...call)),
    transaction: (work) => alive(() => sql.transaction(work)),
  }
  const client = createPowerSchoolClient({
    ...powerSchool.credentials,
    url: 'https://powerschool.example.org',
    async fetch(url, init) {
      if (isDead) return never
      const { pathname, search } = new URL(url)
      if (pathname.startsWith('/ws/')) {
        sent += 1
        asked.push(`${init.method ?? 'GET'} ${pathname}${search}`)
        onRequest(sent, pathname + search)
        if (sent === requests && ending !== 'kill') stopper.abort(ending === 'step' ? STEP_ENDED : undefined)
        if (sent === requests && ending === 'kill') {
          isDead = true
          killed.resolve(undefined)
        }
        if (isDead) return never
      }
      clock.now += latencyMs
      // So that what came before is dealt with before the next answer comes.
      await new Promise((resolve) => setImmediate(resolve))
      return powerSchool.fetch(url, init)
    },
    concurrency,
    minIntervalMs: 0,
    now: () => clock.now,
    sleep: async (ms) => {
      clock.now += ms
    },
    random: seeded(3),
    log: silentLog,
  })
  const read = readConfig({}, { needsPowerSchool: false })
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  const crawling = crawlDistrict({
    sql: mortal,
    mapping: MAPPING,
    client,
    settings: { schools: [] },
    templateSetting: template,
    queryPrefix: read.config.plugin.queries,
    now: () => clock.now,
    pause: async () => {},
    after: soon,
    log: silentLog,
    signal: stopper.signal,
    onProgress: () => {},
  })
  const ended = crawling.catch((failure: unknown) => {
    if (isDead || (failure instanceof BridgeError && failure.code === 'sync-stopped')) return undefined
    throw failure
  })
  return Promise.race([ended, killed.promise])
}

/** Timers run out at once: whatever is killed was killed later than that. */
function soon(_ms: number, call: () => void): () => void {
  let isWanted = true
  queueMicrotask(() => {
    if (isWanted) call()
  })
  return () => {
    isWanted = false
  }
}

/** Steps until the crawl is whole. */
export async function crawlInSteps(
  steps: Steps,
  optionsOf: (step: number) => StepOptions,
  most = 5_000,
): Promise<CrawlResult> {
  for (let step = 0; step < most; step += 1) {
    const whole = await crawlStep(steps, optionsOf(step))
    if (whole !== undefined) return whole
  }
  throw new Error(`the crawl is not whole after ${most} steps`)
}

/** The staged rows of every source by list and key, and what is known of the lists. */
export function stagedContent({ sql }: Pick<Steps, 'sql'>): Readonly<Record<string, readonly unknown[]>> {
  const tables = sql.all<{ name: string }>(
    `select name from sqlite_master where type = 'table' and substr(name, 1, 7) = 'staged_' order by name`,
  )
  return {
    ...Object.fromEntries(
      tables.map(({ name }) => [name, sql.all(`select list, key, is_hidden, body from "${name}" order by list, key`)]),
    ),
    lists: sql.all(`select source, list, is_whole, has_problems, rows from crawl_lists order by source, list`),
    problems: sql.all(`select * from crawl_problems order by source, list, path, found`),
  }
}

/** What was asked for more than once. */
export function askedTwice(asked: readonly string[]): string[] {
  const seen = new Set<string>()
  return asked.filter((what) => {
    if (seen.has(what)) return true
    seen.add(what)
    return false
  })
}
