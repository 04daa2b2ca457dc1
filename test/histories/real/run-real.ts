// One history of real processes: PowerSchool and the bridge on ports of their own, real time, and kill -9 at any moment.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { datesInZone } from '../../../fixtures/powerschool/calendar.ts'
import { createRandom, type Random } from '../../../fixtures/powerschool/random.ts'
import { DEFAULT_CREDENTIALS } from '../../../fixtures/powerschool/simulator.ts'
import { liveOn } from '../mutations.ts'
import type { HistoryResult } from '../run-history.ts'
import type { Tally } from '../tally.ts'
import { createVerdict } from '../violations.ts'
import { compareInTheEnd } from './end.ts'
import { createRealBridge, type RealBridge, startChild } from './processes.ts'
import { createRealReader, type RealReader, type RealReaderPlan, type RealScene } from './reader.ts'
import { createTwin, type Twin } from './twin.ts'

const ZONE = 'America/Phoenix'
const PUBLIC_URL = 'https://bridge.example.org'
const ADMIN_TOKEN = 'an-admin-token-of-the-tests-alone'
const FIRST = { id: 'reader-of-the-settings', secret: 'a-secret-of-the-tests-alone' }
const PIN_LIFETIME_S = 30

export interface RealOptions {
  readonly seed: number
  readonly tally: Tally
  readonly isLong?: boolean
}

export interface RealStage {
  readonly random: Random
  readonly bridge: RealBridge
  readonly twin: Twin
  readonly scene: RealScene
  readonly readers: readonly RealReader[]
  isOver: boolean
}

export async function runRealHistory({ seed, tally, isLong = false }: RealOptions): Promise<HistoryResult> {
  const random = createRandom(seed * 104_729 + 3)
  for (let skipped = 0; skipped < 8; skipped += 1) random.next()
  const folder = mkdtempSync(join(tmpdir(), 'bridge-real-history-'))
  const district = {
    students: isLong ? 400 : 80,
    seed,
    today: datesInZone(ZONE)(Date.now()),
    perStudentEnrollments: 2,
  }
  const powerSchool = startChild('fixtures/powerschool/server.ts', argumentsOf(district, random), {})
  const verdict = createVerdict()
  const startedMs = Date.now()
  const note = (step: string) => verdict.note(`${String(Date.now() - startedMs).padStart(6)} ms ${step}`)
  let bridge: RealBridge | undefined
  try {
    const { url } = await powerSchool.line((line) => typeof line.url === 'string')
    bridge = createRealBridge(settings(String(url), folder))
    const scene: RealScene = {
      url: bridge.url,
      publicUrl: PUBLIC_URL,
      pinLifetimeMs: PIN_LIFETIME_S * 1_000,
      verdict,
      tally,
      below: (bound) => random.int(0, Math.max(0, bound - 1)),
      wait: async (ms) => void (await wait(ms)),
    }
    await bridge.start()
    const readers = (await choosePlans(scene)).map((plan) => createRealReader(scene, plan))
    const stage: RealStage = {
      random,
      bridge,
      twin: createTwin(district, () => String(url)),
      scene,
      readers,
      isOver: false,
    }
    await live(stage, isLong ? 60_000 : 15_000, note)
    note('the district stands still')
    await compareInTheEnd(stage, syncWell)
  } catch (error) {
    verdict.report('bridge-crashed', `the history broke off: ${error instanceof Error ? error.stack : error}`)
  } finally {
    await bridge?.end('SIGKILL')
    powerSchool.process.kill('SIGKILL')
    await powerSchool.ended
    rmSync(folder, { recursive: true, force: true })
  }
  tally.add('real: histories')
  return { seed, violations: verdict.violations, trace: verdict.trace(), steps: 0 }
}

function argumentsOf(
  { students, seed, today, perStudentEnrollments }: Record<string, unknown>,
  random: Random,
): string[] {
  const values = { students, seed, today, enrollments: perStudentEnrollments, 'page-size': random.pick([10, 25, 100]) }
  return [...Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]), '--control']
}

function settings(url: string, folder: string): Record<string, string> {
  return {
    POWERSCHOOL_URL: url,
    POWERSCHOOL_CLIENT_ID: DEFAULT_CREDENTIALS.clientId,
    POWERSCHOOL_CLIENT_SECRET: DEFAULT_CREDENTIALS.clientSecret,
    POWERSCHOOL_TEMPLATE: 'rest',
    ONEROSTER_CLIENT_ID: FIRST.id,
    ONEROSTER_CLIENT_SECRET: FIRST.secret,
    ADMIN_TOKEN,
    PUBLIC_URL,
    DATA_DIR: folder,
    PORT: '0',
    SYNC_INTERVAL: 'PT0S',
    PUBLISH_QUIET: 'PT0.05S',
    PUBLISH_MAX_WAIT: 'PT0.3S',
    PIN_LIFETIME: `PT${PIN_LIFETIME_S}S`,
  }
}

async function choosePlans(scene: RealScene): Promise<readonly RealReaderPlan[]> {
  const usual = { limit: 40, isParallel: false, betweenPagesMs: 300 } as const
  return [
    { ...usual, ...FIRST, name: 'full puller', access: 'token-a-run', strategy: 'full', isParallel: true },
    {
      ...usual,
      ...(await addConsumer(scene)),
      name: 'cursor by list',
      access: 'token-a-request',
      strategy: 'delta-by-list',
    },
    { ...usual, ...(await addConsumer(scene)), name: 'cursor by run', access: 'oauth1', strategy: 'delta-by-run' },
    {
      ...usual,
      ...FIRST,
      name: 'slow pager',
      access: 'token-a-run',
      strategy: 'full',
      limit: 25,
      betweenPagesMs: 1_200,
    },
  ]
}

const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` }

async function addConsumer({ url }: RealScene): Promise<{ id: string; secret: string }> {
  const headers = { ...ADMIN, 'content-type': 'application/json' }
  const answer = await fetch(`${url()}/admin/consumers`, { method: 'POST', headers, body: '{"name":"reader"}' })
  return (await answer.json()) as { id: string; secret: string }
}

async function live(stage: RealStage, lastsMs: number, note: (step: string) => void): Promise<void> {
  const { readers, scene } = stage
  const over = scene.wait(lastsMs).then(() => {
    stage.isOver = true
  })
  const read = async (reader: RealReader) => {
    while (!stage.isOver) {
      await reader.run()
      await scene.wait(scene.below(400))
    }
  }
  await Promise.all([over, mutate(stage), killAgain(stage, note), sync(stage), ...readers.map(read)])
}

async function mutate(stage: RealStage): Promise<void> {
  const { random, twin, scene } = stage
  while (!stage.isOver) {
    await scene.wait(random.int(20, 300))
    scene.tally.add('real: events in the district')
    liveOn(twin.district, random)
    await twin.send()
  }
}

/** What happens when a kill is due: at any moment, or right after the bridge has told of an event. */
const EVENTS = ['crawl-started', 'crawl-resumed', 'sync-started', 'sync-ended', 'crawl-reused']

async function killAgain(stage: RealStage, note: (step: string) => void): Promise<void> {
  const { random, bridge, scene } = stage
  while (!stage.isOver) {
    await scene.wait(random.int(100, 1_500))
    if (random.chance(0.5)) await Promise.race([bridge.event(random.pick(EVENTS)), wait(1_000)])
    await scene.wait(random.int(0, random.pick([5, 60, 400])))
    if (stage.isOver) return
    const signal = random.chance(0.8) ? 'SIGKILL' : 'SIGTERM'
    scene.tally.add(`real: ${signal}`)
    note(signal)
    await bridge.end(signal)
    await scene.wait(random.int(0, 300))
    await bridge.start()
    note('started again')
  }
}

async function sync(stage: RealStage): Promise<void> {
  while (!stage.isOver) {
    await stage.scene.wait(stage.random.int(50, 900))
    await ask(stage, 'POST', '/admin/syncs')
  }
}

async function ask(
  { bridge }: Pick<RealStage, 'bridge'>,
  method: string,
  path: string,
): Promise<Record<string, unknown> | undefined> {
  const url = bridge.url()
  if (url === undefined) return undefined
  return fetch(`${url}${path}`, { method, headers: ADMIN }).then(
    async (answer) => (await answer.json()) as Record<string, unknown>,
    () => undefined,
  )
}

const ATTEMPTS = 10

/** A sync that began after this and succeeded. */
async function syncWell(stage: RealStage): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const begun = await ask(stage, 'POST', '/admin/syncs')
    let found: Record<string, unknown> | undefined
    do {
      await stage.scene.wait(30)
      found = await ask(stage, 'GET', `/admin/syncs/${begun?.id}`)
    } while (found?.status === 'inProgress')
    if (found?.status === 'validationError') found = await ask(stage, 'POST', `/admin/syncs/${begun?.id}/resume`)
    stage.scene.tally.add(`real: syncs ended: ${found?.status}`)
    if (begun?.isNew === true && found?.status === 'success') return true
  }
  stage.scene.verdict.report('never-synced', `no sync of ${ATTEMPTS} succeeded`)
  return false
}
